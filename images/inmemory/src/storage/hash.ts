import { ByteMap } from "./byte-map.ts";
import { ENCODING_OBJECT, type Keyspace, type LargeValue } from "./keyspace.ts";
import { Packed } from "./packed.ts";
import type { Slab } from "./slab.ts";

/** Up to where a hash stays packed: pairs, and bytes of a field or value (hash-max-listpack-entries, -value). */
export interface HashLimits {
  readonly hashPackedEntriesMax: number;
  readonly hashPackedValueMax: number;
}

/** A large hash: fields to values. */
export class LargeHash extends ByteMap implements LargeValue {
  get members(): ByteMap {
    return this;
  }

  get overheadBytes(): number {
    return this.bucketBytes;
  }

  /** A hash of its own with the same pairs. */
  duplicate(): LargeHash {
    const copy = new LargeHash(this.slab);
    this.visitAll((entry) => {
      const bytes = this.bytesOf(entry);
      copy.set(
        bytes,
        this.keyOffset(entry),
        this.keyLength(entry),
        bytes,
        this.valueOffset(entry),
        this.valueLength(entry),
      );
      return true;
    });
    return copy;
  }
}

/**
 * A hash, whatever its encoding: a packed block of fields and values while it is small, a `LargeHash` beyond. It is a
 * view that is pointed at a key's entry with `open`, see `openHash`. The pair that was found or is being visited is in
 * `bytes` at the offsets below, until the hash or anything else in the slab changes.
 *
 * A mutation may leave the hash empty: the caller deletes the key then.
 */
export class Hash {
  readonly slab: Slab;
  bytes: Buffer = Buffer.alloc(0);
  fieldOffset = 0;
  fieldLength = 0;
  valueOffset = 0;
  valueLength = 0;
  /** Tells the current pair from the others, as long as the hash does not change. */
  identity = 0;

  readonly #packed: Packed;
  #db!: Keyspace;
  #entry = 0;
  #large: LargeHash | undefined;

  constructor(slab: Slab) {
    this.slab = slab;
    this.#packed = new Packed(slab);
  }

  open(db: Keyspace, entry: number): this {
    this.#db = db;
    this.#entry = entry;
    if (db.encodingOf(entry) === ENCODING_OBJECT) this.#large = db.objectOf(entry) as LargeHash;
    else {
      this.#large = undefined;
      this.#packed.open(db.valueWord(entry));
    }
    return this;
  }

  get size(): number {
    return this.#large === undefined ? this.#packed.count >>> 1 : this.#large.size;
  }

  /** Makes the field's pair the current one; false when there is none. */
  find(field: Buffer, offset: number, length: number): boolean {
    const large = this.#large;
    if (large === undefined) {
      const position = this.#packed.find(field, offset, length, 2);
      if (position < 0) return false;
      this.#showPacked(position);
      return true;
    }
    const entry = large.find(field, offset, length);
    if (entry === 0) return false;
    this.#show(large, entry);
    return true;
  }

  /** Sets a field, from buffers outside of the slab; whether it is new. */
  set(
    field: Buffer,
    fieldOffset: number,
    fieldLength: number,
    value: Buffer,
    valueOffset: number,
    valueLength: number,
    limits: HashLimits,
  ): boolean {
    const longest = fieldLength > valueLength ? fieldLength : valueLength;
    if (this.#large === undefined && longest > limits.hashPackedValueMax) this.enlarge();
    const large = this.#large;
    if (large !== undefined) {
      const before = large.size;
      large.set(field, fieldOffset, fieldLength, value, valueOffset, valueLength);
      return large.size !== before;
    }
    const packed = this.#packed;
    const position = packed.find(field, fieldOffset, fieldLength, 2);
    if (position < 0) {
      packed.append(field, fieldOffset, fieldLength);
      packed.append(value, valueOffset, valueLength);
    } else packed.replace(packed.next(position), value, valueOffset, valueLength);
    this.#db.setValueWord(this.#entry, packed.address);
    if (this.size > limits.hashPackedEntriesMax) this.enlarge();
    return position < 0;
  }

  delete(field: Buffer, offset: number, length: number): boolean {
    if (this.#large !== undefined) return this.#large.delete(field, offset, length);
    const packed = this.#packed;
    const position = packed.find(field, offset, length, 2);
    if (position < 0) return false;
    packed.remove(position, 2);
    this.#db.setValueWord(this.#entry, packed.address);
    return true;
  }

  /** Makes a packed hash a large one. */
  enlarge(): void {
    const packed = this.#packed;
    if (this.#large !== undefined) return;
    const large = new LargeHash(packed.slab);
    this.visit(() => {
      large.set(
        this.bytes,
        this.fieldOffset,
        this.fieldLength,
        this.bytes,
        this.valueOffset,
        this.valueLength,
      );
      return true;
    });
    packed.free();
    this.#db.convertToObject(this.#entry, large);
    this.#large = large;
  }

  /** Makes one pair after another the current one, until `visitor` returns false. It must not change the slab's blocks. */
  visit(visitor: () => boolean): void {
    const large = this.#large;
    if (large !== undefined) {
      large.visitAll((entry) => {
        this.#show(large, entry);
        return visitor();
      });
      return;
    }
    const packed = this.#packed;
    for (let position = packed.first; position < packed.end; ) {
      position = this.#showPacked(position);
      if (!visitor()) return;
    }
  }

  /**
   * Visits the pairs of one scan cursor and returns the next one, 0 at the end; a packed hash is visited whole. The
   * visitor must not change the hash.
   */
  scan(cursor: number, visitor: () => void): number {
    const large = this.#large;
    if (large !== undefined) {
      return large.scan(cursor, (entry) => {
        this.#show(large, entry);
        visitor();
      });
    }
    this.visit(() => {
      visitor();
      return true;
    });
    return 0;
  }

  /** Makes a random pair the current one. Not for an empty hash. */
  random(): void {
    if (this.#large !== undefined) this.#show(this.#large, this.#large.random());
    else this.#showPacked(this.#packed.seek(Math.floor(Math.random() * this.size) * 2));
  }

  #showPacked(position: number): number {
    const packed = this.#packed;
    const value = packed.next(position);
    this.bytes = packed.buffer;
    this.fieldOffset = packed.dataAt(position);
    this.fieldLength = packed.lengthAt(position);
    this.valueOffset = packed.dataAt(value);
    this.valueLength = packed.lengthAt(value);
    this.identity = position;
    return packed.next(value);
  }

  #show(large: LargeHash, entry: number): void {
    this.bytes = large.bytesOf(entry);
    this.fieldOffset = large.keyOffset(entry);
    this.fieldLength = large.keyLength(entry);
    this.valueOffset = large.valueOffset(entry);
    this.valueLength = large.valueLength(entry);
    this.identity = entry;
  }
}

let shared: Hash | undefined;
let creator: Packed | undefined;

/** The hash of an entry, as a view shared by all callers: valid until the next `openHash`. */
export function openHash(db: Keyspace, entry: number): Hash {
  if (shared?.slab !== db.slab) shared = new Hash(db.slab);
  return shared.open(db, entry);
}

/** An empty packed block: the value word of a new hash. */
export function createHashBlock(db: Keyspace): number {
  if (creator?.slab !== db.slab) creator = new Packed(db.slab);
  return creator.create().address;
}

/** Copies a large hash for a key of another keyspace, or of the same: its value word there. */
export function copyLargeHash(from: Keyspace, entry: number, to: Keyspace): number {
  return to.addObject((from.objectOf(entry) as LargeHash).duplicate());
}

/** Copies of all fields and values, each field before its value. */
export function hashPairs(db: Keyspace, entry: number): Buffer[] {
  const hash = openHash(db, entry);
  const pairs: Buffer[] = [];
  hash.visit(() => {
    const { bytes, fieldOffset, fieldLength, valueOffset, valueLength } = hash;
    pairs.push(
      Buffer.from(bytes.subarray(fieldOffset, fieldOffset + fieldLength)),
      Buffer.from(bytes.subarray(valueOffset, valueOffset + valueLength)),
    );
    return true;
  });
  return pairs;
}

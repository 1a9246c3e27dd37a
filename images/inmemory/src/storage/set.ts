import { ByteMap } from "./byte-map.ts";
import { IntSet } from "./intset.ts";
import {
  ENCODING_INTSET,
  ENCODING_OBJECT,
  ENCODING_PACKED,
  type Keyspace,
  type LargeValue,
} from "./keyspace.ts";
import { Packed } from "./packed.ts";
import type { Slab } from "./slab.ts";

/**
 * Up to where a set is an array of integers, and where a packed block: members, and bytes of one
 * (set-max-intset-entries, set-max-listpack-entries, -value).
 */
export interface SetLimits {
  readonly setIntsetEntriesMax: number;
  readonly setPackedEntriesMax: number;
  readonly setPackedValueMax: number;
}

const EMPTY = Buffer.alloc(0);

/** A large set: a map whose values are empty. */
export class LargeSet extends ByteMap implements LargeValue {
  get members(): ByteMap {
    return this;
  }

  get overheadBytes(): number {
    return this.bucketBytes;
  }

  add(bytes: Buffer, offset: number, length: number): boolean {
    const before = this.size;
    this.set(bytes, offset, length, EMPTY, 0, 0);
    return this.size !== before;
  }

  /** A set of its own with the same members. */
  duplicate(): LargeSet {
    const copy = new LargeSet(this.slab);
    this.visitAll((entry) => copy.add(this.bytesOf(entry), this.keyOffset(entry), this.keyLength(entry)));
    return copy;
  }
}

/**
 * A set, whatever its encoding: sorted integers, a packed block, or a `LargeSet`. It is a view that is pointed at a
 * key's entry with `open`, see `openSet`. The member that is visited or was drawn is in `bytes`, until the set or
 * anything else in the slab changes.
 *
 * A mutation may leave the set empty: the caller deletes the key then.
 */
export class MemberSet {
  readonly slab: Slab;
  bytes: Buffer = EMPTY;
  offset = 0;
  length = 0;
  /** Tells the current member from the others, as long as the set does not change. */
  identity = 0;

  readonly #packed: Packed;
  readonly #integers: IntSet;
  /** The text of an integer member that is visited. */
  readonly #digits = Buffer.alloc(24);
  #encoding = ENCODING_PACKED;
  #db!: Keyspace;
  #entry = 0;
  #large!: LargeSet;

  constructor(slab: Slab) {
    this.slab = slab;
    this.#packed = new Packed(slab);
    this.#integers = new IntSet(slab);
  }

  open(db: Keyspace, entry: number): this {
    this.#db = db;
    this.#entry = entry;
    this.#encoding = db.encodingOf(entry);
    if (this.#encoding === ENCODING_OBJECT) this.#large = db.objectOf(entry) as LargeSet;
    else if (this.#encoding === ENCODING_INTSET) this.#integers.open(db.valueWord(entry));
    else this.#packed.open(db.valueWord(entry));
    return this;
  }

  get entry(): number {
    return this.#entry;
  }

  get encoding(): number {
    return this.#encoding;
  }

  get size(): number {
    if (this.#encoding === ENCODING_OBJECT) return this.#large.size;
    return this.#encoding === ENCODING_INTSET ? this.#integers.count : this.#packed.count;
  }

  has(bytes: Buffer, offset: number, length: number): boolean {
    if (this.#encoding === ENCODING_OBJECT) return this.#large.find(bytes, offset, length) !== 0;
    if (this.#encoding === ENCODING_PACKED) return this.#packed.find(bytes, offset, length) >= 0;
    const integers = this.#integers;
    return integers.parse(bytes, offset, length) && integers.has();
  }

  /** Adds a member that does not lie in this set's own memory; whether it is new. */
  add(bytes: Buffer, offset: number, length: number, limits: SetLimits): boolean {
    if (this.#encoding === ENCODING_OBJECT) return this.#large.add(bytes, offset, length);
    if (this.#encoding === ENCODING_PACKED) return this.#addPacked(bytes, offset, length, limits);
    const integers = this.#integers;
    if (!integers.parse(bytes, offset, length)) return this.#addText(bytes, offset, length, limits);
    if (!integers.add()) return false;
    this.#db.setValueWord(this.#entry, integers.address);
    if (integers.count > limits.setIntsetEntriesMax) this.#enlarge();
    return true;
  }

  #addPacked(bytes: Buffer, offset: number, length: number, limits: SetLimits): boolean {
    const packed = this.#packed;
    if (packed.find(bytes, offset, length) >= 0) return false;
    if (packed.count >= limits.setPackedEntriesMax || length > limits.setPackedValueMax) {
      this.#enlarge();
      return this.#large.add(bytes, offset, length);
    }
    packed.append(bytes, offset, length);
    this.#db.setValueWord(this.#entry, packed.address);
    return true;
  }

  /** Adds what is no integer to a set of integers. */
  #addText(bytes: Buffer, offset: number, length: number, limits: SetLimits): boolean {
    const integers = this.#integers;
    const { count } = integers;
    const longest =
      count === 0 ? 0 : Math.max(integers.format(0, this.#digits), integers.format(count - 1, this.#digits));
    if (count < limits.setPackedEntriesMax && Math.max(length, longest) <= limits.setPackedValueMax) {
      this.#pack();
      return this.#addPacked(bytes, offset, length, limits);
    }
    this.#enlarge();
    return this.#large.add(bytes, offset, length);
  }

  delete(bytes: Buffer, offset: number, length: number): boolean {
    if (this.#encoding === ENCODING_OBJECT) return this.#large.delete(bytes, offset, length);
    if (this.#encoding === ENCODING_INTSET) {
      const integers = this.#integers;
      if (!integers.parse(bytes, offset, length) || !integers.remove()) return false;
      this.#db.setValueWord(this.#entry, integers.address);
      return true;
    }
    const packed = this.#packed;
    const position = packed.find(bytes, offset, length);
    if (position < 0) return false;
    packed.remove(position);
    this.#db.setValueWord(this.#entry, packed.address);
    return true;
  }

  /** Removes the current member. It is void afterwards. */
  deleteCurrent(): void {
    if (this.#encoding === ENCODING_OBJECT) {
      this.#large.deleteEntry(this.identity);
      return;
    }
    if (this.#encoding === ENCODING_INTSET) {
      this.#integers.removeAt(this.identity);
      this.#db.setValueWord(this.#entry, this.#integers.address);
      return;
    }
    this.#packed.remove(this.identity);
    this.#db.setValueWord(this.#entry, this.#packed.address);
  }

  /** Makes a small set a large one before many members come, when their number alone is above a small one's limit. */
  prepare(added: number, limits: SetLimits): void {
    if (this.#encoding === ENCODING_OBJECT) return;
    const most = this.#encoding === ENCODING_INTSET ? limits.setIntsetEntriesMax : limits.setPackedEntriesMax;
    if (added > most) this.#enlarge();
  }

  /** Makes a set that was built from integers only one of sorted integers, if it is not too large for that. */
  shrinkToIntegers(limits: SetLimits): void {
    if (this.#encoding === ENCODING_INTSET || this.size > limits.setIntsetEntriesMax) return;
    const integers = new IntSet(this.slab).create();
    this.visit(() => {
      integers.parse(this.bytes, this.offset, this.length);
      integers.add();
      return true;
    });
    this.#db.replaceValue(this.#entry, ENCODING_INTSET, integers.address);
    this.open(this.#db, this.#entry);
  }

  #pack(): void {
    const packed = new Packed(this.slab).create();
    this.visit(() => {
      packed.append(this.bytes, this.offset, this.length);
      return true;
    });
    this.#db.replaceValue(this.#entry, ENCODING_PACKED, packed.address);
    this.open(this.#db, this.#entry);
  }

  #enlarge(): void {
    const large = new LargeSet(this.slab);
    this.visit(() => large.add(this.bytes, this.offset, this.length));
    if (this.#encoding === ENCODING_INTSET) this.#integers.free();
    else this.#packed.free();
    this.#db.convertToObject(this.#entry, large);
    this.open(this.#db, this.#entry);
  }

  /**
   * Makes one member after another the current one, until `visitor` returns false. It must not change this set, nor
   * look a member up in it.
   */
  visit(visitor: () => boolean): void {
    if (this.#encoding === ENCODING_OBJECT) {
      this.#large.visitAll((entry) => {
        this.#showLarge(entry);
        return visitor();
      });
    } else if (this.#encoding === ENCODING_INTSET) {
      for (let index = 0; index < this.#integers.count; index++) {
        this.#showInteger(index);
        if (!visitor()) return;
      }
    } else {
      const packed = this.#packed;
      for (let position = packed.first; position < packed.end; position = packed.next(position)) {
        this.#showPacked(position);
        if (!visitor()) return;
      }
    }
  }

  /**
   * Visits the members of one scan cursor and returns the next one, 0 at the end; a small set is visited whole. The
   * visitor must not change the set.
   */
  scan(cursor: number, visitor: () => void): number {
    if (this.#encoding === ENCODING_OBJECT) {
      return this.#large.scan(cursor, (entry) => {
        this.#showLarge(entry);
        visitor();
      });
    }
    this.visit(() => {
      visitor();
      return true;
    });
    return 0;
  }

  /** Makes a random member the current one. Not for an empty set. */
  random(): void {
    if (this.#encoding === ENCODING_OBJECT) this.#showLarge(this.#large.random());
    else if (this.#encoding === ENCODING_INTSET) this.#showInteger(below(this.#integers.count));
    else this.#showPacked(this.#packed.seek(below(this.#packed.count)));
  }

  #showLarge(entry: number): void {
    this.bytes = this.#large.bytesOf(entry);
    this.offset = this.#large.keyOffset(entry);
    this.length = this.#large.keyLength(entry);
    this.identity = entry;
  }

  #showInteger(index: number): void {
    this.bytes = this.#digits;
    this.offset = 0;
    this.length = this.#integers.format(index, this.#digits);
    this.identity = index;
  }

  #showPacked(position: number): void {
    this.bytes = this.#packed.buffer;
    this.offset = this.#packed.dataAt(position);
    this.length = this.#packed.lengthAt(position);
    this.identity = position;
  }
}

function below(bound: number): number {
  return Math.floor(Math.random() * bound);
}

let shared: MemberSet | undefined;
let packedCreator: Packed | undefined;
let integersCreator: IntSet | undefined;

/** The set of an entry, as a view shared by all callers: valid until the next `openSet`. */
export function openSet(db: Keyspace, entry: number): MemberSet {
  if (shared?.slab !== db.slab) shared = new MemberSet(db.slab);
  return shared.open(db, entry);
}

/** The value word of a new, empty set of this encoding. */
export function createSetValue(db: Keyspace, encoding: number): number {
  const { slab } = db;
  if (encoding === ENCODING_OBJECT) return db.addObject(new LargeSet(slab));
  if (encoding === ENCODING_PACKED) {
    if (packedCreator?.slab !== slab) packedCreator = new Packed(slab);
    return packedCreator.create().address;
  }
  if (integersCreator?.slab !== slab) integersCreator = new IntSet(slab);
  return integersCreator.create().address;
}

/** The encoding that a new set starts with, given its first member and how many are to come (Redis, setTypeCreate). */
export function firstEncoding(isInteger: boolean, count: number, limits: SetLimits): number {
  if (isInteger && count <= limits.setIntsetEntriesMax) return ENCODING_INTSET;
  return count <= limits.setPackedEntriesMax ? ENCODING_PACKED : ENCODING_OBJECT;
}

/** Copies a large set for a key of another keyspace, or of the same: its value word there. */
export function copyLargeSet(from: Keyspace, entry: number, to: Keyspace): number {
  return to.addObject((from.objectOf(entry) as LargeSet).duplicate());
}

/** Copies of all members. */
export function setMembers(db: Keyspace, entry: number): Buffer[] {
  const members: Buffer[] = [];
  const set = openSet(db, entry);
  set.visit(() => members.push(Buffer.from(set.bytes.subarray(set.offset, set.offset + set.length))) > 0);
  return members;
}

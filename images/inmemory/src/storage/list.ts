import { ENCODING_OBJECT, ENCODING_PACKED, type Keyspace } from "./keyspace.ts";
import { Packed } from "./packed.ts";
import {
  type ByteSink,
  blockBytes,
  exceedsNode,
  nodeBytesMax,
  nodeElementsMax,
  Quicklist,
  removeEqualFrom,
} from "./quicklist.ts";

/**
 * A list, whatever its encoding: one packed block while it is small (OBJECT ENCODING listpack), a quicklist beyond.
 * It is a view that is pointed at a key's entry with `open`; one exists per use, see `openList`. Indexes are from 0
 * and inside the list; the commands turn negative ones round.
 *
 * A mutation may leave the list empty: the caller deletes the key then.
 */
export class List {
  readonly #packed: Packed;
  #db!: Keyspace;
  #entry = 0;
  #quicklist: Quicklist | undefined;

  constructor(packed: Packed) {
    this.#packed = packed;
  }

  open(db: Keyspace, entry: number): this {
    this.#db = db;
    this.#entry = entry;
    if (db.encodingOf(entry) === ENCODING_OBJECT) this.#quicklist = db.objectOf(entry) as Quicklist;
    else {
      this.#quicklist = undefined;
      this.#packed.open(db.valueWord(entry));
    }
    return this;
  }

  get length(): number {
    return this.#quicklist === undefined ? this.#packed.count : this.#quicklist.size;
  }

  /**
   * Turns a packed list into a quicklist when elements with so many bytes in total would make it too large. Redis
   * decides this once, before it adds any of them.
   */
  prepare(addedBytes: number, added: number, packedSize: number): void {
    const packed = this.#packed;
    if (this.#quicklist !== undefined) return;
    if (!exceedsNode(packedSize, blockBytes(packed) + addedBytes, packed.count + added)) return;
    const quicklist = new Quicklist(packed.slab);
    if (packed.count === 0) packed.free();
    else quicklist.adopt(packed.address);
    this.#db.convertToObject(this.#entry, quicklist);
    this.#quicklist = quicklist;
  }

  /** Turns a quicklist that has shrunk to half of what a node may hold back into a packed block. */
  shrink(packedSize: number): void {
    const quicklist = this.#quicklist;
    if (quicklist === undefined || quicklist.nodes !== 1) return;
    const bytesMax = Math.floor(nodeBytesMax(packedSize) / 2);
    const elementsMax = Math.floor(nodeElementsMax(packedSize) / 2);
    const address = quicklist.soleNode(bytesMax, elementsMax);
    if (address < 0) return;
    const db = this.#db;
    db.takeObject(db.valueWord(this.#entry));
    db.setValueWord(this.#entry, address);
    db.setEncoding(this.#entry, ENCODING_PACKED);
    this.open(db, this.#entry);
  }

  push(atHead: boolean, bytes: Buffer, offset: number, length: number, packedSize: number): void {
    if (this.#quicklist !== undefined) {
      this.#quicklist.push(atHead, bytes, offset, length, packedSize);
      return;
    }
    const packed = this.#packed;
    packed.insert(atHead ? packed.first : packed.end, bytes, offset, length);
    this.#keep();
  }

  /** Gives the sink `count` elements from an index on, or backwards from it. */
  emit(sink: ByteSink, start: number, count: number, isBackward = false): void {
    if (count === 0) return;
    if (this.#quicklist !== undefined) {
      this.#quicklist.emit(sink, start, count, isBackward);
      return;
    }
    const packed = this.#packed;
    let position = packed.seek(start);
    for (let left = count; ; ) {
      sink.bulk(packed.buffer, packed.dataAt(position), packed.lengthAt(position));
      if (--left === 0) return;
      position = isBackward ? packed.previous(position) : packed.next(position);
    }
  }

  removeRange(start: number, count: number): void {
    if (count === 0) return;
    if (this.#quicklist !== undefined) {
      this.#quicklist.removeRange(start, count);
      return;
    }
    this.#packed.remove(this.#packed.seek(start), count);
    this.#keep();
  }

  set(index: number, bytes: Buffer, offset: number, length: number): void {
    if (this.#quicklist !== undefined) {
      this.#quicklist.set(index, bytes, offset, length);
      return;
    }
    this.#packed.replace(this.#packed.seek(index), bytes, offset, length);
    this.#keep();
  }

  /** Inserts an element that then has the given index; `length` appends. */
  insert(index: number, bytes: Buffer, offset: number, length: number, packedSize: number): void {
    if (this.#quicklist !== undefined) {
      this.#quicklist.insert(index, bytes, offset, length, packedSize);
      return;
    }
    const packed = this.#packed;
    packed.insert(index === packed.count ? packed.end : packed.seek(index), bytes, offset, length);
    this.#keep();
  }

  /**
   * Calls `found` with the index of each element that equals the bytes, from the head or from the tail, among the
   * first `examinedMax`, until it returns false.
   */
  search(
    bytes: Buffer,
    offset: number,
    length: number,
    fromTail: boolean,
    examinedMax: number,
    found: (index: number) => boolean,
  ): void {
    if (this.#quicklist !== undefined) {
      this.#quicklist.search(bytes, offset, length, fromTail, examinedMax, found);
      return;
    }
    const packed = this.#packed;
    const { count } = packed;
    let position = fromTail ? packed.end : packed.first;
    for (let examined = 0; examined < count && examined < examinedMax; examined++) {
      if (fromTail) position = packed.previous(position);
      if (
        packed.equalsAt(position, bytes, offset, length) &&
        !found(fromTail ? count - 1 - examined : examined)
      )
        return;
      if (!fromTail) position = packed.next(position);
    }
  }

  /** Removes up to `countMax` elements that equal the bytes; returns how many. */
  removeEqual(bytes: Buffer, offset: number, length: number, fromTail: boolean, countMax: number): number {
    if (this.#quicklist !== undefined)
      return this.#quicklist.removeEqual(bytes, offset, length, fromTail, countMax);
    const removed = removeEqualFrom(this.#packed, bytes, offset, length, fromTail, countMax);
    if (removed > 0) this.#keep();
    return removed;
  }

  #keep(): void {
    this.#db.setValueWord(this.#entry, this.#packed.address);
  }
}

let shared: List | undefined;
let sharedPacked: Packed | undefined;

/**
 * The list of an entry, as a view shared by all callers: valid until the next `openList`, or until the entry or any
 * list is changed other than through it.
 */
export function openList(db: Keyspace, entry: number): List {
  if (shared === undefined || sharedPacked?.slab !== db.slab) {
    sharedPacked = new Packed(db.slab);
    shared = new List(sharedPacked);
  }
  return shared.open(db, entry);
}

/** An empty packed block: the value word of a new list. */
export function createListBlock(db: Keyspace): number {
  return new Packed(db.slab).create().address;
}

/** Copies a list's value for another key, possibly of another database: encoding and value word. */
export function copyList(
  from: Keyspace,
  entry: number,
  to: Keyspace,
): { encoding: number; valueWord: number } {
  if (from.encodingOf(entry) === ENCODING_OBJECT) {
    const copy = (from.objectOf(entry) as Quicklist).duplicate();
    return { encoding: ENCODING_OBJECT, valueWord: to.addObject(copy) };
  }
  return {
    encoding: ENCODING_PACKED,
    valueWord: new Packed(from.slab).duplicate(from.valueWord(entry)),
  };
}

/** Copies of all elements. */
export function listElements(db: Keyspace, entry: number): Buffer[] {
  const elements: Buffer[] = [];
  const list = openList(db, entry);
  list.emit(
    {
      bulk: (bytes, offset, length) => elements.push(Buffer.from(bytes.subarray(offset, offset + length))),
    },
    0,
    list.length,
  );
  return elements;
}

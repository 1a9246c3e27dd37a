import { copyBytes, equalBytes } from "../protocol/bytes.ts";
import type { ByteMap } from "./byte-map.ts";
import { ChainedTable } from "./chained-table.ts";
import { keyHashes } from "./hashing.ts";
import { roundToClass, SEGMENT_MASK, SEGMENT_SHIFT, type Slab } from "./slab.ts";

/** Data types, as kept in an entry. */
export const TYPE_STRING = 0;
export const TYPE_LIST = 1;
export const TYPE_SET = 2;
export const TYPE_ZSET = 3;
export const TYPE_HASH = 4;
export const TYPE_STREAM = 5;
export type DataType = 0 | 1 | 2 | 3 | 4 | 5;

/** How TYPE answers each data type. */
export const TYPE_NAMES = ["string", "list", "set", "zset", "hash", "stream"] as const;

/**
 * How a value is kept. A string is inline in its entry; RAW marks one that was appended to or changed in part, and TEXT
 * the result of INCRBYFLOAT, an integer or not, which only OBJECT ENCODING shows. A collection's value word is the address of a `Packed` block (PACKED, INTSET) or the
 * index of its JavaScript object in the keyspace's `objects` (OBJECT).
 */
export const ENCODING_PLAIN = 0;
export const ENCODING_RAW = 1;
export const ENCODING_PACKED = 2;
export const ENCODING_INTSET = 3;
export const ENCODING_OBJECT = 4;
export const ENCODING_TEXT = 5;

/** A large collection: it owns slab memory that `clearSome` gives back in slices. */
export interface LargeValue {
  /** Frees part of what the value holds, about `steps` units of a few microseconds; true when nothing is left. */
  clearSome(steps: number): boolean;
  /** An estimate of the memory outside of the slab, in bytes. */
  readonly overheadBytes: number;
  /** The number of elements, as far as lazy freeing cares. */
  readonly size: number;
  /** Where its fields or members are found by their bytes, if it has such. */
  readonly members?: ByteMap;
  /** Bytes in the slab, estimated from up to `samples` parts; 0 is all of them. */
  slabBytes(samples: number): number;
}

const HEADER_BYTES = 20;
const EXPIRING_HEADER_BYTES = 32;
const FLAG_EXPIRES = 0x80;
const ENCODING_MASK = 0x70;
const ENCODING_SHIFT = 4;
const TYPE_MASK = 0x0f;
const ACCESS_SHIFT = 8;

/** No expiry, as `expiryOf` answers it. */
export const NO_EXPIRY = -1;

/**
 * One numbered database: keys to typed values with an optional expiry time.
 *
 * Entry: next u32, hash u32, info u32 (type 4 bits, encoding 3, expires 1, access clock 24), key length u32,
 * value u32 (string: length; else block address or object index); when it expires also the time in ms (low u32,
 * high u32) and the entry's place in `#expiring`; key; the string's bytes.
 *
 * Every mutating method may move the entry and returns the address that is valid afterwards.
 */
export class Keyspace extends ChainedTable {
  readonly index: number;
  /** Large collections by the index in their entry. */
  #objects: (LargeValue | undefined)[] = [];
  #freeObjects: number[] = [];
  /** Addresses of all entries that expire, in no order: sampled by expiry and eviction. */
  #expiring = new Uint32Array(16);
  /** Number of entries that expire. */
  expiringCount = 0;
  /** The clock written into new and accessed entries (24 bits): seconds for LRU, or a frequency counter for LFU. */
  accessClock = 0;
  /** True while a command runs whose client does not want its reads to count (CLIENT NO-TOUCH). */
  isTouchOff = false;
  /** Whether the access bits count frequency (LFU) instead of holding the clock (LRU). */
  isFrequencyTracked = false;
  /** The access bits after one more use, under LFU. */
  frequencyAfterUse: (access: number) => number = (access) => access;
  /** Called for large values that a deletion leaves; by default they are cleared at once. */
  discard: (value: LargeValue) => void = clearNow;

  constructor(slab: Slab, index: number) {
    super(slab, 16);
    this.index = index;
  }

  // ---- finding -------------------------------------------------------------------------------------------------

  /** The entry of a key, expired or not, or 0. */
  find(bytes: Buffer, offset: number, length: number): number {
    return this.#find(bytes, offset, length, keyHashes.hash(bytes, offset, length));
  }

  #find(bytes: Buffer, offset: number, length: number, hash: number): number {
    const { words, bytes: segments } = this.slab;
    for (let entry = this.chainOf(hash); entry !== 0; ) {
      const segment = words[entry >>> SEGMENT_SHIFT]!;
      const at = (entry & SEGMENT_MASK) << 1;
      if (
        segment[at + 1] === hash &&
        segment[at + 3] === length &&
        equalBytes(
          segments[entry >>> SEGMENT_SHIFT]!,
          (at << 2) + ((segment[at + 2]! & FLAG_EXPIRES) === 0 ? HEADER_BYTES : EXPIRING_HEADER_BYTES),
          bytes,
          offset,
          length,
        )
      ) {
        return entry;
      }
      entry = segment[at]!;
    }
    return 0;
  }

  // ---- reading an entry ----------------------------------------------------------------------------------------

  /** The buffer that holds the entry; key and string offsets are in it. */
  bytesOf(entry: number): Buffer {
    return this.slab.bytes[entry >>> SEGMENT_SHIFT]!;
  }

  typeOf(entry: number): DataType {
    return (this.#info(entry) & TYPE_MASK) as DataType;
  }

  encodingOf(entry: number): number {
    return (this.#info(entry) & ENCODING_MASK) >>> ENCODING_SHIFT;
  }

  keyOffset(entry: number): number {
    return ((entry & SEGMENT_MASK) << 3) + this.#headerBytes(entry);
  }

  keyLength(entry: number): number {
    return this.slab.words[entry >>> SEGMENT_SHIFT]![((entry & SEGMENT_MASK) << 1) + 3]!;
  }

  /** A copy of the key. */
  keyOf(entry: number): Buffer {
    const offset = this.keyOffset(entry);
    return Buffer.from(this.bytesOf(entry).subarray(offset, offset + this.keyLength(entry)));
  }

  stringOffset(entry: number): number {
    return this.keyOffset(entry) + this.keyLength(entry);
  }

  stringLength(entry: number): number {
    return this.valueWord(entry);
  }

  /** The value word of a collection: a block's address, or use `objectOf`. */
  valueWord(entry: number): number {
    return this.slab.words[entry >>> SEGMENT_SHIFT]![((entry & SEGMENT_MASK) << 1) + 4]!;
  }

  /** The object of an ENCODING_OBJECT entry. */
  objectOf(entry: number): LargeValue {
    return this.#objects[this.valueWord(entry)]!;
  }

  /** When the entry expires, in ms since the epoch, or NO_EXPIRY. */
  expiryOf(entry: number): number {
    const words = this.slab.words[entry >>> SEGMENT_SHIFT]!;
    const at = (entry & SEGMENT_MASK) << 1;
    if ((words[at + 2]! & FLAG_EXPIRES) === 0) return NO_EXPIRY;
    return words[at + 6]! * 2 ** 32 + words[at + 5]!;
  }

  accessOf(entry: number): number {
    return this.#info(entry) >>> ACCESS_SHIFT;
  }

  setAccess(entry: number, access: number): void {
    const words = this.slab.words[entry >>> SEGMENT_SHIFT]!;
    const at = ((entry & SEGMENT_MASK) << 1) + 2;
    const info = words[at]!;
    // A key that is used again in the same second is only read.
    if (info >>> ACCESS_SHIFT !== access) words[at] = (info & 0xff) | (access << ACCESS_SHIFT);
  }

  /** Notes that the entry was used now. */
  touchAccess(entry: number): void {
    if (this.isTouchOff) return;
    this.setAccess(
      entry,
      this.isFrequencyTracked ? this.frequencyAfterUse(this.accessOf(entry)) : this.accessClock,
    );
  }

  /** Bytes that the entry itself occupies (of a collection: without its block or object). */
  entryBytes(entry: number): number {
    return roundToClass(this.#entrySize(entry));
  }

  // ---- writing -------------------------------------------------------------------------------------------------

  /**
   * Sets a key to a string, whatever it held. An expiry the entry had is dropped unless `keepExpiry`. The value must
   * not lie in the slab (it may move); copy it first.
   */
  setString(
    key: Buffer,
    keyOffset: number,
    keyLength: number,
    value: Buffer,
    valueOffset: number,
    valueLength: number,
    keepExpiry = false,
  ): number {
    const hash = keyHashes.hash(key, keyOffset, keyLength);
    let entry = this.#find(key, keyOffset, keyLength, hash);
    if (entry === 0) {
      entry = this.#add(key, keyOffset, keyLength, hash, TYPE_STRING, ENCODING_PLAIN, valueLength);
    } else {
      if (!keepExpiry && this.expiryOf(entry) !== NO_EXPIRY) entry = this.clearExpiry(entry);
      if (this.typeOf(entry) !== TYPE_STRING) {
        this.#releaseValue(entry);
        entry = this.#reshape(entry, TYPE_STRING, ENCODING_PLAIN, 0);
      }
      entry = this.resizeString(entry, valueLength, 0);
      this.setEncoding(entry, ENCODING_PLAIN);
    }
    copyBytes(value, valueOffset, this.bytesOf(entry), this.stringOffset(entry), valueLength);
    this.setAccess(entry, this.accessClock);
    return entry;
  }

  /** Changes a string's length, keeping its first `kept` bytes; the rest is undefined. */
  resizeString(entry: number, length: number, kept: number): number {
    const header = this.#headerBytes(entry) + this.keyLength(entry);
    const oldSize = header + this.stringLength(entry);
    const newSize = header + length;
    let target = entry;
    if (roundToClass(oldSize) !== roundToClass(newSize)) {
      target = this.slab.allocate(newSize);
      this.#copyEntry(entry, target, header + kept);
      this.relink(entry, target);
      this.#moved(target);
      this.slab.free(entry, oldSize);
    }
    this.setValueWord(target, length);
    return target;
  }

  /** Adds a key that is known to be absent, with a collection whose value word is given. */
  add(
    key: Buffer,
    keyOffset: number,
    keyLength: number,
    type: DataType,
    encoding: number,
    valueWord: number,
  ): number {
    const hash = keyHashes.hash(key, keyOffset, keyLength);
    return this.#add(key, keyOffset, keyLength, hash, type, encoding, valueWord);
  }

  /** Registers a large value; the index goes into an entry's value word. */
  addObject(value: LargeValue): number {
    const index = this.#freeObjects.pop() ?? this.#objects.length;
    this.#objects[index] = value;
    return index;
  }

  /** Replaces the value of a collection by a large one; its old block is the caller's to free. */
  convertToObject(entry: number, value: LargeValue): void {
    this.setValueWord(entry, this.addObject(value));
    this.setEncoding(entry, ENCODING_OBJECT);
  }

  setValueWord(entry: number, value: number): void {
    this.slab.words[entry >>> SEGMENT_SHIFT]![((entry & SEGMENT_MASK) << 1) + 4] = value;
  }

  setEncoding(entry: number, encoding: number): void {
    const words = this.slab.words[entry >>> SEGMENT_SHIFT]!;
    const at = ((entry & SEGMENT_MASK) << 1) + 2;
    words[at] = (words[at]! & ~ENCODING_MASK) | (encoding << ENCODING_SHIFT);
  }

  /** Sets when the entry expires, in ms since the epoch (not negative). */
  setExpiry(entry: number, atMs: number): number {
    let target = entry;
    const had = (this.#info(entry) & FLAG_EXPIRES) !== 0;
    if (!had) {
      target = this.#withHeader(entry, FLAG_EXPIRES);
      if (this.expiringCount === this.#expiring.length) {
        const larger = new Uint32Array(this.#expiring.length * 2);
        larger.set(this.#expiring);
        this.#expiring = larger;
      }
      this.#expiring[this.expiringCount] = target;
      this.slab.words[target >>> SEGMENT_SHIFT]![((target & SEGMENT_MASK) << 1) + 7] = this.expiringCount++;
    }
    const words = this.slab.words[target >>> SEGMENT_SHIFT]!;
    const at = (target & SEGMENT_MASK) << 1;
    words[at + 5] = atMs % 2 ** 32;
    words[at + 6] = Math.floor(atMs / 2 ** 32);
    return target;
  }

  /** Makes the entry permanent. */
  clearExpiry(entry: number): number {
    if ((this.#info(entry) & FLAG_EXPIRES) === 0) return entry;
    this.#leaveExpiring(entry);
    return this.#withHeader(entry, 0);
  }

  /** Deletes an entry and its value. */
  delete(entry: number): void {
    this.#leaveExpiring(entry);
    this.#releaseValue(entry);
    this.unlink(entry);
    this.slab.free(entry, this.#entrySize(entry));
  }

  /**
   * Takes the value out of an entry and deletes the entry without freeing the value (RENAME, and for collections
   * that move to another key). Only for collections.
   */
  detach(entry: number): { type: DataType; encoding: number; valueWord: number } {
    const taken = {
      type: this.typeOf(entry),
      encoding: this.encodingOf(entry),
      valueWord: this.valueWord(entry),
    };
    this.#leaveExpiring(entry);
    this.unlink(entry);
    this.slab.free(entry, this.#entrySize(entry));
    return taken;
  }

  /** Gives a collection's entry another value of the same type; the old one is freed. */
  replaceValue(entry: number, encoding: number, valueWord: number): void {
    this.#releaseValue(entry);
    this.setEncoding(entry, encoding);
    this.setValueWord(entry, valueWord);
  }

  /** Exchanges all keys with those of another keyspace of the same slab (SWAPDB, FLUSHDB). */
  exchange(other: Keyspace): void {
    this.exchangeEntries(other);
    const objects = this.#objects;
    const freeObjects = this.#freeObjects;
    const expiring = this.#expiring;
    const { expiringCount } = this;
    this.#objects = other.#objects;
    this.#freeObjects = other.#freeObjects;
    this.#expiring = other.#expiring;
    this.expiringCount = other.expiringCount;
    other.#objects = objects;
    other.#freeObjects = freeObjects;
    other.#expiring = expiring;
    other.expiringCount = expiringCount;
  }

  /** Takes a large value out of the objects; the caller owns it. */
  takeObject(index: number): LargeValue {
    const value = this.#objects[index]!;
    this.#objects[index] = undefined;
    this.#freeObjects.push(index);
    return value;
  }

  // ---- sampling ------------------------------------------------------------------------------------------------

  /**
   * The entry at a place among those that expire, 0 <= place < expiringCount. A deleted one is replaced by the last,
   * so a walk that deletes goes from the end to the front.
   */
  expiringAt(place: number): number {
    return this.#expiring[place]!;
  }

  /** A random entry among those that expire, or 0. */
  randomExpiring(): number {
    if (this.expiringCount === 0) return 0;
    return this.#expiring[Math.floor(Math.random() * this.expiringCount)]!;
  }

  /** Memory outside of the slab, in bytes. */
  get overheadBytes(): number {
    return this.bucketBytes + this.#expiring.length * 4 + this.#objects.length * 8;
  }

  /** What the large values take outside of the slab, estimated from up to `samples` of them, in bytes. */
  objectBytes(samples: number): number {
    const step = Math.max(1, Math.ceil(this.#objects.length / samples));
    let bytes = 0;
    for (let i = 0; i < this.#objects.length; i += step) bytes += this.#objects[i]?.overheadBytes ?? 0;
    return bytes * step;
  }

  // ---- inside --------------------------------------------------------------------------------------------------

  protected override freeEntry(entry: number): void {
    this.#leaveExpiring(entry);
    this.#releaseValue(entry);
    this.slab.free(entry, this.#entrySize(entry));
  }

  #info(entry: number): number {
    return this.slab.words[entry >>> SEGMENT_SHIFT]![((entry & SEGMENT_MASK) << 1) + 2]!;
  }

  #headerBytes(entry: number): number {
    return (this.#info(entry) & FLAG_EXPIRES) === 0 ? HEADER_BYTES : EXPIRING_HEADER_BYTES;
  }

  #entrySize(entry: number): number {
    const inline = this.typeOf(entry) === TYPE_STRING ? this.stringLength(entry) : 0;
    return this.#headerBytes(entry) + this.keyLength(entry) + inline;
  }

  #add(
    key: Buffer,
    keyOffset: number,
    keyLength: number,
    hash: number,
    type: DataType,
    encoding: number,
    valueWord: number,
  ): number {
    const entry = this.slab.allocate(HEADER_BYTES + keyLength + (type === TYPE_STRING ? valueWord : 0));
    const words = this.slab.words[entry >>> SEGMENT_SHIFT]!;
    const at = (entry & SEGMENT_MASK) << 1;
    words[at + 1] = hash;
    words[at + 2] = type | (encoding << ENCODING_SHIFT) | (this.accessClock << ACCESS_SHIFT);
    words[at + 3] = keyLength;
    words[at + 4] = valueWord;
    copyBytes(key, keyOffset, this.bytesOf(entry), (at << 2) + HEADER_BYTES, keyLength);
    this.link(entry, hash);
    return entry;
  }

  /** Changes type and encoding of an entry whose value was released; it holds no inline bytes before and after. */
  #reshape(entry: number, type: DataType, encoding: number, valueWord: number): number {
    const words = this.slab.words[entry >>> SEGMENT_SHIFT]!;
    const at = (entry & SEGMENT_MASK) << 1;
    words[at + 2] = (words[at + 2]! & ~(TYPE_MASK | ENCODING_MASK)) | type | (encoding << ENCODING_SHIFT);
    words[at + 4] = valueWord;
    return entry;
  }

  #releaseValue(entry: number): void {
    const encoding = this.encodingOf(entry);
    if (encoding === ENCODING_OBJECT) this.discard(this.takeObject(this.valueWord(entry)));
    else if (encoding === ENCODING_PACKED || encoding === ENCODING_INTSET) {
      const block = this.valueWord(entry);
      const payload = this.slab.words[block >>> SEGMENT_SHIFT]![(block & SEGMENT_MASK) << 1]!;
      this.slab.free(block, payload + 8);
    }
  }

  /** Moves an entry between the short and the expiring header. */
  #withHeader(entry: number, flag: number): number {
    const oldHeader = this.#headerBytes(entry);
    const oldSize = this.#entrySize(entry);
    const newHeader = flag === 0 ? HEADER_BYTES : EXPIRING_HEADER_BYTES;
    const target = this.slab.allocate(oldSize - oldHeader + newHeader);
    this.#copyEntry(entry, target, HEADER_BYTES);
    copyBytes(
      this.bytesOf(entry),
      ((entry & SEGMENT_MASK) << 3) + oldHeader,
      this.bytesOf(target),
      ((target & SEGMENT_MASK) << 3) + newHeader,
      oldSize - oldHeader,
    );
    const words = this.slab.words[target >>> SEGMENT_SHIFT]!;
    const at = ((target & SEGMENT_MASK) << 1) + 2;
    words[at] = (words[at]! & ~FLAG_EXPIRES) | flag;
    this.relink(entry, target);
    this.slab.free(entry, oldSize);
    return target;
  }

  #copyEntry(entry: number, target: number, length: number): void {
    const from = (entry & SEGMENT_MASK) << 3;
    copyBytes(this.bytesOf(entry), from, this.bytesOf(target), (target & SEGMENT_MASK) << 3, length);
  }

  /** Tells the list of expiring entries that this one has a new address. */
  #moved(entry: number): void {
    const words = this.slab.words[entry >>> SEGMENT_SHIFT]!;
    const at = (entry & SEGMENT_MASK) << 1;
    if ((words[at + 2]! & FLAG_EXPIRES) !== 0) this.#expiring[words[at + 7]!] = entry;
  }

  #leaveExpiring(entry: number): void {
    const words = this.slab.words[entry >>> SEGMENT_SHIFT]!;
    const at = (entry & SEGMENT_MASK) << 1;
    if ((words[at + 2]! & FLAG_EXPIRES) === 0) return;
    const place = words[at + 7]!;
    const last = this.#expiring[--this.expiringCount]!;
    this.#expiring[place] = last;
    this.slab.words[last >>> SEGMENT_SHIFT]![((last & SEGMENT_MASK) << 1) + 7] = place;
  }
}

function clearNow(value: LargeValue): void {
  while (!value.clearSome(1 << 20));
}

import { copyBytes, equalBytes } from "../protocol/bytes.ts";
import { ChainedTable } from "./chained-table.ts";
import { memberHashes } from "./hashing.ts";
import { roundToClass, SEGMENT_MASK, SEGMENT_SHIFT, type Slab } from "./slab.ts";

const HEADER_BYTES = 16;

/**
 * A map from bytes to bytes in the slab: what a large hash, set or sorted set is made of.
 *
 * Entry: next u32, hash u32, key length u32, value length u32, key, value. An entry's address stays valid until its
 * key is deleted or its value changes its length; `set` returns the address that is valid afterwards.
 */
export class ByteMap extends ChainedTable {
  constructor(slab: Slab) {
    super(slab, 4);
  }

  /** The entry of a key, or 0. */
  find(bytes: Buffer, offset: number, length: number): number {
    return this.#find(bytes, offset, length, memberHashes.hash(bytes, offset, length));
  }

  /** Sets a key to a value; the returned entry is the key's. Compare `size` before and after to learn if it is new. */
  set(
    key: Buffer,
    keyOffset: number,
    keyLength: number,
    value: Buffer,
    valueOffset: number,
    valueLength: number,
  ): number {
    const hash = memberHashes.hash(key, keyOffset, keyLength);
    const entry = this.#find(key, keyOffset, keyLength, hash);
    if (entry !== 0) return this.setValue(entry, value, valueOffset, valueLength);
    const added = this.slab.allocate(HEADER_BYTES + keyLength + valueLength);
    const words = this.slab.words[added >>> SEGMENT_SHIFT]!;
    const at = (added & SEGMENT_MASK) << 1;
    words[at + 1] = hash;
    words[at + 2] = keyLength;
    words[at + 3] = valueLength;
    const bytes = this.slab.bytes[added >>> SEGMENT_SHIFT]!;
    const start = ((added & SEGMENT_MASK) << 3) + HEADER_BYTES;
    copyBytes(key, keyOffset, bytes, start, keyLength);
    copyBytes(value, valueOffset, bytes, start + keyLength, valueLength);
    this.link(added, hash);
    return added;
  }

  /** Replaces an entry's value; the returned address takes the entry's place. */
  setValue(entry: number, value: Buffer, valueOffset: number, valueLength: number): number {
    const keyLength = this.keyLength(entry);
    const oldSize = HEADER_BYTES + keyLength + this.valueLength(entry);
    const newSize = HEADER_BYTES + keyLength + valueLength;
    let target = entry;
    if (roundToClass(oldSize) !== roundToClass(newSize)) {
      target = this.slab.allocate(newSize);
      const from = (entry & SEGMENT_MASK) << 3;
      this.slab.bytes[entry >>> SEGMENT_SHIFT]!.copy(
        this.slab.bytes[target >>> SEGMENT_SHIFT]!,
        (target & SEGMENT_MASK) << 3,
        from,
        from + HEADER_BYTES + keyLength,
      );
      this.relink(entry, target);
      this.slab.free(entry, oldSize);
    }
    this.slab.words[target >>> SEGMENT_SHIFT]![((target & SEGMENT_MASK) << 1) + 3] = valueLength;
    copyBytes(value, valueOffset, this.bytesOf(target), this.valueOffset(target), valueLength);
    return target;
  }

  /** Bytes of the entries, estimated from up to `samples` of them; 0 is all. */
  slabBytes(samples: number): number {
    let seen = 0;
    let bytes = 0;
    this.visitAll((entry) => {
      bytes += roundToClass(HEADER_BYTES + this.keyLength(entry) + this.valueLength(entry));
      return ++seen !== samples;
    });
    return seen === 0 ? 0 : Math.round((bytes / seen) * this.size);
  }

  /** Deletes a key; whether it was there. */
  delete(bytes: Buffer, offset: number, length: number): boolean {
    const entry = this.find(bytes, offset, length);
    if (entry === 0) return false;
    this.deleteEntry(entry);
    return true;
  }

  deleteEntry(entry: number): void {
    this.unlink(entry);
    this.freeEntry(entry);
  }

  /** The buffer that holds the entry; the offsets below are in it. */
  bytesOf(entry: number): Buffer {
    return this.slab.bytes[entry >>> SEGMENT_SHIFT]!;
  }

  keyOffset(entry: number): number {
    return ((entry & SEGMENT_MASK) << 3) + HEADER_BYTES;
  }

  keyLength(entry: number): number {
    return this.slab.words[entry >>> SEGMENT_SHIFT]![((entry & SEGMENT_MASK) << 1) + 2]!;
  }

  valueOffset(entry: number): number {
    return this.keyOffset(entry) + this.keyLength(entry);
  }

  valueLength(entry: number): number {
    return this.slab.words[entry >>> SEGMENT_SHIFT]![((entry & SEGMENT_MASK) << 1) + 3]!;
  }

  protected override freeEntry(entry: number): void {
    this.slab.free(entry, HEADER_BYTES + this.keyLength(entry) + this.valueLength(entry));
  }

  #find(bytes: Buffer, offset: number, length: number, hash: number): number {
    const { words, bytes: segments } = this.slab;
    for (let entry = this.chainOf(hash); entry !== 0; ) {
      const segment = words[entry >>> SEGMENT_SHIFT]!;
      const at = (entry & SEGMENT_MASK) << 1;
      if (
        segment[at + 1] === hash &&
        segment[at + 2] === length &&
        equalBytes(segments[entry >>> SEGMENT_SHIFT]!, (at << 2) + HEADER_BYTES, bytes, offset, length)
      ) {
        return entry;
      }
      entry = segment[at]!;
    }
    return 0;
  }
}

import { copyBytes, equalBytes, moveBytes } from "../protocol/bytes.ts";
import { roundToClass, SEGMENT_MASK, SEGMENT_SHIFT, type Slab } from "./slab.ts";

const HEADER_BYTES = 8;
/** Lengths below this take one byte; others this byte and four more. */
const LONG = 0xf0;

/**
 * A sequence of byte strings packed into one slab block: what a small list, hash, set or sorted set is, and a node
 * of a large list. Walks both ways; finding is linear, so owners bound its size.
 *
 * Block: payload bytes u32, element count u32, elements. Element: length, bytes, then the size of length and bytes
 * once more, written backwards for the walk from the end.
 *
 * A `Packed` is a view that is pointed at one block after another with `open`; positions are byte offsets in
 * `buffer`. A mutation may move the block: afterwards `address` is the one to keep. After a mutation all positions
 * but the one it returns are void.
 */
export class Packed {
  readonly slab: Slab;
  address = 0;
  buffer: Buffer = Buffer.alloc(0);
  /** Position of the first element; equals `end` when empty. */
  first = 0;
  /** Position after the last element. */
  end = 0;
  count = 0;

  constructor(slab: Slab) {
    this.slab = slab;
  }

  /** Makes an empty block and points the view at it. */
  create(): this {
    const address = this.slab.allocate(HEADER_BYTES);
    const words = this.slab.words[address >>> SEGMENT_SHIFT]!;
    const at = (address & SEGMENT_MASK) << 1;
    words[at] = 0;
    words[at + 1] = 0;
    return this.open(address);
  }

  open(address: number): this {
    const words = this.slab.words[address >>> SEGMENT_SHIFT]!;
    const at = (address & SEGMENT_MASK) << 1;
    this.address = address;
    this.buffer = this.slab.bytes[address >>> SEGMENT_SHIFT]!;
    this.first = (at << 2) + HEADER_BYTES;
    this.end = this.first + words[at]!;
    this.count = words[at + 1]!;
    return this;
  }

  /** A copy of the block at an address; returns the copy's address. The view stays where it is. */
  duplicate(address: number): number {
    const { slab } = this;
    const from = (address & SEGMENT_MASK) << 3;
    const size = HEADER_BYTES + slab.words[address >>> SEGMENT_SHIFT]![from >>> 2]!;
    const copy = slab.allocate(size);
    copyBytes(
      slab.bytes[address >>> SEGMENT_SHIFT]!,
      from,
      slab.bytes[copy >>> SEGMENT_SHIFT]!,
      (copy & SEGMENT_MASK) << 3,
      size,
    );
    return copy;
  }

  /** Number of elements of the block at an address, without opening it. */
  countAt(address: number): number {
    return this.slab.words[address >>> SEGMENT_SHIFT]![((address & SEGMENT_MASK) << 1) + 1]!;
  }

  /** Frees the block. */
  free(): void {
    this.slab.free(this.address, HEADER_BYTES + this.payloadBytes);
  }

  /** Bytes of all elements with their lengths. */
  get payloadBytes(): number {
    return this.end - this.first;
  }

  /** Bytes that an element of `length` bytes takes. */
  static elementBytes(length: number): number {
    const head = length < LONG ? 1 : 5;
    return head + length + (head + length < LONG ? 1 : 5);
  }

  lengthAt(position: number): number {
    const short = this.buffer[position]!;
    return short < LONG ? short : this.buffer.readUInt32LE(position + 1);
  }

  /** Where the element's bytes start in `buffer`. */
  dataAt(position: number): number {
    return position + (this.buffer[position]! < LONG ? 1 : 5);
  }

  /** The next element's position, or `end`. */
  next(position: number): number {
    const short = this.buffer[position]!;
    if (short < LONG - 1) return position + short + 2;
    return position + Packed.elementBytes(this.lengthAt(position));
  }

  /** The position of the element before this one (or before `end`). Not for `first`. */
  previous(position: number): number {
    const short = this.buffer[position - 1]!;
    if (short < LONG) return position - 1 - short;
    return position - 5 - this.buffer.readUInt32LE(position - 5);
  }

  /** The position of the element at an index from 0, or from the end when negative; -1 when out of range. */
  seek(index: number): number {
    const target = index < 0 ? index + this.count : index;
    if (target < 0 || target >= this.count) return -1;
    let position: number;
    if (target <= this.count >>> 1) {
      position = this.first;
      for (let i = 0; i < target; i++) position = this.next(position);
    } else {
      position = this.end;
      for (let i = this.count; i > target; i--) position = this.previous(position);
    }
    return position;
  }

  equalsAt(position: number, bytes: Buffer, offset: number, length: number): boolean {
    return (
      this.lengthAt(position) === length &&
      equalBytes(this.buffer, this.dataAt(position), bytes, offset, length)
    );
  }

  /**
   * The first element from `from` on that equals the bytes, looking at every `stride`-th one (2 to look at the keys
   * of key-value pairs); -1 when there is none.
   */
  find(bytes: Buffer, offset: number, length: number, stride = 1, from = this.first): number {
    for (let position = from; position < this.end; ) {
      if (this.equalsAt(position, bytes, offset, length)) return position;
      for (let i = 0; i < stride && position < this.end; i++) position = this.next(position);
    }
    return -1;
  }

  append(bytes: Buffer, offset: number, length: number): void {
    this.insert(this.end, bytes, offset, length);
  }

  /** Inserts before `position` (`end` appends); returns the new element's position. */
  insert(position: number, bytes: Buffer, offset: number, length: number): number {
    const at = this.#splice(position, 0, Packed.elementBytes(length), 1);
    this.#write(at, bytes, offset, length);
    return at;
  }

  /** Replaces the element; returns its position. */
  replace(position: number, bytes: Buffer, offset: number, length: number): number {
    const at = this.#splice(position, this.next(position) - position, Packed.elementBytes(length), 0);
    this.#write(at, bytes, offset, length);
    return at;
  }

  /** Removes `count` elements from `position` on; returns the position of what follows them. */
  remove(position: number, count = 1): number {
    let to = position;
    for (let i = 0; i < count; i++) to = this.next(to);
    return this.#splice(position, to - position, 0, -count);
  }

  #write(position: number, bytes: Buffer, offset: number, length: number): void {
    const { buffer } = this;
    let at = position;
    if (length < LONG) buffer[at++] = length;
    else {
      buffer[at] = LONG;
      buffer.writeUInt32LE(length, at + 1);
      at += 5;
    }
    copyBytes(bytes, offset, buffer, at, length);
    at += length;
    const size = at - position;
    if (size < LONG) buffer[at] = size;
    else {
      buffer.writeUInt32LE(size, at);
      buffer[at + 4] = LONG;
    }
  }

  /** Gives `removed` bytes at a position the new size `added`; moves the block when its size class changes. */
  #splice(position: number, removed: number, added: number, countChange: number): number {
    const payload = this.payloadBytes;
    const newPayload = payload + added - removed;
    const start = position - this.first;
    const count = this.count + countChange;
    if (roundToClass(HEADER_BYTES + payload) === roundToClass(HEADER_BYTES + newPayload)) {
      const rest = position + removed;
      // At the end nothing has to move, and the call alone costs more than the element does.
      if (removed !== added && rest < this.end) moveBytes(this.buffer, position + added, rest, this.end);
    } else {
      const { address, buffer, first, end } = this;
      const target = this.slab.allocate(HEADER_BYTES + newPayload);
      const to = this.slab.bytes[target >>> SEGMENT_SHIFT]!;
      const toFirst = ((target & SEGMENT_MASK) << 3) + HEADER_BYTES;
      copyBytes(buffer, first, to, toFirst, start);
      copyBytes(buffer, position + removed, to, toFirst + start + added, end - position - removed);
      this.slab.free(address, HEADER_BYTES + payload);
      this.address = target;
      this.buffer = to;
      this.first = toFirst;
    }
    this.end = this.first + newPayload;
    this.count = count;
    const words = this.slab.words[this.address >>> SEGMENT_SHIFT]!;
    const word = (this.address & SEGMENT_MASK) << 1;
    words[word] = newPayload;
    words[word + 1] = count;
    return this.first + start;
  }
}

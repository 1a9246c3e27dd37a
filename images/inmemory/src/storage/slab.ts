import { SEGMENT_BYTES, SegmentPool } from "./segment-pool.ts";

/**
 * The slab allocator: all keys and values live in 1 MiB segments outside of the JavaScript heap, so that five
 * million keys cost the garbage collector a few hundred objects.
 *
 * An address is a number of 8-byte granules: `address >>> SEGMENT_SHIFT` is the segment,
 * `(address & SEGMENT_MASK) << 3` the byte offset in it. Address 0 is null. Blocks are 8-byte aligned.
 *
 * Sizes are rounded up to a class (8-byte steps up to 128 B, then four per doubling). A class takes its blocks from
 * spans: 64 KiB of a segment for blocks up to 8 KiB, a whole segment up to 128 KiB. A span whose last block is freed
 * is free for any class. Larger blocks are a segment of their own, of their size, and not of the pool: V8 frees them.
 */

export const SEGMENT_SHIFT = 17;
export const SEGMENT_MASK = (1 << SEGMENT_SHIFT) - 1;

const SPANS_PER_SEGMENT = 16;
const SPAN_BYTES = SEGMENT_BYTES / SPANS_PER_SEGMENT;
const SPAN_SHIFT = 13;
const SMALL_MAX = 128;
const SPAN_BLOCK_MAX = 8 << 10;
const BLOCK_MAX = 128 << 10;
/** Addresses are kept in 32 bits: 2^32 granules are 32,768 segments. */
const SEGMENTS_MAX = 1 << 15;
/** Wholly free segments kept for the small classes before the rest go back to the pool. */
const FREE_SEGMENTS_KEPT = 4;

const NO_SPAN = -1;

/** The class of a block size in bytes, 1 <= size <= BLOCK_MAX. */
function classOf(size: number): number {
  if (size <= SMALL_MAX) return size <= 16 ? 2 : (size + 7) >>> 3;
  const doubling = 31 - Math.clz32(size - 1);
  const step = ((size - 1) >>> (doubling - 2)) & 3;
  return 17 + (doubling - 7) * 4 + step;
}

const CLASSES = classOf(BLOCK_MAX) + 1;

/** Up to here sizes are rounded in 32-bit integers. */
const WORD_MAX = 2 ** 30;

/** The bytes that a block of `size` bytes really occupies; also for sizes above the largest class. */
export function roundToClass(size: number): number {
  if (size <= SMALL_MAX) return size <= 16 ? 16 : (size + 7) & ~7;
  if (size > WORD_MAX) {
    const unit = 2 ** (29 - Math.clz32(size - 1));
    return Math.ceil(size / unit) * unit;
  }
  const unit = 1 << (29 - Math.clz32(size - 1));
  return (size + unit - 1) & -unit;
}

const classBytes = new Uint32Array(CLASSES);
for (let size = 8; size <= BLOCK_MAX; size += 8) classBytes[classOf(size)] = roundToClass(size);

/** Blocks per span, by class. */
const spanBlocks = classBytes.map(
  (size) => (size <= SPAN_BLOCK_MAX ? SPAN_BYTES : SEGMENT_BYTES) / Math.max(size, 1),
);

/** Thrown when the address space (32,768 segments) is used up. Commands answer it as OOM. */
export class SlabExhausted extends Error {}

export class Slab {
  /** Bytes of each segment; index = address >>> SEGMENT_SHIFT. */
  readonly bytes: Buffer[] = [];
  /** The same memory as 32-bit words. */
  readonly words: Uint32Array[] = [];
  /** Bytes in live blocks, rounded to their classes. */
  usedBytes = 0;
  /** Bytes of all segments in use. */
  #segmentBytes = 0;
  readonly #pool = new SegmentPool();

  #freeSegmentIndexes: number[] = [];
  #freeSpans: number[] = [];
  #freeSpansOfSegment = new Uint8Array(64);
  #wholeFreeSegments = 0;

  // Per span (16 per segment; a whole-segment span uses its first slot).
  #spanFree = new Uint32Array(64);
  #spanBump = new Uint32Array(64);
  #spanLive = new Uint32Array(64);
  #spanNext = new Int32Array(64);
  #spanPrevious = new Int32Array(64);
  #partial = new Int32Array(CLASSES).fill(NO_SPAN);

  constructor() {
    // The first block ever taken sits at address 0; it is never handed out, so that 0 can mean null. What follows null
    // is null.
    this.#addSpan(2);
    this.allocate(16);
    this.words[0]!.fill(0, 0, 4);
    this.usedBytes = 0;
  }

  /** Bytes taken from the operating system. */
  get residentBytes(): number {
    return this.#segmentBytes + this.#pool.spareBytes;
  }

  /** Gives some of the memory that is not used back to the operating system; to be called regularly. */
  giveBack(): void {
    this.#pool.giveBack();
  }

  /** Gives all of it back now. */
  giveAllBack(): void {
    this.#pool.giveAllBack();
  }

  /** A block of at least `size` bytes; its content is undefined. Throws SlabExhausted. */
  allocate(size: number): number {
    if (size > BLOCK_MAX) return this.#allocateLarge(size);
    const sizeClass = classOf(size);
    let span = this.#partial[sizeClass]!;
    if (span === NO_SPAN) span = this.#addSpan(sizeClass);
    let address = this.#spanFree[span]!;
    const blockBytes = classBytes[sizeClass]!;
    if (address !== 0) {
      this.#spanFree[span] = this.words[address >>> SEGMENT_SHIFT]![(address & SEGMENT_MASK) << 1]!;
    } else {
      address = this.#spanBump[span]!;
      this.#spanBump[span] = address + (blockBytes >>> 3);
    }
    const live = this.#spanLive[span]! + 1;
    this.#spanLive[span] = live;
    if (live === spanBlocks[sizeClass]!) this.#unlink(span, sizeClass);
    this.usedBytes += blockBytes;
    return address;
  }

  /** Gives a block back. `size` is the size it was allocated with, or any size of the same class. */
  free(address: number, size: number): void {
    if (size > BLOCK_MAX) {
      this.#freeLarge(address, size);
      return;
    }
    const sizeClass = classOf(size);
    const blockBytes = classBytes[sizeClass]!;
    const isSmall = blockBytes <= SPAN_BLOCK_MAX;
    const span = isSmall ? address >>> SPAN_SHIFT : (address >>> SEGMENT_SHIFT) * SPANS_PER_SEGMENT;
    this.words[address >>> SEGMENT_SHIFT]![(address & SEGMENT_MASK) << 1] = this.#spanFree[span]!;
    this.#spanFree[span] = address;
    const live = this.#spanLive[span]!;
    this.#spanLive[span] = live - 1;
    this.usedBytes -= blockBytes;
    if (live === spanBlocks[sizeClass]!) this.#link(span, sizeClass);
    if (live === 1) {
      this.#unlink(span, sizeClass);
      if (isSmall) this.#returnSpan(span);
      else this.#returnSegment(address >>> SEGMENT_SHIFT);
    }
  }

  /** Takes a span for a class and makes it the class's first partial one. */
  #addSpan(sizeClass: number): number {
    let span: number;
    if (classBytes[sizeClass]! > SPAN_BLOCK_MAX) {
      span = this.#addSegment(SEGMENT_BYTES) * SPANS_PER_SEGMENT;
    } else {
      if (this.#freeSpans.length === 0) {
        const segment = this.#addSegment(SEGMENT_BYTES);
        for (let i = SPANS_PER_SEGMENT - 1; i >= 0; i--)
          this.#freeSpans.push(segment * SPANS_PER_SEGMENT + i);
        this.#freeSpansOfSegment[segment] = SPANS_PER_SEGMENT;
        this.#wholeFreeSegments++;
      }
      span = this.#freeSpans.pop()!;
      const segment = span >>> 4;
      if (this.#freeSpansOfSegment[segment] === SPANS_PER_SEGMENT) this.#wholeFreeSegments--;
      this.#freeSpansOfSegment[segment]!--;
    }
    this.#spanFree[span] = 0;
    this.#spanLive[span] = 0;
    this.#spanBump[span] = span * 2 ** SPAN_SHIFT;
    this.#link(span, sizeClass);
    return span;
  }

  #returnSpan(span: number): void {
    const segment = span >>> 4;
    this.#freeSpans.push(span);
    this.#freeSpansOfSegment[segment]!++;
    if (this.#freeSpansOfSegment[segment] !== SPANS_PER_SEGMENT) return;
    this.#wholeFreeSegments++;
    if (this.#wholeFreeSegments > FREE_SEGMENTS_KEPT * 2) this.#trim();
  }

  /** Gives wholly free segments back to the pool, all but a few. */
  #trim(): void {
    const released = new Set<number>();
    for (let segment = this.bytes.length - 1; segment > 0; segment--) {
      if (this.#wholeFreeSegments - released.size <= FREE_SEGMENTS_KEPT) break;
      if (this.#freeSpansOfSegment[segment] === SPANS_PER_SEGMENT) released.add(segment);
    }
    this.#freeSpans = this.#freeSpans.filter((span) => !released.has(span >>> 4));
    for (const segment of released) {
      this.#freeSpansOfSegment[segment] = 0;
      this.#returnSegment(segment);
    }
    this.#wholeFreeSegments -= released.size;
  }

  #addSegment(size: number): number {
    const index = this.#freeSegmentIndexes.pop() ?? this.bytes.length;
    if (index >= SEGMENTS_MAX) throw new SlabExhausted("the slab's address space is used up");
    if (size !== SEGMENT_BYTES) this.#pool.makeRoom(size);
    const buffer = size === SEGMENT_BYTES ? this.#pool.take() : Buffer.allocUnsafeSlow(size);
    this.bytes[index] = buffer;
    this.words[index] = new Uint32Array(buffer.buffer, buffer.byteOffset, size >>> 2);
    this.#segmentBytes += size;
    if ((index + 1) * SPANS_PER_SEGMENT > this.#spanFree.length) this.#growSpanTables();
    return index;
  }

  #returnSegment(segment: number): void {
    const buffer = this.bytes[segment]!;
    this.#segmentBytes -= buffer.length;
    if (buffer.length === SEGMENT_BYTES) this.#pool.give(buffer);
    this.bytes[segment] = EMPTY_BYTES;
    this.words[segment] = EMPTY_WORDS;
    this.#freeSegmentIndexes.push(segment);
  }

  #allocateLarge(size: number): number {
    const capacity = roundToClass(size);
    const segment = this.#addSegment(capacity);
    this.usedBytes += capacity;
    return segment * 2 ** SEGMENT_SHIFT;
  }

  #freeLarge(address: number, size: number): void {
    this.#returnSegment(address >>> SEGMENT_SHIFT);
    this.usedBytes -= roundToClass(size);
  }

  #link(span: number, sizeClass: number): void {
    const head = this.#partial[sizeClass]!;
    this.#spanNext[span] = head;
    this.#spanPrevious[span] = NO_SPAN;
    if (head !== NO_SPAN) this.#spanPrevious[head] = span;
    this.#partial[sizeClass] = span;
  }

  #unlink(span: number, sizeClass: number): void {
    const next = this.#spanNext[span]!;
    const previous = this.#spanPrevious[span]!;
    if (next !== NO_SPAN) this.#spanPrevious[next] = previous;
    if (previous !== NO_SPAN) this.#spanNext[previous] = next;
    else this.#partial[sizeClass] = next;
  }

  #growSpanTables(): void {
    const length = this.#spanFree.length * 2;
    this.#spanFree = enlarged(this.#spanFree, new Uint32Array(length));
    this.#spanBump = enlarged(this.#spanBump, new Uint32Array(length));
    this.#spanLive = enlarged(this.#spanLive, new Uint32Array(length));
    this.#spanNext = enlarged(this.#spanNext, new Int32Array(length));
    this.#spanPrevious = enlarged(this.#spanPrevious, new Int32Array(length));
    this.#freeSpansOfSegment = enlarged(this.#freeSpansOfSegment, new Uint8Array(length));
  }
}

const EMPTY_BYTES = Buffer.allocUnsafeSlow(0);
const EMPTY_WORDS = new Uint32Array(0);

function enlarged<T extends Uint32Array | Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

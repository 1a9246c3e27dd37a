import { NativeAddon, type NativeSupport } from "@weftkit/core";

export const SEGMENT_BYTES = 1 << 20;
/** Segments that go at a time, at most: each takes the kernel about 0.1 ms. */
const GIVEN_BACK_MAX = 16;
/** The part of what was not needed since the last `giveBack` that goes: half of it within a second, at ten a second. */
const GIVEN_BACK_PART = 1 / 16;

type Discard = (buffer: Buffer) => boolean;

const addon = new NativeAddon<{ readonly discard: Discard }>("weftkit-memory", import.meta.dirname);

/** Whether memory goes back to the system by the compiled module. */
export function memorySupport(): NativeSupport {
  return addon.support;
}

/**
 * The memory of a slab, in segments of 1 MiB. Segments that are not used any more are kept for reuse, and what is not
 * reused goes back to the operating system little by little, as other allocators do: memory that goes at once and is
 * taken again costs more than the data that is put there.
 *
 * They are shared memory, although nothing is shared: V8 starts a garbage collection of everything for each 20 MiB or
 * so that are allocated otherwise, of which nothing would become free. But then it does not start one either when much
 * could be freed, so no segment is ever dropped: the compiled module takes the pages out of it. Without the module
 * segments are plain memory, and freed by V8.
 */
export class SegmentPool {
  /** The last one is the next to be used; the first `#discarded` of them have no pages. */
  readonly #spare: Buffer[] = [];
  #discarded = 0;
  /** The fewest spare segments with pages since the last `giveBack`. */
  #idle = 0;
  readonly #discard: Discard | null;

  /** `discard` gives the pages of a buffer back to the system (native/memory.c); null where it is not built. */
  constructor(discard: Discard | null = addon.exports?.discard ?? null) {
    this.#discard = discard;
  }

  /** Bytes of spare segments that the operating system has not got back. */
  get spareBytes(): number {
    return (this.#spare.length - this.#discarded) * SEGMENT_BYTES;
  }

  /** A segment; its content is undefined. */
  take(): Buffer {
    if (this.#discard === null) return Buffer.allocUnsafeSlow(SEGMENT_BYTES);
    const spare = this.#spare.pop();
    if (spare === undefined) return Buffer.from(new SharedArrayBuffer(SEGMENT_BYTES));
    this.#discarded = Math.min(this.#discarded, this.#spare.length);
    this.#idle = Math.min(this.#idle, this.#spare.length - this.#discarded);
    return spare;
  }

  /** Takes a segment back; nobody may use it from now on. */
  give(segment: Buffer): void {
    if (this.#discard !== null) this.#spare.push(segment);
  }

  /** Gives some of what was not needed since the last call back to the operating system; to be called regularly. */
  giveBack(): void {
    this.#giveBack(Math.min(GIVEN_BACK_MAX, Math.ceil(this.#idle * GIVEN_BACK_PART)));
  }

  /** Gives all that is not used back to the operating system, which takes about 0.1 s per gigabyte. */
  giveAllBack(): void {
    this.#giveBack(this.#spare.length - this.#discarded);
  }

  /** Gives as much back as is about to be taken past the pool, so that both together do not exceed a limit. */
  makeRoom(bytes: number): void {
    this.#giveBack(Math.min(Math.ceil(bytes / SEGMENT_BYTES), this.#spare.length - this.#discarded));
  }

  #giveBack(count: number): void {
    // What the system refuses, as for memory that is locked, is tried again the next time.
    for (let i = 0; i < count && this.#discard!(this.#spare[this.#discarded]!); i++) this.#discarded++;
    this.#idle = this.#spare.length - this.#discarded;
  }
}

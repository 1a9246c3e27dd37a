import { newMemory, type SharedMemory } from "./kernel.ts";
import { headerBytes, memoryPagesMax, pageBytes, roundUp } from "./layout.ts";

/** A place that is free, and its size. */
export type FreePlace = readonly [at: number, size: number];

/** A memory grows by at least so much, and by an eighth of what it is. */
const growBytesMin = 1024 * 1024;
const growShare = 8;

/**
 * The memory of one index and who allocates in it: the main thread alone. What is freed is kept by its size, which is a power of
 * two for everything that is ever freed.
 */
export class Arena {
  readonly memory: SharedMemory;
  /** Fresh after each `allocate`: a memory that has grown has another buffer. */
  words!: Uint32Array;
  floats!: Float32Array;
  #end = headerBytes;
  readonly #free = new Map<number, number[]>();
  /** What is of no use to another process: places and sizes. */
  readonly #passing = new Map<number, number>();

  constructor(memory: SharedMemory = newMemory(1, memoryPagesMax)) {
    this.memory = memory;
    this.refresh();
  }

  /** Behind the last byte that is taken. */
  get end(): number {
    return this.#end;
  }

  /** Takes over a memory whose first bytes are taken already, but for some places. */
  startAt(end: number, free: readonly FreePlace[]): void {
    this.#end = end;
    this.refresh();
    for (const [at, size] of free) this.free(at, size);
  }

  /** What another process that takes this memory over can use for itself. */
  freePlaces(): FreePlace[] {
    const free = [...this.#free].flatMap(([size, places]) => places.map((at): FreePlace => [at, size]));
    return [...free, ...this.#passing];
  }

  refresh(): void {
    const { buffer } = this.memory;
    this.words = new Uint32Array(buffer);
    this.floats = new Float32Array(buffer);
  }

  /** Room for so many bytes, at a multiple of 16; zeros unless it was freed before. @throws RangeError above 4 GiB */
  allocate(bytes: number): number {
    const size = roundUp(bytes, 16);
    const freed = this.#free.get(size)?.pop();
    if (freed !== undefined) return freed;
    const at = this.#end;
    this.ensure(at + size);
    this.#end = at + size;
    return at;
  }

  /** As `allocate`, for what has a meaning only in this process. */
  allocatePassing(bytes: number): number {
    const at = this.allocate(bytes);
    this.#passing.set(at, roundUp(bytes, 16));
    return at;
  }

  /** Makes the memory at least so large. */
  ensure(end: number): void {
    const have = this.memory.buffer.byteLength;
    if (end <= have) return;
    const wanted = Math.max(end - have, growBytesMin, have / growShare);
    const pages = Math.min(roundUp(wanted, pageBytes) / pageBytes, memoryPagesMax - have / pageBytes);
    if (have + pages * pageBytes < end) throw new RangeError("an index takes 4 GiB at the most");
    this.memory.grow(pages);
    this.refresh();
  }

  free(at: number, bytes: number): void {
    const size = roundUp(bytes, 16);
    this.#passing.delete(at);
    const list = this.#free.get(size);
    if (list === undefined) this.#free.set(size, [at]);
    else list.push(at);
  }
}

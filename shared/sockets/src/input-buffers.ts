/** Sizes are powers of two between these; larger buffers are not kept. */
const BYTES_MIN = 1 << 10;
const BYTES_MAX = 128 << 10;
/** Of each size, free buffers of so many bytes in all are kept. */
const KEPT_BYTES = 2 << 20;

/**
 * Buffers for requests that have not arrived whole, used again and again. A new one for the end of each pipeline would
 * keep the garbage collector busy: bytes start it, not the number of objects.
 */
export class InputBuffers {
  readonly #free: Buffer[][] = [];

  /** A buffer of at least so many bytes; its content is undefined. */
  take(bytes: number): Buffer {
    if (bytes > BYTES_MAX) return Buffer.allocUnsafeSlow(bytes);
    const size = sizeFor(bytes);
    return this.#free[size]?.pop() ?? Buffer.allocUnsafeSlow(BYTES_MIN << size);
  }

  /** Takes a buffer of `take` back, which nobody may use from now on. */
  give(buffer: Buffer): void {
    if (buffer.length > BYTES_MAX) return;
    const size = sizeFor(buffer.length);
    this.#free[size] ??= [];
    const free = this.#free[size];
    if (free.length * buffer.length < KEPT_BYTES) free.push(buffer);
  }
}

function sizeFor(bytes: number): number {
  return bytes <= BYTES_MIN ? 0 : 32 - Math.clz32((bytes - 1) / BYTES_MIN);
}

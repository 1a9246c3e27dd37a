/** Replies smaller than this are packed together (Redis, PROTO_REPLY_CHUNK_BYTES). */
const CHUNK_BYTES = 16 << 10;

/**
 * Bytes that wait for a client which reads more slowly than it asks. Small ones are packed into chunks of their own:
 * a reply of seven bytes must not keep the buffer of a whole tick in memory, or what waits would cost many times its
 * length, and the limit on output would not hold.
 */
export class OutputQueue {
  readonly #chunks: Buffer[] = [];
  /** Bytes filled of the last chunk, or -1 when it was taken over whole and nothing can be added. */
  #filled = -1;
  bytes = 0;

  get isEmpty(): boolean {
    return this.bytes === 0;
  }

  /** Adds bytes; true when they were copied, so that their buffer is free again. */
  push(bytes: Buffer): boolean {
    this.bytes += bytes.length;
    if (bytes.length >= CHUNK_BYTES && bytes.length * 2 >= bytes.buffer.byteLength) {
      this.#seal();
      this.#chunks.push(bytes);
      return false;
    }
    const last = this.#chunks.at(-1);
    if (this.#filled >= 0 && last!.length - this.#filled >= bytes.length) {
      this.#filled += bytes.copy(last!, this.#filled);
      return true;
    }
    this.#seal();
    const chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes.length));
    this.#filled = bytes.copy(chunk);
    this.#chunks.push(chunk);
    return true;
  }

  /** Takes the oldest bytes out; undefined when there are none. */
  shift(): Buffer | undefined {
    if (this.#chunks.length === 1) this.#seal();
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) this.bytes -= chunk.length;
    return chunk;
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#filled = -1;
    this.bytes = 0;
  }

  /** Cuts the last chunk to what is in it. */
  #seal(): void {
    if (this.#filled < 0) return;
    this.#chunks.push(this.#chunks.pop()!.subarray(0, this.#filled));
    this.#filled = -1;
  }
}

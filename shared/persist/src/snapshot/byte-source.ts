import { damaged } from "./format.ts";

/** Bytes that come in pieces of any size, taken in pieces of the size that is asked for. */
export class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** @throws WeftkitError `snapshot_damaged` when there are not so many */
  async take(bytes: number): Promise<Buffer> {
    while (this.#rest.length < bytes) {
      const next = await this.#next();
      if (next === undefined) throw damaged("it ends too early");
      this.#rest = Buffer.concat([this.#rest, next]);
    }
    const taken = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return taken;
  }

  /** The next `bytes` bytes as they come. @throws WeftkitError `snapshot_damaged` when there are not so many */
  async *run(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0; ) {
      if (this.#rest.length === 0) {
        const next = await this.#next();
        if (next === undefined) throw damaged("it ends too early");
        this.#rest = next;
      }
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** Everything that is left but for the last `kept` bytes, which `end` is given. */
  async *until(kept: number, end: (last: Buffer) => void): AsyncGenerator<Buffer> {
    for (;;) {
      if (this.#rest.length > kept) {
        const piece = this.#rest.subarray(0, this.#rest.length - kept);
        this.#rest = this.#rest.subarray(piece.length);
        yield piece;
      }
      const next = await this.#next();
      if (next === undefined) break;
      this.#rest = this.#rest.length === 0 ? next : Buffer.concat([this.#rest, next]);
    }
    if (this.#rest.length < kept) throw damaged("it ends too early");
    end(this.#rest);
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#next();
      if (next === undefined) return true;
      this.#rest = next;
    }
    return false;
  }

  async #next(): Promise<Buffer | undefined> {
    const step = await this.#pieces.next();
    if (step.done === true) return undefined;
    const { value } = step;
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
}

import type { Duplex } from "node:stream";
import type { Transport, TransportEvents } from "./transport.ts";

/** A transport over a Node stream; always works. */
export class StreamTransport implements Transport {
  readonly #stream: Duplex;
  #isClosed = false;
  #isWaiting = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  start(events: TransportEvents): void {
    const stream = this.#stream;
    stream.on("data", (chunk: Buffer) => events.data(chunk, 0, chunk.length));
    stream.on("drain", () => {
      this.#isWaiting = false;
      events.drained();
    });
    stream.on("end", () => stream.destroy());
    // What broke does not matter: the client is gone, and `close` follows.
    stream.on("error", () => stream.destroy());
    stream.on("close", () => {
      this.#isClosed = true;
      events.closed();
    });
    stream.resume();
  }

  send(bytes: Buffer): boolean {
    if (this.#isClosed) return true;
    this.#isWaiting = !this.#stream.write(bytes);
    return false;
  }

  get unsentBytes(): number {
    return this.#isWaiting ? this.#stream.writableLength : 0;
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  end(): void {
    this.#stream.end(() => this.#stream.destroy());
  }

  destroy(): void {
    this.#stream.destroy();
  }
}

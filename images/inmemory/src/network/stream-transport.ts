import type { Duplex } from "node:stream";
import { OutputQueue } from "./output-queue.ts";
import type { Transport, TransportEvents } from "./transport.ts";

/** A transport over a Node stream; always works. */
export class StreamTransport implements Transport {
  readonly #stream: Duplex;
  readonly #queue = new OutputQueue();
  #isClosed = false;
  #isEnding = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  start(events: TransportEvents): void {
    const stream = this.#stream;
    stream.on("data", (chunk: Buffer) => events.data(chunk, 0, chunk.length));
    stream.on("drain", () => {
      this.#flush();
      if (this.#queue.isEmpty) events.drained();
    });
    stream.on("end", () => events.ended());
    // What broke does not matter: the client is gone, and `close` follows.
    stream.on("error", () => stream.destroy());
    stream.on("close", () => {
      this.#isClosed = true;
      this.#queue.clear();
      events.closed();
    });
    stream.resume();
  }

  send(bytes: Buffer): boolean {
    if (this.#isClosed) return true;
    // All bytes go through the queue: what the stream keeps is then cut as the queue cuts it.
    const isFree = this.#queue.push(bytes);
    if (!this.#stream.writableNeedDrain) this.#flush();
    return isFree;
  }

  get unsentBytes(): number {
    return this.#stream.writableLength + this.#queue.bytes;
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  end(): void {
    this.#isEnding = true;
    if (this.#queue.isEmpty) this.#finish();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #flush(): void {
    for (let chunk = this.#queue.shift(); chunk !== undefined; chunk = this.#queue.shift()) {
      if (!this.#stream.write(chunk)) break;
    }
    if (this.#isEnding && this.#queue.isEmpty) this.#finish();
  }

  #finish(): void {
    this.#stream.end(() => this.#stream.destroy());
  }
}

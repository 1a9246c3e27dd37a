import type { Duplex } from "node:stream";
import { OutputQueue } from "./output-queue.ts";
import type { Transport, TransportEvents } from "./transport.ts";

/** A transport over a Node stream; always works. */
export class StreamTransport implements Transport {
  readonly #stream: Duplex;
  readonly #queue = new OutputQueue();
  #events: TransportEvents | undefined;
  #isClosed = false;
  #isEnding = false;
  #isEndingWriting = false;
  /** Bytes were kept, and it was not told yet that they are sent. */
  #isUnsent = false;
  /** A stream says `drain` only when it held much; who waits for a few bytes that TLS keeps for a moment is told as well. */
  readonly #written = (error?: Error | null) => {
    if (!error) this.#tellDrained();
  };

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  start(events: TransportEvents): void {
    const stream = this.#stream;
    this.#events = events;
    // Who has sent its last byte may still read: the connection ends when it was answered.
    stream.allowHalfOpen = true;
    stream.on("data", (chunk: Buffer) => events.data(chunk, 0, chunk.length));
    stream.on("drain", () => {
      this.#flush();
      this.#tellDrained();
    });
    stream.on("end", () => events.ended());
    // What broke does not matter: the client is gone, and `close` follows.
    stream.on("error", () => stream.destroy());
    stream.on("close", () => this.#closed());
    stream.resume();
  }

  send(buffer: Buffer, start: number, end: number): boolean {
    if (this.#isClosed) return true;
    // All bytes go through the queue: what the stream keeps is then cut as the queue cuts it.
    const isFree = this.#queue.push(buffer.subarray(start, end));
    if (!this.#stream.writableNeedDrain) this.#flush();
    if (this.unsentBytes > 0) {
      this.#isUnsent = true;
      this.#events?.unsent();
    }
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

  endWriting(): void {
    this.#isEndingWriting = true;
    if (this.#queue.isEmpty && !this.#isClosed) this.#stream.end();
  }

  end(): void {
    this.#isEnding = true;
    if (this.#queue.isEmpty) this.#finish();
  }

  /** The stream says that it is closed only later, and nothing may be run until then. */
  destroy(): void {
    this.#stream.destroy();
    this.#closed();
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue.clear();
    this.#events?.closed();
  }

  #flush(): void {
    for (let chunk = this.#queue.shift(); chunk !== undefined; chunk = this.#queue.shift()) {
      if (!this.#stream.write(chunk, this.#written)) break;
    }
    if (!this.#queue.isEmpty) return;
    if (this.#isEnding) this.#finish();
    else if (this.#isEndingWriting) this.#stream.end();
  }

  #tellDrained(): void {
    if (!this.#isUnsent || this.#isClosed || this.unsentBytes > 0) return;
    this.#isUnsent = false;
    this.#events?.drained();
  }

  #finish(): void {
    if (this.#stream.writableFinished) this.#stream.destroy();
    else this.#stream.end(() => this.#stream.destroy());
  }
}

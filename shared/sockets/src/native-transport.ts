import { OutputQueue } from "./output-queue.ts";
import type { Transport, TransportEvents } from "./transport.ts";

/** What `open` of native/sockets.c gives; its head comment says what each does. */
export interface Poller {
  add(descriptor: number): number;
  receive(): number;
  send(bytes: Buffer, rows: number): number;
  watch(id: number, isReading: boolean, isWriting: boolean): number;
  shutdown(id: number): number;
  close(id: number, isGraceful: boolean): void;
  end(): void;
}

/** What a connection needs of `NativeSockets`. */
interface Output {
  makeRoom(buffer: Buffer): void;
  queue(id: number, start: number, end: number): void;
  sendQueued(): void;
  sendNow(id: number, bytes: Buffer): number;
  forget(id: number): void;
}

/** One client on the native sockets. Bytes that the kernel has no room for wait here, in order. */
export class NativeTransport implements Transport {
  readonly #sockets: Output;
  readonly #poller: Poller;
  readonly #id: number;
  #events: TransportEvents | undefined;
  /** What is left of the bytes that were tried last; `#queue` comes behind it. */
  #head: Buffer | undefined;
  readonly #queue = new OutputQueue();
  #isReading = true;
  #isClosed = false;
  #isEnding = false;
  #isEndingWriting = false;

  constructor(sockets: Output, poller: Poller, id: number) {
    this.#sockets = sockets;
    this.#poller = poller;
    this.#id = id;
  }

  start(events: TransportEvents): void {
    this.#events = events;
  }

  send(buffer: Buffer, start: number, end: number): boolean {
    if (this.#isClosed) return true;
    // Bytes of this connection that are queued may find no room now: these come behind them.
    if (this.unsentBytes === 0) this.#sockets.makeRoom(buffer);
    if (this.#isClosed) return true;
    if (this.unsentBytes > 0) return this.#keep(buffer, start, end);
    this.#sockets.queue(this.#id, start, end);
    return true;
  }

  get unsentBytes(): number {
    return this.#queue.bytes + (this.#head === undefined ? 0 : this.#head.length);
  }

  pause(): void {
    this.#isReading = false;
    this.#watch();
  }

  resume(): void {
    this.#isReading = true;
    this.#watch();
  }

  endWriting(): void {
    if (this.#isClosed || this.#isEnding || this.#isEndingWriting) return;
    this.#isEndingWriting = true;
    this.#sockets.sendQueued();
    if (!this.#isClosed && this.unsentBytes === 0) this.#shutdown();
  }

  end(): void {
    if (this.#isClosed || this.#isEnding) return;
    this.#isEnding = true;
    this.#sockets.sendQueued();
    if (this.unsentBytes === 0) this.#close(true);
  }

  destroy(): void {
    this.#close(false);
  }

  /** From the poller: `received` will have this; a row without bytes says nothing ahead. */
  upcoming(buffer: Buffer, start: number, length: number): void {
    if (length > 0) this.#events?.upcoming(buffer, start, start + length);
  }

  /** From the poller: bytes came, or the end of them (length 0), or an error (a negative length). */
  received(buffer: Buffer, start: number, length: number): void {
    if (length > 0) this.#events?.data(buffer, start, start + length);
    else if (length < 0) this.destroy();
    else {
      this.#isReading = false;
      this.#events?.ended();
    }
  }

  /** From the poller: these bytes found no room, or the connection is broken (a negative length). */
  unsent(buffer: Buffer, start: number, length: number): boolean {
    if (length < 0) {
      this.destroy();
      return true;
    }
    const isFree = this.#keep(buffer, start, start + length);
    this.#watch();
    return isFree;
  }

  /** From the poller: there is room again. */
  writable(): void {
    for (let bytes = this.#next(); bytes !== undefined; bytes = this.#next()) {
      const left = this.#sockets.sendNow(this.#id, bytes);
      if (left < 0) {
        this.destroy();
        return;
      }
      if (left > 0) {
        this.#head = bytes.subarray(bytes.length - left);
        return;
      }
    }
    if (this.#isEnding) this.#close(true);
    else {
      if (this.#isEndingWriting) this.#shutdown();
      this.#watch();
      this.#events?.drained();
    }
  }

  #shutdown(): void {
    if (this.#poller.shutdown(this.#id) < 0) this.destroy();
  }

  #next(): Buffer | undefined {
    const bytes = this.#head ?? this.#queue.shift();
    this.#head = undefined;
    return bytes;
  }

  #keep(buffer: Buffer, start: number, end: number): boolean {
    const isFree = this.#queue.push(buffer.subarray(start, end));
    this.#events?.unsent();
    return isFree;
  }

  #watch(): void {
    if (this.#isClosed) return;
    if (this.#poller.watch(this.#id, this.#isReading, this.unsentBytes > 0) < 0) this.destroy();
  }

  #close(isGraceful: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#head = undefined;
    this.#queue.clear();
    this.#poller.close(this.#id, isGraceful);
    this.#sockets.forget(this.#id);
    this.#events?.closed();
  }
}

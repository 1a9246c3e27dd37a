import type { SocketGroup } from "./socket-group.ts";
import type { Transport } from "./transport.ts";

/**
 * How long the frame that begins at `at` is, in bytes; 0 when `bytes[at..end)` does not tell yet. Throws for what cannot be a
 * frame, or is longer than the protocol's limit: nothing bounds a frame here but this.
 */
export type FrameLength = (bytes: Buffer, at: number, end: number) => number;

/** What a framed connection tells its session. */
export interface FrameEvents {
  /** A whole frame: `bytes[at..at + length)`, valid only during the call. */
  frame(bytes: Buffer, at: number, length: number): void;
  /** The input is no frame: what `frameLength` has thrown. Nothing more is read; the session says so and ends. */
  malformed(error: unknown): void;
  /** The client sends no more and all of its frames were told; it may still read. */
  ended(): void;
  /** The client sends no more: told at once, also while the session is busy and frames are kept for it. */
  inputEnded?(): void;
  /** Everything that had to be kept was sent. */
  drained(): void;
  /** The connection is gone; nothing comes after this. */
  closed(): void;
}

/** Input kept for a session that is busy, before reading stops. */
const waitingInputBytesMax = 1 << 20;

/**
 * A connection whose input comes in frames (PostgreSQL's messages, OP_MSG, Bolt's chunks): keeps what has not arrived whole, and
 * what comes while the session is busy. Many frames of one packet are told one after the other, without being copied.
 */
export class FramedConnection {
  readonly #group: SocketGroup;
  readonly #transport: Transport;
  readonly #events: FrameEvents;
  #frameLength: FrameLength;
  /** Input that was not told yet: `#input[#start..#end)`. */
  #input: Buffer | undefined;
  #start = 0;
  #end = 0;
  #isPaused = false;
  #isReadingStopped = false;
  #isRunning = false;
  #hasEnded = false;
  #isMalformed = false;
  #isClosed = false;
  #isEnding = false;

  constructor(group: SocketGroup, transport: Transport, frameLength: FrameLength, events: FrameEvents) {
    this.#group = group;
    this.#transport = transport;
    this.#frameLength = frameLength;
    this.#events = events;
  }

  /** Begins to read; `input` was read by somebody else before. */
  start(input?: Buffer): void {
    this.#transport.start({
      data: (bytes, start, end) => this.#data(bytes, start, end),
      upcoming: () => {},
      unsent: () => {},
      drained: () => this.#events.drained(),
      ended: () => {
        this.#hasEnded = true;
        this.#events.inputEnded?.();
        this.#tellEnded();
      },
      closed: () => this.#closed(),
    });
    if (input !== undefined && input.length > 0) this.#data(input, 0, input.length);
  }

  /** Cuts the input in another way from the next frame on. */
  set frameLength(frameLength: FrameLength) {
    this.#frameLength = frameLength;
  }

  /** Bytes given to `send` that the client has not taken: who sends much waits for `drained` when there are any. */
  get unsentBytes(): number {
    return this.#transport.unsentBytes;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends bytes, which belong to the connection from now on. */
  send(bytes: Buffer): void {
    if (this.#isClosed || bytes.length === 0) return;
    this.#transport.send(bytes, 0, bytes.length);
    this.#group.flushSoon();
  }

  /** Tells no more frames; they are kept, and reading stops when there are many. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Tells the frames that were kept, now and in order, and goes on. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#isRunning || this.#isClosed) return;
    if (this.#input !== undefined) this.#run(this.#input, this.#start, this.#end);
    this.#readOn();
    this.#tellEnded();
  }

  /** Closes when everything was sent; nothing more is told but `closed`. */
  end(): void {
    if (this.#isClosed || this.#isEnding) return;
    this.#isEnding = true;
    this.#transport.end();
    this.#group.flushSoon();
  }

  destroy(): void {
    this.#transport.destroy();
  }

  #data(bytes: Buffer, start: number, end: number): void {
    if (this.#isEnding || this.#isMalformed || this.#isClosed) return;
    if (this.#input === undefined && !this.#isPaused) {
      this.#run(bytes, start, end);
      return;
    }
    this.#append(bytes, start, end);
    if (!this.#isPaused && !this.#isRunning) this.#run(this.#input!, this.#start, this.#end);
    else if (this.#end - this.#start >= waitingInputBytesMax && !this.#isReadingStopped) {
      this.#isReadingStopped = true;
      this.#transport.pause();
    }
  }

  /** Tells the whole frames of `bytes[at..end)` and keeps the rest. */
  #run(bytes: Buffer, at: number, end: number): void {
    let wantedBytes = 0;
    this.#isRunning = true;
    try {
      while (at < end && !this.#isPaused && !this.#isEnding && !this.#isClosed) {
        const length = this.#frameLength(bytes, at, end);
        if (length === 0 || at + length > end) {
          wantedBytes = length;
          break;
        }
        const frameAt = at;
        at += length;
        this.#events.frame(bytes, frameAt, length);
      }
    } catch (error) {
      this.#isMalformed = true;
      at = end;
      this.#events.malformed(error);
    } finally {
      this.#isRunning = false;
      if (this.#isEnding || this.#isClosed) this.#forget();
      else this.#keep(bytes, at, end, wantedBytes);
    }
  }

  #keep(bytes: Buffer, at: number, end: number, wantedBytes: number): void {
    const length = end - at;
    if (length === 0) {
      this.#forget();
      return;
    }
    if (bytes !== this.#input) {
      this.#forget();
      // Room for what is announced, but in proportion to what has really come.
      this.#input = this.#group.inputBuffers.take(Math.max(length, Math.min(wantedBytes, length * 2)));
      bytes.copy(this.#input, 0, at, end);
      this.#start = 0;
      this.#end = length;
      return;
    }
    this.#start = at;
    this.#end = end;
  }

  #append(bytes: Buffer, start: number, end: number): void {
    const [held, length] = [this.#end - this.#start, end - start];
    if (this.#input === undefined || this.#end + length > this.#input.length) {
      const old = this.#input;
      const isRoomy = old !== undefined && held + length <= old.length / 2;
      const target = isRoomy ? old : this.#group.inputBuffers.take(Math.max(held + length, held * 2));
      old?.copy(target, 0, this.#start, this.#end);
      if (old !== undefined && old !== target) this.#group.inputBuffers.give(old);
      this.#input = target;
      this.#start = 0;
      this.#end = held;
    }
    bytes.copy(this.#input, this.#end, start, end);
    this.#end += length;
  }

  #forget(): void {
    if (this.#input !== undefined) this.#group.inputBuffers.give(this.#input);
    this.#input = undefined;
    this.#start = 0;
    this.#end = 0;
  }

  #readOn(): void {
    if (!this.#isReadingStopped || this.#isPaused || this.#isClosed) return;
    if (this.#end - this.#start >= waitingInputBytesMax) return;
    this.#isReadingStopped = false;
    this.#transport.resume();
  }

  #tellEnded(): void {
    if (!this.#hasEnded || this.#isPaused || this.#isRunning || this.#isEnding || this.#isClosed) return;
    this.#hasEnded = false;
    this.#events.ended();
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.#isRunning) this.#forget();
    this.#events.closed();
  }
}

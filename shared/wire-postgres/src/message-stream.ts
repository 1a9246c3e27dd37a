import { messageHeaderBytes } from "./frame.ts";
import { violation } from "./violation.ts";

/** What becomes of a whole message: it is passed on as it is, not passed on, or told again after `resume`. */
export type Verdict = "pass" | "drop" | "hold";

/** Who takes a stream of messages apart without keeping what it only passes on. */
export interface StreamHandler {
  /** Whether a message is to be told whole; all others are passed in pieces, as they come. */
  wantsWhole(type: number): boolean;
  /** A whole message, header included. What came before it may not be passed yet: `passPending` does that. */
  whole(type: number, bytes: Buffer, at: number, length: number): Verdict;
  /** Bytes to pass on; a range may hold many messages, or part of one. Valid during the call. */
  pass(bytes: Buffer, start: number, end: number): void;
}

/**
 * Cuts one side of a connection into messages, for somebody who stands in between: what is not looked at is never copied,
 * nor kept until it is whole, however long it is.
 */
export class MessageStream {
  readonly #handler: StreamHandler;
  readonly #bytesMax: number;
  /** Of a message that is passed in pieces, so many bytes are still to come. */
  #passing = 0;
  /** What came and was not told yet: the beginning of a message, or all that came during a pause. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** The beginning that is held is of a message as long as this. */
  #wantedBytes = 0;
  #isPaused = false;
  #isRunning = false;
  /** `#bytes[#from..#until)` is to be passed on. */
  #bytes: Buffer = Buffer.alloc(0);
  #from = 0;
  #until = 0;

  /** @param bytesMax the longest message that is told whole */
  constructor(handler: StreamHandler, bytesMax: number) {
    this.#handler = handler;
    this.#bytesMax = bytesMax;
  }

  /** Whether a message was passed on in part. */
  get isInMessage(): boolean {
    return this.#passing > 0;
  }

  /** Bytes that came and wait. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Tells nothing more until `resume`; what comes is kept. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Tells what was kept. @throws WireError */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (!this.#isRunning) this.#runHeld();
  }

  /** Takes bytes that came. @throws WireError for a length that makes no sense */
  data(bytes: Buffer, start: number, end: number): void {
    if (!this.#isPaused && !this.#isRunning && this.#heldBytes === 0) {
      this.#run(bytes, start, end);
      return;
    }
    this.#hold(Buffer.from(bytes.subarray(start, end)));
    if (!this.#isPaused && !this.#isRunning && this.#heldBytes >= this.#wantedBytes) this.#runHeld();
  }

  /** Passes what came before the message that is being told; so that something else can be sent behind it. */
  passPending(): void {
    const [bytes, from, until] = [this.#bytes, this.#from, this.#until];
    this.#from = until;
    if (from < until) this.#handler.pass(bytes, from, until);
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  #runHeld(): void {
    while (!this.#isPaused && this.#heldBytes > 0 && this.#heldBytes >= this.#wantedBytes) {
      const bytes = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held);
      this.#held = [];
      this.#heldBytes = 0;
      this.#run(bytes, 0, bytes.length);
    }
  }

  #run(bytes: Buffer, start: number, end: number): void {
    const handler = this.#handler;
    let at = start;
    this.#isRunning = true;
    this.#wantedBytes = 0;
    this.#bytes = bytes;
    this.#from = start;
    this.#until = start;
    try {
      while (at < end) {
        if (this.#passing > 0) {
          const piece = Math.min(this.#passing, end - at);
          this.#passing -= piece;
          at += piece;
          this.#until = at;
          continue;
        }
        if (this.#isPaused) break;
        if (end - at < messageHeaderBytes) {
          this.#wantedBytes = messageHeaderBytes;
          break;
        }
        const type = bytes[at]!;
        const length = bytes.readInt32BE(at + 1) + 1;
        if (length < messageHeaderBytes) throw violation("invalid message length");
        if (!handler.wantsWhole(type)) {
          this.#passing = length;
          continue;
        }
        if (length > this.#bytesMax) throw violation("invalid message length");
        if (end - at < length) {
          this.#wantedBytes = length;
          break;
        }
        const verdict = handler.whole(type, bytes, at, length);
        if (verdict === "hold") {
          this.#isPaused = true;
          break;
        }
        at += length;
        if (verdict === "drop") {
          this.passPending();
          this.#from = at;
        }
        this.#until = at;
      }
      this.passPending();
    } catch (error) {
      at = end;
      throw error;
    } finally {
      this.#isRunning = false;
      this.#bytes = nothing;
      if (at < end) {
        this.#held.unshift(Buffer.from(bytes.subarray(at, end)));
        this.#heldBytes += end - at;
      }
    }
  }
}

const nothing = Buffer.alloc(0);

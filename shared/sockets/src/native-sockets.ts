import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { NativeAddon, type NativeSupport } from "@weftkit/core";
import { NativeTransport, type Poller } from "./native-transport.ts";
import type { Transport } from "./transport.ts";

type OpenPoller = (onReady: () => void, input: Buffer, events: Int32Array, output: Int32Array) => Poller;

/** What is read in one go. More would push what was read first out of the processor's cache. */
const INPUT_BYTES = 256 << 10;
const ROW_INTS = 3;
const EVENT_ROWS = 512;
const OUTPUT_ROWS = 256;
/** So many connections are looked at before the first of them is run. */
const AHEAD_ROWS = 16;
/** Start of a row in `events` that says a connection can be written to again. */
const WRITABLE = -1;

/** What is told of each turn in which connections had input. */
export interface SocketsTurn {
  /** The input of all of them is there. */
  beginTurn(): void;
  /** The next ones have said what is upcoming; their `data` follows. */
  lookAhead(): void;
  /** All of it was handed over: now it is answered. */
  endTurn(): void;
}

const addon = new NativeAddon<OpenPoller>("weftkit-sockets", import.meta.dirname);

/** Whether clients can be served by the compiled module. */
export function socketsSupport(): NativeSupport {
  return addon.support;
}

/**
 * The connections of an engine on the poller of native/sockets.c: the input of all clients that had some is read with
 * one call, and what a turn answers is sent with one.
 */
export class NativeSockets {
  readonly #poller: Poller;
  readonly #input = Buffer.allocUnsafeSlow(INPUT_BYTES);
  readonly #events = new Int32Array(EVENT_ROWS * ROW_INTS);
  readonly #output = new Int32Array(OUTPUT_ROWS * ROW_INTS);
  /** Told of each turn; set by who runs what comes. */
  turn: SocketsTurn | undefined;
  readonly #transports: (NativeTransport | undefined)[] = [];
  /** Rows of `#output` that are not sent yet, and the buffer that they are ranges of. */
  #outputRows = 0;
  #outputBuffer: Buffer = this.#input;
  /** A transport has kept a buffer whole instead of copying from it, since the last `flush`. */
  #isBufferKept = false;

  /** Undefined where the module is not built for this system: `socketsSupport` says why. */
  static open(): NativeSockets | undefined {
    const open = addon.exports;
    return open === undefined ? undefined : new NativeSockets(open);
  }

  private constructor(open: OpenPoller) {
    this.#poller = open(() => this.#ready(), this.#input, this.#events, this.#output);
  }

  /** Takes a paused plain TCP socket over; undefined when it is another kind, or the descriptors are used up. */
  take(socket: Duplex): Transport | undefined {
    if (!(socket instanceof Socket) || "encrypted" in socket) return undefined;
    const owner = socket as unknown as { _handle: { fd?: number; close(): void } | null };
    const handle = owner._handle;
    if (handle === null || typeof handle.fd !== "number" || handle.fd < 0) return undefined;
    const id = this.#poller.add(handle.fd);
    if (id < 0) return undefined;
    owner._handle = null;
    handle.close();
    const transport = new NativeTransport(this, this.#poller, id);
    this.#transports[id] = transport;
    return transport;
  }

  forget(id: number): void {
    this.#transports[id] = undefined;
  }

  /** Whether a buffer is the one that all input is read into; it holds until the turn ends. */
  isInput(buffer: Buffer): boolean {
    return buffer === this.#input;
  }

  /** Makes room for a range of this buffer. What was queued may be sent for it, and some of that kept by its transport. */
  makeRoom(buffer: Buffer): void {
    if (this.#outputRows < OUTPUT_ROWS && buffer === this.#outputBuffer) return;
    this.sendQueued();
    this.#outputBuffer = buffer;
  }

  /** Adds a range of a buffer, for which there is room, to what the next `flush` sends. */
  queue(id: number, start: number, end: number): void {
    const at = this.#outputRows++ * ROW_INTS;
    this.#output[at] = id;
    this.#output[at + 1] = start;
    this.#output[at + 2] = end - start;
  }

  /** Sends what was queued; true when all buffers queued since the last `flush` are free again. */
  flush(): boolean {
    this.sendQueued();
    const isFree = !this.#isBufferKept;
    this.#isBufferKept = false;
    return isFree;
  }

  /** Sends what was queued, and leaves it to `flush` to say whether its buffers are free. */
  sendQueued(): void {
    if (this.#outputRows === 0) return;
    const buffer = this.#outputBuffer;
    const left = this.#poller.send(buffer, this.#outputRows);
    this.#outputRows = 0;
    if (left > 0) this.#keepUnsent(buffer, this.#output.slice(0, left * ROW_INTS));
  }

  /** Hands what the kernel had no room for to the transports: a slow client's, so it may cost something. */
  #keepUnsent(buffer: Buffer, rows: Int32Array): void {
    for (let at = 0; at < rows.length; at += ROW_INTS) {
      const isFree = this.#transports[rows[at]!]?.unsent(buffer, rows[at + 1]!, rows[at + 2]!) ?? true;
      if (!isFree) this.#isBufferKept = true;
    }
  }

  /** Sends one connection's bytes now; the number of those that are left, or a negative errno. */
  sendNow(id: number, bytes: Buffer): number {
    this.sendQueued();
    this.#output[0] = id;
    this.#output[1] = 0;
    this.#output[2] = bytes.length;
    return this.#poller.send(bytes, 1) === 0 ? 0 : this.#output[2]!;
  }

  end(): void {
    this.#poller.end();
  }

  #ready(): void {
    const end = this.#poller.receive() * ROW_INTS;
    if (end === 0) return;
    this.turn?.beginTurn();
    try {
      for (let first = 0; first < end; first += AHEAD_ROWS * ROW_INTS) {
        const last = Math.min(end, first + AHEAD_ROWS * ROW_INTS);
        for (let at = first; at < last; at += ROW_INTS) this.#tell(at, true);
        this.turn?.lookAhead();
        for (let at = first; at < last; at += ROW_INTS) this.#tell(at, false);
      }
    } finally {
      this.turn?.endTurn();
    }
  }

  /** Tells a connection what a row says, or that it will be said. */
  #tell(at: number, isAhead: boolean): void {
    const events = this.#events;
    // One that was closed earlier in this turn is gone, and its place is not given again before the next one.
    const transport = this.#transports[events[at]!];
    if (transport === undefined) return;
    const start = events[at + 1]!;
    const length = events[at + 2]!;
    if (isAhead) transport.upcoming(this.#input, start, length);
    else if (start === WRITABLE) transport.writable();
    else transport.received(this.#input, start, length);
  }
}

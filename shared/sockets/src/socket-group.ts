import type { Duplex } from "node:stream";
import { InputBuffers } from "./input-buffers.ts";
import { NativeSockets, type SocketsTurn } from "./native-sockets.ts";
import { StreamTransport } from "./stream-transport.ts";
import type { Transport } from "./transport.ts";

/**
 * The connections of one engine, with a flush of its own: what is sent while the input of a turn is run goes out when it
 * ends, with one call for all, and what is sent at another time goes out before the event loop waits again.
 */
export class SocketGroup implements SocketsTurn {
  /** Buffers for input that waits, shared by all connections. */
  readonly inputBuffers = new InputBuffers();
  readonly #native: NativeSockets | undefined;
  #isTurn = false;
  #isScheduled = false;

  /** @param hasNativeSockets false serves all through Node's own streams, as where the native module is not built */
  constructor(hasNativeSockets = true) {
    this.#native = hasNativeSockets ? NativeSockets.open() : undefined;
    if (this.#native !== undefined) this.#native.turn = this;
  }

  /** Whether plain TCP connections are served by the native module. */
  get isNative(): boolean {
    return this.#native !== undefined;
  }

  /** Takes a paused connection over, plain or TLS, accepted or made. */
  take(socket: Duplex): Transport {
    return this.#native?.take(socket) ?? new StreamTransport(socket);
  }

  /** Sends what was given to transports since, soon; called by who gave it. */
  flushSoon(): void {
    if (this.#native === undefined || this.#isTurn || this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#flush);
  }

  beginTurn(): void {
    this.#isTurn = true;
  }

  lookAhead(): void {}

  endTurn(): void {
    this.#isTurn = false;
    this.#native?.flush();
  }

  readonly #flush = (): void => {
    this.#isScheduled = false;
    this.#native?.flush();
  };

  /** Gives the poller back; the connections must be closed. */
  end(): void {
    this.#native?.end();
  }
}

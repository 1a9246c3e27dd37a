import type { Duplex } from "node:stream";
import type { Engine, Peer, Refusal } from "./engine.ts";

const ignore = () => {};

/** Where the listener finds the engine: clients that come while one takes another's place wait for it, unread. */
export class EngineSlot implements Pick<Engine, "accept" | "refuse" | "negotiatesTls" | "alpn"> {
  readonly negotiatesTls: boolean;
  readonly alpn?: readonly string[];
  #engine: Engine;
  #waiting: { readonly socket: Duplex; readonly peer: Peer }[] | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.negotiatesTls = engine.negotiatesTls === true;
    if (engine.alpn !== undefined) this.alpn = engine.alpn;
  }

  accept(socket: Duplex, peer: Peer): void {
    if (this.#waiting === undefined) {
      this.#engine.accept?.(socket, peer);
      return;
    }
    socket.on("error", ignore);
    this.#waiting.push({ socket, peer });
  }

  refuse(socket: Duplex, reason: Refusal): void {
    if (this.#engine.refuse === undefined) socket.destroy();
    else this.#engine.refuse(socket, reason);
  }

  /** Clients wait from now on. */
  hold(): void {
    this.#waiting ??= [];
  }

  /** The engine that takes those who have waited, and all others. */
  release(engine: Engine): void {
    this.#engine = engine;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const { socket, peer } of waiting) {
      if (socket.destroyed) continue;
      try {
        this.#engine.accept?.(socket, peer);
        socket.off("error", ignore);
      } catch {
        // As the listener does; it has no part in this any more.
        socket.destroy();
      }
    }
  }

  /** There is no engine any more for those who wait. */
  dismiss(): void {
    for (const { socket } of this.#waiting ?? []) socket.destroy();
    this.#waiting = undefined;
  }
}

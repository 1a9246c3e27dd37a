import type { SecurityContext } from "@weftkit/auth";
import { systemClock } from "@weftkit/core";
import type { Peer } from "@weftkit/host";
import type { FastifyReply, FastifyRequest } from "fastify";
import { problems } from "./problems.ts";

/** One request and its answer, from the headers to the last byte. */
export class Exchange {
  readonly id: string;
  readonly method: string;
  /** The route's pattern, for metrics; "none" when there is no such route. */
  readonly route: string;
  readonly peer: Peer | undefined;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Who sent it, once that is known. */
  user: SecurityContext | undefined;
  readonly #startedMs = systemClock.monotonicMs();
  readonly #abort = new AbortController();

  constructor(request: FastifyRequest, reply: FastifyReply, route: string, peer: Peer | undefined) {
    this.id = request.id;
    this.method = request.method;
    this.route = route;
    this.peer = peer;
    this.request = request;
    this.reply = reply;
  }

  get address(): string {
    return this.peer?.address ?? "";
  }

  get durationMs(): number {
    return Math.round((systemClock.monotonicMs() - this.#startedMs) * 1000) / 1000;
  }

  /** Aborted when nobody waits for the answer any more. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  abort(why: string): void {
    this.#abort.abort(problems.unavailable(why));
  }
}

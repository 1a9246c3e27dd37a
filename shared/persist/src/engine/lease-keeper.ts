import { type Clock, WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { LeaseReply } from "../contract/messages.ts";

/** What keeping a lease asks of the function. */
export interface LeaseEndpoint {
  renew(owner: string, epoch: number, signal?: AbortSignal): Promise<LeaseReply>;
  release(owner: string, epoch: number, signal?: AbortSignal): Promise<unknown>;
}

export interface LeaseOptions {
  readonly endpoint: LeaseEndpoint;
  readonly owner: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A start that has failed waits no longer for the function to take its lease back. */
const abandonMs = 1000;

/** A lease is renewed three times in its life, so that two may fail. */
const renewalsPerLease = 3;

/**
 * Renews a claimed lease until it is released. A function that does not answer does not stop the engine, nor does a
 * lease that has run out meanwhile: only one that somebody else has claimed.
 */
export class LeaseKeeper {
  readonly #options: LeaseOptions;
  readonly epoch: number;
  readonly #lost = new AbortController();
  readonly #intervalMs: number;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;
  /** By the monotonic clock, when the lease runs out unless it is renewed. */
  #holdsUntilMs: number;

  constructor(claimed: LeaseReply, options: LeaseOptions) {
    this.#options = options;
    this.epoch = claimed.epoch;
    this.#intervalMs = Math.ceil(claimed.limits.leaseMs / renewalsPerLease);
    this.#holdsUntilMs = options.clock.monotonicMs() + claimed.limits.leaseMs;
    this.#timer = setInterval(() => this.#renew(), this.#intervalMs);
  }

  /** Aborted, with the error `fenced`, when somebody else owns the subtree: nothing may be written here any more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether the lease has not run out by our own clock. */
  get isHeld(): boolean {
    return this.#options.clock.monotonicMs() < this.#holdsUntilMs;
  }

  /** Stops renewing; with `release`, also tells the function that the subtree is free. */
  async stop(release: boolean, signal?: AbortSignal): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#renewing;
    if (release) await this.#options.endpoint.release(this.#options.owner, this.epoch, signal);
  }

  /** As `stop`, for a start that has failed: it waits a moment only, and a lease that is not given back runs out. */
  async abandon(release: boolean): Promise<void> {
    // What has failed is told by who abandons.
    await this.stop(release, AbortSignal.timeout(abandonMs)).catch(() => {});
  }

  #renew(): void {
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = undefined;
    });
  }

  async #renewOnce(): Promise<void> {
    const { endpoint, owner, clock, log } = this.#options;
    const asked = clock.monotonicMs();
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(this.#intervalMs)]);
    try {
      const { limits } = await endpoint.renew(owner, this.epoch, signal);
      this.#holdsUntilMs = asked + limits.leaseMs;
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      if (error instanceof WeftkitError && error.code === "fenced") {
        clearInterval(this.#timer);
        this.#lost.abort(error);
        return;
      }
      log.warn({ err: error, held: this.isHeld }, "the lease could not be renewed; trying again");
    }
  }
}

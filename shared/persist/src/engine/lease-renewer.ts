import { WeftkitError } from "@weftkit/core";
import type { Head, LeaseReply } from "../contract/messages.ts";
import { type LeaseTimes, processMs } from "./lease-times.ts";
import { newOwner } from "./owners.ts";

/** What keeping a lease asks of the function. */
export interface LeaseEndpoint {
  renew(owner: string, epoch: number, next?: string, signal?: AbortSignal): Promise<LeaseReply>;
  release(owner: string, epoch: number, signal?: AbortSignal): Promise<unknown>;
}

/** What became of a renewal. */
export type LeaseEvent =
  | { readonly type: "renewed"; readonly head: Head; readonly serverTime: number }
  | { readonly type: "failed"; readonly message: string }
  /** The store has no head, or one that cannot be read. */
  | { readonly type: "headless"; readonly message: string }
  /** Somebody else owns the subtree. */
  | { readonly type: "fenced"; readonly message: string };

export interface RenewerOptions {
  readonly endpoint: LeaseEndpoint;
  readonly epoch: number;
  /** Who has claimed. */
  readonly owner: string;
  readonly leaseMs: number;
  readonly times: LeaseTimes;
  /** Notes durably who the head may name. */
  note(owners: readonly string[]): Promise<void>;
  tell(event: LeaseEvent): void;
}

/** A lease is renewed so often in its life. */
const renewalsPerLease = 6;
/** One renewal may take so much of it: beyond, the next one is more likely to arrive. */
const partOfLease = 3;
/** An engine that has stood still for longer is not kept alive by a thread that runs: others may take its place. */
const standstillMsMax = 600_000;

/**
 * Renews a lease until it is stopped or lost, each time under a new name, so that a copy of the volume has a name that
 * counts for nothing. A function that does not answer ends nothing; nor does a lease that has run out meanwhile.
 */
export class LeaseRenewer {
  readonly #options: RenewerOptions;
  readonly #stopping = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #patienceMs: number;
  #owner: string;
  /** The name of a renewal whose outcome is not known. */
  #next: string | undefined;
  #renewing: Promise<void> | undefined;

  constructor(options: RenewerOptions) {
    this.#options = options;
    this.#owner = options.owner;
    this.#patienceMs = Math.ceil(options.leaseMs / partOfLease);
    this.#timer = setInterval(() => this.renew(), Math.ceil(options.leaseMs / renewalsPerLease));
  }

  renew(): void {
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = undefined;
    });
  }

  /** Ends; resolves to who the head may name, the likelier one first. */
  async stop(): Promise<readonly string[]> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#renewing;
    return this.#next === undefined ? [this.#owner] : [this.#next, this.#owner];
  }

  async #renewOnce(): Promise<void> {
    const { endpoint, epoch, leaseMs, times, note, tell } = this.#options;
    if (times.sinceBeatMs > standstillMsMax) {
      tell({ type: "failed", message: "the engine stands still: its lease is not renewed any more" });
      return;
    }
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(this.#patienceMs)]);
    try {
      const next = await this.#nextOwner(note);
      const askedMs = processMs();
      const { head, serverTime } = await endpoint.renew(this.#owner, epoch, next, signal);
      this.#owner = next;
      this.#next = undefined;
      times.renewed(askedMs, leaseMs);
      tell({ type: "renewed", head, serverTime });
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      const { code, reply } = error as { code?: string; reply?: { head?: Head } };
      if (code === "damaged" || (code === "fenced" && reply !== undefined && reply.head === undefined)) {
        tell({ type: "headless", message });
      } else if (error instanceof WeftkitError && code === "fenced") {
        clearInterval(this.#timer);
        times.end();
        tell({ type: "fenced", message });
      } else tell({ type: "failed", message });
    }
  }

  /** The same until it is known whether the function has taken it. A disk that cannot note a new one keeps the old. */
  async #nextOwner(note: RenewerOptions["note"]): Promise<string> {
    if (this.#next !== undefined) return this.#next;
    const next = newOwner();
    try {
      await note([this.#owner, next]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.tell({ type: "failed", message: `the owner's new name cannot be noted: ${reason}` });
      return this.#owner;
    }
    this.#next = next;
    return next;
  }
}

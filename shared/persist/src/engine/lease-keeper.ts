import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Head, LeaseReply } from "../contract/messages.ts";
import { type LeaseEndpoint, type LeaseEvent, LeaseRenewer } from "./lease-renewer.ts";
import { LeaseTimes, processMs } from "./lease-times.ts";
import type { LeaseWorkerData } from "./lease-worker.ts";
import { writeOwners } from "./owners.ts";

export interface LeaseOptions {
  readonly endpoint: LeaseEndpoint;
  /** Who has claimed. */
  readonly owner: string;
  readonly ownersPath: string;
  /** How a thread of its own reaches the function; undefined to renew in this one. */
  readonly connection: LeaseWorkerData["connection"] | undefined;
  /** When the claim was asked for, by `processMs`. */
  readonly askedMs: number;
  readonly log: Logger;
}

/** A start that has failed waits no longer for the function to take its lease back. */
const abandonMs = 1000;
/** The thread ends a renewal that is under way at once; one that does not answer is ended itself. */
const threadEndMs = 3000;
const beatMs = 1000;

/** The thread beside this module: TypeScript in the source tree, its bundle in the image. */
const workerFile = import.meta.url.endsWith(".ts")
  ? new URL("./lease-worker.ts", import.meta.url)
  : new URL("./lease-worker.mjs", import.meta.url);

/**
 * Keeps a claimed lease until it is released. It is renewed in a thread of its own, because an event loop that stands
 * still for long must not lose it; where that thread cannot run, in this one.
 */
export class LeaseKeeper {
  readonly epoch: number;
  /** Called after each renewal. */
  onRenewed: (head: Head) => void = () => {};
  /** Called when the store has lost the head. */
  onHeadless: () => void = () => {};
  readonly #options: LeaseOptions;
  readonly leaseMs: number;
  readonly #times = new LeaseTimes();
  #functionTime: { readonly at: number; readonly readMs: number };
  readonly #lost = new AbortController();
  readonly #beats: NodeJS.Timeout;
  #worker: Worker | undefined;
  #renewer: LeaseRenewer | undefined;

  constructor(claimed: LeaseReply, options: LeaseOptions) {
    this.epoch = claimed.epoch;
    this.#options = options;
    this.leaseMs = claimed.limits.leaseMs;
    this.#functionTime = { at: claimed.serverTime, readMs: processMs() };
    this.#times.renewed(options.askedMs, this.leaseMs);
    this.#times.beat();
    this.#beats = setInterval(() => this.#times.beat(), Math.min(beatMs, this.leaseMs));
    if (options.connection === undefined) this.#renewer = this.#renewHere(options.owner);
    else this.#worker = this.#startThread(options.connection);
  }

  /** Aborted, with the error `fenced`, when somebody else owns the subtree: nothing may be written here any more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether the lease has not run out by our own clocks. */
  get isHeld(): boolean {
    return this.#times.isHeld;
  }

  /** The function's time now, in milliseconds, as far as its last reply and our monotonic clock tell. */
  get functionTime(): number {
    return Math.round(this.#functionTime.at + processMs() - this.#functionTime.readMs);
  }

  /** How long it holds on, unless it is renewed. */
  get remainingMs(): number {
    return this.#times.remainingMs;
  }

  /** Stops renewing; with `release`, also tells the function that the subtree is free. */
  async stop(release: boolean, signal?: AbortSignal): Promise<void> {
    clearInterval(this.#beats);
    const owners = await this.#stopRenewing();
    this.#times.end();
    if (release) await this.#release(owners, signal);
  }

  /** As `stop`, for a start that has failed: it waits a moment only, and a lease that is not given back runs out. */
  async abandon(release: boolean): Promise<void> {
    // What has failed is told by who abandons.
    await this.stop(release, AbortSignal.timeout(abandonMs)).catch(() => {});
  }

  async #release(owners: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const [first, ...others] = owners;
    try {
      await this.#options.endpoint.release(first!, this.epoch, signal);
    } catch (error) {
      if ((error as { code?: string }).code !== "fenced" || others.length === 0) throw error;
      await this.#release(others, signal);
    }
  }

  #renewHere(owner: string): LeaseRenewer {
    const { endpoint, ownersPath } = this.#options;
    return new LeaseRenewer({
      endpoint,
      epoch: this.epoch,
      owner,
      leaseMs: this.leaseMs,
      times: this.#times,
      note: (owners) => writeOwners(ownersPath, owners),
      tell: (event) => this.#told(event),
    });
  }

  #startThread(connection: LeaseWorkerData["connection"]): Worker {
    const { owner, ownersPath, log } = this.#options;
    const { epoch } = this;
    const times = this.#times.buffer;
    const workerData: LeaseWorkerData = {
      connection,
      epoch,
      owner,
      leaseMs: this.leaseMs,
      times,
      ownersPath,
    };
    const worker = new Worker(workerFile, { workerData });
    worker.on("message", (event: LeaseEvent | Stopped) => {
      if (event.type !== "stopped") this.#told(event);
    });
    worker.once("error", (error) => {
      log.error({ err: error }, "the lease's thread has ended; it is renewed by the main one from now on");
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      // Under the name of the claim where the thread never ran: any later one is told as lost, and that is safe.
      this.#renewer = this.#renewHere(owner);
    });
    return worker;
  }

  async #stopRenewing(): Promise<readonly string[]> {
    if (this.#renewer !== undefined) return await this.#renewer.stop();
    const worker = this.#worker!;
    this.#worker = undefined;
    const stopped = stoppedMessage(worker);
    worker.postMessage("stop");
    try {
      return (await stopped).owners;
    } catch {
      // The lease runs out by itself when nobody knows under which name it is held.
      return [this.#options.owner];
    } finally {
      await worker.terminate();
    }
  }

  #told(event: LeaseEvent): void {
    const { log } = this.#options;
    switch (event.type) {
      case "renewed":
        this.#functionTime = { at: event.serverTime, readMs: processMs() };
        this.onRenewed(event.head);
        break;
      case "headless":
        log.warn(`the lease could not be renewed: ${event.message}`);
        this.onHeadless();
        break;
      case "failed":
        log.warn({ held: this.isHeld }, `the lease could not be renewed; trying again: ${event.message}`);
        break;
      case "fenced":
        this.#times.end();
        this.#lost.abort(new WeftkitError("fenced", event.message));
    }
  }
}

interface Stopped {
  readonly type: "stopped";
  readonly owners: readonly string[];
}

async function stoppedMessage(worker: Worker): Promise<Stopped> {
  const signal = AbortSignal.timeout(threadEndMs);
  for (;;) {
    const [event] = (await once(worker, "message", { signal })) as [LeaseEvent | Stopped];
    if (event.type === "stopped") return event;
  }
}

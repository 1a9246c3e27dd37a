import type { Logger } from "@weftkit/observe";
import type { Store } from "../types.ts";
import type { MaintenanceApi } from "./maintenance-worker.ts";
import { SealPolicy } from "./seal-policy.ts";
import { WorkerCalls, workerUrl } from "./worker-calls.ts";

/** So much in the log that is not in the database yet calls for a pass. */
const PASS_BYTES = 4 << 20;

export interface MaintenanceOptions {
  readonly log: Logger;
  /** The log is started over when it is longer. Default: 64 MiB. */
  readonly sealBytes?: number;
  /** A pass is made when so much is not in the database yet. Default: 4 MiB. */
  readonly passBytes?: number;
  /** Called when a pass has failed, as it does on a full volume; it is tried again later. */
  passFailed?(): void;
}

/**
 * Moves the log into the database, for a store that nobody captures: in a worker thread, so that neither the event
 * loop nor a writer waits for it, but for the moment in which the log is started over.
 */
export class Maintenance {
  readonly #store: Store;
  readonly #log: Logger;
  /** Made for the first pass: most databases of tests and of small services never need one. */
  #worker: WorkerCalls<MaintenanceApi> | undefined;
  readonly #policy: SealPolicy;
  readonly #passFailed: (() => void) | undefined;
  #passing: Promise<void> | undefined;
  #isStopping = false;

  constructor(store: Store, { log, sealBytes, passBytes = PASS_BYTES, passFailed }: MaintenanceOptions) {
    this.#store = store;
    this.#passFailed = passFailed;
    this.#log = log;
    this.#policy = new SealPolicy(sealBytes);
    store.onWalGrowth = () => {
      if (store.walBytes >= passBytes) void this.pass();
    };
    if (store.walBytes >= passBytes) void this.pass();
  }

  /** Makes a pass now, or waits for the one that is running. It never rejects: what failed is tried again later. */
  pass(): Promise<void> {
    if (this.#isStopping) return Promise.resolve();
    this.#passing ??= this.#pass()
      .catch((error: unknown) => {
        if (this.#isStopping) return;
        this.#log.warn(
          { err: error },
          "the write-ahead log could not be moved into the database; it is tried again",
        );
        this.#passFailed?.();
      })
      .finally(() => {
        this.#passing = undefined;
      });
    return this.#passing;
  }

  /** Moves the whole log into the database and starts it over, however long it is, unless a reader is in the way. */
  async startOver(): Promise<void> {
    await this.#passing;
    if (this.#isStopping) return;
    const worker = this.#worker ?? this.#startWorker();
    this.#passing = this.#store
      .exclusively(() => worker.call("restart", undefined))
      .then(() => {})
      .catch((error: unknown) => this.#log.warn({ err: error }, "the write-ahead log could not start over"))
      .finally(() => {
        this.#passing = undefined;
      });
    await this.#passing;
  }

  /** Ends the worker after a pass that may be running. Call it before the store is closed. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#store.onWalGrowth = () => {};
    await this.#passing;
    await this.#worker?.end();
  }

  #startWorker(): WorkerCalls<MaintenanceApi> {
    const url = workerUrl(import.meta.url, "maintenance-worker");
    this.#worker = new WorkerCalls(url, { file: this.#store.file });
    return this.#worker;
  }

  async #pass(): Promise<void> {
    const worker = this.#worker ?? this.#startWorker();
    let state = await worker.call("pass", undefined);
    while (this.#policy.isDue(state.walBytes) && !this.#isStopping) {
      if (!this.#policy.mayHold(state.walBytes, state.tailFrames)) {
        state = await worker.call("pass", undefined);
        continue;
      }
      const isDone = await this.#store.exclusively(() => worker.call("restart", undefined));
      this.#policy.held(state.walBytes, isDone);
      if (!isDone)
        this.#log.info(
          { walBytes: state.walBytes },
          "a long read keeps the write-ahead log from starting over",
        );
      return;
    }
  }
}

/** See `Maintenance`; who starts it stops it. */
export function startMaintenance(store: Store, options: MaintenanceOptions): Maintenance {
  return new Maintenance(store, options);
}

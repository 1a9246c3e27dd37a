import type { Clock } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Database, Store } from "@weftkit/store";
import type { WriteRoom } from "./storage/write-room.ts";

/** What is done a little at a time, beside the requests. */
export interface BackgroundTask {
  readonly name: string;
  /** So long after it had nothing to do it looks again. */
  readonly intervalMs: number;
  /** Whether it only makes room: it goes on when the volume is full. */
  readonly frees: boolean;
  /** Whether there is something to do. */
  isDue(db: Database, nowMs: number): boolean;
  /** Does a little, in a write of the store; returns whether there may be more to do at once. */
  step(db: Database, nowMs: number): boolean;
}

export interface BackgroundOptions {
  readonly store: Store;
  readonly log: Logger;
  readonly clock: Clock;
  readonly tasks: readonly BackgroundTask[];
  readonly room: WriteRoom;
  /** Puts right what a step has changed in memory and that was not committed. */
  readonly afterFailure: () => Promise<void>;
}

/** Runs tasks until it is stopped: each again and again while it has work, then now and then. */
export class Background {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #tasks: readonly BackgroundTask[];
  readonly #room: WriteRoom;
  readonly #afterFailure: () => Promise<void>;
  readonly #timers = new Map<BackgroundTask, NodeJS.Timeout>();
  readonly #running = new Map<BackgroundTask, Promise<void>>();
  #isStopped = false;

  constructor({ store, log, clock, tasks, room, afterFailure }: BackgroundOptions) {
    this.#store = store;
    this.#log = log;
    this.#clock = clock;
    this.#tasks = tasks;
    this.#room = room;
    this.#afterFailure = afterFailure;
  }

  /** Looks for work now. */
  wake(): void {
    for (const task of this.#tasks) this.#start(task);
  }

  /** Resolves when no task runs any more, nor will. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#running.values());
  }

  #start(task: BackgroundTask): void {
    if (this.#isStopped || this.#running.has(task)) return;
    clearTimeout(this.#timers.get(task));
    const running = this.#run(task).finally(() => {
      this.#running.delete(task);
      if (this.#isStopped) return;
      const timer = setTimeout(() => this.#start(task), task.intervalMs);
      timer.unref();
      this.#timers.set(task, timer);
    });
    this.#running.set(task, running);
  }

  async #run(task: BackgroundTask): Promise<void> {
    try {
      if (!(await this.#store.read((db) => task.isDue(db, this.#clock.wallMs())))) return;
      while (!this.#isStopped) {
        const hasMore = await this.#room.run(task.frees, () =>
          this.#store.write((db) => task.step(db, this.#clock.wallMs())),
        );
        if (!hasMore) return;
      }
    } catch (error) {
      if (this.#isStopped) return;
      this.#log.error(
        { err: error, task: task.name },
        "work in the background failed, and is tried again later",
      );
      await this.#afterFailure().catch(() => {
        // The store cannot read either, which it has said itself.
      });
    }
  }
}

import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "@weftkit/observe";
import { Applier } from "./applier.ts";
import { Backoff } from "./backoff.ts";
import type { StoredConflict } from "./conflict-log.ts";
import { Following } from "./following.ts";
import type { Journal } from "./journal.ts";
import type { Resolution } from "./resolution.ts";
import { Forgotten, otherSide, type Side, type SideName, Turns } from "./side.ts";

export interface SynchroniserOptions {
  readonly journal: Journal;
  readonly sides: Readonly<Record<SideName, Side>>;
  readonly intervalMs: number;
  readonly queueBytesMax: number;
  /** Bytes per second, each way; 0 is no limit. */
  readonly bandwidth: number;
  /** See `ApplierOptions`. */
  readonly unseenMs?: number;
  readonly resolution: Readonly<Record<SideName, Resolution>>;
  readonly log: Logger;
  applied(target: SideName, changes: number): void;
  conflicting(conflict: StoredConflict): void;
}

/** Two that follow and two that apply, until they are ended together. */
interface Generation {
  readonly ending: AbortController;
  readonly following: Readonly<Record<SideName, Following>>;
  readonly applying: Readonly<Record<SideName, Applier>>;
}

/** Keeps two databases equal: two that follow, two that apply, and the journal between them. */
export class Synchroniser {
  readonly #options: SynchroniserOptions;
  readonly #ending = new AbortController();
  #now: Generation;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: SynchroniserOptions) {
    this.#options = options;
    this.#now = this.#generation();
  }

  start(): void {
    this.#running = this.#run();
  }

  status(): Record<string, unknown> {
    const { journal, sides } = this.#options;
    const { following, applying } = this.#now;
    const of = (side: SideName) => ({
      ...sides[side].status(),
      following: following[side].status(),
      applying: applying[side].status(),
      waitingBytes: journal.waitingBytes(side),
    });
    return { id: journal.id, local: of("local"), remote: of("remote") };
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#options.journal.wake();
    const { local, remote } = this.#options.sides;
    await this.#running;
    await Promise.all([local.close(), remote.close()]);
  }

  #generation(): Generation {
    const { journal, sides, queueBytesMax, log, resolution } = this.#options;
    const ending = new AbortController();
    const signal = AbortSignal.any([this.#ending.signal, ending.signal]);
    const isMerged = resolution.local.how === "crdt";
    const turns = { local: new Turns(), remote: new Turns() };
    const follow = (side: SideName): Following =>
      new Following({
        journal,
        sides,
        side,
        queueBytesMax,
        isMerged,
        log,
        signal,
        inTurn: (work) =>
          turns[side].run(async () => {
            await applying[side].settle();
            return work();
          }),
        isNeeded: () => applying[side].needsFollower,
      });
    const following = { local: follow("local"), remote: follow("remote") };
    const apply = (target: SideName) =>
      new Applier({
        ...this.#options,
        resolution: resolution[target],
        target,
        signal,
        turns: turns[target],
        follower: following[target],
      });
    const applying = { local: apply("local"), remote: apply("remote") };
    return { ending, following, applying };
  }

  /** One generation after the other: a new one when a side is not what it was. */
  async #run(): Promise<void> {
    const { journal, log } = this.#options;
    while (!this.#ending.signal.aborted) {
      const forgotten = await this.#runGeneration(this.#now);
      if (forgotten === undefined) continue;
      const { side, message } = forgotten;
      log.warn({ side, reason: message }, `it gets everything that is at the ${otherSide[side]} side`);
      await journal.forget(side);
      this.#now = this.#generation();
    }
  }

  async #runGeneration({ ending, following, applying }: Generation): Promise<Forgotten | undefined> {
    const { log, journal } = this.#options;
    const signal = AbortSignal.any([this.#ending.signal, ending.signal]);
    const runs = [
      ...Object.entries(following).map(([side, one]) => ({ what: `following ${side}`, one })),
      ...Object.entries(applying).map(([side, one]) => ({ what: `applying to ${side}`, one })),
    ];
    let forgotten: Forgotten | undefined;
    await Promise.all(
      runs.map(async ({ what, one }) => {
        const backoff = new Backoff();
        while (!signal.aborted) {
          try {
            await one.run(() => backoff.reset());
          } catch (error) {
            if (signal.aborted) return;
            if (error instanceof Forgotten) {
              forgotten ??= error;
              ending.abort();
              journal.wake();
              return;
            }
            const why = error instanceof Error ? error.message : String(error);
            if (one.why !== why) log.warn({ err: error, what }, "synchronisation waits");
            one.why = why;
            await delay(backoff.next(), undefined, { signal }).catch(() => {});
          }
        }
      }),
    );
    return forgotten;
  }
}

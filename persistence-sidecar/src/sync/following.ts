import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "@weftkit/observe";
import type { Journal } from "./journal.ts";
import { type Observer, observe, observeMissing } from "./observe.ts";
import { takePresent } from "./present.ts";
import { Behind, type Observed, otherSide, type Side, type SideName } from "./side.ts";
import { stampOfMs } from "./versions.ts";

export interface FollowingOptions {
  readonly journal: Journal;
  readonly sides: Readonly<Record<SideName, Side>>;
  readonly side: SideName;
  readonly queueBytesMax: number;
  /** Whether columns are merged. */
  readonly isMerged: boolean;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Runs work in the side's turn, once it is known what became of what was applied there. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Whether what is applied to the side goes on only when more of it is told, also when the queue is full. */
  isNeeded(): boolean;
}

const missingAtOnce = 500;
/** So often it looks whether it is needed while the queue is full. */
const roomLookMs = 1000;

/**
 * Follows one side into the journal:
 *
 * 1. begin: a place from which nothing will be missing, kept
 * 2. copy: everything that is there; what is known already is passed over, so that a copy may begin anew at any time
 * 3. follow from the place, for ever; when what comes after it is not known any more, from 1
 */
export class Following {
  readonly #options: FollowingOptions;
  readonly #observer: Omit<Observer, "isCopy">;
  #phase: "starting" | "copying" | "following" | "full" | "none" = "starting";
  #rows = 0;
  #atMs = 0;
  /** When it last heard that there was nothing more. */
  #quietMs = Number.NEGATIVE_INFINITY;
  #again = new AbortController();
  /** Why it does not go on; undefined while it does. */
  why: string | undefined;

  constructor(options: FollowingOptions) {
    this.#options = options;
    const { side, sides, journal, isMerged } = options;
    this.#observer = { side, id: journal.id, isPresent: sides[side].present !== undefined, isMerged };
  }

  async run(working: () => void): Promise<void> {
    const { journal, side, sides, signal, log } = this.#options;
    const from = sides[side];
    let cursor = await journal.cursor(side);
    if (cursor === undefined) {
      this.#phase = "starting";
      const token = await from.begin();
      if (from.blind !== undefined) {
        await this.#wait(from.blind, working);
        return;
      }
      cursor = { token, isCopying: true };
      await journal.write((write) => {
        write.moveCursor(side, cursor!);
        write.nextRound(side);
      });
    }
    try {
      if (cursor.isCopying) {
        await this.#copy(from, cursor.token, working);
        log.info({ side, rows: this.#rows }, "copied");
      }
      await this.#follow(from, cursor.token, working);
    } catch (error) {
      if (!(error instanceof Behind) || signal.aborted) throw error;
      const level = error.isExpected ? "debug" : "warn";
      log[level]({ side, reason: error.message }, "changes are missing: everything is compared");
      const token = await from.begin();
      await journal.write((write) => {
        write.moveCursor(side, { token, isCopying: true });
        write.nextRound(side);
      });
    }
  }

  status(): Record<string, unknown> {
    return {
      phase: this.#phase,
      rows: this.#rows,
      ...(this.#atMs > 0 && { heardAt: new Date(this.#atMs).toISOString() }),
      ...(this.why !== undefined && { waitsBecause: this.why }),
    };
  }

  /** Whether everything that was committed before a time (of `performance.now()`) has been told, with nothing after it. */
  hasHeardNothingSince(ms: number): boolean {
    return this.#quietMs > ms;
  }

  /** Its changes do not tell everything: they are given up, and everything is compared. */
  compareAnew(why: string): void {
    this.#again.abort(new Behind(why));
  }

  /** A side whose changes cannot be followed is told, and left alone. */
  async #wait(why: string, working: () => void): Promise<void> {
    const { signal, side, log } = this.#options;
    this.#phase = "none";
    log.warn({ side, reason: why }, "changes of this side do not come back");
    working();
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (!signal.aborted) await promise;
  }

  async #copy(from: Side, token: string, working: () => void): Promise<void> {
    const { journal, side, signal } = this.#options;
    this.#phase = "copying";
    const observer = { ...this.#observer, isCopy: true, isResent: await journal.isResending(side) };
    for await (const part of from.snapshot(signal)) {
      await this.#room();
      if (signal.aborted) return;
      await this.#take(from, part, observer);
      this.#told(rowsIn(part), working);
    }
    for (let isMore = true; isMore && !signal.aborted; ) {
      await this.#room();
      isMore = await this.#takeMissing(from, observer);
    }
    if (signal.aborted) return;
    await journal.write((write) => write.copied(side, token));
  }

  async #follow(from: Side, token: string, working: () => void): Promise<void> {
    const { journal, side, signal } = this.#options;
    if (signal.aborted) return;
    this.#phase = "following";
    this.#again = new AbortController();
    const again = this.#again.signal;
    const observer = { ...this.#observer, isCopy: false };
    for await (const transactions of whole(from.follow(token, AbortSignal.any([signal, again])), again)) {
      await this.#room();
      if (signal.aborted || again.aborted) return again.throwIfAborted();
      for (const one of transactions.filter(({ touched }) => touched !== undefined))
        await this.#take(from, one, observer);
      await journal.write((write) => {
        for (const one of transactions) observe(write, one, observer);
        write.moveCursor(side, { token: transactions.at(-1)!.token, isCopying: false });
      });
      this.#phase = "following";
      if (transactions.at(-1)!.isHeartbeat === true) this.#quietMs = performance.now();
      this.#told(
        transactions.reduce((sum, one) => sum + rowsIn(one), 0),
        working,
      );
    }
  }

  /** Takes in a part of a copy, or reads what was only named. */
  async #take(from: Side, part: Observed, observer: Observer): Promise<void> {
    const { journal, inTurn } = this.#options;
    const { touched, stamps } = part;
    if (touched === undefined) await journal.write((write) => observe(write, part, observer));
    else await inTurn(() => takePresent(journal, from, touched, observer, stamps));
  }

  /** Takes in rows that were there, and that the copy has not met; returns whether there are more. */
  async #takeMissing(from: Side, observer: Observer): Promise<boolean> {
    const { journal, side, inTurn } = this.#options;
    if (from.present === undefined) {
      const stamp = stampOfMs(Date.now());
      return journal.write((write) => observeMissing(write, stamp, observer, missingAtOnce));
    }
    const missed = await journal.missed(side, missingAtOnce);
    // They may have come back since the copy was where they are.
    await inTurn(() => takePresent(journal, from, missed, observer));
    await journal.write((write) => write.met(side, missed));
    return missed.length === missingAtOnce;
  }

  #told(rows: number, working: () => void): void {
    this.#rows += rows;
    this.#atMs = Date.now();
    this.why = undefined;
    working();
  }

  /** Waits until the queue has room: the side keeps its changes meanwhile. */
  async #room(): Promise<void> {
    const { journal, side, queueBytesMax, signal, isNeeded } = this.#options;
    const target = otherSide[side];
    const isFull = () => journal.waitingBytes(target) >= queueBytesMax && !isNeeded();
    while (isFull() && !signal.aborted) {
      this.#phase = "full";
      const { wakingUp } = journal;
      if (isFull()) await Promise.race([wakingUp, delay(roomLookMs, undefined, { signal }).catch(() => {})]);
    }
  }
}

/** What is followed, until it is given up: however it takes that, it ends with the reason. */
async function* whole<T>(followed: AsyncIterable<T>, again: AbortSignal): AsyncGenerator<T> {
  try {
    yield* followed;
  } catch (error) {
    again.throwIfAborted();
    throw error;
  }
  again.throwIfAborted();
}

function rowsIn({ rows, touched }: Observed): number {
  return touched?.length ?? rows.length;
}

import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "@weftkit/observe";
import type { StoredConflict } from "./conflict-log.ts";
import type { Following } from "./following.ts";
import type { Entry, Journal } from "./journal.ts";
import { observe } from "./observe.ts";
import { lost, takePresent } from "./present.ts";
import type { Resolution } from "./resolution.ts";
import { digestOf, rowId } from "./rows.ts";
import {
  type Batch,
  type Conflict,
  Contended,
  Held,
  otherSide,
  type QueuedChange,
  Refused,
  type RowName,
  type Side,
  type SideName,
  type Turns,
  Unseen,
  type Written,
} from "./side.ts";
import { stampOfMs } from "./versions.ts";

export interface ApplierOptions {
  readonly journal: Journal;
  readonly sides: Readonly<Record<SideName, Side>>;
  readonly target: SideName;
  readonly intervalMs: number;
  readonly bandwidth: number;
  readonly resolution: Resolution;
  /** So long a row that was changed at the target, and that its follower does not tell, is waited for. Default: 30 s. */
  readonly unseenMs?: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Of the target. */
  readonly turns: Turns;
  /** The one who follows the target. */
  readonly follower: Pick<Following, "hasHeardNothingSince" | "compareAnew">;
  applied(target: SideName, changes: number): void;
  conflicting(conflict: StoredConflict): void;
}

const changesAtOnce = 500;
const bytesAtOnce = 1024 * 1024;
const unseenMsDefault = 30_000;
const unseenLookMs = 1000;

/** Applies what waits for one side, in order; transactions whole, several at once where many wait. */
export class Applier {
  readonly #options: ApplierOptions;
  #applied = 0;
  #isSettled = false;
  /** Rows that are not as its follower has told: what they were when that was found, and when it was. */
  #unseen: { readonly digests: ReadonlyMap<string, string>; readonly sinceMs: number } | undefined;
  #isPatient = false;
  /** Changes of a batch: fewer while clients write the same rows. */
  #most = changesAtOnce;
  why: string | undefined;

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  status(): Record<string, unknown> {
    return { changes: this.#applied, ...(this.why !== undefined && { waitsBecause: this.why }) };
  }

  /** Whether it goes on when the follower of its target has told more. */
  get needsFollower(): boolean {
    return this.#unseen !== undefined;
  }

  async run(working: () => void): Promise<void> {
    const { journal, target, signal, intervalMs, turns } = this.#options;
    await turns.run(() => this.settle());
    while (!signal.aborted) {
      const { wakingUp } = journal;
      const entries = await journal.waiting(target, this.#most, bytesAtOnce);
      if (entries.length === 0) {
        this.why = undefined;
        working();
        await wakingUp;
        // What comes in that time goes together.
        await delay(intervalMs, undefined, { signal }).catch(() => {});
        continue;
      }
      await this.#apply(entries, working);
    }
  }

  /** What became of the batch that was under way when the sidecar, or the connection, ended: the side says. In its turn. */
  async settle(): Promise<void> {
    if (this.#isSettled) return;
    const { journal, sides, target } = this.#options;
    const position = await sides[target].applied();
    // What is queued from now on would be taken for what was applied already.
    const sent = journal.lastSent(target);
    if (position > sent)
      throw new Held(
        `the sidecar's volume is older than what was written from it (${position} > ${sent}): begin with an empty one`,
      );
    const confirmed = await journal.confirmed(target);
    if (position < confirmed && sides[target].present !== undefined)
      throw lost(sides[target], position, confirmed);
    await this.#decided(position);
    await journal.done(target, position);
    this.#isSettled = true;
  }

  async #apply(entries: readonly Entry[], working: () => void): Promise<void> {
    const { sides, target, resolution, turns } = this.#options;
    const { blind } = sides[target];
    if (blind !== undefined && resolution.how === "crdt")
      throw new Held(`conflict_resolution = "crdt" needs the changes of both sides: ${blind}`);
    const batch = batchOf(entries);
    const unseen = await turns.run(() => this.#write(batch));
    if (unseen === "again") return;
    if (unseen !== undefined) return this.#waitForFollower(unseen);
    this.#applied += batch.changes.length;
    this.#options.applied(target, batch.changes.length);
    this.why = undefined;
    working();
    await this.#throttle(entries, batch.position);
  }

  /** Writes a batch at the target, and notes that it is there; else says what has to come first. */
  async #write(batch: Batch): Promise<Unseen | "again" | undefined> {
    const { journal, sides, target, resolution } = this.#options;
    const side = sides[target];
    await this.settle();
    const deciding = (conflicts: readonly Conflict[], written: readonly Written[] = []) =>
      journal.deciding(target, batch.position, conflicts, written);
    journal.sending(target, batch.position);
    const isMerged = resolution.how === "crdt";
    const observer = { side: target, id: journal.id, isCopy: false, isPresent: true, isMerged };
    const seen = () => journal.seenOf(target, batch.changes);
    const found = async (rows: readonly RowName[]) => {
      await takePresent(journal, side, rows, observer);
      return seen();
    };
    const context = { seen: await seen(), found, resolution, deciding, isPatient: this.#isPatient };
    // Whether it was committed is not known when it fails.
    this.#isSettled = false;
    try {
      await side.apply(batch, context);
    } catch (error) {
      const isRefused = error instanceof Refused && !this.#isPatient;
      const isContended = error instanceof Contended && this.#most > 1;
      if (!(error instanceof Unseen || isContended || isRefused)) throw error;
      // These end the transaction.
      await journal.undecided(target);
      this.#isSettled = true;
      if (isRefused) this.#isPatient = true;
      if (isContended) this.#most = Math.ceil(this.#most / 8);
      return error instanceof Unseen ? error : "again";
    }
    this.#isPatient = false;
    this.#most = Math.min(changesAtOnce, this.#most * 2);
    this.#unseen = undefined;
    await this.#decided(batch.position);
    await journal.done(target, batch.position);
    this.#isSettled = true;
    return undefined;
  }

  async #decided(position: number): Promise<void> {
    const { journal, target, conflicting } = this.#options;
    await this.#back(await journal.conflicts.pending(target, position));
    for (const conflict of await journal.conflicts.decided(target, position)) conflicting(conflict);
  }

  /**
   * A row at the target is not what its follower has told of it. The follower tells it in time; where it does not, the row counts as
   * written now, or everything is compared: where columns are merged, the row alone would be counted once more when it is told.
   */
  async #waitForFollower({ rows, message }: Unseen): Promise<void> {
    const {
      journal,
      sides,
      target,
      signal,
      resolution,
      follower,
      unseenMs = unseenMsDefault,
    } = this.#options;
    const digests = new Map(rows.map(({ name, key, row }) => [rowId(name, key), digestOf(row)]));
    const isAsBefore = [...(this.#unseen?.digests ?? [])].some(([id, digest]) => digests.get(id) === digest);
    const { needsFollower } = this;
    if (this.#unseen === undefined || !(isAsBefore || rows.length === 0))
      this.#unseen = { digests, sinceMs: performance.now() };
    // It may wait for room in its queue.
    if (!needsFollower) journal.wake();
    const { sinceMs } = this.#unseen;
    const isLate = performance.now() - sinceMs > unseenMs;
    if (rows.length > 0 && (sides[target].blind !== undefined || (isLate && resolution.how !== "crdt"))) {
      this.#unseen = undefined;
      const found = { token: "", rows, truncated: [], marks: new Map(), writers: [] };
      const observer = { side: target, id: journal.id, isCopy: true, isMerged: false };
      await journal.write((write) => observe(write, { ...found, stamp: stampOfMs(Date.now()) }, observer));
      return;
    }
    if (isLate) this.why = message;
    if (isLate && isAsBefore && follower.hasHeardNothingSince(sinceMs)) {
      this.#unseen = undefined;
      follower.compareAnew(`${message}, and its changes do not say so`);
    }
    await Promise.race([journal.wakingUp, delay(unseenLookMs, undefined, { signal }).catch(() => {})]);
  }

  /** Where the target's changes do not come back, what has won there is told to the other side. */
  async #back(conflicts: readonly Conflict[]): Promise<void> {
    const { journal, sides, target } = this.#options;
    if (sides[target].blind === undefined || conflicts.length === 0) return;
    await journal.write((write) => {
      for (const { name, key, winner, loser, winnerRow, how } of conflicts) {
        const sent = write.seen(otherSide[target], name, key)?.version;
        // The change has won: it is there by now.
        if (how === "refused" || sent === winner) continue;
        write.enqueue(otherSide[target], [{ name, key, row: winnerRow, version: winner, base: loser }]);
      }
    });
  }

  async #throttle(entries: readonly Entry[], position: number): Promise<void> {
    const { bandwidth, signal } = this.#options;
    if (bandwidth === 0) return;
    const bytes = entries.reduce((sum, one) => (one.sequence > position ? sum : sum + one.bytes), 0);
    await delay((bytes / bandwidth) * 1000, undefined, { signal }).catch(() => {});
  }
}

/** The first entries that can be one batch: of a row's changes what comes out in the end. */
function batchOf(entries: readonly Entry[]): Batch {
  const changes = new Map<string, QueuedChange>();
  let position = 0;
  for (const entry of entries) {
    const isApart = ({ name, key, base }: QueuedChange) => {
      const first = changes.get(rowId(name, key));
      // What the sidecar itself has written in between was not written on the first, which may have lost there.
      return first !== undefined && first.version !== base;
    };
    if (entry.changes.some(isApart)) break;
    for (const change of entry.changes) {
      const id = rowId(change.name, change.key);
      const first = changes.get(id);
      changes.delete(id);
      changes.set(id, first === undefined ? change : after(first, change));
    }
    position = entry.sequence;
  }
  return { position, changes: [...changes.values()] };
}

function after(first: QueuedChange, change: QueuedChange): QueuedChange {
  if (change.isSame !== true)
    return { ...change, base: first.base, from: first.from, fromColumns: first.fromColumns };
  return { ...first, version: change.version, ...(change.columns && { columns: change.columns }) };
}

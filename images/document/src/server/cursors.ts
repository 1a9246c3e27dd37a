import { randomBytes } from "node:crypto";
import type { Doc } from "../bson/values.ts";
import { cursorKilled, MongoError } from "../errors.ts";
import type { DocSource } from "../exec/run.ts";
import type { PointRead } from "./point-reads.ts";
import type { ClientTransaction } from "./transactions.ts";

/** A query whose client has not read all of its documents. */
export interface Cursor {
  readonly id: bigint;
  readonly namespace: string;
  readonly source: DocSource;
  readonly user: string;
  readonly session: string | undefined;
  readonly transaction: ClientTransaction | undefined;
  readonly point: PointRead | undefined;
  readonly isTailable: boolean;
  readonly isAwaitData: boolean;
  /** Of a change stream: it tells that its collection is gone, and ends by itself. */
  readonly outlivesCollection: boolean;
  /** Waits for more documents at the end of a tailable source: resolves when there may be some, or the time is over. */
  readonly wait: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  /** Fields that each of its batches has beside the documents. */
  readonly extras: (() => Doc) | undefined;
  /** A document that was taken from the source and did not fit into a batch. */
  held: Doc | undefined;
  /** Ends the command that reads it at the moment. */
  interrupt: ((reason: MongoError) => void) | undefined;
  isKilled: boolean;
  /** Why it cannot go on: what it reads is gone. */
  invalid: MongoError | undefined;
  lastUsedMs: number;
  readonly isWithoutTimeout: boolean;
  readonly command: Doc;
  readonly startedMs: number;
  /** Of a tailable source: that no more will come. */
  isEnded?(): boolean;
  close?(): void;
}

/** MongoDB's cursorTimeoutMillis. */
const idleMsMax = 10 * 60_000;
/** So many cursors may be open at once. */
const cursorsMax = 20_000;

/** All open cursors. */
export class Cursors {
  readonly #open = new Map<bigint, Cursor>();
  timedOut = 0;
  opened = 0;

  add(
    cursor: Omit<Cursor, "id" | "interrupt" | "isKilled" | "invalid" | "lastUsedMs" | "startedMs">,
  ): Cursor {
    if (this.#open.size >= cursorsMax) {
      throw new MongoError(
        2,
        `more than ${cursorsMax} cursors are open: read them to their end, or kill them`,
      );
    }
    let id: bigint;
    do id = randomBytes(8).readBigUInt64LE(0) & 0x7fffffffffffffffn;
    while (id === 0n || this.#open.has(id));
    const now = Date.now();
    const open: Cursor = {
      ...cursor,
      id,
      interrupt: undefined,
      isKilled: false,
      invalid: undefined,
      lastUsedMs: now,
      startedMs: now,
    };
    this.#open.set(id, open);
    this.opened++;
    return open;
  }

  get(id: bigint): Cursor | undefined {
    return this.#open.get(id);
  }

  get size(): number {
    return this.#open.size;
  }

  all(): Iterable<Cursor> {
    return this.#open.values();
  }

  remove(cursor: Cursor): void {
    if (!this.#open.delete(cursor.id)) return;
    cursor.isKilled = true;
    cursor.interrupt?.(cursorKilled(cursor.id));
    cursor.close?.();
  }

  /** Ends those that nobody has asked for long. */
  expire(nowMs: number): void {
    for (const cursor of this.#open.values()) {
      if (cursor.interrupt !== undefined || cursor.isWithoutTimeout || nowMs - cursor.lastUsedMs < idleMsMax)
        continue;
      this.remove(cursor);
      this.timedOut++;
    }
  }

  /** What they read is gone: they are known until they are asked for more, or killed. */
  invalidateWhere(isGone: (cursor: Cursor) => boolean): void {
    for (const cursor of this.#open.values()) {
      if (!cursor.outlivesCollection && isGone(cursor))
        cursor.invalid = new MongoError(175, "collection dropped. UUID and namespace no longer there");
    }
  }

  removeWhere(isGone: (cursor: Cursor) => boolean): void {
    for (const cursor of [...this.#open.values()]) if (isGone(cursor)) this.remove(cursor);
  }
}

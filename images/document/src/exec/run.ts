import type { Database } from "@weftkit/store";
import type { Doc } from "../bson/values.ts";
import type { Collection } from "../storage/collection.ts";

/** Given instead of a document by what has had its time: asked again later, it goes on. */
export const pause = Symbol("pause");
export type Pause = typeof pause;

/** What a step gives: a document, undefined at the end, or `pause`. */
export type Next = Doc | undefined | Pause;

/** One turn of a running query: where it reads, and for how long. */
export interface Run {
  readonly db: Database;
  /** By `performance.now()`. */
  readonly untilMs: number;
  /** What the client's transaction has changed: documents by rowid, undefined for those that are gone. */
  readonly overlay: (collection: Collection) => ReadonlyMap<string | number, unknown> | undefined;
  /** Counts for explain and for limits. */
  readonly counters: Counters;
}

export interface Counters {
  docsExamined: number;
  keysExamined: number;
}

export function newCounters(): Counters {
  return { docsExamined: 0, keysExamined: 0 };
}

/** Gives documents one after the other. */
export interface DocSource {
  next(run: Run): Next;
}

/** Runs a source to its end within one turn. */
export function* drain(source: DocSource, run: Run): Generator<Doc> {
  const patient: Run = { ...run, untilMs: Number.POSITIVE_INFINITY };
  for (;;) {
    const next = source.next(patient);
    if (next === undefined) return;
    if (next !== pause) yield next;
  }
}

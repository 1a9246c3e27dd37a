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

/** The turn that runs at the moment, for what goes on over several. */
export interface Turns {
  run: Run;
}

/** What a source gives, over as many turns as it takes: `pause` where a turn is over, and it goes on in the next. */
export function* documentsOf(source: DocSource, turns: Turns): Generator<Doc | Pause> {
  for (;;) {
    const next = source.next(turns.run);
    if (next === undefined) return;
    yield next;
  }
}

/** How many cheap steps are made between two looks at the clock. */
const stepsPerLook = 16;

/** Says now and then whether a turn is over: for loops of cheap steps, which need not look at the clock at each. */
export class TurnClock {
  #steps = 0;

  isOver({ untilMs }: Run): boolean {
    if (++this.#steps % stepsPerLook !== 0) return false;
    return performance.now() > untilMs;
  }
}

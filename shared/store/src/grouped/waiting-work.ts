import type { Database } from "better-sqlite3";

/** Whether what a work has thrown is its answer, and it has changed nothing. */
export type IsRefusal = (error: unknown) => boolean;

/** Work of a request that waits for its turn in a transaction that it shares with others. */
export interface WaitingWork {
  readonly work: (db: Database) => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** What `work` gives, or the refusal that it throws; what else it throws is thrown. */
export function outcomeOf({ work }: WaitingWork, db: Database, isRefusal: IsRefusal): Outcome {
  try {
    return { value: work(db) };
  } catch (error) {
    if (isRefusal(error)) return { error };
    throw error;
  }
}

export function settle(group: readonly WaitingWork[], outcomes: readonly Outcome[]): void {
  outcomes.forEach((outcome, index) => {
    const { resolve, reject } = group[index]!;
    if ("error" in outcome) reject(outcome.error);
    else resolve(outcome.value as never);
  });
}

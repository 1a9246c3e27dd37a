import { Deadline } from "@weftkit/core";
import { PgError } from "../errors.ts";
import type { Exec } from "../run/exec.ts";
import type { Row } from "../types/datum.ts";
import type { SessionState } from "./state.ts";
import type { FetchResult } from "./types.ts";

export interface Limits {
  readonly deadline?: Deadline;
  readonly signal?: AbortSignal;
}

/** Runs something under statement_timeout and cancel. */
export function runLimited<T>(session: SessionState, work: (limits: Limits) => Promise<T>): Promise<T> {
  const timeout = session.settings.ms("statement_timeout");
  return session.cancelable(async (signal) => {
    const deadline = timeout > 0 ? Deadline.after(timeout) : undefined;
    return work(deadline === undefined ? { signal } : { deadline, signal });
  });
}

/** What a statement asks between its steps. @throws PgError 57014 */
export function checkOf({ deadline, signal }: Limits): () => void {
  return () => {
    if (signal?.aborted === true) throw new PgError("57014", "canceling statement due to user request");
    if (deadline?.remainingMs() === 0)
      throw new PgError("57014", "canceling statement due to statement timeout");
  };
}

/** Notices of a statement, each told once though a wait for a lock lets the statement run again. */
export class Told {
  readonly #session: SessionState;
  #count = 0;

  constructor(session: SessionState) {
    this.#session = session;
  }

  /** For the next try. */
  again(): Exec["notice"] {
    let count = 0;
    return (level, message, code, details) => {
      if (count++ < this.#count) return;
      this.#count = count;
      this.#session.notice(level, message, code, details);
    };
  }
}

/** A statement that has begun. */
export interface Running {
  fetch(maxRows: number): Promise<FetchResult>;
  tag(count: number): string;
  close(): void;
}

/** All rows are there. */
export class Finished implements Running {
  readonly #rows: readonly Row[];
  readonly #tag: (count: number) => string;
  #at = 0;

  constructor({ rows, tag }: { rows: readonly Row[]; tag: string | ((count: number) => string) }) {
    this.#rows = rows;
    this.#tag = typeof tag === "string" ? () => tag : tag;
  }

  fetch(maxRows: number): Promise<FetchResult> {
    const from = this.#at;
    const to = maxRows === 0 ? this.#rows.length : Math.min(this.#rows.length, from + maxRows);
    this.#at = to;
    const rows = from === 0 && to === this.#rows.length ? this.#rows : this.#rows.slice(from, to);
    // With a limit, PostgreSQL says that all was given only when asked once more.
    const done = maxRows === 0 || rows.length < maxRows;
    return Promise.resolve({ rows, done, tag: done ? this.tag(rows.length) : undefined });
  }

  tag(count: number): string {
    return this.#tag(count);
  }

  close(): void {}
}

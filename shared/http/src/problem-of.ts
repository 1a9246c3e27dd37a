import { WeftkitError } from "@weftkit/core";
import { Problem } from "./problem.ts";
import { problems } from "./problems.ts";

/** What the store's errors mean to a client: by code, what to tell it. What is not here is a defect. */
const unavailable: Readonly<Record<string, { detail: string; retryAfterSeconds: number }>> = {
  lock_timeout: { detail: "too many writes are waiting; try again", retryAfterSeconds: 1 },
  statement_timeout: { detail: "it took too long and was given up; ask for less", retryAfterSeconds: 1 },
  deadline_exceeded: { detail: "it took too long and was given up; ask for less", retryAfterSeconds: 1 },
  canceled: { detail: "the engine is shutting down; try again", retryAfterSeconds: 1 },
  closed: { detail: "the engine is shutting down; try again", retryAfterSeconds: 1 },
  lease_expired: {
    detail: "this replica may have another owner: nothing is written until that is settled",
    retryAfterSeconds: 5,
  },
  disk_full: { detail: "the disk is full: nothing can be written, reading goes on", retryAfterSeconds: 30 },
  read_only: { detail: "the volume cannot be written to, reading goes on", retryAfterSeconds: 30 },
};

/** The problem that an error is answered as: 503 for what may pass, 500 for a defect. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const known = error instanceof WeftkitError ? unavailable[error.code] : undefined;
  if (known === undefined) {
    return problems.internal("something failed that should not; the engine's log has the details", {
      cause: error,
    });
  }
  return problems.unavailable(known.detail, {
    cause: error,
    headers: { "retry-after": String(known.retryAfterSeconds) },
  });
}

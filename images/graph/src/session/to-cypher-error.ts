import { WeftkitError } from "@weftkit/core";
import { CypherError, type StatusCode } from "../errors.ts";

const codes: Readonly<Record<string, StatusCode>> = {
  deadlock: "Neo.TransientError.Transaction.DeadlockDetected",
  lock_timeout: "Neo.TransientError.Transaction.LockAcquisitionTimeout",
  lock_not_available: "Neo.TransientError.Transaction.LockAcquisitionTimeout",
  too_many_locks: "Neo.TransientError.General.MemoryPoolOutOfMemoryError",
  write_conflict: "Neo.TransientError.Transaction.DeadlockDetected",
  canceled: "Neo.TransientError.Transaction.Terminated",
  statement_timeout: "Neo.ClientError.Transaction.TransactionTimedOut",
  deadline_exceeded: "Neo.ClientError.Transaction.TransactionTimedOut",
  idle_timeout: "Neo.ClientError.Transaction.TransactionTimedOut",
  transaction_ended: "Neo.ClientError.Transaction.TransactionNotFound",
  transaction_lost: "Neo.TransientError.Transaction.Terminated",
  closed: "Neo.TransientError.General.DatabaseUnavailable",
  disk_full: "Neo.TransientError.General.DatabaseUnavailable",
  read_only: "Neo.TransientError.General.DatabaseUnavailable",
  failed: "Neo.TransientError.General.DatabaseUnavailable",
};

/** An error as Neo4j's clients know it: what conflicts is transient, so that drivers try again. */
export function toCypherError(error: unknown): CypherError {
  if (error instanceof CypherError) return error;
  if (error instanceof WeftkitError) {
    const code = codes[error.code];
    if (code !== undefined) {
      const message =
        code === "Neo.TransientError.Transaction.DeadlockDetected"
          ? `ForsetiClient can't acquire lock: ${error.message}`
          : error.message;
      return new CypherError(code, message, { cause: error });
    }
  }
  if (error instanceof RangeError && /call stack/i.test(error.message))
    return new CypherError(
      "Neo.TransientError.General.MemoryPoolOutOfMemoryError",
      "the query is nested too deeply",
      { cause: error },
    );
  const message = error instanceof Error ? error.message : String(error);
  return new CypherError("Neo.DatabaseError.General.UnknownError", message, { cause: error });
}

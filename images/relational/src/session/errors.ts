import { WeftkitError } from "@weftkit/core";
import { PgError } from "../errors.ts";

const storeCodes: Readonly<Record<string, readonly [code: string, message: string]>> = {
  lock_timeout: ["55P03", "canceling statement due to lock timeout"],
  lock_not_available: ["55P03", "could not obtain lock on row"],
  statement_timeout: ["57014", "canceling statement due to statement timeout"],
  canceled: ["57014", "canceling statement due to user request"],
  deadlock: ["40P01", "deadlock detected"],
  write_conflict: ["40001", "could not serialize access due to concurrent update"],
  too_many_locks: ["53200", "out of shared memory"],
  disk_full: ["53100", "could not extend file: No space left on device"],
  read_only: ["25006", "the volume cannot be written to"],
  corrupt: ["XX001", "the database file is damaged"],
  io_error: ["58030", "could not read or write the database file"],
  idle_timeout: ["25P03", "terminating connection due to idle-in-transaction timeout"],
  transaction_lost: ["40001", "the transaction was lost"],
  transaction_ended: ["40001", "the transaction has ended"],
  closed: ["57P01", "terminating connection due to administrator command"],
  failed: ["57P02", "the database cannot write any more: restart it"],
};

export function toPgError(error: unknown): PgError {
  if (error instanceof PgError) return error;
  if (error instanceof RangeError && error.message.includes("call stack"))
    return new PgError("54001", "stack depth limit exceeded");
  if (error instanceof WeftkitError) {
    const known = storeCodes[error.code];
    if (known !== undefined) return new PgError(known[0], known[1], { detail: error.message });
  }
  const wrapped = new PgError("XX000", error instanceof Error ? error.message : String(error));
  if (error instanceof Error && error.stack !== undefined) wrapped.stack = error.stack;
  return wrapped;
}

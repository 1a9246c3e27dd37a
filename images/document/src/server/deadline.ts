import { MongoError } from "../errors.ts";

/** @throws MongoError 50, 11601 */
export function throwIfEnded(signal: AbortSignal): void {
  if (!signal.aborted) return;
  const { reason } = signal;
  if (reason instanceof MongoError) throw reason;
  if (reason?.name === "TimeoutError") throw new MongoError(50, "operation exceeded time limit");
  throw new MongoError(11601, "operation was interrupted");
}

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../terminal/failure.ts";

/** SQLITE_BUSY: an engine holds the lock. */
const busy = 5;

/**
 * Locks a data dir as engines do (shared/host, data-dir-lock.ts): an exclusive transaction on weftkit.lock.
 *
 * @throws Failure when an engine is running on it
 */
export function holdDataDir(dataDir: string): Disposable {
  const database = new DatabaseSync(join(dataDir, "weftkit.lock"));
  try {
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode !== busy) throw error;
    throw new Failure("failed", `an engine is running on ${dataDir}`, "Stop it first.");
  }
  return { [Symbol.dispose]: () => database.close() };
}

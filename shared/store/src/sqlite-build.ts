import { WeftkitError } from "@weftkit/core";
import type { Database } from "better-sqlite3";

/** Before this version a reset of the write-ahead log at the wrong moment corrupts the file. */
const versionMin = [3, 51, 3] as const;

/** Compiled into SQLite, and what breaks without it. */
const requiredOptions: Readonly<Record<string, string>> = {
  "THREADSAFE=2": "connections of several threads must work at once",
  ENABLE_FTS5: "text indexes need it",
};

/**
 * Checks that the SQLite which was loaded is one that the store may rest on.
 *
 * @throws WeftkitError `unsupported_sqlite`
 */
export function requireSqliteBuild(db: Database): void {
  const version = db.prepare("SELECT sqlite_version()").pluck().get() as string;
  if (isOlder(version.split(".").map(Number), versionMin)) {
    throw unsupported(
      `SQLite ${version} can corrupt a write-ahead log; ${versionMin.join(".")} is the first that does not`,
    );
  }
  const options = new Set(db.prepare("PRAGMA compile_options").pluck().all() as string[]);
  for (const [option, why] of Object.entries(requiredOptions)) {
    if (!options.has(option)) throw unsupported(`SQLite ${version} was compiled without ${option}: ${why}`);
  }
}

function isOlder(version: readonly number[], than: readonly number[]): boolean {
  for (const [index, wanted] of than.entries()) {
    const part = version[index] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}

function unsupported(what: string): WeftkitError {
  return new WeftkitError(
    "unsupported_sqlite",
    `${what}: install the better-sqlite3 that package-lock.json names`,
  );
}

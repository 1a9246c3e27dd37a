import { existsSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";

/** The binary of better-sqlite3 beside a bundle, which has no node_modules to find it in. */
const bundledBinary = join(import.meta.dirname, `better_sqlite3-${process.platform}-${process.arch}.node`);
const binary = existsSync(bundledBinary) ? { nativeBinding: bundledBinary } : {};

/**
 * Opens a connection, which never waits inside SQLite for another one's lock: that would hold the event loop. Every
 * connection of the product is opened here, so that a bundle finds its binary.
 */
export function openDatabase(file: string, options: { readonly?: boolean } = {}): Database.Database {
  const readonly = options.readonly ?? false;
  return new Database(file, { ...binary, readonly, fileMustExist: readonly, timeout: 0 });
}

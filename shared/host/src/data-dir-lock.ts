import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { WeftkitError } from "@weftkit/core";

/** SQLITE_BUSY: somebody else holds the lock. */
const busy = 5;

/** A data dir that this process alone uses, until `release`, which may be called twice. */
export interface DataDirLock {
  release(): void;
}

/**
 * Creates the data dir when it is missing and locks it, or says who has it.
 *
 * The lock is SQLite's: an exclusive transaction, never written to, on an empty file. Underneath it is a record lock of
 * the kernel (fcntl), which Node does not offer by itself. The kernel drops it when the process ends in whatever way, so
 * that none is ever stale; it holds between containers that share a volume, where process ids and abstract sockets
 * mean nothing; and a network file system passes it on (NFSv4). Who holds it stands in a second file, for people.
 *
 * @throws WeftkitError `data_dir_locked` or `data_dir_unusable`.
 */
export function lockDataDir(dataDir: string, image: string): DataDirLock {
  const holderFile = join(dataDir, "weftkit.lock.holder");
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    database = new DatabaseSync(join(dataDir, "weftkit.lock"));
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    writeFileSync(
      holderFile,
      `${image}, process ${process.pid} on ${hostname()}, since ${new Date().toISOString()}\n`,
    );
  } catch (error) {
    database?.close();
    throw lockError(error, dataDir, holderFile);
  }
  const held = database;
  return {
    release() {
      if (!held.isOpen) return;
      rmSync(holderFile, { force: true });
      held.close();
    },
  };
}

function lockError(error: unknown, dataDir: string, holderFile: string): WeftkitError {
  if ((error as { errcode?: number }).errcode === busy) {
    const message = `the data dir ${dataDir} is in use by ${holder(holderFile)}; stop that one, or set WEFTKIT_DATA_DIR to another folder`;
    return new WeftkitError("data_dir_locked", message, { cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  const user = process.getuid === undefined ? "" : ` for user ${process.getuid()}`;
  const message = `the data dir ${dataDir} cannot be used (${reason}); it must be writable${user}: mount a volume there, or set WEFTKIT_DATA_DIR`;
  return new WeftkitError("data_dir_unusable", message, { cause: error });
}

function holder(holderFile: string): string {
  try {
    return readFileSync(holderFile, "utf8").trim();
  } catch {
    // It is written after the lock is taken, so it may not be there yet; the lock is what counts.
    return "another process";
  }
}

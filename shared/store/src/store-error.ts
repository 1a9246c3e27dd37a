import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { WeftkitError } from "@weftkit/core";
import Database from "better-sqlite3";

/** Enough for a volume at its end to refuse it. */
const probeBytes = 64 * 1024;

/** SQLite's name of an error, or undefined when the error is not SQLite's. */
export function sqliteCode(error: unknown): string | undefined {
  return error instanceof Database.SqliteError ? error.code : undefined;
}

/**
 * What the machine below did to a write, as a `WeftkitError` that says what to do: `disk_full`, `read_only`, `corrupt`
 * or `io_error`. What the statement itself did wrong (constraints, syntax) comes back as it is.
 */
export function writeError(error: unknown, file: string): unknown {
  const code = sqliteCode(error) ?? (error as NodeJS.ErrnoException)?.code;
  if (code === undefined) return error;
  if (code === "SQLITE_FULL" || code === "ENOSPC" || code === "EDQUOT") return diskFull(file, error);
  if (code.startsWith("SQLITE_READONLY") || code === "EROFS") return readOnly(file, error);
  if (isCorruption(code)) return damaged(file, error);
  if (!code.startsWith("SQLITE_IOERR") && code !== "EIO") return error;
  // SQLite keeps the operating system's error to itself, so the volume is asked what is wrong with it.
  const reason = volumeFault(dirname(file));
  if (reason === "EROFS") return readOnly(file, error);
  if (reason === "ENOSPC" || reason === "EDQUOT") return diskFull(file, error);
  return ioError(file, error);
}

/** What the machine below did to a read: `corrupt` or `io_error`; everything else comes back as it is. */
export function readError(error: unknown, file: string): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  if (isCorruption(code)) return damaged(file, error);
  return code.startsWith("SQLITE_IOERR") ? ioError(file, error) : error;
}

/** SQLITE_CORRUPT_VTAB and its kin included. */
function isCorruption(code: string): boolean {
  return code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB";
}

/** SQLite says SQLITE_CORRUPT also when a page could not be read. If the whole volume is gone, the file is not to blame. */
function damaged(file: string, cause: unknown): WeftkitError {
  return volumeFault(dirname(file)) === "EIO" ? ioError(file, cause) : corrupt(file, cause);
}

/** The operating system's error when a new file is written in the folder, if there is one. */
function volumeFault(folder: string): string | undefined {
  const probe = join(folder, `.weftkit-probe-${process.pid}`);
  const written = errorCode(() => writeFileSync(probe, Buffer.alloc(probeBytes)));
  const removed = errorCode(() => rmSync(probe, { force: true }));
  return written ?? removed;
}

function errorCode(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

function diskFull(file: string, cause: unknown): WeftkitError {
  return new WeftkitError(
    "disk_full",
    `no space left to write ${file}: free space on its volume or enlarge it; nothing acknowledged is lost, and writes go on by themselves`,
    { cause },
  );
}

function readOnly(file: string, cause: unknown): WeftkitError {
  return new WeftkitError(
    "read_only",
    `${file} cannot be written, it or its volume is read-only for this user: mount it writable (a volume that became read-only by itself has had an I/O error: see the kernel's log)`,
    { cause },
  );
}

function corrupt(file: string, cause: unknown): WeftkitError {
  const what = cause instanceof Error ? cause.message : String(cause);
  return new WeftkitError(
    "corrupt",
    `${file} is damaged (${what}): stop, keep a copy of it, and restore the last push or backup`,
    { cause },
  );
}

function ioError(file: string, cause: unknown): WeftkitError {
  const what = cause instanceof Error ? cause.message : String(cause);
  return new WeftkitError("io_error", `the disk failed under ${file} (${what}): see the kernel's log`, {
    cause,
  });
}

/** Another process is using the file in a way that excludes this one. */
export function lockedError(file: string, cause: unknown): WeftkitError {
  return new WeftkitError("locked", `another process keeps ${file} locked: end it and start again`, {
    cause,
  });
}

/** The store was closed, or is about to be. */
export function closedError(file: string): WeftkitError {
  return new WeftkitError("closed", `the store ${file} is closed`);
}

/** The caller gave up before or while its work ran. */
export function canceledError(): WeftkitError {
  return new WeftkitError("canceled", "the work was canceled");
}

/** The deadline passed while the work ran. */
export function statementTimeoutError(): WeftkitError {
  return new WeftkitError(
    "statement_timeout",
    "the work ran past its deadline and was undone: give it more time or less to do",
  );
}

/** The deadline passed while the work waited for others. */
export function lockTimeoutError(what: string): WeftkitError {
  return new WeftkitError("lock_timeout", `${what}: try again, or wait longer`);
}

/** Two or more transactions wait for each other; this one was chosen to give up. */
export function deadlockError(): WeftkitError {
  return new WeftkitError(
    "deadlock",
    "this transaction and others wait for each other's locks: roll it back and try again",
  );
}

import { accessSync, constants, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { WeftkitError } from "@weftkit/core";
import Database from "better-sqlite3";

/** Below this a volume counts as full when a write to it failed for a reason that SQLite does not pass on. */
const fullBelowBytes = 1024 * 1024;

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
  if (isCorruption(code)) return corrupt(file, error);
  if (!code.startsWith("SQLITE_IOERR") && code !== "EIO") return error;
  // SQLite keeps the operating system's error to itself, so the volume is asked what is wrong with it.
  if (volumeIsReadOnly(file)) return readOnly(file, error);
  if (volumeIsFull(file)) return diskFull(file, error);
  return ioError(file, error);
}

/** What the machine below did to a read: `corrupt` or `io_error`; everything else comes back as it is. */
export function readError(error: unknown, file: string): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  if (isCorruption(code)) return corrupt(file, error);
  return code.startsWith("SQLITE_IOERR") ? ioError(file, error) : error;
}

/** SQLITE_CORRUPT_VTAB and its kin included; a file system that says that it is corrupt, too. */
function isCorruption(code: string): boolean {
  return code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB" || code === "SQLITE_IOERR_CORRUPTFS";
}

function volumeIsReadOnly(file: string): boolean {
  try {
    accessSync(dirname(file), constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EROFS";
  }
}

function volumeIsFull(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file));
    return bavail * bsize < fullBelowBytes;
  } catch {
    // The volume does not even answer: that is no full disk, whatever it is.
    return false;
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
    `${file} cannot be written, its volume or folder is read-only: mount it writable (a volume that became read-only by itself has had an I/O error: see the kernel's log)`,
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

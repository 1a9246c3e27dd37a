import { WeftkitError } from "@weftkit/core";
import type { Database } from "better-sqlite3";
import type { StoreOptions } from "./types.ts";

/** SQLite's own default, and what a page capture counts in. */
export const pageSize = 4096;

/**
 * Checks that the file is new or this application's, and not from a later version; a new one gets its name.
 * Nothing is written to a file that is not ours.
 *
 * @throws WeftkitError `wrong_application` or `newer_schema`
 */
export function claimFile(db: Database, options: StoreOptions): void {
  const { file, applicationId, migrations } = options;
  const found = db.pragma("application_id", { simple: true }) as number;
  const version = db.pragma("user_version", { simple: true }) as number;
  const bytesPerPage = db.pragma("page_size", { simple: true }) as number;
  if (found !== applicationId) {
    if (found !== 0 || version !== 0 || hasTables(db)) throw foreignFile(file, found, applicationId);
    db.pragma(`application_id = ${applicationId}`);
  }
  if (bytesPerPage !== pageSize) {
    throw new WeftkitError(
      "wrong_application",
      `${file} has pages of ${bytesPerPage} bytes instead of ${pageSize}, so another program made or rebuilt it: restore it, or name another file`,
    );
  }
  if (version > migrations.length) {
    throw new WeftkitError(
      "newer_schema",
      `${file} has schema version ${version}, this program knows ${migrations.length}: a later version wrote it; start that version, or restore an older push`,
    );
  }
}

function hasTables(db: Database): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() !== undefined;
}

function foreignFile(file: string, found: number, expected: number): WeftkitError {
  const hex = (id: number) => `0x${(id >>> 0).toString(16).padStart(8, "0")}`;
  return new WeftkitError(
    "wrong_application",
    `${file} belongs to another engine or program (application id ${hex(found)}, not ${hex(expected)}): name another data folder`,
  );
}

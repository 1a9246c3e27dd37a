import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import { versionNotFound } from "../problems.ts";
import type { StoredDocument } from "./documents.ts";

/** Why there is a version. */
export type VersionAction = "created" | "updated" | "restored" | "renamed" | "relinked" | "imported";

export interface Version {
  readonly version: number;
  readonly action: VersionAction;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly author: string;
  readonly sizeBytes: number;
}

const columns = "version, action, at, author, size AS sizeBytes";

export function insertVersion(db: Database, documentRow: number, version: Version & { text: string }): void {
  statement(
    db,
    "INSERT INTO versions (document, version, action, at, author, size, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
  ).run(
    documentRow,
    version.version,
    version.action,
    version.at,
    version.author,
    version.sizeBytes,
    version.text,
  );
}

/** Removes the versions beyond the newest `kept`; 0 keeps all. */
export function pruneVersions(db: Database, documentRow: number, newest: number, kept: number): void {
  if (kept === 0 || newest <= kept) return;
  statement(db, "DELETE FROM versions WHERE document = ? AND version <= ?").run(documentRow, newest - kept);
}

/** Newest first, before the version `before`. */
export function listVersions(db: Database, documentRow: number, before: number, limit: number): Version[] {
  const sql = `SELECT ${columns} FROM versions WHERE document = ? AND version < ? ORDER BY version DESC LIMIT ?`;
  return statement(db, sql).all(documentRow, before, limit) as Version[];
}

/** @throws Problem `version-not-found` */
export function requireVersion(
  db: Database,
  document: StoredDocument,
  version: number,
): Version & { readonly text: string } {
  const sql = `SELECT ${columns}, text FROM versions WHERE document = ? AND version = ?`;
  const found = statement(db, sql).get(document.row, version);
  if (found === undefined) {
    throw versionNotFound(
      `the document ${document.id} has no version ${version} (any more); the current one is ${document.version}`,
    );
  }
  return found as Version & { text: string };
}

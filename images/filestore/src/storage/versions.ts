import { randomBytes } from "node:crypto";
import { isRecording } from "@weftkit/changes";
import { type Database, statement } from "@weftkit/store";
import type { Bucket } from "./buckets.ts";
import { releaseContent } from "./contents.ts";
import type { ObjectDetails, PartDetails } from "./details.ts";
import { recordVersion, type ToldVersion, toldVersion } from "./record-changes.ts";

/** A version of an object, or a delete marker. */
export interface Version {
  readonly row: number;
  readonly bucket: number;
  readonly key: string;
  /** Null is the version that clients call "null". */
  readonly versionId: string | null;
  readonly isLatest: boolean;
  readonly isMarker: boolean;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modifiedAt: number;
  /** The owner's canonical id. */
  readonly account: string;
  readonly content: number | null;
  /** 0: it was put whole. */
  readonly parts: number;
  readonly details: ObjectDetails;
}

export interface VersionPart {
  readonly number: number;
  readonly content: number | null;
  readonly size: number;
  readonly details: PartDetails;
}

export type NewVersion = Pick<
  Version,
  "key" | "size" | "etag" | "modifiedAt" | "account" | "content" | "details"
> & {
  readonly isMarker?: boolean;
  readonly parts?: readonly VersionPart[];
};

const columns = `row, bucket, key, version_id AS versionId, is_latest AS isLatest, is_marker AS isMarker, size, etag,
  modified_at AS modifiedAt, account, content, parts, details`;

export type VersionRow = Omit<Version, "isLatest" | "isMarker" | "details"> & {
  readonly isLatest: number;
  readonly isMarker: number;
  readonly details: string;
};

export function versionOf(row: VersionRow): Version {
  return {
    ...row,
    isLatest: row.isLatest === 1,
    isMarker: row.isMarker === 1,
    details: JSON.parse(row.details) as ObjectDetails,
  };
}

export const versionColumns = columns;

/** Rows are given out here, as the newest version must have the highest. */
export class VersionSequence {
  #last = 0;

  open(db: Database): void {
    const sql = "SELECT max(row) FROM versions";
    this.#last = (statement(db, sql, { pluck: true }).get() as number | null) ?? 0;
  }

  next(): number {
    return ++this.#last;
  }
}

/** The newest version or delete marker. */
export function latestVersion(db: Database, bucket: Bucket, key: string): Version | undefined {
  const sql = `SELECT ${columns} FROM versions WHERE bucket = ? AND key = ? ORDER BY row DESC LIMIT 1`;
  const row = statement(db, sql).get(bucket.row, key) as VersionRow | undefined;
  return row && versionOf(row);
}

export function versionById(db: Database, bucket: Bucket, key: string, id: string): Version | undefined {
  if (id === "null") return nullVersion(db, bucket, key);
  const number = rowOfId(id);
  if (number === undefined) return undefined;
  const row = statement(db, `SELECT ${columns} FROM versions WHERE row = ?`).get(number) as
    | VersionRow
    | undefined;
  return row?.bucket === bucket.row && row.key === key && row.versionId === id ? versionOf(row) : undefined;
}

/** Whether this can be a version's id at all. */
export function isVersionId(id: string): boolean {
  return id === "null" || rowOfId(id) !== undefined;
}

const idPattern = /^([0-9a-z]{9})[0-9a-zA-Z_-]{23}$/;

/** An id has the row in it, by which it is found, and chance, so that it cannot be guessed. */
function newVersionId(row: number): string {
  return row.toString(36).padStart(9, "0") + randomBytes(18).toString("base64url").slice(0, 23);
}

function rowOfId(id: string): number | undefined {
  const match = idPattern.exec(id);
  return match === null ? undefined : Number.parseInt(match[1]!, 36);
}

function nullVersion(db: Database, bucket: Bucket, key: string): Version | undefined {
  const sql = `SELECT row FROM versions WHERE bucket = ? AND key = ? AND version_id IS NULL ORDER BY row DESC LIMIT 1`;
  const row = statement(db, sql, { pluck: true }).get(bucket.row, key) as number | undefined;
  if (row === undefined) return undefined;
  return versionOf(statement(db, `SELECT ${columns} FROM versions WHERE row = ?`).get(row) as VersionRow);
}

/** Writes a version as the newest one; in a bucket without versions, in the place of the one that is there. */
export function putVersion(
  db: Database,
  sequence: VersionSequence,
  bucket: Bucket,
  version: NewVersion,
): { readonly row: number; readonly versionId: string | null; readonly leavesFiles: boolean } {
  const { key, parts = [] } = version;
  const hasId = bucket.versioning === "on";
  const isTold = isRecording(db);
  let replaced: ToldVersion | undefined;
  let leavesFiles = false;
  const latest = statement(
    db,
    "SELECT row, version_id AS versionId FROM versions WHERE bucket = ? AND key = ? ORDER BY row DESC LIMIT 1",
  ).get(bucket.row, key) as { row: number; versionId: string | null } | undefined;
  if (latest !== undefined) {
    if (!hasId && latest.versionId === null) {
      if (isTold) replaced = toldVersion(db, versionByRow(db, latest.row));
      leavesFiles = deleteRow(db, latest.row);
    } else {
      statement(db, "UPDATE versions SET is_latest = 0 WHERE row = ?").run(latest.row);
      if (!hasId) {
        const before = nullVersion(db, bucket, key);
        if (isTold) replaced = toldVersion(db, before);
        if (before !== undefined) leavesFiles = deleteRow(db, before.row);
      }
    }
  }
  const row = sequence.next();
  const versionId = hasId ? newVersionId(row) : null;
  const sql = `INSERT INTO versions (row, bucket, key, version_id, is_latest, is_marker, size, etag, modified_at, account,
    content, parts, details) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)`;
  statement(db, sql).run(
    row,
    bucket.row,
    key,
    versionId,
    version.isMarker === true ? 1 : 0,
    version.size,
    version.etag,
    version.modifiedAt,
    version.account,
    version.content,
    parts.length,
    JSON.stringify(version.details),
  );
  const insertPart =
    "INSERT INTO version_parts (version, number, content, size, details) VALUES (?, ?, ?, ?, ?)";
  for (const part of parts) {
    statement(db, insertPart).run(row, part.number, part.content, part.size, JSON.stringify(part.details));
  }
  if (isTold) recordVersion(db, replaced, toldVersion(db, versionByRow(db, row)));
  return { row, versionId, leavesFiles };
}

/** Removes a version for good; the one before it is the newest then. Returns whether a file may be left to remove. */
export function removeVersion(
  db: Database,
  version: Pick<Version, "row" | "bucket" | "key" | "isLatest">,
): boolean {
  if (isRecording(db)) recordVersion(db, toldVersion(db, versionByRow(db, version.row)), undefined);
  const leavesFiles = deleteRow(db, version.row);
  if (version.isLatest) {
    const sql = `UPDATE versions SET is_latest = 1 WHERE row =
      (SELECT row FROM versions WHERE bucket = ? AND key = ? ORDER BY row DESC LIMIT 1)`;
    statement(db, sql).run(version.bucket, version.key);
  }
  return leavesFiles;
}

function deleteRow(db: Database, row: number): boolean {
  const sql = "DELETE FROM versions WHERE row = ? RETURNING content, parts";
  const { content, parts } = statement(db, sql).get(row) as { content: number | null; parts: number };
  let leavesFiles = content !== null && releaseContent(db, content);
  if (parts > 0) {
    for (const part of partsOf(db, row)) {
      if (part.content !== null && releaseContent(db, part.content)) leavesFiles = true;
    }
    statement(db, "DELETE FROM version_parts WHERE version = ?").run(row);
  }
  return leavesFiles;
}

/** In the order of their numbers. */
export function partsOf(db: Database, version: number): VersionPart[] {
  const sql = "SELECT number, content, size, details FROM version_parts WHERE version = ? ORDER BY number";
  const rows = statement(db, sql).all(version) as (Omit<VersionPart, "details"> & { details: string })[];
  return rows.map((part) => ({ ...part, details: JSON.parse(part.details) as PartDetails }));
}

export function updateDetails(
  db: Database,
  version: Version,
  change: { readonly [Name in keyof ObjectDetails]?: ObjectDetails[Name] | undefined },
): void {
  const details = { ...version.details, ...change };
  statement(db, "UPDATE versions SET details = ? WHERE row = ?").run(JSON.stringify(details), version.row);
  if (isRecording(db))
    recordVersion(db, toldVersion(db, version), toldVersion(db, versionByRow(db, version.row)));
}

export function versionByRow(db: Database, number: number): Version | undefined {
  const row = statement(db, `SELECT ${columns} FROM versions WHERE row = ?`).get(number) as
    | VersionRow
    | undefined;
  return row && versionOf(row);
}

/** Versions and markers of a bucket by key, the newest of each first, after one of them. */
export function versionsAfter(
  db: Database,
  bucket: Bucket,
  after: Pick<Version, "key" | "row"> | undefined,
  limit: number,
): Version[] {
  const rest = `SELECT ${columns} FROM versions INDEXED BY versions_by_key WHERE bucket = ? AND key > ?
    ORDER BY key, row DESC LIMIT ?`;
  if (after === undefined)
    return (statement(db, rest).all(bucket.row, "", limit) as VersionRow[]).map(versionOf);
  const ofKey = `SELECT ${columns} FROM versions WHERE bucket = ? AND key = ? AND row < ? ORDER BY row DESC LIMIT ?`;
  const rows = statement(db, ofKey).all(bucket.row, after.key, after.row, limit) as VersionRow[];
  if (rows.length < limit) {
    rows.push(...(statement(db, rest).all(bucket.row, after.key, limit - rows.length) as VersionRow[]));
  }
  return rows.map(versionOf);
}

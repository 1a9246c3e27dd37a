import type { ChecksumAlgorithm } from "@weftkit/http-aws";
import { type Database, statement } from "@weftkit/store";
import type { Bucket } from "./buckets.ts";
import { releaseContent } from "./contents.ts";
import type { ChecksumType, ObjectDetails, PartDetails } from "./details.ts";

/** What the object of an upload will be. */
export interface UploadDetails extends ObjectDetails {
  /** What parts are checked by, and how the object's checksum is made of theirs. */
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
}

/** An upload in parts that is in progress. */
export interface Upload {
  readonly row: number;
  readonly bucket: number;
  readonly key: string;
  readonly uploadId: string;
  /** Of the object's owner. */
  readonly account: string;
  readonly initiator: string;
  readonly initiatedAt: number;
  readonly details: UploadDetails;
}

export interface UploadPart {
  readonly number: number;
  readonly content: number | null;
  readonly size: number;
  readonly etag: string;
  readonly at: number;
  readonly details: PartDetails;
}

const columns =
  "row, bucket, key, upload_id AS uploadId, account, initiator, initiated_at AS initiatedAt, details";

type UploadRow = Omit<Upload, "details"> & { readonly details: string };
type PartRow = Omit<UploadPart, "details"> & { readonly details: string };

const uploadOf = (row: UploadRow): Upload => ({ ...row, details: JSON.parse(row.details) as UploadDetails });
const partOf = (row: PartRow): UploadPart => ({ ...row, details: JSON.parse(row.details) as PartDetails });

export function insertUpload(db: Database, upload: Omit<Upload, "row">): void {
  const sql = `INSERT INTO uploads (bucket, key, upload_id, account, initiator, initiated_at, touched_at, details)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
  const { bucket, key, uploadId, account, initiator, initiatedAt, details } = upload;
  statement(db, sql).run(
    bucket,
    key,
    uploadId,
    account,
    initiator,
    initiatedAt,
    initiatedAt,
    JSON.stringify(details),
  );
}

export function findUpload(db: Database, bucket: Bucket, key: string, uploadId: string): Upload | undefined {
  const row = statement(db, `SELECT ${columns} FROM uploads WHERE upload_id = ?`).get(uploadId) as
    | UploadRow
    | undefined;
  return row?.bucket === bucket.row && row.key === key ? uploadOf(row) : undefined;
}

/** Takes a part in, in the place of one of that number. Returns whether a file may be left to remove. */
export function putPart(db: Database, upload: Upload, part: UploadPart): boolean {
  const before = findPart(db, upload, part.number);
  const sql = `INSERT INTO upload_parts (upload, number, content, size, etag, at, details) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET content = excluded.content, size = excluded.size, etag = excluded.etag, at = excluded.at,
    details = excluded.details`;
  const { number, content, size, etag, at, details } = part;
  statement(db, sql).run(upload.row, number, content, size, etag, at, JSON.stringify(details));
  statement(db, "UPDATE uploads SET touched_at = ? WHERE row = ?").run(at, upload.row);
  return before?.content != null && releaseContent(db, before.content);
}

const partColumns = "number, content, size, etag, at, details";

export function findPart(db: Database, { row }: Upload, number: number): UploadPart | undefined {
  const sql = `SELECT ${partColumns} FROM upload_parts WHERE upload = ? AND number = ?`;
  const found = statement(db, sql).get(row, number) as PartRow | undefined;
  return found && partOf(found);
}

/** By number, after `after`. */
export function listParts(db: Database, { row }: Upload, after: number, limit: number): UploadPart[] {
  const sql = `SELECT ${partColumns} FROM upload_parts WHERE upload = ? AND number > ? ORDER BY number LIMIT ?`;
  return (statement(db, sql).all(row, after, limit) as PartRow[]).map(partOf);
}

/** Forgets an upload. Parts whose content `keeps` are not released: something else names it now. */
export function removeUpload(
  db: Database,
  { row }: Pick<Upload, "row">,
  keeps: ReadonlySet<number> = new Set(),
): boolean {
  let leavesFiles = false;
  const sql = "SELECT number, content FROM upload_parts WHERE upload = ?";
  for (const { number, content } of statement(db, sql).all(row) as {
    number: number;
    content: number | null;
  }[]) {
    if (content !== null && !keeps.has(number) && releaseContent(db, content)) leavesFiles = true;
  }
  statement(db, "DELETE FROM upload_parts WHERE upload = ?").run(row);
  statement(db, "DELETE FROM uploads WHERE row = ?").run(row);
  return leavesFiles;
}

/** Uploads by key and age, after a key and of it after a row. */
export function listUploadRows(
  db: Database,
  bucket: Bucket,
  { from, isExclusive, before, limit }: { from: string; isExclusive: boolean; before: string; limit: number },
): Upload[] {
  const sql = `SELECT ${columns} FROM uploads WHERE bucket = ? AND key ${isExclusive ? ">" : ">="} ? AND key < ?
    ORDER BY key, row LIMIT ?`;
  return (statement(db, sql).all(bucket.row, from, before, limit) as UploadRow[]).map(uploadOf);
}

export function uploadsOfKey(
  db: Database,
  bucket: Bucket,
  key: string,
  afterRow: number,
  limit: number,
): Upload[] {
  const sql = `SELECT ${columns} FROM uploads WHERE bucket = ? AND key = ? AND row > ? ORDER BY row LIMIT ?`;
  return (statement(db, sql).all(bucket.row, key, afterRow, limit) as UploadRow[]).map(uploadOf);
}

/** Uploads that nobody has sent a part to since `before`. */
export function staleUploads(db: Database, before: number, limit: number): Upload[] {
  const sql = `SELECT ${columns} FROM uploads WHERE touched_at < ? ORDER BY touched_at LIMIT ?`;
  return (statement(db, sql).all(before, limit) as UploadRow[]).map(uploadOf);
}

export interface Completed {
  readonly bucket: number;
  readonly key: string;
  readonly version: number;
}

export function rememberCompleted(
  db: Database,
  uploadId: string,
  { bucket, key, version }: Completed,
  at: number,
): void {
  const sql = "INSERT INTO completed_uploads (upload_id, bucket, key, version, at) VALUES (?, ?, ?, ?, ?)";
  statement(db, sql).run(uploadId, bucket, key, version, at);
}

export function findCompleted(db: Database, uploadId: string): Completed | undefined {
  const sql = "SELECT bucket, key, version FROM completed_uploads WHERE upload_id = ?";
  return statement(db, sql).get(uploadId) as Completed | undefined;
}

export function forgetCompleted(db: Database, before: number): void {
  statement(db, "DELETE FROM completed_uploads WHERE at < ?").run(before);
}

export function uploadsBegunBefore(db: Database, bucket: Bucket, before: number, limit: number): Upload[] {
  const sql = `SELECT ${columns} FROM uploads WHERE bucket = ? AND initiated_at < ? ORDER BY initiated_at LIMIT ?`;
  return (statement(db, sql).all(bucket.row, before, limit) as UploadRow[]).map(uploadOf);
}

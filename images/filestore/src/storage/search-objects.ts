import { type Database, statement } from "@weftkit/store";
import type { Bucket } from "./buckets.ts";
import { afterPrefix } from "./successor.ts";
import { type Version, type VersionRow, versionColumns, versionOf } from "./versions.ts";

/** Whether an object is one of those that are looked for. */
export type ObjectFilter = (version: Version) => boolean;

export interface SearchRequest {
  readonly prefix: string;
  /** Only keys after this one. */
  readonly after: string;
  readonly limit: number;
  readonly matches: ObjectFilter;
}

export interface Found {
  readonly versions: readonly Version[];
  /** Where it goes on; undefined at the end. */
  readonly next: string | undefined;
}

const batch = 256;
const end = "\u{10ffff}".repeat(257);
/** One look takes this long at most; then the page ends, with what was found. */
const lookMs = 20;

/** Looks through the objects of a bucket in the order of their keys. A page may be short, even empty, and yet have a next one. */
export function searchObjects(
  db: Database,
  bucket: Bucket,
  { prefix, after, limit, matches }: SearchRequest,
): Found {
  const before = afterPrefix(prefix) ?? end;
  const sql = `SELECT ${versionColumns} FROM versions INDEXED BY live_by_key
    WHERE bucket = ? AND is_latest = 1 AND is_marker = 0 AND key > ? AND key >= ? AND key < ? ORDER BY key LIMIT ?`;
  const endsMs = performance.now() + lookMs;
  const versions: Version[] = [];
  let from = after;
  for (;;) {
    const rows = statement(db, sql).all(bucket.row, from, prefix, before, batch) as VersionRow[];
    for (const row of rows) {
      from = row.key;
      const version = versionOf(row);
      if (!matches(version)) continue;
      versions.push(version);
      if (versions.length === limit) return { versions, next: from };
    }
    if (rows.length < batch) return { versions, next: undefined };
    if (performance.now() > endsMs) return { versions, next: from };
  }
}

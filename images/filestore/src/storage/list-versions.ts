import { type Database, statement } from "@weftkit/store";
import type { Bucket } from "./buckets.ts";
import { commonPrefixOf, compareKeys, type Entry } from "./listing.ts";
import { afterPrefix } from "./successor.ts";
import { type Version, type VersionRow, versionColumns, versionOf } from "./versions.ts";

export interface ListVersionsRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly keyMarker: string;
  /** Of `keyMarker`: go on after this version of it. */
  readonly afterRow: number | undefined;
  readonly limit: number;
}

export interface ListedVersions {
  readonly entries: readonly Entry<Version>[];
  /** Undefined when there is no next page. */
  readonly next: { readonly key: string; readonly version: Version | undefined } | undefined;
}

const stepsMax = 256;
const end = "\u{10ffff}".repeat(257);

/** A page of all versions and delete markers, by key, the newest of each first. Common prefixes are skipped as in `listLive`. */
export function listVersions(db: Database, bucket: Bucket, request: ListVersionsRequest): ListedVersions {
  const { prefix, delimiter, keyMarker, afterRow, limit } = request;
  const before = afterPrefix(prefix) ?? end;
  const entries: Entry<Version>[] = [];
  let from = prefix;
  /** Of the key `from`: only versions older than this one; 0 is none of it. */
  let olderThan: number | undefined;
  if (keyMarker !== "") {
    const common = commonPrefixOf(keyMarker, prefix, delimiter);
    if (common === keyMarker) from = afterPrefix(common) ?? end;
    else if (compareKeys(keyMarker, prefix) >= 0) {
      from = keyMarker;
      olderThan = afterRow ?? 0;
    }
  }
  const ofKey = `SELECT ${versionColumns} FROM versions WHERE bucket = ? AND key = ? AND row < ? ORDER BY row DESC LIMIT ?`;
  const ofRange = (lower: string) => `SELECT ${versionColumns} FROM versions INDEXED BY versions_by_key
    WHERE bucket = ? AND key ${lower} ? AND key < ? ORDER BY key, row DESC LIMIT ?`;
  let last: { key: string; version: Version | undefined } | undefined;
  for (;;) {
    const wanted = Math.min(limit + 1 - entries.length, stepsMax);
    let rows: VersionRow[];
    if (olderThan !== undefined && olderThan > 0) {
      rows = statement(db, ofKey).all(bucket.row, from, olderThan, wanted) as VersionRow[];
      if (rows.length < wanted) {
        const rest = statement(db, ofRange(">")).all(bucket.row, from, before, wanted - rows.length);
        rows.push(...(rest as VersionRow[]));
      }
    } else {
      const sql = ofRange(olderThan === undefined ? ">=" : ">");
      rows = statement(db, sql).all(bucket.row, from, before, wanted) as VersionRow[];
    }
    let hasSkipped = false;
    for (const found of rows) {
      if (entries.length === limit) return { entries, next: last };
      const common = commonPrefixOf(found.key, prefix, delimiter);
      if (common === undefined) {
        const version = versionOf(found);
        entries.push({ kind: "row", row: version });
        last = { key: version.key, version };
        from = version.key;
        olderThan = version.row;
        continue;
      }
      entries.push({ kind: "prefix", prefix: common });
      last = { key: common, version: undefined };
      from = afterPrefix(common) ?? end;
      olderThan = undefined;
      hasSkipped = true;
      break;
    }
    if (!hasSkipped && rows.length < wanted) return { entries, next: undefined };
  }
}

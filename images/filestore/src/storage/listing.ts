import { type Database, statement } from "@weftkit/store";
import type { Bucket } from "./buckets.ts";
import { afterPrefix } from "./successor.ts";
import { type Version, type VersionRow, versionColumns, versionOf } from "./versions.ts";

export interface ListRequest {
  readonly prefix: string;
  /** Empty: none. */
  readonly delimiter: string;
  /** Only what comes after this; a common prefix that was the last of a page is skipped whole. */
  readonly after: string;
  readonly limit: number;
}

/** What a listing gives, in its order. */
export type Entry<Row> =
  | { readonly kind: "row"; readonly row: Row }
  | { readonly kind: "prefix"; readonly prefix: string };

export interface Listed<Row> {
  readonly entries: readonly Entry<Row>[];
  /** Where the next page begins, exclusive; undefined when there is none. */
  readonly next: string | undefined;
}

/** Keys that are read at once before the listing looks whether it can skip some. */
const stepsMax = 256;

/**
 * A page of the objects of a bucket by key. What has a common prefix is skipped with one look into the index, so that a page
 * costs by what is in it, not by what is below it.
 */
export function listLive(db: Database, bucket: Bucket, request: ListRequest): Listed<Version> {
  const select = (lower: string) =>
    `SELECT ${versionColumns} FROM versions INDEXED BY live_by_key
     WHERE bucket = ? AND is_latest = 1 AND is_marker = 0 AND key ${lower} ? AND key < ? ORDER BY key LIMIT ?`;
  return listKeys(request, (from, isExclusive, before, limit) => {
    const sql = select(isExclusive ? ">" : ">=");
    const found = statement(db, sql).all(bucket.row, from, before, limit) as VersionRow[];
    return found.map(versionOf);
  });
}

/** After every key that there can be: they have at most 1024 bytes, and U+10FFFF is the last character. */
const end = "\u{10ffff}".repeat(257);

export function listKeys<Row extends { readonly key: string }>(
  { prefix, delimiter, after, limit }: ListRequest,
  read: (from: string, isExclusive: boolean, before: string, limit: number) => Row[],
): Listed<Row> {
  const before = afterPrefix(prefix) ?? end;
  const entries: Entry<Row>[] = [];
  let from = prefix;
  let isExclusive = false;
  if (after !== "") {
    const common = commonPrefixOf(after, prefix, delimiter);
    if (common === after) from = afterPrefix(common) ?? end;
    // What is before the prefix is before all of its keys.
    else if (compareKeys(after, prefix) >= 0) {
      from = after;
      isExclusive = true;
    }
  }
  let last: string | undefined;
  for (;;) {
    const missing = limit + 1 - entries.length;
    const wanted = delimiter === "" ? missing : Math.min(missing, stepsMax);
    const rows = read(from, isExclusive, before, wanted);
    let hasSkipped = false;
    for (const row of rows) {
      const common = commonPrefixOf(row.key, prefix, delimiter);
      if (entries.length === limit) return { entries, next: last };
      if (common === undefined) {
        entries.push({ kind: "row", row });
        last = row.key;
        from = row.key;
        isExclusive = true;
        continue;
      }
      entries.push({ kind: "prefix", prefix: common });
      last = common;
      from = afterPrefix(common) ?? end;
      isExclusive = false;
      hasSkipped = true;
      break;
    }
    if (!hasSkipped && rows.length < wanted) return { entries, next: undefined };
  }
}

/** What of a key stands up to the first delimiter after the prefix; undefined when there is none. */
export function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === "" || !key.startsWith(prefix)) return undefined;
  const found = key.indexOf(delimiter, prefix.length);
  return found === -1 ? undefined : key.slice(0, found + delimiter.length);
}

/** As SQLite orders them: by their UTF-8 bytes. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

import type { Database } from "@weftkit/store";
import type { Bucket } from "./buckets.ts";
import { commonPrefixOf, compareKeys, type Entry } from "./listing.ts";
import { afterPrefix } from "./successor.ts";
import { findUpload, listUploadRows, type Upload, uploadsOfKey } from "./uploads.ts";

export interface ListUploadsRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly keyMarker: string;
  /** Of `keyMarker`: go on after this upload of it. */
  readonly uploadIdMarker: string;
  readonly limit: number;
}

export interface ListedUploads {
  readonly entries: readonly Entry<Upload>[];
  readonly next: { readonly key: string; readonly uploadId: string | undefined } | undefined;
}

const stepsMax = 256;
const end = "\u{10ffff}".repeat(257);

/** A page of the uploads in progress, by key and then by when they began. Common prefixes are skipped as in `listLive`. */
export function listUploads(db: Database, bucket: Bucket, request: ListUploadsRequest): ListedUploads {
  const { prefix, delimiter, keyMarker, uploadIdMarker, limit } = request;
  const before = afterPrefix(prefix) ?? end;
  const entries: Entry<Upload>[] = [];
  let from = prefix;
  let isExclusive = false;
  /** Of the key `from`: go on after this row; undefined is none of it, or all where it is not exclusive. */
  let afterRow: number | undefined;
  if (keyMarker !== "") {
    const common = commonPrefixOf(keyMarker, prefix, delimiter);
    if (common === keyMarker) from = afterPrefix(common) ?? end;
    else if (compareKeys(keyMarker, prefix) >= 0) {
      from = keyMarker;
      isExclusive = true;
      if (uploadIdMarker !== "") afterRow = findUpload(db, bucket, keyMarker, uploadIdMarker)?.row;
    }
  }
  let last: ListedUploads["next"];
  for (;;) {
    const wanted = Math.min(limit + 1 - entries.length, stepsMax);
    const rows = afterRow === undefined ? [] : uploadsOfKey(db, bucket, from, afterRow, wanted);
    if (rows.length < wanted) {
      rows.push(...listUploadRows(db, bucket, { from, isExclusive, before, limit: wanted - rows.length }));
    }
    let hasSkipped = false;
    for (const upload of rows) {
      if (entries.length === limit) return { entries, next: last };
      const common = commonPrefixOf(upload.key, prefix, delimiter);
      if (common === undefined) {
        entries.push({ kind: "row", row: upload });
        last = { key: upload.key, uploadId: upload.uploadId };
        from = upload.key;
        isExclusive = true;
        afterRow = upload.row;
        continue;
      }
      entries.push({ kind: "prefix", prefix: common });
      last = { key: common, uploadId: undefined };
      from = afterPrefix(common) ?? end;
      isExclusive = false;
      afterRow = undefined;
      hasSkipped = true;
      break;
    }
    if (!hasSkipped && rows.length < wanted) return { entries, next: undefined };
  }
}

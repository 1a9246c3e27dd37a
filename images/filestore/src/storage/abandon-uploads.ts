import { type Database, statement } from "@weftkit/store";
import type { Bucket } from "./buckets.ts";
import { removeUpload } from "./uploads.ts";

/** Forgets all uploads into a bucket that is deleted. Returns whether a file may be left to remove. */
export function abandonUploads(db: Database, bucket: Bucket): boolean {
  let leavesFiles = false;
  const rows = statement(db, "SELECT row FROM uploads WHERE bucket = ?", { pluck: true }).all(
    bucket.row,
  ) as number[];
  for (const row of rows) if (removeUpload(db, { row })) leavesFiles = true;
  return leavesFiles;
}

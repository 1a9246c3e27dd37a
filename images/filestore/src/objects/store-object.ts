import type { Database } from "@weftkit/store";
import { S3Error } from "../errors.ts";
import type { Bucket } from "../storage/buckets.ts";
import { inlineBytesMax } from "../storage/content-store.ts";
import { storedBytes, useContent, type WrittenContent } from "../storage/contents.ts";
import type { ObjectDetails } from "../storage/details.ts";
import { latestVersion, putVersion } from "../storage/versions.ts";
import { checkWrite, type WriteCondition } from "./preconditions.ts";
import type { Services } from "./services.ts";

export interface NewObject {
  readonly key: string;
  /** The owner's canonical id. */
  readonly account: string;
  /** Undefined: it is empty. */
  readonly content: WrittenContent | undefined;
  /** Of what the client sent, which is shorter or longer than the content only where nothing is. */
  readonly size: number;
  readonly etag: string;
  readonly details: ObjectDetails;
  readonly condition: WriteCondition;
  readonly nowMs: number;
}

/** Writes an object whose content has been written. In a transaction. @throws S3Error `PreconditionFailed`, `EntityTooLarge`, `ServiceUnavailable` */
export function storeObject(
  db: Database,
  services: Services,
  bucket: Bucket,
  object: NewObject,
): { readonly versionId: string | null } {
  const { key, account, content, size, etag, details, condition, nowMs } = object;
  if (condition.ifMatch !== undefined || condition.ifNoneMatch !== undefined) {
    checkWrite(condition, latestVersion(db, bucket, key));
  }
  requireSpace(db, services, content?.size ?? 0);
  const row = content === undefined ? null : useContent(db, content, services.contents.hasFile);
  const { versionId, leavesFiles } = putVersion(db, services.sequence, bucket, {
    key,
    size,
    etag,
    modifiedAt: nowMs,
    account,
    content: row,
    details,
  });
  if (leavesFiles) services.sweeper.sweep();
  return { versionId };
}

/**
 * @throws S3Error `EntityTooLarge` when so much more would be over `max_size`, `ServiceUnavailable` when there is no room on
 * the volume
 */
export function requireSpace(db: Database, { bytesMax, reserve }: Services, bytes: number): void {
  // A file takes room on the volume; a small content may fit into what the database has free.
  if (!reserve.admits(db, bytes > inlineBytesMax ? Number.POSITIVE_INFINITY : bytes)) {
    throw new S3Error("ServiceUnavailable", "The volume is full: only deletions are possible.");
  }
  if (bytesMax === 0 || bytes === 0) return;
  const free = bytesMax - storedBytes(db);
  if (bytes <= free) return;
  throw new S3Error("EntityTooLarge", "The store is full: its max_size is reached.", {
    MaxSizeAllowed: String(Math.max(0, free)),
    ProposedSize: String(bytes),
  });
}

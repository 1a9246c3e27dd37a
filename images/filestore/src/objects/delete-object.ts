import type { Database } from "@weftkit/store";
import type { Bucket } from "../storage/buckets.ts";
import { latestVersion, putVersion, removeVersion, type Version, versionById } from "../storage/versions.ts";
import { requireUnlocked } from "./object-lock.ts";
import type { Services } from "./services.ts";

export interface Deletion {
  readonly key: string;
  /** Undefined: the object, not one of its versions. */
  readonly versionId: string | undefined;
  readonly account: string;
  readonly bypassesGovernance: boolean;
  readonly nowMs: number;
  /** Called with what would be deleted, before it is. */
  check?(current: Version | undefined): void;
}

export interface Deleted {
  /** A delete marker was made, or one was removed. */
  readonly isMarker: boolean;
  /** Of the marker that was made or the version that was removed; undefined in a bucket without versions. */
  readonly versionId: string | undefined;
  /** What there was. */
  readonly before: Version | undefined;
}

/**
 * Deletes an object: with versions it gets a delete marker. A version that is named is gone for good. What is not there is
 * deleted all the same. In a transaction. @throws S3Error `AccessDenied` for what is locked
 */
export function deleteObject(db: Database, services: Services, bucket: Bucket, deletion: Deletion): Deleted {
  const { key, versionId, account, nowMs } = deletion;
  if (versionId !== undefined) {
    const version = versionById(db, bucket, key, versionId);
    deletion.check?.(version);
    if (version === undefined) return { isMarker: false, versionId, before: undefined };
    requireUnlocked(version, deletion);
    if (removeVersion(db, version)) services.sweeper.sweep();
    return { isMarker: version.isMarker, versionId, before: version };
  }
  const current = latestVersion(db, bucket, key);
  deletion.check?.(current);
  if (bucket.versioning === "off") {
    if (current === undefined) return { isMarker: false, versionId: undefined, before: undefined };
    if (removeVersion(db, current)) services.sweeper.sweep();
    return { isMarker: false, versionId: undefined, before: current };
  }
  const marker = putVersion(db, services.sequence, bucket, {
    key,
    size: 0,
    etag: "",
    modifiedAt: nowMs,
    account,
    content: null,
    isMarker: true,
    details: { headers: {}, metadata: {} },
  });
  if (marker.leavesFiles) services.sweeper.sweep();
  return { isMarker: true, versionId: marker.versionId ?? "null", before: current };
}

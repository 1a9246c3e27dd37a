import { recordChange } from "@weftkit/changes";
import { type Database, statement } from "@weftkit/store";
import { findContent } from "./contents.ts";
import type { ObjectDetails } from "./details.ts";

/** What of a version is told; its other members do not matter. */
export interface DescribedVersion {
  readonly bucket: number;
  readonly key: string;
  readonly versionId: string | null;
  readonly isMarker: boolean;
  readonly size: number;
  readonly etag: string;
  readonly modifiedAt: number;
  readonly account: string;
  readonly content: number | null;
  readonly parts: number;
  readonly details: ObjectDetails;
}

/** A version or a delete marker, and how it is told: made while its content is known. */
export interface ToldVersion {
  readonly version: DescribedVersion;
  readonly image: Buffer;
}

/** Undefined for no version. To be called only while somebody listens. */
export function toldVersion(db: Database, version: DescribedVersion | undefined): ToldVersion | undefined {
  return version && { version, image: imageOf(db, version) };
}

/**
 * Tells those who follow of a version of an object or a delete marker: put, put in the place of another, changed, or removed
 * for good. Its content is not told: it is read by bucket, key and version.
 */
export function recordVersion(
  db: Database,
  before: ToldVersion | undefined,
  after: ToldVersion | undefined,
): void {
  const { bucket, key, versionId } = (after ?? before)!.version;
  recordChange(db, () => ({
    namespace: nameOf(db, bucket),
    key: Buffer.from(JSON.stringify({ key, versionId: versionId ?? "null" })),
    op: before === undefined ? "insert" : after === undefined ? "delete" : "update",
    before: before?.image,
    after: after?.image,
    format: "json",
  }));
}

export type BucketCommand = "CreateBucket" | "UpdateBucket" | "DeleteBucket";

/** `about` is what was set. */
export function recordBucket(db: Database, bucket: string, command: BucketCommand, about: object): void {
  recordChange(db, () => ({
    namespace: bucket,
    key: Buffer.alloc(0),
    op: "schema",
    after: Buffer.from(JSON.stringify({ command, bucket, ...about })),
    format: "json",
  }));
}

function nameOf(db: Database, bucket: number): string {
  return statement(db, "SELECT name FROM buckets WHERE row = ?", { pluck: true }).get(bucket) as string;
}

function imageOf(db: Database, version: DescribedVersion): Buffer {
  const { key, versionId, isMarker, size, etag, modifiedAt, account, content, parts, details } = version;
  const { encryption, ...shown } = details;
  // Of what is encrypted only the encrypted content has a hash.
  const hash =
    content === null || encryption !== undefined
      ? undefined
      : findContent(db, content).sha256.toString("hex");
  return Buffer.from(
    JSON.stringify({
      key,
      versionId: versionId ?? "null",
      deleteMarker: isMarker,
      lastModified: new Date(modifiedAt).toISOString(),
      account,
      ...(!isMarker && { size, etag, parts, ...shown }),
      ...(hash !== undefined && { sha256: hash }),
      ...(encryption !== undefined && {
        encryption: {
          kind: encryption.kind,
          ...(encryption.keyId !== undefined && { keyId: encryption.keyId }),
        },
      }),
    }),
  );
}

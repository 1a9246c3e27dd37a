import { createHash, randomBytes } from "node:crypto";
import { type ChecksumAlgorithm, combineChecksums, isCombinable, runningChecksum } from "@weftkit/http-aws";
import type { Database } from "@weftkit/store";
import { S3Error } from "../errors.ts";
import type { Bucket } from "../storage/buckets.ts";
import { useContent, type WrittenContent } from "../storage/contents.ts";
import type { ObjectDetails, PartDetails, StoredChecksum } from "../storage/details.ts";
import {
  findPart,
  insertUpload,
  listParts,
  putPart,
  rememberCompleted,
  removeUpload,
  type Upload,
  type UploadDetails,
  type UploadPart,
} from "../storage/uploads.ts";
import { latestVersion, putVersion } from "../storage/versions.ts";
import { lockOfNew } from "./object-lock.ts";
import { checkWrite, type WriteCondition } from "./preconditions.ts";
import type { Services } from "./services.ts";
import { requireSpace } from "./store-object.ts";

/** Every part but the last has at least so many bytes. */
export const partBytesMin = 5 * 1024 * 1024;
export const partBytesMax = 5 * 1024 ** 3;
export const partsMax = 10_000;
/** The largest object: 50 TiB would be more than a part's number lets be. */
const objectBytesMax = partsMax * partBytesMax;

/** Begins an upload in parts. In a transaction. */
export function startUpload(
  db: Database,
  bucket: Bucket,
  upload: Pick<Upload, "key" | "account" | "initiator" | "initiatedAt" | "details">,
): string {
  const uploadId = randomBytes(32).toString("base64url");
  insertUpload(db, { ...upload, bucket: bucket.row, uploadId });
  return uploadId;
}

export interface NewPart {
  readonly number: number;
  readonly content: WrittenContent | undefined;
  readonly size: number;
  readonly etag: string;
  readonly details: PartDetails;
}

/** Takes a part in whose content has been written. In a transaction. */
export function storePart(
  db: Database,
  services: Services,
  upload: Upload,
  part: NewPart,
  nowMs: number,
): void {
  requireSpace(db, services, part.content?.size ?? 0);
  const content = part.content === undefined ? null : useContent(db, part.content, services.contents.hasFile);
  if (putPart(db, upload, { ...part, content, at: nowMs })) services.sweeper.sweep();
}

/** A part as the client names it. */
export interface NamedPart {
  readonly number: number;
  /** Without quotes; undefined where the client does not say. */
  readonly etag: string | undefined;
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>;
}

export interface Completion {
  readonly parts: readonly NamedPart[];
  readonly condition: WriteCondition;
  /** What the client says of the whole. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined;
  readonly size?: number | undefined;
  readonly nowMs: number;
}

export interface CompletedObject {
  readonly versionId: string | null;
  readonly etag: string;
  readonly checksum: StoredChecksum | undefined;
  readonly parts: number;
}

/** Makes an object of the parts that are named, in their order. In a transaction. @throws S3Error */
export function completeUpload(
  db: Database,
  services: Services,
  bucket: Bucket,
  upload: Upload,
  { parts: named, condition, checksum: declared, size: declaredSize, nowMs }: Completion,
): CompletedObject {
  const { key, uploadId, account } = upload;
  if (named.length === 0 || named.length > partsMax) throw new S3Error("MalformedXML");
  const parts: UploadPart[] = [];
  let before = 0;
  named.forEach(({ number, etag, checksums }, index) => {
    if (number < before) throw new S3Error("InvalidPartOrder", undefined, { UploadId: uploadId });
    before = number;
    // A part that was sent twice may be named twice: the later one counts.
    if (named[index + 1]?.number === number) return;
    const part = findPart(db, upload, number);
    const known = part?.details.checksum;
    const wrong =
      known !== undefined && checksums.has(known.algorithm) && checksums.get(known.algorithm) !== known.value;
    if (part === undefined || (etag !== undefined && etag !== part.etag) || wrong) {
      throw new S3Error("InvalidPart", undefined, {
        UploadId: uploadId,
        PartNumber: String(number),
        ...(etag !== undefined && { ETag: etag }),
      });
    }
    parts.push(part);
  });
  parts.forEach((part, index) => {
    if (index < parts.length - 1 && part.size < partBytesMin) {
      throw new S3Error("EntityTooSmall", undefined, {
        ProposedSize: String(part.size),
        MinSizeAllowed: String(partBytesMin),
        PartNumber: String(part.number),
        ETag: part.etag,
      });
    }
  });
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (size > objectBytesMax) throw new S3Error("EntityTooLarge");
  if (declaredSize !== undefined && declaredSize !== size) {
    throw new S3Error(
      "InvalidRequest",
      "The provided 'x-amz-mp-object-size' header does not match what was computed.",
    );
  }
  const checksum = checksumOfParts(upload.details, parts);
  if (declared !== undefined && checksum !== undefined && declared.algorithm === checksum.algorithm) {
    const value = declared.value.replace(/-\d+$/, "");
    if (value !== checksum.value)
      throw new S3Error(
        "BadDigest",
        `The ${declared.algorithm} you specified did not match the calculated checksum.`,
      );
  }
  checkWrite(condition, latestVersion(db, bucket, key));
  const digests = parts.map(({ etag }) => Buffer.from(etag, "hex"));
  const etag = `${createHash("md5").update(Buffer.concat(digests)).digest("hex")}-${parts.length}`;
  const { checksumAlgorithm: _, checksumType: __, ...details } = upload.details;
  const lock = lockOfNew(bucket, details.lock, nowMs);
  const { row, versionId, leavesFiles } = putVersion(db, services.sequence, bucket, {
    key,
    size,
    etag,
    modifiedAt: nowMs,
    account,
    content: null,
    parts: parts.map(({ number, content, size: bytes, details: part }) => ({
      number,
      content,
      size: bytes,
      details: part,
    })),
    details: {
      ...details,
      ...(lock !== undefined && { lock }),
      ...(checksum !== undefined && { checksum }),
    } satisfies ObjectDetails,
  });
  const isLeft = removeUpload(db, upload, new Set(parts.map(({ number }) => number)));
  rememberCompleted(db, uploadId, { bucket: bucket.row, key, version: row }, nowMs);
  if (leavesFiles || isLeft) services.sweeper.sweep();
  return { versionId, etag, checksum, parts: parts.length };
}

/** The checksum of the whole, of the parts' checksums; undefined where they are of different kinds. */
function checksumOfParts(
  { checksumAlgorithm, checksumType }: UploadDetails,
  parts: readonly UploadPart[],
): StoredChecksum | undefined {
  const algorithm = checksumAlgorithm ?? parts[0]?.details.checksum?.algorithm;
  if (algorithm === undefined || parts.some(({ details }) => details.checksum?.algorithm !== algorithm))
    return undefined;
  const type =
    checksumType ??
    (checksumAlgorithm === undefined && isCombinable(algorithm) ? "FULL_OBJECT" : "COMPOSITE");
  const sums = parts.map(({ details }): Buffer => Buffer.from(details.checksum!.value, "base64"));
  if (type === "COMPOSITE") {
    const whole = runningChecksum(algorithm);
    for (const sum of sums) whole.update(sum);
    return { algorithm, value: whole.digest().toString("base64"), type };
  }
  const whole = sums.reduce((sum, next, index) => combineChecksums(algorithm, sum, next, parts[index]!.size));
  return { algorithm, value: whole.toString("base64"), type };
}

/** All parts that there are, as a client would name them. */
export function allParts(db: Database, upload: Upload): NamedPart[] {
  return listParts(db, upload, 0, partsMax).map(({ number, etag }) => ({
    number,
    etag,
    checksums: new Map(),
  }));
}

import type { Database } from "@weftkit/store";
import { accessOf } from "../../access/object-access.ts";
import { S3Error } from "../../errors.ts";
import { checkCopySource } from "../../objects/preconditions.ts";
import { type Segment, segmentsOf } from "../../objects/read-object.ts";
import type { Bucket } from "../../storage/buckets.ts";
import { isVersionId, type Version } from "../../storage/versions.ts";
import type { Call } from "../call.ts";
import { keyOfStored } from "../encryption.ts";

export interface CopySource {
  readonly bucket: Bucket;
  readonly version: Version;
  readonly segments: readonly Segment[];
  /** What it is decrypted with. */
  readonly key: Buffer | undefined;
}

/** The object that `x-amz-copy-source` names, in a snapshot. @throws S3Error */
export function copySourceOf(db: Database, call: Call): CopySource {
  const { name, key, versionId } = readCopySource(call.header("x-amz-copy-source")!);
  const bucket = call.anyBucket(db, name);
  call.requireExpectedOwner(bucket, "x-amz-source-expected-bucket-owner");
  const version = call.find(db, bucket, key, versionId);
  const action = versionId === undefined ? "s3:GetObject" : "s3:GetObjectVersion";
  if (version === undefined || version.isMarker) {
    if (version?.isMarker === true && versionId !== undefined) {
      throw new S3Error(
        "InvalidRequest",
        "The source of a copy request may not specifically refer to a delete marker by version id.",
      );
    }
    call.refuseAbsent(bucket, action, key, versionId, undefined);
  }
  call.authorize(bucket, action, key, accessOf(version));
  checkCopySource(call.headers, version);
  const secret = keyOfStored(call, version.details, "x-amz-copy-source-server-side-encryption-customer-");
  return { bucket, version, segments: segmentsOf(db, version), key: secret };
}

function readCopySource(header: string): { name: string; key: string; versionId: string | undefined } {
  const question = header.indexOf("?");
  const path = question === -1 ? header : header.slice(0, question);
  const query = question === -1 ? "" : header.slice(question + 1);
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    throw invalid(header);
  }
  const plain = decoded.startsWith("/") ? decoded.slice(1) : decoded;
  const slash = plain.indexOf("/");
  if (slash < 1 || slash === plain.length - 1) throw invalid(header);
  const versionId = query.startsWith("versionId=") ? query.slice("versionId=".length) : undefined;
  if (versionId !== undefined && !isVersionId(versionId)) {
    throw new S3Error("InvalidArgument", "Invalid version id specified", {
      ArgumentName: "versionId",
      ArgumentValue: versionId,
    });
  }
  return { name: plain.slice(0, slash), key: plain.slice(slash + 1), versionId };
}

function invalid(header: string): S3Error {
  return new S3Error(
    "InvalidArgument",
    "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
    {
      ArgumentName: "x-amz-copy-source",
      ArgumentValue: header,
    },
  );
}

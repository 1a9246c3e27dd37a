import { createHash } from "node:crypto";
import { runningChecksum, xmlDocument, xmlText } from "@weftkit/http-aws";
import type { Database } from "@weftkit/store";
import { S3Error } from "../../errors.ts";
import { type Encryption, encrypting } from "../../objects/encryption.ts";
import { nameContent } from "../../objects/name-content.ts";
import { lockOfNew } from "../../objects/object-lock.ts";
import { checkWrite, writeConditionOf } from "../../objects/preconditions.ts";
import { pinSegments, readSegments } from "../../objects/read-object.ts";
import { storeObject } from "../../objects/store-object.ts";
import type { Bucket } from "../../storage/buckets.ts";
import { useAgain } from "../../storage/contents.ts";
import type { ObjectDetails, StoredChecksum } from "../../storage/details.ts";
import { latestVersion, partsOf, putVersion, versionByRow } from "../../storage/versions.ts";
import { isoTime, namespace, xmlReply } from "../answer/reply.ts";
import type { Call } from "../call.ts";
import { encryptionHeaders, encryptionOfRequest } from "../encryption.ts";
import { detailsOfRequest } from "../object-headers.ts";
import type { Operation } from "../operation.ts";
import { requireKey } from "../request/address.ts";
import { checksumElement, requireAlgorithm } from "../request/checksum-headers.ts";
import { type CopySource, copySourceOf } from "./copy-source.ts";
import { aclOfNew, ownerOfNew, wholeBytesMax } from "./put-object.ts";

export const copyObjectOperation: Operation = {
  name: "CopyObject",
  on: "object",
  method: "PUT",
  header: "x-amz-copy-source",
  run: async (call) => {
    const { services, accountId } = call;
    const key = requireKey(call.key);
    const prepared = await services.read((db) => {
      const bucket = call.bucket(db, "s3:PutObject", key);
      const acl = aclOfNew(call, bucket, accountId);
      const source = copySourceOf(db, call);
      return { bucket, acl, source, release: pinSegments(services, source.segments) };
    });
    const { bucket, acl, source, release } = prepared;
    try {
      const encryption = encryptionOfRequest(call, bucket);
      const asked = directedDetails(call, source, bucket, encryption);
      const details: ObjectDetails = {
        ...asked,
        ...(acl !== undefined && { acl }),
      };
      const owner = ownerOfNew(call, bucket, acl);
      const isShared = encryption === undefined && source.version.details.encryption === undefined;
      if (source.version.size > wholeBytesMax) {
        throw new S3Error(
          "InvalidRequest",
          "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
        );
      }
      const written = isShared
        ? await share(call, bucket, source, key, owner, details)
        : await writeAgain(call, bucket, source, key, owner, details, encryption);
      const { checksum } = written;
      const body = xmlDocument(
        "CopyObjectResult",
        namespace,
        xmlText("LastModified", isoTime(call.nowMs)),
        xmlText("ETag", `"${written.etag}"`),
        checksum === undefined ? "" : xmlText(checksumElement(checksum.algorithm), checksum.value),
        xmlText("ChecksumType", checksum?.type),
      );
      const { version, bucket: from } = source;
      return xmlReply(body, {
        ...(written.versionId !== null && { "x-amz-version-id": written.versionId }),
        ...(from.versioning !== "off" && { "x-amz-copy-source-version-id": version.versionId ?? "null" }),
        ...encryptionHeaders(written.encryption),
      });
    } finally {
      release();
    }
  },
};

/** What the copy keeps of its source, and what it gets anew. @throws S3Error `InvalidRequest`, `InvalidArgument` */
function directedDetails(
  call: Call,
  { version, bucket: from }: CopySource,
  bucket: Bucket,
  encryption: Encryption | undefined,
): ObjectDetails {
  const directive = directiveOf(call, "x-amz-metadata-directive");
  const tagging = directiveOf(call, "x-amz-tagging-directive");
  const asked = detailsOfRequest(call);
  const isSelf = from.row === bucket.row && version.key === call.key;
  const changesNothing =
    directive === "COPY" &&
    asked.storageClass === undefined &&
    call.header("x-amz-storage-class") === undefined &&
    asked.headers["x-amz-website-redirect-location"] === undefined &&
    encryption === undefined &&
    call.query("versionId") === undefined &&
    version.isLatest;
  if (isSelf && changesNothing) {
    throw new S3Error(
      "InvalidRequest",
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const { details } = version;
  const own = directive === "REPLACE" ? asked : { headers: details.headers, metadata: details.metadata };
  const tags = tagging === "REPLACE" ? asked.tags : details.tags;
  const { "x-amz-website-redirect-location": _, ...headers } = own.headers;
  const redirect = asked.headers["x-amz-website-redirect-location"];
  const lock = lockOfNew(bucket, asked.lock, call.nowMs);
  return {
    headers: redirect === undefined ? headers : { ...headers, "x-amz-website-redirect-location": redirect },
    metadata: own.metadata,
    ...(tags !== undefined && { tags }),
    ...(asked.storageClass !== undefined && { storageClass: asked.storageClass }),
    ...(lock !== undefined && { lock }),
  };
}

function directiveOf(call: Call, name: string): "COPY" | "REPLACE" {
  const value = call.header(name) ?? "COPY";
  if (value === "COPY" || value === "REPLACE") return value;
  throw new S3Error("InvalidArgument", "Unknown metadata directive.", {
    ArgumentName: name,
    ArgumentValue: value,
  });
}

interface Written {
  readonly versionId: string | null;
  readonly etag: string;
  readonly checksum: StoredChecksum | undefined;
  readonly encryption: ObjectDetails["encryption"];
}

/** A copy that names the same contents: nothing is read or written but its row. */
async function share(
  call: Call,
  bucket: Bucket,
  source: CopySource,
  key: string,
  account: string,
  details: ObjectDetails,
): Promise<Written> {
  const { services, nowMs } = call;
  const checksum = await askedChecksum(call, source);
  const { etag } = source.version;
  return await services.write((db) => {
    const current = call.anyBucket(db, bucket.name);
    const version = versionByRow(db, source.version.row);
    if (version === undefined) throw new S3Error("NoSuchKey", undefined, { Key: source.version.key });
    checkWriteNow(db, call, current, key);
    const parts = version.parts === 0 ? [] : partsOf(db, version.row);
    if (version.content !== null) useAgain(db, version.content);
    for (const part of parts) if (part.content !== null) useAgain(db, part.content);
    const { versionId, leavesFiles } = putVersion(db, services.sequence, current, {
      key,
      size: version.size,
      etag,
      modifiedAt: nowMs,
      account,
      content: version.content,
      parts,
      details: { ...details, ...(checksum !== undefined && { checksum }) },
    });
    if (leavesFiles) services.sweeper.sweep();
    return { versionId, etag, checksum, encryption: undefined };
  });
}

function checkWriteNow(db: Database, call: Call, bucket: Bucket, key: string): void {
  const condition = writeConditionOf(call.headers);
  if (condition.ifMatch !== undefined || condition.ifNoneMatch !== undefined) {
    checkWrite(condition, latestVersion(db, bucket, key));
  }
}

/** The source's checksum, or one of another kind that the request asks for. */
async function askedChecksum(call: Call, source: CopySource): Promise<StoredChecksum | undefined> {
  const name = call.header("x-amz-checksum-algorithm");
  const { checksum } = source.version.details;
  if (name === undefined) return checksum;
  const algorithm = requireAlgorithm(name);
  if (checksum?.algorithm === algorithm && checksum.type === "FULL_OBJECT") return checksum;
  const sum = runningChecksum(algorithm);
  const { segments, key, version } = source;
  for await (const chunk of readSegments(call.services, segments, key, 0, version.size)) sum.update(chunk);
  return { algorithm, value: sum.digest().toString("base64"), type: "FULL_OBJECT" };
}

/** A copy whose content is another one, as one of the two is encrypted. */
async function writeAgain(
  call: Call,
  bucket: Bucket,
  { segments, key: sourceKey, version }: CopySource,
  key: string,
  account: string,
  details: ObjectDetails,
  encryption: Encryption | undefined,
): Promise<Written> {
  const { services, nowMs } = call;
  const name = call.header("x-amz-checksum-algorithm");
  const algorithm =
    name === undefined ? (version.details.checksum?.algorithm ?? "CRC64NVME") : requireAlgorithm(name);
  const sum = runningChecksum(algorithm);
  const md5 = createHash("md5");
  const plain = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of readSegments(services, segments, sourceKey, 0, version.size)) {
      sum.update(chunk);
      md5.update(chunk);
      yield chunk;
    }
  };
  const { source, iv } = encrypting(plain(), encryption);
  const content = await services.contents.write(source);
  const checksum = { algorithm, value: sum.digest().toString("base64"), type: "FULL_OBJECT" as const };
  const stored = encryption && { ...encryption.stored, ...(iv !== undefined && { iv }) };
  const etag = md5.digest("hex");
  const { versionId } = await nameContent(services, content, (db) =>
    storeObject(db, services, call.anyBucket(db, bucket.name), {
      key,
      account,
      content,
      size: version.size,
      etag,
      details: { ...details, checksum, ...(stored !== undefined && { encryption: stored }) },
      condition: writeConditionOf(call.headers),
      nowMs,
    }),
  );
  return { versionId, etag, checksum, encryption: stored };
}

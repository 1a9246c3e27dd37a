import { childrenOf, textOf, type XmlElement, xmlDocument, xmlElement, xmlText } from "@weftkit/http-aws";
import type { Database } from "@weftkit/store";
import { accessOf } from "../../access/object-access.ts";
import { S3Error, s3ErrorOf } from "../../errors.ts";
import { type Deleted, deleteObject } from "../../objects/delete-object.ts";
import type { Bucket } from "../../storage/buckets.ts";
import { isVersionId, type Version } from "../../storage/versions.ts";
import { emptyReply, namespace, xmlReply } from "../answer/reply.ts";
import type { Call } from "../call.ts";
import type { Operation } from "../operation.ts";

const keysMax = 1000;

export const deleteObjectOperation: Operation = {
  name: "DeleteObject",
  on: "object",
  method: "DELETE",
  run: async (call) => {
    const { services, key, versionId } = call;
    const deleted = await services.free((db) => {
      const bucket = bucketOf(db, call);
      const conditions = {
        etag: call.header("if-match"),
        modified: call.header("x-amz-if-match-last-modified-time"),
        size: call.header("x-amz-if-match-size"),
      };
      return deleteOne(db, call, bucket, key, versionId, conditions);
    });
    return emptyReply(204, deletedHeaders(deleted));
  },
};

interface Conditions {
  readonly etag: string | undefined;
  readonly modified: string | undefined;
  readonly size: string | undefined;
}

function bucketOf(db: Database, call: Call): Bucket {
  const bucket = call.anyBucket(db, call.bucketName);
  call.requireExpectedOwner(bucket, "x-amz-expected-bucket-owner");
  return bucket;
}

function deleteOne(
  db: Database,
  call: Call,
  bucket: Bucket,
  key: string,
  versionId: string | undefined,
  conditions: Conditions,
): Deleted {
  const { services, accountId, nowMs } = call;
  const action = versionId === undefined ? "s3:DeleteObject" : "s3:DeleteObjectVersion";
  const wantsBypass = call.header("x-amz-bypass-governance-retention")?.toLowerCase() === "true";
  return deleteObject(db, services, bucket, {
    key,
    versionId,
    account: accountId,
    nowMs,
    bypassesGovernance: wantsBypass && call.isAllowed(bucket, "s3:BypassGovernanceRetention", key),
    check: (current) => {
      call.authorize(bucket, action, key, current && accessOf(current));
      requireConditions(conditions, current);
    },
  });
}

function requireConditions({ etag, modified, size }: Conditions, current: Version | undefined): void {
  if (etag === undefined && modified === undefined && size === undefined) return;
  const live = current?.isMarker === false ? current : undefined;
  if (live === undefined) {
    if (etag !== undefined && etag !== "*") throw new S3Error("NoSuchKey");
    if (etag === "*") throw new S3Error("PreconditionFailed", undefined, { Condition: "If-Match" });
    return;
  }
  const given = etag?.replace(/^"|"$/g, "");
  if (given !== undefined && given !== "*" && given !== live.etag) throw failed("If-Match");
  if (
    modified !== undefined &&
    Math.floor(Date.parse(modified) / 1000) !== Math.floor(live.modifiedAt / 1000)
  ) {
    throw failed("x-amz-if-match-last-modified-time");
  }
  if (size !== undefined && Number(size) !== live.size) throw failed("x-amz-if-match-size");
}

function failed(condition: string): S3Error {
  return new S3Error("PreconditionFailed", undefined, { Condition: condition });
}

function deletedHeaders({ isMarker, versionId }: Deleted): Record<string, string> {
  return {
    ...(isMarker && { "x-amz-delete-marker": "true" }),
    ...(versionId !== undefined && { "x-amz-version-id": versionId }),
  };
}

export const deleteObjectsOperation: Operation = {
  name: "DeleteObjects",
  on: "bucket",
  method: "POST",
  query: "delete",
  run: async (call) => {
    const { services } = call;
    const request = await call.xml("Delete");
    const isQuiet = textOf(request, "Quiet") === "true";
    const objects = childrenOf(request, "Object");
    if (objects.length === 0 || objects.length > keysMax) throw new S3Error("MalformedXML");
    const results: string[] = [];
    await services.read((db) => bucketOf(db, call));
    // Some at a time, so that others have their turn.
    for (let at = 0; at < objects.length; at += 100) {
      const some = objects.slice(at, at + 100);
      results.push(
        ...(await services.free((db) => some.map((object) => deleteListed(db, call, object, isQuiet)))),
      );
    }
    return xmlReply(xmlDocument("DeleteResult", namespace, ...results));
  },
};

function deleteListed(db: Database, call: Call, object: XmlElement, isQuiet: boolean): string {
  const key = object.children.find(({ name }) => name === "Key")?.text ?? "";
  const versionId = textOf(object, "VersionId") || undefined;
  try {
    if (key === "") throw new S3Error("MalformedXML");
    if (versionId !== undefined && !isVersionId(versionId)) {
      throw new S3Error("NoSuchVersion", "The specified version does not exist.");
    }
    const bucket = bucketOf(db, call);
    const conditions = {
      etag: textOf(object, "ETag"),
      modified: textOf(object, "LastModifiedTime"),
      size: textOf(object, "Size"),
    };
    const deleted = deleteOne(db, call, bucket, key, versionId, conditions);
    if (isQuiet) return "";
    const made = deleted.isMarker ? deleted.versionId : undefined;
    return xmlElement(
      "Deleted",
      xmlText("Key", key),
      xmlText("VersionId", versionId),
      xmlText("DeleteMarker", deleted.isMarker ? true : undefined),
      xmlText("DeleteMarkerVersionId", made),
    );
  } catch (thrown) {
    if (!(thrown instanceof S3Error)) throw thrown;
    const { code, message } = s3ErrorOf(thrown);
    return xmlElement(
      "Error",
      xmlText("Key", key),
      xmlText("VersionId", versionId),
      xmlText("Code", code),
      xmlText("Message", message),
    );
  }
}

import { xmlDocument } from "@weftkit/http-aws";
import { S3Error } from "../../errors.ts";
import { updateSettings } from "../../storage/buckets.ts";
import { updateDetails, type Version } from "../../storage/versions.ts";
import { emptyReply, namespace, xmlReply } from "../answer/reply.ts";
import type { Call } from "../call.ts";
import type { Operation } from "../operation.ts";
import { readTagging, taggingXml } from "../tags.ts";

export const getBucketTaggingOperation: Operation = {
  name: "GetBucketTagging",
  on: "bucket",
  method: "GET",
  query: "tagging",
  run: async (call) => {
    const { settings } = await call.services.read((db) => call.bucket(db, "s3:GetBucketTagging"));
    if (settings.tags === undefined) throw new S3Error("NoSuchTagSet");
    return xmlReply(xmlDocument("Tagging", namespace, taggingXml(settings.tags)));
  },
};

export const putBucketTaggingOperation: Operation = {
  name: "PutBucketTagging",
  on: "bucket",
  method: "PUT",
  query: "tagging",
  run: async (call) => {
    const tags = readTagging(await call.xml(), "bucket");
    await call.services.write((db) => updateSettings(db, call.bucket(db, "s3:PutBucketTagging"), { tags }));
    return emptyReply(204);
  },
};

export const deleteBucketTaggingOperation: Operation = {
  name: "DeleteBucketTagging",
  on: "bucket",
  method: "DELETE",
  query: "tagging",
  run: async (call) => {
    await call.services.write((db) => {
      updateSettings(db, call.bucket(db, "s3:PutBucketTagging"), { tags: undefined });
    });
    return emptyReply(204);
  },
};

const getActions = { latest: "s3:GetObjectTagging", version: "s3:GetObjectVersionTagging" } as const;
const putActions = { latest: "s3:PutObjectTagging", version: "s3:PutObjectVersionTagging" } as const;
const deleteActions = { latest: "s3:DeleteObjectTagging", version: "s3:DeleteObjectVersionTagging" } as const;

export const getObjectTaggingOperation: Operation = {
  name: "GetObjectTagging",
  on: "object",
  method: "GET",
  query: "tagging",
  run: async (call) => {
    const { version, bucket } = await call.services.read((db) => call.object(db, getActions));
    const body = xmlDocument("Tagging", namespace, taggingXml(version.details.tags ?? {}));
    return xmlReply(body, versionHeader(bucket.versioning !== "off", version));
  },
};

export const putObjectTaggingOperation: Operation = {
  name: "PutObjectTagging",
  on: "object",
  method: "PUT",
  query: "tagging",
  run: async (call) => {
    const tags = readTagging(await call.xml(), "object");
    return emptyReply(200, await change(call, putActions, tags));
  },
};

export const deleteObjectTaggingOperation: Operation = {
  name: "DeleteObjectTagging",
  on: "object",
  method: "DELETE",
  query: "tagging",
  run: async (call) => emptyReply(204, await change(call, deleteActions, undefined)),
};

function change(
  call: Call,
  actions: typeof putActions | typeof deleteActions,
  tags: Readonly<Record<string, string>> | undefined,
): Promise<Record<string, string>> {
  return call.services.write((db) => {
    const { bucket, version } = call.object(db, actions);
    updateDetails(db, version, { tags });
    return versionHeader(bucket.versioning !== "off", version);
  });
}

function versionHeader(hasVersions: boolean, { versionId }: Version): Record<string, string> {
  return hasVersions ? { "x-amz-version-id": versionId ?? "null" } : {};
}

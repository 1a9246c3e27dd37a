import { xmlDocument } from "@weftkit/http-aws";
import { S3Error } from "../../errors.ts";
import { readRules } from "../../lifecycle/read-rules.ts";
import { rulesXml } from "../../lifecycle/write-rules.ts";
import { updateSettings } from "../../storage/buckets.ts";
import { emptyReply, namespace, xmlReply } from "../answer/reply.ts";
import type { Operation } from "../operation.ts";

export const getBucketLifecycleOperation: Operation = {
  name: "GetBucketLifecycleConfiguration",
  on: "bucket",
  method: "GET",
  query: "lifecycle",
  run: async (call) => {
    const { settings } = await call.services.read((db) => call.bucket(db, "s3:GetLifecycleConfiguration"));
    if (settings.lifecycle === undefined) throw new S3Error("NoSuchLifecycleConfiguration");
    return xmlReply(xmlDocument("LifecycleConfiguration", namespace, rulesXml(settings.lifecycle)));
  },
};

export const putBucketLifecycleOperation: Operation = {
  name: "PutBucketLifecycleConfiguration",
  on: "bucket",
  method: "PUT",
  query: "lifecycle",
  run: async (call) => {
    const lifecycle = readRules(await call.xml("LifecycleConfiguration"));
    await call.services.write((db) => {
      updateSettings(db, call.bucket(db, "s3:PutLifecycleConfiguration"), { lifecycle });
    });
    return emptyReply(200);
  },
};

export const deleteBucketLifecycleOperation: Operation = {
  name: "DeleteBucketLifecycle",
  on: "bucket",
  method: "DELETE",
  query: "lifecycle",
  run: async (call) => {
    await call.services.write((db) => {
      updateSettings(db, call.bucket(db, "s3:PutLifecycleConfiguration"), { lifecycle: undefined });
    });
    return emptyReply(204);
  },
};

import { textOf, xmlDocument, xmlText } from "@weftkit/http-aws";
import { S3Error } from "../../errors.ts";
import { updateSettings } from "../../storage/buckets.ts";
import { emptyReply, namespace, xmlReply } from "../answer/reply.ts";
import type { Operation } from "../operation.ts";

export const getPublicAccessBlockOperation: Operation = {
  name: "GetPublicAccessBlock",
  on: "bucket",
  method: "GET",
  query: "publicAccessBlock",
  run: async (call) => {
    const { settings } = await call.services.read((db) => call.bucket(db, "s3:GetBucketPublicAccessBlock"));
    const { publicAccess: block } = settings;
    if (block === undefined) throw new S3Error("NoSuchPublicAccessBlockConfiguration");
    const body = xmlDocument(
      "PublicAccessBlockConfiguration",
      namespace,
      xmlText("BlockPublicAcls", block.blockPublicAcls),
      xmlText("IgnorePublicAcls", block.ignorePublicAcls),
      xmlText("BlockPublicPolicy", block.blockPublicPolicy),
      xmlText("RestrictPublicBuckets", block.restrictPublicBuckets),
    );
    return xmlReply(body);
  },
};

export const putPublicAccessBlockOperation: Operation = {
  name: "PutPublicAccessBlock",
  on: "bucket",
  method: "PUT",
  query: "publicAccessBlock",
  run: async (call) => {
    const request = await call.xml("PublicAccessBlockConfiguration");
    const flag = (name: string) => textOf(request, name)?.toLowerCase() === "true";
    const publicAccess = {
      blockPublicAcls: flag("BlockPublicAcls"),
      ignorePublicAcls: flag("IgnorePublicAcls"),
      blockPublicPolicy: flag("BlockPublicPolicy"),
      restrictPublicBuckets: flag("RestrictPublicBuckets"),
    };
    await call.services.write((db) => {
      updateSettings(db, call.bucket(db, "s3:PutBucketPublicAccessBlock"), { publicAccess });
    });
    return emptyReply(200);
  },
};

export const deletePublicAccessBlockOperation: Operation = {
  name: "DeletePublicAccessBlock",
  on: "bucket",
  method: "DELETE",
  query: "publicAccessBlock",
  run: async (call) => {
    await call.services.write((db) => {
      updateSettings(db, call.bucket(db, "s3:PutBucketPublicAccessBlock"), { publicAccess: undefined });
    });
    return emptyReply(204);
  },
};

import { xmlDocument, xmlText } from "@weftkit/http-aws";
import { isPublicAcl } from "../../access/acl.ts";
import { policyOf } from "../../access/authorize.ts";
import { isPublicPolicy, readPolicy } from "../../access/policy.ts";
import { S3Error } from "../../errors.ts";
import { updateSettings } from "../../storage/buckets.ts";
import { emptyReply, namespace, xmlReply } from "../answer/reply.ts";
import type { Operation } from "../operation.ts";

export const getBucketPolicyOperation: Operation = {
  name: "GetBucketPolicy",
  on: "bucket",
  method: "GET",
  query: "policy",
  run: async (call) => {
    const { settings } = await call.services.read((db) => call.bucket(db, "s3:GetBucketPolicy"));
    if (settings.policy === undefined)
      throw new S3Error("NoSuchBucketPolicy", undefined, { BucketName: call.bucketName });
    return { status: 200, headers: { "content-type": "application/json" }, body: settings.policy };
  },
};

export const putBucketPolicyOperation: Operation = {
  name: "PutBucketPolicy",
  on: "bucket",
  method: "PUT",
  query: "policy",
  run: async (call) => {
    const text = await call.document();
    await call.services.write((db) => {
      const bucket = call.bucket(db, "s3:PutBucketPolicy");
      const policy = readPolicy(text, bucket.name);
      if (bucket.settings.publicAccess?.blockPublicPolicy === true && isPublicPolicy(policy)) {
        throw new S3Error("AccessDenied");
      }
      updateSettings(db, bucket, { policy: text });
    });
    return emptyReply(204);
  },
};

export const deleteBucketPolicyOperation: Operation = {
  name: "DeleteBucketPolicy",
  on: "bucket",
  method: "DELETE",
  query: "policy",
  run: async (call) => {
    await call.services.write((db) => {
      updateSettings(db, call.bucket(db, "s3:DeleteBucketPolicy"), { policy: undefined });
    });
    return emptyReply(204);
  },
};

export const getBucketPolicyStatusOperation: Operation = {
  name: "GetBucketPolicyStatus",
  on: "bucket",
  method: "GET",
  query: "policyStatus",
  run: async (call) => {
    const bucket = await call.services.read((db) => call.bucket(db, "s3:GetBucketPolicyStatus"));
    const policy = policyOf(bucket);
    const { acl, publicAccess } = bucket.settings;
    const isPublic =
      (policy !== undefined && isPublicPolicy(policy) && publicAccess?.restrictPublicBuckets !== true) ||
      (isPublicAcl(acl) && publicAccess?.ignorePublicAcls !== true);
    return xmlReply(xmlDocument("PolicyStatus", namespace, xmlText("IsPublic", isPublic)));
  },
};

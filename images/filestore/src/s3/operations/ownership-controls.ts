import { childOf, textOf, xmlDocument, xmlElement, xmlText } from "@weftkit/http-aws";
import { S3Error } from "../../errors.ts";
import { type ObjectOwnership, updateSettings } from "../../storage/buckets.ts";
import { emptyReply, namespace, xmlReply } from "../answer/reply.ts";
import type { Operation } from "../operation.ts";

const ownerships: readonly string[] = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"];

export const getBucketOwnershipControlsOperation: Operation = {
  name: "GetBucketOwnershipControls",
  on: "bucket",
  method: "GET",
  query: "ownershipControls",
  run: async (call) => {
    const { settings } = await call.services.read((db) => call.bucket(db, "s3:GetBucketOwnershipControls"));
    if (settings.ownership === undefined) throw new S3Error("OwnershipControlsNotFoundError");
    const rule = xmlElement("Rule", xmlText("ObjectOwnership", settings.ownership));
    return xmlReply(xmlDocument("OwnershipControls", namespace, rule));
  },
};

export const putBucketOwnershipControlsOperation: Operation = {
  name: "PutBucketOwnershipControls",
  on: "bucket",
  method: "PUT",
  query: "ownershipControls",
  run: async (call) => {
    const rule = childOf(await call.xml("OwnershipControls"), "Rule");
    const ownership = rule && textOf(rule, "ObjectOwnership");
    if (ownership === undefined || !ownerships.includes(ownership)) throw new S3Error("MalformedXML");
    await call.services.write((db) => {
      const bucket = call.bucket(db, "s3:PutBucketOwnershipControls");
      const { acl } = bucket.settings;
      const isOwners = acl.every(
        ({ grantee }) => grantee.type === "account" && grantee.id === bucket.account,
      );
      if (ownership === "BucketOwnerEnforced" && !isOwners) {
        throw new S3Error("InvalidBucketAclWithObjectOwnership");
      }
      updateSettings(db, bucket, { ownership: ownership as ObjectOwnership });
    });
    return emptyReply(200);
  },
};

export const deleteBucketOwnershipControlsOperation: Operation = {
  name: "DeleteBucketOwnershipControls",
  on: "bucket",
  method: "DELETE",
  query: "ownershipControls",
  run: async (call) => {
    await call.services.write((db) => {
      updateSettings(db, call.bucket(db, "s3:PutBucketOwnershipControls"), { ownership: undefined });
    });
    return emptyReply(204);
  },
};

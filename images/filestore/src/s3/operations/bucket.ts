import { isDeepStrictEqual } from "node:util";
import { textOf, xmlDocument } from "@weftkit/http-aws";
import { aclOfHeaders, isPublicAcl, privateAcl } from "../../access/acl.ts";
import { S3Error } from "../../errors.ts";
import { abandonUploads } from "../../storage/abandon-uploads.ts";
import {
  countBuckets,
  deleteBucketRow,
  findBucket,
  insertBucket,
  isEmpty,
  type ObjectOwnership,
} from "../../storage/buckets.ts";
import { isBucketName } from "../../storage/names.ts";
import { emptyReply, namespace, xmlReply } from "../answer/reply.ts";
import type { Call } from "../call.ts";
import type { Operation } from "../operation.ts";

const bucketsMax = 10_000;
const ownerships: readonly ObjectOwnership[] = [
  "BucketOwnerEnforced",
  "BucketOwnerPreferred",
  "ObjectWriter",
];

export const createBucketOperation: Operation = {
  name: "CreateBucket",
  on: "bucket",
  method: "PUT",
  run: async (call) => {
    const { services, requester, accountId, bucketName: name, nowMs } = call;
    const { user } = requester;
    if (user === undefined || !user.can("schema", name)) throw new S3Error("AccessDenied");
    if (!isBucketName(name)) throw new S3Error("InvalidBucketName", undefined, { BucketName: name });
    const region = await locationOf(call);
    const ownership = call.header("x-amz-object-ownership") as ObjectOwnership | undefined;
    if (ownership !== undefined && !ownerships.includes(ownership)) {
      throw new S3Error("InvalidArgument", "Invalid x-amz-object-ownership header", {
        ArgumentName: "x-amz-object-ownership",
      });
    }
    const acl = aclOfHeaders(call.headers, services.accounts, accountId, accountId);
    if (ownership === "BucketOwnerEnforced" && acl !== undefined && isPublicAcl(acl)) {
      throw new S3Error(
        "InvalidRequest",
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
      );
    }
    const hasObjectLock = call.header("x-amz-bucket-object-lock-enabled")?.toLowerCase() === "true";
    await services.write((db) => {
      const before = findBucket(db, name);
      if (before !== undefined) {
        const isSame = isDeepStrictEqual(before.settings.acl, acl ?? privateAcl(accountId));
        // In its first region AWS lets an owner make the same bucket once more.
        if (before.account === accountId && isSame && region === "us-east-1") return;
        const isOther = before.account !== accountId || !isSame;
        throw new S3Error(isOther ? "BucketAlreadyExists" : "BucketAlreadyOwnedByYou", undefined, {
          BucketName: name,
        });
      }
      if (countBuckets(db, accountId) >= bucketsMax) throw new S3Error("TooManyBuckets");
      insertBucket(db, {
        name,
        account: accountId,
        createdAt: nowMs,
        versioning: hasObjectLock ? "on" : "off",
        settings: {
          region,
          acl: acl ?? privateAcl(accountId),
          ownership,
          ...(hasObjectLock && { hasObjectLock }),
        },
      });
    });
    return emptyReply(200, { location: `/${name}` });
  },
};

/** The region that a new bucket is asked to be in: any name, as there is one place only. */
async function locationOf(call: Call): Promise<string> {
  const { region } = call.services;
  const length = call.header("content-length");
  if ((length === undefined || length === "0") && call.header("transfer-encoding") === undefined)
    return region;
  const text = await call.peekDocument();
  if (text === undefined) return region;
  const asked = textOf(text, "LocationConstraint");
  if (asked === undefined || asked === "") return region;
  if (!/^[\w-]{1,64}$/.test(asked))
    throw new S3Error("InvalidLocationConstraint", undefined, { LocationConstraint: asked });
  return asked;
}

export const headBucketOperation: Operation = {
  name: "HeadBucket",
  on: "bucket",
  method: "HEAD",
  run: async (call) => {
    const { settings } = await call.services.read((db) => call.bucket(db, "s3:ListBucket"));
    return emptyReply(200, { "x-amz-bucket-region": settings.region, "x-amz-access-point-alias": "false" });
  },
};

export const getBucketLocationOperation: Operation = {
  name: "GetBucketLocation",
  on: "bucket",
  method: "GET",
  query: "location",
  run: async (call) => {
    const { settings } = await call.services.read((db) => call.bucket(db, "s3:GetBucketLocation"));
    const region = settings.region === "us-east-1" ? "" : settings.region;
    return xmlReply(xmlDocument("LocationConstraint", namespace, region));
  },
};

export const deleteBucketOperation: Operation = {
  name: "DeleteBucket",
  on: "bucket",
  method: "DELETE",
  run: async (call) => {
    const { services } = call;
    await services.write((db) => {
      const bucket = call.bucket(db, "s3:DeleteBucket");
      if (!isEmpty(db, bucket)) throw new S3Error("BucketNotEmpty", undefined, { BucketName: bucket.name });
      if (abandonUploads(db, bucket)) services.sweeper.sweep();
      deleteBucketRow(db, bucket);
    });
    return emptyReply(204);
  },
};

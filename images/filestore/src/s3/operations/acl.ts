import { childOf, xmlDocument } from "@weftkit/http-aws";
import { aclOfHeaders, aclXml, isPublicAcl, readAcl } from "../../access/acl.ts";
import { accessOf } from "../../access/object-access.ts";
import { S3Error } from "../../errors.ts";
import { type Bucket, updateSettings } from "../../storage/buckets.ts";
import type { Acl } from "../../storage/grants.ts";
import { updateDetails } from "../../storage/versions.ts";
import { emptyReply, namespace, xmlReply } from "../answer/reply.ts";
import type { Call } from "../call.ts";
import type { Operation } from "../operation.ts";

export const getBucketAclOperation: Operation = {
  name: "GetBucketAcl",
  on: "bucket",
  method: "GET",
  query: "acl",
  run: async (call) => {
    const { services } = call;
    const { settings, account } = await services.read((db) => call.bucket(db, "s3:GetBucketAcl"));
    return xmlReply(
      xmlDocument("AccessControlPolicy", namespace, aclXml(settings.acl, services.accounts, account)),
    );
  },
};

export const putBucketAclOperation: Operation = {
  name: "PutBucketAcl",
  on: "bucket",
  method: "PUT",
  query: "acl",
  run: async (call) => {
    const { services } = call;
    const body = await call.peekDocument();
    await services.write((db) => {
      const bucket = call.bucket(db, "s3:PutBucketAcl");
      const acl = askedAcl(call, bucket, bucket.account, body);
      updateSettings(db, bucket, { acl });
    });
    return emptyReply(200);
  },
};

const getActions = { latest: "s3:GetObjectAcl", version: "s3:GetObjectVersionAcl" } as const;
const putActions = { latest: "s3:PutObjectAcl", version: "s3:PutObjectVersionAcl" } as const;

export const getObjectAclOperation: Operation = {
  name: "GetObjectAcl",
  on: "object",
  method: "GET",
  query: "acl",
  run: async (call) => {
    const { services } = call;
    const { version } = await services.read((db) => call.object(db, getActions));
    const { owner, acl } = accessOf(version);
    return xmlReply(xmlDocument("AccessControlPolicy", namespace, aclXml(acl, services.accounts, owner)));
  },
};

export const putObjectAclOperation: Operation = {
  name: "PutObjectAcl",
  on: "object",
  method: "PUT",
  query: "acl",
  run: async (call) => {
    const { services } = call;
    const body = await call.peekDocument();
    await services.write((db) => {
      const { bucket, version } = call.object(db, putActions);
      updateDetails(db, version, { acl: askedAcl(call, bucket, version.account, body) });
    });
    return emptyReply(200);
  },
};

/** The ACL of a request's headers or its body. @throws S3Error */
function askedAcl(
  call: Call,
  bucket: Bucket,
  owner: string,
  body: Awaited<ReturnType<Call["peekDocument"]>>,
): Acl {
  const { accounts } = call.services;
  const { ownership, publicAccess } = bucket.settings;
  const ofHeaders = aclOfHeaders(call.headers, accounts, owner, bucket.account);
  if (ofHeaders !== undefined && body !== undefined && childOf(body, "AccessControlList") !== undefined) {
    throw new S3Error("InvalidRequest", "An ACL is in the headers and in the body");
  }
  if (ownership === "BucketOwnerEnforced") throw new S3Error("AccessControlListNotSupported");
  if (ofHeaders === undefined && body === undefined) {
    throw new S3Error("MissingSecurityHeader", "Your request was missing a required header", {
      MissingHeaderName: "x-amz-acl",
    });
  }
  const acl = ofHeaders ?? readAcl(body!, accounts, owner);
  if (publicAccess?.blockPublicAcls === true && isPublicAcl(acl)) throw new S3Error("AccessDenied");
  return acl;
}

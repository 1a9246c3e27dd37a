import { aclOfHeaders } from "../../access/acl.ts";
import { S3Error } from "../../errors.ts";
import { encrypting } from "../../objects/encryption.ts";
import { nameContent } from "../../objects/name-content.ts";
import { lockOfNew } from "../../objects/object-lock.ts";
import { writeConditionOf } from "../../objects/preconditions.ts";
import { requireSpace, storeObject } from "../../objects/store-object.ts";
import type { Bucket } from "../../storage/buckets.ts";
import type { Acl } from "../../storage/grants.ts";
import { emptyReply } from "../answer/reply.ts";
import type { Call } from "../call.ts";
import { encryptionHeaders, encryptionOfRequest } from "../encryption.ts";
import { detailsOfRequest } from "../object-headers.ts";
import type { Operation } from "../operation.ts";
import { requireKey } from "../request/address.ts";
import { checksumHeader } from "../request/checksum-headers.ts";

/** The largest object that is put whole. */
export const wholeBytesMax = 5 * 1024 ** 3;

export const putObjectOperation: Operation = {
  name: "PutObject",
  on: "object",
  method: "PUT",
  run: async (call) => {
    const { services, accountId, nowMs } = call;
    const key = requireKey(call.key);
    const body = call.body({ wantsMd5: true, fallback: "CRC64NVME", bytesMax: wholeBytesMax });
    const { bucket, acl } = await services.read((db) => {
      const found = call.bucket(db, "s3:PutObject", key);
      if (body.length !== undefined) requireSpace(db, services, body.length);
      return { bucket: found, acl: aclOfNew(call, found, accountId) };
    });
    if (body.length === undefined && call.header("transfer-encoding") === undefined) {
      throw new S3Error("MissingContentLength");
    }
    const asked = detailsOfRequest(call);
    const lock = lockOfNew(bucket, asked.lock, nowMs);
    const encryption = encryptionOfRequest(call, bucket);
    const condition = writeConditionOf(call.headers);
    const { source, iv } = encrypting(body.chunks(), encryption);
    const content = await services.contents.write(source);
    const stored = encryption && { ...encryption.stored, ...(iv !== undefined && { iv }) };
    const algorithm = body.checksumAlgorithm!;
    const details = {
      ...asked,
      ...(acl !== undefined && { acl }),
      ...(lock !== undefined && { lock }),
      ...(stored !== undefined && { encryption: stored }),
      checksum: { algorithm, value: body.checksumValue!, type: "FULL_OBJECT" as const },
    };
    const { md5: etag, bytes: size } = body;
    const account = ownerOfNew(call, bucket, acl);
    const { versionId } = await nameContent(services, content, (db) => {
      const current = call.anyBucket(db, bucket.name);
      return storeObject(db, services, current, {
        key,
        account,
        content,
        size,
        etag,
        details,
        condition,
        nowMs,
      });
    });
    return emptyReply(200, {
      etag: `"${etag}"`,
      [checksumHeader(algorithm)]: body.checksumValue!,
      "x-amz-checksum-type": "FULL_OBJECT",
      ...(versionId !== null && { "x-amz-version-id": versionId }),
      ...encryptionHeaders(stored),
    });
  },
};

/** The ACL that a request asks for. @throws S3Error `AccessControlListNotSupported`, `AccessDenied` */
export function aclOfNew(call: Call, bucket: Bucket, owner: string): Acl | undefined {
  const { accounts } = call.services;
  const { ownership, publicAccess } = bucket.settings;
  const acl = aclOfHeaders(call.headers, accounts, owner, bucket.account);
  if (acl === undefined) return undefined;
  const isPublic = acl.some(({ grantee }) => grantee.type === "group");
  if (publicAccess?.blockPublicAcls === true && isPublic) throw new S3Error("AccessDenied");
  if (ownership !== "BucketOwnerEnforced") return acl;
  const canned = call.header("x-amz-acl");
  if (canned === "bucket-owner-full-control") return undefined;
  throw new S3Error("AccessControlListNotSupported");
}

/** Whose a new object is. */
export function ownerOfNew(call: Call, bucket: Bucket, acl: Acl | undefined): string {
  const { ownership } = bucket.settings;
  if (ownership === "BucketOwnerEnforced") return bucket.account;
  const isGiven = acl?.some(
    ({ grantee, permission }) =>
      permission === "FULL_CONTROL" && grantee.type === "account" && grantee.id === bucket.account,
  );
  if (ownership === "BucketOwnerPreferred" && isGiven === true) return bucket.account;
  return call.accountId;
}

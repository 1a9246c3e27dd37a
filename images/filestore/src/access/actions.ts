import type { Action } from "@weftkit/auth";
import type { Permission } from "../storage/grants.ts";

/** What an S3 action needs where no policy decides: of the user's roles, and of the ACL of the bucket or the object. */
export interface ActionRule {
  readonly role: Action;
  /** Undefined: no ACL grants it, only the owner's account and policies. */
  readonly acl?: { readonly of: "bucket" | "object"; readonly permission: Permission };
}

const onBucket = (role: Action, permission: Permission): ActionRule => ({
  role,
  acl: { of: "bucket", permission },
});
const onObject = (role: Action, permission: Permission): ActionRule => ({
  role,
  acl: { of: "object", permission },
});
const owner = (role: Action): ActionRule => ({ role });

/** Every action there is. */
export const actionRules = {
  "s3:ListAllMyBuckets": owner("read"),
  "s3:CreateBucket": owner("schema"),
  "s3:DeleteBucket": owner("schema"),
  "s3:ListBucket": onBucket("read", "READ"),
  "s3:ListBucketVersions": onBucket("read", "READ"),
  "s3:ListBucketMultipartUploads": onBucket("read", "READ"),
  "s3:GetBucketLocation": owner("read"),
  "s3:GetBucketAcl": onBucket("read", "READ_ACP"),
  "s3:PutBucketAcl": onBucket("schema", "WRITE_ACP"),
  "s3:GetBucketPolicy": owner("read"),
  "s3:PutBucketPolicy": owner("schema"),
  "s3:DeleteBucketPolicy": owner("schema"),
  "s3:GetBucketPolicyStatus": owner("read"),
  "s3:GetBucketVersioning": owner("read"),
  "s3:PutBucketVersioning": owner("schema"),
  "s3:GetBucketTagging": owner("read"),
  "s3:PutBucketTagging": owner("schema"),
  "s3:GetBucketCORS": owner("read"),
  "s3:PutBucketCORS": owner("schema"),
  "s3:GetLifecycleConfiguration": owner("read"),
  "s3:PutLifecycleConfiguration": owner("schema"),
  "s3:GetEncryptionConfiguration": owner("read"),
  "s3:PutEncryptionConfiguration": owner("schema"),
  "s3:GetBucketObjectLockConfiguration": owner("read"),
  "s3:PutBucketObjectLockConfiguration": owner("schema"),
  "s3:GetBucketPublicAccessBlock": owner("read"),
  "s3:PutBucketPublicAccessBlock": owner("schema"),
  "s3:GetBucketOwnershipControls": owner("read"),
  "s3:PutBucketOwnershipControls": owner("schema"),
  "s3:GetBucketNotification": owner("read"),
  "s3:GetBucketLogging": owner("read"),
  "s3:GetBucketWebsite": owner("read"),
  "s3:GetBucketRequestPayment": owner("read"),
  "s3:PutBucketRequestPayment": owner("schema"),
  "s3:GetReplicationConfiguration": owner("read"),
  "s3:GetAccelerateConfiguration": owner("read"),
  "s3:GetObject": onObject("read", "READ"),
  "s3:GetObjectVersion": onObject("read", "READ"),
  "s3:GetObjectAttributes": onObject("read", "READ"),
  "s3:GetObjectVersionAttributes": onObject("read", "READ"),
  "s3:PutObject": onBucket("write", "WRITE"),
  "s3:DeleteObject": onBucket("write", "WRITE"),
  "s3:DeleteObjectVersion": onBucket("write", "WRITE"),
  "s3:GetObjectAcl": onObject("read", "READ_ACP"),
  "s3:GetObjectVersionAcl": onObject("read", "READ_ACP"),
  "s3:PutObjectAcl": onObject("write", "WRITE_ACP"),
  "s3:PutObjectVersionAcl": onObject("write", "WRITE_ACP"),
  "s3:GetObjectTagging": owner("read"),
  "s3:GetObjectVersionTagging": owner("read"),
  "s3:PutObjectTagging": owner("write"),
  "s3:PutObjectVersionTagging": owner("write"),
  "s3:DeleteObjectTagging": owner("write"),
  "s3:DeleteObjectVersionTagging": owner("write"),
  "s3:GetObjectRetention": owner("read"),
  "s3:PutObjectRetention": owner("write"),
  "s3:GetObjectLegalHold": owner("read"),
  "s3:PutObjectLegalHold": owner("write"),
  "s3:BypassGovernanceRetention": owner("write"),
  "s3:AbortMultipartUpload": owner("write"),
  "s3:ListMultipartUploadParts": owner("read"),
} as const satisfies Record<string, ActionRule>;

export type S3Action = keyof typeof actionRules;

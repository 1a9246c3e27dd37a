import type { Operation } from "../operation.ts";
import {
  getBucketAclOperation,
  getObjectAclOperation,
  putBucketAclOperation,
  putObjectAclOperation,
} from "./acl.ts";
import {
  createBucketOperation,
  deleteBucketOperation,
  getBucketLocationOperation,
  headBucketOperation,
} from "./bucket.ts";
import {
  deleteBucketEncryptionOperation,
  getBucketEncryptionOperation,
  putBucketEncryptionOperation,
} from "./bucket-encryption.ts";
import { copyObjectOperation } from "./copy-object.ts";
import { deleteBucketCorsOperation, getBucketCorsOperation, putBucketCorsOperation } from "./cors.ts";
import { deleteObjectOperation, deleteObjectsOperation } from "./delete-object.ts";
import { getObjectOperation, headObjectOperation } from "./get-object.ts";
import { getObjectAttributesOperation } from "./get-object-attributes.ts";
import {
  deleteBucketLifecycleOperation,
  getBucketLifecycleOperation,
  putBucketLifecycleOperation,
} from "./lifecycle.ts";
import { listBucketsOperation } from "./list-buckets.ts";
import { listMultipartUploadsOperation } from "./list-multipart-uploads.ts";
import { listObjectVersionsOperation } from "./list-object-versions.ts";
import { listObjectsOperation, listObjectsV2Operation } from "./list-objects.ts";
import { listPartsOperation } from "./list-parts.ts";
import {
  abortMultipartUploadOperation,
  completeMultipartUploadOperation,
  createMultipartUploadOperation,
} from "./multipart-upload.ts";
import {
  getObjectLegalHoldOperation,
  getObjectLockConfigurationOperation,
  getObjectRetentionOperation,
  putObjectLegalHoldOperation,
  putObjectLockConfigurationOperation,
  putObjectRetentionOperation,
} from "./object-lock.ts";
import {
  deleteBucketOwnershipControlsOperation,
  getBucketOwnershipControlsOperation,
  putBucketOwnershipControlsOperation,
} from "./ownership-controls.ts";
import {
  deleteBucketPolicyOperation,
  getBucketPolicyOperation,
  getBucketPolicyStatusOperation,
  putBucketPolicyOperation,
} from "./policy.ts";
import { postObjectOperation } from "./post-object.ts";
import {
  deletePublicAccessBlockOperation,
  getPublicAccessBlockOperation,
  putPublicAccessBlockOperation,
} from "./public-access-block.ts";
import { putObjectOperation } from "./put-object.ts";
import {
  deleteBucketTaggingOperation,
  deleteObjectTaggingOperation,
  getBucketTaggingOperation,
  getObjectTaggingOperation,
  putBucketTaggingOperation,
  putObjectTaggingOperation,
} from "./tagging.ts";
import {
  getBucketAccelerateOperation,
  getBucketLoggingOperation,
  getBucketNotificationOperation,
  getBucketReplicationOperation,
  getBucketRequestPaymentOperation,
  getBucketWebsiteOperation,
  putBucketRequestPaymentOperation,
} from "./unconfigured.ts";
import { uploadPartOperation } from "./upload-part.ts";
import { uploadPartCopyOperation } from "./upload-part-copy.ts";
import { getBucketVersioningOperation, putBucketVersioningOperation } from "./versioning.ts";

/** Every operation. */
export const operations: readonly Operation[] = [
  getBucketAclOperation,
  putBucketAclOperation,
  getObjectAclOperation,
  putObjectAclOperation,
  getBucketEncryptionOperation,
  putBucketEncryptionOperation,
  deleteBucketEncryptionOperation,
  createBucketOperation,
  headBucketOperation,
  getBucketLocationOperation,
  deleteBucketOperation,
  copyObjectOperation,
  getBucketCorsOperation,
  putBucketCorsOperation,
  deleteBucketCorsOperation,
  deleteObjectOperation,
  deleteObjectsOperation,
  getObjectAttributesOperation,
  getObjectOperation,
  headObjectOperation,
  getBucketLifecycleOperation,
  putBucketLifecycleOperation,
  deleteBucketLifecycleOperation,
  listBucketsOperation,
  listMultipartUploadsOperation,
  listObjectVersionsOperation,
  listObjectsOperation,
  listObjectsV2Operation,
  listPartsOperation,
  createMultipartUploadOperation,
  completeMultipartUploadOperation,
  abortMultipartUploadOperation,
  getObjectLockConfigurationOperation,
  putObjectLockConfigurationOperation,
  getObjectRetentionOperation,
  putObjectRetentionOperation,
  getObjectLegalHoldOperation,
  putObjectLegalHoldOperation,
  getBucketOwnershipControlsOperation,
  putBucketOwnershipControlsOperation,
  deleteBucketOwnershipControlsOperation,
  getBucketPolicyOperation,
  putBucketPolicyOperation,
  deleteBucketPolicyOperation,
  getBucketPolicyStatusOperation,
  postObjectOperation,
  getPublicAccessBlockOperation,
  putPublicAccessBlockOperation,
  deletePublicAccessBlockOperation,
  putObjectOperation,
  getBucketTaggingOperation,
  putBucketTaggingOperation,
  deleteBucketTaggingOperation,
  getObjectTaggingOperation,
  putObjectTaggingOperation,
  deleteObjectTaggingOperation,
  getBucketNotificationOperation,
  getBucketLoggingOperation,
  getBucketAccelerateOperation,
  getBucketWebsiteOperation,
  getBucketReplicationOperation,
  getBucketRequestPaymentOperation,
  putBucketRequestPaymentOperation,
  uploadPartCopyOperation,
  uploadPartOperation,
  getBucketVersioningOperation,
  putBucketVersioningOperation,
];

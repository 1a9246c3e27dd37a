import type { Database } from "@weftkit/store";
import type { S3Action } from "../../access/actions.ts";
import { S3Error } from "../../errors.ts";
import type { Bucket } from "../../storage/buckets.ts";
import { findUpload, type Upload } from "../../storage/uploads.ts";
import type { Call } from "../call.ts";

/**
 * The upload that a request names. Who began it may always go on with it.
 *
 * @throws S3Error `NoSuchUpload`, `AccessDenied`
 */
export function requireUpload(
  db: Database,
  call: Call,
  action: S3Action,
  uploadId: string,
): { readonly bucket: Bucket; readonly upload: Upload } {
  const bucket = call.anyBucket(db, call.bucketName);
  call.requireExpectedOwner(bucket, "x-amz-expected-bucket-owner");
  const upload = findUpload(db, bucket, call.key, uploadId);
  const isOwn = upload !== undefined && call.requester.account?.id === upload.initiator;
  if (!isOwn || action === "s3:PutObject") call.authorize(bucket, action, call.key);
  if (upload === undefined) throw new S3Error("NoSuchUpload", undefined, { UploadId: uploadId });
  return { bucket, upload };
}

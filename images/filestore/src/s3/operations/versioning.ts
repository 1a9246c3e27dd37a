import { textOf, xmlDocument, xmlText } from "@weftkit/http-aws";
import { S3Error } from "../../errors.ts";
import { updateVersioning } from "../../storage/buckets.ts";
import { emptyReply, namespace, xmlReply } from "../answer/reply.ts";
import type { Operation } from "../operation.ts";

const statuses = { off: undefined, on: "Enabled", suspended: "Suspended" } as const;

export const getBucketVersioningOperation: Operation = {
  name: "GetBucketVersioning",
  on: "bucket",
  method: "GET",
  query: "versioning",
  run: async (call) => {
    const { versioning } = await call.services.read((db) => call.bucket(db, "s3:GetBucketVersioning"));
    return xmlReply(
      xmlDocument("VersioningConfiguration", namespace, xmlText("Status", statuses[versioning])),
    );
  },
};

export const putBucketVersioningOperation: Operation = {
  name: "PutBucketVersioning",
  on: "bucket",
  method: "PUT",
  query: "versioning",
  run: async (call) => {
    const request = await call.xml("VersioningConfiguration");
    const status = textOf(request, "Status");
    if (status !== "Enabled" && status !== "Suspended")
      throw new S3Error("IllegalVersioningConfigurationException");
    if (textOf(request, "MfaDelete") === "Enabled") {
      throw new S3Error("NotImplemented", "MFA delete is not supported by this endpoint.");
    }
    await call.services.write((db) => {
      const bucket = call.bucket(db, "s3:PutBucketVersioning");
      if (status === "Suspended" && bucket.settings.hasObjectLock === true) {
        throw new S3Error(
          "InvalidBucketState",
          "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        );
      }
      updateVersioning(db, bucket, status === "Enabled" ? "on" : "suspended");
    });
    return emptyReply(200);
  },
};

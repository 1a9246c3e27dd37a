import { textOf, xmlDocument, xmlText } from "@weftkit/http-aws";
import type { S3Action } from "../../access/actions.ts";
import { notImplemented, S3Error, type S3ErrorCode } from "../../errors.ts";
import { emptyReply, namespace, xmlReply } from "../answer/reply.ts";
import type { Operation } from "../operation.ts";

/** A configuration that cannot be made here: who asks is told that there is none. */
function never(name: string, query: string, action: S3Action, answer: string | S3ErrorCode): Operation {
  return {
    name,
    on: "bucket",
    method: "GET",
    query,
    run: async (call) => {
      await call.services.read((db) => call.bucket(db, action));
      if (!answer.startsWith("<")) throw new S3Error(answer as S3ErrorCode);
      return xmlReply(answer);
    },
  };
}

export const getBucketNotificationOperation = never(
  "GetBucketNotificationConfiguration",
  "notification",
  "s3:GetBucketNotification",
  xmlDocument("NotificationConfiguration", namespace),
);
export const getBucketLoggingOperation = never(
  "GetBucketLogging",
  "logging",
  "s3:GetBucketLogging",
  xmlDocument("BucketLoggingStatus", namespace),
);
export const getBucketAccelerateOperation = never(
  "GetBucketAccelerateConfiguration",
  "accelerate",
  "s3:GetAccelerateConfiguration",
  xmlDocument("AccelerateConfiguration", namespace),
);
export const getBucketWebsiteOperation = never(
  "GetBucketWebsite",
  "website",
  "s3:GetBucketWebsite",
  "NoSuchWebsiteConfiguration",
);
export const getBucketReplicationOperation = never(
  "GetBucketReplication",
  "replication",
  "s3:GetReplicationConfiguration",
  "ReplicationConfigurationNotFoundError",
);
export const getBucketRequestPaymentOperation = never(
  "GetBucketRequestPayment",
  "requestPayment",
  "s3:GetBucketRequestPayment",
  xmlDocument("RequestPaymentConfiguration", namespace, xmlText("Payer", "BucketOwner")),
);

export const putBucketRequestPaymentOperation: Operation = {
  name: "PutBucketRequestPayment",
  on: "bucket",
  method: "PUT",
  query: "requestPayment",
  run: async (call) => {
    const payer = textOf(await call.xml("RequestPaymentConfiguration"), "Payer");
    await call.services.read((db) => call.bucket(db, "s3:PutBucketRequestPayment"));
    if (payer === "Requester") throw notImplemented("Requester pays");
    if (payer !== "BucketOwner") throw new S3Error("MalformedXML");
    return emptyReply(200);
  },
};

import { childOf, childrenOf, textOf, xmlDocument, xmlElement, xmlText } from "@weftkit/http-aws";
import { S3Error } from "../../errors.ts";
import { updateSettings } from "../../storage/buckets.ts";
import { emptyReply, namespace, xmlReply } from "../answer/reply.ts";
import type { Operation } from "../operation.ts";

export const getBucketEncryptionOperation: Operation = {
  name: "GetBucketEncryption",
  on: "bucket",
  method: "GET",
  query: "encryption",
  run: async (call) => {
    const { settings } = await call.services.read((db) => call.bucket(db, "s3:GetEncryptionConfiguration"));
    const { encryption } = settings;
    if (encryption === undefined) throw new S3Error("ServerSideEncryptionConfigurationNotFoundError");
    const byDefault = xmlElement(
      "ApplyServerSideEncryptionByDefault",
      xmlText("SSEAlgorithm", encryption.algorithm),
      xmlText("KMSMasterKeyID", encryption.keyId),
    );
    const rule = xmlElement("Rule", byDefault, xmlText("BucketKeyEnabled", encryption.bucketKey ?? false));
    return xmlReply(xmlDocument("ServerSideEncryptionConfiguration", namespace, rule));
  },
};

export const putBucketEncryptionOperation: Operation = {
  name: "PutBucketEncryption",
  on: "bucket",
  method: "PUT",
  query: "encryption",
  run: async (call) => {
    const rules = childrenOf(await call.xml("ServerSideEncryptionConfiguration"), "Rule");
    const byDefault = rules[0] && childOf(rules[0], "ApplyServerSideEncryptionByDefault");
    if (rules.length !== 1 || byDefault === undefined) throw new S3Error("MalformedXML");
    const algorithm = textOf(byDefault, "SSEAlgorithm");
    const keyId = textOf(byDefault, "KMSMasterKeyID");
    if (algorithm !== "AES256" && algorithm !== "aws:kms") throw new S3Error("MalformedXML");
    if (algorithm === "AES256" && keyId !== undefined) {
      throw new S3Error(
        "InvalidArgument",
        "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms",
      );
    }
    const bucketKey = textOf(rules[0]!, "BucketKeyEnabled") === "true";
    const encryption = { algorithm, ...(keyId !== undefined && { keyId }), ...(bucketKey && { bucketKey }) };
    await call.services.write((db) => {
      updateSettings(db, call.bucket(db, "s3:PutEncryptionConfiguration"), { encryption });
    });
    return emptyReply(200);
  },
};

export const deleteBucketEncryptionOperation: Operation = {
  name: "DeleteBucketEncryption",
  on: "bucket",
  method: "DELETE",
  query: "encryption",
  run: async (call) => {
    await call.services.write((db) => {
      updateSettings(db, call.bucket(db, "s3:PutEncryptionConfiguration"), { encryption: undefined });
    });
    return emptyReply(204);
  },
};

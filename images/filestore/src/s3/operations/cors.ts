import { childrenOf, textOf, type XmlElement, xmlDocument, xmlElement, xmlText } from "@weftkit/http-aws";
import { S3Error } from "../../errors.ts";
import { type CorsRule, updateSettings } from "../../storage/buckets.ts";
import { emptyReply, namespace, xmlReply } from "../answer/reply.ts";
import type { Operation } from "../operation.ts";

const rulesMax = 100;
const methods: ReadonlySet<string> = new Set(["GET", "PUT", "POST", "DELETE", "HEAD"]);

export const getBucketCorsOperation: Operation = {
  name: "GetBucketCors",
  on: "bucket",
  method: "GET",
  query: "cors",
  run: async (call) => {
    const { settings } = await call.services.read((db) => call.bucket(db, "s3:GetBucketCORS"));
    if (settings.cors === undefined)
      throw new S3Error("NoSuchCORSConfiguration", undefined, { BucketName: call.bucketName });
    return xmlReply(xmlDocument("CORSConfiguration", namespace, ...settings.cors.map(ruleXml)));
  },
};

export const putBucketCorsOperation: Operation = {
  name: "PutBucketCors",
  on: "bucket",
  method: "PUT",
  query: "cors",
  run: async (call) => {
    const rules = childrenOf(await call.xml("CORSConfiguration"), "CORSRule");
    if (rules.length === 0 || rules.length > rulesMax) throw new S3Error("MalformedXML");
    const cors = rules.map(readRule);
    await call.services.write((db) => updateSettings(db, call.bucket(db, "s3:PutBucketCORS"), { cors }));
    return emptyReply(200);
  },
};

export const deleteBucketCorsOperation: Operation = {
  name: "DeleteBucketCors",
  on: "bucket",
  method: "DELETE",
  query: "cors",
  run: async (call) => {
    await call.services.write((db) => {
      updateSettings(db, call.bucket(db, "s3:PutBucketCORS"), { cors: undefined });
    });
    return emptyReply(204);
  },
};

function readRule(rule: XmlElement): CorsRule {
  const texts = (name: string) => childrenOf(rule, name).map(({ text }) => text.trim());
  const origins = texts("AllowedOrigin");
  const allowed = texts("AllowedMethod");
  if (origins.length === 0 || allowed.length === 0) throw new S3Error("MalformedXML");
  for (const method of allowed) {
    if (!methods.has(method)) {
      throw new S3Error(
        "InvalidRequest",
        `Found unsupported HTTP method in CORS config. Unsupported method is ${method}`,
      );
    }
  }
  for (const pattern of [...origins, ...texts("AllowedHeader")]) {
    if (pattern.split("*").length > 2) {
      throw new S3Error("InvalidRequest", `AllowedOrigin "${pattern}" can not have more than one wildcard.`);
    }
  }
  const id = textOf(rule, "ID");
  const maxAge = textOf(rule, "MaxAgeSeconds");
  if (maxAge !== undefined && !/^\d{1,9}$/.test(maxAge)) throw new S3Error("MalformedXML");
  return {
    ...(id !== undefined && { id }),
    origins,
    methods: allowed,
    headers: texts("AllowedHeader"),
    exposed: texts("ExposeHeader"),
    ...(maxAge !== undefined && { maxAgeSeconds: Number(maxAge) }),
  };
}

function ruleXml({ id, origins, methods: allowed, headers, exposed, maxAgeSeconds }: CorsRule): string {
  return xmlElement(
    "CORSRule",
    xmlText("ID", id),
    ...allowed.map((method) => xmlText("AllowedMethod", method)),
    ...origins.map((origin) => xmlText("AllowedOrigin", origin)),
    ...headers.map((header) => xmlText("AllowedHeader", header)),
    ...exposed.map((header) => xmlText("ExposeHeader", header)),
    xmlText("MaxAgeSeconds", maxAgeSeconds),
  );
}

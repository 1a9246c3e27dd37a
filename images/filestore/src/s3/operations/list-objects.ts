import { xmlDocument, xmlText } from "@weftkit/http-aws";
import { invalidArgument } from "../../errors.ts";
import { type Listed, listLive } from "../../storage/listing.ts";
import type { Version } from "../../storage/versions.ts";
import { namespace, xmlReply } from "../answer/reply.ts";
import type { Call } from "../call.ts";
import type { Operation } from "../operation.ts";
import { commonPrefixXml, type ListParameters, listParameters, objectXml } from "./listing.ts";

export const listObjectsOperation: Operation = {
  name: "ListObjects",
  on: "bucket",
  method: "GET",
  run: async (call) => {
    const parameters = listParameters(call, "max-keys");
    const marker = call.query("marker") ?? "";
    const listed = await listPage(call, parameters, marker);
    const { encode, delimiter, maxKeys } = parameters;
    const body = xmlDocument(
      "ListBucketResult",
      namespace,
      xmlText("Name", call.bucketName),
      xmlText("Prefix", parameters.prefix),
      xmlText("Marker", encode(marker)),
      xmlText("NextMarker", listed.next !== undefined && delimiter !== "" ? encode(listed.next) : undefined),
      xmlText("MaxKeys", maxKeys),
      xmlText("Delimiter", delimiter === "" ? undefined : encode(delimiter)),
      xmlText("EncodingType", parameters.encodingType),
      xmlText("IsTruncated", listed.next !== undefined),
      ...entriesXml(call, listed, parameters, true),
    );
    return xmlReply(body);
  },
};

export const listObjectsV2Operation: Operation = {
  name: "ListObjectsV2",
  on: "bucket",
  method: "GET",
  query: "list-type",
  queryValue: "2",
  run: async (call) => {
    const parameters = listParameters(call, "max-keys");
    const startAfter = call.query("start-after") ?? "";
    const token = call.query("continuation-token");
    const listed = await listPage(call, parameters, token ? readToken(token) : startAfter);
    const { encode, delimiter, maxKeys } = parameters;
    const body = xmlDocument(
      "ListBucketResult",
      namespace,
      xmlText("Name", call.bucketName),
      xmlText("Prefix", encode(parameters.prefix)),
      xmlText("StartAfter", startAfter === "" ? undefined : encode(startAfter)),
      xmlText("ContinuationToken", token),
      xmlText("NextContinuationToken", listed.next === undefined ? undefined : writeToken(listed.next)),
      xmlText("KeyCount", listed.entries.length),
      xmlText("MaxKeys", maxKeys),
      xmlText("Delimiter", delimiter === "" ? undefined : encode(delimiter)),
      xmlText("EncodingType", parameters.encodingType),
      xmlText("IsTruncated", listed.next !== undefined),
      ...entriesXml(call, listed, parameters, call.query("fetch-owner") === "true"),
    );
    return xmlReply(body);
  },
};

function listPage(
  call: Call,
  { prefix, delimiter, limit }: ListParameters,
  after: string,
): Promise<Listed<Version>> {
  return call.services.read((db) => {
    const bucket = call.bucket(db, "s3:ListBucket");
    if (limit === 0) return { entries: [], next: undefined };
    return listLive(db, bucket, { prefix, delimiter, after, limit });
  });
}

/** Objects first, then prefixes: each in its order, as S3 has them. */
function entriesXml(
  call: Call,
  { entries }: Listed<Version>,
  { encode }: ListParameters,
  withOwner: boolean,
): string[] {
  const { accounts } = call.services;
  const objects: string[] = [];
  const prefixes: string[] = [];
  for (const entry of entries) {
    if (entry.kind === "prefix") prefixes.push(commonPrefixXml(encode(entry.prefix)));
    else objects.push(objectXml("Contents", entry.row, { accounts, encode, withOwner }));
  }
  return [...objects, ...prefixes];
}

function writeToken(position: string): string {
  return Buffer.from(position).toString("base64");
}

function readToken(token: string): string {
  const bytes = Buffer.from(token, "base64");
  if (bytes.toString("base64") !== token) {
    throw invalidArgument("The continuation token provided is incorrect", "continuation-token");
  }
  return bytes.toString();
}

import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Parameters of the query that are part of what is signed. */
const signedParameters: ReadonlySet<string> = new Set([
  "acl",
  "cors",
  "delete",
  "lifecycle",
  "location",
  "logging",
  "notification",
  "partNumber",
  "policy",
  "requestPayment",
  "response-cache-control",
  "response-content-disposition",
  "response-content-encoding",
  "response-content-language",
  "response-content-type",
  "response-expires",
  "tagging",
  "torrent",
  "uploadId",
  "uploads",
  "versionId",
  "versioning",
  "versions",
  "website",
]);

/** A signature of the form before the fourth: who signed, and what it is to be compared with. */
export interface OldSignature {
  readonly accessKey: string;
  /** Base64. */
  readonly signature: string;
  /** Of a presigned address: until when it may be used, seconds since the Unix epoch. */
  readonly expires: string | undefined;
}

export interface OldHead {
  readonly method: string;
  readonly path: string;
  /** The bucket that stands in the host's name. */
  readonly hostBucket: string | undefined;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: Readonly<IncomingHttpHeaders>;
}

/** Reads a signature of version 2, in the header or in the query; undefined when there is none. */
export function readOldSignature({ headers, query }: OldHead): OldSignature | undefined {
  const header = /^AWS ([^:\s]+):(\S+)$/.exec(headers.authorization ?? "");
  if (header !== null) return { accessKey: header[1]!, signature: header[2]!, expires: undefined };
  const accessKey = query.get("AWSAccessKeyId");
  const signature = query.get("Signature");
  const expires = query.get("Expires");
  if (accessKey === undefined || signature === undefined || expires === undefined) return undefined;
  return { accessKey, signature, expires };
}

export function oldSignatureOf(
  secret: string,
  { method, path, hostBucket, query, headers }: OldHead,
  expires: string | undefined,
): string {
  const text = (name: string) => (typeof headers[name] === "string" ? (headers[name] as string) : "");
  const date = expires ?? (headers["x-amz-date"] === undefined ? text("date") : "");
  const amz = Object.entries(headers)
    .filter(([name, value]) => name.startsWith("x-amz-") && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${String(value).trim()}\n`)
    .join("");
  const parameters = [...query]
    .filter(([name]) => signedParameters.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === "" ? name : `${name}=${value}`));
  const resource = (hostBucket === undefined ? "" : `/${hostBucket}`) + path;
  const all = resource + (parameters.length === 0 ? "" : `?${parameters.join("&")}`);
  return hmacSha1(
    secret,
    `${method}\n${text("content-md5")}\n${text("content-type")}\n${date}\n${amz}${all}`,
  );
}

/** Base64. */
export function hmacSha1(secret: string, text: string): string {
  return createHmac("sha1", secret).update(text).digest("base64");
}

import { S3Error } from "../../errors.ts";

/** What a request is about. */
export interface Address {
  /** Undefined: the service itself. */
  readonly bucket: string | undefined;
  /** Undefined: the bucket itself. */
  readonly key: string | undefined;
  /** The bucket, where it stands in the host's name. */
  readonly hostBucket: string | undefined;
  /** The path without the query, as it was sent. */
  readonly path: string;
  /** Without the question mark, as it was sent. */
  readonly rawQuery: string;
  /** The first value of each name. */
  readonly query: ReadonlyMap<string, string>;
}

const keyBytesMax = 1024;

/**
 * Reads where a request goes: `/bucket/key`, or `/key` where the host's name is the bucket below one of `domains`.
 *
 * @throws S3Error `InvalidURI`
 */
export function readAddress(url: string, host: string | undefined, domains: readonly string[]): Address {
  const question = url.indexOf("?");
  const path = question === -1 ? url : url.slice(0, question);
  const rawQuery = question === -1 ? "" : url.slice(question + 1);
  const query = readQuery(rawQuery);
  const ofHost = bucketOfHost(host, domains);
  const decoded = decode(path.startsWith("/") ? path.slice(1) : path);
  if (ofHost !== undefined) {
    const key = decoded === "" ? undefined : decoded;
    return { bucket: ofHost, key, hostBucket: ofHost, path, rawQuery, query };
  }
  const slash = decoded.indexOf("/");
  const bucket = slash === -1 ? decoded : decoded.slice(0, slash);
  const key = slash === -1 ? "" : decoded.slice(slash + 1);
  return {
    bucket: bucket === "" ? undefined : bucket,
    key: key === "" ? undefined : key,
    hostBucket: undefined,
    path,
    rawQuery,
    query,
  };
}

function bucketOfHost(host: string | undefined, domains: readonly string[]): string | undefined {
  if (host === undefined || domains.length === 0) return undefined;
  const name = host.replace(/:\d+$/, "").toLowerCase();
  const domain = domains.find((one) => name.endsWith(`.${one.toLowerCase()}`));
  return domain === undefined ? undefined : name.slice(0, -domain.length - 1);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error("InvalidURI");
  }
}

function readQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  if (text === "") return query;
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    if (!query.has(name))
      query.set(name, equals === -1 ? "" : decode(pair.slice(equals + 1).replaceAll("+", "%20")));
  }
  return query;
}

/** @throws S3Error `KeyTooLongError` */
export function requireKey(key: string): string {
  if (Buffer.byteLength(key) > keyBytesMax) {
    throw new S3Error("KeyTooLongError", undefined, {
      Size: String(Buffer.byteLength(key)),
      MaxSizeAllowed: String(keyBytesMax),
    });
  }
  return key;
}

import { createHash, createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** What of a request goes into its signature (AWS Signature Version 4). */
export interface SignedRequest {
  readonly method: string;
  /** As it was sent, still percent-encoded. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** By name in lower case. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** In hexadecimal, or one of S3's words such as `UNSIGNED-PAYLOAD`. */
  readonly bodyHash: string;
}

/** Every octet but the unreserved ones of RFC 3986, in capitals. */
export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The parameters in order of their names, without the signature itself. */
export function canonicalQuery(query: string): string {
  if (query === "") return "";
  return query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=");
      const name = equals === -1 ? pair : pair.slice(0, equals);
      const value = equals === -1 ? "" : pair.slice(equals + 1);
      return [encodeRfc3986(decode(name)), encodeRfc3986(decode(value))] as const;
    })
    .filter(([name]) => name !== "X-Amz-Signature")
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** A plus is a plus here; text that is not percent-encoded rightly stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The text that is hashed and signed. All services but S3 encode the path a second time.
 */
export function canonicalRequest(
  request: SignedRequest,
  signedHeaders: readonly string[],
  { encodesPathTwice = true }: { encodesPathTwice?: boolean } = {},
): string {
  const path = request.path === "" ? "/" : request.path;
  const headers = signedHeaders.map((name) => `${name}:${headerValue(request.headers[name])}\n`).join("");
  return [
    request.method,
    encodesPathTwice && path !== "/" ? path.split("/").map(encodeRfc3986).join("/") : path,
    canonicalQuery(request.query),
    headers,
    signedHeaders.join(";"),
    request.bodyHash,
  ].join("\n");
}

function headerValue(value: string | readonly string[] | undefined): string {
  const text = typeof value === "string" ? value : (value?.join(",") ?? "");
  return text.trim().replace(/ +/g, " ");
}

/** `timestamp` is `20260102T030405Z`, `scope` is `20260102/<region>/<service>/aws4_request`. */
export function stringToSign(timestamp: string, scope: string, canonical: string): string {
  const hash = createHash("sha256").update(canonical).digest("hex");
  return `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${hash}`;
}

/** In hexadecimal. */
export function signatureOf(signingKey: Buffer, text: string): string {
  return createHmac("sha256", signingKey).update(text).digest("hex");
}

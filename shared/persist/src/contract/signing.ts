import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { isKeyId, isSha256, isSubtree } from "./names.ts";

/** The first line of everything that is signed; another version of the contract has another one. */
export const contractVersion = "WKP1";
/** How far a request's timestamp may be from the function's clock, either way. */
export const clockWindowMs = 300_000;
/** In the header and in the signature, where there is no previous manifest. */
const none = "-";

/** The headers of a signed request; the reply has the last of each kind. */
export const headerNames = {
  keyId: "x-weftkit-key-id",
  timestamp: "x-weftkit-timestamp",
  nonce: "x-weftkit-nonce",
  contentSha256: "x-weftkit-content-sha256",
  subtree: "x-weftkit-subtree",
  epoch: "x-weftkit-epoch",
  seq: "x-weftkit-seq",
  prev: "x-weftkit-prev",
  signature: "x-weftkit-signature",
} as const;

/** A secret that both sides have. */
export interface SigningKey {
  /** Tells keys apart while they rotate; two keys may share one, then both are tried. */
  readonly id: string;
  /** Used as the bytes it is in UTF-8. */
  readonly secret: string;
}

/** What a request's headers say; all of it is signed. */
export interface SignedFields {
  readonly keyId: string;
  /** Unix time in milliseconds. */
  readonly timestamp: number;
  /** 16 to 64 characters, new for each request. */
  readonly nonce: string;
  /** SHA-256 of the body. */
  readonly contentSha256: string;
  readonly subtree: string;
  /** 0 before the first claim. */
  readonly epoch: number;
  readonly seq: number;
  readonly prev: string | null;
}

/** Where a request goes, as it is signed. */
export interface RequestTarget {
  readonly method: string;
  /** Below the base URL: `/persist`, `/restore` or `/lease`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** SHA-256 in lower-case hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** A nonce for one request: 128 random bits. */
export function newNonce(): string {
  return randomBytes(16).toString("hex");
}

/** The query as it is sent and signed: by name, each name and value percent-encoded; empty without parameters. */
export function canonicalQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
}

/** Percent-encodes all but the unreserved characters of RFC 3986; encodeURIComponent leaves five more. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** What a request's signature is made over: ten lines, none of which can hold a line end. */
export function requestText(target: RequestTarget, fields: SignedFields): string {
  const query = canonicalQuery(target.query);
  return [
    contractVersion,
    target.method,
    query === "" ? target.path : `${target.path}?${query}`,
    fields.timestamp,
    fields.nonce,
    fields.contentSha256,
    fields.subtree,
    fields.epoch,
    fields.seq,
    fields.prev ?? none,
  ].join("\n");
}

/** What a reply's signature is made over: four lines. The nonce is the request's. */
export function replyText(nonce: string, status: number, contentSha256: string): string {
  return [contractVersion, nonce, status, contentSha256].join("\n");
}

/** HMAC-SHA256 in lower-case hexadecimal. */
export function sign(key: SigningKey, text: string): string {
  return createHmac("sha256", key.secret).update(text).digest("hex");
}

/** Whether `signature` is `key`'s of `text`; takes the same time wherever they differ. */
export function isSignatureOf(key: SigningKey, text: string, signature: string): boolean {
  const right = createHmac("sha256", key.secret).update(text).digest();
  return isSha256(signature) && timingSafeEqual(right, Buffer.from(signature, "hex"));
}

/** All headers of a signed request. */
export function signRequest(
  key: SigningKey,
  target: RequestTarget,
  fields: Omit<SignedFields, "keyId">,
): Record<string, string> {
  const signed = { ...fields, keyId: key.id };
  return {
    [headerNames.keyId]: key.id,
    [headerNames.timestamp]: String(fields.timestamp),
    [headerNames.nonce]: fields.nonce,
    [headerNames.contentSha256]: fields.contentSha256,
    [headerNames.subtree]: fields.subtree,
    [headerNames.epoch]: String(fields.epoch),
    [headerNames.seq]: String(fields.seq),
    [headerNames.prev]: fields.prev ?? none,
    [headerNames.signature]: sign(key, requestText(target, signed)),
  };
}

/** The headers of a signed reply. */
export function signReply(
  key: SigningKey,
  nonce: string,
  status: number,
  contentSha256: string,
): Record<string, string> {
  return {
    [headerNames.contentSha256]: contentSha256,
    [headerNames.signature]: sign(key, replyText(nonce, status, contentSha256)),
  };
}

/** A signed request's headers, read; undefined when one is missing or not of its form, so that nothing is guessed. */
export function readSignedFields(
  header: (name: string) => string | undefined,
): { readonly fields: SignedFields; readonly signature: string } | undefined {
  const keyId = header(headerNames.keyId);
  const timestamp = readInteger(header(headerNames.timestamp));
  const nonce = header(headerNames.nonce);
  const contentSha256 = header(headerNames.contentSha256);
  const subtree = header(headerNames.subtree);
  const epoch = readInteger(header(headerNames.epoch));
  const seq = readInteger(header(headerNames.seq));
  const prev = header(headerNames.prev);
  const signature = header(headerNames.signature);
  if (!isKeyId(keyId) || !isNonce(nonce) || !isSha256(contentSha256) || !isSubtree(subtree)) return undefined;
  if (timestamp === undefined || epoch === undefined || seq === undefined) return undefined;
  if ((prev !== none && !isSha256(prev)) || !isSha256(signature)) return undefined;
  const fields = {
    keyId,
    timestamp,
    nonce,
    contentSha256,
    subtree,
    epoch,
    seq,
    prev: prev === none ? null : prev,
  };
  return { fields, signature };
}

/** Whether `text` can be a nonce: 16 to 64 letters, digits, "_" and "-". */
export function isNonce(text: unknown): text is string {
  return typeof text === "string" && /^[A-Za-z0-9_-]{16,64}$/.test(text);
}

/** Decimal digits without sign or leading zeros, so that a number has one spelling. */
function readInteger(text: string | undefined): number | undefined {
  if (text === undefined || !/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

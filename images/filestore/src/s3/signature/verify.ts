import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Authenticator, SecurityContext } from "@weftkit/auth";
import type { Clock } from "@weftkit/core";
import type { Peer } from "@weftkit/host";
import {
  AwsError,
  type ChunkSigning,
  canonicalRequest,
  encodeRfc3986,
  type ReadSignature,
  readSignature,
  SigningKeys,
  signatureOf,
  stringToSign,
} from "@weftkit/http-aws";
import { S3Error } from "../../errors.ts";
import { hmacSha1, type OldSignature, oldSignatureOf, readOldSignature } from "./version-2.ts";

/** Who signed a request, and by what its body is verified. */
export interface Verified {
  /** Undefined: nobody signed it. */
  readonly user: SecurityContext | undefined;
  /** `x-amz-content-sha256`: a hash or one of S3's words; of a request that is not signed, as it came. */
  readonly payload: string;
  readonly chunkSigning: ChunkSigning | undefined;
  readonly isPresigned: boolean;
}

export interface SignedHead {
  readonly method: string;
  readonly path: string;
  readonly rawQuery: string;
  readonly query: ReadonlyMap<string, string>;
  /** The bucket that stands in the host's name. */
  readonly hostBucket: string | undefined;
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[];
  readonly peer: Pick<Peer, "identity"> | undefined;
}

const skewMs = 15 * 60_000;
const expiresMaxSeconds = 7 * 86_400;
const unsigned = "UNSIGNED-PAYLOAD";

/** Finds out who signed a request to S3, in a header or in the query. */
export class SignatureVerifier {
  readonly #auth: Authenticator;
  readonly #clock: Clock;
  readonly #keys = new SigningKeys();

  constructor(auth: Authenticator, clock: Clock) {
    this.#auth = auth;
    this.#clock = clock;
  }

  /** Who somebody is that has not signed; undefined is nobody. */
  get anonymous(): SecurityContext | undefined {
    return this.#auth.anonymous;
  }

  /** @throws S3Error */
  verify(head: SignedHead): Verified | Promise<Verified> {
    const { headers, rawQuery, peer } = head;
    const { authorization } = headers;
    const isPresigned = rawQuery.includes("X-Amz-Algorithm=") || rawQuery.includes("X-Amz-Signature=");
    const payloadHeader = headers["x-amz-content-sha256"];
    const payload = typeof payloadHeader === "string" ? payloadHeader : unsigned;
    const anonymous = this.#auth.anonymous ?? peer?.identity;
    if (!isPresigned && (authorization === undefined || authorization.startsWith("AWS "))) {
      const old = readOldSignature(head);
      if (old !== undefined) return this.#verifyOld(head, old, unsignedPayload(payload), anonymous);
      if (authorization !== undefined)
        throw new S3Error("InvalidArgument", "AWS authorization header is invalid.");
      return { user: anonymous, payload: unsignedPayload(payload), chunkSigning: undefined, isPresigned };
    }
    if (authorization !== undefined && !authorization.startsWith("AWS4-")) {
      throw new S3Error("InvalidArgument", "Unsupported Authorization Type", {
        ArgumentName: "Authorization",
        ArgumentValue: authorization,
      });
    }
    const read = readS3Signature(headers, rawQuery, isPresigned);
    if (!isPresigned && payloadHeader === undefined) {
      throw new S3Error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256");
    }
    if (anonymous !== undefined) {
      return { user: anonymous, payload: unsignedPayload(payload), chunkSigning: undefined, isPresigned };
    }
    if (this.#auth.method === "jwt") return this.#verifyToken(read, unsignedPayload(payload), isPresigned);
    const verified = this.#auth.withSecret(read.credential.accessKey, (secret, user): Verified => {
      const chunkSigning = this.#requireSignature(head, read, secret, payload, isPresigned);
      return { user, payload, chunkSigning, isPresigned };
    });
    if (verified === undefined) {
      throw new S3Error("InvalidAccessKeyId", undefined, { AWSAccessKeyId: read.credential.accessKey });
    }
    return verified;
  }

  /** A policy of a POST form, which is signed as it stands in base64. @throws S3Error */
  verifyPolicy(
    policy: string,
    { credential, signature }: { readonly credential: string; readonly signature: string },
  ): SecurityContext {
    const parts = credential.split("/");
    const [date = "", region = "", service = "", terminator] = parts.slice(-4);
    const accessKey = parts.slice(0, -4).join("/");
    if (terminator !== "aws4_request" || service !== "s3") {
      throw new S3Error("InvalidArgument", "The credential is malformed", {
        ArgumentName: "x-amz-credential",
      });
    }
    const { anonymous } = this.#auth;
    if (anonymous !== undefined) return anonymous;
    const user = this.#auth.withSecret(accessKey, (secret, context) => {
      const key = this.#keys.get(accessKey, secret, date, region, service);
      if (!isSame(signatureOf(key, policy), signature)) throw new S3Error("SignatureDoesNotMatch");
      return context;
    });
    if (user === undefined) throw new S3Error("InvalidAccessKeyId", undefined, { AWSAccessKeyId: accessKey });
    return user;
  }

  /** Version 2 of the signature, which older clients and forms send. */
  #verifyOld(
    head: SignedHead,
    { accessKey, signature, expires }: OldSignature,
    payload: string,
    anonymous: SecurityContext | undefined,
  ): Verified {
    const isPresigned = expires !== undefined;
    if (anonymous !== undefined) return { user: anonymous, payload, chunkSigning: undefined, isPresigned };
    const nowMs = this.#clock.wallMs();
    if (expires === undefined) {
      const date = head.headers["x-amz-date"] ?? head.headers.date;
      const atMs = typeof date === "string" ? (timeOf(date) ?? Date.parse(date)) : Number.NaN;
      if (Number.isNaN(atMs)) {
        throw new S3Error("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header");
      }
      if (Math.abs(nowMs - atMs) > skewMs) throw new S3Error("RequestTimeTooSkewed");
    } else {
      const untilMs = /^\d{1,15}$/.test(expires) ? Number(expires) * 1000 : Number.NaN;
      if (Number.isNaN(untilMs))
        throw new S3Error("AccessDenied", "Invalid date (should be seconds since epoch)");
      if (untilMs < nowMs) throw new S3Error("AccessDenied", "Request has expired");
      if (untilMs > nowMs + (expiresMaxSeconds + 60) * 1000) {
        throw new S3Error("AccessDenied", "Expires must be less than a week in the future");
      }
    }
    const user = this.#auth.withSecret(accessKey, (secret, context) => {
      // A bucket's address may be signed with a slash at its end that is not sent.
      const isRight = [head.path, `${head.path}/`].some((path) =>
        isSame(oldSignatureOf(secret, { ...head, path }, expires), signature),
      );
      if (!isRight) throw new S3Error("SignatureDoesNotMatch");
      return context;
    });
    if (user === undefined) throw new S3Error("InvalidAccessKeyId", undefined, { AWSAccessKeyId: accessKey });
    return { user, payload, chunkSigning: undefined, isPresigned };
  }

  /** A form's policy in the older form: no credential, a key's name. @throws S3Error */
  verifyOldPolicy(policy: string, accessKey: string, signature: string): SecurityContext {
    const { anonymous } = this.#auth;
    if (anonymous !== undefined) return anonymous;
    const user = this.#auth.withSecret(accessKey, (secret, context) => {
      if (!isSame(hmacSha1(secret, policy), signature)) throw new S3Error("SignatureDoesNotMatch");
      return context;
    });
    if (user === undefined) throw new S3Error("InvalidAccessKeyId", undefined, { AWSAccessKeyId: accessKey });
    return user;
  }

  async #verifyToken(
    { sessionToken }: ReadSignature,
    payload: string,
    isPresigned: boolean,
  ): Promise<Verified> {
    const user = sessionToken === undefined ? undefined : await this.#auth.verifyToken(sessionToken);
    if (user === undefined) throw new S3Error("InvalidToken");
    return { user, payload, chunkSigning: undefined, isPresigned };
  }

  #requireSignature(
    { method, path, rawQuery, headers, rawHeaders }: SignedHead,
    read: ReadSignature,
    secret: string,
    payload: string,
    isPresigned: boolean,
  ): ChunkSigning | undefined {
    const { credential, timestamp, signedHeaders, signature } = read;
    this.#requireTime(read, isPresigned);
    if (!signedHeaders.includes("host")) throw new S3Error("SignatureDoesNotMatch");
    const { date, region, service, accessKey } = credential;
    const key = this.#keys.get(accessKey, secret, date, region, service);
    const scope = `${date}/${region}/${service}/aws4_request`;
    const bodyHash = isPresigned && headers["x-amz-content-sha256"] === undefined ? unsigned : payload;
    const sent = sentHeaders(headers, rawHeaders, signedHeaders);
    const signed = { method, query: rawQuery, headers: sent, bodyHash };
    const matches = (form: string) => {
      const canonical = canonicalRequest({ ...signed, path: form }, signedHeaders, {
        encodesPathTwice: false,
      });
      return isSame(signatureOf(key, stringToSign(timestamp, scope, canonical)), signature);
    };
    // A path may be sent in another form than the one that is signed, with fewer characters encoded.
    if (!matches(path)) {
      const form = normalPath(path);
      if (form === path || !matches(form)) {
        throw new S3Error("SignatureDoesNotMatch", undefined, {
          AWSAccessKeyId: accessKey,
          SignatureProvided: signature,
        });
      }
    }
    return { key, timestamp, scope, seedSignature: signature };
  }

  #requireTime({ timestamp, expiresSeconds, credential }: ReadSignature, isPresigned: boolean): void {
    const atMs = timeOf(timestamp);
    if (atMs === undefined || !timestamp.startsWith(credential.date)) {
      throw new S3Error("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header");
    }
    const nowMs = this.#clock.wallMs();
    if (!isPresigned) {
      if (Math.abs(nowMs - atMs) <= skewMs) return;
      throw new S3Error("RequestTimeTooSkewed", undefined, {
        RequestTime: timestamp,
        ServerTime: new Date(nowMs).toISOString(),
        MaxAllowedSkewMilliseconds: String(skewMs),
      });
    }
    if (expiresSeconds === undefined || !Number.isInteger(expiresSeconds) || expiresSeconds < 0) {
      throw wrongExpiry("X-Amz-Expires should be a number of seconds");
    }
    if (expiresSeconds > expiresMaxSeconds) {
      throw wrongExpiry("X-Amz-Expires must be less than a week (in seconds) that is 604800");
    }
    if (atMs - nowMs > skewMs) throw new S3Error("AccessDenied", "Request is not valid yet");
    if (nowMs > atMs + expiresSeconds * 1000) {
      throw new S3Error("AccessDenied", "Request has expired", {
        Expires: new Date(atMs + expiresSeconds * 1000).toISOString(),
        ServerTime: new Date(nowMs).toISOString(),
      });
    }
  }
}

function readS3Signature(
  headers: Readonly<IncomingHttpHeaders>,
  query: string,
  isPresigned: boolean,
): ReadSignature {
  if (isPresigned && headers.authorization !== undefined) {
    throw new S3Error(
      "InvalidArgument",
      "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
    );
  }
  try {
    return readSignature(headers, query, "s3");
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (isPresigned) throw new S3Error("AuthorizationQueryParametersError", error.message);
    if (headers["x-amz-date"] === undefined && headers.date === undefined) {
      throw new S3Error("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header");
    }
    throw new S3Error(
      "AuthorizationHeaderMalformed",
      `The authorization header is malformed; ${error.message}`,
    );
  }
}

/** An address that was never valid is refused as one that is not any more. */
function wrongExpiry(message: string): S3Error {
  return new S3Error("AuthorizationQueryParametersError", message, {}, { status: 403 });
}

/** Where nothing is verified by signature, chunks are not either. */
function unsignedPayload(payload: string): string {
  if (payload === "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") return "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
  return payload;
}

/** Headers as they were sent: Node reads their bytes as Latin-1, and they are signed as UTF-8. */
function sentHeaders(
  headers: Readonly<IncomingHttpHeaders>,
  rawHeaders: readonly string[],
  names: readonly string[],
): IncomingHttpHeaders {
  const sent: IncomingHttpHeaders = {};
  for (const name of names) {
    const value = headers[name];
    const joined = typeof value === "string" ? value : value?.join(",");
    // Node has a blank between the values of a header that was sent several times; what is signed has none.
    const text = joined?.includes(", ") === true ? valuesOf(rawHeaders, name).join(",") : joined;
    if (text === undefined) continue;
    const isAscii = Buffer.byteLength(text) === text.length;
    sent[name] = isAscii ? text : Buffer.from(text, "latin1").toString();
  }
  return sent;
}

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === name);
}

function normalPath(path: string): string {
  try {
    return decodeURIComponent(path).split("/").map(encodeRfc3986).join("/");
  } catch {
    return path;
  }
}

function timeOf(timestamp: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}

function isSame(expected: string, given: string): boolean {
  return expected.length === given.length && timingSafeEqual(Buffer.from(expected), Buffer.from(given));
}

import {
  canonicalRequest,
  encodeRfc3986,
  type SignedRequest,
  signatureOf,
  stringToSign,
} from "./canonical.ts";
import type { Credential } from "./read-signature.ts";
import { signingKey } from "./signing-key.ts";

export interface SigningOptions {
  readonly credential: Credential;
  readonly secret: string;
  /** `20260102T030405Z`. */
  readonly timestamp: string;
  readonly signedHeaders: readonly string[];
  readonly encodesPathTwice?: boolean;
}

/** The value of the `Authorization` header. */
export function sign(request: SignedRequest, options: SigningOptions): string {
  const { credential, signedHeaders } = options;
  const scope = `${credential.date}/${credential.region}/${credential.service}/aws4_request`;
  return `AWS4-HMAC-SHA256 Credential=${credential.accessKey}/${scope}, SignedHeaders=${signedHeaders.join(";")}, Signature=${signature(request, options, scope)}`;
}

/** The query of a presigned address; `request.query` may have more parameters. */
export function presign(request: SignedRequest, options: SigningOptions, expiresSeconds: number): string {
  const { credential, signedHeaders, timestamp } = options;
  const scope = `${credential.date}/${credential.region}/${credential.service}/aws4_request`;
  const parameters = [
    request.query,
    "X-Amz-Algorithm=AWS4-HMAC-SHA256",
    `X-Amz-Credential=${encodeRfc3986(`${credential.accessKey}/${scope}`)}`,
    `X-Amz-Date=${timestamp}`,
    `X-Amz-Expires=${expiresSeconds}`,
    `X-Amz-SignedHeaders=${encodeRfc3986(signedHeaders.join(";"))}`,
  ];
  const query = parameters.filter((part) => part !== "").join("&");
  return `${query}&X-Amz-Signature=${signature({ ...request, query }, options, scope)}`;
}

function signature(request: SignedRequest, options: SigningOptions, scope: string): string {
  const { credential, secret, timestamp, signedHeaders, encodesPathTwice = true } = options;
  const key = signingKey(secret, credential.date, credential.region, credential.service);
  const canonical = canonicalRequest(request, signedHeaders, { encodesPathTwice });
  return signatureOf(key, stringToSign(timestamp, scope, canonical));
}

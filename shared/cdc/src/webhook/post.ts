import { createHmac } from "node:crypto";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isPrivateAddress, privateAddress, publicLookup } from "./addresses.ts";

/** A receiver that has not answered by then has failed. */
const timeoutMs = 10_000;

export interface Message {
  /** The same at every try, so that a receiver knows what it has had already. */
  readonly id: string;
  readonly body: string;
}

export interface PostOptions {
  /** Whether it may go to this machine and to private networks. */
  readonly allowsPrivate: boolean;
  /** Default: application/json. */
  readonly contentType?: string;
  readonly userAgent: string;
}

/** What came of a try: the status of the answer, or why there was none. */
export type PostResult = { readonly status: number } | { readonly failure: string };

/**
 * Signs as Standard Webhooks says: HMAC-SHA256 of id, time and body, so that neither can be changed or sent again much
 * later.
 */
export function signatureOf(secret: Buffer, { id, body }: Message, seconds: number): string {
  return `v1,${createHmac("sha256", secret).update(`${id}.${seconds}.${body}`).digest("base64")}`;
}

/** Sends a message once, signed with the time of this try. Redirects are not followed: the address was chosen by the user. */
export function post(
  url: string,
  message: Message,
  secret: Buffer,
  { allowsPrivate, contentType = "application/json", userAgent }: PostOptions,
  signal: AbortSignal,
): Promise<PostResult> {
  const { protocol, hostname } = new URL(url);
  if (!allowsPrivate && isPrivateAddress(hostname.replace(/^\[|\]$/g, ""))) {
    return Promise.resolve({ failure: privateAddress(hostname) });
  }
  const seconds = Math.floor(Date.now() / 1000);
  const headers = {
    "content-type": contentType,
    "content-length": Buffer.byteLength(message.body),
    "user-agent": userAgent,
    "webhook-id": message.id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": signatureOf(secret, message, seconds),
  };
  const request = protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const sending = request(
      url,
      {
        method: "POST",
        headers,
        agent: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        ...(allowsPrivate ? {} : { lookup: publicLookup }),
      },
      (response) => {
        resolve({ status: response.statusCode ?? 0 });
        // What it says beside the status is of no use, however long it is.
        response.destroy();
      },
    );
    sending.on("error", (error) => resolve({ failure: error.message }));
    sending.end(message.body);
  });
}

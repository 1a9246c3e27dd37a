import { setTimeout as delay } from "node:timers/promises";
import { WeftkitError } from "@weftkit/core";
import { sha256 } from "@weftkit/persist/contract";
import { AwsV4Signer } from "aws4fetch";
import type { StoreConfig } from "../config.ts";
import { CredentialsProvider } from "./credentials.ts";

export type S3Config = Extract<StoreConfig, { readonly kind: "s3" }>;

export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A response with its whole body. */
export interface S3Response {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

const attemptsMax = 4;
const firstWaitMsMax = 100;
const attemptTimeoutMs = 20_000;
/** Of an error's XML. */
const errorBodyBytesMax = 64 * 1024;

/** Signed requests to one bucket; repeats what failed for a reason that may pass. */
export class Bucket {
  readonly #config: S3Config;
  readonly #credentials: CredentialsProvider;
  /** Signing keys by day, as aws4fetch keeps them. */
  readonly #signingKeys = new Map<string, ArrayBuffer>();

  constructor(config: S3Config) {
    this.#config = config;
    this.#credentials = new CredentialsProvider(config.credentials);
  }

  /**
   * The answer to a request, whatever its status below 500.
   *
   * @throws WeftkitError `s3_unreachable` when none came, or only failures of the service
   */
  async send(request: S3Request, bytesMax = errorBodyBytesMax): Promise<S3Response> {
    let failure: unknown;
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      if (attempt > 1) await delay(Math.random() * firstWaitMsMax * 2 ** attempt);
      try {
        const response = await this.#once(request, bytesMax);
        if (response.status < 500 && response.status !== 429) return response;
        failure = `${response.status} ${errorCodeOf(response) ?? ""}`;
      } catch (error) {
        if (error instanceof WeftkitError) throw error;
        failure = reasonOf(error);
      }
    }
    const message = `${request.method} ${this.#config.bucket}/${request.key} failed ${attemptsMax} times: ${failure}`;
    throw new WeftkitError("s3_unreachable", message);
  }

  /** A URL by which whoever has it may do this for a while; `headers` must be sent with it. */
  async presign(
    method: "GET" | "PUT",
    key: string,
    expiresSeconds: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const url = this.#urlOf(key);
    url.searchParams.set("X-Amz-Expires", String(expiresSeconds));
    const signer = await this.#signer({ method, url, headers, signQuery: true });
    const signed = await signer.sign();
    return signed.url.href;
  }

  async #once({ method, key, headers, body }: S3Request, bytesMax: number): Promise<S3Response> {
    const all = { ...headers, "x-amz-content-sha256": sha256(body ?? new Uint8Array(0)) };
    const signer = await this.#signer({ method, url: this.#urlOf(key), headers: all });
    const signed = await signer.sign();
    const response = await fetch(signed.url, {
      method,
      headers: signed.headers,
      redirect: "manual",
      signal: AbortSignal.timeout(attemptTimeoutMs),
      ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
    });
    const received = await readAtMost(response, Math.max(bytesMax, errorBodyBytesMax), key);
    return { status: response.status, headers: response.headers, body: received };
  }

  async #signer(request: {
    method: string;
    url: URL;
    headers: Record<string, string>;
    signQuery?: boolean;
  }): Promise<AwsV4Signer> {
    const { region } = this.#config;
    const { accessKeyId, secretAccessKey, sessionToken } = await this.#credentials.get();
    return new AwsV4Signer({
      ...request,
      url: request.url.href,
      accessKeyId,
      secretAccessKey,
      region,
      service: "s3",
      // Keys by day and secret: those of a role change.
      cache: this.#signingKeys,
      ...(sessionToken !== undefined && { sessionToken }),
    });
  }

  /** By path where an endpoint is given, as every S3-compatible store knows it, and for names that no certificate covers. */
  #urlOf(key: string): URL {
    const { bucket, prefix, endpoint, region } = this.#config;
    const path = prefix === "" ? key : `${prefix}/${key}`;
    if (endpoint !== undefined) {
      const url = new URL(endpoint);
      url.pathname = `${url.pathname.replace(/\/+$/, "")}/${bucket}/${path}`;
      return url;
    }
    const host = `s3.${region}.amazonaws.com`;
    return new URL(
      bucket.includes(".") ? `https://${host}/${bucket}/${path}` : `https://${bucket}.${host}/${path}`,
    );
  }
}

/** The code in an error's XML: NoSuchKey, AccessDenied. */
export function errorCodeOf({ body }: Pick<S3Response, "body">): string | undefined {
  return /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(body.subarray(0, errorBodyBytesMax).toString("utf8"))?.[1];
}

async function readAtMost(response: Response, bytesMax: number, key: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      throw new WeftkitError(
        "object_too_large",
        `${key} has more than the ${bytesMax} bytes that were expected`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** fetch says "fetch failed"; why is in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

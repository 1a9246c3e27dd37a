import { AwsV4Signer } from "aws4fetch";
import { sha256 } from "../../contract/signing.ts";
import { within } from "../read-place.ts";
import { errorBodyBytesMax, exchange, type StoreResponse } from "../store-exchange.ts";
import { CredentialsProvider } from "./credentials.ts";
import type { S3Config } from "./read-config.ts";

export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

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
  send({ method, key, headers, body }: S3Request, bytesMax?: number): Promise<StoreResponse> {
    const all = { ...headers, "x-amz-content-sha256": sha256(body ?? new Uint8Array(0)) };
    return exchange({
      what: `${method} ${this.#config.bucket}/${key}`,
      prepare: async () => {
        const signer = await this.#signer({ method, url: this.#urlOf(key), headers: all });
        const signed = await signer.sign();
        return { method, url: signed.url, headers: signed.headers, body };
      },
      bytesMax,
      codeOf: errorCodeOf,
      unreachable: "s3_unreachable",
    });
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
    const { bucket, endpoint, region } = this.#config;
    const path = within(this.#config, key);
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
export function errorCodeOf({ body }: Pick<StoreResponse, "body">): string | undefined {
  return /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(body.subarray(0, errorBodyBytesMax).toString("utf8"))?.[1];
}

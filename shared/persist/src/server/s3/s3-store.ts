import { WeftkitError } from "@weftkit/core";
import type { UploadUrl } from "../../contract/messages.ts";
import type { ObjectFacts, ObjectStore, PutCondition, StoredObject } from "../object-store.ts";
import type { StoreResponse } from "../store-exchange.ts";
import { Bucket, errorCodeOf, type S3Request } from "./bucket.ts";
import type { S3Config } from "./read-config.ts";

/** How long a presigned URL holds; what takes longer goes through the function. */
const presignedSeconds = 3600;

/** Makes the store of a bucket. */
export function createS3Store(config: S3Config): ObjectStore {
  const bucket = new Bucket(config);
  const store = new S3Store(bucket);
  if (!config.presign) return store;
  return {
    get: (...call) => store.get(...call),
    put: (...call) => store.put(...call),
    head: (key) => store.head(key),
    delete: (key) => store.delete(key),
    presignGet: (key) => bucket.presign("GET", key, presignedSeconds),
    presignPut: (key, sha256) => presignPut(bucket, key, sha256),
  };
}

/** Objects in a bucket of S3, or of any store that keeps its promises: read after write, If-Match, If-None-Match. */
class S3Store implements ObjectStore {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  async get(key: string, bytesMax: number): Promise<StoredObject | undefined> {
    const request = { method: "GET", key } as const;
    const response = await this.#bucket.send(request, bytesMax);
    if (response.status === 200) return { body: response.body, etag: requireEtag(response, key) };
    // A missing bucket is a 404 as well, and no answer to whether there is a head.
    if (response.status === 404 && errorCodeOf(response) === "NoSuchKey") return undefined;
    throw refused(request, response);
  }

  async put(
    key: string,
    body: Uint8Array,
    condition?: PutCondition,
  ): Promise<{ readonly etag: string } | undefined> {
    const request = { method: "PUT", key, body, headers: conditionHeaders(condition) } as const;
    const response = await this.#bucket.send(request);
    if (response.status === 200) return { etag: requireEtag(response, key) };
    if (condition !== undefined && isLost(response)) return undefined;
    throw refused(request, response);
  }

  async head(key: string): Promise<ObjectFacts | undefined> {
    const request = { method: "HEAD", key } as const;
    const response = await this.#bucket.send(request);
    if (response.status === 404) return undefined;
    const bytes = Number(response.headers.get("content-length") ?? Number.NaN);
    const modifiedMs = Date.parse(response.headers.get("last-modified") ?? "");
    if (response.status !== 200 || Number.isNaN(bytes) || Number.isNaN(modifiedMs))
      throw refused(request, response);
    return { bytes, modifiedMs };
  }

  async delete(key: string): Promise<void> {
    const request = { method: "DELETE", key } as const;
    const response = await this.#bucket.send(request);
    if (![200, 204, 404].includes(response.status)) throw refused(request, response);
  }
}

/** The store holds the body against the checksum in the signed header, so that the URL takes this part only. */
async function presignPut(bucket: Bucket, key: string, sha256: string): Promise<UploadUrl> {
  const headers = { "x-amz-checksum-sha256": Buffer.from(sha256, "hex").toString("base64") };
  return { url: await bucket.presign("PUT", key, presignedSeconds, headers), headers };
}

function conditionHeaders(condition: PutCondition | undefined): Record<string, string> {
  if (condition === undefined) return {};
  return "ifMatch" in condition ? { "if-match": condition.ifMatch } : { "if-none-match": "*" };
}

/**
 * The condition did not hold: 412; 409 when another write on it was under way; 404 when the object that was to be
 * replaced is gone. After a lost answer it can be our own write that won: who asks reads again.
 */
function isLost({ status, body }: StoreResponse): boolean {
  if (status === 412) return true;
  const code = errorCodeOf({ body });
  return (
    (status === 409 && code === "ConditionalRequestConflict") || (status === 404 && code === "NoSuchKey")
  );
}

function requireEtag({ headers }: StoreResponse, key: string): string {
  const etag = headers.get("etag");
  if (etag !== null && etag !== "") return etag;
  throw new WeftkitError("s3_refused", `the store answers without an ETag for ${key}`);
}

function refused({ method, key }: S3Request, response: StoreResponse): WeftkitError {
  const code = errorCodeOf(response);
  const message = `the store answered ${response.status}${code === undefined ? "" : ` ${code}`} to ${method} ${key}`;
  return new WeftkitError("s3_refused", message);
}

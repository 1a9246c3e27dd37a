import { WeftkitError } from "@weftkit/core";
import type { ObjectFacts, ObjectStore, PutCondition, StoredObject } from "../object-store.ts";
import { within } from "../read-place.ts";
import type { Renewed } from "../renewed.ts";
import { exchange, type StoreRequest, type StoreResponse } from "../store-exchange.ts";
import { accessTokens } from "./access-token.ts";
import type { AzureConfig } from "./read-config.ts";

/** Of the service's REST API. */
const apiVersion = "2023-11-03";

interface Call {
  readonly method: StoreRequest["method"];
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** Block blobs in a container of Azure Blob Storage. */
export class AzureStore implements ObjectStore {
  readonly #config: AzureConfig;
  readonly #tokens: Renewed<string>;

  constructor(config: AzureConfig) {
    this.#config = config;
    this.#tokens = accessTokens(config.identity);
  }

  async get(key: string, bytesMax: number): Promise<StoredObject | undefined> {
    const call = { method: "GET", key } as const;
    const response = await this.#send(call, bytesMax);
    if (response.status === 200) return { body: response.body, etag: requireEtag(response, key) };
    if (isAbsent(response)) return undefined;
    throw refused(call, response);
  }

  async put(
    key: string,
    body: Uint8Array,
    condition?: PutCondition,
  ): Promise<{ readonly etag: string } | undefined> {
    const headers = {
      "x-ms-blob-type": "BlockBlob",
      "content-type": "application/octet-stream",
      ...conditionHeaders(condition),
    };
    const call = { method: "PUT", key, headers, body } as const;
    const response = await this.#send(call);
    if (response.status === 201) return { etag: requireEtag(response, key) };
    if (condition !== undefined && isLost(response)) return undefined;
    throw refused(call, response);
  }

  async head(key: string): Promise<ObjectFacts | undefined> {
    const call = { method: "HEAD", key } as const;
    const response = await this.#send(call);
    if (isAbsent(response)) return undefined;
    const bytes = Number(response.headers.get("content-length") ?? Number.NaN);
    const modifiedMs = Date.parse(response.headers.get("last-modified") ?? "");
    if (response.status !== 200 || Number.isNaN(bytes) || Number.isNaN(modifiedMs))
      throw refused(call, response);
    return { bytes, modifiedMs };
  }

  async delete(key: string): Promise<void> {
    const call = { method: "DELETE", key } as const;
    const response = await this.#send(call);
    if (response.status !== 202 && !isAbsent(response)) throw refused(call, response);
  }

  #send({ method, key, headers, body }: Call, bytesMax?: number): Promise<StoreResponse> {
    const { container } = this.#config;
    const url = new URL(`${container.pathname}/${within(this.#config, key)}`, container);
    return exchange({
      what: `${method} ${this.#config.bucket}/${key}`,
      prepare: async () => {
        const authorization = `Bearer ${await this.#tokens.get()}`;
        const signed = { "x-ms-version": apiVersion, "x-ms-date": new Date().toUTCString(), authorization };
        return { method, url, headers: { ...headers, ...signed }, body };
      },
      bytesMax,
      codeOf,
      unreachable: "azure_unreachable",
    });
  }
}

/** A container or an account that is not there is a 404 as well, and no answer to whether there is a blob. */
function isAbsent(response: StoreResponse): boolean {
  return response.status === 404 && codeOf(response) === "BlobNotFound";
}

/**
 * The condition did not hold. After a lost answer it can be our own write that won: who asks reads again.
 */
function isLost(response: StoreResponse): boolean {
  return response.status === 412 || (response.status === 409 && codeOf(response) === "BlobAlreadyExists");
}

function conditionHeaders(condition: PutCondition | undefined): Record<string, string> {
  if (condition === undefined) return {};
  return "ifMatch" in condition ? { "if-match": condition.ifMatch } : { "if-none-match": "*" };
}

function codeOf({ headers }: StoreResponse): string | undefined {
  return headers.get("x-ms-error-code") ?? undefined;
}

function requireEtag({ headers }: StoreResponse, key: string): string {
  const etag = headers.get("etag");
  if (etag !== null && etag !== "") return etag;
  throw new WeftkitError("azure_refused", `the store answers without an ETag for ${key}`);
}

function refused({ method, key }: Call, response: StoreResponse): WeftkitError {
  const code = codeOf(response);
  const message = `the store answered ${response.status}${code === undefined ? "" : ` ${code}`} to ${method} ${key}`;
  return new WeftkitError("azure_refused", message);
}

import { WeftkitError } from "@weftkit/core";
import type { ObjectFacts, ObjectStore, PutCondition, StoredObject } from "../object-store.ts";
import { within } from "../read-place.ts";
import type { Renewed } from "../renewed.ts";
import { exchange, type StoreRequest, type StoreResponse } from "../store-exchange.ts";
import { accessTokens } from "./access-token.ts";
import type { GcsConfig } from "./read-config.ts";

interface Call {
  readonly method: StoreRequest["method"];
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/**
 * Objects in a bucket of Google Cloud Storage, by its JSON API. An object's ETag is its generation, a number that no
 * other content of it ever has.
 */
export class GcsStore implements ObjectStore {
  readonly #config: GcsConfig;
  readonly #tokens: Renewed<string>;

  constructor(config: GcsConfig) {
    this.#config = config;
    this.#tokens = accessTokens(config.metadata);
  }

  async get(key: string, bytesMax: number): Promise<StoredObject | undefined> {
    const call = { method: "GET", path: this.#object(key), query: { alt: "media" } } as const;
    const response = await this.#send(call, key, bytesMax);
    if (response.status === 404) return await this.#requireAbsent(key, bytesMax);
    const generation = response.headers.get("x-goog-generation");
    if (response.status !== 200 || generation === null) throw refused("GET", key, response);
    return { body: response.body, etag: generation };
  }

  async put(
    key: string,
    body: Uint8Array,
    condition?: PutCondition,
  ): Promise<{ readonly etag: string } | undefined> {
    const name = within(this.#config, key);
    const query = { uploadType: "media", name, fields: "generation", ...conditionQuery(condition) };
    const path = `/upload${this.#bucket()}`;
    const response = await this.#send({ method: "POST", path, query, body }, key);
    if (condition !== undefined && response.status === 412) return undefined;
    const { generation } = response.status === 200 ? readJson<{ generation: string }>(response) : {};
    if (generation === undefined) throw refused("PUT", key, response);
    return { etag: generation };
  }

  async head(key: string): Promise<ObjectFacts | undefined> {
    const call = { method: "GET", path: this.#object(key), query: { fields: "size,timeCreated" } } as const;
    const response = await this.#send(call, key);
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw refused("HEAD", key, response);
    const { size, timeCreated = "" } = readJson<{ size: string; timeCreated: string }>(response);
    const [bytes, modifiedMs] = [Number(size), Date.parse(timeCreated)];
    if (Number.isNaN(bytes) || Number.isNaN(modifiedMs)) throw refused("HEAD", key, response);
    return { bytes, modifiedMs };
  }

  async delete(key: string): Promise<void> {
    const response = await this.#send({ method: "DELETE", path: this.#object(key), query: {} }, key);
    if (![200, 204, 404].includes(response.status)) throw refused("DELETE", key, response);
  }

  /** A bucket that is not there is a 404 as well, with the same reason; only a bucket that is there lists nothing. */
  async #requireAbsent(key: string, bytesMax: number): Promise<StoredObject | undefined> {
    const prefix = within(this.#config, key);
    const query = { prefix, maxResults: "1", fields: "items(name)" };
    const response = await this.#send({ method: "GET", path: this.#bucket(), query }, key);
    if (response.status !== 200) throw refused("LIST", key, response);
    const { items = [] } = readJson<{ items: readonly { name: string }[] }>(response);
    // Written since it was asked for.
    return items[0]?.name === prefix ? await this.get(key, bytesMax) : undefined;
  }

  #bucket(): string {
    return `/storage/v1/b/${this.#config.bucket}/o`;
  }

  #object(key: string): string {
    return `${this.#bucket()}/${encodeURIComponent(within(this.#config, key))}`;
  }

  #send({ method, path, query, body }: Call, key: string, bytesMax?: number): Promise<StoreResponse> {
    const url = new URL(path, this.#config.endpoint);
    url.search = new URLSearchParams(query).toString();
    return exchange({
      what: `${method} ${this.#config.bucket}/${key}`,
      prepare: async () => {
        const headers = {
          authorization: `Bearer ${await this.#tokens.get()}`,
          ...(body !== undefined && { "content-type": "application/octet-stream" }),
        };
        return { method, url, headers, body };
      },
      bytesMax,
      codeOf,
      unreachable: "gcs_unreachable",
    });
  }
}

/** Generation 0 is that of an object that is not there. */
function conditionQuery(condition: PutCondition | undefined): Record<string, string> {
  if (condition === undefined) return {};
  return { ifGenerationMatch: "ifMatch" in condition ? condition.ifMatch : "0" };
}

function readJson<Fields>({ body }: StoreResponse): Partial<Fields> {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    // Not JSON, so none of the fields are there, which is what callers look at.
    return {};
  }
}

/** The first reason of an error's JSON: notFound, forbidden, rateLimitExceeded. */
function codeOf(response: StoreResponse): string | undefined {
  const { error } = readJson<{ error: { errors?: readonly { reason?: string }[]; message?: string } }>(
    response,
  );
  return error?.errors?.[0]?.reason ?? error?.message?.slice(0, 200);
}

function refused(method: string, key: string, response: StoreResponse): WeftkitError {
  const code = codeOf(response);
  const message = `the store answered ${response.status}${code === undefined ? "" : ` ${code}`} to ${method} ${key}`;
  return new WeftkitError("gcs_refused", message);
}

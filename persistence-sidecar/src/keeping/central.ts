import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Config, ConfigError, type Mistake } from "@weftkit/config";
import type { Logger } from "@weftkit/observe";
import {
  type Connections,
  EndpointClient,
  type EndpointClientOptions,
  EndpointError,
  parseEndpointUrl,
} from "@weftkit/persist/client";
import { sha256 } from "@weftkit/persist/contract";
import { checkConditions, createS3Store, readS3Config } from "@weftkit/persist/s3-store";
import { createHandler, type Handler } from "@weftkit/persist/server";

/** Who waits for a request of an engine gets its answer soon. */
const quick = { attemptsMax: 2, firstWaitMsMax: 200, waitMsMax: 200 };
/** The loop of a subtree repeats what has failed. */
const patient = { attemptsMax: 3, firstWaitMsMax: 500, waitMsMax: 5000 };

/** The central copy: an endpoint of WKP-1, or a bucket behind a handler of our own, which is one like any other. */
export interface Central {
  /** Where it is, without secrets. */
  readonly where: string;
  /** For what goes on in the background, or, `isQuick`, for who waits. */
  clientOf(subtree: string, isQuick?: boolean): EndpointClient;
}

type Section = Config["persistence"];

/**
 * Undefined when there is none.
 *
 * @throws ConfigError with all mistakes, WeftkitError `store_unusable` for a bucket that cannot be used
 */
export async function openCentral(
  section: Section,
  env: Readonly<Record<string, string | undefined>>,
  log: Logger,
): Promise<Central | undefined> {
  const { central_url, central_bandwidth } = section;
  if (central_url === undefined) return undefined;
  const bandwidth = central_bandwidth === 0 ? {} : { bandwidthBytesPerSecond: central_bandwidth };
  const url = URL.canParse(central_url) ? new URL(central_url) : undefined;
  const way = url?.protocol === "s3:" ? await bucketBehind(url, section, env, log) : endpointAt(section);
  return {
    where: url === undefined ? central_url : `${url.protocol}//${url.host}${url.pathname}`,
    clientOf: (subtree, isQuick = false) =>
      new EndpointClient({ ...way, ...bandwidth, subtree, log, retry: isQuick ? quick : patient }),
  };
}

type Way = Pick<EndpointClientOptions, "url" | "keys" | "ca" | "connections">;

function endpointAt({ central_url = "", central_secret, central_key_id, central_ca_file }: Section): Way {
  const mistakes: Mistake[] = [];
  const attempt = <Value>(where: string, read: () => Value): Value | undefined => {
    try {
      return read();
    } catch (error) {
      mistakes.push({ where, message: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  };
  attempt("persistence.central_url", () => parseEndpointUrl(central_url));
  const ca =
    central_ca_file === undefined
      ? undefined
      : attempt("persistence.central_ca_file", () => readFileSync(central_ca_file, "utf8"));
  if (central_secret === undefined) {
    const message = "the central endpoint's key is missing; set it, or central_secret_file";
    mistakes.push({ where: "persistence.central_secret", message });
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return { url: central_url, ca, keys: [{ id: central_key_id, secret: central_secret! }] };
}

async function bucketBehind(
  url: URL,
  { central_s3_endpoint }: Section,
  env: Readonly<Record<string, string | undefined>>,
  log: Logger,
): Promise<Way> {
  const mistakes: string[] = [];
  const config = readS3Config(
    url,
    { ...env, WKP_S3_ENDPOINT: central_s3_endpoint, WKP_PRESIGN: undefined },
    mistakes,
    "central_url",
  );
  if (mistakes.length > 0) {
    throw new ConfigError(mistakes.map((message) => ({ where: "persistence.central_url", message })));
  }
  const store = createS3Store(config);
  await checkConditions(store);
  const key = { id: "bucket", secret: randomBytes(32).toString("hex") };
  const handler = createHandler({ store, keys: [key], log });
  return { url: "http://127.0.0.1", keys: [key], connections: within(handler) };
}

/** Requests to a handler in this process. */
function within(handler: Handler): Connections {
  return {
    async exchange({ url, method, headers, body, signal }) {
      signal?.throwIfAborted();
      const reply = await handler({
        method,
        path: url.pathname,
        query: url.search.replace(/^\?/, ""),
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
        ),
        body,
      }).catch((error: unknown) => {
        throw new EndpointError("unreachable", "the bucket's handler has failed", { cause: error });
      });
      const replied = new Map(
        Object.entries(reply.headers).map(([name, value]) => [name.toLowerCase(), value]),
      );
      return {
        status: reply.status,
        header: (name) => replied.get(name),
        body: Buffer.from(reply.body.buffer, reply.body.byteOffset, reply.body.byteLength),
        sha256: sha256(reply.body),
      };
    },
    close() {},
  };
}

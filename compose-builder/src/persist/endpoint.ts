import { readFileSync } from "node:fs";
import { type Config, engineNames, loadConfig } from "@weftkit/config";
import { EndpointClient, parseEndpointUrl } from "@weftkit/persist/client";
import {
  createPartCipher,
  isKeyId,
  isSubtree,
  type PartCipher,
  type SigningKey,
} from "@weftkit/persist/contract";
import { builtEngineNames } from "../images.ts";
import { Failure } from "../terminal/failure.ts";
import type { EndpointOptions, SubtreeOptions } from "./options.ts";

/** An endpoint and what requests to it are signed with. */
export interface Endpoint {
  readonly url: string;
  /** The first signs; the other is tried when the endpoint does not know it. */
  readonly keys: readonly SigningKey[];
}

/** One subtree, ready to be asked. Whoever opens it closes it. */
export interface OpenSubtree {
  readonly url: string;
  readonly subtree: string;
  readonly client: EndpointClient;
  /** One of each key that was given: states from before a change of the key need the one of their time. */
  readonly ciphers: readonly PartCipher[];
}

/** Somebody waits at a terminal: an endpoint that is down is told about within seconds. */
const retry = { attemptsMax: 4, firstWaitMsMax: 250, waitMsMax: 2000 } as const;
const timeoutMs = 30_000;

/** Reads which endpoint is meant. @throws Failure when something is missing, ConfigError for what weftkit.toml says */
export function readEndpoint(options: EndpointOptions): Endpoint {
  const { persist } = configOf(options);
  const url = options.url ?? persist.url;
  if (url === undefined) {
    throw new Failure(
      "usage",
      "no endpoint is named",
      "Add --url URL, or set WEFTKIT_PERSIST_URL or url in [persist] of weftkit.toml.",
    );
  }
  const secret = options.secretFile === undefined ? persist.secret : readSecret(options.secretFile);
  if (secret === undefined) {
    throw new Failure(
      "usage",
      "there is no secret to sign requests with",
      "Add --secret-file FILE, or set WEFTKIT_PERSIST_SECRET_FILE. `weftkit compose` keeps it in secrets/persist_secret.",
    );
  }
  const id = options.keyId ?? persist.key_id;
  if (!isKeyId(id)) {
    throw new Failure("usage", `"${id}" is no key id: 1 to 63 letters, digits, ".", "_" and "-"`);
  }
  const previous = options.secretFile === undefined ? persist.secret_previous : undefined;
  return {
    url: parseEndpointUrl(url).href.replace(/\/$/, ""),
    keys: [{ id, secret }, ...(previous === undefined ? [] : [{ id, secret: previous }])],
  };
}

/** Connects to the subtree that the options name. @throws Failure, ConfigError */
export async function openSubtree(options: SubtreeOptions): Promise<OpenSubtree> {
  const { url, keys } = readEndpoint(options);
  const config = configOf(options);
  const subtree = subtreeFrom(options, config);
  const { encryption_key: configured } = config.persist;
  const encryptionKeys =
    options.encryptionKeyFile?.map(readSecret) ?? (configured === undefined ? [] : [configured]);
  return {
    url,
    subtree,
    ciphers: await Promise.all(encryptionKeys.map((key) => createPartCipher(key, subtree))),
    client: new EndpointClient({ url, subtree, keys, retry, timeoutMs }),
  };
}

function subtreeFrom(options: SubtreeOptions, { persist, standalone }: Config): string {
  const engine = options.engine ?? standalone.module;
  if (options.subtree === undefined && engine === undefined) {
    throw new Failure(
      "usage",
      "whose state is not said",
      `Add --engine NAME (${builtEngineNames.join(", ")}), or --subtree namespace/engine/replica.`,
    );
  }
  const replica = options.replica ?? (persist.replica === "auto" ? "0" : persist.replica);
  const subtree = options.subtree ?? `${options.namespace ?? persist.namespace}/${engine}/${replica}`;
  if (isSubtree(subtree)) return subtree;
  throw new Failure(
    "usage",
    `"${subtree}" is no subtree`,
    'It is namespace/engine/replica, each of letters, digits, ".", "_" and "-", as default/inmemory/0.',
  );
}

/**
 * Read as the engine reads it, so that its variables (WEFTKIT_PORT) mean something. The mode says what an engine does;
 * an endpoint can be looked at in any.
 */
function configOf({ config, engine, subtree }: SubtreeOptions): Config {
  const name = engine ?? subtree?.split("/")[1];
  const image = engineNames.find((known) => known === name);
  return loadConfig({
    env: { ...process.env, WEFTKIT_PERSIST_MODE: "disabled" },
    file: config,
    ...(image !== undefined && { image }),
  }).config;
}

function readSecret(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Failure("usage", `cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`);
  }
  const secret = text.replace(/\r?\n$/, "");
  if (secret === "") throw new Failure("usage", `${path} is empty`);
  return secret;
}

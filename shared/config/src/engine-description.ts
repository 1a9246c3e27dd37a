import { flag, integer, type Key, list, port, text } from "./key.ts";

export * from "./key.ts";

/** What is needed to deploy an engine and to connect to it; absent until there is an image of it. */
export interface EngineDeployment {
  /** The memory limit of its container, bytes. */
  readonly memoryBytes: number;
  /** Variables beside those that every image gets, for a container with that memory limit. */
  environment(memoryBytes: number): Readonly<Record<string, string>>;
  readonly connection: {
    /** The URL's scheme without and with TLS. */
    readonly schemes: readonly [plain: string, tls: string];
    /** What follows host and port. */
    readonly path: string;
    /** The part before the host, for a user and a password. */
    login(user: string, password: string): string;
    /** What a client is given beside the URL, where the URL cannot say who one is. */
    credentials?(user: string, password: string): string;
  };
  /** Where each persisted stream lies beneath the data dir. */
  readonly streams: Readonly<Record<string, string>>;
  /** Pages of docs/ about it, as links in Markdown. */
  readonly links: string;
}

/**
 * One engine, said once: its section of weftkit.toml and its default port, the `weftkit` command, the images that are
 * built and the tables of the documentation are drawn from it. The name of an engine is its key in `engines`.
 */
export interface EngineDescription {
  /** A few words for lists: what it holds, and how it is spoken to. */
  readonly title: string;
  /** The section's sentence in the configuration reference. */
  readonly doc: string;
  /** What clients speak, for tables. */
  readonly protocol: string;
  /** The names that `standalone.protocol` may give the protocol, the usual one first. */
  readonly protocols: readonly [string, ...string[]];
  /** The default data port; `keys.port` has the same. */
  readonly port: number;
  /** The section's keys. */
  readonly keys: Readonly<Record<string, Key<unknown>>>;
  readonly deployment?: EngineDeployment;
}

/** What every engine's section has. */
export function engineKeys(defaultPort: number) {
  return {
    enabled: flag("Whether this engine may run; its image refuses to start when false.", true),
    port: port("The port it listens on.", defaultPort),
    bind: text("The address it listens on.", { fallbackDoc: "the value of `server.bind`" }),
    max_connections: integer("How many clients may be connected at once; more are refused.", 10_000, {
      min: 1,
    }),
  };
}

/** What every engine has that keeps its state in a database of `@weftkit/store`. */
export const storeKeys = {
  wal_fsync: flag(
    "Whether a write is on the disk before it is acknowledged. Writes that arrive together share one flush.",
    true,
  ),
};

/** What an engine has whose REST API is called by pages in browsers, too. */
export const corsKeys = {
  cors_origins: list(
    "Pages of which origins may call the REST API from a browser, as `https://host[:port]`; `*` is all. Empty: none but its own.",
    [],
    {
      example: '["https://app.example.com"]',
      form: {
        pattern: "\\*|null|[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#\\s,@]+",
        text: "an origin as browsers send it, `https://host[:port]` without a path, or `*`",
      },
    },
  ),
};

/** What every engine has that is reached over HTTP. */
export const httpKeys = {
  rate_limit: integer(
    "How many requests a second each user may make (without a login: each address), with bursts of twice that; more are answered 429. 0 is no limit.",
    0,
    { max: 1_000_000 },
  ),
};

import { integer, type Key, port, text } from "./key.ts";

export * from "./key.ts";

/**
 * An image that is no database engine (gateway, pool, discovery, playground, persistence), said once: its section of
 * weftkit.toml, the images that are built and the tables of the documentation are drawn from it. The name of a service
 * is its key in `services`.
 */
export interface ServiceDescription {
  /** A few words for lists: what it does. */
  readonly title: string;
  /** The section's sentence in the configuration reference. */
  readonly doc: string;
  /** What clients speak, for tables. */
  readonly protocol: string;
  /** The default port; `keys.port` has the same. */
  readonly port: number;
  /** The other ports that its image exposes. */
  readonly morePorts?: readonly number[];
  /** The section's keys; `serviceKeys` are among them. */
  readonly keys: Readonly<Record<string, Key<unknown>>>;
  /** Where its sources and its bundle are, from the root. */
  readonly folder: string;
  /** Whether it keeps something in the data dir, which is locked then. */
  readonly keepsState: boolean;
  /** The memory limit of its container, bytes. */
  readonly memoryBytes: number;
  /** Pages of docs/ about it, as links in Markdown. */
  readonly links: string;
}

/** What every service's section has. */
export function serviceKeys(defaultPort: number) {
  return {
    port: port("The port it listens on.", defaultPort),
    bind: text("The address it listens on.", { fallbackDoc: "the value of `server.bind`" }),
    max_connections: integer("How many clients may be connected at once; more are refused.", 10_000, {
      min: 1,
    }),
  };
}

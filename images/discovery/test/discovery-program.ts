import { join } from "node:path";
import { freePorts } from "@weftkit/testing/free-ports";
import { Program } from "@weftkit/testing/program";

/** What a test says of an instance; the rest is usual. */
export type Said = Readonly<Record<string, unknown>>;

export interface InstanceAnswer {
  readonly id: string;
  readonly endpoint: string;
  readonly state: string;
  readonly home: string;
  readonly epoch: number;
  readonly draining: boolean;
}

export const gossipSecret = "a secret of the tests";

/** A node of discovery as its image runs it: a process of its own on the loopback address. */
export class DiscoveryProgram extends Program {
  readonly name: string;
  readonly port: number;
  readonly gossipPort: number;

  constructor(name: string, ports: Ports, environment: Readonly<Record<string, string>> = {}) {
    const env = {
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_AUTH: "none",
      WEFTKIT_SERVER_NAME: name,
      WEFTKIT_DISCOVERY_PORT: String(ports.port),
      WEFTKIT_DISCOVERY_GOSSIP_PORT: String(ports.gossipPort),
      WEFTKIT_DISCOVERY_GOSSIP_SECRET: gossipSecret,
      WEFTKIT_DISCOVERY_DNS_PORT: "0",
    };
    super(join(import.meta.dirname, "..", "src", "main.ts"), { env: { ...env, ...environment } });
    this.name = name;
    this.port = ports.port;
    this.gossipPort = ports.gossipPort;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  async ready(): Promise<this> {
    await this.logged("ready");
    return this;
  }
}

export interface Ports {
  readonly port: number;
  readonly gossipPort: number;
}

/** As many nodes that know of the first, started and ready. */
export async function startNodes(
  count: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<DiscoveryProgram[]> {
  const ports: Ports[] = [];
  for (let i = 0; i < count; i++) ports.push(await freePorts("port", "gossipPort"));
  const peers = ports.map(({ gossipPort }) => `127.0.0.1:${gossipPort}`).join(",");
  const nodes = ports.map(
    (own, index) =>
      new DiscoveryProgram(`node-${index}`, own, { WEFTKIT_DISCOVERY_PEERS: peers, ...environment }),
  );
  return Promise.all(nodes.map((node) => node.ready()));
}

/** Registers an instance. */
export async function register(url: string, id: string, said: Said = {}): Promise<Response> {
  return fetch(`${url}/instances/${id}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ engine: "inmemory", endpoint: "127.0.0.1:6379", ...said }),
  });
}

/** The members of a group, as a node knows them. */
export async function groupOf(url: string, group = "default"): Promise<InstanceAnswer[]> {
  const answer = await fetch(`${url}/groups/${group}`);
  return ((await answer.json()) as { instances: InstanceAnswer[] }).instances;
}

export interface WatchEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The events of a watch, as they come, until the test lets go of them. */
export async function* watch(
  url: string,
  query = "",
  headers: Readonly<Record<string, string>> = {},
): AsyncGenerator<WatchEvent> {
  const stopping = new AbortController();
  try {
    const answer = await fetch(`${url}/watch${query}`, { headers, signal: stopping.signal });
    if (answer.body === null || answer.status !== 200) throw new Error(await answer.text());
    let text = "";
    for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
        const fields = new Map(text.slice(0, end).split("\n").map(fieldOf));
        text = text.slice(end + 2);
        const event = fields.get("event");
        if (event === undefined) continue;
        yield { event, id: fields.get("id"), data: JSON.parse(fields.get("data") ?? "{}") };
      }
    }
  } finally {
    stopping.abort();
  }
}

function fieldOf(line: string): readonly [string, string] {
  const colon = line.indexOf(": ");
  return [line.slice(0, colon), line.slice(colon + 2)];
}

/** The next event for which `is` holds; those before it are passed over. */
export async function nextEvent(
  events: AsyncGenerator<WatchEvent>,
  is: (event: WatchEvent) => boolean,
): Promise<WatchEvent> {
  for (;;) {
    const { value, done } = await events.next();
    if (done === true) throw new Error("the watch ended");
    if (is(value)) return value;
  }
}

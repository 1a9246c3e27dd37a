import { join } from "node:path";
import { EngineProgram } from "@weftkit/testing/engine-program";
import { freePorts } from "@weftkit/testing/free-ports";
import { Program } from "@weftkit/testing/program";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import {
  DiscoveryProgram,
  groupOf,
  nextEvent,
  startNodes,
  type WatchEvent,
  watch,
} from "./discovery-program.ts";

const images = join(import.meta.dirname, "..", "..");

function engine(name: string, urls: string, more: Readonly<Record<string, string>> = {}): EngineProgram {
  return new EngineProgram(join(images, "inmemory", "src", "main.ts"), temporaryFolder(), {
    WEFTKIT_SERVER_NAME: name,
    WEFTKIT_DISCOVERY_CLIENT_URLS: urls,
    WEFTKIT_DISCOVERY_CLIENT_GROUPS: "cache",
    ...more,
  });
}

/** A gateway that follows a group, and where its clients connect. */
async function gateway(urls: string): Promise<{ port: number; backends(): Promise<string[]> }> {
  const program = new Program(join(images, "gateway", "src", "main.ts"), {
    env: {
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_AUTH: "none",
      WEFTKIT_SERVER_NAME: "gateway-0",
      WEFTKIT_GATEWAY_PORT: "0",
      WEFTKIT_GATEWAY_BACKENDS: "inmemory=discovery:cache",
      WEFTKIT_GATEWAY_ACCESS_LOG: "false",
      WEFTKIT_DISCOVERY_CLIENT_URLS: urls,
    },
  });
  const { adminPort } = await program.logged<{ adminPort: number }>("ready");
  const status = async () =>
    (await (await fetch(`http://127.0.0.1:${adminPort}/v1/status`)).json()) as {
      service: { ports: { inmemory: number }; backends: { id: string; state: string }[] };
    };
  const { service } = await status();
  return {
    port: service.ports.inmemory,
    backends: async () => (await status()).service.backends.map(({ id }) => id).sort(),
  };
}

function redis(port: number): Redis {
  const client = new Redis({
    port,
    host: "127.0.0.1",
    retryStrategy: () => 20,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: true,
  });
  client.on("error", () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

const isThere = (id: string) => (event: WatchEvent) =>
  event.event === "snapshot"
    ? (event.data.instances as { id: string }[]).some((one) => one.id === id)
    : event.event === "changed" && event.data.id === id;

/** Resolves when all of them are there. */
async function untilThere(url: string, ids: readonly string[]): Promise<void> {
  const missing = new Set(ids);
  const events = watch(url, "?group=cache");
  await nextEvent(events, (event) => {
    for (const id of missing) if (isThere(id)(event)) missing.delete(id);
    return missing.size === 0;
  });
  await events.return(undefined);
}

test(
  "a gateway follows engines that register: one is killed, one ends, one comes back; a retry mends what fails",
  { timeout: 120_000 },
  async () => {
    const nodes = await startNodes(2);
    const urls = nodes.map(({ port }) => `http://127.0.0.1:${port}`).join(",");
    const [first, second] = await Promise.all([
      engine("cache-0", urls).ready(),
      engine("cache-1", urls).ready(),
    ]);
    const ids = ["inmemory-cache-0", "inmemory-cache-1"];
    for (const { url } of nodes) await untilThere(url, ids);
    expect(await groupOf(nodes[0]!.url, "cache")).toMatchObject([
      { id: ids[0], endpoint: `127.0.0.1:${first!.port}`, state: "passing" },
      { id: ids[1], endpoint: `127.0.0.1:${second!.port}` },
    ]);
    const front = await gateway(urls);
    expect(await front.backends()).toEqual(ids);

    const client = redis(front.port);
    let asked = 0;
    let failed = 0;
    let failedTwice = 0;
    let isDone = false;
    const load = (async () => {
      while (!isDone) {
        asked++;
        const isAnswered = await client.set("a", asked).then(
          () => true,
          () => false,
        );
        if (isAnswered) continue;
        failed++;
        await client.set("a", asked).catch(() => {
          failedTwice++;
        });
      }
    })();
    const gone = watch(nodes[1]!.url, "?group=cache");
    await nextEvent(gone, isThere(ids[0]!));
    await first!.kill();
    const reason = ({ event, data }: WatchEvent) => event === "gone" && data.id === ids[0];
    expect((await nextEvent(gone, reason)).data).toMatchObject({ reason: "failed" });
    const again = await engine("cache-0", urls).ready();
    await nextEvent(gone, isThere("inmemory-cache-0"));
    await second!.terminate();
    const left = await nextEvent(gone, ({ event, data }) => event === "gone" && data.id === ids[1]);
    expect(left.data).toMatchObject({ reason: "left" });
    expect(await client.ping().catch(() => client.ping())).toBe("PONG");
    isDone = true;
    await load;
    expect(asked).toBeGreaterThan(100);
    expect(failed).toBeLessThan(5);
    expect(failedTwice).toBe(0);
    expect(await front.backends()).toEqual([ids[0]]);
    await gone.return(undefined);
    await again.kill();
  },
);

test(
  "discovery is killed: who follows it keeps what it knew, and instances are known again when it is back",
  { timeout: 120_000 },
  async () => {
    const ports = await freePorts("port", "gossipPort");
    const before = await new DiscoveryProgram("node-0", ports).ready();
    const url = `http://127.0.0.1:${ports.port}`;
    const cache = await engine("cache-0", url).ready();
    await untilThere(before.url, ["inmemory-cache-0"]);
    const front = await gateway(url);
    const client = redis(front.port);
    expect(await client.ping()).toBe("PONG");
    await before.kill();
    const during = redis(front.port);
    expect(await during.ping()).toBe("PONG");
    const after = await new DiscoveryProgram("node-0", ports).ready();
    await untilThere(after.url, ["inmemory-cache-0"]);
    expect(await front.backends()).toEqual(["inmemory-cache-0"]);
    expect(await client.ping()).toBe("PONG");
    // Its end is told to the node that knows it only from its heartbeats.
    const events = watch(after.url);
    await nextEvent(events, isThere("inmemory-cache-0"));
    expect(await cache.terminate()).toBe(0);
    const gone = await nextEvent(events, ({ event }) => event === "gone");
    expect(gone.data).toEqual({ id: "inmemory-cache-0", reason: "left" });
    await events.return(undefined);
  },
);

test(
  "mistakes of an instance are told: exit code 78, or what discovery says of them",
  { timeout: 60_000 },
  async () => {
    const [node] = await startNodes(1, { WEFTKIT_AUTH: "password", WEFTKIT_PASSWORD: "right" });
    const url = `http://127.0.0.1:${node!.port}`;
    const mistaken = engine("a", "discovery:8500", {
      WEFTKIT_DISCOVERY_CLIENT_GROUPS: "a b",
      WEFTKIT_DISCOVERY_CLIENT_ADVERTISE: "a:0",
    });
    expect(await mistaken.exited).toBe(78);
    const wrongGroup = engine("a", url, {
      WEFTKIT_DISCOVERY_CLIENT_GROUPS: "a b",
      WEFTKIT_DISCOVERY_CLIENT_ADVERTISE: "a:0",
    });
    expect(await wrongGroup.exited).toBe(78);
    expect(wrongGroup.errors).toMatch(/"a b" is no group's name[\s\S]*"a:0" is no address/);
    const stranger = await engine("a", url, { WEFTKIT_DISCOVERY_CLIENT_TOKEN: "weftkit:wrong" }).ready();
    const said = await stranger.said("why", (line) =>
      line.includes("could not be registered") ? line : undefined,
    );
    expect(said).toContain("401");
    const known = await engine("a", url, { WEFTKIT_DISCOVERY_CLIENT_TOKEN: "weftkit:right" }).ready();
    await known.logged("registered with discovery");
  },
);

import { freePorts } from "@weftkit/testing/free-ports";
import { expect, test } from "vitest";
import {
  DiscoveryProgram,
  groupOf,
  nextEvent,
  register,
  startNodes,
  type WatchEvent,
  watch,
} from "./discovery-program.ts";

/** Sends heartbeats to whatever `url` says, until it is stopped. */
function beat(url: () => string, id: string, said: object = {}): { stop(): void } {
  const send = () =>
    register(url(), id, { epoch: 1, ...said })
      .then((answer) => answer.arrayBuffer())
      .catch(() => {});
  void send();
  const timer = setInterval(send, 200);
  return { stop: () => clearInterval(timer) };
}

const fast = {
  WEFTKIT_DISCOVERY_HEARTBEAT_INTERVAL: "250ms",
  WEFTKIT_DISCOVERY_SUSPECT_AFTER: "700ms",
  WEFTKIT_DISCOVERY_FAIL_AFTER: "1s",
};
const isGone = (id: string, reason: string) => (event: WatchEvent) =>
  event.event === "gone" && event.data.id === id && event.data.reason === reason;
const isThere = (id: string) => (event: WatchEvent) =>
  event.event === "snapshot"
    ? (event.data.instances as { id: string }[]).some((one) => one.id === id)
    : event.event === "changed" && event.data.id === id;

async function nodesOf(url: string): Promise<{ name: string; state: string }[]> {
  return ((await (await fetch(`${url}/nodes`)).json()) as { nodes: { name: string; state: string }[] }).nodes;
}

test("three nodes tell each other who is there, and who is gone", { timeout: 60_000 }, async () => {
  const [one, two, three] = await startNodes(3, fast);
  const others = [watch(two!.url), watch(three!.url)];
  const heart = beat(() => one!.url, "a");
  for (const events of others) await nextEvent(events, isThere("a"));
  heart.stop();
  for (const events of others) await nextEvent(events, isGone("a", "failed"));

  await register(two!.url, "b", { epoch: 1 });
  const [, third] = others;
  await nextEvent(third!, isThere("b"));
  await fetch(`${two!.url}/instances/b`, { method: "DELETE" });
  await nextEvent(third!, isGone("b", "left"));
  for (const events of others) await events.return(undefined);
});

test(
  "a node is killed: its instances go to another one, and nobody misses them",
  { timeout: 60_000 },
  async () => {
    const [one, two, three] = await startNodes(3);
    let url = one!.url;
    const heart = beat(() => url, "a");
    const silent = beat(() => one!.url, "b");
    const events = watch(three!.url);
    const seen: WatchEvent[] = [];
    const record = (is: (event: WatchEvent) => boolean) =>
      nextEvent(events, (event) => {
        seen.push(event);
        return is(event);
      });
    for (const id of ["a", "b"]) if (!seen.some(isThere(id))) await record(isThere(id));
    await one!.kill();
    url = two!.url;
    // The one that has not found another node fails, the other is passing all the time.
    await record(isGone("b", "failed"));
    expect(seen.filter(isGone("a", "failed"))).toEqual([]);
    expect(await groupOf(three!.url)).toMatchObject([{ id: "a", state: "passing", home: "node-1" }]);
    expect(await nodesOf(three!.url)).toContainEqual(
      expect.objectContaining({ name: "node-0", state: "failed" }),
    );
    heart.stop();
    silent.stop();
    await events.return(undefined);
  },
);

test("a node that was alone knows everybody again within two heartbeats", { timeout: 60_000 }, async () => {
  const ports = await freePorts("port", "gossipPort");
  const before = await new DiscoveryProgram("node-0", ports).ready();
  const ids = Array.from({ length: 50 }, (_, index) => `instance-${index}`);
  const hearts = ids.map((id) => beat(() => before.url, id));
  const known = watch(before.url);
  const all = new Set<string>();
  const gather = (event: WatchEvent) => {
    const found =
      event.event === "snapshot"
        ? (event.data.instances as { id: string }[])
        : [event.data as { id: string }];
    for (const { id } of found) all.add(id);
    return all.size === ids.length;
  };
  await nextEvent(known, gather);
  await before.kill();
  await new DiscoveryProgram("node-0", ports).ready();
  const answer = await fetch(`${before.url}/groups/default`);
  expect(await answer.json()).toMatchObject({ isSettled: false });
  const events = watch(before.url);
  let last: WatchEvent | undefined;
  await nextEvent(events, (event) => {
    last = event;
    return event.event === "settled";
  });
  expect(last?.event).toBe("settled");
  expect((await groupOf(before.url)).map(({ id }) => id)).toEqual(ids.toSorted());
  for (const heart of hearts) heart.stop();
  await events.return(undefined);
});

test("a node that starts again learns from the others what they know", { timeout: 60_000 }, async () => {
  const [one, two] = await startNodes(2);
  const heart = beat(() => two!.url, "a", { metadata: { zone: "b" } });
  const before = watch(one!.url);
  await nextEvent(before, isThere("a"));
  await one!.kill();
  const again = await new DiscoveryProgram("node-0", one!, {
    WEFTKIT_DISCOVERY_PEERS: `127.0.0.1:${two!.gossipPort}`,
  }).ready();
  const events = watch(again.url);
  const told = await nextEvent(events, isThere("a"));
  expect(JSON.stringify(told.data)).toContain('"zone":"b"');
  heart.stop();
  await events.return(undefined);
});

test("a node with another secret is not let in", { timeout: 60_000 }, async () => {
  const [one] = await startNodes(1);
  const stranger = await new DiscoveryProgram("stranger", await freePorts("port", "gossipPort"), {
    WEFTKIT_DISCOVERY_PEERS: `127.0.0.1:${one!.gossipPort}`,
    WEFTKIT_DISCOVERY_GOSSIP_SECRET: "another secret entirely",
    WEFTKIT_DISCOVERY_GOSSIP_PERIOD: "100ms",
  }).ready();
  await register(stranger.url, "a");
  await one!.said("a refusal", (line) => (line.includes("gossip came") ? line : undefined));
  expect(await nodesOf(one!.url)).toHaveLength(1);
  expect(await groupOf(one!.url)).toEqual([]);
});

test(
  "a node that ends says so, and its exit code is 0; mistakes end it with 78",
  { timeout: 60_000 },
  async () => {
    const [one, two] = await startNodes(2);
    for (const node of [one!, two!]) await node.logged("a node is there");
    expect(await one!.terminate()).toBe(0);
    await two!.logged("a node has left");
    const mistaken = new DiscoveryProgram("mistaken", await freePorts("port", "gossipPort"), {
      WEFTKIT_DISCOVERY_FAIL_AFTER: "1s",
    });
    expect(await mistaken.exited).toBe(78);
    expect(mistaken.errors).toContain("fail_after");
    const nobody = new DiscoveryProgram("nobody", await freePorts("port", "gossipPort"), {
      WEFTKIT_AUTH: "password",
    });
    expect(await nobody.exited).toBe(78);
    const taken = new DiscoveryProgram("taken", { port: two!.port, gossipPort: 0 });
    expect(await taken.exited).toBe(69);
  },
);

import { startService } from "@weftkit/host";
import { expect, onTestFinished, test } from "vitest";
import { Discovery } from "../src/discovery.ts";
import { groupOf, nextEvent, register, watch } from "./discovery-program.ts";

const definition = {
  name: "discovery",
  version: "0.1.0",
  authenticates: true,
  create: () => new Discovery(),
} as const;

async function start(section: Readonly<Record<string, unknown>> = {}, auth: object = { method: "none" }) {
  const running = await startService(definition, {
    config: {
      server: { bind: "127.0.0.1", admin_port: 0, name: "one" },
      auth: { ...auth },
      discovery: { port: 0, dns_port: 0, ...section },
    },
  });
  onTestFinished(() => running.stop().catch(() => {}));
  return { running, url: `http://127.0.0.1:${running.service.port}/v1` };
}

const problemOf = async (answer: Response) => ({
  status: answer.status,
  type: ((await answer.json()) as { type: string }).type.replace("urn:weftkit:problem:", ""),
});

test("an instance registers, is listed, sends heartbeats and goes", async () => {
  const { url } = await start();
  const answer = await register(url, "cache-0", {
    protocol: "resp",
    endpoint: "[2001:db8::1]:6379",
    groups: ["cache", "all"],
    epoch: 7,
    metadata: { zone: "a" },
  });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    heartbeatMs: 1000,
    instance: { id: "cache-0", endpoint: "[2001:db8::1]:6379", groups: ["cache", "all"], state: "passing" },
  });
  expect(await groupOf(url, "Cache")).toMatchObject([{ id: "cache-0", metadata: { zone: "a" } }]);
  expect(await groupOf(url, "nothing")).toEqual([]);
  expect((await fetch(`${url}/instances/cache-0/heartbeat?epoch=7`, { method: "POST" })).status).toBe(200);
  expect(await (await fetch(`${url}/groups`)).json()).toMatchObject({
    groups: [
      { name: "all", passing: 1, suspect: 0 },
      { name: "cache", passing: 1, suspect: 0 },
    ],
  });
  expect((await fetch(`${url}/instances/cache-0?epoch=7`, { method: "DELETE" })).status).toBe(204);
  expect(await groupOf(url, "cache")).toEqual([]);
  expect(await (await fetch(`${url}/instances/cache-0`)).json()).toMatchObject({ state: "left" });
});

test("lists come in pages, by engine, group and state", async () => {
  const { url } = await start();
  for (const id of ["b", "a", "c"]) await register(url, id, { groups: ["g"] });
  await register(url, "d", { engine: "graph" });
  const list = async (query: string) => {
    const answer = await fetch(`${url}/instances?${query}`);
    const { instances, next } = (await answer.json()) as { instances: { id: string }[]; next: string | null };
    return { ids: instances.map(({ id }) => id), next };
  };
  expect(await list("limit=2")).toEqual({ ids: ["a", "b"], next: "b" });
  expect(await list("limit=2&after=b")).toEqual({ ids: ["c", "d"], next: null });
  expect(await list("group=g&state=passing")).toEqual({ ids: ["a", "b", "c"], next: null });
  expect(await list("engine=graph")).toEqual({ ids: ["d"], next: null });
});

test("what is wrong is said, and changes nothing", async () => {
  const { url } = await start({ max_instances: 1 });
  const wrong = [
    [{ endpoint: "host" }, 400, "invalid-request"],
    [{ endpoint: "host:0" }, 400, "invalid-request"],
    [{ endpoint: "host:99999" }, 400, "invalid-request"],
    [{ groups: [] }, 400, "invalid-request"],
    [{ groups: ["a b"] }, 400, "invalid-request"],
    [{ weigth: 1 }, 400, "invalid-request"],
    [{ epoch: -1 }, 400, "invalid-request"],
    [{ metadata: { a: "x".repeat(255), b: "x".repeat(255), c: "x".repeat(255) } }, 413, "instance-too-large"],
  ] as const;
  for (const [said, status, type] of wrong) {
    expect(await problemOf(await register(url, "a", said)), JSON.stringify(said)).toEqual({ status, type });
  }
  expect(await problemOf(await register(url, "-", {}))).toMatchObject({ status: 400 });
  await register(url, "a", { epoch: 3 });
  expect(await problemOf(await register(url, "a", { epoch: 2 }))).toEqual({
    status: 409,
    type: "older-epoch",
  });
  expect(await problemOf(await register(url, "a", { epoch: 3, endpoint: "b:1" }))).toEqual({
    status: 409,
    type: "id-taken",
  });
  expect(await problemOf(await register(url, "b"))).toEqual({ status: 503, type: "registry-full" });
  const heartbeat = await fetch(`${url}/instances/b/heartbeat`, { method: "POST" });
  expect(await problemOf(heartbeat)).toEqual({ status: 404, type: "instance-not-found" });
});

test("who watches sees everybody, then what changes, and goes on where it was", async () => {
  const { url } = await start({ heartbeat_interval: "100ms", suspect_after: "200ms", fail_after: "300ms" });
  await register(url, "a", { groups: ["g"] });
  const events = watch(url, "?group=g");
  const first = await nextEvent(events, ({ event }) => event === "snapshot");
  expect(first.data).toMatchObject({ instances: [{ id: "a", state: "passing" }] });
  const suspected = await nextEvent(events, ({ event }) => event === "changed");
  expect(suspected.data).toMatchObject({ id: "a", state: "suspect" });
  const gone = await nextEvent(events, ({ event }) => event === "gone");
  expect(gone.data).toEqual({ id: "a", reason: "failed" });
  await register(url, "other", { groups: ["h"] });
  await register(url, "b", { groups: ["g"] });
  expect((await nextEvent(events, ({ event }) => event === "changed")).data).toMatchObject({ id: "b" });
  await events.return(undefined);

  const again = watch(url, "?group=g", { "last-event-id": gone.id! });
  expect((await nextEvent(again, ({ event }) => event !== "settled")).data).toMatchObject({ id: "b" });
  await again.return(undefined);
  // Of another run of the node, or later than all that happened: everything anew.
  for (const id of ["other-1", `${gone.id!.split("-")[0]}-99999`]) {
    const anew = watch(url, "", { "last-event-id": id });
    expect((await anew.next()).value).toMatchObject({ event: "snapshot" });
    await anew.return(undefined);
  }
});

test("a snapshot of many is one event, and what changes comes behind it", async () => {
  const { url } = await start();
  const ids = Array.from({ length: 300 }, (_, index) => `i-${1000 + index}`);
  await Promise.all(ids.map((id) => register(url, id, { metadata: { text: "x".repeat(200) } })));
  const events = watch(url);
  const first = await nextEvent(events, ({ event }) => event === "snapshot");
  const { instances } = first.data as { instances: { id: string }[] };
  expect(instances.map(({ id }) => id).sort()).toEqual(ids);
  await register(url, "late");
  expect(await nextEvent(events, ({ event }) => event === "changed")).toMatchObject({ data: { id: "late" } });
  await events.return(undefined);
});

test("an empty list right after the start is said not to be settled", async () => {
  const { url } = await start({ heartbeat_interval: "1s", suspect_after: "2s", fail_after: "3s" });
  const events = watch(url);
  expect((await events.next()).value).toMatchObject({ event: "snapshot", data: { isSettled: false } });
  await nextEvent(events, ({ event }) => event === "settled");
  expect(await (await fetch(`${url}/groups/any`)).json()).toMatchObject({ isSettled: true });
  await events.return(undefined);
});

test("roles decide who registers and who reads", async () => {
  const { url } = await start(
    {},
    {
      users: [
        { username: "engine", password: "one", roles: ["read_write"] },
        { username: "reader", password: "two", roles: ["read_only"] },
      ],
    },
  );
  const as = (user: string, method: string, path: string, body?: object) =>
    fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${user}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const said = { engine: "inmemory", endpoint: "a:1" };
  expect((await as("engine:one", "PUT", "/instances/a", said)).status).toBe(200);
  expect((await as("reader:two", "PUT", "/instances/b", said)).status).toBe(403);
  expect((await as("reader:two", "GET", "/instances/a")).status).toBe(200);
  expect((await as("reader:wrong", "GET", "/instances/a")).status).toBe(401);
  expect((await fetch(`${url}/instances/a`)).status).toBe(401);
});

test("a shutdown ends those who watch", async () => {
  const { running, url } = await start();
  const events = watch(url);
  await events.next();
  await running.stop();
  await expect(nextEvent(events, () => false)).rejects.toThrow("the watch ended");
});

test("mistakes of the configuration are told all at once", async () => {
  const mistaken = {
    peers: ["a:b:c:"],
    gossip_secret: "short",
    heartbeat_interval: "5s",
    fail_after: "1s",
    cluster: "a b",
  };
  await expect(start(mistaken)).rejects.toThrow(
    /is no address[\s\S]*at least 16[\s\S]*"a b" is no name[\s\S]*suspect_after[\s\S]*fail_after/,
  );
  await expect(start({ peers: ["a"] })).rejects.toThrow("WEFTKIT_DISCOVERY_GOSSIP_SECRET");
});

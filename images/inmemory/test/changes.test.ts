import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ChangeReader, type ReadChange } from "@weftkit/testing/change-reader";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { readLog } from "../src/persistence/read-log.ts";
import { adminToken, RunningEngine } from "./running-engine.ts";
import type { WireClient } from "./wire-client.ts";

async function start(options: Parameters<typeof RunningEngine.start>[0] = {}) {
  const engine = await RunningEngine.start(options);
  const client = await engine.client();
  const reader = await ChangeReader.open(engine.image.adminPort, adminToken);
  return { engine, client, reader };
}

/** Changes as `namespace op key image`. */
function shown(changes: readonly ReadChange[]): string[] {
  return changes.map(({ namespace, op, key, after }) =>
    [namespace, op, key, ...(after === undefined ? [] : [after])].join(" "),
  );
}

function image(type: string | null, ...command: unknown[]): string {
  return JSON.stringify({ type, command });
}

/** Waits for a rewrite of the log to end. */
async function rewrite(client: WireClient): Promise<void> {
  await client.call("BGREWRITEAOF");
  for (;;) {
    if (String(await client.call("INFO", "persistence")).includes("aof_rewrite_in_progress:0")) return;
    await new Promise(setImmediate);
  }
}

function increments(dataDir: string): string[] {
  return readdirSync(join(dataDir, "appendonlydir"))
    .filter((name) => name.includes(".incr."))
    .toSorted();
}

/** Waits until so many increments are left. */
async function removedTo(dataDir: string, count: number): Promise<void> {
  while (increments(dataDir).length > count) await new Promise(setImmediate);
}

test("each command is a commit of its own, with the key, its type and the command of the same effect", async () => {
  const { client, reader } = await start();
  await client.call("SET", "s", "1", "EX", "100");
  await client.call("hset", "h", "f", "v", "g", "w");
  await client.call("SADD", "m", "a");
  await client.call("SPOP", "m");
  await client.call("GET", "s");
  await client.call("ZADD", "z", "1.5", "a");
  await client.call("XADD", "x", "1-1", "f", "v");
  await client.call("XGROUP", "CREATE", "x", "g", "0");
  await client.call("PFADD", "p", "a");
  await client.call("PERSIST", "s");
  const commits = await reader.read();
  expect(commits.map(({ changes }) => changes.length)).toEqual(new Array(9).fill(1));
  const [set, ...rest] = commits.flatMap(({ changes }) => changes);
  const { type, command } = JSON.parse(set!.after!) as { type: string; command: string[] };
  expect([type, ...command.slice(0, 4)]).toEqual(["string", "SET", "s", "1", "PXAT"]);
  expect(shown(rest)).toEqual([
    `0 update h ${image("hash", "HSET", "h", "f", "v", "g", "w")}`,
    `0 update m ${image("set", "SADD", "m", "a")}`,
    `0 update m ${image("set", "SREM", "m", "a")}`,
    `0 update z ${image("zset", "ZADD", "z", "1.5", "a")}`,
    `0 update x ${image("stream", "XADD", "x", "1-1", "f", "v")}`,
    `0 update x ${image("stream", "XGROUP", "CREATE", "x", "g", "0")}`,
    `0 update p ${image("string", "PFADD", "p", "a")}`,
    `0 update s ${image(null, "PERSIST", "s")}`,
  ]);
});

test("a transaction and a script are one commit each; what was discarded is never seen", async () => {
  const { client, reader } = await start();
  for (const words of [["MULTI"], ["SET", "a", "1"], ["SELECT", "3"], ["INCR", "b"], ["EXEC"]])
    await client.call(...words);
  for (const words of [["MULTI"], ["SET", "never", "1"], ["DISCARD"]]) await client.call(...words);
  await client.call("SELECT", "0");
  await client.call(
    "EVAL",
    "redis.call('SET', KEYS[1], 'x'); redis.call('RPUSH', KEYS[2], 'y')",
    "2",
    "c",
    "d",
  );
  await client.call("EVAL", "return redis.call('GET', KEYS[1])", "1", "c");
  expect((await reader.read()).map(({ changes }) => shown(changes))).toEqual([
    [`0 update a ${image("string", "SET", "a", "1")}`, `3 update b ${image("string", "INCR", "b")}`],
    [`0 update c ${image("string", "SET", "c", "x")}`, `0 update d ${image("list", "RPUSH", "d", "y")}`],
  ]);
});

test("commands of several keys are a change for each, and those of two databases say where they run", async () => {
  const { client, reader } = await start();
  const run = async (...words: string[]) => {
    await client.call(...words);
    return shown(await reader.changes());
  };
  expect(await run("MSET", "a", "1", "b", "2")).toEqual([
    `0 update a ${image("string", "SET", "a", "1")}`,
    `0 update b ${image("string", "SET", "b", "2")}`,
  ]);
  expect(await run("RENAME", "a", "c")).toEqual([
    `0 update c ${image(null, "RENAME", "a", "c")}`,
    "0 delete a",
  ]);
  expect(await run("DEL", "b", "c")).toEqual(["0 delete b", "0 delete c"]);
  await run("SADD", "left", "x");
  expect(await run("SMOVE", "left", "right", "x")).toEqual([
    `0 update left ${image("set", "SREM", "left", "x")}`,
    `0 update right ${image("set", "SADD", "right", "x")}`,
  ]);
  await run("RPUSH", "from", "1", "2");
  expect(await run("LMOVE", "from", "to", "LEFT", "RIGHT")).toEqual([
    `0 update from ${image("list", "LMOVE", "from", "to", "LEFT", "RIGHT")}`,
    '0 update to {"type":"list","command":null}',
  ]);
  expect(await run("RPOPLPUSH", "to", "to")).toEqual([
    `0 update to ${image("list", "RPOPLPUSH", "to", "to")}`,
  ]);
  expect(await run("SORT", "from", "STORE", "sorted")).toEqual([
    `0 update sorted ${image("list", "SORT", "from", "STORE", "sorted")}`,
  ]);
  expect(await run("COPY", "from", "copy", "DB", "2")).toEqual([
    '2 update copy {"type":null,"database":0,"command":["COPY","from","copy","DB","2"]}',
  ]);
  expect(await run("MOVE", "from", "1")).toEqual([
    '1 update from {"type":null,"database":0,"command":["MOVE","from","1"]}',
    "0 delete from",
  ]);
  expect(await run("SWAPDB", "0", "1")).toEqual([
    '0 truncate  {"type":null,"database":0,"command":["SWAPDB","0","1"]}',
    '1 truncate  {"type":null,"command":null}',
  ]);
  expect(await run("FLUSHDB")).toEqual(["0 truncate "]);
  expect((await run("FLUSHALL")).length).toBe(16);
  const library = "#!lua name=l\nredis.register_function('f', function() return 1 end)";
  expect(await run("FUNCTION", "LOAD", library)).toEqual([
    `functions schema  ${JSON.stringify({ command: ["FUNCTION", "LOAD", library] })}`,
  ]);
});

test("bytes that are no text are base64, and stay what they are", async () => {
  const { client, reader } = await start();
  await client.call("SET", Buffer.from([0xff, 0]), Buffer.from([0x80, 10]));
  await client.call("SET", Buffer.from("ключ"), 'a "quoted"\nline');
  const [binary, text] = await reader.changes();
  expect(binary!.after).toBe('{"type":"string","command":["SET",{"base64":"/wA="},{"base64":"gAo="}]}');
  expect(text!.after).toBe(image("string", "SET", "ключ", 'a "quoted"\nline'));
});

test("keys that expire are deletions", async () => {
  const { client, reader } = await start();
  await client.call("SET", "k", "v", "PX", "1");
  const changes: ReadChange[] = [];
  while (changes.length < 2) {
    await client.call("GET", "k");
    changes.push(...(await reader.changes()));
  }
  expect(shown(changes.slice(1))).toEqual(["0 delete k"]);
});

test("nothing is written for those who might listen until somebody does", async () => {
  const dataDir = temporaryFolder();
  const engine = await RunningEngine.start({ dataDir });
  const client = await engine.client();
  const folder = join(dataDir, "appendonlydir");
  await client.call("SET", "a", "1");
  const before = readFileSync(join(folder, increments(dataDir)[0]!), "latin1");
  expect(before).not.toContain("#AT:");
  const reader = await ChangeReader.open(engine.image.adminPort, adminToken);
  expect(existsSync(join(folder, "changes.json"))).toBe(false);
  await client.call("SET", "b", "2");
  const after = readFileSync(join(folder, increments(dataDir)[0]!), "latin1");
  expect(after.slice(before.length)).toMatch(/^#AT:\d+\r\n\*3/);
  expect(shown(await reader.changes())).toEqual([`0 update b ${image("string", "SET", "b", "2")}`]);
});

test("commits have times and stamps, ascending, and the same at every read", async () => {
  const { engine, client } = await start();
  const log = async (after?: string) => {
    const query = after === undefined ? "" : `&after=${after}`;
    const response = await fetch(`http://127.0.0.1:${engine.image.adminPort}/v1/changes?end=true${query}`, {
      headers: { authorization: `Bearer ${adminToken}` },
    });
    return (await response.text())
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { token: string; at: string; stamp: string });
  };
  const [begin] = await log();
  const beganAt = Date.now();
  for (let i = 0; i < 30; i++) await client.call("SET", `k${i}`, String(i));
  client.socket.write("*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n".repeat(30));
  await client.replies(30);
  const [, ...all] = await log(begin!.token);
  expect(all.length).toBe(60);
  for (const [index, { stamp, at }] of all.entries()) {
    expect(Date.parse(at)).toBeGreaterThanOrEqual(beganAt);
    if (index > 0) expect(BigInt(stamp)).toBeGreaterThan(BigInt(all[index - 1]!.stamp));
  }
  for (const index of [0, 17, 45, 58]) {
    const [, ...rest] = await log(all[index]!.token);
    expect(rest).toEqual(all.slice(index + 1));
  }
});

test("a rewrite of the log takes nothing from a consumer, also over a restart; then the files go", async () => {
  const dataDir = temporaryFolder();
  const engine = await RunningEngine.start({ dataDir, changes: { windowBytes: 0 } });
  const client = await engine.client();
  const reader = await ChangeReader.open(engine.image.adminPort, adminToken, "one");
  await client.call("SET", "a", "1");
  await rewrite(client);
  await client.call("SET", "b", "2");
  await rewrite(client);
  await client.call("SET", "c", "3");
  expect(increments(dataDir).length).toBe(3);
  await engine.image.stop();

  const again = await RunningEngine.start({ dataDir, changes: { windowBytes: 0 } });
  expect(increments(dataDir).length).toBe(3);
  const client2 = await again.client();
  await client2.call("SET", "d", "4");
  const reader2 = await ChangeReader.open(again.image.adminPort, adminToken);
  reader2.token = reader.token;
  const commits = await reader2.read();
  expect(commits.flatMap(({ changes }) => changes.map(({ key }) => key))).toEqual(["a", "b", "c", "d"]);
  // What the consumer has is gone at once.
  await reader2.read("&consumer=one");
  await removedTo(dataDir, 1);
  await client2.call("SET", "e", "5");
  expect((await reader2.changes()).map(({ key }) => key)).toEqual(["e"]);
  reader2.token = reader.token;
  await expect(reader2.read()).rejects.toThrow(/410 .*too_old/);
});

test("a consumer that is too far behind is dropped at a rewrite, and told", async () => {
  const dataDir = temporaryFolder();
  const { engine, client } = await start({ dataDir, changes: { windowBytes: 0, bytesMax: 10_000 } });
  const { adminPort } = engine.image;
  const slow = await ChangeReader.open(adminPort, adminToken, "slow");
  await client.call("SET", "a", "x".repeat(20_000));
  const quick = await ChangeReader.open(adminPort, adminToken, "quick");
  // What the log itself still has is no burden.
  expect((await slow.changes()).length).toBe(1);
  await client.call("SET", "b", "2");
  await rewrite(client);
  expect(increments(dataDir).length).toBe(2);
  await client.call("SET", "c", "x".repeat(20_000));
  await rewrite(client);
  await removedTo(dataDir, 1);
  for (const reader of [slow, quick])
    await expect(reader.read("&consumer=slow")).rejects.toThrow(/410 .*consumer_dropped/);
  await expect(slow.read()).rejects.toThrow(/too_old/);
});

test("the log with its times is read by the engine, and checked by its tools", async () => {
  const dataDir = temporaryFolder();
  const { engine, client } = await start({ dataDir });
  await client.call("SET", "a", "1");
  await client.call("RPUSH", "l", "1", "2");
  await engine.image.stop();
  const path = join(dataDir, "appendonlydir", increments(dataDir)[0]!);
  expect(readFileSync(path, "latin1")).toContain("#AT:");
  const { goodBytes, fileBytes, unchecked } = readLog(path, () => {});
  expect([goodBytes, unchecked.bytes]).toEqual([fileBytes, 0]);
  const again = await RunningEngine.start({ dataDir });
  const client2 = await again.client();
  expect(await client2.call("LRANGE", "l", "0", "-1")).toEqual(["1", "2"]);
});

test("a token of another database, or of a time when nobody listened, is refused", async () => {
  const dataDir = temporaryFolder();
  const { engine, client, reader } = await start({ dataDir });
  await client.call("SET", "a", "1");
  await reader.read();
  await engine.image.stop();
  const again = await RunningEngine.start({ dataDir });
  const other = await ChangeReader.open(again.image.adminPort, adminToken);
  other.token = reader.token;
  // Nobody had asked to keep anything, so that not even the identity was kept.
  await expect(other.read()).rejects.toThrow(/410 .*other_database/);
});

test("[cdc] sends them as events, with keys that are bytes, and nothing that was sent is sent again after a restart", async () => {
  const dataDir = temporaryFolder();
  const folder = temporaryFolder();
  const cdc = {
    enabled: true,
    emitter: "file",
    broker: folder,
    topic: "changes",
    ops: ["update", "delete", "truncate"],
  };
  const events = () =>
    readFileSync(join(folder, "changes.ndjson"), "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { op: string; after: unknown; source: { table: string } });
  const engine = await RunningEngine.start({ dataDir, cdc });
  const client = await engine.client();
  await client.call("SELECT", "4");
  await client.call("SET", Buffer.from([0xff]), "1");
  await client.call("DEL", Buffer.from([0xff]));
  await client.call("FLUSHDB");
  while (!existsSync(join(folder, "changes.ndjson")) || events().length < 3) await new Promise(setImmediate);
  await engine.image.stop();
  const sent = events();
  expect(sent.map(({ op, after, source }) => [op, source.table, after])).toEqual([
    ["u", "4", { type: "string", command: ["SET", { base64: "/w==" }, "1"] }],
    ["d", "4", null],
    ["t", "4", null],
  ]);

  const again = await RunningEngine.start({ dataDir, cdc });
  const client2 = await again.client();
  await client2.call("SET", "after", "2");
  while (events().length < 4) await new Promise(setImmediate);
  await again.image.stop();
  expect(events().slice(0, 3)).toEqual(sent);
  expect(events().length).toBe(4);
});

test("a folder that is put back to an earlier state begins an epoch: what came after it is told from what comes now", async () => {
  const dataDir = temporaryFolder();
  const folder = join(dataDir, "appendonlydir");
  const earlier = temporaryFolder();
  const { engine, client } = await start({ dataDir });
  const reader = await ChangeReader.open(engine.image.adminPort, adminToken, "one");
  await client.call("SET", "a", "1");
  await reader.read();
  const common = reader.token;
  cpSync(folder, earlier, { recursive: true });
  await client.call("SET", "lost", "2");
  await reader.read();
  const lost = reader.token;
  await engine.image.stop();
  rmSync(folder, { recursive: true });
  cpSync(earlier, folder, { recursive: true });

  const again = await RunningEngine.start({ dataDir });
  const client2 = await again.client();
  await client2.call("SET", "b", "3".repeat(100));
  const reader2 = await ChangeReader.open(again.image.adminPort, adminToken);
  reader2.token = common;
  expect((await reader2.changes()).map(({ key }) => key)).toEqual(["b"]);
  reader2.token = lost;
  await expect(reader2.read()).rejects.toThrow(/410 .*restored/);
});

test("what it knew of consumers and cannot be read stops the start, and says what to do", async () => {
  const dataDir = temporaryFolder();
  const { engine } = await start({ dataDir });
  await ChangeReader.open(engine.image.adminPort, adminToken, "one");
  await engine.image.stop();
  writeFileSync(join(dataDir, "appendonlydir", "changes.json"), "{");
  await expect(RunningEngine.start({ dataDir })).rejects.toThrow(/changes\.json cannot be used .*remove it/);
});

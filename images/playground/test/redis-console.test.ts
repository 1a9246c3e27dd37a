import { describe, expect, test } from "vitest";
import { splitCommandLine } from "../src/consoles/redis/command-line.ts";
import { ApiClient, startEngine, startPlayground } from "./start-playground.ts";

describe("a command line", () => {
  test.each([
    ["SET a b", ["SET", "a", "b"]],
    ["  GET   a  ", ["GET", "a"]],
    [`SET a "b \\"c\\" \\n"`, ["SET", "a", 'b "c" \n']],
    ["SET a 'it\\'s \\n'", ["SET", "a", "it's \\n"]],
    [`SET a "é😀"`, ["SET", "a", "é😀"]],
    ["", []],
  ])("%s", (line, words) => expect(splitCommandLine(line).map(String)).toEqual(words));
  test("has bytes", () => expect(splitCommandLine('"\\x00\\xff"')).toEqual([Buffer.from([0, 255])]));
  test.each(["'a", '"a', 'SET "a"b', 'a"b"'])("%s is not one", (line) => {
    expect(() => splitCommandLine(line)).toThrow(/quote/);
  });
});

async function open(user: "ann" | "rob" = "ann") {
  const engine = await startEngine("inmemory");
  const { service } = await startPlayground([engine.text]);
  const client = await ApiClient.loggedIn(service.port, user);
  const ask = async (operation: string, body: unknown = {}) =>
    (await client.operate(engine.text, operation, body)).body;
  return { engine, service, ask, command: (line: string) => ask("command", { line }) };
}

test("commands write, read and fail in the engine's own words; integers and bytes are exact", async () => {
  const { command } = await open();
  expect(await command("SET n 9007199254740993")).toEqual({ kind: "bytes", value: "OK" });
  expect(await command("INCR n")).toEqual({ kind: "integer", value: "9007199254740994" });
  expect(await command("GET nothing")).toEqual({ kind: "nil" });
  await command('SET b "\\x00\\xff"');
  expect(await command("GET b")).toEqual({ kind: "bytes", value: { base64: "AP8=" } });
  expect((await command("LPUSH n 1")).error).toMatchObject({
    code: "engine_refused",
    engineCode: "WRONGTYPE",
  });
  expect(await command("MULTI")).toEqual({ kind: "bytes", value: "OK" });
  await command("INCR n");
  expect(await command("EXEC")).toEqual({
    kind: "list",
    items: [{ kind: "integer", value: "9007199254740995" }],
  });
  for (const line of ["SUBSCRIBE c", "MONITOR", "HELLO 3", "CLIENT REPLY OFF", "client reply off"]) {
    expect((await command(line)).error.code, line).toBe("not_supported");
  }
});

test("keys are scanned on a budget, and what they hold is read in part", async () => {
  const { ask, command } = await open();
  const pairs = Array.from({ length: 30_000 }, (_, i) => `k${i} ${i}`);
  expect(await command(`MSET ${pairs.join(" ")}`)).toMatchObject({ value: "OK" });
  const nothing = await ask("keys", { match: "none*" });
  expect(nothing).toMatchObject({ keys: [], total: 30_000 });
  expect(nothing.cursor).not.toBe("0");
  expect(nothing.scanned).toBeLessThan(30_000);
  const some = await ask("keys", { match: "k*" });
  expect(some.keys.length).toBeGreaterThanOrEqual(200);
  await command("FLUSHALL");
  await command("RPUSH list a b c");
  await command("HSET hash f v");
  await command("ZADD zset 1.5 m");
  await command("XADD stream 1-1 f v");
  await command("SADD set m");
  await command("SET text hello PX 100000000");
  expect((await ask("keys")).keys.map(({ type }: { type: string }) => type).sort()).toEqual([
    "hash",
    "list",
    "set",
    "stream",
    "string",
    "zset",
  ]);
  expect(await ask("value", { key: "list" })).toMatchObject({
    type: "list",
    size: 3,
    entries: [["a"], ["b"], ["c"]],
    ttlMs: -1,
  });
  expect(await ask("value", { key: "hash" })).toMatchObject({ entries: [["f", "v"]], isWhole: true });
  expect(await ask("value", { key: "zset" })).toMatchObject({ entries: [["m", "1.5"]] });
  expect(await ask("value", { key: "set" })).toMatchObject({ entries: [["m"]] });
  expect(await ask("value", { key: "stream" })).toMatchObject({ entries: [["1-1", "f", "v"]] });
  const text = await ask("value", { key: "text" });
  expect(text).toMatchObject({ entries: [["hello"]], size: 5 });
  expect(text.ttlMs).toBeGreaterThan(1000);
  expect((await ask("value", { key: "none" })).error.code).toBe("not_found");
});

test("a big reply is cut and says so", async () => {
  const { command } = await open();
  await command("SETRANGE big 1000000 x");
  const reply = await command("GET big");
  expect(reply.cutFrom).toBe(1_000_001);
});

test("who may only read does not write through it", async () => {
  const { command, ask } = await open("rob");
  expect((await command("SET a 1")).error).toMatchObject({ engineCode: "NOPERM" });
  expect((await command("FLUSHALL")).error).toMatchObject({ engineCode: "NOPERM" });
  expect(await ask("keys")).toMatchObject({ keys: [], total: 0 });
});

test("a connection that is lost is told, and the next command has another", async () => {
  const { engine, command } = await open();
  await command("SET a 1");
  expect((await command("QUIT")).error.code).toBe("not_supported");
  await command("CLIENT KILL TYPE normal SKIPME no");
  await expect.poll(async () => (await command("GET a")).value).toBe("1");
  await engine.program.kill();
  expect((await command("GET a")).error.code).toBe("engine_unreachable");
});

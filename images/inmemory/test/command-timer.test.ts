import { expect, test } from "vitest";
import { Registry } from "../src/command-table/registry.ts";
import { commandFamilies } from "../src/commands/index.ts";
import { CommandTimer } from "../src/dispatch/command-timer.ts";
import { RequestParser } from "../src/protocol/request.ts";
import { EngineInMemory } from "./engine-in-memory.ts";

const registry = new Registry(commandFamilies);
const get = registry.byName("get")!;
const incr = registry.byName("incr")!;
const keys = registry.byName("keys")!;

function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test("brief commands share their time, and what is timed alone has its own", () => {
  const timer = new CommandTimer();
  timer.start();
  spin(4);
  timer.endBrief(get);
  timer.endBrief(incr);
  timer.settle();
  spin(1);
  const alone = timer.end(keys);
  expect(get.microseconds).toBeGreaterThanOrEqual(2000);
  expect(incr.microseconds).toBe(get.microseconds);
  expect(alone).toBeGreaterThanOrEqual(1000);
  expect(keys.microseconds).toBe(alone);
  timer.settle();
  expect(incr.microseconds).toBe(get.microseconds);
});

test("a command is brief when its request is short and the slowlog is not for what takes microseconds", () => {
  const timer = new CommandTimer();
  expect(timer.mayBeBrief(get, 30, 10_000)).toBe(true);
  expect(timer.mayBeBrief(get, 30, -1)).toBe(true);
  expect(timer.mayBeBrief(get, 30, 0)).toBe(false);
  expect(timer.mayBeBrief(get, 30, 999)).toBe(false);
  expect(timer.mayBeBrief(get, 4096, 10_000)).toBe(false);
  expect(timer.mayBeBrief(get, Number.POSITIVE_INFINITY, 10_000)).toBe(false);
  expect(timer.mayBeBrief(keys, 30, 10_000)).toBe(false);
  for (const name of ["publish", "spublish", "xautoclaim"])
    expect(registry.byName(name)!.isBrief).toBe(false);
});

/** Runs a command as it comes from a client, in one piece; whether it was timed alone. */
function isTimedAlone(engine: EngineInMemory, ...words: readonly string[]): boolean {
  const { server, session } = engine;
  const { timer } = server.dispatcher;
  let isAlone = false;
  const end = timer.end.bind(timer);
  timer.end = (command) => {
    isAlone = true;
    return end(command);
  };
  const text = words.map((word) => `$${word.length}\r\n${word}\r\n`).join("");
  const request = Buffer.from(`*${words.length}\r\n${text}`);
  new RequestParser().parse(request, request.length, session.args, { bulkBytes: 1e6, isAuthenticated: true });
  server.tick();
  server.execute(session);
  timer.end = end;
  return isAlone;
}

test("XADD is timed alone when it trims much", () => {
  const engine = new EngineInMemory();
  const entry = ["f", "v"];
  for (let i = 0; i < 50_000; i++) engine.run("XADD", "s", "*", ...entry);
  expect(isTimedAlone(engine, "XADD", "s", "*", ...entry)).toBe(false);
  expect(isTimedAlone(engine, "XADD", "s", "MAXLEN", "50000", "*", ...entry)).toBe(false);
  expect(isTimedAlone(engine, "XADD", "s", "MAXLEN", "10", "*", ...entry)).toBe(true);
});

test("a long reply is timed alone, so that the slowlog can have it", () => {
  const engine = new EngineInMemory();
  engine.run("SET", "short", "v");
  engine.run("SET", "long", "v".repeat(4096));
  expect(isTimedAlone(engine, "GET", "short")).toBe(false);
  expect(isTimedAlone(engine, "GET", "long")).toBe(true);
});

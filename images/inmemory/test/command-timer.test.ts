import { expect, test } from "vitest";
import { CommandTimer } from "../src/command-timer.ts";
import { commandFamilies } from "../src/commands/index.ts";
import { Registry } from "../src/commands/registry.ts";
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
  timer.endBrief(get, 5);
  timer.endBrief(incr, 5);
  timer.begin();
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
  expect(timer.isBrief(get, 30, 10_000)).toBe(true);
  expect(timer.isBrief(get, 30, -1)).toBe(true);
  expect(timer.isBrief(get, 30, 0)).toBe(false);
  expect(timer.isBrief(get, 30, 999)).toBe(false);
  expect(timer.isBrief(get, 4096, 10_000)).toBe(false);
  expect(timer.isBrief(get, Number.POSITIVE_INFINITY, 10_000)).toBe(false);
  expect(timer.isBrief(keys, 30, 10_000)).toBe(false);
  for (const name of ["publish", "spublish", "xautoclaim"])
    expect(registry.byName(name)!.isBrief).toBe(false);
});

test("XADD is timed alone when it trims much", () => {
  const engine = new EngineInMemory();
  const entry = ["f", "v"];
  for (let i = 0; i < 50_000; i++) engine.run("XADD", "s", "*", ...entry);
  const { timer } = engine.server.dispatcher;
  const slow: number[] = [];
  const end = timer.end.bind(timer);
  timer.end = (command) => {
    if (command.name === "xadd") slow.push(1);
    return end(command);
  };
  // In one piece, as it comes from a client: only then may a command be brief.
  const send = (...words: string[]) => {
    const request = `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
    const { session } = engine;
    const parser = new RequestParser();
    const buffer = Buffer.from(request);
    parser.parse(buffer, buffer.length, session.args, { bulkBytes: 1e6, isAuthenticated: true });
    engine.server.tick();
    engine.server.execute(session);
  };
  send("XADD", "s", "*", ...entry);
  send("XADD", "s", "MAXLEN", "50000", "*", ...entry);
  expect(slow).toEqual([]);
  send("XADD", "s", "MAXLEN", "10", "*", ...entry);
  expect(slow).toEqual([1]);
});

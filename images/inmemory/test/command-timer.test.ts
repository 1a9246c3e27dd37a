import { expect, test } from "vitest";
import { CommandTimer } from "../src/command-timer.ts";
import { commandFamilies } from "../src/commands/index.ts";
import { Registry } from "../src/commands/registry.ts";

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
  for (const name of ["xadd", "publish", "spublish", "xautoclaim"])
    expect(registry.byName(name)!.isBrief).toBe(false);
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Renewed } from "../src/server/index.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Values of one, two, three ..., each renewed after 60 s and valid for 100 s; `fails` lets the platform be away. */
function counted() {
  const platform = { asked: 0, fails: false };
  const renewed = new Renewed(async () => {
    platform.asked++;
    if (platform.fails) throw new Error("the platform is away");
    const now = Date.now();
    return { value: platform.asked, renewAtMs: now + 60_000, expiresAtMs: now + 100_000 };
  });
  return { platform, renewed };
}

test("a value is asked for once, and again when it is to be renewed", async () => {
  const { platform, renewed } = counted();
  expect(await Promise.all([renewed.get(), renewed.get()])).toEqual([1, 1]);
  vi.advanceTimersByTime(59_999);
  expect(await renewed.get()).toBe(1);
  vi.advanceTimersByTime(1);
  expect(await renewed.get()).toBe(2);
  expect(platform.asked).toBe(2);
});

test("while the platform does not answer, the old value is used, and it is asked again after 15 s", async () => {
  const { platform, renewed } = counted();
  await renewed.get();
  platform.fails = true;
  vi.advanceTimersByTime(60_000);
  expect([await renewed.get(), await renewed.get()]).toEqual([1, 1]);
  expect(platform.asked).toBe(2);
  platform.fails = false;
  vi.advanceTimersByTime(15_000);
  expect(await renewed.get()).toBe(3);
});

test("a value that has expired is not used, and the reason is told", async () => {
  const { platform, renewed } = counted();
  await renewed.get();
  platform.fails = true;
  vi.advanceTimersByTime(100_000);
  await expect(renewed.get()).rejects.toThrow("the platform is away");
  platform.fails = false;
  expect(await renewed.get()).toBe(3);
});

import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  Deadline,
  formatBytes,
  formatDurationMs,
  listen,
  nearestName,
  parseBytes,
  parseDurationMs,
  Slots,
  watchFiles,
} from "../src/index.ts";

describe("units", () => {
  test.each([
    ["0", 0],
    ["512", 512],
    ["32MB", 32 * 1024 ** 2],
    ["32mb", 32 * 1024 ** 2],
    ["1.5 GB", 1.5 * 1024 ** 3],
    ["64KiB", 65_536],
    ["100GB", 100 * 1024 ** 3],
    ["", undefined],
    ["MB", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["9999999999TB", undefined],
  ])("size %j is %s bytes", (text, expected) => expect(parseBytes(text)).toBe(expected));

  test.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["1.5m", 90_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
    ["30", undefined],
    ["-1s", undefined],
    ["1 week", undefined],
  ])("duration %j is %s ms", (text, expected) => expect(parseDurationMs(text)).toBe(expected));

  test("are written so that reading gives the same", () => {
    for (const bytes of [0, 1, 1023, 1024, 32 * 1024 ** 2, 5 * 1024 ** 4]) {
      expect(parseBytes(formatBytes(bytes))).toBe(bytes);
    }
    expect(formatBytes(32 * 1024 ** 2)).toBe("32MB");
    expect(formatDurationMs(90_000)).toBe("90s");
    expect(parseDurationMs(formatDurationMs(86_400_000))).toBe(86_400_000);
  });
});

test("the nearest name is near", () => {
  const names = ["port", "bind", "max_connections", "log_level"];
  expect(nearestName("prot", names)).toBe("port");
  expect(nearestName("MAX-CONECTIONS", names)).toBe("max_connections");
  expect(nearestName("loglevel", names)).toBe("log_level");
  expect(nearestName("colour", names)).toBeUndefined();
});

describe("a deadline", () => {
  test("aborts its signal and whoever waits under it", async () => {
    using deadline = Deadline.after(1);
    await expect(deadline.race(new Promise(() => {}))).rejects.toMatchObject({ code: "deadline_exceeded" });
    expect(deadline.signal.aborted).toBe(true);
    expect(deadline.remainingMs()).toBeLessThan(1);
  });

  test("leaves what is in time alone", async () => {
    using deadline = Deadline.after(60_000);
    expect(await deadline.race(Promise.resolve(1))).toBe(1);
    await expect(deadline.race(Promise.reject(new Error("own")))).rejects.toThrow("own");
    expect(deadline.remainingMs()).toBeGreaterThan(50_000);
  });
});

test("a watched file that is replaced or removed is noticed, also right after the watch began", async () => {
  const folder = mkdtempSync(join(tmpdir(), "weftkit-watch-"));
  const path = join(folder, "secret");
  writeFileSync(path, "1");
  for (const change of [
    () => writeFileSync(path, "22"),
    () => {
      writeFileSync(join(folder, "next"), "33");
      renameSync(join(folder, "next"), path);
    },
    () => rmSync(path),
  ]) {
    const changed = Promise.withResolvers<void>();
    const stop = watchFiles([path], changed.resolve, 5);
    change();
    await changed.promise;
    stop();
  }
  rmSync(folder, { recursive: true });
});

test("listening resolves to the port, and says who cannot listen where, why, and what to do", async () => {
  const server = createServer();
  const port = await listen(server, { bind: "127.0.0.1", port: 0 });
  expect(port).toBe((server.address() as { port: number }).port);
  const taken = { code: "cannot_listen", cause: { code: "EADDRINUSE" } };
  await expect(listen(createServer(), { bind: "127.0.0.1", port })).rejects.toMatchObject({
    ...taken,
    message: `cannot listen on 127.0.0.1 port ${port}: EADDRINUSE`,
  });
  const wording = { who: "the admin port", remedy: "set PORT to another" };
  await expect(listen(createServer(), { bind: "127.0.0.1", port, ...wording })).rejects.toMatchObject({
    ...taken,
    message: `the admin port cannot listen on 127.0.0.1 port ${port}: EADDRINUSE; set PORT to another`,
  });
  server.close();
});

test("slots bound how much runs at once, first come first served", async () => {
  const slots = new Slots(2);
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const started: number[] = [];
  const tasks = gates.map((gate, index) =>
    slots.run(async () => {
      started.push(index);
      await gate.promise;
    }),
  );
  expect(started).toEqual([0, 1]);
  gates[1]!.reject(new Error("failed"));
  await expect(tasks[1]).rejects.toThrow("failed");
  expect(started).toEqual([0, 1, 2]);
  for (const gate of gates) gate.resolve();
  await Promise.all([tasks[0], tasks[2], tasks[3]]);
  expect(started).toEqual([0, 1, 2, 3]);
});

import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { createLogger } from "@weftkit/observe";
import type { Store } from "@weftkit/store";
import { describe, expect, onTestFinished, test } from "vitest";
import { type MaintenanceOptions, SealPolicy, startMaintenance } from "../src/wal/index.ts";
import { addNote, notes, openForTest } from "./open-for-test.ts";

const log = createLogger({ level: "silent", image: "test" });

function maintain(store: Store, options: Partial<MaintenanceOptions> = {}) {
  const maintenance = startMaintenance(store, { log, sealBytes: 1 << 20, passBytes: 1 << 18, ...options });
  onTestFinished(() => maintenance.stop());
  return maintenance;
}

/** Writes about so many bytes. */
async function fill(store: Store, bytes: number): Promise<void> {
  for (let written = 0; written < bytes; written += 20_000) {
    await addNote(store, randomBytes(10_000).toString("hex"));
  }
}

describe("maintenance", () => {
  test("keeps the log short while everything is written, and nothing is lost", async () => {
    const { store } = await openForTest();
    const maintenance = maintain(store);
    // Each round makes 12 MB of log. The first may be over before the worker has started, and the pass that is running
    // may have begun early: the next has not.
    for (let round = 0; round < 3; round++) {
      await fill(store, 4 << 20);
      await maintenance.pass();
      await maintenance.pass();
    }
    expect(statSync(`${store.file}-wal`).size).toBeLessThan(16 << 20);
    expect((await notes(store)).length).toBe(3 * Math.ceil((4 << 20) / 20_000));
    expect(statSync(store.file).size).toBeGreaterThan(11 << 20);
  });

  test("lets a long reader finish, and starts the log over afterwards", async () => {
    const { store } = await openForTest();
    const maintenance = maintain(store);
    await addNote(store, "first");
    const reader = await store.snapshot();
    expect(await notes(reader)).toEqual(["first"]);
    await fill(store, 3 << 20);
    await maintenance.pass();
    expect(store.walBytes).toBeGreaterThan(2 << 20);
    expect(await notes(reader)).toEqual(["first"]);
    reader.release();
    await maintenance.pass();
    await addNote(store, "last");
    await addNote(store, "very last");
    expect(store.walBytes).toBeLessThan(1 << 20);
  });

  test("ends with stop, after which the store closes as before", async () => {
    const { store } = await openForTest();
    const maintenance = maintain(store);
    await fill(store, 1 << 20);
    await maintenance.stop();
    await maintenance.pass();
    await addNote(store, "after");
    await store.close();
  });

  test("takes up what an earlier process has left", async () => {
    const { store } = await openForTest();
    await fill(store, 1 << 20);
    const maintenance = maintain(store);
    await maintenance.pass();
    await addNote(store, "next");
    expect(store.walBytes).toBeLessThan(100_000);
  });
});

describe("the moment in which the log is started over", () => {
  const MiB = 1 << 20;

  test("is when it is long and little of it is left", () => {
    const policy = new SealPolicy(64 * MiB);
    expect(policy.mayHold(64 * MiB, 0)).toBe(false);
    expect(policy.mayHold(65 * MiB, 499)).toBe(true);
  });

  test("comes for writers, too, who are too fast for a short tail", () => {
    const policy = new SealPolicy(64 * MiB);
    const held = Array.from({ length: 4 }, () => policy.mayHold(65 * MiB, 1500));
    expect(held).toEqual([false, false, true, true]);
    const faster = new SealPolicy(64 * MiB);
    let passes = 0;
    while (!faster.mayHold(65 * MiB, 10_000_000)) passes++;
    expect(passes).toBe(8);
  });

  test("is put off until the log has grown as much again when a reader was in the way", () => {
    const policy = new SealPolicy(64 * MiB);
    policy.held(70 * MiB, false);
    expect(policy.isDue(100 * MiB)).toBe(false);
    expect(policy.isDue(135 * MiB)).toBe(true);
    policy.held(135 * MiB, true);
    expect(policy.isDue(65 * MiB)).toBe(true);
  });
});

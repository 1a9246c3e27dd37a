import { Deadline } from "@weftkit/core";
import { expect, test } from "vitest";
import { addNote, notes, openForTest } from "./open-for-test.ts";

test("close waits for the writes that came before, and refuses what comes after", async () => {
  const { store } = await openForTest();
  const before = addNote(store, "before");
  const closed = store.close();
  await expect(addNote(store, "after")).rejects.toMatchObject({ code: "closed" });
  await expect(notes(store)).rejects.toMatchObject({ code: "closed" });
  await expect(store.snapshot()).rejects.toMatchObject({ code: "closed" });
  await expect(store.exclusively(async () => {})).rejects.toMatchObject({ code: "closed" });
  await Promise.all([before, closed]);
  await store.close();
  const again = await openForTest({ file: store.file });
  expect(await notes(again.store)).toEqual(["before"]);
});

test("close does not wait longer than its deadline, and refuses the writes that did not get their turn", async () => {
  const { store } = await openForTest();
  const { promise: hold, resolve: letGo } = Promise.withResolvers<void>();
  const holder = store.exclusively(() => hold);
  const waiting = addNote(store, "too late");
  using deadline = Deadline.after(10);
  const closing = store.close(deadline);
  await expect(waiting).rejects.toMatchObject({ code: "closed" });
  await expect(closing).rejects.toMatchObject({ code: "deadline_exceeded" });
  letGo();
  await holder;
});

test("a snapshot that is still held is ended and told of", async () => {
  const { store, lines } = await openForTest();
  const snapshot = await store.snapshot();
  await store.close();
  expect(lines.filter(({ level }) => level === "warn")).toMatchObject([{ snapshots: 1 }]);
  await expect(notes(snapshot)).rejects.toMatchObject({ code: "closed" });
});

test("exclusively holds the writers back, in their order, and not the readers", async () => {
  const { store } = await openForTest();
  await addNote(store, "0");
  const order: string[] = [];
  const first = addNote(store, "1").then(() => order.push("write"));
  const alone = store.exclusively(async () => {
    expect(await notes(store)).toEqual(["0", "1"]);
    await new Promise(setImmediate);
    expect(await notes(store)).toEqual(["0", "1"]);
    order.push("alone");
  });
  const last = addNote(store, "2").then(() => order.push("write"));
  await Promise.all([first, alone, last]);
  expect(order).toEqual(["write", "alone", "write"]);
  await expect(store.exclusively(() => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
  await addNote(store, "3");
});

test("the growth of the write-ahead log is measured and told of", async () => {
  const { store, metrics } = await openForTest();
  const told: number[] = [];
  store.onWalGrowth = () => told.push(store.walBytes);
  for (let n = 0; n < 3; n++) {
    await store.write((db) => db.prepare("INSERT INTO note (body) VALUES (randomblob(700000) || ?)").run(n));
  }
  expect(told.length).toBeGreaterThan(0);
  expect(store.walBytes).toBeGreaterThan(2_100_000);
  expect(await metrics.metrics()).toContain(`weftkit_store_wal_bytes{image="test"} ${store.walBytes}`);
  await store.exclusively(async (writer) => writer.pragma("wal_checkpoint(PASSIVE)"));
  expect(store.walBytes).toBe(0);
});

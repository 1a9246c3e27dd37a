import { Deadline } from "@weftkit/core";
import { statement } from "@weftkit/store";
import { expect, test } from "vitest";
import { addNote, notes, openForTest } from "./open-for-test.ts";

test("a read that saw a commit is answered after that commit has reached the disk", async () => {
  const { store } = await openForTest();
  const order: string[] = [];
  let read: Promise<unknown> | undefined;
  const write = store.write((db) => {
    db.prepare("INSERT INTO note (body) VALUES ('new')").run();
    // Runs after this transaction has committed and before the sync has begun.
    queueMicrotask(() => {
      read = notes(store).then((bodies) => order.push(`read ${bodies}`));
    });
  });
  await write.then(() => order.push("written"));
  await read;
  expect(order).toEqual(["written", "read new"]);
});

test("an error that a write got from a commit is told after that commit has reached the disk", async () => {
  const { store } = await openForTest();
  const order: string[] = [];
  await Promise.all([
    addNote(store, "same").then(() => order.push("written")),
    addNote(store, "same").catch(() => order.push("refused")),
  ]);
  expect(order).toEqual(["written", "refused"]);
});

test("a reader cannot write", async () => {
  const { store, readiness } = await openForTest();
  await expect(store.read((db) => db.exec("DELETE FROM note"))).rejects.toMatchObject({
    code: "SQLITE_READONLY",
  });
  expect(readiness.ready).toBe(true);
});

test("a snapshot goes on seeing the state it was taken of", async () => {
  const { store } = await openForTest();
  await addNote(store, "before");
  const snapshot = await store.snapshot();
  await addNote(store, "after");
  await store.write((db) => db.exec("DELETE FROM note WHERE body = 'before'"));
  expect(await notes(snapshot)).toEqual(["before"]);
  expect(await notes(snapshot)).toEqual(["before"]);
  expect(await notes(store)).toEqual(["after"]);
  snapshot.release();
  snapshot.release();
  await expect(notes(snapshot)).rejects.toMatchObject({ code: "closed" });
});

test("a snapshot is of the moment it was taken, not of its first read", async () => {
  const { store } = await openForTest();
  const snapshot = await store.snapshot();
  await addNote(store, "after");
  expect(await notes(snapshot)).toEqual([]);
  snapshot.release();
});

test("who asks for more snapshots than there are waits for one, in turn", async () => {
  const { store, metrics } = await openForTest({ snapshotsMax: 1 });
  const first = await store.snapshot();
  await addNote(store, "another state");
  const order: string[] = [];
  const second = store.snapshot().then((snapshot) => {
    order.push("second");
    snapshot.release();
  });
  const third = store.snapshot().then((snapshot) => {
    order.push("third");
    snapshot.release();
  });
  await addNote(store, "reads and writes go on");
  expect(order).toEqual([]);
  expect(await metrics.metrics()).toMatch(/weftkit_store_snapshots\{image="test"\} 1/);
  first.release();
  await Promise.all([second, third]);
  expect(order).toEqual(["second", "third"]);
});

test("waiting for a snapshot ends at the deadline and when it is canceled", async () => {
  const { store } = await openForTest({ snapshotsMax: 1 });
  const held = await store.snapshot();
  await addNote(store, "another state");
  using deadline = Deadline.after(5);
  await expect(store.snapshot({ deadline })).rejects.toMatchObject({
    code: "lock_timeout",
    message: expect.stringContaining("all 1 snapshots are held"),
  });
  const controller = new AbortController();
  const waiting = store.snapshot({ signal: controller.signal });
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: "canceled" });
  held.release();
  (await store.snapshot()).release();
});

test("a statement is prepared once for each mode", async () => {
  const { store } = await openForTest();
  const beyond = 2n ** 53n + 1n;
  await store.read((db) => {
    const sql = "SELECT 9007199254740993 AS n";
    expect(statement(db, sql)).toBe(statement(db, sql));
    expect(statement(db, sql, { pluck: true, safeIntegers: true }).get()).toBe(beyond);
    expect(statement(db, sql, { raw: true, safeIntegers: true }).get()).toEqual([beyond]);
    expect(statement(db, sql).get()).toEqual({ n: Number(beyond) });
  });
});

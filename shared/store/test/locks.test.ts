import {
  type LockKind,
  lockKind,
  postgresRowLocks,
  postgresTableLocks,
  uniqueValueLocks,
} from "@weftkit/store";
import { describe, expect, test } from "vitest";
import { openForTest } from "./open-for-test.ts";

const advisory = lockKind("advisory", {
  isCounted: true,
  conflicts: { share: ["exclusive"], exclusive: ["share", "exclusive"] },
});

describe("a kind of lock", () => {
  test("is refused when one mode conflicts with another, but not the other way", () => {
    expect(() => lockKind<"a" | "b">("lopsided", { conflicts: { a: ["b"], b: [] } })).toThrow(
      "not the other way",
    );
  });

  test.each([postgresRowLocks, postgresTableLocks] as LockKind[])("of PostgreSQL: %#", async (kind) => {
    const { store } = await openForTest();
    for (const held of kind.modes) {
      for (const wanted of kind.modes) {
        const [first, second] = [store.begin(), store.begin()];
        await first.lock(kind, "s", 1, held);
        const isFree = await second.lock(kind, "s", 1, wanted, { skipLocked: true });
        expect(isFree, `${wanted} beside ${held}`).toBe((kind.conflictBits[wanted]! & kind.bit[held]!) === 0);
        first.rollback();
        second.rollback();
      }
    }
    expect(store.locks.held()).toEqual([]);
  });

  test("is the table of the documentation: a few that are easily wrong", async () => {
    const conflicts = (kind: LockKind, a: string, b: string) => (kind.conflictBits[a]! & kind.bit[b]!) !== 0;
    expect(conflicts(postgresRowLocks as LockKind, "key share", "no key update")).toBe(false);
    expect(conflicts(postgresRowLocks as LockKind, "share", "no key update")).toBe(true);
    expect(conflicts(postgresTableLocks as LockKind, "row exclusive", "row exclusive")).toBe(false);
    expect(conflicts(postgresTableLocks as LockKind, "share", "share")).toBe(false);
    expect(conflicts(postgresTableLocks as LockKind, "row share", "exclusive")).toBe(true);
    expect(conflicts(postgresTableLocks as LockKind, "access share", "exclusive")).toBe(false);
  });
});

test("locks of a session outlive its transactions, and are given back one by one", async () => {
  const { store } = await openForTest();
  const { locks } = store;
  const [session, other] = [locks.newOwner("session"), locks.newOwner("other")];
  await locks.acquire(session, advisory, "advisory", 42n, "exclusive");
  await locks.acquire(session, advisory, "advisory", 42, "exclusive");
  const transaction = store.begin({ owner: session });
  await transaction.lock(advisory, "advisory", 42, "exclusive");
  transaction.rollback();
  const isFree = () => locks.acquire(other, advisory, "advisory", 42, "share", { skipLocked: true });
  expect(locks.release(session, advisory, "advisory", 42, "exclusive")).toBe(true);
  expect(await isFree()).toBe(false);
  expect(locks.release(session, advisory, "advisory", 42, "exclusive")).toBe(true);
  expect(locks.release(session, advisory, "advisory", 42, "exclusive")).toBe(false);
  expect(await isFree()).toBe(true);
  locks.releaseAll(other);
  expect(locks.held()).toEqual([]);
});

test("keys are compared by their content", async () => {
  const { store } = await openForTest();
  const [first, second] = [store.begin(), store.begin()];
  const lock = (transaction: typeof first, key: string | number | bigint | Uint8Array) =>
    transaction.lock(uniqueValueLocks, "values", key, "exclusive", { skipLocked: true });
  for (const key of [1, "1", new Uint8Array([49]), 2n ** 60n, "\0b1"]) {
    expect(await lock(first, key), String(key)).toBe(true);
    expect(await lock(second, key), String(key)).toBe(false);
  }
  expect(await lock(second, 1n)).toBe(false);
  expect(await lock(second, Buffer.from("1"))).toBe(false);
  expect(await lock(second, 2n ** 60n + 1n)).toBe(true);
});

test("who waits is served in turn, and those who come later do not go before", async () => {
  const { store } = await openForTest();
  const [reader, writer, late] = [store.begin(), store.begin(), store.begin()];
  const order: string[] = [];
  await reader.lock(postgresTableLocks, "t", 0, "access share");
  const written = writer
    .lock(postgresTableLocks, "t", 0, "access exclusive")
    .then(() => order.push("writer"));
  const lately = late.lock(postgresTableLocks, "t", 0, "access share").then(() => order.push("late"));
  // The one that holds it already may have more of it, before those who wait for it.
  await reader.lock(postgresTableLocks, "t", 0, "row exclusive");
  expect(store.locks.waits().map(({ mode }) => mode)).toEqual(["access exclusive", "access share"]);
  reader.rollback();
  await written;
  writer.rollback();
  await lately;
  expect(order).toEqual(["writer", "late"]);
});

test("a circle of those who only stand behind each other is solved by letting one go before", async () => {
  const { store } = await openForTest({ deadlockTimeoutMs: 10 });
  const [a, b, c] = [store.begin(), store.begin(), store.begin()];
  await a.lock(postgresTableLocks, "x", 0, "access share");
  await c.lock(postgresTableLocks, "y", 0, "access exclusive");
  // b waits for a; c stands behind b, though it could go beside a; a waits for c.
  const bWaits = b.lock(postgresTableLocks, "x", 0, "access exclusive");
  const cWaits = c.lock(postgresTableLocks, "x", 0, "access share");
  const aWaits = a.lock(postgresTableLocks, "y", 0, "access share");
  await cWaits;
  c.rollback();
  await aWaits;
  a.rollback();
  await bWaits;
  b.rollback();
  expect(store.locks.held()).toEqual([]);
});

test("there are not more locks than the limit says", async () => {
  const { store } = await openForTest({ locksMax: 2 });
  const transaction = store.begin();
  for (const key of [1, 2]) await transaction.lock(uniqueValueLocks, "v", key, "exclusive");
  await expect(transaction.lock(uniqueValueLocks, "v", 3, "exclusive")).rejects.toMatchObject({
    code: "too_many_locks",
  });
  transaction.rollback();
  const another = store.begin();
  expect(await another.lock(uniqueValueLocks, "v", 3, "exclusive")).toBe(true);
});

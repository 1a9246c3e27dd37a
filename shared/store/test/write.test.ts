import { expect, test } from "vitest";
import { addNote, notes, openForTest } from "./open-for-test.ts";

test("writes run in the order of the calls, whatever waits for them", async () => {
  const { store } = await openForTest();
  const bodies = Array.from({ length: 100 }, (_, index) => `note ${index}`);
  await Promise.all(bodies.map((body) => addNote(store, body)));
  expect(await notes(store)).toEqual(bodies);
});

test("a write that fails takes back its own changes only, among writes that run with it", async () => {
  const { store } = await openForTest();
  const outcomes = await Promise.allSettled([
    addNote(store, "first"),
    store.write((db) => {
      db.prepare("INSERT INTO note (body) VALUES ('lost')").run();
      throw new Error("changed my mind");
    }),
    addNote(store, "first"),
    addNote(store, "last"),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
  expect(outcomes[1]).toMatchObject({ reason: { message: "changed my mind" } });
  expect(outcomes[2]).toMatchObject({ reason: { code: "SQLITE_CONSTRAINT_UNIQUE" } });
  expect(await notes(store)).toEqual(["first", "last"]);
});

test("commits that arrive together share a sync", async () => {
  const { store, metrics } = await openForTest();
  const syncs = async () => {
    const { values } = await metrics.getSingleMetric("weftkit_store_fsync_seconds")!.get();
    return values.find(
      (value) => "metricName" in value && value.metricName === "weftkit_store_fsync_seconds_count",
    )!.value;
  };
  const before = await syncs();
  await Promise.all(Array.from({ length: 50 }, (_, index) => addNote(store, `note ${index}`)));
  expect((await syncs()) - before).toBeLessThan(50);
  expect(await metrics.metrics()).toMatch(/weftkit_store_commits_total\{image="test"\} 50/);
});

test("a work that is asynchronous, or ends its transaction, is refused and undone", async () => {
  const { store } = await openForTest();
  await expect(
    store.write(async (db) => {
      db.prepare("INSERT INTO note (body) VALUES ('async')").run();
    }),
  ).rejects.toThrow("must be synchronous");
  await expect(store.write((db) => db.exec("ROLLBACK"))).rejects.toThrow("must not end the transaction");
  expect(await notes(store)).toEqual([]);
});

test("an iterator left open spoils its own work only", async () => {
  const { store } = await openForTest();
  await addNote(store, "one");
  await addNote(store, "two");
  const leak = (db: Parameters<Parameters<typeof store.read>[0]>[0]) => {
    const rows = db.prepare("SELECT body FROM note").iterate();
    rows.next();
    return rows;
  };
  await expect(store.read(leak)).rejects.toThrow("left an iterator open");
  await expect(store.write(leak)).rejects.toThrow("left an iterator open");
  await addNote(store, "three");
  expect(await notes(store)).toEqual(["one", "two", "three"]);
});

import type { ChangeStreamDocument } from "mongodb";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

test("tells of inserts, updates, replacements and deletions, and what an update changed", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  const collection = client.db("app").collection<{ _id: number; a?: unknown; b?: unknown }>("c");
  const stream = collection.watch([], { fullDocument: "updateLookup" });
  const first = stream.next();
  await expect.poll(() => stream.resumeToken).toBeTruthy();
  await collection.insertOne({ _id: 1, a: 1, b: { c: 1, d: 2 } });
  await collection.updateOne({ _id: 1 }, { $set: { "b.c": 3 }, $unset: { a: 1 } });
  await collection.replaceOne({ _id: 1 }, { a: 9 });
  await collection.deleteOne({ _id: 1 });
  const events = [await first, await stream.next(), await stream.next(), await stream.next()];
  expect(events.map(({ operationType }) => operationType)).toEqual(["insert", "update", "replace", "delete"]);
  expect(events[0]).toMatchObject({
    fullDocument: { _id: 1, a: 1 },
    ns: { db: "app", coll: "c" },
    documentKey: { _id: 1 },
  });
  expect(events[1]).toMatchObject({
    updateDescription: { updatedFields: { "b.c": 3 }, removedFields: ["a"] },
  });
  await stream.close();
});

test("goes on from a token, over a restart, with everything once", async () => {
  const first = await RunningEngine.start();
  const client = await first.client();
  const stream = client.db("app").collection("c").watch();
  const next = stream.next();
  await expect.poll(() => stream.resumeToken).toBeTruthy();
  await client.db("app").collection<{ _id: number }>("c").insertOne({ _id: 0 });
  const { _id: token } = (await next) as ChangeStreamDocument;
  await stream.close();
  await client
    .db("app")
    .collection<{ _id: number }>("c")
    .insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
  await client.close();
  await first.image.stop();
  const second = await RunningEngine.start({ dataDir: first.dataDir });
  const again = await second.client();
  await again.db("app").collection<{ _id: number }>("c").insertOne({ _id: 4 });
  const resumed = again.db("app").watch([{ $match: { operationType: "insert" } }], { resumeAfter: token });
  const seen: unknown[] = [];
  for (let i = 0; i < 4; i++)
    seen.push(((await resumed.next()) as unknown as { documentKey: { _id: number } }).documentKey._id);
  expect(seen).toEqual([1, 2, 3, 4]);
  await resumed.close();
});

test("ends when its collection is dropped", async () => {
  const engine = await RunningEngine.start();
  const collection = (await engine.client()).db("app").collection("c");
  await collection.insertOne({});
  const stream = collection.watch();
  const next = stream.next();
  await expect.poll(() => stream.resumeToken).toBeTruthy();
  await collection.drop();
  expect((await next).operationType).toBe("drop");
  expect((await stream.next()).operationType).toBe("invalidate");
  await stream.close();
});

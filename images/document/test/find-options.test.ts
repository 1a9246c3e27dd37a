import { Long, type MongoClient, Timestamp } from "mongodb";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

async function connected(): Promise<MongoClient> {
  return (await RunningEngine.start()).client();
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    ({ code }) => code,
  );

test("min and max bound the keys of the hinted index, also of several fields and descending ones", async () => {
  const client = await connected();
  const c = client.db("app").collection<{ _id: number; a: number; b: number }>("c");
  await c.insertMany(Array.from({ length: 20 }, (_, i) => ({ _id: i, a: i % 5, b: i })));
  await c.createIndex({ a: 1, b: -1 });
  const hint = { a: 1, b: -1 };
  const ids = async (options: object) =>
    (await c.find({}, { hint, ...options }).toArray()).map(({ _id }) => _id);
  expect(await ids({ min: { a: 1, b: 11 }, max: { a: 2, b: 7 } })).toEqual([11, 6, 1, 17, 12]);
  expect(await ids({ min: { a: 4, b: 9 } })).toEqual([9, 4]);
  expect(await ids({ max: { a: 0, b: 5 } })).toEqual([15, 10]);
  expect(await codeOf(c.find({}, { min: { a: 1, b: 1 } }).toArray())).toBe(51173);
  expect(await codeOf(c.find({}, { hint, min: { b: 1, a: 1 } }).toArray())).toBe(51174);
});

test("returnKey gives the keys of the index, showRecordId the number that a document is kept by", async () => {
  const client = await connected();
  const c = client.db("app").collection<{ _id: number; a: number; b: number }>("c");
  await c.insertMany([
    { _id: 1, a: 10, b: 20 },
    { _id: 2, a: 11, b: 21 },
  ]);
  await c.createIndex({ a: 1 });
  expect(await c.find({ a: 11 }, { hint: "a_1", returnKey: true }).toArray()).toEqual([{ a: 11 }]);
  expect(await c.find({}, { returnKey: true }).toArray()).toEqual([{}, {}]);
  const [first] = await c.find({}, { showRecordId: true, promoteLongs: false }).toArray();
  expect((first as unknown as { $recordId: Long }).$recordId).toBeInstanceOf(Long);
});

test("a snapshot outside of a transaction is of one moment, for all who ask for it", async () => {
  const client = await connected();
  const db = client.db("app");
  await db.collection<{ _id: number }>("c").insertOne({ _id: 1 });
  const session = client.startSession({ snapshot: true });
  const first = await db.collection("c").find({}, { session }).toArray();
  await db.collection<{ _id: number }>("c").insertOne({ _id: 2 });
  expect(await db.collection("c").find({}, { session }).toArray()).toEqual(first);
  expect(await db.collection("c").distinct("_id", {}, { session })).toEqual([1]);
  expect(await db.collection("c").countDocuments()).toBe(2);
  const gone = db.command({
    find: "c",
    readConcern: { level: "snapshot", atClusterTime: new Timestamp({ t: 1, i: 1 }) },
  });
  expect(await codeOf(gone)).toBe(239);
  await session.endSession();
});

test("a write concern that cannot be met does not keep the write from being done", async () => {
  const client = await connected();
  const reply = await client
    .db("app")
    .command({ insert: "c", documents: [{ _id: 1 }], writeConcern: { w: 3 } })
    .catch(({ result, errorResponse }) => errorResponse ?? result);
  expect(reply).toMatchObject({
    ok: 1,
    n: 1,
    writeConcernError: { code: 100, codeName: "UnsatisfiableWriteConcern" },
  });
  expect(await client.db("app").collection("c").countDocuments()).toBe(1);
});

test("an index is made unique when nothing stands against it", async () => {
  const client = await connected();
  const db = client.db("app");
  const c = db.collection<{ _id: number; x: number }>("c");
  await c.createIndex({ x: 1 });
  await c.insertMany([
    { _id: 1, x: 1 },
    { _id: 2, x: 1 },
  ]);
  await db.command({ collMod: "c", index: { keyPattern: { x: 1 }, prepareUnique: true } });
  expect(await codeOf(c.insertOne({ _id: 3, x: 1 }))).toBe(11000);
  const unique = { collMod: "c", index: { keyPattern: { x: 1 }, unique: true } };
  const error = await db.command(unique).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 359, errorResponse: { violations: [{ ids: [1, 2] }] } });
  await c.deleteOne({ _id: 2 });
  await db.command(unique);
  expect((await c.indexes()).find(({ name }) => name === "x_1")).toMatchObject({ unique: true });
});

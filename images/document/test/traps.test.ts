import { Decimal128, Double, Int32, Long, MaxKey, MinKey, type MongoClient, MongoServerError } from "mongodb";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

/** What users of compatible servers have reported as wrong there; the right values are MongoDB's. */

async function collection(client?: MongoClient) {
  const connected = client ?? (await (await RunningEngine.start()).client());
  // biome-ignore lint/suspicious/noExplicitAny: documents of all shapes are put in and read back.
  return connected.db("app").collection<any>("c");
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as MongoServerError,
  );

test("an upsert takes from its filter what equals, and leaves out other operators", async () => {
  const c = await collection();
  await c.updateOne(
    { "f1.x": 1, "f1.y": { $eq: 2 }, "f1.z": { $ne: 3 } },
    { $set: { a: 1 } },
    { upsert: true },
  );
  expect(await c.findOne({}, { projection: { _id: 0 } })).toEqual({ f1: { x: 1, y: 2 }, a: 1 });
});

test("the _id does not change, and a command says so as a command", async () => {
  const c = await collection();
  await c.insertOne({ _id: 1 });
  expect(await failure(c.updateOne({ _id: 1 }, { $set: { _id: 2 } }))).toMatchObject({ code: 66 });
  const error = await failure(c.findOneAndUpdate({ _id: 1 }, { $set: { _id: 2 } }));
  expect(error).toBeInstanceOf(MongoServerError);
  expect(error?.message).toBe(
    "Plan executor error during findAndModify :: caused by :: Performing an update on the path '_id' would modify the immutable field '_id'",
  );
});

test("two operators on one path are a conflict, and nothing is written", async () => {
  const c = await collection();
  await c.insertOne({ _id: 1, y: 1 });
  const error = await failure(c.updateOne({ _id: 1 }, { $set: { y: 2 }, $inc: { y: 1 } }));
  expect(error).toMatchObject({ code: 40 });
  expect(error?.message).toContain("Updating the path 'y' would create a conflict at 'y'");
  expect(await c.findOne()).toEqual({ _id: 1, y: 1 });
});

test("$[] on an empty array changes nothing, and $pull takes out equal nested arrays", async () => {
  const c = await collection();
  await c.insertMany([
    { _id: 1, a: [] },
    { _id: 2, a: [[1, 2], [3], [1, 2]] },
  ]);
  expect((await c.updateOne({ _id: 1 }, { $set: { "a.$[]": 1 } })).modifiedCount).toBe(0);
  await c.updateOne({ _id: 2 }, { $pull: { a: [1, 2] as never } });
  expect(await c.findOne({ _id: 2 })).toEqual({ _id: 2, a: [[3]] });
});

test("$in with null goes through arrays, and $nin is its exact complement", async () => {
  const c = await collection();
  await c.insertMany([
    { _id: 1, k: [{ k1: null }] },
    { _id: 2, k: [{ k1: { k2: null } }] },
    { _id: 3, k: [{ k1: { k2: 1 } }] },
    { _id: 4, k: [{ k1: "string" }] },
    { _id: 5, k: [{ k1: { k2: 9 } }] },
  ]);
  const ids = async (filter: object) =>
    (await c.find(filter).sort({ _id: 1 }).toArray()).map(({ _id }) => _id);
  expect(await ids({ "k.k1.k2": { $in: [null, 1] } })).toEqual([1, 2, 3, 4]);
  expect(await ids({ "k.k1.k2": { $nin: [null, 1] } })).toEqual([5]);
});

test("sorts across types as MongoDB does, with and without an index", async () => {
  const c = await collection();
  await c.insertMany([
    { _id: "max", a: new MaxKey() },
    { _id: "text", a: "x" },
    { _id: "number", a: 5 },
    { _id: "null" },
    { _id: "empty", a: [] },
    { _id: "min", a: new MinKey() },
    { _id: "object", a: { b: 1 } },
    { _id: "array", a: [9, 2] },
  ]);
  const order = async () => (await c.find().sort({ a: 1 }).toArray()).map(({ _id }) => _id);
  const expected = ["min", "empty", "null", "array", "number", "text", "object", "max"];
  expect(await order()).toEqual(expected);
  await c.createIndex({ a: 1 });
  expect(await order()).toEqual(expected);
});

test("numbers keep their types through sums", async () => {
  const c = await collection();
  await c.insertMany([{ a: new Int32(100) }, { a: new Double(65) }, { a: null }, {}]);
  const [one] = await c
    .aggregate(
      [
        {
          $group: {
            _id: null,
            min: { $min: "$a" },
            long: { $sum: Long.fromNumber(1) },
            decimal: { $sum: Decimal128.fromString("0.1") },
          },
        },
      ],
      { promoteValues: false },
    )
    .toArray();
  expect(one).toMatchObject({ min: new Double(65) });
  expect(one?.long).toEqual(Long.fromNumber(4));
  expect(String(one?.decimal)).toBe("0.4");
});

test("a regular expression that is stored matches itself", async () => {
  const c = await collection();
  await c.insertMany([
    { _id: 1, a: /^abc.*/ },
    { _id: 2, a: "abcd" },
    { _id: 3, a: "x" },
  ]);
  expect((await c.find({ a: { $regex: "^abc.*" } }).toArray()).map(({ _id }) => _id)).toEqual([1, 2]);
});

test("a batch that ends at the limit still has a cursor, and getMore works from another connection", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client({ maxPoolSize: 5 });
  const c = await collection(client);
  await c.insertMany(Array.from({ length: 4 }, (_, i) => ({ _id: i })));
  const session = client.startSession();
  const first = await client.db("app").command({ find: "c", batchSize: 2 }, { session });
  const more = await Promise.all([
    client.db("app").command({ ping: 1 }),
    client.db("app").command({ getMore: first.cursor.id, collection: "c" }, { session }),
  ]);
  expect(more[1]?.cursor.nextBatch).toEqual([{ _id: 2 }, { _id: 3 }]);
  await session.endSession();
});

test("what find does not know is refused, and not ignored", async () => {
  const engine = await RunningEngine.start();
  const db = (await engine.client()).db("app");
  await db.collection<{ _id: number }>("c").insertOne({ _id: 1 });
  for (const option of [{ requestResumeToken: true }, { nothing: 1 }]) {
    await expect(db.command({ find: "c", ...option })).rejects.toMatchObject({
      code: "requestResumeToken" in option ? 238 : 40415,
    });
  }
  await expect(
    db.command({ find: "c", min: {}, max: {}, returnKey: false, showRecordId: false }),
  ).resolves.toMatchObject({ ok: 1 });
});

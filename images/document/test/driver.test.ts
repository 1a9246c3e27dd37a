import { MongoServerError } from "mongodb";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

async function users() {
  const engine = await RunningEngine.start();
  const client = await engine.client({ replicaSet: "rs0" });
  return { client, db: client.db("app"), users: client.db("app").collection("users") };
}

test("does what the reference shows of CRUD, with MongoDB's driver", async () => {
  const { users: collection } = await users();
  await collection.insertOne({
    name: "Alice",
    email: "alice@example.com",
    age: 30,
    tags: ["admin", "verified"],
    address: { city: "Austin", country: "US" },
  });
  await collection.insertMany([
    { name: "Bob", age: 17, active: true, address: { country: "US" } },
    { name: "Carol", age: 40, active: true, address: { country: "US" } },
  ]);
  const found = await collection
    .find({ active: true, "address.country": "US", age: { $gte: 21 } }, { projection: { name: 1, _id: 0 } })
    .sort({ name: 1 })
    .toArray();
  expect(found).toEqual([{ name: "Carol" }]);
  expect(await collection.countDocuments({ tags: "verified" })).toBe(1);
  const updated = await collection.updateOne(
    { name: "Alice" },
    {
      $set: { name: "Alice Smith" },
      $inc: { loginCount: 1 },
      $push: { tags: "premium" as never },
      $unset: { age: "" },
    },
  );
  expect(updated.modifiedCount).toBe(1);
  expect(await collection.findOne({ name: /^Alice/ }, { projection: { _id: 0 } })).toEqual({
    name: "Alice Smith",
    email: "alice@example.com",
    tags: ["admin", "verified", "premium"],
    address: { city: "Austin", country: "US" },
    loginCount: 1,
  });
  const upserted = await collection.updateOne(
    { sessionId: "abc" },
    { $set: { userId: 42 } },
    { upsert: true },
  );
  expect(upserted.upsertedCount).toBe(1);
  expect((await collection.deleteMany({ active: true })).deletedCount).toBe(2);
});

test("groups, sorts, limits and looks up", async () => {
  const { db } = await users();
  await db.collection<{ _id: number; name: string }>("customers").insertMany([
    { _id: 1, name: "Ann" },
    { _id: 2, name: "Ben" },
  ]);
  await db.collection("orders").insertMany([
    { customerId: 1, amount: 5, status: "completed" },
    { customerId: 2, amount: 7, status: "completed" },
    { customerId: 1, amount: 3, status: "completed" },
    { customerId: 1, amount: 100, status: "pending" },
  ]);
  const totals = await db
    .collection("orders")
    .aggregate([
      { $match: { status: "completed" } },
      { $group: { _id: "$customerId", totalSpent: { $sum: "$amount" }, orderCount: { $count: {} } } },
      { $sort: { totalSpent: -1 } },
      { $limit: 10 },
      { $lookup: { from: "customers", localField: "_id", foreignField: "_id", as: "customer" } },
    ])
    .toArray();
  expect(totals).toEqual([
    { _id: 1, totalSpent: 8, orderCount: 2, customer: [{ _id: 1, name: "Ann" }] },
    { _id: 2, totalSpent: 7, orderCount: 1, customer: [{ _id: 2, name: "Ben" }] },
  ]);
});

test("holds a unique index, and says of a duplicate what tools read", async () => {
  const { users: collection } = await users();
  await collection.createIndex({ email: 1 }, { unique: true });
  await collection.insertOne({ email: "x" });
  const error = await collection.insertOne({ email: "x" }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MongoServerError);
  expect(error).toMatchObject({ code: 11000, keyPattern: { email: 1 }, keyValue: { email: "x" } });
  expect((error as Error).message).toBe(
    'E11000 duplicate key error collection: app.users index: email_1 dup key: { email: "x" }',
  );
});

test("reads in batches", async () => {
  const { users: collection } = await users();
  await collection.insertMany(Array.from({ length: 1000 }, (_, i) => ({ i })));
  const cursor = collection.find({}, { batchSize: 7 });
  expect((await cursor.toArray()).map(({ i }) => i)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
});

test("commits transactions, and ends the one that comes second to a document", async () => {
  const { client, users: collection } = await users();
  await collection.insertOne({ n: 1 });
  const [first, second] = [client.startSession(), client.startSession()];
  first.startTransaction();
  second.startTransaction();
  await collection.updateOne({ n: 1 }, { $set: { by: "first" } }, { session: first });
  expect(await collection.findOne({ by: "first" })).toBeNull();
  expect(await collection.countDocuments({ by: "first" }, { session: first })).toBe(1);
  const lost = await collection
    .updateOne({ n: 1 }, { $set: { by: "second" } }, { session: second })
    .catch((thrown: unknown) => thrown as MongoServerError);
  expect(lost).toMatchObject({ code: 112, codeName: "WriteConflict" });
  expect((lost as MongoServerError).hasErrorLabel("TransientTransactionError")).toBe(true);
  await first.commitTransaction();
  expect(await collection.findOne({}, { projection: { _id: 0 } })).toEqual({ n: 1, by: "first" });
  await Promise.all([first.endSession(), second.endSession()]);
});

test("lets a user in by SCRAM-SHA-256 and SCRAM-SHA-1, and nobody else", async () => {
  const engine = await RunningEngine.start({ auth: { method: "password", user: "ann", password: "secret" } });
  for (const authMechanism of ["SCRAM-SHA-256", "SCRAM-SHA-1"] as const) {
    const client = await engine.client({ authMechanism }, "ann:secret@");
    expect(await client.db("app").command({ ping: 1 })).toMatchObject({ ok: 1 });
    await client.db("app").collection("c").insertOne({ authMechanism });
  }
  await expect(engine.client({}, "ann:wrong@")).rejects.toMatchObject({ code: 18 });
  const stranger = await engine.client();
  await expect(stranger.db("app").collection("c").findOne()).rejects.toMatchObject({ code: 13 });
});

test("inserts beside a drop of their collection are stored, before it or after it", async () => {
  const { db } = await users();
  for (let round = 0; round < 10; round++) {
    const collection = db.collection(`dropped${round}`);
    await collection.insertOne({ a: 1 });
    const others = Promise.allSettled([
      collection.drop(),
      collection.createIndex({ a: 1 }),
      collection.find({ a: 1 }).toArray(),
      collection.updateMany({}, { $set: { b: 1 } }),
    ]);
    await Promise.all(Array.from({ length: 10 }, (_, i) => collection.insertOne({ i })));
    for (const other of await others) {
      if (other.status === "rejected") expect((other.reason as MongoServerError).code).toBe(175);
    }
    await collection.insertOne({ last: 1 });
    expect(await collection.countDocuments({ last: 1 })).toBe(1);
  }
});

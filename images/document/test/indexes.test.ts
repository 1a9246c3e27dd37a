import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const count = 6000;

test("an index is not asked before it holds all documents", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  const numbers = client.db("app").collection<{ _id: number; n: number }>("numbers");
  await numbers.insertMany(Array.from({ length: count }, (_, i) => ({ _id: i, n: i })));
  const session = client.startSession();
  session.startTransaction();
  // Its snapshot is older than the index.
  await numbers.findOne({ _id: 0 }, { session });
  let isMade = false;
  const making = numbers.createIndex({ n: 1 }).then(() => {
    isMade = true;
  });
  let asked = 0;
  do {
    expect(await numbers.find({ n: { $gte: count - 5 } }).toArray()).toHaveLength(5);
    asked++;
  } while (!isMade);
  expect(asked).toBeGreaterThan(1);
  await making;
  expect(await numbers.find({ n: count - 1 }, { session }).toArray()).toHaveLength(1);
  const joined = [
    { $match: { _id: 1 } },
    { $lookup: { from: "numbers", localField: "n", foreignField: "n", as: "same" } },
  ];
  expect(await numbers.aggregate(joined, { session }).toArray()).toMatchObject([{ same: [{ _id: 1 }] }]);
  await session.commitTransaction();
  const { queryPlanner } = await numbers.find({ n: 1 }).explain();
  expect(JSON.stringify(queryPlanner.winningPlan)).toContain("IXSCAN");
});

test("what a transaction has changed before comes into an index", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  const numbers = client.db("app").collection<{ _id: number; n: number }>("numbers");
  await numbers.insertOne({ _id: 1, n: 1 });
  const session = client.startSession();
  session.startTransaction();
  await numbers.insertOne({ _id: 2, n: 2 }, { session });
  const making = numbers.createIndex({ n: 1 });
  await session.commitTransaction();
  await making;
  expect(await numbers.find({ n: { $gt: 0 } }, { hint: { n: 1 } }).toArray()).toHaveLength(2);
});

test("that an index has several keys of a document is known after a restart, whoever was first to say so", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  const lists = client.db("app").collection<{ _id: number; n: number[] }>("lists");
  await lists.createIndex({ n: 1 });
  const [first, second] = [client.startSession(), client.startSession()];
  first.startTransaction();
  second.startTransaction();
  await lists.insertOne({ _id: 1, n: [1, 2] }, { session: first });
  await lists.insertOne({ _id: 2, n: [1, 9] }, { session: second });
  await second.commitTransaction();
  await first.abortTransaction();
  await client.close();
  await engine.image.stop();
  const again = await RunningEngine.start({ dataDir: engine.dataDir });
  const found = (await again.client())
    .db("app")
    .collection("lists")
    .find({ n: { $gt: 5, $lt: 5 } });
  // One element is above, another below: only who knows of several keys finds that.
  expect(await found.toArray()).toHaveLength(1);
});

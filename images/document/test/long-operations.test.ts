import { connect } from "node:net";
import { writeMsg } from "@weftkit/wire-mongo";
import { serialize } from "bson";
import type { Document, MongoClient } from "mongodb";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

/** None of these pipelines comes to an end while a test waits: others are served only if they give way. */
const products: Readonly<Record<string, Document[]>> = {
  $unwind: [
    { $project: { a: { $range: [0, 5000] } } },
    { $unwind: "$a" },
    { $project: { b: { $range: [0, 5000] } } },
    { $unwind: "$b" },
    { $match: { b: -1 } },
  ],
  $group: [
    { $project: { a: { $range: [0, 5000] } } },
    { $unwind: "$a" },
    { $project: { b: { $range: [0, 5000] } } },
    { $unwind: "$b" },
    { $group: { _id: null, n: { $sum: 1 } } },
  ],
  $lookup: [
    {
      $lookup: {
        from: "c",
        pipeline: [
          { $lookup: { from: "c", pipeline: [{ $lookup: { from: "c", pipeline: [], as: "z" } }], as: "y" } },
          { $match: { y: [] } },
        ],
        as: "x",
      },
    },
  ],
  $facet: [
    {
      $facet: {
        one: [
          { $lookup: { from: "c", pipeline: [{ $lookup: { from: "c", pipeline: [], as: "y" } }], as: "x" } },
          { $match: { x: [] } },
        ],
      },
    },
  ],
};

async function started(): Promise<{ engine: RunningEngine; client: MongoClient }> {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  await client
    .db("app")
    .collection("c")
    .insertMany(Array.from({ length: 3000 }, (_, i) => ({ n: i })));
  return { engine, client };
}

/** The operations of the collection, asked until they are as wanted. */
async function operations(
  client: MongoClient,
  isWanted: (found: Document[]) => boolean,
): Promise<Document[]> {
  for (;;) {
    const { inprog } = await client.db("admin").command({ currentOp: 1, ns: "app.c" });
    if (isWanted(inprog as Document[])) return inprog as Document[];
  }
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test.each(Object.entries(products))(
  "a long %s lets others have their turn, and is ended by killOp",
  async (_name, pipeline) => {
    const { client } = await started();
    const ended = failure(client.db("app").collection("c").aggregate(pipeline).toArray());
    const [operation] = await operations(client, (found) => found.length > 0);
    expect(operation).toMatchObject({
      op: "command",
      ns: "app.c",
      active: true,
      command: { aggregate: "c" },
    });
    await client.db("admin").command({ killOp: 1, op: operation!.opid });
    expect(await ended).toMatchObject({ code: 11601, codeName: "Interrupted" });
  },
);

test("a long command is ended when its time is over", async () => {
  const { client } = await started();
  const ended = failure(
    client.db("app").collection("c").aggregate(products.$lookup, { maxTimeMS: 50 }).toArray(),
  );
  expect(await ended).toMatchObject({ code: 50, codeName: "MaxTimeMSExpired" });
});

test.each(["end", "destroy"] as const)("a command ends when its client is gone (%s)", async (how) => {
  const { engine, client } = await started();
  const socket = connect(engine.port, "127.0.0.1");
  const body = serialize({ aggregate: "c", pipeline: products.$lookup, cursor: {}, $db: "app" });
  socket.write(writeMsg({ requestId: 1, responseTo: 0, flags: 0, body: Buffer.from(body) }));
  await operations(client, (found) => found.length > 0);
  socket[how]();
  await operations(client, (found) => found.length === 0);
});

test("killCursors ends the getMore that reads the cursor", async () => {
  const { client } = await started();
  const db = client.db("app");
  const session = client.startSession();
  const opened = await db.command(
    { aggregate: "c", pipeline: products.$unwind, cursor: { batchSize: 0 } },
    { session },
  );
  const { id } = opened.cursor;
  const ended = failure(db.command({ getMore: id, collection: "c" }, { session }));
  await operations(client, (found) => found.some(({ op }) => op === "getmore"));
  await db.command({ killCursors: "c", cursors: [id] });
  expect(await ended).toMatchObject({ code: 237, codeName: "CursorKilled" });
  await session.endSession();
});

test("a sort of many documents gives the same order as one of few, with and without a limit", async () => {
  const { client } = await started();
  const c = client.db("app").collection<{ _id: number; n: number }>("sorted");
  const docs = Array.from({ length: 9000 }, (_, i) => ({ _id: i, n: (i * 7919) % 1000 }));
  await c.insertMany(docs);
  const expected = [...docs].sort((a, b) => a.n - b.n || a._id - b._id);
  expect(await c.aggregate([{ $sort: { n: 1 } }]).toArray()).toEqual(expected);
  expect(await c.aggregate([{ $sort: { n: 1 } }, { $limit: 2500 }]).toArray()).toEqual(
    expected.slice(0, 2500),
  );
});

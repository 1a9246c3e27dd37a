import { patientMs } from "@weftkit/testing/patience";
import { Binary, Decimal128, Double, Long } from "mongodb";
import { expect, test } from "vitest";
import { connectMongo, DocumentEngine, documentsOf } from "./mongo-sites.ts";
import { SyncSidecar } from "./sites.ts";

const timeout = patientMs(60_000);
const polling = { timeout: patientMs(20_000), interval: 50 };

interface Item {
  _id: string | number | Double | { z: number; a: string };
  [field: string]: unknown;
}

async function pair() {
  const [local, remote] = await Promise.all([DocumentEngine.start(), DocumentEngine.start()]);
  const [here, there] = [local, remote].map((one) => connectMongo(one).db().collection<Item>("item")) as [
    ReturnType<typeof itemsOf>,
    ReturnType<typeof itemsOf>,
  ];
  const areEqual = async () => {
    const [a, b] = await Promise.all([documentsOf(local), documentsOf(remote)]);
    expect(b).toEqual(a);
    return a;
  };
  return { local, remote, here, there, areEqual };
}

function itemsOf(engine: DocumentEngine) {
  return connectMongo(engine).db().collection<Item>("item");
}

test("what is there is copied both ways, and what is written comes after it", { timeout }, async () => {
  const { local, remote, here, there, areEqual } = await pair();
  await here.insertMany(Array.from({ length: 600 }, (_, index) => ({ _id: index, n: index })));
  await here.insertMany([
    { _id: new Double(700.5), types: [1, new Double(1), Long.fromNumber(1), Decimal128.fromString("1.10")] },
    {
      _id: { z: 1, a: "b" },
      when: new Date(0),
      bytes: new Binary(Buffer.from([0, 255])),
      none: null,
      r: /x/i,
    },
  ]);
  await there.insertOne({ _id: "remote", from: "there" });
  const sidecar = await SyncSidecar.start(local, remote);
  await sidecar.copied();
  await expect.poll(areEqual, polling).toHaveLength(603);
  await here.updateOne({ _id: 7 }, { $set: { "deep.er": [1, { two: 2 }] } });
  await here.deleteOne({ _id: 8 });
  await there.deleteOne({ _id: 9 });
  await there.insertOne({ _id: "later" });
  await there.updateMany({ _id: { $lt: 5 } }, { $inc: { n: 100 } as never });
  await expect.poll(() => here.countDocuments({ n: { $gte: 100, $lt: 105 } }), polling).toBe(10);
  await expect.poll(() => there.findOne({ _id: 8 }), polling).toBe(null);
  await expect
    .poll(() => there.findOne({ _id: 7 }), polling)
    .toMatchObject({ deep: { er: [1, { two: 2 }] } });
  await expect.poll(areEqual, polling).toHaveLength(602);
  // A collection that is dropped is empty at the other side.
  await here.drop();
  await expect.poll(() => there.countDocuments(), polling).toBe(0);
  expect(await sidecar.conflicts()).toEqual([]);
});

test("who writes last wins, and the other document is kept as a conflict", { timeout }, async () => {
  const { local, remote, here, there, areEqual } = await pair();
  await here.insertMany(["a", "b", "c", "same"].map((_id) => ({ _id, text: "0" })));
  const sidecar = await SyncSidecar.start(local, remote);
  await sidecar.copied();
  await expect.poll(areEqual, polling).toHaveLength(4);
  await sidecar.kill();
  await here.updateOne({ _id: "a" }, { $set: { text: "first, here" } });
  await here.updateOne({ _id: "same" }, { $set: { text: "equal" } });
  await there.updateOne({ _id: "same" }, { $set: { text: "equal" } });
  await there.updateOne({ _id: "b" }, { $set: { text: "there" } });
  await there.deleteOne({ _id: "c" });
  await there.updateOne({ _id: "a" }, { $set: { text: "second, there" } });
  await sidecar.start();
  const expected = [
    { _id: "a", text: "second, there" },
    { _id: "b", text: "there" },
    { _id: "same", text: "equal" },
  ];
  const sorted = (of: typeof here) => of.find().sort({ _id: 1 }).toArray();
  await expect.poll(() => sorted(here), polling).toEqual(expected);
  await expect.poll(() => sorted(there), polling).toEqual(expected);
  await expect.poll(() => sidecar.conflicts(), polling).toHaveLength(1);
  const [conflict] = await sidecar.conflicts();
  expect(conflict).toMatchObject({
    how: "lww",
    name: "item",
    key: '{"_id":"a"}',
    winnerRow: { document: { text: "second, there" } },
    loserRow: { document: { text: "first, here" } },
  });
  await sidecar.ask(`/v1/sync/resolve?id=${conflict!.id}&with=loser`, "POST");
  await expect.poll(async () => (await here.findOne({ _id: "a" }))?.text, polling).toBe("first, here");
  await expect.poll(async () => (await there.findOne({ _id: "a" }))?.text, polling).toBe("first, here");
  expect(await sidecar.conflicts()).toEqual([]);
});

test("a document that the other side refuses is told, and holds up nobody", { timeout }, async () => {
  const { local, remote, here, there } = await pair();
  await there.createIndex({ code: 1 }, { unique: true });
  await there.insertOne({ _id: "there", code: 1 });
  const sidecar = await SyncSidecar.start(local, remote, { WEFTKIT_PERSISTENCE_SITE: "shop" });
  await sidecar.copied();
  await here.insertMany([
    { _id: "x", code: 1 },
    { _id: "y", code: 2 },
  ]);
  await expect.poll(() => there.findOne({ _id: "y" }), polling).not.toBe(null);
  await expect
    .poll(async () => (await sidecar.conflicts()).map(({ how, key }) => [how, key]), polling)
    .toEqual([["refused", '{"_id":"x"}']]);
  await there.dropIndex("code_1");
  const [conflict] = await sidecar.conflicts();
  await sidecar.ask(`/v1/sync/resolve?id=${conflict!.id}&with=retry`, "POST");
  await expect.poll(() => there.findOne({ _id: "x" }), polling).toEqual({ _id: "x", code: 1 });
});

test("a database that was dropped is filled again", { timeout }, async () => {
  const { local, remote, here, areEqual } = await pair();
  await here.insertMany([{ _id: 1 }, { _id: 2 }]);
  const sidecar = await SyncSidecar.start(local, remote);
  await sidecar.copied();
  await expect.poll(areEqual, polling).toHaveLength(2);
  await connectMongo(remote).db().dropDatabase();
  await expect.poll(() => documentsOf(remote), polling).toHaveLength(2);
  await expect.poll(areEqual, polling).toHaveLength(2);
});

import type { Document } from "mongodb";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

/** Values of the pages of MongoDB's manual on $setWindowFields, its functions and $densify, or reckoned by their definitions. */

async function collectionOf(docs: Document[]) {
  const client = await (await RunningEngine.start()).client();
  // biome-ignore lint/suspicious/noExplicitAny: documents of all shapes.
  const collection = client.db("app").collection<any>("c");
  await collection.insertMany(docs);
  return collection;
}

const cakes = [
  { _id: 0, state: "CA", orderDate: new Date("2020-05-18T14:10:30Z"), price: 13, quantity: 120 },
  { _id: 1, state: "CA", orderDate: new Date("2021-03-20T11:30:05Z"), price: 14, quantity: 140 },
  { _id: 2, state: "WA", orderDate: new Date("2020-05-18T16:09:01Z"), price: 14, quantity: 134 },
  { _id: 3, state: "WA", orderDate: new Date("2019-05-18T16:09:01Z"), price: 13, quantity: 104 },
  { _id: 4, state: "CA", orderDate: new Date("2019-05-18T16:09:01Z"), price: 41, quantity: 162 },
  { _id: 5, state: "WA", orderDate: new Date("2021-01-11T06:31:15Z"), price: 43, quantity: 140 },
];

async function windowed(stage: Document, field: string, docs = cakes as Document[]) {
  const collection = await collectionOf(docs);
  const found = await collection.aggregate([{ $setWindowFields: stage }]).toArray();
  return found.map((doc) => [doc._id, doc[field]]);
}

test("sums grow over a partition, in its order", async () => {
  const stage = {
    partitionBy: "$state",
    sortBy: { orderDate: 1 },
    output: { sum: { $sum: "$quantity", window: { documents: ["unbounded", "current"] } } },
  };
  expect(await windowed(stage, "sum")).toEqual([
    [4, 162],
    [0, 282],
    [1, 422],
    [3, 104],
    [2, 238],
    [5, 378],
  ]);
});

test("ranges go by the distance of the sort value, and by units of time", async () => {
  const byPrice = {
    partitionBy: "$state",
    sortBy: { price: 1 },
    output: { sum: { $sum: "$quantity", window: { range: [-10, 10] } } },
  };
  expect(await windowed(byPrice, "sum")).toEqual([
    [0, 260],
    [1, 260],
    [4, 162],
    [3, 238],
    [2, 238],
    [5, 140],
  ]);
  const byMonth = {
    partitionBy: "$state",
    sortBy: { orderDate: 1 },
    output: {
      recent: { $push: "$orderDate", window: { range: ["unbounded", -10], unit: "month" } },
    },
  };
  const lengths = (await windowed(byMonth, "recent")).map(([id, dates]) => [id, dates.length]);
  expect(lengths).toEqual([
    [4, 0],
    [0, 1],
    [1, 2],
    [3, 0],
    [2, 1],
    [5, 1],
  ]);
});

test("ranks leave gaps behind equals, dense ranks do not, numbers tell them apart", async () => {
  const docs = [5, 7, 7, 9].map((score, _id) => ({ _id, score }));
  const stage = (name: string) => ({ sortBy: { score: 1 }, output: { r: { [name]: {} } } });
  const ranks = async (name: string) => (await windowed(stage(name), "r", docs)).map(([, rank]) => rank);
  expect(await ranks("$rank")).toEqual([1, 2, 2, 4]);
  expect(await ranks("$denseRank")).toEqual([1, 2, 2, 3]);
  expect(await ranks("$documentNumber")).toEqual([1, 2, 3, 4]);
});

test("shift, derivative, integral, moving averages and fills are of neighbours", async () => {
  const docs = [
    { _id: 0, t: 0, v: 10 },
    { _id: 1, t: 2, v: 14 },
    { _id: 2, t: 4, v: null },
    { _id: 3, t: 8, v: 20 },
  ];
  const of = async (fn: Document) =>
    (await windowed({ sortBy: { t: 1 }, output: { r: fn } }, "r", docs)).map(([, value]) => value);
  expect(await of({ $shift: { output: "$v", by: -1, default: "none" } })).toEqual(["none", 10, 14, null]);
  expect(await of({ $derivative: { input: "$v" }, window: { documents: [-1, 0] } })).toEqual([
    null,
    2,
    null,
    null,
  ]);
  expect(await of({ $integral: { input: "$v" }, window: { documents: ["unbounded", "current"] } })).toEqual([
    0, 24, 24, 126,
  ]);
  expect(await of({ $expMovingAvg: { input: "$v", alpha: 0.5 } })).toEqual([10, 12, null, 16]);
  expect(await of({ $linearFill: "$v" })).toEqual([10, 14, 16, 20]);
  expect(await of({ $locf: "$v" })).toEqual([10, 14, 14, 20]);
  const covariances = await of({ $covariancePop: ["$t", "$v"] });
  for (const one of covariances) expect(one).toBeCloseTo(124 / 9, 12);
});

test("windows that cannot be are refused", async () => {
  const collection = await collectionOf(cakes);
  const code = (stage: Document) =>
    collection
      .aggregate([{ $setWindowFields: stage }])
      .toArray()
      .then(
        () => undefined,
        ({ code }) => code,
      );
  const sum = (window: Document) => ({ r: { $sum: "$price", window } });
  expect(await code({ output: sum({ documents: [-1, 0] }) })).toBe(5339901);
  expect(await code({ sortBy: { price: 1 }, output: sum({ documents: [1, 0] }) })).toBe(5339900);
  expect(await code({ sortBy: { state: 1 }, output: sum({ range: [-1, 0] }) })).toBe(5429414);
  expect(await code({ output: { r: { $rank: {} } } })).toBe(5371602);
  expect(await code({ output: { r: { $nothing: 1 } } })).toBe(9);
});

test("$densify fills a range of dates, and what is there already stays", async () => {
  const at = (hour: number) => new Date(Date.UTC(2021, 4, 18, hour));
  const collection = await collectionOf([
    { _id: 0, timestamp: at(0), temp: 12 },
    { _id: 1, timestamp: at(4), temp: 11 },
    { _id: 2, timestamp: at(8), temp: 11 },
    { _id: 3, timestamp: at(12), temp: 12 },
  ]);
  const range = { step: 1, unit: "hour", bounds: [at(0), at(8)] };
  const found = await collection.aggregate([{ $densify: { field: "timestamp", range } }]).toArray();
  expect(found.map(({ timestamp, temp }) => [timestamp.getUTCHours(), temp])).toEqual([
    [0, 12],
    [1, undefined],
    [2, undefined],
    [3, undefined],
    [4, 11],
    [5, undefined],
    [6, undefined],
    [7, undefined],
    [8, 11],
    [12, 12],
  ]);
});

test("$densify goes through the whole range of all partitions, or through each of its own", async () => {
  const collection = await collectionOf([
    { _id: 0, altitude: 600, variety: "Arabica", score: 68.3 },
    { _id: 1, altitude: 750, variety: "Arabica", score: 69.5 },
    { _id: 2, altitude: 950, variety: "Arabica", score: 70.5 },
    { _id: 3, altitude: 1250, variety: "Gesha", score: 88.15 },
    { _id: 4, altitude: 1700, variety: "Gesha", score: 95.5 },
  ]);
  const altitudes = async (bounds: string) => {
    const found = await collection
      .aggregate([
        { $densify: { field: "altitude", partitionByFields: ["variety"], range: { bounds, step: 200 } } },
        { $group: { _id: "$variety", altitudes: { $push: "$altitude" } } },
        { $sort: { _id: 1 } },
      ])
      .toArray();
    return found.map((one) => one.altitudes);
  };
  expect(await altitudes("full")).toEqual([
    [600, 750, 800, 950, 1000, 1200, 1400, 1600],
    [600, 800, 1000, 1200, 1250, 1400, 1600, 1700],
  ]);
  expect(await altitudes("partition")).toEqual([
    [600, 750, 800, 950],
    [1250, 1450, 1650, 1700],
  ]);
});

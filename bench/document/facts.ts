import { type Document, serialize } from "bson";
import { Connection } from "./connection.ts";

/** A large collection `facts`, its index by `n`, and `dims` with 1,000 documents beside it. */

const groups = 1000;
const batch = 1000;

/** Inserts the facts, in batches of 1,000; gives how many a second. */
export async function fillFacts(port: number, rows: number): Promise<number> {
  const connection = new Connection(port);
  const dims = Array.from({ length: groups }, (_, i) => ({ _id: i, region: `region ${i % 10}` }));
  await connection.run({ insert: "dims", documents: dims });
  const startedMs = performance.now();
  for (let from = 0; from < rows; from += batch) {
    const documents = Array.from({ length: Math.min(batch, rows - from) }, (_, i) =>
      Buffer.from(serialize(fact(from + i))),
    );
    await connection.run({ insert: "facts" }, [{ identifier: "documents", documents }]);
  }
  const perSecond = rows / ((performance.now() - startedMs) / 1000);
  await connection.run({ createIndexes: "facts", indexes: [{ key: { n: 1 }, name: "n_1" }] });
  connection.close();
  return perSecond;
}

function fact(i: number): Document {
  return {
    _id: i,
    group: i % groups,
    n: (i * 7919) % 1_000_003,
    amount: (i % 10_000) / 100,
    note: `note ${i}`,
  };
}

/** A command over the facts; `random` gives numbers from 0 up to 1. */
export interface FactsQuery {
  readonly name: string;
  /** How many times as fast as the peer it is to be. */
  readonly goal?: number;
  readonly command: (random: () => number) => Document;
}

export const factsQueries: readonly FactsQuery[] = [
  {
    name: "indexed range",
    goal: 50,
    command: (random) => {
      const from = Math.floor(random() * 1_000_000);
      return {
        find: "facts",
        filter: { n: { $gte: from, $lt: from + 100 } },
        batchSize: 1000,
        singleBatch: true,
      };
    },
  },
  {
    name: "scan",
    goal: 50,
    command: () => ({ find: "facts", filter: { note: "note 77" }, batchSize: 1000, singleBatch: true }),
  },
  {
    name: "$group",
    command: () => ({
      aggregate: "facts",
      pipeline: [{ $group: { _id: "$group", sum: { $sum: "$n" }, count: { $sum: 1 } } }],
      cursor: { batchSize: groups },
    }),
  },
  {
    name: "$lookup of 1,000",
    command: () => ({
      aggregate: "facts",
      pipeline: [
        { $match: { _id: { $lt: 1000 } } },
        { $lookup: { from: "dims", localField: "group", foreignField: "_id", as: "dim" } },
      ],
      cursor: { batchSize: 1000 },
    }),
  },
];

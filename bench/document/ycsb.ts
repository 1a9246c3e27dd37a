import type { Document } from "bson";
import { serialize } from "bson";
import type { Connection } from "./connection.ts";

/** The core workloads of the Yahoo! Cloud Serving Benchmark: a record has ten fields of 100 bytes. */

export const collection = "usertable";
const fieldCount = 10;
const fieldText = "x".repeat(100);
/** Of a scan, at the most. */
const scanLengthMax = 100;
/** The skew of the Zipfian distribution. */
const theta = 0.99;

type Operation = "read" | "update" | "insert" | "scan" | "readModifyWrite";

export interface Workload {
  readonly name: string;
  /** The share of each operation. */
  readonly mix: readonly (readonly [Operation, number])[];
  /** Whether the records that were written last are read most. */
  readonly isLatest?: boolean;
}

/** In the order in which they are to be run: those that insert come last. */
export const workloads: readonly Workload[] = [
  {
    name: "A",
    mix: [
      ["read", 0.5],
      ["update", 0.5],
    ],
  },
  {
    name: "B",
    mix: [
      ["read", 0.95],
      ["update", 0.05],
    ],
  },
  { name: "C", mix: [["read", 1]] },
  {
    name: "F",
    mix: [
      ["read", 0.5],
      ["readModifyWrite", 0.5],
    ],
  },
  {
    name: "D",
    mix: [
      ["read", 0.95],
      ["insert", 0.05],
    ],
    isLatest: true,
  },
  {
    name: "E",
    mix: [
      ["scan", 0.95],
      ["insert", 0.05],
    ],
  },
];

export function recordKey(index: number): string {
  return `user${String(index).padStart(10, "0")}`;
}

export function record(key: string): Document {
  const made: Document = { _id: key };
  for (let i = 0; i < fieldCount; i++) made[`field${i}`] = fieldText;
  return made;
}

/** The records of one server: how many there are, and which one comes next. */
export class Records {
  readonly #random: () => number;
  #count: number;
  #zeta: number;

  constructor(count: number, random: () => number) {
    this.#count = count;
    this.#random = random;
    this.#zeta = 0;
    for (let i = 1; i <= count; i++) this.#zeta += 1 / i ** theta;
  }

  /** Runs one operation of a workload. */
  async step(connection: Connection, { mix, isLatest = false }: Workload): Promise<void> {
    const operation = pick(mix, this.#random());
    const key = recordKey(this.#draw(isLatest));
    switch (operation) {
      case "insert":
        return insert(connection, recordKey(this.#add()));
      case "read":
        return read(connection, key);
      case "update":
        return this.#update(connection, key);
      case "readModifyWrite":
        await read(connection, key);
        return this.#update(connection, key);
      case "scan": {
        const limit = 1 + Math.floor(this.#random() * scanLengthMax);
        await connection.run({
          find: collection,
          filter: { _id: { $gte: key } },
          sort: { _id: 1 },
          limit,
          batchSize: limit,
          singleBatch: true,
        });
      }
    }
  }

  async #update(connection: Connection, key: string): Promise<void> {
    const field = `field${Math.floor(this.#random() * fieldCount)}`;
    const text = String(this.#random()).padEnd(100, "y");
    await connection.run({
      update: collection,
      updates: [{ q: { _id: key }, u: { $set: { [field]: text } } }],
    });
  }

  #add(): number {
    this.#count++;
    this.#zeta += 1 / this.#count ** theta;
    return this.#count - 1;
  }

  /** The index of a record, by Zipf's law (Gray et al., "Quickly Generating Billion-Record Synthetic Databases"), scattered or by age. */
  #draw(isLatest: boolean): number {
    const uz = this.#random() * this.#zeta;
    let rank = 0;
    if (uz >= 1 + 0.5 ** theta) {
      const eta = (1 - (2 / this.#count) ** (1 - theta)) / (1 - (1 + 0.5 ** theta) / this.#zeta);
      rank = Math.floor(this.#count * (eta * (uz / this.#zeta) - eta + 1) ** (1 / (1 - theta)));
    } else if (uz >= 1) rank = 1;
    rank = Math.min(Math.max(rank, 0), this.#count - 1);
    return isLatest ? this.#count - 1 - rank : (rank * 2_654_435_761) % this.#count;
  }
}

/** The operation in whose share a number from 0 up to 1 falls. */
function pick(mix: Workload["mix"], drawn: number): Operation {
  let end = 0;
  for (const [operation, share] of mix) {
    end += share;
    if (drawn < end) return operation;
  }
  return mix[0]![0];
}

export async function read(connection: Connection, key: string): Promise<void> {
  await connection.run({ find: collection, filter: { _id: key }, limit: 1, singleBatch: true });
}

export async function insert(connection: Connection, key: string, into = collection): Promise<void> {
  const documents = [Buffer.from(serialize(record(key)))];
  await connection.run({ insert: into }, [{ identifier: "documents", documents }]);
}

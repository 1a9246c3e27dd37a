import { randomInt } from "node:crypto";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { type MongoClient, MongoServerError } from "mongodb";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 20);
const tellers = 6;
const accounts = 20;
const openingBalance = 1000;
/** Acknowledged transfers after which a round is killed, at the least and at the most. */
const transfersMin = 10;
const transfersMax = 60;

interface Account {
  readonly _id: number;
  balance: number;
}
interface Transfer {
  readonly teller: number;
  readonly number: number;
}

/** Moves money between two accounts, in a transaction of four round trips, and writes down that it did. */
async function transfer(client: MongoClient, teller: number, number: number): Promise<void> {
  const db = client.db("bank");
  const session = client.startSession();
  try {
    session.startTransaction();
    const amount = randomInt(10);
    const options = { session };
    await db
      .collection<Account>("accounts")
      .updateOne({ _id: 1 + randomInt(accounts) }, { $inc: { balance: -amount } }, options);
    await db
      .collection<Account>("accounts")
      .updateOne({ _id: 1 + randomInt(accounts) }, { $inc: { balance: amount } }, options);
    await db.collection<Transfer>("transfers").insertOne({ teller, number }, options);
    await session.commitTransaction();
  } finally {
    await session.endSession();
  }
}

/** Makes transfers until the engine is gone; gives the number of the last one that was acknowledged. */
async function work(
  client: MongoClient,
  teller: number,
  first: number,
  acknowledged: () => void,
): Promise<number> {
  for (let number = first; ; ) {
    try {
      await transfer(client, teller, number);
      acknowledged();
      number++;
    } catch (error) {
      if (!(error instanceof MongoServerError)) return number - 1;
      if (error.code !== 112 && error.code !== 251) throw error;
    }
  }
}

test(
  "kill -9 with transactions open: what was committed is there whole, and nothing else",
  { timeout: patientMs(30_000 + rounds * 10_000) },
  async () => {
    const dataDir = temporaryFolder();
    const last = new Array<number>(tellers).fill(0);
    for (let round = 0; round <= rounds; round++) {
      const engine = await EngineProcess.start(dataDir);
      const client = await engine.client({ retryWrites: false });
      const db = client.db("bank");
      if (round === 0) {
        const all = Array.from({ length: accounts }, (_, i) => ({ _id: i + 1, balance: openingBalance }));
        await db.collection<Account>("accounts").insertMany(all);
        await db.collection<Transfer>("transfers").createIndex({ teller: 1, number: 1 }, { unique: true });
      }
      const [sum] = await db
        .collection("accounts")
        .aggregate([{ $group: { _id: null, sum: { $sum: "$balance" } } }])
        .toArray();
      expect(sum, `round ${round}`).toMatchObject({ sum: accounts * openingBalance });
      for (let teller = 0; teller < tellers; teller++) {
        const numbers = await db
          .collection<Transfer>("transfers")
          .find({ teller })
          .sort({ number: 1 })
          .toArray();
        // All that was acknowledged, and at most one whose answer was lost.
        expect(numbers.map(({ number }) => number)).toEqual(numbers.map((_, i) => i + 1));
        expect(numbers.length).toBeGreaterThanOrEqual(last[teller]!);
        expect(numbers.length).toBeLessThanOrEqual(last[teller]! + 1);
        last[teller] = numbers.length;
      }
      expect(await db.command({ validate: "transfers" })).toMatchObject({ valid: true });
      if (round === rounds) break;
      let left = transfersMin + randomInt(transfersMax - transfersMin);
      const acknowledged = () => {
        if (--left === 0) engine.kill();
      };
      const ended = await Promise.all(
        last.map((number, teller) => work(client, teller, number + 1, acknowledged)),
      );
      for (const [teller, number] of ended.entries()) last[teller] = number;
      await client.close();
    }
  },
);

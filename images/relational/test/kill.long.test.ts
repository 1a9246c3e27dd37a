import { randomInt } from "node:crypto";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import type pg from "pg";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 20);
const tellers = 8;
const accounts = 20;
const openingBalance = 1000;
/** Acknowledged transfers after which a round is killed, at the least and at the most. */
const transfersMin = 20;
const transfersMax = 200;

/** What its own statements said; a connection that broke has no SQLSTATE. */
const retried = new Set(["40001", "40P01", "55P03"]);

/** Moves money between two accounts, in a transaction of four round trips, and writes down that it did. */
async function transfer(client: pg.Client, teller: number, number: number): Promise<void> {
  const [from, to] = [1 + randomInt(accounts), 1 + randomInt(accounts)];
  const amount = randomInt(10);
  await client.query("begin");
  await client.query("update accounts set balance = balance - $1 where id = $2", [amount, from]);
  await client.query("update accounts set balance = balance + $1 where id = $2", [amount, to]);
  await client.query("insert into transfers(teller, number, amount) values ($1, $2, $3)", [
    teller,
    number,
    amount,
  ]);
  await client.query("commit");
}

/** Makes transfers until the engine is gone; gives the number of the last one that was acknowledged. */
async function work(
  engine: EngineProcess,
  teller: number,
  first: number,
  acknowledged: () => void,
): Promise<number> {
  const client = await engine.client();
  for (let number = first; ; ) {
    try {
      await transfer(client, teller, number);
      acknowledged();
      number++;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) return number - 1;
      if (!retried.has(code)) throw error;
      await client.query("rollback");
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
      const client = await engine.client();
      if (round === 0) {
        await client.query("create table accounts(id int primary key, balance bigint not null)");
        await client.query(
          "create table transfers(teller int not null, number int not null, amount int not null, primary key (teller, number))",
        );
        for (let id = 1; id <= accounts; id++) {
          await client.query("insert into accounts values ($1, $2)", [id, openingBalance]);
        }
      }
      const { rows: sums } = await client.query("select sum(balance) as sum from accounts");
      expect(sums).toEqual([{ sum: String(accounts * openingBalance) }]);
      const { rows } = await client.query(
        "select teller, count(*)::int as count, max(number) as max from transfers group by teller",
      );
      for (const { teller, count, max } of rows as { teller: number; count: number; max: number }[]) {
        // Numbers without a gap: nothing acknowledged is missing, and at most the one on its way is there besides.
        expect(count, `teller ${teller}`).toBe(max);
        expect(max - last[teller]!).toBeGreaterThanOrEqual(0);
        expect(max - last[teller]!).toBeLessThanOrEqual(1);
        last[teller] = max;
      }
      if (round === rounds) break;
      const wanted = transfersMin + randomInt(transfersMax - transfersMin);
      let count = 0;
      const { promise: enough, resolve } = Promise.withResolvers<void>();
      const acknowledged = () => {
        if (++count === wanted) resolve();
      };
      const working = last.map((number, teller) => work(engine, teller, number + 1, acknowledged));
      await Promise.race([enough, Promise.all(working)]);
      await engine.kill();
      for (const [teller, number] of (await Promise.all(working)).entries()) last[teller] = number;
    }
  },
);

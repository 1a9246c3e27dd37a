import { randomInt } from "node:crypto";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import type { Driver } from "neo4j-driver";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { rows } from "./running-engine.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 20);
const tellers = 4;
const accounts = 12;
const openingBalance = 1000;
/** Acknowledged transfers after which a round is killed, at the least and at the most. */
const transfersMin = 10;
const transfersMax = 60;

/** Moves money between two accounts, and writes down that it did, as a node with a relationship to each. */
async function transfer(driver: Driver, teller: number, number: number): Promise<void> {
  const [from, to] = [randomInt(accounts), randomInt(accounts)];
  const session = driver.session();
  try {
    const transaction = session.beginTransaction();
    const amount = randomInt(10);
    await transaction.run("MATCH (a:Account {id: $from}) SET a.balance = a.balance - $amount", {
      from,
      amount,
    });
    await transaction.run("MATCH (a:Account {id: $to}) SET a.balance = a.balance + $amount", { to, amount });
    await transaction.run(
      "MATCH (a:Account {id: $from}), (b:Account {id: $to}) CREATE (a)<-[:FROM]-(:Transfer {teller: $teller, number: $number})-[:TO]->(b)",
      { from, to, teller, number },
    );
    await transaction.commit();
  } finally {
    await session.close().catch(() => {
      // The engine was killed: there is nobody to say goodbye to.
    });
  }
}

/** Makes transfers until the engine is gone; gives the number of the last one that was acknowledged. */
async function work(
  driver: Driver,
  teller: number,
  first: number,
  acknowledged: () => void,
): Promise<number> {
  for (let number = first; ; ) {
    try {
      await transfer(driver, teller, number);
      acknowledged();
      number++;
    } catch (error) {
      const { code = "" } = error as { code?: string };
      if (!code.startsWith("Neo.TransientError.")) return number - 1;
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
      const driver = engine.driver();
      if (round === 0) {
        await rows(driver, "CREATE CONSTRAINT FOR (a:Account) REQUIRE a.id IS UNIQUE");
        await rows(driver, "UNWIND $ids AS id CREATE (:Account {id: id, balance: $openingBalance})", {
          ids: Array.from({ length: accounts }, (_, id) => id),
          openingBalance,
        });
      }
      expect(await rows(driver, "MATCH (a:Account) RETURN sum(a.balance) AS sum")).toEqual([
        { sum: accounts * openingBalance },
      ]);
      // Every transfer has both of its relationships, and numbers have no gap.
      const loose =
        "MATCH (t:Transfer) WHERE COUNT { (t)-[:FROM]->(:Account) } <> 1 OR COUNT { (t)-[:TO]->(:Account) } <> 1 RETURN count(t) AS n";
      expect(await rows(driver, loose)).toEqual([{ n: 0 }]);
      const made = await rows(
        driver,
        "MATCH (t:Transfer) RETURN t.teller AS teller, count(*) AS count, max(t.number) AS max",
      );
      for (const { teller, count, max } of made as { teller: number; count: number; max: number }[]) {
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
      const working = last.map((number, teller) => work(driver, teller, number + 1, acknowledged));
      await Promise.race([enough, Promise.all(working)]);
      await engine.kill();
      for (const [teller, number] of (await Promise.all(working)).entries()) last[teller] = number;
    }
  },
);

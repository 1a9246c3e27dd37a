import type { Driver } from "neo4j-driver";
import { beforeEach, expect, test } from "vitest";
import { RunningEngine, refusal, rows } from "./running-engine.ts";
import { WireClient } from "./wire-client.ts";

let engine: RunningEngine;
let driver: Driver;

beforeEach(async () => {
  engine = await RunningEngine.start();
  driver = engine.driver();
});

const counted = "MATCH (n:Item) RETURN count(n) AS n";

/** Runs a query until it fails; gives what it failed with. */
async function failure(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work;
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error("it did not fail");
}

test("each batch is committed before the next begins, and stays when a later one fails", async () => {
  const session = driver.session();
  const failed = await failure(
    Promise.resolve(
      session.run(
        "UNWIND range(1, 9) AS i CALL (i) { CREATE (:Item {i: i, q: 1 / (7 - i)}) } IN TRANSACTIONS OF 2 ROWS",
      ),
    ),
  );
  expect(failed.code).toBe("Neo.ClientError.Statement.ArithmeticError");
  expect(failed.message).toBe("/ by zero (Transactions committed: 3)");
  expect(await rows(driver, counted)).toEqual([{ n: 6 }]);
  await session.close();
});

test("the summary counts what all batches have changed, and what comes after them", async () => {
  const session = driver.session();
  const { summary, records } = await session.run(
    "UNWIND range(1, 5) AS i CALL (i) { CREATE (n:Item {i: i}) RETURN n.i AS made } IN TRANSACTIONS OF 2 ROWS CREATE (:Log {made: made}) RETURN sum(made) AS sum",
  );
  expect(records[0]!.get("sum")).toBe(15);
  expect(summary.counters.updates()).toMatchObject({ nodesCreated: 10, propertiesSet: 10, labelsAdded: 10 });
  await session.close();
});

test("statuses name the transactions, and a failed batch leaves nothing behind", async () => {
  const query = `UNWIND [1, 2, 0, 4] AS i
    CALL (i) { CREATE (n:Item {q: 8 / i}) RETURN n.q AS q } IN TRANSACTIONS OF 2 ROWS ON ERROR CONTINUE REPORT STATUS AS s RETURN i, q, s`;
  const found = (await rows(driver, query)) as { i: number; q: number | null; s: Record<string, unknown> }[];
  expect(found.map(({ i, q, s }) => [i, q, s.committed, s.errorMessage])).toEqual([
    [1, 8, true, null],
    [2, 4, true, null],
    [0, null, false, "/ by zero"],
    [4, null, false, "/ by zero"],
  ]);
  expect(found[0]!.s.transactionId).toMatch(/^neo4j-transaction-\d+$/);
  expect(found[0]!.s.transactionId).toBe(found[1]!.s.transactionId);
  expect(found[2]!.s.transactionId).not.toBe(found[1]!.s.transactionId);
  expect(await rows(driver, counted)).toEqual([{ n: 2 }]);
});

test("only a query that is its own transaction may have others within", async () => {
  const query = "UNWIND [1] AS i CALL (i) { CREATE (:Item) } IN TRANSACTIONS";
  const session = driver.session();
  const transaction = session.beginTransaction();
  const failed = await failure(Promise.resolve(transaction.run(query)));
  expect(failed.code).toBe("Neo.DatabaseError.Transaction.TransactionStartFailed");
  await session.close();
  expect(await refusal(driver, query)).toBe("no error");
  const parameters = { size: -1 };
  expect(await refusal(driver, `${query} OF $size ROWS`, parameters)).toBe(
    "Neo.ClientError.Statement.SyntaxError",
  );
});

test("others write between batches, and RESET leaves what was committed", async () => {
  const client = await WireClient.ready(engine.port);
  const endless =
    "UNWIND range(1, 1000000000) AS i CALL (i) { CREATE (:Item {i: i}) } IN TRANSACTIONS OF 5 ROWS";
  client.send("run", endless, new Map(), new Map());
  await rows(driver, "CREATE (:Other)");
  const made = async () => ((await rows(driver, counted)) as [{ n: number }])[0].n;
  while ((await made()) === 0) await rows(driver, "CREATE (:Other)");
  client.send("reset");
  expect((await client.answers(2)).map(({ name }) => name)).toEqual(["ignored", "success"]);
  expect((await made()) % 5).toBe(0);
});

test("a batch waits for a lock of another transaction, and goes on", async () => {
  await rows(driver, "UNWIND range(1, 4) AS i CREATE (:Item {i: i})");
  const [first, second] = [driver.session(), driver.session()];
  const holder = first.beginTransaction();
  await holder.run("MATCH (n:Item {i: 3}) SET n.by = 'holder'");
  const running = second.run("MATCH (n:Item) CALL (n) { SET n.seen = true } IN TRANSACTIONS OF 1 ROW");
  const all = Promise.resolve(running);
  await holder.commit();
  await all;
  expect(await rows(driver, "MATCH (n:Item {seen: true}) RETURN count(n.by) AS held, count(n) AS n")).toEqual(
    [{ held: 1, n: 4 }],
  );
  await Promise.all([first.close(), second.close()]);
});

import { patientMs } from "@weftkit/testing/patience";
import neo4j, { type Driver } from "neo4j-driver";
import { beforeEach, describe, expect, test } from "vitest";
import { OpenedGraph, superuser } from "./open-for-test.ts";
import { RunningEngine, refusal, rows } from "./running-engine.ts";

let engine: RunningEngine;
let driver: Driver;

beforeEach(async () => {
  engine = await RunningEngine.start();
  driver = engine.driver();
});

/** The code that something ends with. */
async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "no error";
}

describe("transactions", () => {
  test("see what they have written, and nobody else does before the commit", async () => {
    const session = driver.session();
    const transaction = session.beginTransaction();
    await transaction.run("CREATE (:Item {id: 1})");
    const { records } = await transaction.run("MATCH (i:Item) RETURN count(i) AS n");
    expect(records[0]!.get("n")).toBe(1);
    expect(await rows(driver, "MATCH (i:Item) RETURN count(i) AS n")).toEqual([{ n: 0 }]);
    await transaction.commit();
    expect(await rows(driver, "MATCH (i:Item) RETURN count(i) AS n")).toEqual([{ n: 1 }]);
    await session.close();
  });

  test("a constraint made while others write: it holds for all, and none of the rules made at once is lost", async () => {
    const twice = Array.from({ length: 12 }, () => codeOf(rows(driver, "CREATE (:Person {id: 1})")));
    const made = codeOf(rows(driver, "CREATE CONSTRAINT one FOR (n:Person) REQUIRE n.id IS UNIQUE"));
    await Promise.all(twice);
    const [{ n }] = (await rows(driver, "MATCH (n:Person) RETURN count(n) AS n")) as [{ n: number }];
    const outcome = await made;
    if (outcome === "no error") expect(n).toBe(1);
    else expect(outcome).toBe("Neo.DatabaseError.Schema.ConstraintCreationFailed");
    const indexes = Array.from({ length: 8 }, (_, i) =>
      codeOf(rows(driver, `CREATE INDEX i${i} FOR (n:Person) ON (n.f${i})`)),
    );
    expect(new Set(await Promise.all(indexes))).toEqual(new Set(["no error"]));
    const shown = await rows(driver, "SHOW INDEXES YIELD name WHERE name STARTS WITH 'i' RETURN name");
    expect(shown.filter(({ name }) => /^i\d$/.test(name as string))).toHaveLength(8);
  });

  test("a query whose index is dropped before its rows are taken has them all the same", async () => {
    const graph = await OpenedGraph.open();
    await graph.rows("UNWIND range(1, 50) AS id CREATE (:Person {id: id})");
    await graph.rows("CREATE INDEX ids FOR (n:Person) ON (n.id)");
    const reader = graph.database.begin({ user: superuser, accessMode: "READ", isImplicit: true });
    const found = await reader.run("MATCH (n:Person) WHERE n.id < 11 RETURN n.id", new Map());
    await graph.rows("DROP INDEX ids");
    expect(await found.pull(1000)).toHaveLength(10);
  });

  test("leave nothing behind when they are rolled back", async () => {
    const session = driver.session();
    const transaction = session.beginTransaction();
    await transaction.run("CREATE (:Item)-[:PART_OF]->(:Item)");
    await transaction.rollback();
    expect(await rows(driver, "MATCH (n) RETURN count(n) AS n")).toEqual([{ n: 0 }]);
    await session.close();
  });

  test("two that write different nodes are open at once, and both commit", async () => {
    await rows(driver, "CREATE (:Account {id: 1, balance: 10}), (:Account {id: 2, balance: 20})");
    const [first, second] = [driver.session(), driver.session()];
    const [a, b] = [first.beginTransaction(), second.beginTransaction()];
    await a.run("MATCH (n:Account {id: 1}) SET n.balance = 11");
    await b.run("MATCH (n:Account {id: 2}) SET n.balance = 21");
    await a.run("CREATE (:Note {by: 'a'})");
    await b.run("CREATE (:Note {by: 'b'})");
    await a.commit();
    await b.commit();
    expect(await rows(driver, "MATCH (n:Account) RETURN n.balance AS balance ORDER BY balance")).toEqual([
      { balance: 11 },
      { balance: 21 },
    ]);
    expect(await rows(driver, "MATCH (n:Note) RETURN count(n) AS n")).toEqual([{ n: 2 }]);
    await Promise.all([first.close(), second.close()]);
  });

  test("one that writes the same node waits, and then sees what was written", async () => {
    await rows(driver, "CREATE (:Counter {n: 0})");
    const [first, second] = [driver.session(), driver.session()];
    const [a, b] = [first.beginTransaction(), second.beginTransaction()];
    await a.run("MATCH (c:Counter) SET c.n = c.n + 1");
    const waiting = b
      .run("MATCH (c:Counter) SET c.n = c.n + 1 RETURN c.n AS n")
      .then(({ records }) => records[0]!.get("n"));
    await a.commit();
    expect(await waiting).toBe(2);
    await b.commit();
    await Promise.all([first.close(), second.close()]);
  });

  test("a circle of waiting ends in a transient error, which drivers try again", async () => {
    await rows(driver, "CREATE (:Lock {id: 1, n: 0}), (:Lock {id: 2, n: 0})");
    const session = [driver.session(), driver.session()];
    const [a, b] = session.map((each) => each.beginTransaction());
    await a!.run("MATCH (n:Lock {id: 1}) SET n.n = 1");
    await b!.run("MATCH (n:Lock {id: 2}) SET n.n = 1");
    const ends = await Promise.all([
      codeOf(a!.run("MATCH (n:Lock {id: 2}) SET n.n = 2").then(() => a!.commit())),
      codeOf(b!.run("MATCH (n:Lock {id: 1}) SET n.n = 2").then(() => b!.commit())),
    ]);
    expect(ends.sort()).toEqual(["Neo.TransientError.Transaction.DeadlockDetected", "no error"]);
    await Promise.all(session.map((each) => each.close()));
  });

  test("managed ones that conflict all succeed in the end", { timeout: patientMs(20_000) }, async () => {
    await rows(driver, "UNWIND range(1, 4) AS id CREATE (:Account {id: id, balance: 100})");
    const transfer = async (from: number, to: number): Promise<void> => {
      const session = driver.session();
      await session.executeWrite(async (transaction) => {
        await transaction.run("MATCH (a:Account {id: $from}) SET a.balance = a.balance - 1", { from });
        await transaction.run("MATCH (a:Account {id: $to}) SET a.balance = a.balance + 1", { to });
      });
      await session.close();
    };
    await Promise.all(Array.from({ length: 12 }, (_, i) => transfer(1 + (i % 4), 1 + ((i * 3 + 1) % 4))));
    expect(await rows(driver, "MATCH (a:Account) RETURN sum(a.balance) AS sum")).toEqual([{ sum: 400 }]);
  });

  test("a value that must be unique is so also between transactions", async () => {
    await rows(driver, "CREATE CONSTRAINT FOR (u:User) REQUIRE u.name IS UNIQUE");
    const [first, second] = [driver.session(), driver.session()];
    const [a, b] = [first.beginTransaction(), second.beginTransaction()];
    await a.run("CREATE (:User {name: 'ann'})");
    const other = codeOf(b.run("CREATE (:User {name: 'ann'})"));
    await a.commit();
    expect(await other).toBe("Neo.ClientError.Schema.ConstraintValidationFailed");
    await Promise.all([first.close(), second.close()]);
    expect(await rows(driver, "MERGE (u:User {name: 'ann'}) RETURN count(*) AS n")).toEqual([{ n: 1 }]);
  });

  test("a node cannot be deleted while somebody attaches a relationship to it", async () => {
    await rows(driver, "CREATE (:Hub)");
    const [first, second] = [driver.session(), driver.session()];
    const [a, b] = [first.beginTransaction(), second.beginTransaction()];
    await a.run("MATCH (h:Hub) CREATE (h)<-[:NEAR]-(:Spoke)");
    const deleting = codeOf(b.run("MATCH (h:Hub) DELETE h").then(() => b.commit()));
    await a.commit();
    expect(await deleting).toBe("Neo.ClientError.Schema.ConstraintValidationFailed");
    expect(await rows(driver, "MATCH (:Hub)<-[r]-() RETURN count(r) AS n")).toEqual([{ n: 1 }]);
    await Promise.all([first.close(), second.close()]);
  });
});

describe("what takes long", () => {
  const endless = "UNWIND range(1, 1000000000) AS x WITH x WHERE x < 0 RETURN count(x) AS n";

  test("ends with its transaction's timeout", async () => {
    const session = driver.session();
    const ended = codeOf(Promise.resolve(session.run(endless, {}, { timeout: 300 })));
    expect(await ended).toBe("Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration");
    await session.close();
  });

  test("ends when it writes, too, and leaves nothing", async () => {
    const session = driver.session();
    const query = "UNWIND range(1, 1000000000) AS x CREATE (:Never {x: x})";
    expect(await codeOf(Promise.resolve(session.run(query, {}, { timeout: 300 })))).toBe(
      "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
    );
    await session.close();
    expect(await rows(driver, "MATCH (n:Never) RETURN count(n) AS n")).toEqual([{ n: 0 }]);
  });
});

test("results are open side by side in a transaction", async () => {
  const small = engine.driver({ fetchSize: 2 });
  const session = small.session();
  const transaction = session.beginTransaction();
  const seen: number[] = [];
  for await (const record of transaction.run("UNWIND range(1, 5) AS x RETURN x")) {
    const { records } = await transaction.run("UNWIND range(1, 3) AS y RETURN $x * 10 + y AS z", {
      x: record.get("x"),
    });
    seen.push(...records.map((each) => Number(each.get("z"))));
  }
  expect(seen).toHaveLength(15);
  await transaction.commit();
  await session.close();
});

test("errors have Neo4j's codes", async () => {
  const codes = {
    "RETRN 1": "Neo.ClientError.Statement.SyntaxError",
    "RETURN $missing": "Neo.ClientError.Statement.ParameterMissing",
    "RETURN 1/0": "Neo.ClientError.Statement.ArithmeticError",
    "CALL nope.x()": "Neo.ClientError.Procedure.ProcedureNotFound",
    "MERGE (n {p: null})": "Neo.ClientError.Statement.SemanticError",
    "USE nosuch RETURN 1": "Neo.ClientError.Database.DatabaseNotFound",
    "MATCH (n) DELETE n RETURN n.x": "no error",
  };
  for (const [query, code] of Object.entries(codes)) expect(await refusal(driver, query), query).toBe(code);
  const reading = driver.session({ defaultAccessMode: neo4j.session.READ });
  expect(await codeOf(Promise.resolve(reading.run("CREATE (:W)")))).toBe(
    "Neo.ClientError.Statement.AccessMode",
  );
  await reading.close();
  const elsewhere = driver.session({ database: "other" });
  expect(await codeOf(Promise.resolve(elsewhere.run("RETURN 1")))).toBe(
    "Neo.ClientError.Database.DatabaseNotFound",
  );
  await elsewhere.close();
  const later = driver.session({ bookmarks: ["garbage"] });
  expect(await codeOf(Promise.resolve(later.run("RETURN 1")))).toBe(
    "Neo.ClientError.Transaction.InvalidBookmark",
  );
  await later.close();
});

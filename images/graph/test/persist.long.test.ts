import { patientMs } from "@weftkit/testing/patience";
import { startPersistFunction } from "@weftkit/testing/persist-function";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import type { Driver } from "neo4j-driver";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { refusal, rows } from "./running-engine.ts";

async function fill(driver: Driver): Promise<void> {
  await rows(driver, "CREATE CONSTRAINT FOR (p:Person) REQUIRE p.id IS UNIQUE");
  await rows(driver, "CREATE INDEX FOR (p:Person) ON (p.name)");
  await rows(driver, "CREATE FULLTEXT INDEX words FOR (p:Person) ON EACH [p.bio]");
  await rows(
    driver,
    "UNWIND range(1, 300) AS id CREATE (:Person {id: id, name: 'person ' + id, bio: 'likes number ' + id, born: date('2000-01-01') + duration({days: id})})",
  );
  await rows(
    driver,
    "MATCH (a:Person), (b:Person) WHERE b.id = a.id + 1 CREATE (a)-[:KNOWS {since: 2000 + a.id % 20}]->(b)",
  );
}

async function verify(driver: Driver): Promise<void> {
  expect(await rows(driver, "MATCH (p:Person) RETURN count(p) AS n")).toEqual([{ n: 300 }]);
  expect(
    await rows(
      driver,
      "MATCH (a:Person {name: 'person 7'})-[r:KNOWS]->(b) RETURN b.id AS id, r.since AS since, toString(b.born) AS born",
    ),
  ).toEqual([{ id: 8, since: 2007, born: "2000-01-09" }]);
  expect(
    await rows(
      driver,
      "MATCH p = shortestPath((a:Person {id: 1})-[:KNOWS*]->(b:Person {id: 40})) RETURN length(p) AS l",
    ),
  ).toEqual([{ l: 39 }]);
  expect(
    await rows(driver, "CALL db.index.fulltext.queryNodes('words', '123') YIELD node RETURN node.id AS id"),
  ).toEqual([{ id: 123 }]);
  expect(await refusal(driver, "CREATE (:Person {id: 7})")).toBe(
    "Neo.ClientError.Schema.ConstraintValidationFailed",
  );
}

test(
  "a restart, and a volume that is lost, leave the graph, its indexes and its constraints",
  { timeout: patientMs(60_000) },
  async () => {
    const persist = await startPersistFunction();
    const dataDir = temporaryFolder();
    let engine = await EngineProcess.start(dataDir, persist);
    await fill(engine.driver());
    await verify(engine.driver());
    expect(await engine.terminate()).toBe(0);

    engine = await EngineProcess.start(dataDir, persist);
    await verify(engine.driver());
    expect(await engine.terminate()).toBe(0);

    engine = await EngineProcess.start(temporaryFolder(), persist);
    const driver = engine.driver();
    await verify(driver);
    // Numbers that were given out are not given again to something else.
    await rows(driver, "CREATE (:Person {id: 1000, name: 'new'})-[:KNOWS {since: 1}]->(:Later)");
    expect(await rows(driver, "MATCH (:Person {id: 1000})-[r]->(l:Later) RETURN r.since AS since")).toEqual([
      { since: 1 },
    ]);
    expect(await engine.terminate()).toBe(0);
  },
);

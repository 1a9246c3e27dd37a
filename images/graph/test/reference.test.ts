import type { Driver } from "neo4j-driver";
import { beforeEach, expect, test } from "vitest";
import { RunningEngine, rows } from "./running-engine.ts";

let driver: Driver;

beforeEach(async () => {
  const engine = await RunningEngine.start();
  driver = engine.driver();
  await rows(
    driver,
    "CREATE (alice:Person {name: 'Alice', age: 30}) CREATE (bob:Person {name: 'Bob', age: 25}) CREATE (acme:Company {name: 'Acme Corp'})",
  );
  await rows(
    driver,
    "MATCH (a:Person {name: 'Alice'}), (b:Person {name: 'Bob'}) CREATE (a)-[:KNOWS {since: 2020}]->(b)",
  );
  await rows(
    driver,
    "MATCH (p:Person {name: 'Alice'}), (c:Company {name: 'Acme Corp'}) CREATE (p)-[:WORKS_AT {role: 'Engineer', since: 2019}]->(c)",
  );
});

test("nodes and relationships are found by pattern and condition", async () => {
  expect(await rows(driver, "MATCH (p:Person) WHERE p.age > 25 RETURN p.name, p.age")).toEqual([
    { "p.name": "Alice", "p.age": 30 },
  ]);
  expect(
    await rows(
      driver,
      "MATCH (p:Person)-[:KNOWS]->(friend:Person) WHERE p.name = 'Alice' RETURN friend.name",
    ),
  ).toEqual([{ "friend.name": "Bob" }]);
});

test("paths of variable length, and the shortest one", async () => {
  await rows(driver, "MATCH (b:Person {name: 'Bob'}) CREATE (b)-[:KNOWS]->(:Person {name: 'Charlie'})");
  expect(
    await rows(
      driver,
      "MATCH (a:Person)-[:KNOWS*1..3]->(b:Person) WHERE a.name = 'Alice' RETURN DISTINCT b.name",
    ),
  ).toEqual([{ "b.name": "Bob" }, { "b.name": "Charlie" }]);
  const [found] = await rows(
    driver,
    "MATCH path = shortestPath((a:Person {name: 'Alice'})-[*]-(b:Person {name: 'Charlie'})) RETURN path",
  );
  expect((found as { path: { length: number } }).path.length).toBe(2);
});

test("aggregates group by what stands beside them", async () => {
  expect(
    await rows(
      driver,
      "MATCH (p:Person)-[:KNOWS]->(friend) RETURN p.name, COUNT(friend) AS friendCount ORDER BY friendCount DESC",
    ),
  ).toEqual([{ "p.name": "Alice", friendCount: 1 }]);
  expect(
    await rows(
      driver,
      "MATCH (p:Person)-[:WORKS_AT]->(c:Company) RETURN c.name, COLLECT(p.name) AS employees",
    ),
  ).toEqual([{ "c.name": "Acme Corp", employees: ["Alice"] }]);
});

test("indexes, also of words", async () => {
  await rows(driver, "CREATE INDEX person_name FOR (p:Person) ON (p.name)");
  await rows(driver, "CREATE INDEX person_age FOR (p:Person) ON (p.age)");
  await rows(driver, "CALL db.index.fulltext.createNodeIndex('personSearch', ['Person'], ['name', 'bio'])");
  const found = await rows(
    driver,
    "CALL db.index.fulltext.queryNodes('personSearch', 'Alice') YIELD node RETURN node.name AS name",
  );
  expect(found).toEqual([{ name: "Alice" }]);
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import neo4j, { type Driver } from "neo4j-driver";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

/** Queries beyond the TCK, with what Neo4j 5.26 has answered to them. */
interface Case {
  readonly query: string;
  readonly rows?: readonly string[];
  readonly code?: string;
}

const cases = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures/language.json"), "utf8")) as Case[];
const data = `CREATE (ann:Person:Admin {name:'Ann', age:30, city:'Oslo'}), (bob:Person {name:'Bob', age:25, city:'Rome'}),
  (cat:Person {name:'Cat', age:35, city:'Oslo'}), (dan:Person {name:'Dan', age:40, city:'Paris'}), (eve:Person {name:'Eve', age:30, city:'Rome'}),
  (acme:Company {name:'Acme'}), (bolt:Company {name:'Bolt'}), (oslo:City {name:'Oslo'}), (rome:City {name:'Rome'}),
  (ann)-[:KNOWS {since:2010}]->(bob), (ann)-[:KNOWS {since:2012}]->(cat), (bob)-[:KNOWS {since:2015}]->(dan),
  (cat)-[:KNOWS {since:2018}]->(dan), (dan)-[:KNOWS {since:2020}]->(eve), (bob)-[:KNOWS {since:2021}]->(eve),
  (ann)-[:LIKES]->(acme), (cat)-[:LIKES]->(bolt), (ann)-[:WORKS_AT {role:'dev'}]->(acme), (bob)-[:WORKS_AT]->(acme),
  (cat)-[:WORKS_AT]->(bolt), (ann)-[:LIVES_IN]->(oslo), (cat)-[:LIVES_IN]->(oslo), (bob)-[:LIVES_IN]->(rome), (eve)-[:LIVES_IN]->(rome)`;

/** A value as the fixtures write it. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (typeof value === "number")
    return Number.isInteger(value) ? `${value}.0` : String(+value.toPrecision(12));
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  const anything = value as object;
  if (neo4j.isNode(anything))
    return `(${[...anything.labels]
      .sort()
      .map((label) => `:${label}`)
      .join("")}${shown(anything.properties)})`;
  if (neo4j.isRelationship(anything)) return `[:${anything.type}${shown(anything.properties)}]`;
  if (neo4j.isPath(anything))
    return `<${shown(anything.start)}${anything.segments.map(({ relationship, end }) => shown(relationship) + shown(end)).join("")}>`;
  if (neo4j.isPoint(anything)) return `point(${anything.srid}, ${anything.x}, ${anything.y}, ${anything.z})`;
  if (anything.constructor.name !== "Object") return `${anything.constructor.name} ${String(anything)}`;
  const map = anything as Record<string, unknown>;
  return `{${Object.keys(map)
    .sort()
    .map((key) => `${key}: ${shown(map[key])}`)
    .join(", ")}}`;
}

async function answer(driver: Driver, query: string): Promise<Case> {
  const session = driver.session();
  try {
    const { records } = await session.run(query);
    return {
      query,
      rows: records.map((record) =>
        record.keys.map((key) => `${String(key)}=${shown(record.get(key))}`).join(" | "),
      ),
    };
  } catch (error) {
    return { query, code: (error as { code: string }).code };
  } finally {
    await session.close();
  }
}

test(`${cases.length} queries are answered as by Neo4j`, async () => {
  const engine = await RunningEngine.start();
  const driver = engine.driver({ disableLosslessIntegers: false, useBigInt: true });
  await answer(driver, data);
  const different: unknown[] = [];
  for (const expected of cases) {
    const came = await answer(driver, expected.query);
    if (JSON.stringify(came) !== JSON.stringify(expected)) different.push({ expected, came });
    if (expected.rows !== undefined && /CREATE|FOREACH/.test(expected.query)) {
      await answer(driver, "MATCH (n) WHERE n:Tmp OR size(labels(n)) = 0 DETACH DELETE n");
    }
  }
  expect(different).toEqual([]);
});

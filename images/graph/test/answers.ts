import neo4j, { type Driver } from "neo4j-driver";

/** A query, with what a server has answered to it. */
export interface Answer {
  readonly query: string;
  readonly rows?: readonly string[];
  readonly code?: string;
}

/** The graph that queries are asked of. */
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

async function answer(driver: Driver, query: string): Promise<Answer> {
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

/** Asks an empty server all queries, in their order; what one leaves behind in `:Tmp` is cleared away. Integers have to come as bigint. */
export async function answersOf(driver: Driver, queries: readonly string[]): Promise<Answer[]> {
  await answer(driver, data);
  const answers: Answer[] = [];
  for (const query of queries) {
    answers.push(await answer(driver, query));
    if (/CREATE|FOREACH|MERGE/.test(query)) {
      await answer(driver, "MATCH (n) WHERE n:Tmp OR size(labels(n)) = 0 DETACH DELETE n");
    }
  }
  return answers;
}

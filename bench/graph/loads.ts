import type { Driver } from "neo4j-driver";

/** A query that is measured: like those that are asked of the Pokec network. */
export interface Load {
  readonly name: string;
  readonly query: string;
  /** Takes ids of two people. */
  readonly isWrite?: boolean;
}

export const loads: readonly Load[] = [
  { name: "vertex", query: "MATCH (n:User {id: $a}) RETURN n" },
  { name: "expand 1", query: "MATCH (s:User {id: $a})-->(n:User) RETURN n.id" },
  { name: "expand 1 filtered", query: "MATCH (s:User {id: $a})-->(n:User) WHERE n.age >= 18 RETURN n.id" },
  { name: "expand 2", query: "MATCH (s:User {id: $a})-->()-->(n:User) RETURN DISTINCT n.id" },
  {
    name: "expand 2 filtered",
    query: "MATCH (s:User {id: $a})-->()-->(n:User) WHERE n.age >= 18 RETURN DISTINCT n.id",
  },
  { name: "expand 3", query: "MATCH (s:User {id: $a})-->()-->()-->(n:User) RETURN DISTINCT n.id" },
  { name: "neighbours 2", query: "MATCH (s:User {id: $a})-[*1..2]->(n:User) RETURN DISTINCT n.id" },
  { name: "aggregate", query: "MATCH (n:User) WHERE n.age >= 18 RETURN n.age AS age, count(*) AS n" },
  {
    name: "shortest path",
    query:
      "MATCH (a:User {id: $a}), (b:User {id: $b}) WHERE a <> b MATCH p = shortestPath((a)-[*..15]->(b)) RETURN length(p) AS l",
  },
  { name: "write vertex", query: "CREATE (n:UserTemp {id: $a}) RETURN n", isWrite: true },
  {
    name: "write edge",
    query: "MATCH (a:User {id: $a}), (b:User {id: $b}) CREATE (a)-[e:TempEdge]->(b) RETURN e",
    isWrite: true,
  },
];

/** Makes the graph: people with an age, who know people with low numbers more often than others. Gives how long that took, ms. */
export async function load(
  driver: Driver,
  nodes: number,
  edges: number,
  random: () => number,
): Promise<number> {
  const session = driver.session();
  const run = async (query: string, parameters: Record<string, unknown> = {}) => {
    await (await session.run(query, parameters)).summary;
  };
  await run("CREATE CONSTRAINT user_id IF NOT EXISTS FOR (u:User) REQUIRE u.id IS UNIQUE");
  await run("CALL db.awaitIndexes(300)");
  const startedMs = performance.now();
  const batch = 5000;
  for (let from = 0; from < nodes; from += batch) {
    const rows = Array.from({ length: Math.min(batch, nodes - from) }, (_, i) => [
      from + i,
      Math.floor(random() * 80),
    ]);
    await run(
      "UNWIND $rows AS row CREATE (:User {id: row[0], age: row[1], name: 'user ' + toString(toInteger(row[0]))})",
      { rows },
    );
  }
  for (let from = 0; from < edges; from += batch) {
    const rows = Array.from({ length: Math.min(batch, edges - from) }, () => [
      Math.floor(random() * nodes),
      Math.floor(random() ** 2 * nodes),
    ]);
    await run(
      "UNWIND $rows AS row MATCH (a:User {id: row[0]}), (b:User {id: row[1]}) CREATE (a)-[:KNOWS]->(b)",
      { rows },
    );
  }
  const ms = performance.now() - startedMs;
  await session.close();
  return ms;
}

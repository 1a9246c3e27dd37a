import { expect, test } from "vitest";
import { ApiClient, startEngine, startPlayground } from "./start-playground.ts";

async function open(user: "ann" | "rob" = "ann") {
  const engine = await startEngine("graph");
  const { service } = await startPlayground([engine.text]);
  const client = await ApiClient.loggedIn(service.port, user);
  const ask = async (operation: string, body: unknown) =>
    (await client.operate(engine.text, operation, body)).body;
  const run = (query: string, parameters = "") => ask("run", { query, parameters });
  return { engine, client, ask, run };
}

test("values are written as Cypher writes them, exactly", async () => {
  const { run } = await open();
  const query = `RETURN 9007199254740993 AS i, 1.0 AS f, "a\\"b" AS s, null AS n, [1, {a: true}] AS l,
    date("2024-02-29") AS d, duration("P1DT2H") AS t, point({x: 1, y: 2}) AS p, $given AS g`;
  const { rows, columns } = await run(query, '{"given": 7}');
  expect(columns).toEqual(["i", "f", "s", "n", "l", "d", "t", "p", "g"]);
  expect(rows).toEqual([
    [
      "9007199254740993",
      "1.0",
      '"a\\"b"',
      null,
      "[1, {a: true}]",
      "2024-02-29",
      "P1DT2H",
      "point({srid: 7203, x: 1, y: 2})",
      "7",
    ],
  ]);
});

test("what a result holds of the graph is gathered, once each, with what is between, and around", async () => {
  const { ask, run } = await open();
  const { counters } = await run("CREATE (:A {n: 1})-[:R {w: 2}]->(:B)<-[:S]-(:C)");
  expect(counters).toMatchObject({ nodesCreated: 3, relationshipsCreated: 2 });
  const path = await run("MATCH p = (:A)-->(:B) RETURN p, nodes(p) AS n");
  expect(path.rows[0][0]).toBe("(:A {n: 1})-[:R {w: 2}]->(:B)");
  expect(path.part.nodes.map(({ labels }: { labels: string[] }) => labels)).toEqual([["A"], ["B"]]);
  expect(path.part.relationships).toMatchObject([{ type: "R", properties: [["w", "2"]] }]);
  const { part } = await run("MATCH (b:B) RETURN b");
  const around = await ask("expand", { id: part.nodes[0].id });
  expect(around.nodes).toHaveLength(3);
  const all = await run("MATCH (n) RETURN n");
  const ids = all.part.nodes.map(({ id }: { id: string }) => id);
  expect((await ask("connect", { ids })).relationships).toHaveLength(2);
  expect(await ask("names", {})).toEqual({ labels: ["A", "B", "C"], types: ["R", "S"] });
});

test("errors are in the engine's words, plans are told, and a long result is cut", async () => {
  const { run } = await open();
  expect((await run("RETURN nothing")).error).toMatchObject({
    code: "engine_refused",
    engineCode: "Neo.ClientError.Statement.SyntaxError",
  });
  expect((await run("RETURN 1", "{")).error.code).toBe("invalid_request");
  expect((await run("EXPLAIN MATCH (n) RETURN n")).plan.operator).toEqual(expect.any(String));
  const long = await run("UNWIND range(1, 100000) AS n RETURN n");
  expect(long.rows).toHaveLength(1000);
  expect(long.isCut).toBe(true);
  const many = await run("UNWIND range(1, 400) AS n CREATE (a:A {n: n}) RETURN a");
  expect(many.part.nodes).toHaveLength(300);
  expect(many.part.isWhole).toBe(false);
  expect((await run("MATCH (a:A) RETURN count(*)")).rows).toEqual([["400"]]);
});

test("a query is ended when its browser goes", async () => {
  const { engine, client, run } = await open();
  const gone = new AbortController();
  const id = encodeURIComponent(engine.text.split("?")[0]!.replace("=", "@"));
  // It holds what it has written until it ends.
  const query = "MERGE (l:Lock) SET l.held = true WITH l UNWIND range(1, 1000000000) AS n RETURN count(n)";
  const asked = client
    .ask(`/api/engines/${id}/run`, {
      method: "POST",
      headers: {
        cookie: client.cookie,
        "x-csrf-token": client.csrfToken,
        "content-type": "application/json",
      },
      body: JSON.stringify({ query }),
      signal: gone.signal,
    })
    .catch(() => {});
  await run("RETURN 1");
  gone.abort();
  await asked;
  // Would wait for the other's lock.
  expect(await run("MERGE (l:Lock) SET l.held = false RETURN l.held")).toMatchObject({ rows: [["false"]] });
});

test("who may only read does not write through it", async () => {
  const { run } = await open("rob");
  for (const query of ["CREATE (:A)", "MATCH (n) DELETE n", "CREATE INDEX FOR (n:A) ON (n.a)"]) {
    expect((await run(query)).error, query).toMatchObject({
      engineCode: "Neo.ClientError.Security.Forbidden",
    });
  }
  expect(await run("MATCH (n) RETURN count(n)")).toMatchObject({ rows: [["0"]] });
});

import { expect, test } from "vitest";
import { ApiClient, startEngine, startPlayground } from "./start-playground.ts";

async function open(user: "ann" | "rob" = "ann") {
  const engine = await startEngine("relational");
  const { service } = await startPlayground([engine.text]);
  const client = await ApiClient.loggedIn(service.port, user);
  const ask = async (operation: string, body: unknown) =>
    (await client.operate(engine.text, operation, body)).body;
  const run = (statement: string, rowsMax?: number) =>
    ask("run", { statement, ...(rowsMax !== undefined && { rowsMax }) });
  return { engine, service, client, ask, run };
}

test("statements write, read and fail in the engine's own words; values are exact", async () => {
  const { run, client } = await open();
  expect(await run("CREATE TABLE t (a int8, b numeric, c bytea, d text)")).toMatchObject({
    rows: [],
    columns: [],
  });
  expect(
    await run("INSERT INTO t VALUES (9007199254740993, 0.10000000000000000000001, '\\x00ff', NULL)"),
  ).toMatchObject({ command: "INSERT 1", transaction: "idle" });
  expect(await run("SELECT * FROM t")).toMatchObject({
    columns: [
      { name: "a", type: "int8" },
      { name: "b", type: "numeric" },
      { name: "c", type: "bytea" },
      { name: "d", type: "text" },
    ],
    rows: [["9007199254740993", "0.10000000000000000000001", "\\x00ff", null]],
    command: "SELECT 1",
  });
  expect(await run("SELECT nothing FROM t")).toMatchObject({
    error: { code: "engine_refused", engineCode: "42703", position: 8 },
  });
  expect(await run("BEGIN")).toMatchObject({ transaction: "open" });
  expect((await run("SELECT 1/0")).error.engineCode).toBe("22012");
  expect((await run("SELECT 1")).error.engineCode).toBe("25P02");
  expect(await run("ROLLBACK")).toMatchObject({ transaction: "idle" });
  expect((await client.get("/api/engines")).body).toMatchObject([
    { state: "ready", hasConsole: true, connections: { open: 1 } },
  ]);
});

test("who may only read does not write through it", async () => {
  const { engine, run, service } = await open("rob");
  const ann = await ApiClient.loggedIn(service.port);
  await ann.operate(engine.text, "run", { statement: "CREATE TABLE t (a int)" });
  for (const statement of [
    "INSERT INTO t VALUES (1)",
    "DROP TABLE t",
    "CREATE TABLE u (a int)",
    "SET ROLE ann",
  ]) {
    expect((await run(statement)).error, statement).toBeDefined();
  }
  expect(await run("SELECT count(*) FROM t")).toMatchObject({ rows: [["0"]] });
});

test("a big result comes in pages, each as it is asked for, and a cursor ends with the next statement", async () => {
  const { ask, run } = await open();
  const first = await run("SELECT n, repeat('x', 100) FROM generate_series(1, 3000000) n", 1000);
  expect(first.rows).toHaveLength(1000);
  const second = await ask("fetch", { cursor: first.cursor, rowsMax: 1000 });
  expect(second.rows[0][0]).toBe("1001");
  expect(second.cursor).toBe(first.cursor);
  const wide = await run("SELECT repeat('x', 100000) FROM generate_series(1, 500) n", 500);
  expect(wide.rows.length).toBeLessThan(500);
  expect(wide.cut[0]).toEqual([0, 0, 100_000]);
  expect((await ask("fetch", { cursor: first.cursor })).error.code).toBe("not_found");
});

test("a statement that runs is cancelled, and the connection goes on", async () => {
  const { ask, run } = await open();
  await run("SELECT 1");
  const running = run("SELECT pg_sleep(600)");
  // Asked before it has begun, the engine has nothing to cancel.
  let answer: unknown;
  running.then((given) => {
    answer = given;
  });
  await expect
    .poll(async () => {
      await ask("cancel", {});
      return answer;
    })
    .toMatchObject({ error: { engineCode: "57014" } });
  expect(await run("SELECT 2")).toMatchObject({ rows: [["2"]] });
});

test("a connection that is lost is told, and the next statement has another", async () => {
  const { engine, ask, run } = await open();
  await run("SELECT 1");
  const running = run("SELECT pg_sleep(600)");
  await expect.poll(async () => (await ask("run", { statement: "SELECT 1" })).error?.code).toBe("busy");
  await engine.program.kill();
  expect((await running).error).toMatchObject({ code: "engine_unreachable" });
  expect((await run("SELECT 1")).error.code).toBe("engine_unreachable");
});

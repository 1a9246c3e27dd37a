import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { openForTest, TextSession } from "./open-for-test.ts";
import { RunningEngine } from "./running-engine.ts";

async function reopened(opened: Awaited<ReturnType<typeof openForTest>>, file: string) {
  await opened.close();
  return openForTest(file);
}

test("a schema public that was dropped stays dropped, and a new one is the one that is found", async () => {
  const file = join(temporaryFolder(), "test.db");
  const first = await openForTest(file);
  const session = new TextSession(first.database);
  await session.query("CREATE TABLE old (a int)");
  await session.query("DROP SCHEMA public CASCADE");
  const second = await reopened(first, file);
  const again = new TextSession(second.database);
  const schemas = "SELECT nspname FROM pg_namespace WHERE nspname = 'public'";
  expect((await again.query(schemas))[0]!.rows).toEqual([]);
  await again.query("CREATE SCHEMA public");
  await again.query("CREATE TABLE new (a int); INSERT INTO new VALUES (1)");
  const third = await reopened(second, file);
  const last = new TextSession(third.database);
  expect((await last.query(schemas))[0]!.rows).toEqual([["public"]]);
  expect((await last.query("SELECT a FROM new"))[0]!.rows).toEqual([["1"]]);
  await third.close();
});

test("names and texts that look like numbers of the catalog come back the same", async () => {
  const file = join(temporaryFolder(), "test.db");
  const first = await openForTest(file);
  const session = new TextSession(first.database);
  await session.query(`CREATE TABLE "5n" ("~7n" text DEFAULT '12n', b bigint DEFAULT 9007199254740993)`);
  await session.query(`COMMENT ON TABLE "5n" IS '-3n'`);
  const second = await reopened(first, file);
  const again = new TextSession(second.database);
  await again.query(`INSERT INTO "5n" DEFAULT VALUES`);
  expect(
    (await again.query(`SELECT "~7n", b, obj_description('"5n"'::regclass) FROM "5n"`))[0]!.rows,
  ).toEqual([["12n", "9007199254740993", "-3n"]]);
  await second.close();
});

test("a domain with NOT NULL and a default gives the default, and refuses NULL", async () => {
  const client = await (await RunningEngine.start()).client();
  await client.query("create domain cents as bigint default 5 not null check (value >= 0)");
  await client.query("create table prices (id int, price cents)");
  const { rows } = await client.query("insert into prices (id) values (1) returning price");
  expect(rows).toEqual([{ price: "5" }]);
  await expect(client.query("insert into prices values (2, null)")).rejects.toMatchObject({ code: "23502" });
  await expect(client.query("insert into prices values (2, -1)")).rejects.toMatchObject({ code: "23514" });
});

import { expect, onTestFinished, test } from "vitest";
import { openForTest, TextSession } from "./open-for-test.ts";

async function open(): Promise<TextSession> {
  const opened = await openForTest();
  onTestFinished(opened.close);
  const session = new TextSession(opened.database);
  await session.query(
    "CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t SELECT i, i * 10 FROM generate_series(1, 20) i; " +
      "CREATE FUNCTION saw(v int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RAISE NOTICE '%', v; RETURN v; END $$; " +
      "CREATE FUNCTION drew(v int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', v; RETURN v; END $$",
  );
  return session;
}

/** The rows of a query, and how often it has raised a notice. */
async function calls(session: TextSession, text: string) {
  session.notices.length = 0;
  const rows = await session.rows(text);
  return { rows, calls: session.notices.length };
}

test("a subquery's column that is a subquery is computed for the rows that are left", async () => {
  const session = await open();
  const inner = "(SELECT id, (SELECT saw(x.a) FROM t x WHERE x.id = t.id) AS v FROM t)";
  expect(await calls(session, `SELECT s.v FROM ${inner} s WHERE s.id = 2`)).toEqual({
    rows: [["20"]],
    calls: 1,
  });
  expect(
    await calls(
      session,
      `SELECT o.id, s.v FROM t o, ${inner} s WHERE s.id = o.id + 1 AND o.id > 18 ORDER BY 1`,
    ),
  ).toEqual({ rows: [["19", "200"]], calls: 1 });
  // Nobody reads it.
  expect(await calls(session, `SELECT count(*) FROM ${inner} s`)).toEqual({ rows: [["20"]], calls: 0 });
  // A condition reads it: it is needed of each.
  expect(await calls(session, `SELECT s.id FROM ${inner} s WHERE s.v = 70`)).toEqual({
    rows: [["7"]],
    calls: 20,
  });
});

test("what is volatile is computed for every row, and outer joins give NULL where nothing was found", async () => {
  const session = await open();
  const volatile = "(SELECT id, (SELECT drew(x.a) FROM t x WHERE x.id = t.id) AS v FROM t)";
  expect(await calls(session, `SELECT s.v FROM ${volatile} s WHERE s.id = 2`)).toEqual({
    rows: [["20"]],
    calls: 20,
  });
  const inner = "(SELECT id, (SELECT saw(x.a) FROM t x WHERE x.id = t.id) AS v FROM t)";
  expect(
    await session.rows(
      `SELECT o.id, s.v FROM t o LEFT JOIN ${inner} s ON s.id = o.id + 19 ORDER BY 1 LIMIT 2`,
    ),
  ).toEqual([
    ["1", "200"],
    ["2", null],
  ]);
});

test("the system's tables are found by OID and name, in the transaction's own state", async () => {
  const session = await open();
  const text =
    "SELECT c.relname, array_agg(a.attname ORDER BY a.attnum) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid " +
    "WHERE c.relname = 'u' AND a.attnum > 0 GROUP BY 1";
  expect(await session.rows(text)).toEqual([]);
  await session.query("BEGIN; CREATE TABLE u (x int, y text)");
  expect(await session.rows(text)).toEqual([["u", "{x,y}"]]);
  await session.query("ALTER TABLE u ADD z int");
  expect(await session.rows(text)).toEqual([["u", "{x,y,z}"]]);
  await session.query("ROLLBACK");
  expect(await session.rows(text)).toEqual([]);
});

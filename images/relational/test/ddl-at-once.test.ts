import { describe, expect, onTestFinished, test } from "vitest";
import { openForTest, TextSession } from "./open-for-test.ts";

async function sessions(count: number): Promise<TextSession[]> {
  const { database, close } = await openForTest(undefined, { walFsync: true });
  onTestFinished(close);
  return Array.from({ length: count }, () => new TextSession(database));
}

/** The code of the error, or "ok". */
async function outcome(session: TextSession, sql: string): Promise<string> {
  try {
    await session.query(sql);
    return "ok";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const duplicates = `SELECT 'class', relname::text FROM pg_class GROUP BY relname, relnamespace HAVING count(*) > 1
  UNION ALL SELECT 'namespace', nspname::text FROM pg_namespace GROUP BY nspname HAVING count(*) > 1
  UNION ALL SELECT 'type', typname::text FROM pg_type GROUP BY typname, typnamespace HAVING count(*) > 1
  UNION ALL SELECT 'proc', proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    GROUP BY proname, proargtypes HAVING count(*) > 1`;

describe("definitions of one name, made by many at once", () => {
  test.each([
    ["CREATE SCHEMA s", "42P06"],
    ["CREATE TABLE t (id serial PRIMARY KEY, n int)", "42P07"],
    ["CREATE TABLE t AS SELECT 1 AS n", "42P07"],
    ["CREATE VIEW v AS SELECT 1 AS n", "42P07"],
    ["CREATE SEQUENCE q", "42P07"],
    ["CREATE TYPE e AS ENUM ('a')", "42710"],
    ["CREATE DOMAIN d AS int", "42710"],
    ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "42723"],
    ["CREATE ROLE r", "42710"],
  ])("%s: one succeeds", async (sql, code) => {
    const all = await sessions(8);
    const outcomes = await Promise.all(all.map((session) => outcome(session, sql)));
    expect(outcomes.toSorted()).toEqual([...Array<string>(7).fill(code), "ok"].toSorted());
    expect(await all[0]!.rows(duplicates)).toEqual([]);
  });

  test.each([
    "CREATE SCHEMA IF NOT EXISTS s",
    "CREATE TABLE IF NOT EXISTS t (n int)",
    "CREATE OR REPLACE VIEW v AS SELECT 1 AS n",
  ])("%s: all succeed", async (sql) => {
    const all = await sessions(8);
    expect(new Set(await Promise.all(all.map((session) => outcome(session, sql))))).toEqual(new Set(["ok"]));
    expect(await all[0]!.rows(duplicates)).toEqual([]);
  });

  test.each([
    ["COMMIT", "42P07"],
    ["ROLLBACK", "ok"],
  ])("in a transaction: the second waits, and after %s is %s", async (end, expected) => {
    const [a, b] = (await sessions(2)) as [TextSession, TextSession];
    await a.query("BEGIN; CREATE TABLE t (n int)");
    let isOver = false;
    const second = outcome(b, "CREATE TABLE t (m int)").finally(() => {
      isOver = true;
    });
    await a.query("SELECT count(*) FROM t");
    expect(isOver).toBe(false);
    await a.query(end);
    expect(await second).toBe(expected);
    expect(await b.rows(duplicates)).toEqual([]);
    expect(await outcome(b, "SELECT * FROM t")).toBe("ok");
  });

  test("many columns added to one table by many: all are there", async () => {
    const all = await sessions(8);
    await all[0]!.query("CREATE TABLE t (id int)");
    await Promise.all(
      all.map((session, i) => session.query(`ALTER TABLE t ADD COLUMN c${i} int DEFAULT ${i}`)),
    );
    await all[3]!.query("INSERT INTO t (id) VALUES (1)");
    expect(await all[5]!.rows("SELECT id, c0, c1, c2, c3, c4, c5, c6, c7 FROM t")).toEqual([
      ["1", "0", "1", "2", "3", "4", "5", "6", "7"],
    ]);
  });

  test("random definitions by many: each that was acknowledged is there, and nothing twice", async () => {
    const all = await sessions(6);
    const names = ["a", "b", "c"];
    const known = new Map<string, number>(names.map((name) => [name, 0]));
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    await Promise.all(
      all.map(async (session) => {
        for (let round = 0; round < 60; round++) {
          const name = names[random(names.length)]!;
          const isCreate = random(2) === 0;
          const sql = isCreate ? `CREATE TABLE ${name} (id serial PRIMARY KEY)` : `DROP TABLE ${name}`;
          const isRolledBack = random(4) === 0;
          const result = await outcome(session, isRolledBack ? `BEGIN; ${sql}` : sql);
          if (isRolledBack) await session.query("ROLLBACK");
          else if (result === "ok") known.set(name, known.get(name)! + (isCreate ? 1 : -1));
          expect(["ok", isCreate ? "42P07" : "42P01"]).toContain(result);
        }
      }),
    );
    for (const [name, count] of known) {
      expect([name, count, await outcome(all[0]!, `SELECT * FROM ${name}`)]).toEqual([
        name,
        count,
        count === 1 ? "ok" : "42P01",
      ]);
    }
    expect(await all[0]!.rows(duplicates)).toEqual([]);
  });
});

describe("a statement that waits for a change of its table", () => {
  test.each([
    ["ALTER TABLE t ADD COLUMN m int NOT NULL DEFAULT 7", "INSERT INTO t (n) VALUES (2)", "ok"],
    ["DROP TABLE t", "INSERT INTO t (n) VALUES (2)", "42P01"],
    ["ALTER TABLE t RENAME COLUMN n TO k", "UPDATE t SET n = 3", "42703"],
    ["ALTER TABLE t ADD CHECK (n < 2)", "INSERT INTO t (n) VALUES (2)", "23514"],
    ["CREATE UNIQUE INDEX ON t (n)", "INSERT INTO t (n) VALUES (1)", "23505"],
  ])("%s, then %s: %s", async (change, sql, expected) => {
    const [a, b] = (await sessions(2)) as [TextSession, TextSession];
    await a.query("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    await a.query(`BEGIN; ${change}`);
    const second = outcome(b, sql);
    await a.query("SELECT 1");
    await a.query("COMMIT");
    expect(await second).toBe(expected);
  });
});

describe("a change of a table whose rows another transaction has changed", () => {
  test.each([
    ["ALTER TABLE t ADD CHECK (n < 2)", "23514"],
    ["CREATE UNIQUE INDEX ON t (n)", "23505"],
    ["ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES p", "23503"],
    ["ALTER TABLE t ADD COLUMN z int NOT NULL DEFAULT 3", "ok"],
    ["ALTER TABLE t ALTER COLUMN n TYPE text", "ok"],
    ["ALTER TABLE t DROP COLUMN m", "ok"],
    ["DROP TABLE t", "ok"],
    ["TRUNCATE t", "ok"],
  ])("%s waits for its end: %s", async (change, expected) => {
    const [a, b] = (await sessions(2)) as [TextSession, TextSession];
    await a.query("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (n int, m int)");
    await a.query("BEGIN; INSERT INTO t VALUES (5, 5), (5, 7)");
    let isOver = false;
    const changed = outcome(b, change).finally(() => {
      isOver = true;
    });
    await a.query("SELECT count(*) FROM t");
    await a.query("INSERT INTO t VALUES (6, 6)");
    expect(isOver).toBe(false);
    await a.query("COMMIT");
    expect(await changed).toBe(expected);
    if (change.startsWith("DROP")) return;
    const rows = (await a.rows("SELECT * FROM t")).toSorted();
    const of = (...more: string[]) => [
      ["5", "5", ...more],
      ["5", "7", ...more],
      ["6", "6", ...more],
    ];
    if (change.startsWith("TRUNCATE")) expect(rows).toEqual([]);
    else if (change.includes("DROP COLUMN")) expect(rows).toEqual([["5"], ["5"], ["6"]]);
    else expect(rows).toEqual(change.includes("ADD COLUMN") ? of("3") : of());
  });

  test("a second one within a transaction that others wait for ends as a deadlock, and nothing of it stays", async () => {
    const [a, b] = (await sessions(2)) as [TextSession, TextSession];
    await a.query("CREATE TABLE t (n int); CREATE TABLE other (n int)");
    await a.query("BEGIN; INSERT INTO t VALUES (1)");
    await b.query("BEGIN; ALTER TABLE other ADD COLUMN m int");
    const waiting = outcome(a, "INSERT INTO t VALUES (2)");
    expect(await outcome(b, "ALTER TABLE t ADD COLUMN m int")).toBe("40P01");
    await b.query("ROLLBACK");
    expect(await waiting).toBe("ok");
    await a.query("COMMIT");
    expect(await a.rows("SELECT * FROM t")).toEqual([["1"], ["2"]]);
  });

  test("waits no longer than lock_timeout", async () => {
    const [a, b] = (await sessions(2)) as [TextSession, TextSession];
    await a.query("CREATE TABLE t (n int)");
    await a.query("BEGIN; INSERT INTO t VALUES (1)");
    await b.query("SET lock_timeout = '50ms'");
    expect(await outcome(b, "ALTER TABLE t ADD COLUMN m int")).toBe("55P03");
    expect(await outcome(b, "TRUNCATE t")).toBe("55P03");
    await a.query("COMMIT");
    expect(await outcome(b, "ALTER TABLE t ADD COLUMN m int")).toBe("ok");
  });

  test("rights, comments and reads do not wait", async () => {
    const [a, b] = (await sessions(2)) as [TextSession, TextSession];
    await a.query("CREATE TABLE t (n int); CREATE ROLE r");
    await a.query("BEGIN; INSERT INTO t VALUES (1)");
    for (const sql of ["GRANT SELECT ON t TO r", "COMMENT ON TABLE t IS 'x'", "SELECT * FROM t"]) {
      expect(await outcome(b, sql)).toBe("ok");
    }
    await a.query("COMMIT");
  });

  test("LOCK TABLE keeps others from changing rows", async () => {
    const [a, b] = (await sessions(2)) as [TextSession, TextSession];
    await a.query("CREATE TABLE t (n int)");
    await a.query("BEGIN; LOCK TABLE t IN SHARE MODE");
    let isOver = false;
    const second = outcome(b, "INSERT INTO t VALUES (1)").finally(() => {
      isOver = true;
    });
    expect(await a.rows("SELECT count(*) FROM t")).toEqual([["0"]]);
    expect(isOver).toBe(false);
    await a.query("COMMIT");
    expect(await second).toBe("ok");
  });
});

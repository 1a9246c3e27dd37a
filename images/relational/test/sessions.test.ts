import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openForTest, TextSession } from "./open-for-test.ts";

describe("sessions", () => {
  test("what was committed is there after a restart: rows, definitions, sequences", async () => {
    const folder = mkdtempSync(join(tmpdir(), "weftkit-test-"));
    const file = join(folder, "test.db");
    const first = await openForTest(file);
    const before = new TextSession(first.database);
    await before.query(`CREATE TYPE mood AS ENUM ('sad', 'ok');
      CREATE DOMAIN posint AS int CHECK (VALUE > 0);
      CREATE TABLE kept (id serial PRIMARY KEY, m mood, p posint, n numeric, f float8, t text[] DEFAULT '{a}', g int GENERATED ALWAYS AS (id * 2) STORED);
      CREATE UNIQUE INDEX ON kept (lower(m::text), n);
      CREATE VIEW seen AS SELECT id, m FROM kept WHERE m > 'sad'`);
    await before.query(
      "INSERT INTO kept (m, p, n, f) VALUES ('ok', 1, 1.50, 'NaN'), ('sad', 2, 'Infinity', '-0')",
    );
    await first.close();
    const second = await openForTest(file);
    const after = new TextSession(second.database);
    expect(await after.rows("SELECT * FROM kept ORDER BY id")).toEqual([
      ["1", "ok", "1", "1.50", "NaN", "{a}", "2"],
      ["2", "sad", "2", "Infinity", "-0", "{a}", "4"],
    ]);
    expect(await after.rows("SELECT * FROM seen")).toEqual([["1", "ok"]]);
    expect(await after.rows("INSERT INTO kept (m) VALUES ('ok') RETURNING id")).toEqual([["3"]]);
    expect(await after.code("INSERT INTO kept (m, n) VALUES ('ok', 1.5)")).toBe("23505");
    expect(await after.code("INSERT INTO kept (p) VALUES (0)")).toBe("23514");
    await second.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("two transactions on different rows both commit; on the same row the second waits for the first", async () => {
    const { database, close } = await openForTest();
    const [a, b] = [new TextSession(database), new TextSession(database)];
    await a.query(
      "CREATE TABLE account (id int PRIMARY KEY, balance int); INSERT INTO account VALUES (1, 100), (2, 100)",
    );
    await a.query("BEGIN; UPDATE account SET balance = balance - 10 WHERE id = 1");
    await b.query("BEGIN; UPDATE account SET balance = balance + 5 WHERE id = 2");
    const waiting = b.query("UPDATE account SET balance = balance + 1 WHERE id = 1");
    await a.query("COMMIT");
    await waiting;
    await b.query("COMMIT");
    expect(await a.rows("SELECT * FROM account ORDER BY id")).toEqual([
      ["1", "91"],
      ["2", "105"],
    ]);
    await close();
  });

  test("READ COMMITTED sees what others commit; REPEATABLE READ sees its own changes over its snapshot, and 40001", async () => {
    const { database, close } = await openForTest();
    const [a, b] = [new TextSession(database), new TextSession(database)];
    await a.query("CREATE TABLE seen (id int PRIMARY KEY, v int); INSERT INTO seen VALUES (1, 1), (2, 2)");
    await a.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    expect(await a.rows("SELECT sum(v) FROM seen")).toEqual([["3"]]);
    await b.query("UPDATE seen SET v = 10 WHERE id = 1");
    expect(await a.rows("SELECT sum(v) FROM seen")).toEqual([["3"]]);
    await a.query("UPDATE seen SET v = 20 WHERE id = 2; INSERT INTO seen VALUES (3, 5)");
    expect(await a.rows("SELECT * FROM seen ORDER BY id")).toEqual([
      ["1", "1"],
      ["2", "20"],
      ["3", "5"],
    ]);
    expect(await a.code("UPDATE seen SET v = 0 WHERE id = 1")).toBe("40001");
    await a.query("ROLLBACK");
    await b.query("BEGIN");
    expect(await b.rows("SELECT v FROM seen WHERE id = 2")).toEqual([["2"]]);
    await a.query("UPDATE seen SET v = 7 WHERE id = 2");
    expect(await b.rows("SELECT v FROM seen WHERE id = 2")).toEqual([["7"]]);
    await b.query("COMMIT");
    await close();
  });

  test("a queue: SKIP LOCKED gives each job to one worker, NOWAIT is 55P03, a deadlock 40P01", async () => {
    const { database, close } = await openForTest();
    const [a, b] = [new TextSession(database), new TextSession(database)];
    await a.query("CREATE TABLE job (id int PRIMARY KEY); INSERT INTO job SELECT generate_series(1, 4)");
    await a.query("BEGIN");
    await b.query("BEGIN");
    const take = "SELECT id FROM job ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED";
    expect(await a.rows(take)).toEqual([["1"]]);
    expect(await b.rows(take)).toEqual([["2"]]);
    expect(await b.code("SELECT id FROM job WHERE id = 1 FOR UPDATE NOWAIT")).toBe("55P03");
    await a.query("COMMIT");
    await b.query("ROLLBACK");
    await a.query("BEGIN; SELECT * FROM job WHERE id = 1 FOR UPDATE");
    await b.query("BEGIN; SELECT * FROM job WHERE id = 2 FOR UPDATE");
    const codes = await Promise.all([
      a.code("SELECT * FROM job WHERE id = 2 FOR UPDATE"),
      b.code("SELECT * FROM job WHERE id = 1 FOR UPDATE"),
    ]);
    expect(codes.filter((code) => code === "40P01")).toHaveLength(1);
    await Promise.all([a.query("ROLLBACK"), b.query("ROLLBACK")]);
    await close();
  });

  test("advisory locks: one session at a time, released by hand or with the transaction", async () => {
    const { database, close } = await openForTest();
    const [a, b] = [new TextSession(database), new TextSession(database)];
    await a.query("SELECT pg_advisory_lock(7)");
    expect(await b.rows("SELECT pg_try_advisory_lock(7)")).toEqual([["f"]]);
    const waiting = b.query("SELECT pg_advisory_lock(7)");
    expect(await a.rows("SELECT pg_advisory_unlock(7)")).toEqual([["t"]]);
    await waiting;
    await b.session.close();
    await a.query("BEGIN; SELECT pg_advisory_xact_lock(1, 2)");
    await a.query("COMMIT");
    expect(await a.rows("SELECT pg_try_advisory_xact_lock(1, 2)")).toEqual([["t"]]);
    await close();
  });

  test("a statement that sleeps is canceled from outside", async () => {
    const { database, close } = await openForTest();
    const a = new TextSession(database);
    const sleeping = a.code("SELECT pg_sleep(60)");
    while (true) {
      a.session.cancel();
      const done = await Promise.race([
        sleeping,
        new Promise((resolve) => setImmediate(() => resolve(undefined))),
      ]);
      if (done !== undefined) break;
    }
    expect(await sleeping).toBe("57014");
    await close();
  });

  test("NOTIFY is told after COMMIT, to who listens, and once", async () => {
    const { database, close } = await openForTest();
    const [a, b] = [new TextSession(database), new TextSession(database)];
    await a.query("LISTEN news");
    await b.query("BEGIN; NOTIFY news, 'one'; NOTIFY news, 'one'; SELECT pg_notify('news', 'two')");
    expect(a.notifications).toEqual([]);
    await b.query("COMMIT");
    expect(a.notifications).toEqual([
      { channel: "news", payload: "one" },
      { channel: "news", payload: "two" },
    ]);
    await close();
  });

  test("a prepared statement whose result has changed is refused in PostgreSQL's words", async () => {
    const { database, close } = await openForTest();
    const { session } = new TextSession(database);
    const other = new TextSession(database);
    await other.query("CREATE TABLE widened (a int); INSERT INTO widened VALUES (1)");
    const [statement] = session.parse("SELECT * FROM widened");
    const prepared = await session.prepare(statement, [], "SELECT * FROM widened");
    await session.finish();
    await other.query("ALTER TABLE widened ADD COLUMN b int");
    const portal = await session.bind(prepared, [], []);
    await expect(portal.fetch(0)).rejects.toMatchObject({
      code: "0A000",
      message: "cached plan must not change result type",
    });
    await session.finish();
    await close();
  });
});

import { describe, expect, onTestFinished, test } from "vitest";
import { openForTest, TextSession } from "./open-for-test.ts";

async function sessions(): Promise<[TextSession, TextSession]> {
  const { database, close } = await openForTest();
  onTestFinished(close);
  const [a, b] = [new TextSession(database), new TextSession(database)];
  await a.query("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 0), (2, 0)");
  await b.query("SET lock_timeout = '50ms'");
  return [a, b];
}

describe("lock_timeout", () => {
  test.each([
    ["UPDATE t SET n = 2 WHERE id = 1", "UPDATE t SET n = 1 WHERE id = 1"],
    ["DELETE FROM t WHERE id = 1", "UPDATE t SET n = 1 WHERE id = 1"],
    ["INSERT INTO t VALUES (3, 0)", "INSERT INTO t VALUES (3, 1)"],
    ["INSERT INTO t VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET n = 5", "UPDATE t SET n = 1 WHERE id = 1"],
    ["DO $$ BEGIN UPDATE t SET n = 2 WHERE id = 1; END $$", "UPDATE t SET n = 1 WHERE id = 1"],
    ["INSERT INTO t VALUES (3, 0)", "LOCK TABLE t IN SHARE MODE"],
    ["UPDATE t SET n = 2", "LOCK TABLE t"],
    ["DELETE FROM t", "LOCK TABLE t IN EXCLUSIVE MODE"],
  ])("ends %s, which waits for %s", async (waits, holds) => {
    const [a, b] = await sessions();
    await a.query(`BEGIN; ${holds}`);
    expect(await b.code(waits)).toBe("55P03");
    await a.query("ROLLBACK");
    await b.query(waits);
  });
});

describe("the locks of definitions", () => {
  const trigger = "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()";

  test("CREATE INDEX and CREATE TRIGGER go on beside ACCESS SHARE, as pg_dump holds it; ALTER TABLE waits", async () => {
    const [a, b] = await sessions();
    await a.query("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'");
    await a.query("BEGIN; LOCK TABLE t IN ACCESS SHARE MODE");
    await b.query("CREATE INDEX ON t (n)");
    await b.query(trigger);
    expect(await b.code("ALTER TABLE t ADD COLUMN m int")).toBe("55P03");
    await a.query("COMMIT");
  });

  test("CREATE INDEX goes on beside SHARE, CREATE TRIGGER does not; neither beside changed rows", async () => {
    const [a, b] = await sessions();
    await a.query("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'");
    await a.query("BEGIN; LOCK TABLE t IN SHARE MODE");
    await b.query("CREATE INDEX ON t (n)");
    expect(await b.code(trigger)).toBe("55P03");
    await a.query("ROLLBACK; BEGIN; UPDATE t SET n = 1");
    expect(await b.code("CREATE INDEX ON t (n, id)")).toBe("55P03");
    expect(await b.code(trigger)).toBe("55P03");
    await a.query("ROLLBACK");
  });
});

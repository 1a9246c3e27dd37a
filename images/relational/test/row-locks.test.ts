import { describe, expect, test } from "vitest";
import { openForTest, TextSession } from "./open-for-test.ts";
import { lockCases, lockedIds, lockSchema } from "./row-lock-cases.ts";

describe("FOR UPDATE in every place", () => {
  test("the rows that PostgreSQL locks are locked, or the statement is refused", async () => {
    const { database, close } = await openForTest();
    const [a, b] = [new TextSession(database), new TextSession(database)];
    await a.query(lockSchema);
    const found: [string, string][] = [];
    for (const [statement] of lockCases) {
      await a.query("BEGIN");
      const code = await a.code(statement);
      found.push([statement, code === "00000" ? ((await b.rows(lockedIds))[0]?.[0] ?? "") : code]);
      await a.query("ROLLBACK");
    }
    expect(found).toEqual(lockCases);
    await close();
  });

  test.each([
    "(SELECT n FROM counter WHERE id = 1 FOR UPDATE)",
    "(WITH x AS (SELECT n FROM counter WHERE id = 1 FOR UPDATE) SELECT n FROM x)",
    "(SELECT n FROM (SELECT n FROM counter WHERE id = 1 FOR UPDATE) s)",
    "(SELECT n FROM seen FOR UPDATE)",
  ])("of two sessions that read %s and write it back no update is lost", async (read) => {
    const { database, close } = await openForTest();
    const [a, b] = [new TextSession(database), new TextSession(database)];
    await a.query(`CREATE TABLE counter (id int PRIMARY KEY, n int); INSERT INTO counter VALUES (1, 0);
      CREATE VIEW seen AS SELECT n FROM counter WHERE id = 1`);
    await a.query("BEGIN");
    expect(await a.rows(`SELECT ${read}`)).toEqual([["0"]]);
    await b.query("BEGIN");
    const waiting = b.rows(`SELECT ${read}`);
    await a.query("UPDATE counter SET n = 1 WHERE id = 1; COMMIT");
    expect(await waiting).toEqual([["1"]]);
    await b.query("ROLLBACK");
    await close();
  });

  test("who may only read may not lock", async () => {
    const { database, close } = await openForTest();
    const owner = new TextSession(database);
    await owner.query(lockSchema);
    const reader = new TextSession(database, {
      user: "reader",
      roles: [],
      can: (action) => action === "read",
      scope: (action) => (action === "read" ? "all" : "none"),
    });
    expect(await reader.code("SELECT 1 FROM p WHERE id IN (SELECT id FROM t)")).toBe("00000");
    expect(await reader.code("SELECT 1 FROM p WHERE id IN (SELECT id FROM t FOR SHARE)")).toBe("42501");
    expect(await reader.code("SELECT * FROM one_view FOR UPDATE")).toBe("42501");
    await close();
  });
});

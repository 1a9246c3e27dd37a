import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenedDatabase, openForTest, TextSession } from "./open-for-test.ts";

let opened: OpenedDatabase;
beforeAll(async () => {
  opened = await openForTest();
});
afterAll(() => opened.close());

const session = () => new TextSession(opened.database);

test("a SELECT of expressions has PostgreSQL's types, names and values", async () => {
  const [result] = await session().query("SELECT 1 + 1 AS two, 'x', 1.5 * 2, 7 / 2, true AND NULL");
  expect(result).toMatchObject({
    tag: "SELECT 1",
    columns: [
      { name: "two", typeOid: 23 },
      { name: "?column?", typeOid: 25 },
      { name: "?column?", typeOid: 1700 },
      { name: "?column?", typeOid: 23 },
      { name: "?column?", typeOid: 16 },
    ],
    rows: [["2", "x", "3.0", "3", null]],
  });
});

test("a table keeps rows, and its primary key refuses a second one", async () => {
  const s = session();
  await s.query("CREATE TABLE note (id int PRIMARY KEY, body text DEFAULT 'none', price numeric(10,2))");
  const [inserted] = await s.query("INSERT INTO note VALUES (1, 'one', 1.5), (2, DEFAULT, 2)");
  expect(inserted?.tag).toBe("INSERT 0 2");
  expect(await s.rows("SELECT * FROM note WHERE id > 1")).toEqual([["2", "none", "2.00"]]);
  expect(await s.code("INSERT INTO note VALUES (1)")).toBe("23505");
});

test("errors have a SQLSTATE and a position in characters", async () => {
  await expect(session().query("SELECT 'ä', nope")).rejects.toMatchObject({
    code: "42703",
    details: { position: 13 },
  });
  await expect(session().query("SELECT * FRO t")).rejects.toMatchObject({
    code: "42601",
    details: { position: 10 },
  });
});

test("a transaction block: a failed statement fails it, and COMMIT then rolls back", async () => {
  const s = session();
  await s.query("CREATE TABLE block (id int)");
  await s.query("BEGIN");
  await s.query("INSERT INTO block VALUES (1)");
  expect(await s.code("SELECT 1/0")).toBe("22012");
  expect(s.session.status).toBe("E");
  expect(await s.code("SELECT 1")).toBe("25P02");
  expect((await s.query("COMMIT"))[0]?.tag).toBe("ROLLBACK");
  expect(await s.rows("SELECT count(*) FROM block")).toEqual([["0"]]);
});

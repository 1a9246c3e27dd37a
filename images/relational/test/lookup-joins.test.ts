import { expect, test } from "vitest";
import { openForTest, TextSession } from "./open-for-test.ts";

/** A table of 400 rows, and a function that tells of each row that is read. */
async function withRows() {
  const opened = await openForTest();
  const session = new TextSession(opened.database);
  await session.query(`
    CREATE TABLE item (id int PRIMARY KEY, code varchar UNIQUE, a int, b bigint, n int, UNIQUE (a, b));
    INSERT INTO item SELECT i, 'code ' || i, i / 20, i % 20, 0 FROM generate_series(1, 400) i;
    CREATE FUNCTION reads(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
      'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'`);
  /** The ids that a statement has read, in their order. */
  const readBy = async (text: string) => {
    session.notices.length = 0;
    await session.query(text);
    return session.notices.map(({ error }) => Number(error.message)).toSorted((x, y) => x - y);
  };
  return { ...opened, session, readBy };
}

const records = (...rows: object[]) => `json_populate_recordset(NULL::item, '${JSON.stringify(rows)}') AS r`;

test.each([
  [
    "UPDATE FROM, by the primary key",
    `UPDATE item SET n = r.n FROM ${records({ id: 7, n: 1 }, { id: 9, n: 2 }, { id: 900 })} WHERE item.id = r.id`,
    [7, 9],
  ],
  [
    "UPDATE FROM, by a unique text",
    `UPDATE item SET n = r.n FROM ${records({ code: "code 7" }, { code: null })} WHERE r.code = item.code`,
    [7],
  ],
  [
    "UPDATE FROM, by two columns and one more",
    `UPDATE item SET n = r.n FROM ${records({ a: 1, b: 3, n: 0 }, { a: 1, b: 4, n: 1 })}
      WHERE item.a = r.a AND item.b = r.b AND item.n = r.n`,
    [23, 24],
  ],
  [
    "UPDATE FROM VALUES of another integer type",
    "UPDATE item SET n = r.n FROM (VALUES (7::bigint, 5), (9, 6)) AS r (id, n) WHERE item.id = r.id",
    [7, 9],
  ],
  ["DELETE USING", `DELETE FROM item USING ${records({ id: 7 }, { id: 9 })} WHERE item.id = r.id`, [7, 9]],
  [
    "SELECT, with a parameter of the target's own",
    `SELECT * FROM item, ${records({ id: 7 }, { id: 9 })} WHERE item.id = r.id AND item.n < 1`,
    [7, 9],
  ],
])("%s looks the rows up", async (_name, text, expected) => {
  const { readBy, close } = await withRows();
  expect(await readBy(`${text} AND reads(item.id)`)).toEqual(expected);
  await close();
});

test("what is looked up is what a scan finds", async () => {
  const { session, close } = await withRows();
  const given = records({ id: 7, n: 1 }, { id: 9, n: 2 }, { id: 7, n: 3 }, { id: 900 }, { id: null });
  for (const text of [
    `UPDATE item SET n = 10 FROM ${given} WHERE item.id = r.id RETURNING item.id, r.id`,
    `SELECT item.id, r.n FROM item JOIN ${given} ON item.id = r.id AND r.n > 1 ORDER BY 1, 2`,
    `SELECT item.id, r.n FROM item RIGHT JOIN ${given} ON item.id = r.id AND r.n > 1 ORDER BY 1, 2`,
    `SELECT item.id, r.n FROM item LEFT JOIN ${given} ON item.id = r.id WHERE item.id < 10 ORDER BY 1, 2`,
    `MERGE INTO item USING ${given} ON item.id = r.id AND r.n = 2 WHEN MATCHED THEN DELETE RETURNING item.id`,
    `DELETE FROM item USING ${given} WHERE item.id = r.id RETURNING item.id`,
    `WITH gone AS (DELETE FROM item WHERE id = 7 RETURNING id)
      SELECT item.id, r.n FROM item, gone, ${given} WHERE item.id = r.id ORDER BY 1, 2`,
  ]) {
    const results = [];
    for (const pushdown of ["on", "off"]) {
      await session.query(`SET weftkit.pushdown = ${pushdown}; BEGIN`);
      results.push(await session.rows(text));
      await session.query("ROLLBACK");
    }
    expect(results[0], text).toEqual(results[1]);
    expect(results[0]!.length, text).toBeGreaterThan(0);
  }
  await close();
});

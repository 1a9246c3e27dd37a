import { expect, onTestFinished, test } from "vitest";
import { openForTest, TextSession } from "./open-for-test.ts";

test("SQL/JSON in a view means the same when the view is read, and after it was written down", async () => {
  const opened = await openForTest();
  onTestFinished(opened.close);
  const session = new TextSession(opened.database);
  await session.query("CREATE TABLE t (id int, v int); INSERT INTO t VALUES (1, 10), (2, NULL)");
  const select =
    "SELECT id, JSON_OBJECT('v': v ABSENT ON NULL) AS o, JSON_ARRAY(id, v NULL ON NULL RETURNING jsonb) AS a, " +
    "JSON_VALUE(JSON_ARRAY(v RETURNING jsonb), '$[0]' RETURNING int DEFAULT -1 ON EMPTY) AS n, " +
    "JSON_QUERY(JSON_ARRAY(id, id RETURNING jsonb), '$[*] ? (@ > $x)' PASSING 1 AS x WITH WRAPPER) AS q, " +
    "JSON_EXISTS(JSON_ARRAY(v RETURNING jsonb), '$[0]') AS e, (SELECT JSON_ARRAYAGG(v) FROM t) AS g, v::text IS JSON SCALAR AS s FROM t";
  const expected = [
    ["1", '{"v" : 10}', "[1, 10]", "10", null, "t", "[10]", "t"],
    ["2", "{}", "[2, null]", "-1", "[2, 2]", "f", "[10]", null],
  ];
  expect(await session.rows(`${select} ORDER BY id`)).toEqual(expected);
  await session.query(`CREATE VIEW one AS ${select}`);
  expect(await session.rows("SELECT * FROM one ORDER BY id")).toEqual(expected);
  const [[text]] = (await session.rows("SELECT pg_get_viewdef('one')")) as [[string]];
  await session.query(`CREATE VIEW two AS ${text}`);
  expect(await session.rows("SELECT * FROM two ORDER BY id")).toEqual(expected);
});

import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { openForTest, TextSession } from "./open-for-test.ts";

const definitions = `
  CREATE TABLE visits (id int GENERATED ALWAYS AS IDENTITY, at date, kind text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE visits_2023 PARTITION OF visits FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
  CREATE TABLE visits_2024 PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (kind);
  CREATE TABLE visits_2024_a PARTITION OF visits_2024 FOR VALUES IN ('a');
  CREATE TABLE visits_2024_rest PARTITION OF visits_2024 DEFAULT;
  INSERT INTO visits (at, kind) VALUES ('2023-05-05', 'a'), ('2024-05-05', 'a'), ('2024-06-06', 'b');
`;
const where = "SELECT tableoid::regclass, id FROM visits ORDER BY id";

test("partitions are the same after a restart, and go on from there", async () => {
  const file = join(temporaryFolder(), "test.db");
  const first = await openForTest(file);
  await new TextSession(first.database).query(definitions);
  await first.close();
  const second = await openForTest(file);
  const session = new TextSession(second.database);
  expect(await session.rows(where)).toEqual([
    ["visits_2023", "1"],
    ["visits_2024_a", "2"],
    ["visits_2024_rest", "3"],
  ]);
  await session.query("UPDATE visits SET kind = 'a' WHERE id = 3");
  await session.query("INSERT INTO visits_2023 (at) VALUES ('2023-07-07')");
  expect(await session.code("INSERT INTO visits (at) VALUES ('2030-01-01')")).toBe("23514");
  expect(await session.rows(where)).toEqual([
    ["visits_2023", "1"],
    ["visits_2024_a", "2"],
    ["visits_2024_a", "3"],
    ["visits_2023", "4"],
  ]);
  await second.close();
});

test("what a transaction has moved to another partition is back where it was after ROLLBACK", async () => {
  const opened = await openForTest();
  const session = new TextSession(opened.database);
  await session.query(definitions);
  await session.query("BEGIN; UPDATE visits SET at = '2023-12-31'");
  expect(await session.rows("SELECT count(*) FROM visits_2023")).toEqual([["3"]]);
  await session.query("ROLLBACK");
  expect(await session.rows("SELECT count(*) FROM visits_2023")).toEqual([["1"]]);
  await opened.close();
});

test("a row of a partition that is locked is waited for by those who come to it through the table", async () => {
  const opened = await openForTest();
  const [one, other] = [new TextSession(opened.database), new TextSession(opened.database)];
  await one.query(definitions);
  await one.query("BEGIN; SELECT 1 FROM visits_2023 WHERE id = 1 FOR UPDATE");
  expect(await other.code("SELECT 1 FROM visits WHERE id = 1 FOR UPDATE NOWAIT")).toBe("55P03");
  expect(await other.rows("SELECT id FROM visits ORDER BY id FOR UPDATE SKIP LOCKED")).toEqual([
    ["2"],
    ["3"],
  ]);
  await one.query("COMMIT");
  await opened.close();
});

test("a serializable transaction notices what was changed in a partition that it read through the table", async () => {
  const opened = await openForTest();
  const [one, other] = [new TextSession(opened.database), new TextSession(opened.database)];
  await one.query(definitions);
  await one.query("CREATE TABLE sums (n bigint)");
  await one.query("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM visits");
  await other.query("INSERT INTO visits_2024 (at, kind) VALUES ('2024-01-02', 'a')");
  await one.query("INSERT INTO sums VALUES (3)").catch(() => {});
  expect(await one.code("COMMIT")).toBe("40001");
  await opened.close();
});

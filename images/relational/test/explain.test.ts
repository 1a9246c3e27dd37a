import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

test("EXPLAIN takes the parameters of its statement, as the extended protocol binds them", async () => {
  const client = await (await RunningEngine.start()).client();
  await client.query("create table t(id int primary key, name text)");
  await client.query("insert into t values (1, 'a'), (2, 'b'), (3, 'c')");
  const plan = async (text: string, values: unknown[]): Promise<string> => {
    const { rows } = await client.query<{ "QUERY PLAN": string }>(text, values);
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  };
  expect(await plan("explain select * from t where id = $1", [2])).toContain("Seq Scan on t");
  expect(await plan("explain analyze select * from t where id >= $1 and name < $2", [2, "c"])).toContain(
    "rows=1.00",
  );
  await plan("explain analyze update t set name = $2 where id = $1", [1, "z"]);
  expect((await client.query("select name from t where id = 1")).rows).toEqual([{ name: "z" }]);
  await expect(client.query("explain select * from t where id = $1", ["x"])).rejects.toMatchObject({
    code: "22P02",
  });
  await expect(client.query("explain select * from t where id = $1", [1, 2])).rejects.toMatchObject({
    code: "08P01",
  });
});

import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

test.each(["increment 2", "increment -3"])(
  "a sequence with %s goes on after a restart where it was",
  async (step) => {
    const dataDir = temporaryFolder();
    const first = await RunningEngine.start({ dataDir });
    const before = await first.client();
    await before.query(`create sequence s ${step}`);
    const given: bigint[] = [];
    for (let i = 0; i < 5; i++)
      given.push(BigInt((await before.query("select nextval('s') as n")).rows[0].n));
    await before.end();
    await first.image.stop();
    const after = await (await RunningEngine.start({ dataDir })).client();
    const next = BigInt((await after.query("select nextval('s') as n")).rows[0].n);
    expect(next - given[4]!).toBe(given[4]! - given[3]!);
  },
);

test("a sequence is read as a table of one row, with the right to do so", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client({ user: "postgres" });
  await client.query("create sequence s start 5 increment 5; create table t (id serial primary key)");
  const read = async (what: string) => (await client.query(`select ${what}`)).rows;
  expect(await read("last_value, is_called from s")).toEqual([{ last_value: "5", is_called: false }]);
  await client.query("select nextval('s'), nextval('s'), setval('t_id_seq', 9, false)");
  expect(await read("last_value, is_called from s where last_value > 1")).toEqual([
    { last_value: "10", is_called: true },
  ]);
  expect(await read("s.last_value, i.last_value as other from s join t_id_seq i on true")).toEqual([
    { last_value: "10", other: "9" },
  ]);
  expect(await read("count(*)::int, min(q.last_value) from s q where not is_called")).toEqual([
    { count: 0, min: null },
  ]);
  await client.query("create role reader; set role reader");
  await expect(read("last_value from s")).rejects.toMatchObject({ code: "42501" });
});

import { expect, test } from "vitest";
import { RunningEngine } from "../running-engine.ts";

async function start() {
  const client = await (await RunningEngine.start()).client();
  await client.query(`create table t (id int primary key, n numeric(6,2), f float8, b boolean, v varchar(9), y bytea);
    create table bare (a int); create schema s; create table s.u (a int primary key)`);
  await client.query("select pg_create_logical_replication_slot('s', 'wal2json')");
  const read = async (...options: string[]) => {
    const list = options.map((option) => `, '${option}'`).join("");
    const { rows } = await client.query(
      `select data from pg_logical_slot_peek_changes('s', null, null${list})`,
    );
    return rows.map(({ data }: { data: string }) => data);
  };
  return { client, read };
}

test("format 1 has one text for each transaction", async () => {
  const { client, read } = await start();
  await client.query(
    "begin; insert into t values (1, 1.10, 'NaN', true, 'a\"', '\\x00ff'); update t set id = 2; delete from t; insert into bare values (1); delete from bare; commit",
  );
  expect(await read()).toEqual([
    '{"change":[{"kind":"insert","schema":"public","table":"t","columnnames":["id","n","f","b","v","y"],' +
      '"columntypes":["integer","numeric(6,2)","double precision","boolean","character varying(9)","bytea"],' +
      '"columnvalues":[1,1.10,null,true,"a\\"","00ff"]},' +
      '{"kind":"update","schema":"public","table":"t","columnnames":["id","n","f","b","v","y"],' +
      '"columntypes":["integer","numeric(6,2)","double precision","boolean","character varying(9)","bytea"],' +
      '"columnvalues":[2,1.10,null,true,"a\\"","00ff"],"oldkeys":{"keynames":["id"],"keytypes":["integer"],"keyvalues":[1]}},' +
      '{"kind":"delete","schema":"public","table":"t","oldkeys":{"keynames":["id"],"keytypes":["integer"],"keyvalues":[2]}},' +
      '{"kind":"insert","schema":"public","table":"bare","columnnames":["a"],"columntypes":["integer"],"columnvalues":[1]}]}',
  ]);
});

test("format 2 has one text for each change, and tables can be chosen", async () => {
  const { client, read } = await start();
  await client.query("insert into s.u values (1); insert into bare values (7)");
  await client.query("update s.u set a = 2; truncate s.u");
  expect(await read("format-version", "2")).toEqual([
    '{"action":"B"}',
    '{"action":"I","schema":"s","table":"u","columns":[{"name":"a","type":"integer","value":1}]}',
    '{"action":"I","schema":"public","table":"bare","columns":[{"name":"a","type":"integer","value":7}]}',
    '{"action":"C"}',
    '{"action":"B"}',
    '{"action":"U","schema":"s","table":"u","columns":[{"name":"a","type":"integer","value":2}],"identity":[{"name":"a","type":"integer","value":1}]}',
    '{"action":"T","schema":"s","table":"u"}',
    '{"action":"C"}',
  ]);
  const some = ["format-version", "2", "include-transaction", "0", "include-types", "0"];
  expect(await read(...some, "add-tables", "*.bare")).toEqual([
    '{"action":"I","schema":"public","table":"bare","columns":[{"name":"a","value":7}]}',
  ]);
  expect(await read(...some, "filter-tables", "s.*", "include-pk", "1", "actions", "insert")).toHaveLength(1);
  await expect(read("nothing", "1")).rejects.toThrow(/is unknown/);
  await expect(read("pretty-print", "1")).rejects.toThrow(/not supported/);
});

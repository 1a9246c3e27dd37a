import { ChangeReader } from "@weftkit/testing/change-reader";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const adminToken = "only for this test";

async function start() {
  const engine = await RunningEngine.start({ server: { admin_token: adminToken } });
  const client = await engine.client();
  const reader = await ChangeReader.open(engine.image.adminPort, adminToken);
  return { engine, client, reader };
}

test("a transaction's rows come together, in the order of its statements, when it has committed", async () => {
  const { client, engine, reader } = await start();
  await client.query("create table note (id int primary key, body text)");
  await reader.read();
  await client.query("begin");
  await client.query("insert into note values (1, 'a'), (2, 'b')");
  await client.query("savepoint s");
  await client.query("delete from note");
  await client.query("rollback to s");
  await client.query("update note set body = 'c' where id = 2");
  const other = await engine.client();
  await other.query("insert into note values (9, 'first')");
  expect(await reader.read()).toMatchObject([{ changes: [{ key: '{"id":9}', op: "insert" }] }]);
  await client.query("commit");
  await client.query("begin");
  await client.query("insert into note values (3, 'never')");
  await client.query("rollback");
  await expect(client.query("insert into note values (4, 'x'), (1, 'twice')")).rejects.toThrow(/duplicate/);
  const commits = await reader.read();
  expect(commits.map(({ changes }) => changes)).toEqual([
    [
      { namespace: "public.note", key: '{"id":1}', op: "insert", after: '{"id":1,"body":"a"}' },
      { namespace: "public.note", key: '{"id":2}', op: "insert", after: '{"id":2,"body":"b"}' },
      {
        namespace: "public.note",
        key: '{"id":2}',
        op: "update",
        before: '{"id":2,"body":"b"}',
        after: '{"id":2,"body":"c"}',
      },
    ],
  ]);
});

test("values are as to_json writes them, digit by digit", async () => {
  const { client, reader } = await start();
  await client.query(`create table every (
    id bigint primary key, small smallint, money numeric(12,2), free numeric, real_ float4, double_ float8, flag bool,
    body text, padded char(4), bytes bytea, day date, at timestamp, zoned timestamptz, took interval, u uuid, j json, jb jsonb,
    numbers bigint[], grid int[], address inet, range_ int4range, twice bigint generated always as (id * 2) stored)`);
  await reader.read();
  const values = `(9007199254740993, -1, 1.10, 123456789012345678901234567890.000, 'NaN', '-Infinity', true,
    E'ä"\\\\\\n', 'ab', '\\x00ff', '2024-02-29', '2024-02-29 12:00:00.123456', '2024-02-29 12:00:00+02', '1 mon 2 days',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', E'{"b": 1,\\n "a": 1.0}', '{"b": 12345678901234567890}',
    '{9223372036854775807,null}', '{{1,2},{3,4}}', '10.0.0.1/8', '[1,5)')`;
  await client.query(`insert into every values ${values}`);
  const [change] = await reader.changes();
  expect(change!.key).toBe('{"id":9007199254740993}');
  expect(change!.after).toBe(
    '{"id":9007199254740993,"small":-1,"money":1.10,"free":123456789012345678901234567890.000,"real_":"NaN",' +
      '"double_":"-Infinity","flag":true,"body":"ä\\"\\\\\\n","padded":"ab  ","bytes":"\\\\x00ff","day":"2024-02-29",' +
      '"at":"2024-02-29T12:00:00.123456","zoned":"2024-02-29T10:00:00+00:00","took":"1 mon 2 days",' +
      '"u":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","j":{"b":1,"a":1.0},"jb":{"b":12345678901234567890},' +
      '"numbers":[9223372036854775807,null],"grid":[[1,2],[3,4]],"address":"10.0.0.1/8","range_":"[1,5)",' +
      '"twice":18014398509481986}',
  );
});

test("a row with another key is another row, one without any is known by its place, and nothing temporary is told", async () => {
  const { client, reader } = await start();
  await client.query("create table keyed (a int, b text, primary key (b, a))");
  await client.query("create table bare (body text)");
  await client.query("create temporary table mine (id int primary key)");
  await client.query("create materialized view sums as select count(*) from bare");
  await reader.read();
  await client.query("insert into mine values (1)");
  await client.query("refresh materialized view sums");
  await client.query("insert into keyed values (1, 'x')");
  await client.query("update keyed set a = 2");
  await client.query("insert into bare values ('y')");
  const { rows } = await client.query("select ctid from bare");
  await client.query("update bare set body = 'z'");
  expect((await reader.changes()).map(({ op, key }) => [op, key])).toEqual([
    ["insert", '{"b":"x","a":1}'],
    ["delete", '{"b":"x","a":1}'],
    ["insert", '{"b":"x","a":2}'],
    ["insert", `{"ctid":"${rows[0].ctid}"}`],
    ["update", `{"ctid":"${rows[0].ctid}"}`],
  ]);
});

test("what cascades, COPY, TRUNCATE and definitions are told", async () => {
  const { client, reader } = await start();
  await client.query("create table parent (id int primary key)");
  await client.query(
    "create table child (id int primary key, parent int references parent on delete cascade)",
  );
  await client.query("insert into parent values (1); insert into child values (5, 1)");
  await reader.read();
  await client.query("delete from parent");
  await client.query("truncate parent cascade");
  await client.query("create table copied as select 7 as n");
  await client.query("alter table child add column note text default 'n'");
  await client.query("create index on child (note)");
  await client.query("comment on table child is 'not told'");
  await client.query("drop table child");
  const told = (await reader.changes()).map(({ namespace, op, key, after }) => [
    namespace,
    op,
    op === "schema" ? (JSON.parse(after!) as { command: string }).command : key,
  ]);
  expect(told).toEqual([
    ["public.parent", "delete", '{"id":1}'],
    ["public.child", "delete", '{"id":5}'],
    ["public.parent", "truncate", ""],
    ["public.child", "truncate", ""],
    ["public.copied", "schema", "CREATE TABLE AS"],
    ["public.copied", "insert", '{"ctid":"(0,1)"}'],
    ["public.child", "schema", "ALTER TABLE"],
    ["public.child", "schema", "CREATE INDEX"],
    ["public.child", "schema", "DROP TABLE"],
  ]);
});

test("the changes of many sessions, replayed onto nothing, are what is in the table", async () => {
  const seed = Number(process.env.WEFTKIT_TEST_SEED ?? Date.now() % 1_000_000);
  const hint = `WEFTKIT_TEST_SEED=${seed}`;
  const below = randomIntegers(seed);
  const { engine, client, reader } = await start();
  await client.query("create table t (id int primary key, n int unique, body text)");
  await reader.read();
  const sessions = await Promise.all(Array.from({ length: 4 }, () => engine.client()));
  await Promise.all(
    sessions.map(async (session) => {
      for (let round = 0; round < 20; round++) {
        try {
          await session.query("begin");
          for (let step = 1 + below(4); step > 0; step--) {
            const [id, n] = [1 + below(12), 1 + below(30)];
            const texts = [
              `insert into t values (${id}, ${n}, 'i') on conflict (id) do update set body = t.body || 'u', n = ${n}`,
              `update t set id = id + 1 where id = ${id}`,
              `update t set n = ${n} where id = ${id}`,
              `delete from t where id = ${id}`,
            ];
            await session.query(texts[below(texts.length)]!);
          }
          await session.query(below(3) === 0 ? "rollback" : "commit");
        } catch {
          await session.query("rollback");
        }
      }
    }),
  );
  const replayed = new Map<string, unknown>();
  for (const { key, op, before, after } of await reader.changes()) {
    const known = replayed.get(key);
    expect(known ?? null, hint).toEqual(before === undefined ? null : JSON.parse(before));
    if (op === "delete") replayed.delete(key);
    else replayed.set(key, JSON.parse(after!));
  }
  const { rows } = await client.query("select id, n, body from t order by id");
  const sorted = [...replayed.values()].toSorted(
    (a, b) => (a as { id: number }).id - (b as { id: number }).id,
  );
  expect(sorted, hint).toEqual(rows);
});

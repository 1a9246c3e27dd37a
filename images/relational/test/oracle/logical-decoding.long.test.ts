import { isPostgresMissing, RealPostgres } from "@weftkit/testing/real-postgres";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { readPgoutput } from "../replication/read-pgoutput.ts";
import { RunningEngine } from "../running-engine.ts";

const definitions = `
create type mood as enum ('sad', 'happy');
create domain small as int check (value < 100);
create table every (
  id bigint primary key, i2 smallint, i4 int, n numeric(12,2), free numeric, f4 real, f8 double precision, b boolean, t text,
  v varchar(10), c char(4), by bytea, d date, ti time, ts timestamp, tz timestamptz, iv interval, u uuid, j json, jb jsonb,
  a int[], at text[], g int[][], r int4range, ip inet, bits bit(3), vb bit varying, m mood, s small, "Odd Name" int,
  twice bigint generated always as (id * 2) stored);
create table "Keyed" (a int, b text not null, c text, primary key (b, a));
create table bare (a int, b text);
create table whole (a int, b text); alter table whole replica identity full;
create table nothing (a int primary key); alter table nothing replica identity nothing;
create table indexed (a int not null, b text); create unique index indexed_a on indexed (a);
alter table indexed replica identity using index indexed_a;
create table parent (id int primary key);
create table child (id int primary key, parent int references parent on delete cascade on update cascade);
create unlogged table forgotten (a int);
create table parts (id int, k int, primary key (id, k)) partition by list (k);
create table parts_1 partition of parts for values in (1);
create table parts_2 partition of parts for values in (2);
create schema other; create table other.t (a serial primary key, b text)`;

/** One transaction each, unless they say otherwise. */
const statements = [
  `insert into every values (9007199254740993, -1, 5, 1.10, 123456789012345678901234567890.000, 1.5, 'NaN', true, E'ä"\\\\''\\n',
    'v', 'ab', '\\x00ff', '2024-02-29', '12:00:00.5', '2024-02-29 12:00:00.123456', '2024-02-29 12:00:00+02', '1 mon 2 days 03:00',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', E'{"b": 1,\\n "a": 1.0}', '{"b": 1, "a": [true, null]}', '{1,null}',
    '{"a b","c\\"d",null,""}', '{{1,2},{3,4}}', '[1,5)', '10.0.0.1/8', B'101', B'01', 'happy', 7, 3)`,
  "insert into every (id) values (1)",
  "update every set t = 'x' where id = 1",
  "update every set id = 2 where id = 1",
  "delete from every",
  `insert into "Keyed" values (1, 'x', 'c'); update "Keyed" set c = null; update "Keyed" set a = 2; delete from "Keyed"`,
  "insert into bare values (1, null); update bare set a = 2; delete from bare",
  "insert into whole values (1, null); update whole set a = 2; update whole set a = 2; delete from whole",
  "insert into nothing values (1); update nothing set a = 2; delete from nothing",
  "insert into indexed values (1, 'x'); update indexed set b = 'y'; update indexed set a = 2; delete from indexed",
  "insert into parent values (1), (2); insert into child values (5, 1), (6, 2)",
  "update parent set id = 3 where id = 1",
  "delete from parent where id = 3",
  "insert into forgotten values (1)",
  "begin; insert into bare values (1, 'a'); savepoint s; insert into bare values (2, 'b'); rollback to s; insert into bare values (3, 'c'); commit",
  "begin; insert into bare values (4, 'd'); rollback",
  "insert into parts values (1, 1), (2, 2)",
  "update parts set k = 2 where id = 1",
  "truncate parts",
  "truncate parent cascade",
  "insert into other.t (b) values ('x')",
  "truncate other.t, bare restart identity",
  "insert into other.t (b) select 'y' from generate_series(1, 3) on conflict do nothing",
  "merge into bare using (values (1)) v (a) on bare.a = v.a when not matched then insert values (v.a, 'merged')",
  "alter table bare add column c int default 5; insert into bare values (7, 'q')",
  "alter table bare drop column b; insert into bare values (8)",
  "create table made as select 1 as a, 'x'::text as b",
  "drop table made",
];

/** The real one and ours, with the same definitions and a slot. */
async function startBoth(plugin: string): Promise<readonly [theirs: pg.Client, ours: pg.Client]> {
  const real = await RealPostgres.start({ wal_level: "logical", timezone: "UTC" });
  const theirs = new pg.Client({
    host: "127.0.0.1",
    port: real.port,
    user: "postgres",
    database: "postgres",
  });
  await theirs.connect();
  onTestFinished(() => theirs.end());
  const ours = await (await RunningEngine.start()).client();
  for (const client of [theirs, ours]) {
    await client.query(definitions);
    await client.query(`select pg_create_logical_replication_slot('s', '${plugin}')`);
  }
  return [theirs, ours];
}

/** Runs each statement on both, reads both slots, and tells where they differ. */
async function differences(
  clients: readonly pg.Client[],
  texts: readonly string[],
  read: (client: pg.Client) => Promise<readonly string[]>,
): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const statement of texts) {
    const told: (readonly string[])[] = [];
    for (const client of clients) {
      const code = await client.query(statement).then(
        () => [],
        (error: { code: string }) => [error.code],
      );
      told.push([...code, ...(await read(client))]);
    }
    if (JSON.stringify(told[0]) !== JSON.stringify(told[1]))
      found.push({ statement, real: told[0], ours: told[1] });
  }
  return found;
}

test.skipIf(isPostgresMissing)("test_decoding tells what it tells in PostgreSQL", async () => {
  const both = await startBoth("test_decoding");
  const found = await differences(both, statements, async (client) => {
    const { rows } = await client.query(
      "select data from pg_logical_slot_get_changes('s', null, null, 'include-xids', '0', 'skip-empty-xacts', '1')",
    );
    return rows.map(({ data }: { data: string }) => data);
  });
  expect(found).toEqual([]);
});

const publications = [
  "for all tables",
  "for all tables with (publish_via_partition_root = true)",
  "for all tables with (publish = 'delete, truncate')",
  'for table "Keyed" (a, b), parent, parts_2, whole',
  `for table every (id, t, i4, m, s) where (id > 1), whole where (a > 1 and b is not null), "Keyed" where (a > 1), parts (k, id) where (k > 1)
   with (publish_via_partition_root = true)`,
  "for tables in schema other, table child",
];

/** OIDs that a server has given are its own. */
const withoutOids = (message: string) => message.replace(/:\d{5,}/g, ":made").replace(/^type \d+/, "type");

test
  .skipIf(isPostgresMissing)
  .each(publications.flatMap((text) => [[text, false] as const, [text, true] as const]))(
  "pgoutput of a publication %s sends what it sends in PostgreSQL, binary: %s",
  async (text, isBinary) => {
    const both = await startBoth("pgoutput");
    for (const client of both) await client.query(`create publication p ${text}`);
    const found = await differences(both, statements, async (client) => {
      const { rows } = await client.query(
        `select data from pg_logical_slot_get_binary_changes('s', null, null, 'proto_version', '1', 'publication_names', 'p', 'binary', '${isBinary}')`,
      );
      return rows.map(({ data }: { data: Buffer }) => withoutOids(readPgoutput(data)));
    });
    expect(found).toEqual([]);
  },
);

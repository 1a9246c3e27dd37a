import { patientMs } from "@weftkit/testing/patience";
import { isPostgresMissing, RealPostgres } from "@weftkit/testing/real-postgres";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { RunningEngine } from "../running-engine.ts";

const definitions = `
  create type mood as enum ('sad', 'happy');
  create table every (id bigint primary key, n numeric(12,2), f double precision, b boolean, t text, by bytea, d date, ts timestamp,
    tz timestamptz, iv interval, u uuid, j json, jb jsonb, a int[], r int4range, m mood);
  create table whole (a int, b text); alter table whole replica identity full;
  create table many (id int primary key, body text not null);
  create table chosen (id int primary key, secret text, n int);
  create table parts (id int, k int, primary key (id, k)) partition by list (k);
  create table parts_1 partition of parts for values in (1);
  create table parts_2 partition of parts for values in (2)`;

const rows = `
  insert into every select i, i / 3.0, 'NaN', i % 2 = 0, 'ä"\\''' || i, '\\x00ff', '2024-02-29', '2024-02-29 12:00:00.123456',
    '2024-02-29 12:00:00+02', '1 mon 2 days', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"b": 1}', '{"a": [1, null]}', '{1,null}', '[1,5)', 'happy'
    from generate_series(1, 5) i;
  insert into whole values (1, null), (2, 'x'), (2, 'x');
  insert into many select i, repeat('x', 100) || i from generate_series(1, 5000) i;
  insert into chosen values (1, 'hidden', 5), (2, 'hidden', 50);
  insert into parts select i, 1 + i % 2 from generate_series(1, 10) i`;

const changes = [
  "insert into every (id, t) values (6, null); update every set t = 'new', m = 'sad' where id < 3; delete from every where id = 5",
  "update every set id = id + 100 where id = 4",
  "update whole set b = 'y' where b is null; delete from whole where a = 2",
  "begin; insert into many values (6000, 'a'); savepoint s; delete from many; rollback to s; update many set body = body || 'b' where id % 10 = 0; commit",
  "begin; delete from many; rollback",
  "update parts set k = 2 where k = 1 and id = 2",
  "insert into parts values (11, 1)",
  "truncate whole; insert into whole values (3, 'z')",
  "insert into chosen values (3, 'hidden', 70)",
  "delete from many where id > 2000",
];

const shown: readonly string[] = [
  "select * from every order by id",
  "select * from whole order by a, b",
  "select count(*), md5(string_agg(id || body, ',' order by id)) from many",
  "select id, n from chosen order by id",
  "select * from parts order by id",
];

async function contents(client: pg.Client, filters: boolean): Promise<string> {
  const found: unknown[] = [];
  for (const text of shown) {
    const own = filters ? text.replace("from chosen", "from chosen where n > 10") : text;
    const { rows } = await client.query({
      text: own,
      rowMode: "array",
      types: { getTypeParser: () => String },
    } as pg.QueryArrayConfig);
    found.push(rows);
  }
  return JSON.stringify(found);
}

test.skipIf(isPostgresMissing)(
  "a PostgreSQL that subscribes has what was there, and then what is committed",
  { timeout: patientMs(120_000) },
  async () => {
    const real = await RealPostgres.start({ timezone: "UTC" });
    const theirs = new pg.Client({
      host: "127.0.0.1",
      port: real.port,
      user: "postgres",
      database: "postgres",
    });
    await theirs.connect();
    onTestFinished(() => theirs.end());
    const engine = await RunningEngine.start();
    const ours = await engine.client();
    for (const client of [ours, theirs]) await client.query(definitions);
    await ours.query(rows);
    await ours.query(
      `create publication p for table every, whole, many, parts, chosen (id, n) where (n > 10) with (publish_via_partition_root = true)`,
    );
    await theirs.query(
      `create subscription s connection 'host=127.0.0.1 port=${engine.port} user=ann dbname=weftkit' publication p`,
    );
    const isEqual = async () => {
      const wanted = await contents(ours, true);
      const found = await contents(theirs, false);
      return found === wanted ? "equal" : `${found.slice(0, 1500)}\n${wanted.slice(0, 1500)}`;
    };
    await expect.poll(isEqual, { timeout: patientMs(40_000), interval: 200 }).toBe("equal");
    const { rows: synced } = await theirs.query(
      "select count(*)::int as n from pg_subscription_rel where srsubstate in ('r', 's')",
    );
    expect(synced).toEqual([{ n: 5 }]);
    for (const change of changes) await ours.query(change);
    await expect.poll(isEqual, { timeout: patientMs(40_000), interval: 200 }).toBe("equal");
    // The subscriber says what it has written down.
    const confirmed = async () =>
      (await ours.query("select confirmed_flush_lsn = pg_current_wal_lsn() as is from pg_replication_slots"))
        .rows;
    await expect.poll(confirmed, { timeout: patientMs(30_000), interval: 200 }).toEqual([{ is: true }]);
    await theirs.query("drop subscription s");
    expect((await ours.query("select * from pg_replication_slots")).rows).toEqual([]);
  },
);

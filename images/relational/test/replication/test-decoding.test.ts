import { expect, test } from "vitest";
import { RunningEngine } from "../running-engine.ts";

async function start() {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  return { engine, client };
}

type Client = Awaited<ReturnType<typeof start>>["client"];

async function changes(client: Client, how = "get", slot = "s"): Promise<string[]> {
  const { rows } = await client.query(
    `select data from pg_logical_slot_${how}_changes('${slot}', null, null, 'include-xids', '0')`,
  );
  return rows.map(({ data }: { data: string }) => data);
}

test("a slot gives each transaction once, in the order of commits, and nothing that was undone", async () => {
  const { engine, client } = await start();
  await client.query("create table note (id int primary key, body text)");
  const { rows } = await client.query(
    "select * from pg_create_logical_replication_slot('s', 'test_decoding')",
  );
  expect(rows).toEqual([{ slot_name: "s", lsn: expect.stringMatching(/^0\/1[0-9A-F]{6}$/) }]);
  await client.query("begin; insert into note values (1, 'it''s'), (2, null)");
  const other = await engine.client();
  await other.query("insert into note values (9, 'first')");
  await client.query(
    "savepoint a; delete from note; rollback to a; update note set body = 'c' where id = 2; commit",
  );
  await client.query("begin; insert into note values (3, 'never'); rollback");
  const expected = [
    "BEGIN",
    "table public.note: INSERT: id[integer]:9 body[text]:'first'",
    "COMMIT",
    "BEGIN",
    "table public.note: INSERT: id[integer]:1 body[text]:'it''s'",
    "table public.note: INSERT: id[integer]:2 body[text]:null",
    "table public.note: UPDATE: id[integer]:2 body[text]:'c'",
    "COMMIT",
  ];
  expect(await changes(client, "peek")).toEqual(expected);
  expect(await changes(client)).toEqual(expected);
  expect(await changes(client)).toEqual([]);
});

test("old rows are what the replica identity says", async () => {
  const { client } = await start();
  await client.query(`create table keyed (a int, b text not null, c text, primary key (b, a));
    create table bare (a int);
    create table whole (a int, b text); alter table whole replica identity full;
    create table indexed (a int not null, b text); create unique index indexed_a on indexed (a);
    alter table indexed replica identity using index indexed_a`);
  await client.query("select pg_create_logical_replication_slot('s', 'test_decoding')");
  for (const table of ["keyed", "bare", "whole", "indexed"])
    await client.query(
      table === "bare"
        ? "insert into bare values (1); update bare set a = 2; delete from bare"
        : `insert into ${table} (a, b) values (1, 'x'); update ${table} set a = 2; delete from ${table}`,
    );
  expect((await changes(client)).filter((text) => text.startsWith("table"))).toEqual([
    "table public.keyed: INSERT: a[integer]:1 b[text]:'x' c[text]:null",
    "table public.keyed: UPDATE: old-key: a[integer]:1 b[text]:'x' new-tuple: a[integer]:2 b[text]:'x' c[text]:null",
    "table public.keyed: DELETE: a[integer]:2 b[text]:'x'",
    "table public.bare: INSERT: a[integer]:1",
    "table public.bare: UPDATE: a[integer]:2",
    "table public.bare: DELETE: (no-tuple-data)",
    "table public.whole: INSERT: a[integer]:1 b[text]:'x'",
    "table public.whole: UPDATE: old-key: a[integer]:1 b[text]:'x' new-tuple: a[integer]:2 b[text]:'x'",
    "table public.whole: DELETE: a[integer]:2 b[text]:'x'",
    "table public.indexed: INSERT: a[integer]:1 b[text]:'x'",
    "table public.indexed: UPDATE: old-key: a[integer]:1 new-tuple: a[integer]:2 b[text]:'x'",
    "table public.indexed: DELETE: a[integer]:2",
  ]);
});

test("changes are told as their table was then, also when it is gone", async () => {
  const { client } = await start();
  await client.query("create table t (a int primary key)");
  await client.query("select pg_create_logical_replication_slot('s', 'test_decoding')");
  await client.query("insert into t values (1)");
  await client.query("alter table t add column b text default 'x'; alter table t rename to u");
  await client.query("insert into u values (2)");
  await client.query("truncate u restart identity cascade");
  await client.query("drop table u");
  expect((await changes(client)).filter((text) => text.startsWith("table"))).toEqual([
    "table public.t: INSERT: a[integer]:1",
    "table public.u: INSERT: a[integer]:2 b[text]:'x'",
    "table public.u: TRUNCATE: restart_seqs cascade",
  ]);
});

test("places in the log ascend, stop a reader, and a slot goes forward only", async () => {
  const { client } = await start();
  await client.query("create table t (a int primary key)");
  await client.query("select pg_create_logical_replication_slot('s', 'test_decoding')");
  for (const a of [1, 2, 3]) await client.query(`insert into t values (${a})`);
  const { rows } = await client.query(
    "select lsn, xid, data from pg_logical_slot_peek_changes('s', null, null)",
  );
  const commits = rows.filter(({ data }: { data: string }) => data.startsWith("COMMIT"));
  expect(commits).toHaveLength(3);
  const compare = await client.query(
    "select $1::pg_lsn < $2::pg_lsn as ascends, $2::pg_lsn - $1::pg_lsn as apart, pg_current_wal_lsn() = $3::pg_lsn as is_last",
    commits.map(({ lsn }: { lsn: string }) => lsn),
  );
  expect(compare.rows).toEqual([{ ascends: true, apart: "256", is_last: true }]);
  const upto = await client.query("select count(*)::int from pg_logical_slot_peek_changes('s', $1, null)", [
    commits[1].lsn,
  ]);
  expect(upto.rows).toEqual([{ count: 6 }]);
  const some = await client.query("select count(*)::int from pg_logical_slot_peek_changes('s', null, 1)");
  expect(some.rows).toEqual([{ count: 3 }]);
  const moved = await client.query("select * from pg_replication_slot_advance('s', $1)", [commits[1].lsn]);
  expect(moved.rows).toEqual([{ slot_name: "s", end_lsn: commits[1].lsn }]);
  expect((await changes(client)).slice(1, 2)).toEqual(["table public.t: INSERT: a[integer]:3"]);
  await expect(client.query("select pg_replication_slot_advance('s', $1)", [commits[0].lsn])).rejects.toThrow(
    /cannot advance replication slot/,
  );
});

test("slots are refused as PostgreSQL refuses them", async () => {
  const { client } = await start();
  const code = async (text: string) =>
    client.query(text).then(
      () => "00000",
      (error: { code: string }) => error.code,
    );
  expect(await code("select pg_create_logical_replication_slot('Upper', 'test_decoding')")).toBe("42602");
  expect(await code("select pg_create_logical_replication_slot('', 'test_decoding')")).toBe("42602");
  expect(await code(`select pg_create_logical_replication_slot('${"a".repeat(63)}', 'test_decoding')`)).toBe(
    "00000",
  );
  expect(await code("select pg_create_logical_replication_slot('s', 'no_such_plugin')")).toBe("58P01");
  expect(await code("select pg_create_logical_replication_slot('s', 'test_decoding')")).toBe("00000");
  expect(await code("select pg_create_logical_replication_slot('s', 'test_decoding')")).toBe("42710");
  expect(await code("select pg_logical_slot_get_changes('nothing', null, null)")).toBe("42704");
  expect(await code("select * from pg_logical_slot_get_changes('s', null, null, 'nothing', '1')")).toBe(
    "22023",
  );
  expect(await code("select * from pg_logical_slot_get_changes('s', null, null, 'include-xids')")).toBe(
    "22023",
  );
  expect(await code("select * from pg_logical_slot_get_changes('s', null, null, 'force-binary', '1')")).toBe(
    "0A000",
  );
  expect(await code("select pg_drop_replication_slot('s')")).toBe("00000");
  expect(await code("select pg_drop_replication_slot('s')")).toBe("42704");
  await client.query("create table t (a int); create role weak login");
  await client.query("begin; insert into t values (1)");
  expect(await code("select pg_create_logical_replication_slot('s', 'test_decoding')")).toBe("25001");
  await client.query("rollback; set role weak");
  expect(await code("select pg_create_logical_replication_slot('s', 'test_decoding')")).toBe("42501");
});

test("a slot waits for transactions that have changed something, and is there again after a restart; a temporary one is not", async () => {
  const { engine, client } = await start();
  await client.query("create table t (a int primary key)");
  await client.query("begin; insert into t values (1)");
  const other = await engine.client();
  const made = other.query("select pg_create_logical_replication_slot('s', 'test_decoding')");
  await client.query("commit");
  await made;
  await other.query("select pg_create_logical_replication_slot('mine', 'test_decoding', true)");
  await other.query("insert into t values (2)");
  await engine.image.stop();
  const again = await RunningEngine.start({ dataDir: engine.dataDir });
  const later = await again.client();
  await later.query("insert into t values (3)");
  const { rows } = await later.query(
    "select slot_name, plugin, slot_type, database, temporary, active, wal_status from pg_replication_slots",
  );
  expect(rows).toEqual([
    {
      slot_name: "s",
      plugin: "test_decoding",
      slot_type: "logical",
      database: "weftkit",
      temporary: false,
      active: false,
      wal_status: "reserved",
    },
  ]);
  expect((await changes(later)).filter((text) => text.startsWith("table"))).toEqual([
    "table public.t: INSERT: a[integer]:2",
    "table public.t: INSERT: a[integer]:3",
  ]);
});

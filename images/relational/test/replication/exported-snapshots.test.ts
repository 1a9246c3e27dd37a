import { expect, test } from "vitest";
import { RunningEngine } from "../running-engine.ts";

test("another session sees what was there when a slot was made, as long as the slot's session does nothing else", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  await client.query("create table t (id int primary key); insert into t values (1)");
  const wire = await engine.wire({ replication: "database" });
  const made = await wire.query("CREATE_REPLICATION_SLOT s LOGICAL test_decoding");
  const name = /^D\(s\|[^|]+\|([^|]+)\|/.exec(made[1]!)![1]!;
  expect(name).toMatch(/^[0-9A-F]{8}-[0-9A-F]{8}-1$/);
  await client.query("insert into t values (2)");
  const other = await engine.client();
  await other.query(`begin isolation level repeatable read; set transaction snapshot '${name}'`);
  expect((await other.query("select id from t")).rows).toEqual([{ id: 1 }]);
  await wire.query("SELECT 1");
  expect((await other.query("select id from t")).rows).toEqual([{ id: 1 }]);
  await other.query("commit");
  await expect(
    other.query(`begin isolation level repeatable read; set transaction snapshot '${name}'`),
  ).rejects.toThrow(/does not exist/);
  await other.query("rollback");
  const { rows } = await client.query(
    "select data from pg_logical_slot_get_changes('s', null, null, 'include-xids', '0')",
  );
  expect(rows.map(({ data }: { data: string }) => data)).toEqual([
    "BEGIN",
    "table public.t: INSERT: id[integer]:2",
    "COMMIT",
  ]);
});

test("pg_export_snapshot() gives what its transaction sees until its end, and a change of what was changed since is a conflict", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  await client.query("create table t (id int primary key, n int); insert into t values (1, 0)");
  await client.query("begin isolation level repeatable read");
  const { rows } = await client.query("select pg_export_snapshot() as name");
  const other = await engine.client();
  await other.query("update t set n = 1");
  const code = (text: string) =>
    other.query(text).then(
      () => "00000",
      (error: { code: string }) => error.code,
    );
  const take = `set transaction snapshot '${rows[0].name}'`;
  expect(await code(`begin; ${take}`)).toBe("0A000");
  expect(await code("rollback")).toBe("00000");
  await other.query("begin isolation level repeatable read; select 1");
  expect(await code(take)).toBe("25001");
  await other.query("rollback; begin isolation level repeatable read");
  expect(await code("set transaction snapshot 'nonsense'")).toBe("22023");
  await other.query("rollback; begin isolation level repeatable read");
  expect(await code(take)).toBe("00000");
  expect((await other.query("select n from t")).rows).toEqual([{ n: 0 }]);
  await client.query("commit");
  expect((await other.query("select n from t")).rows).toEqual([{ n: 0 }]);
  expect(await code("update t set n = 2")).toBe("40001");
  await other.query("rollback; begin isolation level repeatable read");
  expect(await code(take)).toBe("42704");
});

test("a stream ends when its process is terminated, and with the engine", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  await client.query("select pg_create_logical_replication_slot('s', 'test_decoding')");
  const stream = async () => {
    const wire = await engine.wire({ replication: "database" });
    wire.send((writer) => writer.query("START_REPLICATION SLOT s LOGICAL 0/0"));
    await wire.until((message) => message === "W");
    return wire;
  };
  const first = await stream();
  await client.query("select pg_terminate_backend(active_pid) from pg_replication_slots");
  expect((await first.until(() => false)).filter((message) => !message.startsWith("d("))).toEqual([
    "E(57P01 terminating connection due to administrator command)",
    "<closed>",
  ]);
  await expect
    .poll(async () => (await client.query("select active from pg_replication_slots")).rows[0].active)
    .toBe(false);
  const second = await stream();
  const closed = second.until(() => false);
  await engine.image.stop();
  expect((await closed).at(-1)).toBe("<closed>");
});

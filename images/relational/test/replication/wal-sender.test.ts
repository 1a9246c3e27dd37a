import { expect, test } from "vitest";
import { RunningEngine } from "../running-engine.ts";
import type { WireClient } from "../wire-client.ts";

async function start() {
  const engine = await RunningEngine.start();
  return { engine, client: await engine.client(), wire: await engine.wire({ replication: "database" }) };
}

/** What comes as CopyData, up to the first text that has `last` in it. */
async function streamed(wire: WireClient, last: string): Promise<string[]> {
  const messages = await wire.until(
    (message) => message.includes(Buffer.from(last).toString("hex")) || message.includes(last),
  );
  return messages.flatMap((message) => {
    const bytes = /^d\(0x([0-9a-f]*)\)$/.exec(message)?.[1];
    const buffer = Buffer.from(bytes ?? "", "hex");
    return buffer[0] === 0x77 ? [buffer.subarray(25).toString()] : [];
  });
}

function status(lsn: bigint, wantsReply = false): Buffer {
  const message = Buffer.alloc(34);
  message.write("r");
  for (const at of [1, 9, 17]) message.writeBigUInt64BE(lsn, at);
  message.writeUInt8(wantsReply ? 1 : 0, 33);
  return message;
}

test("commands answer with the columns of PostgreSQL's, and SQL goes on beside them", async () => {
  const { wire } = await start();
  expect(await wire.query("IDENTIFY_SYSTEM")).toEqual([
    "T[systemid:25/-1/-1,timeline:20/8/-1,xlogpos:25/-1/-1,dbname:25/-1/-1]",
    expect.stringMatching(/^D\(\d+\|1\|0\/1[0-9A-F]{6}\|weftkit\)$/),
    "C(IDENTIFY_SYSTEM)",
    "Z(I)",
  ]);
  expect(
    await wire.query("CREATE_REPLICATION_SLOT s TEMPORARY LOGICAL test_decoding (SNAPSHOT 'nothing')"),
  ).toEqual([
    "T[slot_name:25/-1/-1,consistent_point:25/-1/-1,snapshot_name:25/-1/-1,output_plugin:25/-1/-1]",
    expect.stringMatching(/^D\(s\|0\/1[0-9A-F]{6}\|NULL\|test_decoding\)$/),
    "C(CREATE_REPLICATION_SLOT)",
    "Z(I)",
  ]);
  expect(await wire.query("SHOW wal_level")).toContain("D(logical)");
  expect(await wire.query("SELECT slot_name, active FROM pg_replication_slots")).toContain("D(s|t)");
  expect(await wire.query("DROP_REPLICATION_SLOT s")).toEqual(["C(DROP_REPLICATION_SLOT)", "Z(I)"]);
  expect(await wire.query("DROP_REPLICATION_SLOT s")).toEqual([
    'E(42704 replication slot "s" does not exist)',
    "Z(I)",
  ]);
  const extended = await wire.say((writer) => {
    writer.parse("", "SELECT 1");
    writer.sync();
  });
  expect(extended[0]).toMatch(/^E\(08P01/);
});

test("a stream gives what is committed, keeps what is not confirmed, and ends in order", async () => {
  const { client, wire, engine } = await start();
  await client.query("create table t (id int primary key)");
  await wire.query("CREATE_REPLICATION_SLOT s LOGICAL test_decoding NOEXPORT_SNAPSHOT");
  await client.query("insert into t values (1)");
  wire.send((writer) => writer.query(`START_REPLICATION SLOT s LOGICAL 0/0 ("include-xids" '0')`));
  expect((await wire.until((message) => message === "W"))[0]).toBe("W");
  expect(await streamed(wire, "COMMIT")).toEqual([
    "BEGIN",
    "table public.t: INSERT: id[integer]:1",
    "COMMIT",
  ]);
  await client.query("insert into t values (2)");
  expect(await streamed(wire, "COMMIT")).toEqual([
    "BEGIN",
    "table public.t: INSERT: id[integer]:2",
    "COMMIT",
  ]);
  const { rows } = await client.query("select active_pid from pg_replication_slots");
  expect(rows[0].active_pid).toBeGreaterThan(0);
  await expect(client.query("select pg_drop_replication_slot('s')")).rejects.toThrow(/is active for PID/);
  const replication = await client.query(
    "select state, sent_lsn = pg_current_wal_lsn() as is_sent from pg_stat_replication",
  );
  expect(replication.rows).toEqual([{ state: "streaming", is_sent: true }]);
  const ended = await wire.say((writer) => writer.copyDone());
  expect(ended.filter((message) => !message.startsWith("d("))).toEqual([
    "c",
    "C(COPY 0)",
    "C(START_REPLICATION)",
    "Z(I)",
  ]);
  // Nothing was confirmed: it all comes again.
  const again = await engine.wire({ replication: "database" });
  again.send((writer) => writer.query(`START_REPLICATION SLOT s LOGICAL 0/0 ("include-xids" '0')`));
  expect(await streamed(again, "id[integer]:2")).toHaveLength(5);
  const place = await client.query("select (pg_current_wal_lsn() - '0/0')::text as lsn");
  again.send((writer) => writer.copyData(status(BigInt(place.rows[0].lsn), true)));
  await expect
    .poll(async () => {
      const found = await client.query(
        "select confirmed_flush_lsn = pg_current_wal_lsn() as is_done from pg_replication_slots",
      );
      return found.rows[0].is_done;
    })
    .toBe(true);
  again.socket.destroy();
  await expect
    .poll(async () => (await client.query("select active from pg_replication_slots")).rows[0].active)
    .toBe(false);
});

test("a slot that is made with its transaction's snapshot goes on where that ends", async () => {
  const { client, wire } = await start();
  await client.query("create table t (id int primary key); insert into t values (1)");
  expect(await wire.query("CREATE_REPLICATION_SLOT s LOGICAL test_decoding USE_SNAPSHOT")).toContainEqual(
    expect.stringMatching(/^E\(25001/),
  );
  await wire.query("BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ");
  await wire.query("CREATE_REPLICATION_SLOT s LOGICAL test_decoding (SNAPSHOT 'use')");
  await client.query("insert into t values (2)");
  expect(await wire.query("COPY public.t TO STDOUT")).toEqual(["H", "d(1\n)", "c", "C(COPY 1)", "Z(T)"]);
  await wire.query("COMMIT");
  const { rows } = await client.query(
    "select data from pg_logical_slot_get_changes('s', null, null, 'include-xids', '0')",
  );
  expect(rows.map(({ data }: { data: string }) => data)).toEqual([
    "BEGIN",
    "table public.t: INSERT: id[integer]:2",
    "COMMIT",
  ]);
});

test("who has not the right, or asks for something else, is refused at the start", async () => {
  const { engine, client } = await start();
  await client.query("create role weak login; create role strong login replication");
  const refused = await engine.wire({ replication: "database", user: "weak" });
  expect(refused.greeting.at(-2)).toMatch(/^E\(42501 permission denied to start WAL sender/);
  const wrong = await engine.wire({ replication: "perhaps" });
  expect(wrong.greeting.at(-2)).toMatch(/^E\(22023/);
  const allowed = await engine.wire({ replication: "database", user: "strong" });
  expect(allowed.greeting.at(-1)).toBe("Z(I)");
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { createInterface } from "node:readline";
import { patientMs } from "@weftkit/testing/patience";
import { expect, onTestFinished, test } from "vitest";
import { RunningEngine } from "../running-engine.ts";

const program = globSync("/usr/lib/postgresql/*/bin/pg_recvlogical").sort().at(-1);

test.skipIf(program === undefined)("pg_recvlogical makes a slot, reads it, and drops it", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  await client.query("create table t (id int primary key, body text)");
  const args = ["-h", "127.0.0.1", "-p", String(engine.port), "-U", "ann", "-d", "weftkit", "--slot", "s"];
  const run = async (...more: string[]) => {
    const child = spawn(program!, [...args, ...more], { stdio: ["ignore", "ignore", "inherit"] });
    const [code] = (await once(child, "exit")) as [number];
    return code;
  };
  expect(await run("--create-slot", "-P", "test_decoding")).toBe(0);
  await client.query("insert into t values (1, 'a'), (2, null)");
  await client.query("update t set body = 'b' where id = 2; delete from t where id = 1");
  const reader = spawn(program!, [
    ...args,
    "--start",
    "-f",
    "-",
    "--no-loop",
    "-o",
    "include-xids=0",
    "-F",
    "0",
    "-s",
    "1",
  ]);
  onTestFinished(() => void reader.kill("SIGKILL"));
  const lines: string[] = [];
  createInterface(reader.stdout).on("line", (line) => void lines.push(line));
  const seen = (count: number) => expect.poll(() => lines.length, { timeout: patientMs(10_000) }).toBe(count);
  await seen(8);
  await client.query("insert into t values (3, 'c')");
  await seen(11);
  expect(lines).toEqual([
    "BEGIN",
    "table public.t: INSERT: id[integer]:1 body[text]:'a'",
    "table public.t: INSERT: id[integer]:2 body[text]:null",
    "COMMIT",
    "BEGIN",
    "table public.t: UPDATE: id[integer]:2 body[text]:'b'",
    "table public.t: DELETE: id[integer]:1",
    "COMMIT",
    "BEGIN",
    "table public.t: INSERT: id[integer]:3 body[text]:'c'",
    "COMMIT",
  ]);
  const isConfirmed = async () =>
    (await client.query("select confirmed_flush_lsn = pg_current_wal_lsn() as is from pg_replication_slots"))
      .rows[0].is;
  await expect.poll(isConfirmed, { timeout: patientMs(10_000) }).toBe(true);
  const exited = once(reader, "exit");
  reader.kill("SIGINT");
  expect((await exited)[0]).toBe(0);
  await expect
    .poll(async () => (await client.query("select active from pg_replication_slots")).rows[0].active)
    .toBe(false);
  const { rows } = await client.query(
    "select count(*)::int from pg_logical_slot_peek_changes('s', null, null)",
  );
  expect(rows).toEqual([{ count: 0 }]);
  expect(await run("--drop-slot")).toBe(0);
});

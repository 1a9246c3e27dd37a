import { StoreChanges } from "@weftkit/changes";
import { createLogger } from "@weftkit/observe";
import { expect, test } from "vitest";
import { isSlot, Slots } from "../../src/replication/slots.ts";
import { openDatabase } from "../../src/session/database.ts";
import { openForTest, TextSession } from "../open-for-test.ts";

test("a slot for which too much would be kept is lost, says so, and can be dropped", async () => {
  const { store, close } = await openForTest();
  const log = createLogger({ level: "error", image: "test", stream: { write: () => {} } });
  const changes = await StoreChanges.open({
    store,
    log,
    wantsDetail: isSlot,
    windowBytes: 1000,
    bytesMax: 20_000,
  });
  const database = await openDatabase(store, "postgres", await Slots.open(changes));
  const session = new TextSession(database);
  await session.query("create table t (id int primary key, body text)");
  await session.query("select pg_create_logical_replication_slot('s', 'test_decoding')");
  const status = async () =>
    (
      await session.rows(
        "select wal_status, safe_wal_size < 20000, restart_lsn is null from pg_replication_slots",
      )
    )[0];
  await session.query("insert into t values (0, 'x')");
  expect(await status()).toEqual(["reserved", "t", "f"]);
  for (let id = 1; id <= 100; id++) await session.query(`insert into t values (${id}, repeat('x', 200))`);
  await expect.poll(status).toEqual(["lost", null, "t"]);
  expect(await session.code("select * from pg_logical_slot_get_changes('s', null, null)")).toBe("55000");
  expect(await session.code("select pg_drop_replication_slot('s')")).toBe("00000");
  expect(await session.rows("select * from pg_replication_slots")).toEqual([]);
  await changes.close();
  await close();
});

import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const bookings = `CREATE EXTENSION btree_gist;
  CREATE TABLE bookings (room int, during int4range, EXCLUDE USING gist (room WITH =, during WITH &&))`;

test("who writes a row that may conflict waits for the end of the transaction that did so before", async () => {
  const engine = await RunningEngine.start();
  const [first, second] = [await engine.client(), await engine.client()];
  await first.query(bookings);
  const isWaiting = async () => {
    const { rows } = await first.query("SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted");
    return rows[0].n;
  };
  await first.query("BEGIN; INSERT INTO bookings VALUES (1, '[1,5)')");
  // Another room is nobody's concern.
  await second.query("INSERT INTO bookings VALUES (2, '[1,5)')");
  const conflicting = second.query("INSERT INTO bookings VALUES (1, '[4,9)')");
  conflicting.catch(() => {});
  await expect.poll(isWaiting).toBe(1);
  await first.query("COMMIT");
  await expect(conflicting).rejects.toMatchObject({
    code: "23P01",
    constraint: "bookings_room_during_excl",
    detail: "Key (room, during)=(1, [4,9)) conflicts with existing key (room, during)=(1, [1,5)).",
  });
  await first.query("BEGIN; DELETE FROM bookings WHERE room = 1");
  const fitting = second.query("INSERT INTO bookings VALUES (1, '[4,9)')");
  fitting.catch(() => {});
  await expect.poll(isWaiting).toBe(1);
  await first.query("COMMIT");
  await fitting;
  expect((await first.query("SELECT room, during FROM bookings ORDER BY room")).rows).toEqual([
    { room: 1, during: "[4,9)" },
    { room: 2, during: "[1,5)" },
  ]);
});

import { type Change, isRecordingDetail, recordChange } from "@weftkit/changes";
import type { Database } from "@weftkit/store";
import { expect, test } from "vitest";
import { decodeChanges, encodeChanges } from "../src/batch-format.ts";
import { noteChange, openForTest } from "./open-for-test.ts";

const shared = Buffer.from("of many");

function detailed(id: number, own: string): Change {
  return { ...noteChange(id, "x"), detail: { shared, own: Buffer.from(own) } };
}

test("what changes have in common is written once, and batches without details are as they always were", () => {
  const many = Array.from({ length: 300 }, (_, id) =>
    id % 3 === 0 ? noteChange(id, "x") : detailed(id, `own ${id}`),
  );
  const bytes = encodeChanges(many);
  expect(bytes[0]).toBe(2);
  expect(bytes.toString("latin1").split("of many")).toHaveLength(2);
  const decoded = decodeChanges(bytes);
  expect(decoded.map(({ detail }) => detail && String(detail.own))).toEqual(
    many.map(({ detail }) => detail && String(detail.own)),
  );
  expect(new Set(decoded.flatMap(({ detail }) => detail?.shared ?? [])).size).toBe(1);
  expect(encodeChanges([noteChange(1, "x")])[0]).toBe(1);
  expect(() => decodeChanges(bytes.subarray(0, bytes.length - 1))).toThrow(/cut off/);
});

test("details are recorded while a consumer wants them, and not beside what began before", async () => {
  const { store, changes } = await openForTest({ wantsDetail: (name) => name.startsWith("detailed") });
  const add = (db: Database, id: number) => {
    db.prepare("INSERT INTO note (id, body) VALUES (?, 'x')").run(id);
    recordChange(db, () => (isRecordingDetail(db) ? detailed(id, String(id)) : noteChange(id, "x")));
  };
  const from = await changes.retain("plain");
  await store.write((db) => add(db, 1));
  const open = store.begin();
  await open.run((work) => {
    work.change("INSERT INTO note (id, body) VALUES (?, ?)", [2, "x"]);
    recordChange(work.db, () => (isRecordingDetail(work.db) ? detailed(2, "2") : noteChange(2, "x")));
  });
  const retained = changes.retain("detailed");
  await store.write((db) => add(db, 3));
  await open.commit();
  const begins = await retained;
  await store.write((db) => add(db, 4));
  await changes.forget("detailed");
  await store.write((db) => add(db, 5));
  const told = (await changes.read(from)).map(({ position, changes: [change] }) => [
    String(change!.key),
    change!.detail === undefined ? undefined : String(change!.detail.own),
    position.sequence > begins.sequence,
  ]);
  expect(told).toEqual([
    ["1", undefined, false],
    ["3", "3", false],
    ["2", undefined, false],
    ["4", "4", true],
    ["5", undefined, true],
  ]);
});

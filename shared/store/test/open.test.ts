import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Migration } from "@weftkit/store";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { addNote, applicationId, notes, noteTable, openForTest } from "./open-for-test.ts";

/** Makes a database with another program's means. */
function foreignFile(sql: string): string {
  const file = join(temporaryFolder(), "foreign.db");
  const db = new Database(file);
  db.exec(sql);
  db.close();
  return file;
}

test("what was written is there when the file is opened again", async () => {
  const file = join(temporaryFolder(), "test.db");
  const first = await openForTest({ file });
  await addNote(first.store, "kept");
  await first.store.close();
  const second = await openForTest({ file });
  expect(await notes(second.store)).toEqual(["kept"]);
});

test("the writer is set as the store needs it", async () => {
  const { store } = await openForTest();
  const settings = await store.exclusively(async (db) =>
    [
      "journal_mode",
      "synchronous",
      "wal_autocheckpoint",
      "busy_timeout",
      "foreign_keys",
      "application_id",
    ].map((name) => db.pragma(name, { simple: true })),
  );
  expect(settings).toEqual(["wal", 1, 0, 0, 1, applicationId]);
});

test("another engine's file is refused and left as it is", async () => {
  const file = foreignFile("PRAGMA application_id = 7; CREATE TABLE theirs (x)");
  await expect(openForTest({ file })).rejects.toMatchObject({
    code: "wrong_application",
    message: expect.stringContaining("0x00000007"),
  });
  expect(new Database(file).pragma("journal_mode", { simple: true })).toBe("delete");
});

test("a database that bears no application's name but has tables is refused", async () => {
  const file = foreignFile("CREATE TABLE theirs (x)");
  await expect(openForTest({ file })).rejects.toMatchObject({ code: "wrong_application" });
});

test("a file with pages of another size is refused", async () => {
  const file = foreignFile(`PRAGMA page_size = 8192; PRAGMA application_id = ${applicationId}; VACUUM`);
  await expect(openForTest({ file })).rejects.toMatchObject({ code: "wrong_application" });
});

test("a file that is no database is refused", async () => {
  const file = join(temporaryFolder(), "test.db");
  writeFileSync(file, "not a database, but long enough to be mistaken for one. ".repeat(100));
  await expect(openForTest({ file })).rejects.toMatchObject({ code: "corrupt" });
});

test("a path that cannot be a file is refused with what to do", async () => {
  await expect(openForTest({ file: temporaryFolder() })).rejects.toMatchObject({ code: "cannot_open" });
});

test("a file that another process keeps locked is refused", async () => {
  const file = foreignFile(`PRAGMA application_id = ${applicationId}`);
  const other = new Database(file);
  other.exec("BEGIN EXCLUSIVE");
  await expect(openForTest({ file })).rejects.toMatchObject({ code: "locked" });
  other.close();
});

test("a schema of a later version is refused", async () => {
  const file = join(temporaryFolder(), "test.db");
  const later = await openForTest({ file, migrations: [noteTable, { name: "later", apply: () => {} }] });
  await later.store.close();
  await expect(openForTest({ file })).rejects.toMatchObject({
    code: "newer_schema",
    message: expect.stringContaining("schema version 2, this program knows 1"),
  });
});

test("a migration that fails undoes itself only, and the next start goes on with it", async () => {
  const file = join(temporaryFolder(), "test.db");
  const addColumn = (fails: boolean): Migration => ({
    name: "add tag",
    apply: (db) => {
      db.exec("ALTER TABLE note ADD COLUMN tag TEXT");
      if (fails) throw new Error("half way");
    },
  });
  await expect(openForTest({ file, migrations: [noteTable, addColumn(true)] })).rejects.toMatchObject({
    code: "migration_failed",
    message: expect.stringContaining('2 "add tag"'),
  });
  const { store, lines } = await openForTest({ file, migrations: [noteTable, addColumn(false)] });
  const columns = await store.read((db) => db.pragma("table_info(note)") as { name: string }[]);
  expect(columns.map(({ name }) => name)).toEqual(["id", "body", "tag"]);
  expect(lines.filter(({ msg }) => msg === "schema migrated").map(({ migration }) => migration)).toEqual([
    "add tag",
  ]);
});

test("every connection is prepared, the readers' too", async () => {
  const { store } = await openForTest({ prepare: (db) => db.function("twice", (x) => Number(x) * 2) });
  const twice = (db: Database.Database) => db.prepare("SELECT twice(21)").pluck().get();
  expect(await store.write(twice)).toBe(42);
  expect(await store.read(twice)).toBe(42);
  const snapshot = await store.snapshot();
  expect(await snapshot.read(twice)).toBe(42);
  snapshot.release();
});

test("closing leaves one file, with everything in it", async () => {
  const { store } = await openForTest();
  await addNote(store, "kept");
  await store.close();
  expect(existsSync(`${store.file}-wal`)).toBe(false);
  const db = new Database(store.file);
  expect(db.prepare("SELECT body FROM note").pluck().all()).toEqual(["kept"]);
  db.close();
});

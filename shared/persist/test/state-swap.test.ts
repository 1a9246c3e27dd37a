import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { type StateFile, StateSwap, writeSnapshot } from "../src/snapshot/index.ts";

const options = { engine: "relational", version: "1.0.0" };
const consumers = ["a consumer"];

function placesOf(dataDir: string) {
  return { pages: join(dataDir, "data.db"), blobs: join(dataDir, "files") };
}

async function snapshot(): Promise<AsyncIterable<Uint8Array>> {
  const file = (place: string, path: string, text: string): StateFile => ({
    place,
    path,
    bytes: Buffer.byteLength(text),
    read: async function* () {
      yield Buffer.from(text);
    },
  });
  const target = new PassThrough();
  const files = async function* () {
    yield file("pages", "", "new database");
    yield file("blobs", "aa/new", "new blob");
    yield file("blobs", "bb/cc/empty", "");
  };
  void writeSnapshot({ ...options, createdAt: "2026-01-01T00:00:00.000Z" }, files(), target);
  return target;
}

/** A volume with a state on it, and the one of a snapshot staged beside it. */
async function staged(): Promise<{ dataDir: string; swap: StateSwap }> {
  const dataDir = temporaryFolder();
  writeFileSync(join(dataDir, "data.db"), "old database");
  writeFileSync(join(dataDir, "data.db-wal"), "old log");
  mkdirSync(join(dataDir, "files", "aa"), { recursive: true });
  writeFileSync(join(dataDir, "files", "aa", "old"), "old blob");
  writeFileSync(join(dataDir, "beside"), "is left alone");
  const { swap } = await StateSwap.stage(dataDir, placesOf(dataDir), await snapshot(), options);
  return { dataDir, swap };
}

/** Every file on the volume. */
function contents(dataDir: string): Record<string, string> {
  const entries = readdirSync(dataDir, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [path.slice(dataDir.length + 1), readFileSync(path, "utf8")]),
  );
}

const oldState = {
  beside: "is left alone",
  "data.db": "old database",
  "data.db-wal": "old log",
  "files/aa/old": "old blob",
};
const newState = {
  beside: "is left alone",
  "data.db": "new database",
  "files/aa/new": "new blob",
  "files/bb/cc/empty": "",
};

test("what was only staged is gone after a crash", async () => {
  const { dataDir } = await staged();
  expect(await StateSwap.recover(dataDir, placesOf(dataDir))).toBeUndefined();
  expect(contents(dataDir)).toEqual(oldState);
});

test("the exchange, finished and rolled back", async () => {
  for (const [end, state] of [
    ["finish", newState],
    ["rollBack", oldState],
  ] as const) {
    const { dataDir, swap } = await staged();
    await swap.swap(consumers);
    // What the engine has written before it failed goes as well.
    writeFileSync(join(dataDir, "data.db-journal"), "of the other state");
    await swap[end]();
    rmSync(join(dataDir, "data.db-journal"), { force: true });
    expect(contents(dataDir)).toEqual(state);
  }
});

/** What `swap` does between its note and the next one, step by step. */
const steps: readonly ((dataDir: string) => void)[] = [
  (dataDir) => move(dataDir, "data.db-wal", "data.db.snapshot-old-wal"),
  (dataDir) => move(dataDir, "data.db", "data.db.snapshot-old"),
  (dataDir) => move(dataDir, "data.db.snapshot-new", "data.db"),
  (dataDir) => move(dataDir, "files", "files.snapshot-old"),
  (dataDir) => move(dataDir, "files.snapshot-new", "files"),
];

test.each(Array.from({ length: steps.length + 1 }, (_, count) => count))(
  "a crash after %i steps of the exchange",
  async (count) => {
    for (const end of ["finish", "rollBack"] as const) {
      const dataDir = await interrupted(count);
      const swap = await StateSwap.recover(dataDir, placesOf(dataDir));
      expect(swap?.consumers).toEqual(consumers);
      const { [noteName]: _, ...found } = contents(dataDir);
      expect(found).toMatchObject(newState);
      await swap![end]();
      expect(contents(dataDir)).toEqual(end === "finish" ? newState : oldState);
      expect(await StateSwap.recover(dataDir, placesOf(dataDir))).toBeUndefined();
    }
  },
);

/** What `rollBack` does after its two notes. */
const clearing: readonly ((dataDir: string) => void)[] = [
  (dataDir) => rmSync(join(dataDir, "data.db")),
  (dataDir) => rmSync(join(dataDir, "files"), { recursive: true }),
];
const returning: readonly ((dataDir: string) => void)[] = [
  (dataDir) => move(dataDir, "data.db.snapshot-old-wal", "data.db-wal"),
  (dataDir) => move(dataDir, "data.db.snapshot-old", "data.db"),
  (dataDir) => move(dataDir, "files.snapshot-old", "files"),
];

test.each([
  ["clearing", 0],
  ["clearing", 1],
  ["clearing", 2],
  ["returning", 0],
  ["returning", 1],
  ["returning", 2],
  ["returning", 3],
])("a crash of a rollback while it is %s, after %i steps", async (phase, count) => {
  const dataDir = await interrupted(steps.length);
  const note = JSON.parse(readFileSync(join(dataDir, noteName), "utf8"));
  writeFileSync(join(dataDir, noteName), JSON.stringify({ ...note, phase }));
  const done = phase === "clearing" ? clearing.slice(0, count) : [...clearing, ...returning.slice(0, count)];
  for (const step of done) step(dataDir);
  expect(await StateSwap.recover(dataDir, placesOf(dataDir))).toBeUndefined();
  expect(contents(dataDir)).toEqual(oldState);
});

test.each([
  ["pages", "", "pages", ""],
  ["pages", "../outside", "pages", "x"],
  ["blobs", "/etc/passwd", "blobs", "x"],
  ["other", "", "blobs", "x"],
])("a snapshot with the file %s %s is refused", async (place, path, otherPlace, otherPath) => {
  const dataDir = temporaryFolder();
  const empty = { bytes: 0, read: async function* () {} };
  const files = async function* () {
    yield { place, path, ...empty };
    yield { place: otherPlace, path: otherPath, ...empty };
  };
  const target = new PassThrough();
  void writeSnapshot({ ...options, createdAt: "" }, files(), target).catch(() => {});
  await expect(StateSwap.stage(dataDir, placesOf(dataDir), target, options)).rejects.toMatchObject({
    code: "snapshot_damaged",
  });
  expect(contents(dataDir)).toEqual({});
});

const noteName = "restoring-snapshot.json";

/** A volume as a crash leaves it after so many steps. */
async function interrupted(count: number): Promise<string> {
  const { dataDir } = await staged();
  const places = Object.values(placesOf(dataDir)).map((path) => ({ path, hasNew: true }));
  writeFileSync(join(dataDir, noteName), JSON.stringify({ phase: "swapping", places, consumers }));
  for (const step of steps.slice(0, count)) step(dataDir);
  return dataDir;
}

function move(dataDir: string, from: string, to: string): void {
  expect(existsSync(join(dataDir, from))).toBe(true);
  renameSync(join(dataDir, from), join(dataDir, to));
}

import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { Deadline } from "@weftkit/core";
import { cancelWork, interruptSupport, type openStore } from "@weftkit/store";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import type { Database } from "better-sqlite3";
import { expect, test } from "vitest";
import { addNote, notes, openForTest } from "./open-for-test.ts";

const { available: built, why } = interruptSupport();
if (!built) console.log(`what needs the interrupt extension is left out: ${why}`);

// Elsewhere a compiler may be missing; in CI these tests must not be left out.
test.runIf(process.env.CI)("the extension is found", () => {
  expect(interruptSupport()).toEqual({ available: true });
});

/** Does not end by itself. */
const endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c";
const runEndless = (db: Database) => db.prepare(endless).get();

test.runIf(built)(
  "a read past its deadline ends while it runs, and the connection is as good as before",
  async () => {
    const { store } = await openForTest();
    await addNote(store, "there");
    using deadline = Deadline.after(20);
    await expect(store.read(runEndless, { deadline })).rejects.toMatchObject({ code: "statement_timeout" });
    expect(await notes(store)).toEqual(["there"]);
  },
);

test.runIf(built)("a write past its deadline is undone, and the writes that wait go on", async () => {
  const { store } = await openForTest();
  using deadline = Deadline.after(20);
  const slow = store.write(
    (db) => {
      db.exec("INSERT INTO note (body) VALUES ('undone')");
      db.exec(
        "INSERT INTO note (body) WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c",
      );
    },
    { deadline },
  );
  const next = addNote(store, "next");
  await expect(slow).rejects.toMatchObject({ code: "statement_timeout" });
  await next;
  expect(await notes(store)).toEqual(["next"]);
});

test.runIf(built)("a work of many short statements ends at its deadline, too", async () => {
  const { store } = await openForTest();
  using deadline = Deadline.after(20);
  const work = (db: Database) => {
    const short = db.prepare("SELECT count(*) FROM note, note AS other");
    for (;;) short.get();
  };
  await expect(store.read(work, { deadline })).rejects.toMatchObject({ code: "statement_timeout" });
});

test.runIf(built)("a snapshot outlives a read that ran past its deadline", async () => {
  const { store } = await openForTest();
  const snapshot = await store.snapshot();
  await addNote(store, "after");
  using deadline = Deadline.after(20);
  await expect(snapshot.read(runEndless, { deadline })).rejects.toMatchObject({ code: "statement_timeout" });
  expect(await notes(snapshot)).toEqual([]);
  snapshot.release();
});

test.runIf(built)(
  "the work of another thread is ended by its token, until its connection is closed",
  async () => {
    const worker = new Worker(new URL("./endless-worker.ts", import.meta.url));
    const [token] = (await once(worker, "message")) as [number];
    const answer = once(worker, "message");
    // The worker says its token before its work begins, so the first attempts may find nothing to end.
    await expect.poll(() => cancelWork(token)).toBe(true);
    expect(await answer).toEqual(["canceled"]);
    await once(worker, "exit");
    expect(cancelWork(token)).toBe(false);
  },
);

test("a work whose deadline has passed does not begin", async () => {
  const { store } = await openForTest();
  using deadline = Deadline.after(0);
  await once(deadline.signal, "abort");
  const work = () => expect.unreachable();
  await expect(store.read(work, { deadline })).rejects.toMatchObject({ code: "statement_timeout" });
  await expect(store.write(work, { deadline })).rejects.toMatchObject({ code: "lock_timeout" });
  const signal = AbortSignal.abort();
  await expect(store.read(work, { signal })).rejects.toMatchObject({ code: "canceled" });
  await expect(store.write(work, { signal })).rejects.toMatchObject({ code: "canceled" });
});

test("a write that waits too long for the lock, or is canceled, gives its place up", async () => {
  const { store } = await openForTest();
  const { promise: hold, resolve: letGo } = Promise.withResolvers<void>();
  const holder = store.exclusively(() => hold);
  using deadline = Deadline.after(10);
  const controller = new AbortController();
  const unreachable = () => expect.unreachable();
  const refused = Promise.all([
    expect(store.write(unreachable, { deadline })).rejects.toMatchObject({ code: "lock_timeout" }),
    expect(store.write(unreachable, { signal: controller.signal })).rejects.toMatchObject({
      code: "canceled",
    }),
  ]);
  const patient = addNote(store, "patient");
  controller.abort();
  await refused;
  letGo();
  await Promise.all([holder, patient]);
  expect(await notes(store)).toEqual(["patient"]);
});

test("without the extension, what ran past its deadline is undone and said to be late", async () => {
  // The sources alone, as they are where nothing was compiled.
  const root = join(temporaryFolder(), "store");
  mkdirSync(root);
  cpSync(join(import.meta.dirname, "../src"), join(root, "src"), { recursive: true });
  symlinkSync(join(import.meta.dirname, "../../../node_modules"), join(root, "node_modules"));
  const bare = (await import(join(root, "src/index.ts"))) as {
    openStore: typeof openStore;
    interruptSupport: typeof interruptSupport;
  };
  expect(bare.interruptSupport()).toMatchObject({
    available: false,
    why: expect.stringContaining("npm run build"),
  });
  const { store } = await openForTest({}, bare.openStore);
  using deadline = Deadline.after(20);
  const late = store.write(
    (db) => {
      db.exec("INSERT INTO note (body) VALUES ('undone')");
      while (deadline.remainingMs() > 0);
    },
    { deadline },
  );
  await expect(late).rejects.toMatchObject({ code: "statement_timeout" });
  expect(await notes(store)).toEqual([]);
  expect(existsSync(store.file)).toBe(true);
});

import { Deadline } from "@weftkit/core";
import type { Database } from "better-sqlite3";
import { expect, test } from "vitest";
import { addNote, notes, openForTest } from "./open-for-test.ts";

const count = 20;

/** Adds notes for longer than a slice lasts. */
function* addNotes(db: Database, done: (index: number) => void = () => {}): Generator<void, number, void> {
  for (let index = 0; index < count; index++) {
    db.prepare("INSERT INTO note (body) VALUES (?)").run(`slice ${index}`);
    const endsMs = performance.now() + 2;
    while (performance.now() < endsMs);
    done(index);
    yield;
  }
  return count;
}

test("others have the event loop meanwhile, readers see what was there before, writers come after it", async () => {
  const { store } = await openForTest();
  await addNote(store, "before");
  const seen: number[] = [];
  let done = 0;
  const writing = store.writeInSlices((db) =>
    addNotes(db, (index) => {
      done = index + 1;
    }),
  );
  const later = addNote(store, "after");
  while (done < count) {
    await new Promise((resolve) => setImmediate(resolve));
    if (done > 0 && done < count) seen.push((await notes(store)).length);
  }
  expect(await writing).toBe(count);
  await later;
  expect(seen.length).toBeGreaterThan(0);
  expect(new Set(seen)).toEqual(new Set([1]));
  const all = await notes(store);
  expect(all).toHaveLength(count + 2);
  expect(all.at(-1)).toBe("after");
});

test("a work that ends in its first slice is one write like any other", async () => {
  const { store } = await openForTest();
  const short = store.writeInSlices(function* (db) {
    db.prepare("INSERT INTO note (body) VALUES ('short')").run();
    yield;
    return "done";
  });
  expect(await short).toBe("done");
  expect(await notes(store)).toEqual(["short"]);
});

test.each(["at once", "later"])(
  "a work that fails %s takes everything back, and its finally blocks run",
  async (when) => {
    const { store } = await openForTest();
    let isEnded = false;
    const failing = store.writeInSlices(function* (db) {
      try {
        if (when === "later") yield* addNotes(db);
        db.prepare("INSERT INTO note (body) VALUES ('lost')").run();
        throw new Error("changed my mind");
      } finally {
        isEnded = true;
      }
    });
    const other = addNote(store, "kept");
    await expect(failing).rejects.toThrow("changed my mind");
    await other;
    expect(isEnded).toBe(true);
    expect(await notes(store)).toEqual(["kept"]);
  },
);

test("a signal and a deadline end it between slices, and nothing of it stays", async () => {
  const { store } = await openForTest();
  const aborting = new AbortController();
  let isEnded = false;
  const aborted = store.writeInSlices(
    function* (db) {
      try {
        return yield* addNotes(db, (index) => index === 5 && aborting.abort());
      } finally {
        isEnded = true;
      }
    },
    { signal: aborting.signal },
  );
  await expect(aborted).rejects.toMatchObject({ code: "canceled" });
  expect(isEnded).toBe(true);
  using deadline = Deadline.after(10);
  await expect(store.writeInSlices((db) => addNotes(db), { deadline })).rejects.toMatchObject({
    code: "statement_timeout",
  });
  expect(await notes(store)).toEqual([]);
});

test("a work that ends its transaction is refused and undone", async () => {
  const { store } = await openForTest();
  const ending = store.writeInSlices(function* (db) {
    yield* addNotes(db);
    db.exec("ROLLBACK");
    yield;
  });
  await expect(ending).rejects.toThrow("must not end the transaction");
  await addNote(store, "goes on");
  expect(await notes(store)).toEqual(["goes on"]);
});

test("a store that is closed lets it end first", async () => {
  const opened = await openForTest();
  const writing = opened.store.writeInSlices((db) => addNotes(db));
  await opened.store.close();
  expect(await writing).toBe(count);
});

test("a work that fails before its first step is one that failed, and leaves nothing behind", async () => {
  const { store } = await openForTest();
  const failing = store.writeInSlices((db) => {
    db.prepare("INSERT INTO note (body) VALUES ('lost')").run();
    throw new Error("not even begun");
  });
  await expect(failing).rejects.toThrow("not even begun");
  await addNote(store, "goes on");
  expect(await notes(store)).toEqual(["goes on"]);
});

test("what a finally block writes or throws after a cancellation is undone with the rest", async () => {
  const { store } = await openForTest();
  const aborting = new AbortController();
  const canceled = store.writeInSlices(
    function* (db) {
      try {
        yield* addNotes(db, (index) => index === 5 && aborting.abort());
      } finally {
        db.prepare("INSERT INTO note (body) VALUES ('cleaned up')").run();
        // biome-ignore lint/correctness/noUnsafeFinally: what a careless work may do
        throw new Error("from the finally block");
      }
    },
    { signal: aborting.signal },
  );
  await expect(canceled).rejects.toMatchObject({ code: "canceled" });
  await addNote(store, "goes on");
  expect(await notes(store)).toEqual(["goes on"]);
});

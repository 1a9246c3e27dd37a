import { Deadline, type WeftkitError } from "@weftkit/core";
import { postgresRowLocks, type Store, type Transaction, type TransactionWork } from "@weftkit/store";
import { expect, test } from "vitest";
import { addNote, notes, openForTest } from "./open-for-test.ts";

const insertSql = "INSERT INTO note (id, body) VALUES (?, ?)";
const updateSql = "UPDATE note SET body = ? WHERE id = ?";

function insert(work: TransactionWork, body: string): number {
  const id = work.nextRowid("note");
  work.change(insertSql, [id, body], { scope: "note", key: id, after: body });
  return id;
}

function update(work: TransactionWork, id: number, body: string): void {
  work.lock(postgresRowLocks, "note", id, "no key update");
  work.change(updateSql, [body, id], { scope: "note", key: id, after: body });
}

/** A store with notes "1" to "3", whose rowids are 1 to 3. */
async function openWithNotes(options: Parameters<typeof openForTest>[0] = {}): Promise<Store> {
  const { store } = await openForTest(options);
  await Promise.all(["1", "2", "3"].map((body) => addNote(store, body)));
  return store;
}

/** Lets somebody else write, so that every open transaction that can has to park. */
function somebodyWrites(store: Store): Promise<void> {
  return store.write(() => {});
}

test("a transaction sees its own changes, others see them after its commit", async () => {
  const store = await openWithNotes();
  const transaction = store.begin();
  const id = await transaction.run((work) => insert(work, "new"));
  expect(id).toBe(4);
  expect(await notes(transaction)).toEqual(["1", "2", "3", "new"]);
  expect(await notes(store)).toEqual(["1", "2", "3"]);
  await transaction.commit();
  expect(await notes(store)).toEqual(["1", "2", "3", "new"]);
  expect(transaction.isOpen).toBe(false);
  await expect(transaction.run(() => {})).rejects.toMatchObject({ code: "transaction_ended" });
  expect(store.locks.held()).toEqual([]);
});

test("a transaction that another writer interrupts at every step commits the same", async () => {
  const store = await openWithNotes();
  const transaction = store.begin();
  for (let id = 1; id <= 3; id++) {
    await transaction.run((work) => update(work, id, `changed ${id}`));
    expect(transaction.isParked).toBe(false);
    await addNote(store, `between ${id}`);
    expect(transaction.isParked).toBe(true);
    expect(await notes(store)).not.toContain(`changed ${id}`);
  }
  expect(await notes(transaction)).toContain("changed 2");
  await transaction.commit();
  expect((await notes(store)).sort()).toEqual([
    "between 1",
    "between 2",
    "between 3",
    "changed 1",
    "changed 2",
    "changed 3",
  ]);
});

test("two open transactions of one thread that write different rows both commit", async () => {
  const store = await openWithNotes();
  const [first, second] = [store.begin(), store.begin()];
  await first.run((work) => update(work, 1, "first"));
  await second.run((work) => update(work, 2, "second"));
  await first.run((work) => insert(work, "first's"));
  await second.run((work) => insert(work, "second's"));
  await first.commit();
  await second.commit();
  expect(await notes(store)).toEqual(["first", "second", "3", "first's", "second's"]);
});

test("rolled back, a transaction leaves nothing, parked or not", async () => {
  const store = await openWithNotes();
  const [onWriter, parked] = [store.begin(), store.begin()];
  await parked.run((work) => update(work, 1, "gone"));
  await onWriter.run((work) => update(work, 2, "gone"));
  expect([parked.isParked, onWriter.isParked]).toEqual([true, false]);
  onWriter.rollback();
  parked.rollback();
  expect(await notes(store)).toEqual(["1", "2", "3"]);
  expect(store.locks.held()).toEqual([]);
});

test("who wants a row that another transaction has changed waits for its end", async () => {
  const store = await openWithNotes();
  const [first, second] = [store.begin(), store.begin()];
  await first.run((work) => update(work, 1, "first"));
  const order: string[] = [];
  const waiting = second
    .run((work) => {
      update(work, 1, "second");
      return work.db.prepare("SELECT count(*) FROM note").pluck().get();
    })
    .then(() => order.push("second ran"));
  await somebodyWrites(store);
  expect(store.locks.waits()).toMatchObject([{ owner: second.owner, blockers: [first.owner] }]);
  await first.commit().then(() => order.push("first committed"));
  await waiting;
  expect(order).toEqual(["first committed", "second ran"]);
  await second.commit();
  expect((await notes(store))[0]).toBe("second");
});

test("marks: what came after one is undone, its locks are given back, and the mark stays", async () => {
  const store = await openWithNotes();
  const transaction = store.begin();
  await transaction.run((work) => update(work, 1, "kept"));
  const mark = transaction.mark();
  for (const body of ["undone", "undone again"]) {
    await transaction.run((work) => update(work, 2, body));
    const inner = transaction.mark();
    await transaction.run((work) => insert(work, "undone, too"));
    transaction.release(inner);
    expect(() => transaction.rollbackTo(inner)).toThrow("released");
    transaction.rollbackTo(mark);
    expect(await notes(transaction)).toEqual(["kept", "2", "3"]);
    expect(transaction.overlay("note")).toEqual(new Map([[1, "kept"]]));
    expect(store.locks.held().map(({ key }) => key)).toEqual([1]);
  }
  await transaction.commit();
  expect(await notes(store)).toEqual(["kept", "2", "3"]);
});

test("a transaction that holds the writer is not parked, and its marks work", async () => {
  const store = await openWithNotes();
  const transaction = store.begin();
  await transaction.run((work) => update(work, 1, "before"));
  const before = transaction.mark();
  await transaction.run((work) => {
    work.hold();
    work.db.exec("CREATE TABLE other (id INTEGER PRIMARY KEY)");
  });
  const within = transaction.mark();
  const order: string[] = [];
  const other = addNote(store, "waits").then(() => order.push("written"));
  await transaction.run((work) => insert(work, "undone"));
  transaction.rollbackTo(within);
  await expect(
    transaction.run((work) => {
      insert(work, "undone");
      throw new Error("mine");
    }),
  ).rejects.toThrow("mine");
  expect(await notes(transaction)).toEqual(["before", "2", "3"]);
  expect(order).toEqual([]);
  transaction.rollbackTo(before);
  await other;
  expect(transaction.isHolding).toBe(false);
  await transaction.commit();
  expect(await notes(store)).toEqual(["before", "2", "3", "waits"]);
  await expect(store.read((db) => db.exec("SELECT * FROM other"))).rejects.toThrow("no such table");
});

test("a journal too long to be replayed keeps the writer, and can be taken back", async () => {
  const store = await openWithNotes({ journalLimits: { changesMax: 10, bytesMax: 1000 } });
  const transaction = store.begin();
  const mark = transaction.mark();
  const fill = (work: TransactionWork) => {
    for (let row = 0; row < 20; row++) insert(work, `row ${work.nextRowid("note")}`);
  };
  await expect(
    transaction.run((work) => {
      fill(work);
      throw new Error("mine");
    }),
  ).rejects.toThrow("mine");
  expect(transaction.isHolding).toBe(false);
  await transaction.run(fill);
  expect(transaction.isHolding).toBe(true);
  transaction.rollbackTo(mark);
  expect(transaction.isHolding).toBe(false);
  await transaction.run(fill);
  await transaction.run(fill);
  await transaction.commit();
  expect(await notes(store)).toHaveLength(43);
});

test("a call that throws has changed nothing, and the transaction goes on", async () => {
  const store = await openWithNotes();
  const transaction = store.begin();
  await transaction.run((work) => update(work, 1, "kept"));
  await expect(transaction.run((work) => insert(work, "2"))).rejects.toMatchObject({
    code: "SQLITE_CONSTRAINT_UNIQUE",
  });
  await expect(
    transaction.run((work) => {
      insert(work, "undone");
      return insert(work, "2");
    }),
  ).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT_UNIQUE" });
  await transaction.commit();
  expect(await notes(store)).toEqual(["kept", "2", "3"]);
});

test("two that wait for each other: one is told so, the other goes on", async () => {
  const store = await openWithNotes({ deadlockTimeoutMs: 20 });
  const [first, second] = [store.begin(), store.begin()];
  await first.run((work) => update(work, 1, "first"));
  await second.run((work) => update(work, 2, "second"));
  const firstWaits = first.run((work) => update(work, 2, "first")).catch((error: WeftkitError) => error.code);
  const secondWaits = second
    .run((work) => update(work, 1, "second"))
    .catch((error: WeftkitError) => error.code);
  const victim = await Promise.race([firstWaits.then(() => first), secondWaits.then(() => second)]);
  victim.rollback();
  expect((await Promise.all([firstWaits, secondWaits])).filter((code) => code === "deadlock")).toHaveLength(
    1,
  );
  await (victim === first ? second : first).commit();
});

test("a circle through the writer that a transaction holds is found, too", async () => {
  const store = await openWithNotes({ deadlockTimeoutMs: 20 });
  const [holder, other] = [store.begin(), store.begin()];
  await other.run((work) => update(work, 1, "other"));
  await holder.run((work) => work.hold());
  const waiting = other.run((work) => update(work, 2, "other too"));
  await expect(holder.lock(postgresRowLocks, "note", 1, "update")).rejects.toMatchObject({
    code: "deadlock",
  });
  holder.rollback();
  await waiting;
  await other.commit();
  expect(await notes(store)).toEqual(["other", "other too", "3"]);
});

test("NOWAIT, SKIP LOCKED, a time limit, a deadline and a cancel end without the lock", async () => {
  const store = await openWithNotes();
  const [holder, other] = [store.begin(), store.begin()];
  await holder.lock(postgresRowLocks, "note", 1, "update");
  const ask = (options: Parameters<Transaction["lock"]>[4]) =>
    other.lock(postgresRowLocks, "note", 1, "key share", options);
  await expect(ask({ nowait: true })).rejects.toMatchObject({ code: "lock_not_available" });
  expect(await ask({ skipLocked: true })).toBe(false);
  await expect(ask({ timeoutMs: 5 })).rejects.toMatchObject({ code: "lock_timeout" });
  using deadline = Deadline.after(5);
  await expect(ask({ deadline })).rejects.toMatchObject({ code: "statement_timeout" });
  const controller = new AbortController();
  const canceled = ask({ signal: controller.signal });
  controller.abort();
  await expect(canceled).rejects.toMatchObject({ code: "canceled" });
  using later = Deadline.after(5);
  await expect(other.run((work) => update(work, 1, "never"), { deadline: later })).rejects.toMatchObject({
    code: "statement_timeout",
  });
  const waiting = other.run((work) => update(work, 1, "never"));
  other.rollback();
  await expect(waiting).rejects.toMatchObject({ code: "canceled" });
  expect(store.locks.waits()).toEqual([]);
  holder.rollback();
  expect(store.locks.held()).toEqual([]);
});

test("a transaction that nobody goes on with is ended, and its locks are free", async () => {
  const store = await openWithNotes();
  const ended = Promise.withResolvers<WeftkitError>();
  const forgotten = store.begin({ idleMsMax: 10, onEnded: ended.resolve });
  await forgotten.run((work) => update(work, 1, "forgotten"));
  await store.transact((work) => update(work, 1, "mine"));
  expect((await ended.promise).code).toBe("idle_timeout");
  await expect(forgotten.commit()).rejects.toMatchObject({ code: "idle_timeout" });
  expect(await notes(store)).toEqual(["mine", "2", "3"]);
});

test("a commit in the turn in which a snapshot was taken counts as later", async () => {
  const store = await openWithNotes();
  const writer = store.begin();
  await writer.run((work) => update(work, 1, "first"));
  // The second shares the connection of the first. The writer has all it needs, and commits at once.
  const taking = [store.snapshot(), store.snapshot()];
  const first = writer.commit();
  for (const snapshot of await Promise.all(taking)) {
    const transaction = store.begin({ from: snapshot });
    expect(await notes(transaction)).toEqual(["1", "2", "3"]);
    await expect(transaction.run((work) => update(work, 1, "lost"))).rejects.toMatchObject({
      code: "write_conflict",
    });
    transaction.rollback();
    snapshot.release();
  }
  await first;
  expect(await notes(store)).toEqual(["first", "2", "3"]);
});

test("on a snapshot a transaction reads one state, and loses against who changed a row first", async () => {
  const store = await openWithNotes();
  const snapshot = await store.snapshot();
  const transaction = store.begin({ from: snapshot });
  await store.transact((work) => update(work, 1, "first"));
  expect(await notes(transaction)).toEqual(["1", "2", "3"]);
  await transaction.run((work) => update(work, 2, "mine"));
  expect(transaction.overlay("note")).toEqual(new Map([[2, "mine"]]));
  expect(transaction.changedSince("note", 1)).toBe(true);
  expect(transaction.changedSince("note", 2)).toBe(false);
  await expect(transaction.run((work) => update(work, 1, "lost"))).rejects.toMatchObject({
    code: "write_conflict",
  });
  await transaction.commit();
  snapshot.release();
  expect(await notes(store)).toEqual(["first", "mine", "3"]);
});

test("snapshots of one state share a connection, so hundreds are cheap", async () => {
  const { store, metrics } = await openForTest({ snapshotsMax: 2 });
  const snapshots = await Promise.all(Array.from({ length: 300 }, () => store.snapshot()));
  await addNote(store, "new");
  const later = await store.snapshot();
  expect(await metrics.metrics()).toMatch(/weftkit_store_snapshots\{image="test"\} 2/);
  for (const snapshot of snapshots.slice(1)) snapshot.release();
  expect(await notes(snapshots[0]!)).toEqual([]);
  expect(await notes(later)).toEqual(["new"]);
  snapshots[0]!.release();
  later.release();
  expect(await metrics.metrics()).toMatch(/weftkit_store_snapshots\{image="test"\} 0/);
});

test("temporary tables are refused where all would see them", async () => {
  const { store } = await openForTest();
  await expect(store.read((db) => db.exec("CREATE TEMP TABLE mine (id)"))).rejects.toMatchObject({
    code: "SQLITE_READONLY",
  });
});

test("work in slices lets the event loop go on, and is undone with its transaction", async () => {
  const store = await openWithNotes();
  const transaction = store.begin();
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  const count = await transaction.runInSlices(function* (work) {
    const endsMs = performance.now() + 40;
    let count = 0;
    while (performance.now() < endsMs) {
      insert(work, `slice ${count++}`);
      yield;
    }
    return count;
  });
  clearInterval(counting);
  expect(turns).toBeGreaterThan(0);
  expect(await notes(transaction)).toHaveLength(3 + count);
  const going = transaction.runInSlices(function* () {
    for (;;) yield;
  });
  await new Promise(setImmediate);
  transaction.rollback();
  await expect(going).rejects.toMatchObject({ code: "canceled" });
  expect(await notes(store)).toHaveLength(3);
});

test("closing ends the transactions that are open, and says so", async () => {
  const store = await openWithNotes();
  const ended = Promise.withResolvers<WeftkitError>();
  const open = store.begin({ onEnded: ended.resolve });
  await open.run((work) => update(work, 1, "lost"));
  const committing = store.begin();
  await committing.run((work) => update(work, 2, "kept"));
  const committed = committing.commit();
  await store.close();
  await committed;
  expect((await ended.promise).code).toBe("closed");
  const { store: again } = await openForTest({ file: store.file });
  expect(await notes(again)).toEqual(["1", "kept", "3"]);
});

test("those who hold the writers back do not wait for a transaction that is only open", async () => {
  const store = await openWithNotes();
  const transaction = store.begin();
  await transaction.run((work) => update(work, 1, "mine"));
  await store.exclusively(async (writer) => {
    expect(writer.prepare("SELECT body FROM note WHERE id = 1").pluck().get()).toBe("1");
  });
  await transaction.commit();
  expect((await notes(store))[0]).toBe("mine");
});

test("a transaction that is left open delays nobody who writes other rows", async () => {
  const store = await openWithNotes();
  const open = store.begin();
  await open.run((work) => update(work, 1, "left open"));
  const writes = 200;
  let worstMs = 0;
  for (let n = 0; n < writes; n++) {
    const startedMs = performance.now();
    await store.transact((work) => update(work, 2, `write ${n}`));
    worstMs = Math.max(worstMs, performance.now() - startedMs);
    if (n % 10 === 0) await open.run((work) => update(work, 3, `still open ${n}`));
  }
  console.log(`${writes} writes beside an open transaction: the longest took ${worstMs.toFixed(1)} ms`);
  await open.commit();
  expect(await notes(store)).toEqual(["left open", `write ${writes - 1}`, "still open 190"]);
});

test("a part of a work that fails leaves nothing, and the work goes on", async () => {
  const store = await openWithNotes();
  const transaction = store.begin();
  await transaction.run((work) => {
    update(work, 1, "kept");
    expect(() =>
      work.within(() => {
        update(work, 2, "undone");
        insert(work, "undone");
        work.within(() => update(work, 3, "undone"));
        throw new Error("no");
      }),
    ).toThrow("no");
    work.within(() => update(work, 3, "kept too"));
  });
  // Somebody else parks it, so that its journal is replayed.
  await somebodyWrites(store);
  expect(await notes(transaction)).toEqual(["kept", "2", "kept too"]);
  await transaction.commit();
  expect(await notes(store)).toEqual(["kept", "2", "kept too"]);
});

test("a part that fails gives the writer back that it took hold of", async () => {
  const store = await openWithNotes();
  const transaction = store.begin();
  await transaction.run((work) => {
    update(work, 1, "before");
    expect(() =>
      work.within(() => {
        work.hold();
        work.db.exec("CREATE TABLE other (id INTEGER PRIMARY KEY)");
        throw new Error("no");
      }),
    ).toThrow("no");
  });
  expect(transaction.isHolding).toBe(false);
  await somebodyWrites(store);
  await transaction.commit();
  expect(await notes(store)).toContain("before");
  expect(
    await store.read((db) =>
      db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'other'").pluck().get(),
    ),
  ).toBe(0);
});

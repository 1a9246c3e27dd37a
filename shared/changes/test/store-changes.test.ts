import { type ChangeBatch, positionOf, recordChange, tokenOf } from "@weftkit/changes";
import { expect, test } from "vitest";
import { decodeChanges, encodeChanges } from "../src/batch-format.ts";
import { addNote, bodies, noteChange, openForTest } from "./open-for-test.ts";

test("what is committed while somebody listens can be read in its order, one batch for each commit", async () => {
  const { store, changes } = await openForTest();
  const from = await changes.listen();
  await store.write((db) => {
    addNote(db, "a");
    addNote(db, "b");
  });
  await store.write((db) => addNote(db, "c"));
  await store.write(() => {});
  const batches = await changes.read(from);
  expect(bodies(batches)).toEqual([["a", "b"], ["c"]]);
  expect(batches[0]).toMatchObject({ origin: "local", changes: [{ namespace: "note", op: "insert" }, {}] });
  expect(bodies(await changes.read(batches[0]!.position))).toEqual([["c"]]);
  expect(await changes.read(changes.newest)).toEqual([]);
  expect(batches[1]!.stamp).toBeGreaterThan(batches[0]!.stamp);
});

test("what is undone is not recorded", async () => {
  const { store, changes } = await openForTest();
  const from = await changes.listen();
  await expect(
    store.write((db) => {
      addNote(db, "undone");
      throw new Error("mine");
    }),
  ).rejects.toThrow("mine");
  const transaction = store.begin();
  const add = (body: string) =>
    transaction.run((work) => {
      const id = 1000 + work.nextRowid("note");
      work.change("INSERT INTO note (id, body) VALUES (?, ?)", [id, body]);
      recordChange(work.db, () => noteChange(id, body));
    });
  await add("kept");
  const mark = transaction.mark();
  await add("undone");
  transaction.rollbackTo(mark);
  await expect(
    transaction.run((work) => {
      recordChange(work.db, () => noteChange(9, "undone"));
      throw new Error("mine");
    }),
  ).rejects.toThrow("mine");
  await store.write((db) => addNote(db, "first"));
  await add("kept, too");
  await transaction.commit();
  expect(bodies(await changes.read(from))).toEqual([["first"], ["kept", "kept, too"]]);
});

test("what is recorded in slices goes with its transaction, and is undone with it", async () => {
  const { store, changes } = await openForTest();
  const from = await changes.listen();
  const transaction = store.begin();
  const add = (bodies: readonly string[], error?: Error) =>
    transaction.runInSlices(function* (work) {
      for (const body of bodies) {
        const id = 1000 + work.nextRowid("note");
        work.change("INSERT INTO note (id, body) VALUES (?, ?)", [id, body]);
        recordChange(work.db, () => noteChange(id, body));
        yield;
      }
      if (error !== undefined) throw error;
    });
  await add(["a", "b"]);
  await expect(add(["undone", "undone, too"], new Error("mine"))).rejects.toThrow("mine");
  await store.write((db) => addNote(db, "first"));
  await add(["c"]);
  await transaction.commit();
  expect(bodies(await changes.read(from))).toEqual([["first"], ["a", "b", "c"]]);
});

test("while nobody listens nothing is made, and nothing can be gone on from", async () => {
  const { store, changes } = await openForTest();
  let made = 0;
  const write = () =>
    store.write((db) =>
      recordChange(db, () => {
        made++;
        return noteChange(1, "x");
      }),
    );
  await write();
  expect(made).toBe(0);
  await expect(changes.read(changes.newest)).rejects.toMatchObject({ code: "too_old" });
  const from = await changes.listen();
  await write();
  expect(made).toBe(1);
  expect(await changes.read(from)).toHaveLength(1);
});

test("a transaction that had changed something before is waited for", async () => {
  const { store, changes } = await openForTest();
  const transaction = store.begin();
  await transaction.change("INSERT INTO note (id, body) VALUES (1000, 'unrecorded')", []);
  let isListening = false;
  const listening = changes.listen().then((position) => {
    isListening = true;
    return position;
  });
  await store.write((db) => addNote(db, "before"));
  expect(isListening).toBe(false);
  await transaction.commit();
  const from = await listening;
  await store.write((db) => addNote(db, "after"));
  expect(bodies(await changes.read(from))).toEqual([["after"]]);
});

test("followers get what is there and what comes, and heartbeats where nothing is for them", async () => {
  const { store, changes } = await openForTest();
  const from = await changes.listen();
  await store.write((db) => addNote(db, "there"));
  const controller = new AbortController();
  const followed: ChangeBatch[] = [];
  const following = (async () => {
    for await (const batch of changes.follow(from, controller.signal)) {
      followed.push(batch);
      if (followed.length === 1) void store.write((db) => addNote(db, "comes"));
      else break;
    }
  })();
  await following;
  expect(bodies(followed)).toEqual([["there"], ["comes"]]);
  for await (const batch of changes.follow(from, controller.signal, {
    namespaces: ["other"],
    heartbeatMs: 5,
  })) {
    expect(batch.changes).toEqual([]);
    expect(batch.position).toEqual(changes.newest);
    break;
  }
  for await (const batch of changes.follow(from, controller.signal, {
    allows: () => false,
    heartbeatMs: 5,
  })) {
    expect(batch.changes).toEqual([]);
    break;
  }
  expect(changes.followers).toBe(0);
});

test("a durable consumer goes on after a restart, and nothing is forgotten before it has it", async () => {
  const first = await openForTest({ windowBytes: 0 });
  await first.changes.retain("sidecar");
  for (let n = 0; n < 20; n++) await first.store.write((db) => addNote(db, `note ${n}`));
  const [consumer] = await first.changes.consumers();
  expect(consumer).toMatchObject({ name: "sidecar", dropped: undefined });
  await first.changes.close();
  await first.store.close();

  const second = await openForTest({ file: first.store.file, windowBytes: 0 });
  expect(second.changes.isListening).toBe(true);
  expect(second.changes.identity).toBe(first.changes.identity);
  await second.store.write((db) => addNote(db, "after the restart"));
  const batches = await second.changes.read(consumer!.position);
  expect(batches).toHaveLength(21);
  const last = batches.at(-1)!.position;
  expect(last.epoch).toBeGreaterThan(consumer!.position.epoch);
  expect(await second.changes.read(second.changes.oldest)).toHaveLength(21);
  await second.changes.retain("sidecar", last);
  await second.changes.close();
  const { count } = (await second.store.read((db) =>
    db.prepare("SELECT count(*) AS count FROM weftkit_changes").get(),
  )) as { count: number };
  expect(count).toBe(0);
  await expect(second.changes.read(consumer!.position)).rejects.toMatchObject({ code: "too_old" });
  expect(await second.changes.read(last)).toEqual([]);
});

test("a consumer for which too much would be kept is dropped, and told so", async () => {
  const { store, changes } = await openForTest({ windowBytes: 1000, bytesMax: 10_000 });
  const slow = await changes.retain("slow");
  const quick = await changes.retain("quick");
  let at = quick;
  for (let n = 0; n < 40; n++) {
    await store.write((db) => addNote(db, "x".repeat(1000)));
    at = (await changes.read(at)).at(-1)!.position;
    await changes.retain("quick", at);
  }
  await expect
    .poll(async () => (await changes.consumers()).map(({ dropped }) => dropped))
    .toEqual([undefined, expect.stringContaining("10000 bytes")]);
  await expect(changes.retain("slow", slow)).rejects.toMatchObject({ code: "consumer_dropped" });
  await expect(changes.read(slow)).rejects.toMatchObject({ code: "too_old" });
  await changes.retain("slow");
  expect((await changes.consumers()).map(({ dropped }) => dropped)).toEqual([undefined, undefined]);
  await changes.forget("slow");
  expect(await changes.consumers()).toHaveLength(1);
});

test("what comes after a consumer that begins is kept for it, also while the log is shortened", async () => {
  const { store, changes } = await openForTest({ windowBytes: 100 });
  await changes.retain("first");
  const write = async (times: number) => {
    for (let n = 0; n < times; n++) await store.write((db) => addNote(db, "x".repeat(200)));
  };
  for (let round = 0; round < 40; round++) {
    await write(3);
    // What the one that leaves has kept is forgotten, while the next one begins, and others write.
    const forgotten = changes.forget("first");
    const writes = [write(round % 5), write(round % 3)];
    const from = await changes.retain("second");
    await Promise.all([forgotten, ...writes]);
    const batches = await changes.read(from);
    expect(batches.length).toBe(Number(changes.newest.sequence - from.sequence));
    await changes.retain("first");
    await changes.forget("second");
  }
});

test("reads are bounded by batches and by bytes", async () => {
  const { store, changes } = await openForTest();
  const from = await changes.listen();
  for (let n = 0; n < 10; n++) await store.write((db) => addNote(db, "x".repeat(1000)));
  expect(await changes.read(from, { batchesMax: 3 })).toHaveLength(3);
  expect(await changes.read(from, { bytesMax: 2500 })).toHaveLength(2);
  expect(await changes.read(from, { bytesMax: 10 })).toHaveLength(1);
});

test("recording ends in a while after the last follower has left", async () => {
  const { store, changes } = await openForTest({ graceMs: 1 });
  const from = await changes.listen();
  await expect.poll(() => changes.isListening).toBe(false);
  await store.write((db) => addNote(db, "unseen"));
  await changes.listen();
  await expect(changes.read(from)).rejects.toMatchObject({ code: "too_old" });
});

test("a position of what was undone by a restore is too old, one of before is not", async () => {
  const first = await openForTest();
  const from = await first.changes.retain("sidecar");
  await first.store.write((db) => addNote(db, "pushed"));
  const pushed = `${first.store.file}.pushed`;
  await first.store.exclusively(async (db) => {
    db.pragma("wal_checkpoint(TRUNCATE)");
    await db.backup(pushed);
  });
  const [kept] = await first.changes.read(from);
  await first.store.write((db) => addNote(db, "lost"));
  const lost = (await first.changes.read(from)).at(-1)!.position;

  const restored = await openForTest({ file: pushed });
  for (const body of ["other", "and more"]) await restored.store.write((db) => addNote(db, body));
  await expect(restored.changes.read(lost)).rejects.toMatchObject({ code: "too_old" });
  expect(bodies(await restored.changes.read(kept!.position))).toEqual([["other"], ["and more"]]);
});

test("a snapshot and the changes after its position give the state", async () => {
  const { store, changes } = await openForTest();
  await store.write((db) => addNote(db, "before"));
  const { position, snapshot } = await changes.snapshot();
  await store.write((db) => addNote(db, "after"));
  const seen = await snapshot.read((db) => db.prepare("SELECT body FROM note").pluck().all());
  snapshot.release();
  expect([...seen, ...bodies(await changes.read(position)).flat()]).toEqual(["before", "after"]);
});

test("batches are encoded so that they come back the same", () => {
  const changes = [
    { namespace: "ä", key: Buffer.from([0, 255]), op: "update", format: "", before: Buffer.alloc(300, 1) },
    { namespace: "", key: Buffer.alloc(0), op: "truncate", format: "json", after: Buffer.alloc(0) },
    { namespace: "x".repeat(200), key: Buffer.alloc(20_000, 7), op: "schema", format: "raw" },
  ] as const;
  expect(decodeChanges(encodeChanges(changes))).toEqual(changes);
  const bytes = encodeChanges(changes);
  expect(() => decodeChanges(bytes.subarray(0, 100))).toThrow(RangeError);
  expect(() => decodeChanges(Buffer.from([9]))).toThrow("format 9");
});

test("tokens come back the same, and those of others are refused", async () => {
  const { changes } = await openForTest();
  const position = await changes.listen();
  const token = tokenOf(changes.identity, position);
  expect(positionOf(token, changes.identity)).toEqual(position);
  expect(() => positionOf(token, "0".repeat(16))).toThrow(
    expect.objectContaining({ code: "other_database" }),
  );
  expect(() => positionOf("1", changes.identity)).toThrow(
    expect.objectContaining({ code: "malformed_token" }),
  );
});

import { Deadline } from "@weftkit/core";
import { interruptSupport, type Store, type WorkerTask } from "@weftkit/store";
import { expect, test } from "vitest";
import { addNote, notes, openForTest } from "./open-for-test.ts";

const { available: built, why } = interruptSupport();
if (!built) console.log(`what needs the interrupt extension is left out: ${why}`);

const module = new URL("./slow-reads.ts", import.meta.url);
const task = (name: string, argument: unknown = undefined): WorkerTask => ({ module, name, argument });
/** More than any test waits for. */
const endless = task("count", 1e12);

/** Resolves when a worker is running, by a task that it has done. */
async function warm(store: Store): Promise<void> {
  await store.readInWorker(task("bodies", "%"));
}

test("a worker reads what was committed before", async () => {
  const { store } = await openForTest({ prepareModule: module });
  await addNote(store, "one");
  expect(await store.readInWorker(task("bodies", "o%"))).toEqual(["one"]);
  const second = addNote(store, "other");
  await second;
  expect(await store.readInWorker(task("bodies", "o%"))).toEqual(["one", "other"]);
  expect(await store.readInWorker(task("isPrepared"))).toBe("yes");
});

test("errors of SQLite and of the thread are told, and the next read works", async () => {
  const { store } = await openForTest({ readerWorkersMax: 1 });
  await expect(store.readInWorker(task("failing"))).rejects.toMatchObject({ code: "SQLITE_ERROR" });
  await expect(store.readInWorker(task("die"))).rejects.toMatchObject({ code: "worker_ended" });
  await expect(store.readInWorker(task("missing"))).rejects.toThrow("no export missing");
  await expect(store.readInWorker(task("bodies", () => {}))).rejects.toThrow("could not be cloned");
  expect(await store.readInWorker(task("bodies", "%"))).toEqual([]);
});

test.skipIf(!built)(
  "a long statement leaves short reads and writes alone, and ends when it is canceled",
  async () => {
    const { store } = await openForTest();
    await warm(store);
    const controller = new AbortController();
    const long = store.readInWorker(endless, { signal: controller.signal });
    for (let n = 0; n < 50; n++) {
      await addNote(store, String(n));
      expect(await notes(store)).toHaveLength(n + 1);
    }
    controller.abort();
    await expect(long).rejects.toMatchObject({ code: "canceled" });
  },
);

test.skipIf(!built)("a deadline ends a statement, a loop without any, and waiting for a worker", async () => {
  const { store } = await openForTest({ readerWorkersMax: 1 });
  await warm(store);
  using deadline = Deadline.after(20);
  const late = { code: "statement_timeout" };
  const running = store.readInWorker(task("spin"), { deadline });
  await expect(store.readInWorker(task("bodies", "%"), { deadline })).rejects.toMatchObject(late);
  await expect(running).rejects.toMatchObject(late);
  using another = Deadline.after(20);
  await expect(store.readInWorker(endless, { deadline: another })).rejects.toMatchObject(late);
  expect(await store.readInWorker(task("bodies", "%"))).toEqual([]);
});

test("a stream gives its parts as they are asked for, and ends when nobody asks any more", async () => {
  const { store } = await openForTest({ readerWorkersMax: 1 });
  const sizes: number[] = [];
  for await (const part of store.streamInWorker<number[]>(task("parts", 1000))) {
    sizes.push(part.length);
    if (sizes.length === 3) break;
  }
  expect(sizes).toEqual([1000, 1000, 1000]);
  expect(await store.readInWorker(task("bodies", "%"))).toEqual([]);
  let count = 0;
  for await (const part of store.streamInWorker<number[]>(task("parts", 100_000))) count += part.length;
  expect(count).toBe(1_000_000);
  const controller = new AbortController();
  const stream = store.streamInWorker(task("parts", 10), { signal: controller.signal });
  await expect(
    (async () => {
      for await (const _ of stream) controller.abort();
    })(),
  ).rejects.toMatchObject({ code: "canceled" });
});

test.skipIf(!built)("closing ends what runs", async () => {
  const { store } = await openForTest();
  await warm(store);
  const running = store.readInWorker(endless);
  const refused = expect(running).rejects.toMatchObject({ code: "closed" });
  await store.close();
  await refused;
  await expect(store.readInWorker(endless)).rejects.toMatchObject({ code: "closed" });
});

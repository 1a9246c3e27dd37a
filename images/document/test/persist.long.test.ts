import { startPersistFunction } from "@weftkit/testing/persist-function";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import type { MongoClient } from "mongodb";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";

async function fill(client: MongoClient): Promise<void> {
  const db = client.db("shop");
  await db.collection("customers").createIndex({ name: 1 }, { unique: true });
  await db.collection("notes").createIndex({ text: "text" });
  await db.createCollection("late", {
    viewOn: "customers",
    pipeline: [{ $match: { number: { $gt: 190 } } }],
  });
  for (let number = 1; number <= 200; number++) {
    await db.collection("customers").insertOne({ number, name: `customer ${number}`, tags: ["a", number] });
  }
  await db.collection("notes").insertOne({ text: "a quick brown fox" });
}

async function verify(client: MongoClient): Promise<void> {
  const db = client.db("shop");
  const customers = db.collection("customers");
  expect(await customers.countDocuments()).toBe(200);
  expect(await customers.findOne({ name: "customer 7" })).toMatchObject({ number: 7, tags: ["a", 7] });
  expect((await customers.indexes()).map(({ name }) => name)).toEqual(["_id_", "name_1"]);
  await expect(customers.insertOne({ name: "customer 7" })).rejects.toMatchObject({ code: 11000 });
  expect(await db.collection("late").countDocuments()).toBe(10);
  expect(await db.collection("notes").countDocuments({ $text: { $search: "foxes" } })).toBe(1);
  expect(await db.command({ validate: "customers" })).toMatchObject({ valid: true, nrecords: 200 });
}

test("a restart, and a volume that is lost, leave documents, indexes and views", async () => {
  const persist = await startPersistFunction();
  const dataDir = temporaryFolder();
  for (const [step, folder] of [dataDir, dataDir, temporaryFolder()].entries()) {
    const engine = await EngineProcess.start(folder, persist);
    const client = await engine.client();
    if (step === 0) await fill(client);
    await verify(client);
    await client.close();
    expect(await engine.terminate()).toBe(0);
  }
});

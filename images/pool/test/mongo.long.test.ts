import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { EngineProgram } from "@weftkit/testing/engine-program";
import { freePort } from "@weftkit/testing/free-ports";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { documentElement, documentOf, intElement, textElement, writeMsg } from "@weftkit/wire-mongo";
import { MongoClient, type MongoClientOptions } from "mongodb";
import { expect, onTestFinished, test, vi } from "vitest";
import { startPool } from "./start-pool.ts";

const file = join(import.meta.dirname, "../../document/dist/main.mjs");
const password = "a-long-secret";

async function pooled(
  section: Readonly<Record<string, unknown>> = {},
  environment: Readonly<Record<string, string>> = {},
) {
  const dataDir = temporaryFolder();
  const port = await freePort();
  const start = () =>
    new EngineProgram(file, dataDir, { WEFTKIT_PORT: String(port), ...environment }).ready();
  const engine = await start();
  const { service } = await startPool({
    backends: [`document=127.0.0.1:${port}`],
    mongo_port: 0,
    ...section,
  });
  const state = () => service.status().mongo as Record<string, number>;
  return { engine, start, port, pool: service.mongoPort, state };
}

function client(port: number, options: MongoClientOptions = {}, login = ""): MongoClient {
  const made = new MongoClient(`mongodb://${login}127.0.0.1:${port}/`, {
    serverSelectionTimeoutMS: 20_000,
    ...options,
  });
  onTestFinished(() => made.close().catch(() => {}));
  return made;
}

test("many clients share few connections, and stay on the pool", async () => {
  const { pool, state } = await pooled({ mongo_connections: 3 });
  const clients = Array.from({ length: 20 }, () => client(pool, { replicaSet: "rs0" }));
  await Promise.all(
    clients.map(async (one, who) => {
      const items = one.db("shop").collection<{ _id: string; who: number }>("items");
      await Promise.all(Array.from({ length: 10 }, (_, at) => items.insertOne({ _id: `${who} ${at}`, who })));
      expect(await items.countDocuments({ who })).toBe(10);
    }),
  );
  expect(state().servers).toBeLessThanOrEqual(3);
  const hello = await clients[0]!.db("admin").command({ hello: 1 });
  expect([hello.me, hello.hosts]).toEqual([`127.0.0.1:${pool}`, [`127.0.0.1:${pool}`]]);
});

test("cursors go on over whichever connection, and end with their client", async () => {
  const { pool, state } = await pooled({ mongo_connections: 2 });
  const one = client(pool);
  const items = one.db("shop").collection("items");
  await items.insertMany(Array.from({ length: 500 }, (_, n) => ({ n })));
  const lists = await Promise.all(
    Array.from({ length: 8 }, () => items.find({}, { batchSize: 7 }).toArray()),
  );
  expect(lists.map((list) => list.length)).toEqual(Array(8).fill(500));
  expect(state().cursors).toBe(0);
  const left = items.find({}, { batchSize: 2 });
  await left.next();
  expect(state().cursors).toBe(1);
  await one.close();
  await vi.waitFor(() => expect(state().cursors).toBe(0), 10_000);
});

test("transactions have a connection until they end, and nobody else sees what they wrote before", async () => {
  const { pool, state } = await pooled({ mongo_connections: 2 });
  const [one, two] = [client(pool), client(pool)];
  const items = one.db("shop").collection<{ _id: number; n?: number }>("items");
  await items.insertOne({ _id: 0 });
  const session = one.startSession();
  session.startTransaction();
  await items.insertOne({ _id: 1 }, { session });
  expect(state().transactions).toBe(1);
  expect(await two.db("shop").collection("items").countDocuments()).toBe(1);
  await session.commitTransaction();
  expect(state().transactions).toBe(0);
  expect(await two.db("shop").collection("items").countDocuments()).toBe(2);
  session.startTransaction();
  await items.insertOne({ _id: 2 }, { session });
  await session.abortTransaction();
  await session.endSession();
  expect(state().transactions).toBe(0);
  expect(await items.countDocuments()).toBe(2);
});

test("a transaction whose client has gone is aborted, and its connection serves others", async () => {
  const { pool, state } = await pooled({ mongo_connections: 1 });
  const one = client(pool);
  const items = one.db("shop").collection<{ _id: number }>("items");
  await items.insertOne({ _id: 0 });
  const session = one.startSession();
  session.startTransaction();
  await items.insertOne({ _id: 1 }, { session });
  const other = client(pool).db("shop").collection<{ _id: number }>("items");
  const waits = other.insertOne({ _id: 1 });
  await vi.waitFor(() => expect(state().waiting).toBe(1), 10_000);
  // As when its process ends: nothing is said before.
  await one.close(true);
  await waits;
  expect(await other.countDocuments()).toBe(2);
  expect(state().transactions).toBe(0);
});

test("a transaction that is idle for too long is aborted", async () => {
  const { pool, state } = await pooled({ mongo_connections: 1, idle_transaction_timeout: "100ms" });
  const one = client(pool);
  const items = one.db("shop").collection<{ _id: number }>("items");
  await items.insertOne({ _id: 0 });
  const session = one.startSession();
  session.startTransaction();
  await items.insertOne({ _id: 1 }, { session });
  await vi.waitFor(() => expect(state().transactions).toBe(0), 10_000);
  await expect(items.insertOne({ _id: 2 }, { session })).rejects.toMatchObject({ code: 251 });
  await session.endSession();
  expect(await items.countDocuments()).toBe(1);
});

test("change streams wait on connections beside the shared ones", async () => {
  const { pool, state } = await pooled({ mongo_connections: 1 });
  const one = client(pool);
  const items = one.db("shop").collection<{ _id: number }>("items");
  await items.insertOne({ _id: 0 });
  const stream = items.watch();
  const heard = stream.next();
  await vi.waitFor(() => expect(state().servers).toBe(2), 10_000);
  await items.insertOne({ _id: 1 });
  expect(await heard).toMatchObject({ operationType: "insert", documentKey: { _id: 1 } });
  await stream.close();
});

test("clients log in at the pool, and the pool as them at the server", async () => {
  const { pool } = await pooled(
    { auth_type: "scram-sha-256", user: "weftkit", password },
    { WEFTKIT_AUTH: "password", WEFTKIT_AUTH_PASSWORD: password },
  );
  const one = client(pool, {}, `weftkit:${password}@`);
  await one.db("shop").collection("items").insertOne({ a: 1 });
  expect((await one.db("admin").command({ connectionStatus: 1 })).authInfo.authenticatedUsers).toMatchObject([
    { user: "weftkit" },
  ]);
  await expect(
    client(pool, {}, "weftkit:wrong@").db("shop").collection("items").findOne(),
  ).rejects.toMatchObject({ code: 18 });
  await expect(
    client(pool, {}, "nobody:wrong@").db("shop").collection("items").findOne(),
  ).rejects.toMatchObject({ code: 18 });
  await expect(client(pool).db("shop").collection("items").findOne()).rejects.toMatchObject({ code: 13 });
});

test("a server that is killed and comes back costs drivers nothing that they do not try again", async () => {
  const { pool, engine, start } = await pooled();
  const items = client(pool).db("shop").collection<{ _id: number }>("items");
  await items.insertOne({ _id: 0 });
  engine.child.kill("SIGKILL");
  await engine.exited;
  await expect(items.findOne()).rejects.toThrow();
  await start();
  await vi.waitFor(async () => expect(await items.findOne()).toEqual({ _id: 0 }), 20_000);
  await items.insertOne({ _id: 1 });
});

test("bytes that are no messages end their connection, and nothing else", async () => {
  const seed = Number(process.env.WEFTKIT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const random = randomIntegers(seed);
  const { pool, state } = await pooled();
  const items = client(pool).db("shop").collection<{ _id: number }>("items");
  await items.insertOne({ _id: 0 });
  const body = documentOf([intElement("ping", 1), documentElement("lsid", []), textElement("$db", "admin")]);
  const whole = writeMsg({ requestId: 1, body });
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(whole);
    for (let change = 0; change < 1 + random(4); change++) bytes[random(bytes.length)] = random(256);
    const socket = connect(pool, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    const closed = once(socket, "close");
    socket.end(bytes);
    await closed;
  }
  expect(await items.findOne(), `seed ${seed}`).toEqual({ _id: 0 });
  await vi.waitFor(() => expect(state().waiting).toBe(0), 10_000);
});

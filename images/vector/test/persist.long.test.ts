import { startPersistFunction } from "@weftkit/testing/persist-function";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { RandomVectors } from "./random-vectors.ts";
import { VectorClient } from "./vector-client.ts";

const dimensions = 16;
const count = 5000;
const collection = "kept";

test("a restart, and a volume that is lost, leave every vector, its metadata and what is found", async () => {
  const persist = await startPersistFunction();
  const vectors = new RandomVectors(11, dimensions);
  const known = vectors.many(count);
  const queries = vectors.many(10);
  const dataDir = temporaryFolder();
  let engine = await EngineProcess.start(dataDir, persist);
  let client = new VectorClient(`127.0.0.1:${engine.port}`);
  await client.call("CreateCollection", { name: collection, dimensions, hnsw_m: 12, distance: "euclidean" });
  await client.upsert(
    collection,
    known.map((vector, i) => ({
      id: `v${i}`,
      values: Array.from(vector),
      metadata: { parity: i % 2 === 0 ? "even" : "odd" },
    })),
  );
  const look = async () => {
    const { vectors_count, hnsw_m } = await client.call("DescribeCollection", { name: collection });
    expect([vectors_count, hnsw_m]).toEqual([count, 12]);
    const exact = [];
    for (const query of queries) {
      const more = { exact: true, filter: { parity: "even" } };
      exact.push((await client.search(collection, query, more)).map(({ id, score }) => [id, score]));
    }
    return exact;
  };
  const before = await look();
  client.close();
  expect(await engine.terminate()).toBe(0);

  engine = await EngineProcess.start(dataDir, persist);
  client = new VectorClient(`127.0.0.1:${engine.port}`);
  expect(await look()).toEqual(before);
  client.close();
  expect(await engine.terminate()).toBe(0);

  engine = await EngineProcess.start(temporaryFolder(), persist);
  client = new VectorClient(`127.0.0.1:${engine.port}`);
  expect(await look()).toEqual(before);
  // From here on it goes on as if nothing had been.
  await client.upsert(collection, [{ id: "new", values: Array.from(queries[0]!) }]);
  expect((await client.search(collection, queries[0]!))[0]).toMatchObject({ id: "new", score: 0 });
  client.close();
  expect(await engine.terminate()).toBe(0);
});

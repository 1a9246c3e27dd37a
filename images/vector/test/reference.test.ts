// The examples of the API reference, and what each call answers.
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const running = RunningEngine.forFile();
const collection = "product_embeddings";

test("a collection is made, written, searched with a filter, read and emptied", async () => {
  const { client } = running.engine;
  await client.call("CreateCollection", {
    name: collection,
    dimensions: 4,
    distance: "cosine",
    hnsw_m: 16,
    ef_construction: 200,
  });
  const answer = await client.upsert(collection, [
    { id: "prod-001", values: [0.1, 0.2, 0.3, 0.4], metadata: { name: "Widget A", category: "tools" } },
    { id: "prod-002", values: [0.4, 0.3, 0.2, 0.1], metadata: { name: "Widget B", category: "tools" } },
    { id: "prod-003", values: [0.1, 0.2, 0.3, 0.4], metadata: { name: "Widget C", category: "toys" } },
  ]);
  expect(answer).toEqual({ upserted_count: 3, duplicate_ids: [] });
  const matches = await client.search(collection, [0.1, 0.2, 0.3, 0.4], {
    ef_search: 100,
    filter: { category: "tools" },
  });
  expect(matches.map(({ id }) => id)).toEqual(["prod-001", "prod-002"]);
  expect(matches[0]).toMatchObject({ metadata: { name: "Widget A", category: "tools" } });
  expect(matches[0].score).toBeCloseTo(1, 5);
  expect(matches[1].score).toBeCloseTo(2 / 3, 5);
  const { vector } = await client.call("GetVector", { collection, id: "prod-002" });
  expect(vector.id).toBe("prod-002");
  expect(vector.values.map((value: number) => value.toFixed(3))).toEqual([
    "0.400",
    "0.300",
    "0.200",
    "0.100",
  ]);
  const { collections } = await client.call("ListCollections");
  expect(collections).toMatchObject([
    {
      name: collection,
      dimensions: 4,
      distance: "cosine",
      hnsw_m: 16,
      ef_construction: 200,
      vectors_count: 3,
    },
  ]);
  expect(await client.call("DeleteVectors", { collection, ids: ["prod-001", "prod-002", "none"] })).toEqual({
    deleted_count: 2,
  });
  expect((await client.search(collection, [0.1, 0.2, 0.3, 0.4])).map(({ id }) => id)).toEqual(["prod-003"]);
  expect((await client.failure("GetVector", { collection, id: "prod-001" })).code).toBe(status.NOT_FOUND);
});

test("an unknown collection is NOT_FOUND, one that is there ALREADY_EXISTS", async () => {
  const { client } = running.engine;
  await client.call("CreateCollection", { name: "there", dimensions: 2 });
  const again = await client.failure("CreateCollection", { name: "there", dimensions: 2 });
  expect(again.code).toBe(status.ALREADY_EXISTS);
  for (const [method, request] of [
    ["SearchVectors", { collection: "none", vector: [1, 2] }],
    ["UpsertVectors", { collection: "none", vectors: [] }],
    ["DeleteVectors", { collection: "none", ids: ["a"] }],
    ["GetVector", { collection: "none", id: "a" }],
    ["DescribeCollection", { name: "none" }],
  ] as const) {
    const error = await client.failure(method, request);
    expect([method, error.code]).toEqual([method, status.NOT_FOUND]);
    expect(error.details).toContain("none");
  }
});

test.each([
  ["no dimensions", { name: "bad", dimensions: 0 }, "dimensions"],
  ["too many dimensions", { name: "bad", dimensions: 65_537 }, "65536"],
  ["an unknown distance", { name: "bad", dimensions: 2, distance: "hamming" }, "hamming"],
  ["too many links", { name: "bad", dimensions: 2, hnsw_m: 1000 }, "1000"],
  ["an empty name", { name: "", dimensions: 2 }, "empty"],
  ["a name with a slash", { name: "a/b", dimensions: 2 }, "/"],
])("a collection with %s is refused", async (_what, request, named) => {
  const error = await running.engine.client.failure("CreateCollection", request);
  expect(error.code).toBe(status.INVALID_ARGUMENT);
  expect(error.details).toContain(named);
});

// Qdrant's own clients, over REST and gRPC, unchanged.
import { randomUUID } from "node:crypto";
import { QdrantClient as GrpcClient } from "@qdrant/js-client-grpc";
import { QdrantClient } from "@qdrant/js-client-rest";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const running = RunningEngine.forFile();

function rest(): QdrantClient {
  return new QdrantClient({ url: running.engine.url, checkCompatibility: false });
}

test("a collection lives through the REST client: points, payload, search, scroll, facets, aliases", async () => {
  const client = rest();
  await client.createCollection("rest", {
    vectors: { size: 4, distance: "Dot" },
    sparse_vectors: { words: { modifier: "idf" } },
  });
  expect((await client.getCollections()).collections).toEqual([{ name: "rest" }]);
  const uuid = randomUUID();
  await client.upsert("rest", {
    wait: true,
    points: [
      { id: 1, vector: { "": [1, 0, 0, 0] }, payload: { city: "Berlin", tags: ["a", "b"], n: 1 } },
      {
        id: 2,
        vector: { "": [0, 1, 0, 0], words: { indices: [7, 3], values: [1, 2] } },
        payload: { city: "Rome", n: 2 },
      },
      {
        id: uuid,
        vector: { "": [0.5, 0.5, 0, 0], words: { indices: [3], values: [1] } },
        payload: { city: "Berlin", n: 3 },
      },
    ],
  });
  const { points } = await client.query("rest", { query: [1, 0.1, 0, 0], limit: 2, with_payload: ["city"] });
  expect(points.map(({ id, payload }) => [id, payload])).toEqual([
    [1, { city: "Berlin" }],
    [uuid, { city: "Berlin" }],
  ]);
  const filter = { must: [{ key: "city", match: { value: "Berlin" } }], must_not: [{ has_id: [1] }] };
  expect(
    (await client.search("rest", { vector: [1, 0, 0, 0], filter, limit: 10 })).map(({ id }) => id),
  ).toEqual([uuid]);
  expect(await client.count("rest", { filter })).toEqual({ count: 1 });
  const sparse = await client.query("rest", { query: { indices: [7], values: [1] }, using: "words" });
  expect(sparse.points.map(({ id }) => id)).toEqual([2]);
  const hybrid = await client.query("rest", {
    prefetch: [{ query: [0, 1, 0, 0] }, { query: { indices: [3], values: [1] }, using: "words" }],
    query: { fusion: "rrf" },
  });
  expect(hybrid.points[0]!.id).toBe(2);
  const page = await client.scroll("rest", { limit: 2, with_vector: true });
  expect([page.points.map(({ id }) => id), page.next_page_offset]).toEqual([[1, 2], uuid]);
  await client.setPayload("rest", { points: [1], payload: { city: "Bonn" } });
  await client.deletePayload("rest", { points: [1], keys: ["n", "tags[0]"] });
  expect((await client.retrieve("rest", { ids: [1] }))[0]!.payload).toEqual({ city: "Bonn", tags: ["b"] });
  await client.createPayloadIndex("rest", { field_name: "city", field_schema: "keyword" });
  await client.createPayloadIndex("rest", { field_name: "n", field_schema: "integer" });
  expect((await client.facet("rest", { key: "city" })).hits).toEqual([
    { value: "Berlin", count: 1 },
    { value: "Bonn", count: 1 },
    { value: "Rome", count: 1 },
  ]);
  const ordered = await client.scroll("rest", { order_by: { key: "n", direction: "desc" } });
  expect(ordered.points.map(({ id }) => id)).toEqual([uuid, 2]);
  await client.updateCollectionAliases({
    actions: [{ create_alias: { collection_name: "rest", alias_name: "other" } }],
  });
  expect(await client.count("other")).toEqual({ count: 3 });
  const groups = await client.queryGroups("rest", {
    query: [1, 1, 0, 0],
    group_by: "city",
    group_size: 1,
    limit: 5,
  });
  expect(groups.groups).toHaveLength(3);
  await client.delete("rest", { filter: { must: [{ key: "city", match: { value: "Rome" } }] } });
  expect((await client.getCollection("rest")).points_count).toBe(2);
  await client.deleteCollection("rest");
  expect((await client.collectionExists("rest")).exists).toBe(false);
  await expect(client.getCollection("rest")).rejects.toMatchObject({ status: 404 });
});

test("the gRPC client finds what the REST client wrote", async () => {
  const client = rest();
  await client.createCollection("both", { vectors: { text: { size: 2, distance: "Euclid" } } });
  await client.upsert("both", {
    points: [
      {
        id: 10,
        vector: { text: [0, 0] },
        payload: { price: 1.5, sold: true, at: null, nested: { list: [1, "a"] } },
      },
      { id: 11, vector: { text: [3, 4] } },
    ],
  });
  const grpc = new GrpcClient({ url: running.engine.url, checkCompatibility: false });
  const points = grpc.api("points");
  const { result } = await points.search({
    collectionName: "both",
    vector: [0, 0],
    vectorName: "text",
    limit: 10n,
    withPayload: { selectorOptions: { case: "enable", value: true } },
  });
  expect(result.map(({ id, score }) => [id?.pointIdOptions.value, score])).toEqual([
    [10n, 0],
    [11n, 5],
  ]);
  expect(result[0]!.payload.price!.kind).toEqual({ case: "doubleValue", value: 1.5 });
  expect(result[0]!.payload.at!.kind).toEqual({ case: "nullValue", value: 0 });
  const told = await grpc.api("collections").get({ collectionName: "both" });
  expect(told.result?.pointsCount).toBe(2n);
  await points.delete({
    collectionName: "both",
    points: {
      pointsSelectorOneOf: {
        case: "points",
        value: { ids: [{ pointIdOptions: { case: "num", value: 10n } }] },
      },
    },
  });
  expect(await client.count("both")).toEqual({ count: 1 });
});

test("a collection is made again of a snapshot", async () => {
  const client = rest();
  await client.createCollection("kept", { vectors: { size: 2, distance: "Euclid" } });
  const points = Array.from({ length: 700 }, (_, i) => ({ id: i, vector: [i, -i], payload: { n: i } }));
  await client.upsert("kept", { points });
  const snapshot = await client.createSnapshot("kept");
  expect(await client.listSnapshots("kept")).toEqual([snapshot]);
  await client.delete("kept", { filter: {} });
  await client.upsert("kept", { points: [{ id: 9999, vector: [0, 0] }] });
  await client.recoverSnapshot("kept", { location: `file:///snapshots/${snapshot!.name}` });
  expect(await client.count("kept")).toEqual({ count: 700 });
  const found = await client.query("kept", { query: [77, -77], limit: 1, with_payload: true });
  expect(found.points).toMatchObject([{ id: 77, score: 0, payload: { n: 77 } }]);
  const download = await fetch(`${running.engine.url}/collections/kept/snapshots/${snapshot!.name}`);
  expect((await download.arrayBuffer()).byteLength).toBe(snapshot!.size);
  await client.deleteSnapshot("kept", snapshot!.name);
  expect(await client.listSnapshots("kept")).toEqual([]);
  const outside = await fetch(`${running.engine.url}/collections/kept/snapshots/recover`, {
    method: "PUT",
    body: JSON.stringify({ location: "file:///etc/passwd" }),
  });
  expect(outside.status).toBe(501);
});

test.each([
  ["shard keys", "POST", "/collections/x/points/query", { query: [1, 2], shard_key: "a" }],
  ["inference", "POST", "/collections/x/points/query", { query: { text: "hello", model: "m" } }],
  [
    "strict mode",
    "PUT",
    "/collections/y",
    { vectors: { size: 2, distance: "Dot" }, strict_mode_config: { enabled: true } },
  ],
  ["snapshots of everything", "POST", "/snapshots", {}],
])("%s are answered as not supported", async (_what, method, path, body) => {
  const client = rest();
  if (!(await client.collectionExists("x")).exists)
    await client.createCollection("x", { vectors: { size: 2, distance: "Dot" } });
  const response = await fetch(running.engine.url + path, { method, body: JSON.stringify(body) });
  expect(response.status).toBe(501);
  expect(((await response.json()) as { status: { error: string } }).status.error).toContain("not supported");
});

test("definitions made at once are all there", async () => {
  const client = rest();
  const made = await Promise.allSettled(
    Array.from({ length: 6 }, () =>
      client.createCollection("many", { vectors: { size: 2, distance: "Dot" } }),
    ),
  );
  expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      client.createPayloadIndex("many", { field_name: `f${i}`, field_schema: "keyword" }),
    ),
  );
  const names = Array.from({ length: 8 }, (_, i) => `f${i}`);
  const schema = (await client.getCollection("many")).payload_schema;
  expect(Object.keys(schema).sort()).toEqual(names);
});

test("points that are written while a vector's name comes and goes are there, or refused as not having it", async () => {
  const client = rest();
  const vector = { size: 2, distance: "Dot" };
  await client.createCollection("coming", { vectors: { kept: { size: 2, distance: "Dot" } } });
  const send = async (method: string, path: string, body?: object) => {
    const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(`${running.engine.url}/collections/coming${path}`, init);
    return { status: response.status, text: await response.text() };
  };
  const ids = Array.from({ length: 10 }, (_, i) => i);
  const upsert = (names: readonly string[]) =>
    send("PUT", "/points?wait=true", {
      points: ids.map((id) => ({ id, vector: Object.fromEntries(names.map((name) => [name, [id, 1]])) })),
    });
  let isOver = false;
  const outcomes: { status: number; text: string }[] = [];
  const writer = async (names: readonly string[]) => {
    while (!isOver) outcomes.push(await upsert(names));
  };
  const writers = [writer(["kept", "passing"]), writer(["kept"]), writer(["kept", "passing"])];
  for (let round = 0; round < 30; round++) {
    expect(await send("PUT", "/vectors/passing", { dense: vector })).toMatchObject({ status: 200 });
    expect(await upsert(["kept", "passing"])).toMatchObject({ status: 200 });
    expect(await send("DELETE", "/vectors/passing")).toMatchObject({ status: 200 });
  }
  isOver = true;
  await Promise.all(writers);
  for (const { status, text } of outcomes)
    if (status !== 200)
      expect({ status, text }).toEqual({ status: 400, text: expect.stringContaining("passing") });
  expect(await client.count("coming", { exact: true })).toEqual({ count: ids.length });
  const points = await client.retrieve("coming", { ids, with_vector: true });
  for (const { id, vector: found } of points) expect(found).toEqual({ kept: [id, 1] });
});

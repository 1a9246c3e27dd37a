// What other servers got wrong, each as a test of the right way.
import { status } from "@grpc/grpc-js";
import { patientMs } from "@weftkit/testing/patience";
import { expect, test } from "vitest";
import { nearest, RandomVectors, recall } from "./random-vectors.ts";
import { RunningEngine } from "./running-engine.ts";

const running = RunningEngine.forFile();
let last = 0;

async function newCollection(dimensions = 4, more: object = {}): Promise<string> {
  const name = `c${last++}`;
  await running.engine.client.call("CreateCollection", { name, dimensions, distance: "cosine", ...more });
  return name;
}

test.each([
  ["not a number", [1, Number.NaN, 0, 0], "NaN"],
  ["infinity", [1, Number.POSITIVE_INFINITY, 0, 0], "Infinity"],
  ["zeros", [0, 0, 0, 0], "zeros"],
  ["three dimensions", [1, 2, 3], "4, got 3"],
  ["eight dimensions", [1, 2, 3, 4, 5, 6, 7, 8], "4, got 8"],
])("a vector of %s is refused, in a query and with all of its batch", async (_what, values, named) => {
  const { client } = running.engine;
  const collection = await newCollection();
  const upserted = await client.failure("UpsertVectors", {
    collection,
    vectors: [
      { id: "good", values: [1, 2, 3, 4] },
      { id: "bad", values },
    ],
  });
  expect(upserted.code).toBe(status.INVALID_ARGUMENT);
  expect(upserted.details).toContain(named);
  expect(await client.call("CountVectors", { collection })).toEqual({ count: 0 });
  const searched = await client.failure("SearchVectors", { collection, vector: values });
  expect(searched.code).toBe(status.INVALID_ARGUMENT);
  expect(searched.details).toContain(named);
});

test("zeros have a distance where no direction is needed", async () => {
  const { client } = running.engine;
  const collection = await newCollection(2, { distance: "euclidean" });
  await client.upsert(collection, [{ id: "zero", values: [0, 0] }]);
  const [match] = await client.search(collection, [3, 4]);
  expect(match).toMatchObject({ id: "zero", score: 5 });
});

test("a filter that few match is answered with as many as there are, whatever form it has", async () => {
  const { client } = running.engine;
  const vectors = new RandomVectors(1, 8);
  const collection = await newCollection(8);
  const known = new Map<string, Float32Array>();
  const batch = Array.from({ length: 3000 }, (_, i) => {
    const vector = vectors.next();
    if (i % 200 === 0) known.set(`v${i}`, vector);
    return { id: `v${i}`, values: Array.from(vector), payload: { fields: { n: { numberValue: i % 200 } } } };
  });
  await client.upsert(collection, batch);
  const query = vectors.next();
  const right = nearest("cosine", known, query, 10);
  const range = { field: { key: "n", range: { gte: 0, lt: 1 } } };
  const integer = { field: { key: "n", equals_integer: 0 } };
  const not = { must_not: [{ field: { key: "n", range: { gt: 0 } } }] };
  for (const where of [{ must: [range] }, { must: [integer] }, { should: [integer] }, not]) {
    const found = await client.search(collection, query, { where });
    expect(
      recall(
        found.map(({ id }) => id as string),
        right,
      ),
    ).toBe(1);
  }
  expect(await client.search(collection, query, { where: { must: [range] }, top_k: 100 })).toHaveLength(15);
});

test("top_k beyond the count gives fewer, an id twice in a batch is told and the last holds", async () => {
  const { client } = running.engine;
  const collection = await newCollection(2);
  const answer = await client.upsert(collection, [
    { id: "a", values: [1, 0] },
    { id: "b", values: [1, 1] },
    { id: "a", values: [0, 1] },
  ]);
  expect(answer).toEqual({ upserted_count: 2, duplicate_ids: ["a"] });
  const matches = await client.search(collection, [0, 1], { top_k: 1000 });
  expect(matches.map(({ id }) => id)).toEqual(["a", "b"]);
  const error = await client.failure("SearchVectors", { collection, vector: [0, 1], top_k: 1_000_000 });
  expect(error.code).toBe(status.INVALID_ARGUMENT);
  expect(error.details).toContain("16384");
});

test("an id that is written again is found by its new vector, and never by its old one", async () => {
  const { client } = running.engine;
  const collection = await newCollection(2);
  await client.upsert(collection, [{ id: "a", values: [1, 0] }]);
  await client.call("DeleteVectors", { collection, ids: ["a"] });
  expect(await client.search(collection, [1, 0])).toEqual([]);
  await client.upsert(collection, [{ id: "a", values: [0, 1] }]);
  await client.upsert(collection, [{ id: "a", values: [-1, 0] }]);
  const [match] = await client.search(collection, [-1, 0]);
  expect(match).toMatchObject({ id: "a", score: 1 });
  expect(await client.search(collection, [1, 0], { score_threshold: 0.5 })).toEqual([]);
});

test(
  "everything can be deleted and written again, also what a graph begins with",
  { timeout: patientMs(60_000) },
  async () => {
    const { client } = running.engine;
    const vectors = new RandomVectors(2, 8);
    const collection = await newCollection(8);
    const ids = Array.from({ length: 5000 }, (_, i) => `v${i}`);
    const write = () =>
      client.upsert(
        collection,
        ids.map((id) => ({ id, values: Array.from(vectors.next()) })),
      );
    await write();
    await linked(collection);
    await client.call("DeleteVectors", { collection, ids });
    expect(await client.search(collection, vectors.next())).toEqual([]);
    await write();
    await linked(collection);
    const { vector } = await client.call("GetVector", { collection, id: "v77" });
    const [match] = await client.search(collection, vector.values);
    expect(match.id).toBe("v77");
  },
);

async function linked(name: string): Promise<void> {
  await expect
    .poll(
      async () => {
        const { vectors_count, indexed_count } = await running.engine.client.call("DescribeCollection", {
          name,
        });
        return vectors_count - indexed_count;
      },
      { timeout: patientMs(20_000), interval: 20 },
    )
    .toBe(0);
}

test(
  "what was acknowledged is found by the next search, while others write and search",
  { timeout: patientMs(60_000) },
  async () => {
    const { client } = running.engine;
    const vectors = new RandomVectors(3, 16);
    const collection = await newCollection(16);
    await client.upsert(
      collection,
      Array.from({ length: 5000 }, (_, i) => ({ id: `base${i}`, values: Array.from(vectors.next()) })),
    );
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let i = 0; i < 40; i++) {
        const id = `w${writer}-${i % 20}`;
        const vector = Array.from(vectors.next());
        await client.upsert(collection, [{ id, values: vector }]);
        const [match] = await client.search(collection, vector, { top_k: 1 });
        expect(match.id).toBe(id);
        expect(match.score).toBeCloseTo(1, 4);
      }
    });
    await Promise.all(writers);
  },
);

test("large magnitudes keep their order, and a cosine is never beyond 1", async () => {
  const { client } = running.engine;
  const far = await newCollection(2, { distance: "euclidean" });
  const base = 2 ** 25;
  await client.upsert(
    far,
    [0, 4, 8, 16].map((step) => ({ id: `s${step}`, values: [base + step, base] })),
  );
  const matches = await client.search(far, [base, base]);
  expect(matches.map(({ id, score }) => [id, score])).toEqual([
    ["s0", 0],
    ["s4", 4],
    ["s8", 8],
    ["s16", 16],
  ]);
  const close = await newCollection(3);
  await client.upsert(close, [{ id: "a", values: [0.1, 0.7, 0.3] }]);
  for (const factor of [1, 3, 1e-3, 1e6]) {
    const [match] = await client.search(close, [0.1 * factor, 0.7 * factor, 0.3 * factor]);
    expect(match.score).toBeLessThanOrEqual(1);
    expect(match.score).toBeCloseTo(1, 5);
  }
});

test(
  "a message of some ten megabytes is read, and a page is as long as was asked for",
  { timeout: patientMs(60_000) },
  async () => {
    const { client } = running.engine;
    const collection = await newCollection(1536);
    const vectors = new RandomVectors(4, 1536);
    const answer = await client.upsert(
      collection,
      Array.from({ length: 600 }, (_, i) => ({
        id: `v${String(i).padStart(4, "0")}`,
        values: Array.from(vectors.next()),
      })),
    );
    expect(answer.upserted_count).toBe(600);
    const seen: string[] = [];
    for (let page = ""; ; ) {
      const { vectors: told, next_page } = await client.call("ScrollVectors", {
        collection,
        limit: 600,
        page,
        include_values: true,
      });
      seen.push(...(told as { id: string }[]).map(({ id }) => id));
      if (next_page === "") break;
      page = next_page as string;
    }
    expect(seen).toEqual(Array.from({ length: 600 }, (_, i) => `v${String(i).padStart(4, "0")}`));
  },
);

test("max_index_bytes refuses what does not fit, and nothing is lost", async () => {
  const engine = await RunningEngine.start({ vector: { max_index_bytes: 4 * 1024 * 1024 } });
  const { client } = engine;
  await client.call("CreateCollection", { name: "small", dimensions: 256 });
  const vectors = new RandomVectors(5, 256);
  let written = 0;
  const failure = await (async () => {
    for (;;) {
      const batch = Array.from({ length: 500 }, (_, i) => ({
        id: `v${written + i}`,
        values: Array.from(vectors.next()),
      }));
      try {
        await client.upsert("small", batch);
      } catch (error) {
        return error as { code: number; details: string };
      }
      written += batch.length;
    }
  })();
  expect(failure.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(failure.details).toContain("max_index_bytes");
  expect(written).toBeGreaterThan(0);
  expect(await client.call("CountVectors", { collection: "small" })).toEqual({ count: written });
  expect(await client.search("small", vectors.next())).toHaveLength(10);
  await client.call("DeleteCollection", { name: "small" });
  await client.call("CreateCollection", { name: "small", dimensions: 256 });
  expect(
    (await client.upsert("small", [{ id: "a", values: Array.from(vectors.next()) }])).upserted_count,
  ).toBe(1);
});

test("memory is bounded while filters come and go, and points are written again", async () => {
  const engine = await RunningEngine.start();
  const { client } = engine;
  const vectors = new RandomVectors(6, 8);
  await client.call("CreateCollection", { name: "bounded", dimensions: 8 });
  const write = () =>
    client.upsert(
      "bounded",
      Array.from({ length: 1500 }, (_, i) => ({
        id: String(i),
        values: Array.from(vectors.next()),
        metadata: { kind: `k${i % 150}` },
      })),
    );
  const indexBytes = async () => {
    const status = (await (await fetch(`http://127.0.0.1:${engine.image.adminPort}/v1/status`)).json()) as {
      engine: { indexBytes: number };
    };
    return status.engine.indexBytes;
  };
  const round = async () => {
    for (let i = 0; i < 150; i++)
      await client.search("bounded", vectors.next(), { filter: { kind: `k${i}` } });
    const body = JSON.stringify({ query: { recommend: { positive: [1, 2], negative: [3] } } });
    for (let i = 0; i < 50; i++) {
      const answer = await fetch(`${engine.url}/collections/bounded/points/query`, { method: "POST", body });
      expect(answer.status).toBe(200);
      await answer.arrayBuffer();
    }
    await write();
  };
  await write();
  await round();
  const before = await indexBytes();
  expect(before).toBeGreaterThan(0);
  for (let i = 0; i < 3; i++) await round();
  expect(await indexBytes()).toBe(before);
});

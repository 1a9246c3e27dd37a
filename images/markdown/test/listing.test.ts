import { describe, expect, test } from "vitest";
import { filterText, parseFilter } from "../src/fields/filter.ts";
import { problemOf, RunningEngine } from "./running-engine.ts";

interface Wanted {
  readonly filter?: string;
  readonly sort?: string;
  readonly prefix?: string;
}

/** The ids of all pages. */
async function list(engine: RunningEngine, wanted: Wanted = {}, limit = 3): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({
      ...wanted,
      limit: String(limit),
      ...(cursor !== null && { cursor }),
    });
    const reply = await engine.call("GET", `/collections/wiki/documents?${query}`);
    expect(reply.status, reply.text).toBe(200);
    expect(reply.json.documents.length).toBeLessThanOrEqual(limit);
    ids.push(...reply.json.documents.map(({ id }: { id: string }) => id));
    cursor = reply.json.next;
  } while (cursor !== null);
  return ids;
}

async function withDocuments(): Promise<RunningEngine> {
  const engine = await RunningEngine.withWiki();
  const documents: Record<string, string> = {
    "b/two": "status: draft\nyear: 2020\ntags: [x, y]\ndue: 2026-01-02",
    "a/one": "status: done\nyear: 2019\ntags: [y]\ndue: 2026-01-01T10:00:00+02:00",
    "b/four": "status: done\nyear: 2020\ntags: [z]\ndue: 2025-12-31",
    "c/three": "status: draft\nyear: 2021.5\ndone: true\nplace: {city: Rome}",
    "c/five": 'year: "2020"\ndone: false\nplace: {city: Oslo}',
    d: "",
  };
  for (const [id, yaml] of Object.entries(documents)) {
    expect(
      (await engine.put(encodeURIComponent(id), yaml === "" ? "text" : `---\n${yaml}\n---\ntext`)).status,
    ).toBe(201);
  }
  return engine;
}

describe("a listing", () => {
  test("tells how many documents there are on all pages, and what is in their fields", async () => {
    const engine = await withDocuments();
    const page = async (query: Record<string, string>) =>
      (await engine.call("GET", `/collections/wiki/documents?limit=1&${new URLSearchParams(query)}`)).json;
    const all = await page({ total: "true" });
    expect([all.total, all.totalIsExact, all.documents.length, all.facets]).toEqual([6, true, 1, undefined]);
    expect(await page({ total: "true", cursor: all.next })).toMatchObject({ total: 6 });
    expect(await page({ facets: "status,tags", prefix: "b/" })).toMatchObject({
      total: 2,
      totalIsExact: true,
      facets: {
        status: [
          { value: "done", count: 1 },
          { value: "draft", count: 1 },
        ],
        tags: [
          { value: "x", count: 1 },
          { value: "y", count: 1 },
          { value: "z", count: 1 },
        ],
      },
    });
    expect((await page({ total: "true", filter: "status = draft" })).total).toBe(2);
    expect(await page({})).not.toHaveProperty("total");
  });

  test("is by id, page by page, without content", async () => {
    const engine = await withDocuments();
    expect(await list(engine)).toEqual(["a/one", "b/four", "b/two", "c/five", "c/three", "d"]);
    expect(await list(engine, { sort: "-id" }, 4)).toEqual([
      "d",
      "c/three",
      "c/five",
      "b/two",
      "b/four",
      "a/one",
    ]);
    expect(await list(engine, { prefix: "b/" }, 1)).toEqual(["b/four", "b/two"]);
    const [first] = (await engine.call("GET", "/collections/wiki/documents")).json.documents;
    expect(first).toMatchObject({ id: "a/one", status: "done", meta: { version: 1 } });
    expect(first).not.toHaveProperty("content");
  });

  test.each([
    ["status = draft", ["b/two", "c/three"]],
    ['status != "draft"', ["a/one", "b/four", "c/five", "d"]],
    ["year = 2020", ["b/four", "b/two"]],
    ['year = "2020"', ["c/five"]],
    ["year > 2019 and year < 2021.6", ["b/four", "b/two", "c/three"]],
    ["tags = y", ["a/one", "b/two"]],
    ["tags in (x, z)", ["b/four", "b/two"]],
    ["done = true or status = done and year = 2020", ["b/four", "c/three"]],
    ["(done = true or status = done) and year = 2020", ["b/four"]],
    ["not (done exists or tags exists)", ["d"]],
    ["due >= 2026-01-01", ["a/one", "b/two"]],
    ['due < "2026-01-01T08:30:00Z"', ["a/one", "b/four"]],
    ["place.city = Rome", ["c/three"]],
    ["id > b and id < c", ["b/four", "b/two"]],
    [
      "meta.version = 1 and meta.updatedAt > 2020-01-01 and meta.createdBy = anonymous and done exists",
      ["c/five", "c/three"],
    ],
  ])("is of the documents that pass %s", async (filter, expected) => {
    const engine = await withDocuments();
    expect(await list(engine, { filter })).toEqual(expected);
    expect((await list(engine, { filter, sort: "-meta.createdAt" }, 1)).toSorted()).toEqual(expected);
    expect((await list(engine, { filter, sort: "year" }, 2)).toSorted()).toEqual(expected);
  });

  test.each([
    ["year", ["a/one", "b/two", "b/four", "c/three", "c/five", "d"]],
    ["-year", ["c/five", "c/three", "b/four", "b/two", "a/one", "d"]],
    ["due", ["b/four", "a/one", "b/two", "c/five", "c/three", "d"]],
    ["tags", ["b/two", "a/one", "b/four", "c/five", "c/three", "d"]],
    ["place.city", ["c/five", "c/three", "a/one", "b/four", "b/two", "d"]],
    ["meta.createdAt", ["b/two", "a/one", "b/four", "c/three", "c/five", "d"]],
    ["meta.title", ["d", "c/five", "b/four", "a/one", "c/three", "b/two"]],
  ])("is sorted by %s, documents without it last", async (sort, expected) => {
    const engine = await withDocuments();
    for (const limit of [1, 2, 100]) {
      const ids = await list(engine, { sort }, limit);
      // Created in the same millisecond, the id decides.
      expect(sort === "meta.createdAt" ? ids.toSorted() : ids).toEqual(
        sort === "meta.createdAt" ? expected.toSorted() : expected,
      );
    }
  });

  test("neither repeats nor leaves out documents while others are written", async () => {
    const engine = await RunningEngine.withWiki();
    for (let i = 10; i < 40; i++) await engine.put(`k${i}`, `---\nn: ${i % 7}\n---\n`);
    const seen: string[] = [];
    let cursor = "";
    for (let i = 0; ; i++) {
      const reply = await engine.call("GET", `/collections/wiki/documents?sort=n&limit=4${cursor}`);
      seen.push(...reply.json.documents.map(({ id }: { id: string }) => id));
      await engine.put(`other${i}`, `---\nn: ${i % 7}\n---\n`);
      if (reply.json.next === null) break;
      cursor = `&cursor=${reply.json.next}`;
    }
    const old = seen.filter((id) => id.startsWith("k"));
    expect(old.length).toBe(30);
    expect(new Set(seen).size).toBe(seen.length);
  });

  test("finds few among many, and takes its time in slices", async () => {
    const engine = await RunningEngine.withWiki();
    const lines = Array.from({ length: 3000 }, (_, i) => i);
    for (let i = 0; i < lines.length; i += 50) {
      await Promise.all(
        lines.slice(i, i + 50).map((n) => engine.put(`n${n}`, `---\nn: ${n}\nkind: all\n---\n`)),
      );
    }
    expect(await list(engine, { filter: "n = 2500 and kind = all" })).toEqual(["n2500"]);
    expect(await list(engine, { filter: "kind = all and n > 2996", sort: "-n" }, 2)).toEqual([
      "n2999",
      "n2998",
      "n2997",
    ]);
    expect((await list(engine, { filter: "kind = all", sort: "n" }, 1000)).length).toBe(3000);
  });

  test.each([
    ["filter", "status", "invalid-filter"],
    ["filter", "status = ", "invalid-filter"],
    ["filter", "(status = a", "invalid-filter"],
    ["filter", "status = a extra", "invalid-filter"],
    ["filter", 'status = "a', "invalid-filter"],
    ["filter", "meta.nothing = 1", "invalid-filter"],
    ["filter", "meta.version = abc", "invalid-filter"],
    ["filter", `${"not ".repeat(40)}a exists`, "invalid-filter"],
    ["filter", Array(80).fill("a exists").join(" and "), "invalid-filter"],
    ["sort", "a,b", "invalid-sort"],
    ["sort", "meta.size", "invalid-sort"],
    ["cursor", "abc", "invalid-cursor"],
    ["limit", "0", "invalid-request"],
    ["limit", "ten", "invalid-request"],
    ["colour", "red", "invalid-request"],
    ["total", "1", "invalid-request"],
    ["facets", "a,,b", "invalid-request"],
    ["facets", "abcdefghijk".split("").join(","), "invalid-request"],
  ])("with %s=%s is refused", async (name, value, problem) => {
    const engine = await RunningEngine.withWiki();
    const reply = await engine.call(
      "GET",
      `/collections/wiki/documents?${new URLSearchParams({ [name]: value })}`,
    );
    expect([reply.status, problemOf(reply)]).toEqual([400, problem]);
  });

  test("refuses an order by a field that no document has", async () => {
    const engine = await withDocuments();
    const reply = await engine.call("GET", "/collections/wiki/documents?sort=-yaer");
    expect([reply.status, problemOf(reply)]).toEqual([400, "invalid-sort"]);
    expect(reply.json.detail).toContain("has a field yaer");
  });

  test("refuses the cursor of another order or filter", async () => {
    const engine = await withDocuments();
    const { next } = (await engine.call("GET", "/collections/wiki/documents?limit=1&sort=year")).json;
    expect(problemOf(await engine.call("GET", `/collections/wiki/documents?limit=1&cursor=${next}`))).toBe(
      "invalid-cursor",
    );
    const same = await engine.call("GET", `/collections/wiki/documents?limit=2&sort=year&cursor=${next}`);
    expect(same.status).toBe(200);
  });
});

test("filters are read by their precedence", () => {
  expect(filterText(parseFilter("a = 1 or b in (x, 'y z') and not c < 2026-01-01"))).toBe(
    '("a" = number "1" or (("b" = string "x" or "b" = string "y z") and not "c" < date "2026-01-01"))',
  );
});

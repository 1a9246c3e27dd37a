import { expect, test } from "vitest";
import { problemOf, RunningEngine } from "./running-engine.ts";

test("a search finds what was written, by the body that the reference shows", async () => {
  const engine = await RunningEngine.withWiki();
  await engine.put("getting-started", "# Getting Started\n\nWelcome to the wiki.");
  await engine.put("other", "Nothing of the kind.");
  const reply = await engine.call("POST", "/collections/wiki/search", {
    body: { query: "getting started", limit: 10 },
  });
  expect(reply.json).toMatchObject({ total: 1, totalIsExact: true, hits: [{ id: "getting-started" }] });
});

test("without words all documents are found, the newest first, with facets of those that the filter lets through", async () => {
  const engine = await RunningEngine.withWiki();
  for (const [index, status] of ["draft", "done", "done", "draft", "done"].entries()) {
    await engine.put(`d${index}`, `---\nstatus: ${status}\nn: ${index}\n---\nText ${index}.`);
  }
  await engine.put("d0", "---\nstatus: done\nn: 0\n---\nChanged & last.");
  const search = async (body: unknown) =>
    (await engine.call("POST", "/collections/wiki/search", { body })).json;
  const ids = ({ hits }: { hits: { id: string }[] }) => hits.map(({ id }) => id);
  const all = await search({ query: "*", facets: ["status"] });
  expect(all).toMatchObject({
    total: 5,
    totalIsExact: true,
    facets: {
      status: [
        { value: "done", count: 4 },
        { value: "draft", count: 1 },
      ],
    },
  });
  expect(ids(all)).toEqual(["d0", "d4", "d3", "d2", "d1"]);
  expect(all.hits[0].snippet).toBe("Changed &amp; last.");
  const some = await search({ filter: "status = done", limit: 2, offset: 1, facets: ["n"] });
  expect([some.total, ids(some), some.facets.n.length]).toEqual([4, ["d4", "d2"], 4]);
  expect((await search({ query: "  ", filter: "status = none" })).hits).toEqual([]);
});

test.each([
  ["only exclusions", "-this -that"],
  ["more words than are searched for", "word ".repeat(40)],
  ["too many parentheses", `${"(".repeat(20)}word${")".repeat(20)}`],
])("a query of %s is the client's mistake", async (_, query) => {
  const engine = await RunningEngine.withWiki();
  const reply = await engine.call("POST", "/collections/wiki/search", { body: { query } });
  expect(reply.status).toBe(400);
  expect(problemOf(reply)).toBe("invalid-query");
});

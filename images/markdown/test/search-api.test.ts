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

import { expect, test } from "vitest";
import { mayLeadTo, readSources } from "../src/index.ts";

const log = {} as never;
const read = (texts: readonly string[], discovery?: never) =>
  readSources(texts, "gateway.backends", { discovery, log });

test("a group of discovery is a source of its own, beside those that are listed", () => {
  const discovery = { url: "http://discovery:8500" } as never;
  expect(read(["inmemory=a:1"])).toHaveLength(1);
  const sources = read(["inmemory=a:1", "discovery:cache", "relational/orders=discovery:orders"], discovery);
  expect(sources.map(({ name }) => name)).toEqual([
    "the configuration",
    "discovery at http://discovery:8500",
  ]);
});

test("what is wrong is told all at once", () => {
  expect(() => read(["redis=discovery:cache", "inmemory=discovery:", "discovery:a b", "inmemory"])).toThrow(
    /"redis" is no engine[\s\S]*is not \[<engine>[\s\S]*"a b" is no group[\s\S]*is not <engine>/,
  );
  expect(() => read(["discovery:cache"])).toThrow("WEFTKIT_DISCOVERY_CLIENT_URLS");
});

test.each([
  [["inmemory=a:1"], false],
  [["discovery:any"], true],
  [["inmemory=discovery:cache"], true],
  [["inmemory/other=discovery:cache"], false],
  [["relational=discovery:cache"], false],
])("%j may lead to inmemory: %s", (texts, expected) => {
  expect(mayLeadTo(texts, { engine: "inmemory", group: "default" })).toBe(expected);
});

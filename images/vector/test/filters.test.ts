// Filters against points in memory, and the matches that are kept against those that are counted anew.
import { randomInt } from "node:crypto";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { expect, test } from "vitest";
import { compileFilter } from "../src/filters/compile.ts";
import type { Filter } from "../src/filters/filter.ts";
import { RunningEngine } from "./running-engine.ts";

const payload = {
  color: "red",
  tags: ["a", "b"],
  size: 3,
  price: 2.5,
  big: 2n ** 60n,
  sold: true,
  nothing: null,
  empty: [],
  at: "2024-05-06T07:08:09.5Z",
  place: { lon: 13.405, lat: 52.52 },
  text: "The quick brown fox",
  lines: [
    { name: "x", count: 1 },
    { name: "y", count: 5 },
  ],
};

function matches(filter: Filter, fields = {}): boolean {
  return compileFilter(filter, fields)({ payload, key: "", hasVector: (name) => name === "image" });
}

const conditions: [what: string, condition: object, expected: boolean][] = [
  ["a text", { key: "color", match: { value: "red" } }, true],
  ["another text", { key: "color", match: { value: "Red" } }, false],
  ["one of a list", { key: "tags", match: { value: "b" } }, true],
  ["any", { key: "size", match: { any: [1, 3] } }, true],
  ["except", { key: "tags", match: { except: ["a"] } }, true],
  ["except all", { key: "tags", match: { except: ["a", "b"] } }, false],
  ["a number is no text", { key: "size", match: { value: "3" } }, false],
  ["a large integer", { key: "big", match: { value: 2n ** 60n } }, true],
  ["the integer beside it", { key: "big", match: { value: 2n ** 60n + 1n } }, false],
  ["a flag", { key: "sold", match: { value: true } }, true],
  ["a range", { key: "price", range: { gt: 2, lte: 2.5 } }, true],
  ["outside of a range", { key: "price", range: { lt: 2.5 } }, false],
  ["a date", { key: "at", range: { gte: "2024-05-06T09:08:09+02:00", lt: "2024-05-06T07:08:10Z" } }, true],
  ["a later date", { key: "at", range: { gt: "2024-05-06 07:08:09.5" } }, false],
  ["near a place", { key: "place", geo_radius: { center: { lon: 13.4, lat: 52.5 }, radius: 5000 } }, true],
  [
    "far from a place",
    { key: "place", geo_radius: { center: { lon: 2.35, lat: 48.85 }, radius: 5000 } },
    false,
  ],
  [
    "in a box",
    {
      key: "place",
      geo_bounding_box: { top_left: { lon: 13, lat: 53 }, bottom_right: { lon: 14, lat: 52 } },
    },
    true,
  ],
  [
    "in a polygon with a hole",
    {
      key: "place",
      geo_polygon: {
        exterior: {
          points: [
            [12, 51],
            [15, 51],
            [15, 54],
            [12, 54],
            [12, 51],
          ].map(([lon, lat]) => ({ lon, lat })),
        },
        interiors: [
          {
            points: [
              [13, 52],
              [14, 52],
              [14, 53],
              [13, 53],
              [13, 52],
            ].map(([lon, lat]) => ({ lon, lat })),
          },
        ],
      },
    },
    false,
  ],
  ["how many", { key: "tags", values_count: { gte: 2 } }, true],
  ["how many of what is missing", { key: "missing", values_count: { lt: 1 } }, false],
  ["what is null", { is_null: { key: "nothing" } }, true],
  ["what is missing is not null", { is_null: { key: "missing" } }, false],
  ["what is empty", { is_empty: { key: "empty" } }, true],
  ["what is missing is empty", { is_empty: { key: "missing" } }, true],
  ["a member of each", { key: "lines[].count", range: { gt: 4 } }, true],
  ["a place in a list", { key: "lines[0].name", match: { value: "x" } }, true],
  [
    "one element with both",
    {
      nested: {
        key: "lines",
        filter: {
          must: [
            { key: "name", match: { value: "x" } },
            { key: "count", range: { gt: 4 } },
          ],
        },
      },
    },
    false,
  ],
  ["a vector that is there", { has_vector: "image" }, true],
  ["a part of a text", { key: "text", match: { text: "quick bro" } }, true],
  ["a prefix", { key: "color", match: { prefix: "re" } }, true],
];

test.each(conditions)("%s", (_what, condition, expected) => {
  expect(matches({ must: [condition as never] })).toBe(expected);
  expect(matches({ should: [condition as never] })).toBe(expected);
  expect(matches({ must_not: [condition as never] })).toBe(!expected);
});

test("a text index finds words, in any case and order; a phrase in its own", () => {
  const fields = { text: { type: "text", params: { phrase_matching: true } } };
  expect(matches({ must: [{ key: "text", match: { text: "FOX quick" } }] }, fields)).toBe(true);
  expect(matches({ must: [{ key: "text", match: { text: "fox cat" } }] }, fields)).toBe(false);
  expect(matches({ must: [{ key: "text", match: { text_any: "fox cat" } }] }, fields)).toBe(true);
  expect(matches({ must: [{ key: "text", match: { phrase: "quick brown" } }] }, fields)).toBe(true);
  expect(matches({ must: [{ key: "text", match: { phrase: "brown quick" } }] }, fields)).toBe(false);
});

test.each([
  ["a member that is unknown", { must: [], and: [] }],
  ["a path that is none", { must: [{ key: "a..b", match: { value: 1 } }] }],
  ["no test", { must: [{ key: "a" }] }],
  ["a polygon that is open", { must: [{ key: "a", geo_polygon: { exterior: { points: [] } } }] }],
  ["a limit that is no date", { must: [{ key: "a", range: { lt: "soon" } }] }],
])("a filter with %s is refused", (_what, filter) => {
  expect(() => compileFilter(filter as never, {})).toThrow(
    expect.objectContaining({ code: "invalid_argument" }),
  );
});

test("matches that are kept are those that are counted anew, after any changes", async () => {
  const seed = randomInt(2 ** 31);
  console.log("seed", seed);
  const random = randomNumbers(seed);
  const { client } = await RunningEngine.start();
  await client.call("CreateCollection", { name: "kept", dimensions: 2 });
  const known = new Map<string, string>();
  const kinds = ["red", "green", "blue"];
  for (let round = 0; round < 60; round++) {
    const ids = Array.from({ length: 1 + Math.floor(random() * 8) }, () => `v${Math.floor(random() * 50)}`);
    if (random() < 0.3) {
      await client.call("DeleteVectors", { collection: "kept", ids });
      for (const id of ids) known.delete(id);
    } else if (random() < 0.1) {
      const kind = kinds[Math.floor(random() * 3)]!;
      await client.call("DeleteVectors", { collection: "kept", filter: { kind } });
      for (const [id, of] of known) if (of === kind) known.delete(id);
    } else {
      const vectors = ids.map((id) => {
        const kind = kinds[Math.floor(random() * 3)]!;
        known.delete(id);
        known.set(id, kind);
        return { id, values: [random() + 0.1, random()], metadata: { kind } };
      });
      await client.upsert("kept", vectors);
    }
    for (const kind of kinds) {
      const expected = [...known].filter(([, of]) => of === kind).map(([id]) => id);
      expect(await client.call("CountVectors", { collection: "kept", filter: { kind } })).toEqual({
        count: expected.length,
      });
      const found = await client.search("kept", [1, 1], { filter: { kind }, top_k: 100 });
      expect(found.map(({ id }) => id as string).sort()).toEqual(expected.sort());
    }
  }
});

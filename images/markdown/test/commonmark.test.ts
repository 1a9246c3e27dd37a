import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createParser } from "../src/render/parser.ts";

/** Why our page of an example is another one than the specification's, by the number of the example. */
const differences: ReadonlyMap<number, string> = new Map([
  [218, "markdown-it leaves out the line end in an empty block quote"],
  [239, "markdown-it leaves out the line end in an empty block quote"],
  [240, "markdown-it leaves out the line end in an empty block quote"],
  [548, "wiki links: [[foo]] in double brackets is one"],
  [559, "wiki links: [[*foo* bar]] in double brackets is one"],
  [590, "wiki links: [[foo]] in double brackets is one"],
  [602, "GFM: bare addresses are links"],
  [608, "GFM: bare addresses are links"],
  [611, "GFM: bare addresses are links"],
  [612, "GFM: bare addresses are links"],
]);

interface Example {
  readonly markdown: string;
  readonly html: string;
  readonly section: string;
  readonly number: number;
}

// The package comes without types.
const { tests } = createRequire(import.meta.url)("commonmark-spec") as { tests: Example[] };

/** The specification writes tabs as arrows. */
const examples: Example[] = tests.map((example) => ({
  ...example,
  markdown: example.markdown.replaceAll("→", "\t"),
  html: example.html.replaceAll("→", "\t"),
}));

const parser = createParser();

test("there are the 652 examples of CommonMark 0.31.2", () => {
  expect(examples).toHaveLength(652);
});

describe.each(Object.entries(Object.groupBy(examples, ({ section }) => section)))(
  "%s",
  (_section, inSection) => {
    test.each(inSection!.filter(({ number }) => !differences.has(number)))("example $number", (example) => {
      expect(parser.render(example.markdown)).toBe(example.html);
    });
  },
);

test("the differences are those that are known", () => {
  const different = examples.filter(({ markdown, html }) => parser.render(markdown) !== html);
  expect(different.map(({ number }) => number)).toEqual([...differences.keys()]);
});

test("the differences are documented", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/compatibility/markdown.md"), "utf8");
  const rows = page.split(/^## /m)[3]!.matchAll(/^\| ([\d, ]+) \|/gm);
  const documented = [...rows].flatMap(([, numbers]) => numbers!.split(", ").map(Number));
  expect(documented).toEqual([...differences.keys()]);
  expect(page).toContain(`${examples.length - differences.size} of the ${examples.length} examples`);
});

test("without wiki links and bare addresses only the empty block quotes are different", () => {
  const plain = createParser().disable(["wiki_link", "wiki_embed", "linkify"]).set({ linkify: false });
  const different = examples.filter(({ markdown, html }) => plain.render(markdown) !== html);
  expect(different.map(({ number }) => number)).toEqual([218, 239, 240]);
  for (const { markdown, html } of different) {
    expect(plain.render(markdown)).toBe(
      html.replace("<blockquote>\n</blockquote>", "<blockquote></blockquote>"),
    );
  }
});

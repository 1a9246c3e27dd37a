import { randomNumbers } from "@weftkit/testing/random-numbers";
import { describe, expect, test } from "vitest";
import { removeDocument } from "../src/search/index-document.ts";
import { stem } from "../src/search/stem.ts";
import { wordsOf } from "../src/search/words.ts";
import { type Draft, openIndex, put, rowsOf, search } from "./search-index.ts";

/** A query, written and as what it means for a document. */
interface Query {
  readonly written: string;
  readonly matches: (document: Draft) => boolean;
}

const vocabulary =
  "alpha beta gamma delta running runs runner café naïve über relational relations 日本 w1 w2 w3".split(" ");

function stemsOf(text: string): string[] {
  return [...wordsOf(text)].map(({ word }) => stem(word));
}

function fieldTexts({ title = "", headings = [], tags = [], text = "" }: Draft): Record<string, string> {
  return { title, headings: headings.join("\n"), tags: tags.join("\n"), text };
}

/** Whether words stand in a row in one of the fields. */
function hasRow(document: Draft, words: string, fields: readonly string[]): boolean {
  const wanted = ` ${stemsOf(words).join(" ")} `;
  return Object.entries(fieldTexts(document)).some(
    ([name, text]) => fields.includes(name) && ` ${stemsOf(text).join(" ")} `.includes(wanted),
  );
}

/** Words are found by their stems, so a beginning finds all forms of the words that begin with it. */
function hasPrefix(document: Draft, prefix: string): boolean {
  const forms = new Set(vocabulary.filter((word) => word.startsWith(prefix)).map(stem));
  const isFound = (form: string) => form.startsWith(prefix) || forms.has(form);
  return Object.values(fieldTexts(document)).some((text) => stemsOf(text).some(isFound));
}

const everywhere = ["title", "headings", "tags", "text"];

class Generator {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  word(): string {
    return vocabulary[this.below(vocabulary.length)]!;
  }

  text(words: number): string {
    return Array.from({ length: this.below(words + 1) }, () => this.word()).join(" ");
  }

  document(): Draft {
    return { title: this.text(3), headings: [this.text(2)], tags: [this.text(1)], text: this.text(12) };
  }

  query(depth = 0): Query {
    const kind = this.below(depth > 2 ? 4 : 7);
    if (kind === 0) {
      const words = `${this.word()} ${this.word()}`;
      return { written: `"${words}"`, matches: (document) => hasRow(document, words, everywhere) };
    }
    if (kind === 1) {
      const [field, word] = [everywhere[this.below(4)]!, this.word()];
      return { written: `${field}:${word}`, matches: (document) => hasRow(document, word, [field]) };
    }
    if (kind === 2) {
      const prefix = ["rel", "relatio", "ru", "runn", "al", "w", "caf"][this.below(7)]!;
      return { written: `${prefix}*`, matches: (document) => hasPrefix(document, prefix) };
    }
    if (kind === 3) {
      const word = this.word();
      return { written: `"${word}"`, matches: (document) => hasRow(document, word, everywhere) };
    }
    const [left, right] = [this.query(depth + 1), this.query(depth + 1)];
    if (kind === 4) {
      return {
        written: `(${left.written} OR ${right.written})`,
        matches: (d) => left.matches(d) || right.matches(d),
      };
    }
    if (kind === 5) {
      return {
        written: `(${left.written} NOT ${right.written})`,
        matches: (d) => left.matches(d) && !right.matches(d),
      };
    }
    return {
      written: `(${left.written} AND ${right.written})`,
      matches: (d) => left.matches(d) && right.matches(d),
    };
  }
}

describe.each([1, 2, 3, 4])("random documents and queries, seed %i", (seed) => {
  test("what is found is what the queries say, while documents come, change and go", () => {
    const generator = new Generator(seed);
    const db = openIndex();
    const documents = new Map<number, Draft>();
    put(db, 1000, { text: vocabulary.join(" ") }, 3);
    for (let round = 0; round < 400; round++) {
      const row = 1 + generator.below(60);
      if (generator.below(4) === 0) {
        removeDocument(db, row);
        documents.delete(row);
      } else {
        const document = generator.document();
        put(db, row, document, 1 + (row % 2));
        documents.set(row, document);
      }
      if (round % 4 !== 0) continue;
      const query = generator.query();
      for (const collection of [1, 2]) {
        const found = search(db, query.written, { typo: false }, collection);
        const expected = [...documents]
          .filter(([number, document]) => 1 + (number % 2) === collection && query.matches(document))
          .map(([number]) => number);
        expect(
          rowsOf(found).sort((a, b) => a - b),
          query.written,
        ).toEqual(expected.sort((a, b) => a - b));
        expect(found).toMatchObject({ total: expected.length, totalIsExact: true });
      }
    }
  });
});

test("words that no document has all of find those with some, the most words first", () => {
  const generator = new Generator(9);
  const db = openIndex();
  const documents = Array.from({ length: 40 }, () => generator.document());
  for (const [index, document] of documents.entries()) put(db, index + 1, document);
  put(db, 100, { text: "solitary" });
  const words = ["solitary", "alpha", "beta"];
  const count = (document: Draft) => words.filter((word) => hasRow(document, word, everywhere)).length;
  const found = search(db, words.join(" "), { typo: false });
  const counts = rowsOf(found).map((row) => (row === 100 ? 1 : count(documents[row - 1]!)));
  expect(found.total).toBe(1 + documents.filter((document) => count(document) > 0).length);
  expect(counts).toEqual([...counts].sort((left, right) => right - left));
});

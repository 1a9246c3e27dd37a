import { WeftkitError } from "@weftkit/core";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { describe, expect, test } from "vitest";
import { matchExpression, rowOfWords } from "../src/search/match-expression.ts";
import { parseQuery } from "../src/search/parse-query.ts";
import { openIndex, put, search } from "./search-index.ts";

/** How FTS5 is asked for a query. */
function expressionOf(query: string): string | undefined {
  const node = parseQuery(query);
  return node && matchExpression(node, (term) => rowOfWords(term.words, term.isPrefix, term.fields));
}

describe("queries", () => {
  test.each([
    ["word", '"word"'],
    ["two words", '("two" AND "word")'],
    ["two AND words", '("two" AND "word")'],
    ["a OR b", '("a" OR "b")'],
    ["a b OR c d", '(("a" AND "b") OR ("c" AND "d"))'],
    ["a (b OR c)", '("a" AND ("b" OR "c"))'],
    ["a NOT b", '("a" NOT "b")'],
    ["a -bat -cat", '("a" NOT ("bat" OR "cat"))'],
    ["a -b --cat -9", '("a" AND "cat")'],
    ["a AND NOT b", '("a" NOT "b")'],
    ["NOT b a", '("a" NOT "b")'],
    ["a (NOT b)", '("a" NOT "b")'],
    ["a NOT (NOT b)", '("a" AND "b")'],
    ["a NOT (b c)", '("a" NOT ("b" AND "c"))'],
    ['"running the tests"', '"run the test"'],
    ["pre*", '"pre" *'],
    ['"two pre"*', '"two pre" *'],
    ["e-mail", '"e mail"'],
    ["Crème BRÛLÉE", '("creme" AND "brule")'],
    ["日本", '"日 本"'],
    ["title:word", '{title} : "word"'],
    ["TAG:a heading:b", '({tags} : "a" AND {headings} : "b")'],
    ['title:"a b"', '{title} : "a b"'],
    ["title:(a OR b) c", '(({title} : "a" OR {title} : "b") AND "c")'],
    ["-title:a b", '("b" NOT {title} : "a")'],
    ["http://example.com", '"http exampl com"'],
    ["and or not", '("and" AND "or" AND "not")'],
  ])("%s", (query, expression) => {
    expect(expressionOf(query)).toBe(expression);
  });

  test.each([
    ['"open quotation', '"open quotat"'],
    ["(open parenthesis", '("open" AND "parenthesi")'],
    ["closed) too often))", '("close" AND "too" AND "often")'],
    ["a AND", '"a"'],
    ["OR a", '"a"'],
    ["a OR OR b", '("a" OR "b")'],
    ["a NOT", '"a"'],
    ["title: a", '{title} : "a"'],
    ["a title:", '"a"'],
    ["a title: OR b", '("a" OR "b")'],
    ["() a ( ( ) )", '"a"'],
    ["a - b", '("a" AND "b")'],
  ])("what is incomplete is read as if it were not there: %s", (query, expression) => {
    expect(expressionOf(query)).toBe(expression);
  });

  test.each(["", "   ", "!!!", '""', "()", "*", "title:", "AND OR NOT", "\u{1F600}"])(
    "%j searches for nothing",
    (query) => {
      expect(parseQuery(query)).toBeUndefined();
    },
  );

  test("a word in two fields at once is nowhere", () => {
    expect(expressionOf("title:(tags:a)")).toBeUndefined();
    expect(expressionOf("title:(tags:a) OR b")).toBe('"b"');
  });

  test.each([
    ["NOT a", "only what must not be there"],
    ["-abc -bcd", "only what must not be there"],
    ["a OR NOT b", "only what must not be there"],
    ["a ".repeat(33), "33 words"],
    [`${"(".repeat(10)}a`, "parentheses"],
    ["a".repeat(5000), "4096 characters"],
  ])("a clear error for %j", (query, message) => {
    expect(() => parseQuery(query)).toThrow(
      expect.objectContaining({ code: "invalid_query", message: expect.stringContaining(message) }),
    );
  });
});

test("no text is a syntax error", () => {
  const db = openIndex();
  put(db, 1, { title: "a b", text: "c near NEAR and or not title" });
  const random = randomNumbers(11);
  const pieces = [
    ..."abc\"'()*:-+^{}[]\\/,;.!?&|~<>=#%@\0\n\t ",
    " AND ",
    " OR ",
    " NOT ",
    "NEAR(",
    "title:",
    "tags:",
    "{title}:",
    "text : ",
    "日本",
    "é",
    "\uD800",
    "\u{1F600}",
    "*",
    '"',
  ];
  for (let round = 0; round < 3000; round++) {
    const length = Math.floor(random() * 25);
    const query = Array.from({ length }, () => pieces[Math.floor(random() * pieces.length)]).join("");
    try {
      search(db, query);
    } catch (error) {
      expect(error, JSON.stringify(query)).toBeInstanceOf(WeftkitError);
      expect(error, JSON.stringify(query)).toMatchObject({ code: "invalid_query" });
    }
  }
});

import { randomNumbers } from "@weftkit/testing/random-numbers";
import type { Corpus } from "./corpus.ts";

/** A kind of query, and how one is made up. */
export interface QueryKind {
  readonly name: string;
  next(): string;
}

/** The kinds that are measured. `text` gives the text of a random document, for phrases that exist. */
export function queryKinds(corpus: Corpus, text: () => string): QueryKind[] {
  const random = randomNumbers(99);
  const between = (low: number, high: number) => Math.floor(low + random() * (high - low));
  const word = (low: number, high: number) => corpus.words[between(low, high)]!;
  const rare = () => word(20_000, 150_000);
  const medium = () => word(200, 2000);
  const common = () => word(0, 10);
  return [
    { name: "rare term", next: rare },
    { name: "medium term", next: medium },
    { name: "very common term", next: common },
    { name: "two medium terms", next: () => `${medium()} ${medium()}` },
    { name: "common and medium term", next: () => `${common()} ${medium()}` },
    { name: "two very common terms", next: () => `${common()} ${common()}` },
    { name: "phrase", next: () => `"${wordsOf(text(), 2, between)}"` },
    { name: "phrase, three words", next: () => `"${wordsOf(text(), 3, between)}"` },
    { name: "prefix, 3 to 5 letters", next: () => `${word(0, 5000).slice(0, between(3, 6))}*` },
    { name: "prefix, 2 letters", next: () => `${word(0, 5000).slice(0, 2)}*` },
    { name: "one typo", next: () => withTypo(medium(), between) },
    { name: "two terms, one typo", next: () => `${medium()} ${withTypo(medium(), between)}` },
  ];
}

function wordsOf(text: string, count: number, between: (low: number, high: number) => number): string {
  const words = text.split(" ");
  const start = between(0, words.length - count);
  return words.slice(start, start + count).join(" ");
}

/** A letter of the word is another one. */
function withTypo(word: string, between: (low: number, high: number) => number): string {
  const at = between(1, word.length);
  return `${word.slice(0, at)}${word[at] === "q" ? "x" : "q"}${word.slice(at + 1)}`;
}

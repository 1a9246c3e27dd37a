import { statement } from "@weftkit/store";
import type { Database } from "better-sqlite3";
import { editDistance } from "./edit-distance.ts";

/** Shorter words have too many neighbours, longer ones nobody mistypes by a letter or two. */
const lengthMin = 4;
const lengthMax = 24;
/** From this length on two mistakes are forgiven, below one. */
const twoMistakesFrom = 8;
/** So many words with a trigram in common are looked at, the rest is left out: a bound, not a choice. */
const candidatesMax = 12_000;

/** How many mistakes a word may have and still be understood. */
export function mistakesAllowed(word: string): number {
  if (word.length < lengthMin || !isCorrectable(word)) return 0;
  return word.length >= twoMistakesFrom ? 2 : 1;
}

/** Numbers and identifiers are meant as they are written. */
function isCorrectable(word: string): boolean {
  return word.length <= lengthMax && /^[\p{L}\p{M}]+$/u.test(word);
}

/**
 * Adds the words of a document to the vocabulary of the store. It only grows: whether a word is still in use is asked
 * of the index when it matters.
 */
export function addWords(db: Database, words: Iterable<string>): void {
  const own = [...words].filter((word) => word.length >= lengthMin - 1 && isCorrectable(word));
  const added = statement(
    db,
    "INSERT INTO search_words SELECT value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING RETURNING word",
    { pluck: true },
  ).all(JSON.stringify(own)) as string[];
  if (added.length === 0) return;
  const insert = statement(
    db,
    "INSERT INTO search_trigrams SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
  );
  insert.run(
    JSON.stringify(added.flatMap((word) => trigramsOf(word).map((trigram) => [trigram, word.length, word]))),
  );
}

/** Words of the vocabulary that a word may be a misspelling of, the nearest first. */
export function nearWords(
  db: Database,
  word: string,
): { readonly word: string; readonly distance: number }[] {
  const max = mistakesAllowed(word);
  if (max === 0) return [];
  const candidates = statement(
    db,
    "SELECT word FROM search_trigrams WHERE trigram = ? AND length BETWEEN ? AND ? LIMIT ?",
    { pluck: true },
  );
  const near = new Map<string, number>();
  for (const swapped of swappedSpellings(word)) if (isKnown(db, swapped)) near.set(swapped, 1);
  for (const trigram of survivingTrigrams(word, max)) {
    const found = candidates.all(trigram, word.length - max, word.length + max, candidatesMax) as string[];
    for (const candidate of found) {
      if (candidate === word || near.has(candidate)) continue;
      const distance = editDistance(word, candidate, max);
      if (distance <= max) near.set(candidate, distance);
    }
  }
  return [...near]
    .map(([candidate, distance]) => ({ word: candidate, distance }))
    .sort(
      (left, right) =>
        left.distance - right.distance || likeness(word, right.word) - likeness(word, left.word),
    );
}

/** Words of the vocabulary that begin with a prefix, in alphabetical order. */
export function wordsWithPrefix(db: Database, prefix: string, max: number): string[] {
  return statement(db, "SELECT word FROM search_words WHERE word >= ? AND word < ? ORDER BY word LIMIT ?", {
    pluck: true,
  }).all(prefix, `${prefix}\u{10FFFF}`, max) as string[];
}

/** All trigrams of a word, its beginning and end marked. */
function trigramsOf(word: string): string[] {
  const padded = `^${word}$`;
  const trigrams = new Set<string>();
  for (let index = 0; index + 3 <= padded.length; index++) trigrams.add(padded.slice(index, index + 3));
  return [...trigrams];
}

/**
 * Trigrams of which every word within `mistakes` inserted, left out or changed letters has at least one: they do not
 * overlap, so that a mistake spoils one of them at most, and there is one more than mistakes.
 */
function survivingTrigrams(word: string, mistakes: number): string[] {
  const padded = `^${word}$`;
  return Array.from({ length: mistakes + 1 }, (_, index) => {
    const start = Math.round((index * (padded.length - 3)) / mistakes);
    return padded.slice(start, start + 3);
  });
}

/** A word with two neighbours swapped may have no trigram of it left, but there are few such spellings. */
function swappedSpellings(word: string): string[] {
  return Array.from({ length: word.length - 1 }, (_, index) => {
    return word.slice(0, index) + word[index + 1] + word[index] + word.slice(index + 2);
  }).filter((spelling) => spelling !== word);
}

function isKnown(db: Database, word: string): boolean {
  return statement(db, "SELECT 1 FROM search_words WHERE word = ?", { pluck: true }).get(word) !== undefined;
}

/** People get the first letter right, and the length. */
function likeness(word: string, candidate: string): number {
  return (word[0] === candidate[0] ? 2 : 0) + (word.length === candidate.length ? 1 : 0);
}

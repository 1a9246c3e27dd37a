import type { Database } from "@weftkit/store";
import { type SlicedWork, statement } from "@weftkit/store";
import { editDistance } from "./edit-distance.ts";
import { RecentWords } from "./recent-words.ts";

/** Shorter words have too many neighbours, longer ones nobody mistypes by a letter or two. */
const lengthMin = 4;
const lengthMax = 24;
/** From this length on two mistakes are forgiven, below one. */
const twoMistakesFrom = 8;
/** Words of this length or longer may be meant by a word with two mistakes, so they have a part more. */
const threePartsFrom = twoMistakesFrom - 2;
/** So many words with a part in common are looked at, the rest is left out: a bound, not a choice. */
const candidatesMax = 8000;

/** How many mistakes a word may have and still be understood. */
export function mistakesAllowed(word: string): number {
  if (word.length < lengthMin || !isCorrectable(word)) return 0;
  return word.length >= twoMistakesFrom ? 2 : 1;
}

/** Numbers and identifiers are meant as they are written. */
function isCorrectable(word: string): boolean {
  return word.length <= lengthMax && /^[\p{L}\p{M}]+$/u.test(word);
}

/** Words that a connection knows to be in the vocabulary, and how large it was when they were noted. */
interface Known {
  readonly words: RecentWords<true>;
  size: number;
}

/** So many are added before others may have their turn. */
const wordsAtOnce = 500;

const knownMax = 50_000;
const knownBy = new WeakMap<Database, Known>();

/**
 * Adds the words of a document to the vocabulary of the store. It only grows: whether a word is still in use is asked
 * of the index when it matters.
 */
export function* addWords(db: Database, words: Iterable<string>): SlicedWork<void> {
  const known = knownWords(db);
  const unknown = [...words].filter((word) => {
    return word.length >= lengthMin - 1 && known.words.get(word) === undefined && isCorrectable(word);
  });
  for (let from = 0; from < unknown.length; from += wordsAtOnce) {
    addUnknown(db, known, unknown.slice(from, from + wordsAtOnce));
    yield;
  }
}

function addUnknown(db: Database, known: Known, unknown: readonly string[]): void {
  const added = statement(
    db,
    "INSERT INTO search_words SELECT value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING RETURNING word",
    { pluck: true },
  ).all(JSON.stringify(unknown)) as string[];
  for (const word of unknown) known.words.set(word, true);
  if (added.length === 0) return;
  statement(db, "UPDATE search_vocabulary SET words = words + ?").run(added.length);
  known.size += added.length;
  const insert = statement(
    db,
    "INSERT INTO search_word_parts SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
  );
  const parts = added.flatMap((word) =>
    partsOf(word.length).map(({ part, start, end }) => [word.length, part, word.slice(start, end), word]),
  );
  insert.run(JSON.stringify(parts));
}

/** Words of the vocabulary that a word may be a misspelling of, the nearest first. */
export function nearWords(
  db: Database,
  word: string,
): { readonly word: string; readonly distance: number }[] {
  const max = mistakesAllowed(word);
  if (max === 0) return [];
  const near = new Map<string, number>();
  for (const swapped of swappedSpellings(word)) if (isKnown(db, swapped)) near.set(swapped, 1);
  for (const candidate of wordsWithSamePart(db, word, max)) {
    if (candidate === word || near.has(candidate)) continue;
    const distance = editDistance(word, candidate, max);
    if (distance <= max) near.set(candidate, distance);
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

/**
 * The words that the connection knows. When a transaction was rolled back, the vocabulary has fewer words than the
 * connection has seen, and what it knows may be wrong.
 */
function knownWords(db: Database): Known {
  const size = statement(db, "SELECT words FROM search_vocabulary", { pluck: true }).get() as number;
  let known = knownBy.get(db);
  if (known === undefined) {
    known = { words: new RecentWords(knownMax), size };
    knownBy.set(db, known);
  } else if (known.size !== size) {
    known.words.clear();
    known.size = size;
  }
  return known;
}

interface Part {
  readonly part: number;
  readonly start: number;
  readonly end: number;
}

/** How a word of some length is cut into parts of about the same length. */
function partsOf(length: number): Part[] {
  const count = length < threePartsFrom ? 2 : 3;
  return Array.from({ length: count }, (_, part) => ({
    part,
    start: Math.floor((part * length) / count),
    end: Math.floor(((part + 1) * length) / count),
  }));
}

/**
 * Words of the vocabulary of which a part stands in a word unchanged, at its place or moved by no more letters than
 * there may be mistakes. Words have a part more than mistakes are allowed, and a mistake spoils one part only, so every
 * word within `mistakes` inserted, left out or changed letters is among them (the idea of Pass-Join, Li et al. 2011).
 */
function wordsWithSamePart(db: Database, word: string, mistakes: number): Set<string> {
  const select = statement(
    db,
    "SELECT word FROM search_word_parts WHERE length = ? AND part = ? AND letters = ? LIMIT ?",
    { pluck: true },
  );
  const found = new Set<string>();
  for (let length = word.length - mistakes; length <= word.length + mistakes; length++) {
    for (const { part, start, end } of partsOf(length)) {
      const tried = new Set<string>();
      for (let moved = -mistakes; moved <= mistakes; moved++) {
        const letters = word.slice(Math.max(0, start + moved), Math.max(0, end + moved));
        if (letters.length < end - start || tried.has(letters)) continue;
        tried.add(letters);
        const left = candidatesMax - found.size;
        if (left <= 0) return found;
        for (const candidate of select.all(length, part, letters, left) as string[]) found.add(candidate);
      }
    }
  }
  return found;
}

/** Two neighbours that are swapped may spoil two parts, but there are few such spellings. */
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

import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import { invalidSynonyms } from "../problems.ts";
import { wordsOf } from "./words.ts";

/** Words of a collection that have synonyms. */
export const synonymWordsMax = 1000;
export const synonymsPerWordMax = 20;
/**
 * Of one synonym, which is a phrase to the index: a search looks up each of its words. Of scripts without spaces each
 * character is a word, and a single word of Japanese or Thai may have a dozen.
 */
export const wordsPerSynonymMax = 16;

/** So much of what was sent stands in an error. */
const quotedLengthMax = 60;

/** By word: the words and phrases that are searched, too, when it is; all folded. */
export type Synonyms = ReadonlyMap<string, readonly string[]>;

/**
 * Reads which words and phrases are searched, too, when a word is; in one direction: `k8s` may stand for `kubernetes` and
 * not the other way round. Words are compared folded, as everywhere in the index.
 *
 * @throws Problem `invalid-synonyms` that says which entry, and what to do about it
 */
export function foldSynonyms(given: Readonly<Record<string, readonly string[]>>): Synonyms {
  const entries = Object.entries(given);
  if (entries.length > synonymWordsMax) {
    throw invalidSynonyms(`${entries.length} words have synonyms: leave at most ${synonymWordsMax} of them`);
  }
  const folded = new Map<string, readonly string[]>();
  const spellings = new Map<string, string>();
  for (const [spelling, synonyms] of entries) {
    const word = foldedWord(spelling);
    const other = spellings.get(word);
    if (other !== undefined) {
      throw invalidSynonyms(
        `${quoted(other)} and ${quoted(spelling)} are the same word to the search, ${word}: put their synonyms into one list`,
      );
    }
    if (synonyms.length > synonymsPerWordMax) {
      throw invalidSynonyms(
        `${quoted(spelling)} has ${synonyms.length} synonyms: leave at most ${synonymsPerWordMax}`,
      );
    }
    spellings.set(word, spelling);
    folded.set(
      word,
      synonyms.map((synonym) => foldedPhrase(spelling, synonym)),
    );
  }
  return folded;
}

/** Makes these the synonyms of a collection, in place of all that it had. */
export function replaceSynonyms(db: Database, collectionRow: number, synonyms: Synonyms): void {
  removeSynonyms(db, collectionRow);
  const insert = statement(
    db,
    "INSERT INTO search_synonyms (collection, word, synonym) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  for (const [word, phrases] of synonyms) {
    for (const phrase of phrases) insert.run(collectionRow, word, phrase);
  }
}

/** Removes those of a collection, all of them. */
export function removeSynonyms(db: Database, collectionRow: number): void {
  statement(db, "DELETE FROM search_synonyms WHERE collection = ?").run(collectionRow);
}

/** All synonyms of a collection, in the order of the words. */
export function listSynonyms(db: Database, collectionRow: number): Synonyms {
  const sql = "SELECT word, synonym FROM search_synonyms WHERE collection = ? ORDER BY word, synonym";
  const rows = statement(db, sql).all(collectionRow) as { word: string; synonym: string }[];
  const synonyms = new Map<string, string[]>();
  for (const { word, synonym } of rows) {
    const others = synonyms.get(word);
    if (others === undefined) synonyms.set(word, [synonym]);
    else others.push(synonym);
  }
  return synonyms;
}

/** The synonyms of a folded word, each as its words. */
export function synonymsOf(db: Database, collectionRow: number, word: string): string[][] {
  const sql = "SELECT synonym FROM search_synonyms WHERE collection = ? AND word = ? ORDER BY synonym";
  const found = statement(db, sql, { pluck: true }).all(collectionRow, word) as string[];
  return found.map((synonym) => synonym.split(" "));
}

function foldedWord(spelling: string): string {
  const [word, ...others] = foldedWords(spelling);
  if (word === undefined) {
    throw invalidSynonyms(`${quoted(spelling)} has no letter or digit: name a word that is searched for`);
  }
  if (others.length > 0) {
    throw invalidSynonyms(
      `${quoted(spelling)} is ${others.length + 1} words to the search: only single words have synonyms`,
    );
  }
  return word;
}

function foldedPhrase(spelling: string, synonym: string): string {
  const words = foldedWords(synonym);
  if (words.length === 0) {
    throw invalidSynonyms(
      `the synonym ${quoted(synonym)} of ${quoted(spelling)} has no letter or digit: leave it out`,
    );
  }
  if (words.length > wordsPerSynonymMax) {
    throw invalidSynonyms(
      `the synonym ${quoted(synonym)} of ${quoted(spelling)} is ${words.length} words: leave at most ${wordsPerSynonymMax}`,
    );
  }
  return words.join(" ");
}

function foldedWords(text: string): string[] {
  return [...wordsOf(text)].map(({ word }) => word);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > quotedLengthMax ? `${text.slice(0, quotedLengthMax)}…` : text);
}

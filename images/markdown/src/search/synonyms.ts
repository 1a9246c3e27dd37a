import { WeftkitError } from "@weftkit/core";
import { statement } from "@weftkit/store";
import type { Database } from "better-sqlite3";
import { wordsOf } from "./words.ts";

const synonymsPerWordMax = 20;

/**
 * Says which words and phrases of a collection are searched, too, when a word is; in one direction: `k8s` may stand
 * for `kubernetes` and not the other way round. Replaces those that the word had.
 *
 * @throws WeftkitError `invalid_synonym` when the word is not one word, or a synonym has none
 */
export function setSynonyms(
  db: Database,
  collectionRow: number,
  word: string,
  synonyms: readonly string[],
): void {
  const [key, ...others] = foldedWords(word);
  if (key === undefined || others.length > 0) {
    throw new WeftkitError("invalid_synonym", `"${word}" is not one word: only single words have synonyms`);
  }
  if (synonyms.length > synonymsPerWordMax) {
    throw new WeftkitError(
      "invalid_synonym",
      `"${word}" has ${synonyms.length} synonyms: at most ${synonymsPerWordMax} are searched with it`,
    );
  }
  statement(db, "DELETE FROM search_synonyms WHERE collection = ? AND word = ?").run(collectionRow, key);
  const insert = statement(
    db,
    "INSERT INTO search_synonyms (collection, word, synonym) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  for (const synonym of synonyms) {
    const words = foldedWords(synonym);
    if (words.length === 0) {
      throw new WeftkitError("invalid_synonym", `the synonym "${synonym}" has no letter or digit`);
    }
    insert.run(collectionRow, key, words.join(" "));
  }
}

/** The synonyms of a folded word, each as its words. */
export function synonymsOf(db: Database, collectionRow: number, word: string): string[][] {
  const sql = "SELECT synonym FROM search_synonyms WHERE collection = ? AND word = ? ORDER BY synonym";
  const found = statement(db, sql, { pluck: true }).all(collectionRow, word) as string[];
  return found.map((synonym) => synonym.split(" "));
}

function foldedWords(text: string): string[] {
  return [...wordsOf(text)].map(({ word }) => word);
}

import type { Database } from "@weftkit/store";
import type { SearchField } from "../content.ts";
import { anyOf, rowOfWords } from "./match-expression.ts";
import { countMatches } from "./matches.ts";
import type { Term } from "./query.ts";
import { stem } from "./stem.ts";
import { synonymsOf } from "./synonyms.ts";
import type { TimeBudget } from "./time-budget.ts";
import { mistakesAllowed, nearWords, wordsWithPrefix } from "./vocabulary.ts";

/** A word in fewer documents than this may be a misspelling, */
const rareBelow = 3;
/** when one near it is in so many times as many. */
const rareFactor = 10;
/** Near words whose documents are counted, and how far; so many of them are searched. */
const countedMax = 6;
const countedUpTo = 60;
const correctionsMax = 3;
/** A word in so many documents of the newest shards says nothing about which of them is meant. */
const frequentFrom = 1500;
const frequencyShards = 2;
/** Words of the vocabulary that are looked at for a prefix whose words have shorter stems. */
const prefixWordsMax = 200;
const prefixStemsMax = 8;

/** What a term is searched as. */
export interface ExpandedTerm {
  /** The term as it was meant: with the best correction in place of a word that does not exist. */
  readonly term: Term;
  /** The word as written and its synonyms, for FTS5; undefined when it matches nothing. */
  readonly exact: string | undefined;
  /** With corrections. */
  readonly expression: string | undefined;
  /** Words that stand for it. */
  readonly corrections: readonly string[];
  /** Folded words to highlight, stemmed by who does. */
  readonly shown: readonly string[];
  /** Whether its words count where they do not stand in a row. */
  readonly isApart: boolean;
  /** Whether it is in so many documents that it does not count for relevance beside others. */
  readonly isFrequent: boolean;
  /** Of words in a row that are all frequent, one, for FTS5: such a row is dear to find. */
  readonly dearBy: string | undefined;
}

export interface Expansion {
  readonly db: Database;
  readonly collectionRow: number;
  readonly shards: readonly number[];
  readonly isTypoTolerant: boolean;
  /** When it is spent, words are taken as they are written. */
  readonly budget: TimeBudget;
  /** Whether the query has other words that a frequent one may stand beside. */
  readonly hasSeveralTerms: boolean;
  /** How many words of synonyms may still be added to the query. */
  readonly synonymRoom: { words: number };
}

/** Adds to a term what else it may mean: synonyms, forms of a prefix, and for unknown words those that are near. */
export function expandTerm(expansion: Expansion, term: Term): ExpandedTerm {
  if (term.isUnfinished) return expandUnfinished(expansion, { ...term, isUnfinished: false });
  const { words, isPrefix, isQuoted, fields } = term;
  const own = rowOfWords(words, isPrefix, fields);
  const word = words.length === 1 && !isQuoted ? words[0]! : undefined;
  const asWritten = { term, exact: own, expression: own, corrections: [], shown: words, isApart: false };
  if (own === undefined) return { ...asWritten, isFrequent: false, dearBy: undefined };
  if (words.length > 1) {
    const apart = isQuoted ? undefined : expandApart(expansion, term, own);
    if (apart !== undefined) return apart;
    const dearBy = frequentWordOf(expansion, term);
    return { ...asWritten, isFrequent: dearBy !== undefined, dearBy };
  }
  if (word === undefined) return { ...asWritten, isFrequent: false, dearBy: undefined };
  if (isPrefix) {
    const expression = anyOf([own, ...prefixForms(expansion.db, word, fields)]);
    return { ...asWritten, exact: expression, expression, isFrequent: false, dearBy: undefined };
  }
  const synonyms = withinRoom(expansion, synonymsOf(expansion.db, expansion.collectionRow, word));
  const exact = anyOf([own, ...synonyms.map((synonym) => rowOfWords(synonym, false, fields))]);
  const shown = [word, ...synonyms.flat()];
  const spelled = { ...asWritten, exact, expression: exact, shown, dearBy: undefined };
  if (expansion.budget.isSpent) return { ...spelled, isFrequent: false };
  const { count, isFrequent } = frequencyOf(expansion, own);
  const corrections =
    expansion.isTypoTolerant && synonyms.length === 0 && count < rareBelow && !isName(expansion, word, count)
      ? correctionsOf(expansion, word, count, fields)
      : [];
  if (corrections.length === 0) return { ...spelled, isFrequent };
  return {
    ...spelled,
    term: count === 0 ? { ...term, words: [corrections[0]!] } : term,
    expression: anyOf([exact, ...corrections.map((near) => rowOfWords([near], false, fields))]),
    corrections,
    shown: [...shown, ...corrections],
    isFrequent,
  };
}

/** A word that somebody may still be typing: what it is, and what it begins; corrected only where it begins nothing. */
function expandUnfinished(expansion: Expansion, term: Term): ExpandedTerm {
  const { db, collectionRow, shards } = expansion;
  const whole = expandTerm(expansion, term);
  const begun = expandTerm(expansion, { ...term, isPrefix: true });
  const isBeginning =
    begun.expression !== undefined && countMatches(db, collectionRow, shards, begun.expression, 1) > 0;
  if (!isBeginning) return whole;
  const expression = anyOf([whole.exact, begun.expression]);
  return { ...begun, exact: whole.exact, expression };
}

/**
 * Words that were written together (`git-rebsae`, `std::vec::Vec`) and stand nowhere in a row: they are looked for with
 * their mistakes corrected, and each by itself. Undefined when they are somewhere as written.
 */
function expandApart(expansion: Expansion, term: Term, own: string): ExpandedTerm | undefined {
  const { db, collectionRow, shards, budget, isTypoTolerant } = expansion;
  if (budget.isSpent || countMatches(db, collectionRow, shards, own, 1) > 0) return undefined;
  const { words, isPrefix, fields } = term;
  const meant = words.map((word, index) => {
    const isBeginning = isPrefix && index === words.length - 1;
    const row = rowOfWords([word], isBeginning, fields);
    const isThere = row !== undefined && countMatches(db, collectionRow, shards, row, 1) > 0;
    if (isThere || isBeginning || !isTypoTolerant) return word;
    return correctionsOf(expansion, word, 0, fields)[0] ?? word;
  });
  const isCorrected = meant.some((word, index) => word !== words[index]);
  const each = meant.map((word, index) => rowOfWords([word], isPrefix && index === words.length - 1, fields));
  const together = each.some((one) => one === undefined) ? undefined : `(${each.join(" AND ")})`;
  return {
    term: isCorrected ? { ...term, words: meant } : term,
    exact: own,
    expression: anyOf([rowOfWords(meant, isPrefix, fields), together]),
    corrections: isCorrected ? [meant.join(" ")] : [],
    shown: isCorrected ? [...words.slice(0, -1), ...meant] : words,
    isApart: true,
    isFrequent: false,
    dearBy: undefined,
  };
}

/** A rare word that is in a title is the name of something, and no mistake: what is near it would bury its page. */
function isName({ db, collectionRow, shards }: Expansion, word: string, count: number): boolean {
  return count > 0 && countMatches(db, collectionRow, shards, rowOfWords([word], false, ["title"])!, 1) > 0;
}

/** Those that there is room for, the first ones. */
function withinRoom({ synonymRoom }: Expansion, synonyms: readonly string[][]): string[][] {
  return synonyms.filter(({ length }) => {
    if (length > synonymRoom.words) return false;
    synonymRoom.words -= length;
    return true;
  });
}

/** The longest word of a row, which is mostly the rarest, when all of its words are frequent. */
function frequentWordOf(
  { db, collectionRow, shards }: Expansion,
  { words, isPrefix }: Term,
): string | undefined {
  const newest = shards.slice(0, frequencyShards);
  const expressionAt = (index: number) =>
    rowOfWords([words[index]!], isPrefix && index === words.length - 1, undefined)!;
  const indexes = [...words.keys()].sort((left, right) => words[right]!.length - words[left]!.length);
  const areFrequent = indexes.every(
    (index) => countMatches(db, collectionRow, newest, expressionAt(index), frequentFrom) === frequentFrom,
  );
  return areFrequent ? expressionAt(indexes[0]!) : undefined;
}

/** In how many documents a term is, counted up to `rareBelow`, and whether it is frequent among others. */
function frequencyOf(
  { db, collectionRow, shards, hasSeveralTerms }: Expansion,
  expression: string,
): { count: number; isFrequent: boolean } {
  if (!hasSeveralTerms) {
    return { count: countMatches(db, collectionRow, shards, expression, rareBelow), isFrequent: false };
  }
  const newest = shards.slice(0, frequencyShards);
  const older = shards.slice(frequencyShards);
  const count = countMatches(db, collectionRow, newest, expression, frequentFrom);
  if (count >= rareBelow) return { count, isFrequent: count >= frequentFrom };
  const more = countMatches(db, collectionRow, older, expression, rareBelow - count);
  return { count: count + more, isFrequent: false };
}

/** Words near one that is in no document or in few; none when it stands for itself. */
function correctionsOf(
  { db, collectionRow, shards }: Expansion,
  word: string,
  ownCount: number,
  fields: readonly SearchField[] | undefined,
): string[] {
  if (mistakesAllowed(word) === 0) return [];
  const countMin = Math.max(1, ownCount * rareFactor);
  const found: { word: string; distance: number; count: number }[] = [];
  const stems = new Set([stem(word)]);
  for (const near of nearWords(db, word)) {
    if (found.length >= countedMax || (found.length > 0 && near.distance > found[0]!.distance)) break;
    if (stems.has(stem(near.word))) continue;
    stems.add(stem(near.word));
    const expression = rowOfWords([near.word], false, fields)!;
    const count = countMatches(db, collectionRow, shards, expression, countedUpTo);
    if (count >= countMin) found.push({ ...near, count });
  }
  found.sort((left, right) => right.count - left.count);
  return found.slice(0, correctionsMax).map((near) => near.word);
}

/**
 * The stems of words that begin with a prefix when the stems themselves do not: `relationa*` has to find `relational`,
 * whose stem is `relat`.
 */
function prefixForms(
  db: Database,
  prefix: string,
  fields: readonly SearchField[] | undefined,
): (string | undefined)[] {
  const stems = new Map<string, string>();
  for (const word of wordsWithPrefix(db, prefix, prefixWordsMax)) {
    const form = stem(word);
    if (!form.startsWith(prefix) && stems.size < prefixStemsMax) stems.set(form, word);
  }
  return [...stems.values()].map((word) => rowOfWords([word], false, fields));
}

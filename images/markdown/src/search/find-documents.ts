import type { Database } from "@weftkit/store";
import type { SearchQuery } from "../content.ts";
import { type ExpandedTerm, type Expansion, expandTerm } from "./expand-terms.ts";
import { type FoundDocuments, foundRows } from "./found-documents.ts";
import { titleOf } from "./index-document.ts";
import {
  adjacentTerms,
  matchExpression,
  rowOfWords,
  termsNearby,
  titleBeginningWith,
} from "./match-expression.ts";
import { findMatches, type Matches } from "./matches.ts";
import { parseQuery } from "./parse-query.ts";
import { type QueryNode, type Term, wantedTerms } from "./query.ts";
import { rankMatches, type Tier } from "./rank-matches.ts";
import { shardsOf } from "./shards.ts";
import { type Highlights, hitsIn } from "./snippet.ts";
import { stem } from "./stem.ts";
import { TimeBudget } from "./time-budget.ts";
import { standsAlone, wordsOf } from "./words.ts";

/**
 * What counts before relevance: all words in the title, and how much of it they are; a title that begins with them; words
 * near each other and in a row; spelled as in the query; and how many of the words there are when no document has all of
 * them.
 */
const titleWeight = 1;
const wholeTitleWeight = 2;
const titleStartWeight = 4;
const nearWeight = 8;
const adjacentWeight = 16;
const exactWeight = 32;
const wordWeight = 64;

/** Words that join others: a document need not have them when it has at least two of those. */
const joiningWords: ReadonlySet<string> = new Set(
  "a an and are as at by do does for from how i in is it my of on or that the this to vs versus what when why with".split(
    " ",
  ),
);

/** Words after this are not looked up in the vocabulary: a query may have many that are misspelled. */
const expansionTimeMaxMs = 10;
/** So many words of synonyms are searched with one query: each makes it dearer. */
const synonymWordsMax = 64;
/** Of words that are all frequent, so many are scored. */
const frequentScoredMax = 3;

type ExpandedTerms = ReadonlyMap<Term, ExpandedTerm>;

/**
 * The documents of a collection that match a query, the best first. Documents with all words count; when there are
 * none, and the query has no operators, those with some of them.
 *
 * Synchronous and bounded, by matches and by time: of what is in very many documents, or is very dear to find, only
 * the newest documents are scored and counted.
 *
 * @throws WeftkitError `invalid_query`
 */
export function findDocuments(db: Database, collectionRow: number, query: SearchQuery): FoundDocuments {
  const parsed = parseQuery(query.query, { fields: query.fields, isTyping: query.prefixLast === true });
  const node = parsed && withoutJoiningWords(parsed);
  const shards = node === undefined ? [] : shardsOf(db, collectionRow);
  if (node === undefined || shards.length === 0) return nothingFound(collectionRow);
  const terms = wantedTerms(node);
  const isTypoTolerant = query.typo !== false;
  const budget = new TimeBudget(expansionTimeMaxMs);
  const expansion = {
    db,
    collectionRow,
    shards,
    isTypoTolerant,
    budget,
    hasSeveralTerms: terms.length > 1,
    synonymRoom: { words: synonymWordsMax },
  };
  const expanded = new Map(terms.map((term) => [term, expandTerm(expansion, term)]));
  const find = (wanted: QueryNode, tiers: readonly Tier[]): Matches => {
    const expression = matchExpression(wanted, (term) => expressionOf(expansion, expanded, term));
    if (expression === undefined) return { shards: [], total: 0, isComplete: true };
    const relevance = relevanceExpression(wanted, expression, expanded);
    const word = [...expanded.values()].find(({ dearBy }) => dearBy !== undefined)?.dearBy;
    const dear = word === undefined ? undefined : { word, enough: query.offset + query.limit };
    return findMatches({
      db,
      collectionRow,
      shards,
      expression,
      relevance,
      filter: query.filter,
      dear,
      tiers: tiers.length,
    });
  };
  let tiers = tiersOf(node, expansion, expanded);
  let matches = find(node, tiers);
  const words = bagOfWords(node);
  if (matches.total === 0 && words !== undefined && words.length > 1 && !isStrict(node)) {
    tiers = words.flatMap((term) => tier(expanded.get(term)?.expression, wordWeight));
    matches = find({ kind: "or", any: words }, tiers);
  }
  return {
    collectionRow,
    total: matches.total,
    isComplete: matches.isComplete,
    matches: rankMatches(db, matches, tiers, titleScoreOf(db, words ?? [], expanded)),
    corrections: correctionsOf(expanded),
    highlights: highlightsOf([...expanded.values()]),
  };
}

function nothingFound(collectionRow: number): FoundDocuments {
  return foundRows(collectionRow, { rows: [], isComplete: true });
}

/** Of terms that must not be there only the forms of beginnings are added: what nobody wrote must exclude nothing. */
function expressionOf(expansion: Expansion, expanded: ExpandedTerms, term: Term): string | undefined {
  const found = expanded.get(term);
  if (found !== undefined) return found.expression;
  if (term.isPrefix) return expandTerm(expansion, term).expression;
  return rowOfWords(term.words, term.isPrefix, term.fields);
}

/** What the relevance is taken from: not from frequent words beside others, nor from what is dear to find. */
function relevanceExpression(node: QueryNode, whole: string, expanded: ExpandedTerms): string | undefined {
  const wanted = wantedTerms(node);
  const cheap = wanted.filter((term) => expanded.get(term)!.dearBy === undefined);
  const all = node.kind === "and" && node.all.every(({ kind }) => kind === "term") ? cheap : undefined;
  if (all === undefined) return cheap.length === wanted.length ? whole : undefined;
  const telling = all.filter((term) => !expanded.get(term)!.isFrequent);
  const scored = telling.length > 0 ? telling : all.slice(0, frequentScoredMax);
  if (scored.length === wanted.length) return whole;
  if (scored.length === 0) return undefined;
  return matchExpression({ kind: "and", all: scored, none: [], isStrict: true }, (term) => {
    return expanded.get(term)?.expression;
  });
}

/** Of a list of words, those that must be there. */
function withoutJoiningWords(node: QueryNode): QueryNode {
  const words = isStrict(node) ? undefined : bagOfWords(node);
  const telling = words?.filter((term) => term.words.length > 1 || !joiningWords.has(term.words[0]!)) ?? [];
  if (node.kind !== "and" || words === undefined || telling.length < 2) return node;
  return telling.length === words.length ? node : { ...node, all: telling };
}

function isStrict(node: QueryNode): boolean {
  return node.kind === "and" && node.isStrict;
}

/** The terms of a query that only lists words; undefined when it has operators or phrases. */
function bagOfWords(node: QueryNode): readonly Term[] | undefined {
  if (node.kind === "term") return [node];
  if (node.kind !== "and" || node.none.length > 0) return undefined;
  const terms = node.all.filter((inner) => inner.kind === "term");
  const isBag = terms.length === node.all.length && terms.every(({ isQuoted }) => !isQuoted);
  return isBag ? terms : undefined;
}

function tiersOf(node: QueryNode, expansion: Expansion, expanded: ExpandedTerms): Tier[] {
  const tiers: Tier[] = [];
  const hasOtherForms = [...expanded.values()].some(({ exact, expression }) => exact !== expression);
  if (hasOtherForms) {
    const exact = matchExpression(
      node,
      (term) => expanded.get(term)?.exact ?? expressionOf(expansion, expanded, term),
    );
    tiers.push(...tier(exact, exactWeight));
  }
  const words = bagOfWords(node);
  if (words === undefined) return tiers;
  const terms = words.map((term) => expanded.get(term)!.term);
  const fields = terms[0]!.fields;
  if (terms.some((term) => term.fields !== fields)) return tiers;
  if (fields === undefined || fields.includes("title")) {
    tiers.push(...tier(titleBeginningWith(terms), titleStartWeight));
  }
  if (terms.length > 1) {
    tiers.push(...tier(termsNearby(terms, fields), nearWeight));
    tiers.push(...tier(adjacentTerms(terms, fields), adjacentWeight, true));
  }
  return tiers;
}

/** Whether all words, or what they may have meant, are in the title, and how much of it they are. */
function titleScoreOf(
  db: Database,
  words: readonly Term[],
  expanded: ExpandedTerms,
): (documentRow: number) => number {
  const wanted = words.map((term) => highlightsOf([expanded.get(term)!]));
  if (wanted.length === 0) return () => 0;
  return (documentRow) => {
    const title = [...wordsOf(titleOf(db, documentRow))];
    const hits = wanted.map((highlights) => hitsIn(title, highlights));
    if (hits.some(({ length }) => length === 0)) return 0;
    const found = new Set(hits.flat().map(({ index }) => index));
    return titleWeight + (wholeTitleWeight * found.size) / title.length;
  };
}

function tier(expression: string | undefined, weight: number, isWithin = false): Tier[] {
  return expression === undefined ? [] : [{ expression, weight, isWithin }];
}

function highlightsOf(expanded: readonly ExpandedTerm[]): Highlights {
  const stems = new Set<string>();
  const prefixes: string[] = [];
  const rows: (readonly string[])[] = [];
  for (const { term, shown, isApart } of expanded) {
    if (!isApart && shown.length > 1 && shown === term.words && shown.every(standsAlone)) {
      rows.push(shown);
      continue;
    }
    for (const [index, word] of shown.entries()) {
      if (term.isPrefix && index === shown.length - 1) prefixes.push(word);
      else stems.add(stem(word));
    }
  }
  return { stems, prefixes, rows };
}

function correctionsOf(expanded: ExpandedTerms): { from: string; to: string }[] {
  return [...expanded].flatMap(([term, { corrections }]) =>
    corrections.map((to) => ({ from: term.words.join(" "), to })),
  );
}

import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { RowFilter } from "../content.ts";
import { documentRowMax, indexRowOf, indexTable } from "./shards.ts";
import { TimeBudget } from "./time-budget.ts";

/** How much a word counts where it is: title, headings, tags, text. */
const fieldWeights = "10.0, 4.0, 6.0, 1.0";

/**
 * So many of the newest matches are scored, divided by the words of the query and by what else is asked of each: this
 * bounds the time of a search for words that are everywhere. Each takes about 1 us for a match.
 */
const scoringBudget = 1600;
const scoredMin = 250;
/** So many of the newest matches are counted and can be listed; what is not scored comes after what is. */
export const matchesMax = 10_200;

/** After so long nothing older is searched: the event loop is held for as long as a search takes. */
const searchTimeMaxMs = 20;
/** After so long no older documents are looked through for a phrase that is dear, when some have it, */
const phraseTimeMaxMs = 3;
/** and so many with one of its words are looked through at a time. */
const phraseDocuments = 2048;

/** A match and its `bm25`, higher is better. */
export type ScoredRow = readonly [indexRow: number, relevance: number];

export interface MatchesInShard {
  readonly shard: number;
  /** The newest first. */
  readonly scored: readonly ScoredRow[];
  /** Rows of matches that are older than all that are scored, the newest first. */
  readonly others: readonly number[];
}

export interface Matches {
  readonly shards: readonly MatchesInShard[];
  readonly total: number;
  /** False when there were more than are looked at. */
  readonly isComplete: boolean;
}

/** What is searched, and how. */
export interface Search {
  readonly db: Database;
  readonly collectionRow: number;
  /** The newest first. */
  readonly shards: readonly number[];
  readonly expression: string;
  /**
   * What the relevance is taken from: the expression, or one that matches all that it does; undefined for none. Words that
   * are everywhere say nothing, and `bm25` counts all their documents before its first result.
   */
  readonly relevance: string | undefined;
  readonly filter: RowFilter | undefined;
  readonly dear: DearSearch | undefined;
  /** How many tiers are looked up for what is scored. */
  readonly tiers: number;
}

/**
 * A search for a phrase of words that are all frequent: FTS5 compares their places in every document that has them, which
 * takes up to 1 us for each, found or not.
 */
export interface DearSearch {
  /** One of the words. */
  readonly word: string;
  /** So many matches are enough when it takes long. */
  readonly enough: number;
}

type Range = readonly [low: number, high: number];

/** The documents of a collection that an expression matches and a filter lets through, the newest shards first. */
export function findMatches(search: Search): Matches {
  const words = search.expression.split('"').length >>> 1;
  let scoredLeft = Math.max(scoredMin, Math.floor(scoringBudget / (words + search.tiers)));
  let left = matchesMax;
  let total = 0;
  const found: MatchesInShard[] = [];
  const budget = new TimeBudget(searchTimeMaxMs);
  const dearBudget = new TimeBudget(phraseTimeMaxMs);
  for (const { shard, range, isOldest } of stepsOf(search)) {
    const [lowest, highest] = range;
    const scored: Page<ScoredRow> =
      scoredLeft > 0 ? scoredPage(search, shard, range, Math.min(scoredLeft, left)) : emptyPage;
    scoredLeft -= scored.seen;
    left -= scored.seen;
    const below: Range = [lowest, scored.oldest === undefined ? highest : scored.oldest - 1];
    const others: Page<number> =
      scored.isLast || left === 0 ? emptyPage : countedPage(search, shard, below, left);
    left -= others.seen;
    total += scored.rows.length + others.rows.length;
    if (scored.rows.length + others.rows.length > 0)
      found.push({ shard, scored: scored.rows, others: others.rows });
    const isStepDone = scored.isLast || others.isLast;
    const isEnough = search.dear !== undefined && total >= search.dear.enough && dearBudget.isSpent;
    const isOver = left === 0 || isEnough || budget.isSpent;
    if (!isStepDone || (isOver && !isOldest)) return { shards: found, total, isComplete: false };
  }
  return { shards: found, total, isComplete: true };
}

/** Rows of a shard that are searched at once. */
interface Step {
  readonly shard: number;
  readonly range: Range;
  /** Whether there is nothing older. */
  readonly isOldest: boolean;
}

/** Shard after shard, the newest first; a dear search goes through them in steps. */
function* stepsOf({ db, collectionRow, shards, dear }: Search): Generator<Step> {
  const [lowest, highest] = rangeOf(collectionRow);
  for (const [index, shard] of shards.entries()) {
    let newest = highest;
    if (dear !== undefined) {
      const sql = `SELECT rowid FROM ${matchesOf(shard)} ORDER BY rowid DESC LIMIT 1 OFFSET ${phraseDocuments}`;
      const nextStep = statement(db, sql, { pluck: true });
      for (;;) {
        const below = nextStep.get(dear.word, lowest, newest) as number | undefined;
        if (below === undefined) break;
        yield { shard, range: [below + 1, newest], isOldest: false };
        newest = below;
      }
    }
    yield { shard, range: [lowest, newest], isOldest: index === shards.length - 1 };
  }
}

/** Which documents of a range of a shard an expression matches, the newest first. */
export function matchingRows(db: Database, shard: number, expression: string, range: Range): number[] {
  const sql = `SELECT rowid FROM ${matchesOf(shard)} ORDER BY rowid DESC`;
  return statement(db, sql, { pluck: true }).all(expression, ...range) as number[];
}

/** How many documents of a collection an expression matches, counted up to `max`. */
export function countMatches(
  db: Database,
  collectionRow: number,
  shards: readonly number[],
  expression: string,
  max: number,
): number {
  let count = 0;
  for (const shard of shards) {
    const sql = `SELECT count(*) FROM (SELECT 1 FROM ${matchesOf(shard)} LIMIT ?)`;
    const counted = statement(db, sql, { pluck: true }).get(
      expression,
      ...rangeOf(collectionRow),
      max - count,
    );
    count += counted as number;
    if (count >= max) break;
  }
  return count;
}

/** Some rows of a shard. */
interface Page<Row> {
  /** Those that the filter lets through. */
  readonly rows: readonly Row[];
  /** How many there were before it. */
  readonly seen: number;
  readonly oldest: number | undefined;
  /** Whether there are no more in the range. */
  readonly isLast: boolean;
}

const emptyPage: Page<never> = { rows: [], seen: 0, oldest: undefined, isLast: false };

function scoredPage(search: Search, shard: number, range: Range, limit: number): Page<ScoredRow> {
  const { filter, expression } = search;
  if (search.relevance !== expression) return scoredApart(search, search.relevance, shard, range, limit);
  const relevance = `${relevanceOf(shard)} AS relevance`;
  if (filter === undefined) {
    const rows = read(search, shard, range, limit, `rowid, ${relevance}`, undefined) as ScoredRow[];
    return { rows, seen: rows.length, oldest: rows.at(-1)?.[0], isLast: rows.length < limit };
  }
  const outer = `id, relevance, ${passes(filter)}`;
  const found = read(search, shard, range, limit, relevance, outer) as [number, number, number][];
  const rows = found.filter((hit) => hit[2] === 1).map(([id, score]) => [id, score] as const);
  return { rows, seen: found.length, oldest: found.at(-1)?.[0], isLast: found.length < limit };
}

/** Finds matches by the expression, and takes their relevance from another one that matches all of them. */
function scoredApart(
  search: Search,
  relevance: string | undefined,
  shard: number,
  range: Range,
  limit: number,
): Page<ScoredRow> {
  const page = countedPage(search, shard, range, limit);
  if (page.rows.length === 0) return { ...page, rows: [] };
  if (relevance === undefined) return { ...page, rows: page.rows.map((row) => [row, 0]) };
  const sql = `SELECT rowid, ${relevanceOf(shard)} FROM ${matchesOf(shard)}`;
  const between = [page.rows.at(-1)!, page.rows[0]!];
  const scores = new Map(
    statement(search.db, sql, { raw: true }).all(relevance, ...between) as [number, number][],
  );
  return { ...page, rows: page.rows.map((row) => [row, scores.get(row) ?? 0]) };
}

function countedPage(search: Search, shard: number, range: Range, limit: number): Page<number> {
  const { filter } = search;
  if (filter === undefined) {
    const rows = read(search, shard, range, limit, "rowid", undefined) as number[];
    return { rows, seen: rows.length, oldest: rows.at(-1), isLast: rows.length < limit };
  }
  // A negative number stands for a row that does not pass: one column is read in half the time of two.
  const found = read(search, shard, range, limit, "0", `iif(${passes(filter)}, id, -id)`) as number[];
  const oldest = found.length === 0 ? undefined : Math.abs(found.at(-1)!);
  return { rows: found.filter((row) => row > 0), seen: found.length, oldest, isLast: found.length < limit };
}

/** Columns of matches, the newest first; `outer` are columns that also see the filter. One column comes bare. */
function read(
  { db, expression, filter }: Search,
  shard: number,
  range: Range,
  limit: number,
  columns: string,
  outer: string | undefined,
): unknown[] {
  const newest = `FROM ${matchesOf(shard)} ORDER BY rowid DESC LIMIT ?`;
  const sql =
    outer === undefined
      ? `SELECT ${columns} ${newest}`
      : `SELECT ${outer} FROM (SELECT rowid AS id, rowid % 4294967296 AS row, ${columns} ${newest}) AS hits`;
  const isBare = columns === "rowid" || columns === "0";
  return statement(db, sql, isBare ? { pluck: true } : { raw: true }).all(
    ...(filter?.parameters ?? []),
    expression,
    ...range,
    limit,
  );
}

/** The table and condition of all matches; parameters: the expression and the range. */
function matchesOf(shard: number): string {
  const table = indexTable(shard);
  return `${table} WHERE ${table} MATCH ? AND rowid BETWEEN CAST(? AS INTEGER) AND CAST(? AS INTEGER)`;
}

function relevanceOf(shard: number): string {
  return `-bm25(${indexTable(shard)}, ${fieldWeights})`;
}

function passes(filter: RowFilter): string {
  return `((${filter.condition("hits.row")}) IS TRUE)`;
}

function rangeOf(collectionRow: number): Range {
  return [indexRowOf(collectionRow, 0), indexRowOf(collectionRow, documentRowMax)];
}

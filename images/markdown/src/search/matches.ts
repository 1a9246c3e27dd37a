import { statement } from "@weftkit/store";
import type { Database } from "better-sqlite3";
import type { RowFilter } from "../content.ts";
import { documentRowOf, indexRowOf, indexTable } from "./shards.ts";

/** How much a word counts where it is: title, headings, tags, text. */
const fieldWeights = "10.0, 4.0, 6.0, 1.0";

/**
 * So many of the newest matches are scored, divided by what scoring one costs: this bounds the time of a search for
 * words that are everywhere. A score is about 1 us for each word of the query.
 */
const scoringBudget = 4000;
/** So many of the newest matches are counted and can be listed; what is not scored comes after what is. */
export const matchesMax = 10_200;

/** A document that a query matches. */
export interface Match {
  readonly indexRow: number;
  readonly documentRow: number;
  /** `bm25`, higher is better; undefined for matches beyond those that are scored. */
  readonly relevance: number | undefined;
}

export interface MatchesInShard {
  readonly shard: number;
  /** The newest first. */
  readonly matches: readonly Match[];
}

export interface Matches {
  readonly shards: readonly MatchesInShard[];
  readonly total: number;
  /** False when there were more than are looked at. */
  readonly isComplete: boolean;
}

type MatchRow = [indexRow: number, relevance: number | null, passes: number];

/** The documents of a collection that an expression matches and a filter lets through, the newest shards first. */
export function findMatches(
  db: Database,
  collectionRow: number,
  shards: readonly number[],
  expression: string,
  filter: RowFilter | undefined,
): Matches {
  const words = expression.split('"').length >>> 1;
  let scoredLeft = Math.max(200, Math.floor((2 * scoringBudget) / (1 + words)));
  let left = matchesMax;
  let total = 0;
  const found: MatchesInShard[] = [];
  const lowest = indexRowOf(collectionRow, 0);
  for (const [index, shard] of shards.entries()) {
    const rows: MatchRow[] = [];
    let highest = indexRowOf(collectionRow + 1, 0) - 1;
    let isExhausted = false;
    if (scoredLeft > 0) {
      const limit = Math.min(scoredLeft, left);
      const scored = readMatches(db, shard, expression, [lowest, highest], true, limit, filter);
      isExhausted = scored.length < limit;
      if (!isExhausted) highest = scored.at(-1)![0] - 1;
      scoredLeft -= scored.length;
      left -= scored.length;
      rows.push(...scored);
    }
    if (!isExhausted && left > 0) {
      const limit = left;
      const counted = readMatches(db, shard, expression, [lowest, highest], false, limit, filter);
      isExhausted = counted.length < limit;
      left -= counted.length;
      rows.push(...counted);
    }
    const matches = rows.filter(([, , passes]) => passes === 1).map(toMatch);
    total += matches.length;
    if (matches.length > 0) found.push({ shard, matches });
    if (!isExhausted || (left === 0 && index < shards.length - 1))
      return { shards: found, total, isComplete: false };
  }
  return { shards: found, total, isComplete: true };
}

/** Which documents of a range of a shard an expression matches. */
export function matchingRows(
  db: Database,
  shard: number,
  expression: string,
  range: readonly [low: number, high: number],
): number[] {
  const table = indexTable(shard);
  return statement(
    db,
    `SELECT rowid FROM ${table} WHERE ${table} MATCH ? AND rowid BETWEEN CAST(? AS INTEGER) AND CAST(? AS INTEGER)`,
    { pluck: true },
  ).all(expression, ...range) as number[];
}

/** How many documents of a collection an expression matches, counted up to `max`. */
export function countMatches(
  db: Database,
  collectionRow: number,
  shards: readonly number[],
  expression: string,
  max: number,
): number {
  const range = [indexRowOf(collectionRow, 0), indexRowOf(collectionRow + 1, 0) - 1];
  let count = 0;
  for (const shard of shards) {
    const table = indexTable(shard);
    const sql = `SELECT count(*) FROM (SELECT 1 FROM ${table} WHERE ${table} MATCH ? AND rowid BETWEEN CAST(? AS INTEGER) AND CAST(? AS INTEGER) LIMIT ?)`;
    count += statement(db, sql, { pluck: true }).get(expression, ...range, max - count) as number;
    if (count >= max) break;
  }
  return count;
}

function readMatches(
  db: Database,
  shard: number,
  expression: string,
  range: readonly [low: number, high: number],
  isScored: boolean,
  limit: number,
  filter: RowFilter | undefined,
): MatchRow[] {
  const table = indexTable(shard);
  const relevance = isScored ? `-bm25(${table}, ${fieldWeights})` : "NULL";
  const hits = `SELECT rowid AS id, ${relevance} AS relevance, rowid % 4294967296 AS row FROM ${table}
    WHERE ${table} MATCH ? AND rowid BETWEEN CAST(? AS INTEGER) AND CAST(? AS INTEGER) ORDER BY rowid DESC LIMIT ?`;
  const passes = filter === undefined ? "1" : `(${filter.condition("hits.row")}) IS TRUE`;
  const sql = `SELECT hits.id, hits.relevance, ${passes} FROM (${hits}) AS hits`;
  const parameters = filter?.parameters ?? [];
  return statement(db, sql, { raw: true }).all(...parameters, expression, ...range, limit) as MatchRow[];
}

function toMatch([indexRow, relevance]: MatchRow): Match {
  return { indexRow, documentRow: documentRowOf(indexRow), relevance: relevance ?? undefined };
}

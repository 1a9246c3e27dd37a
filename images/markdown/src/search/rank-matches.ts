import type { Database } from "@weftkit/store";
import { type Matches, matchingRows, type ScoredRow } from "./matches.ts";
import { documentRowOf } from "./shards.ts";
import { TimeBudget } from "./time-budget.ts";

/**
 * A property of a match that counts before its relevance; `weight` is more than those of all lesser properties
 * together, relevance included, which is below 1.
 */
export interface Tier {
  /** What the documents that have the property match, for FTS5. */
  readonly expression: string;
  readonly weight: number;
  /** Whether only documents of the tier before it can have the property. */
  readonly isWithin: boolean;
}

export interface RankedMatch {
  readonly documentRow: number;
  readonly score: number;
}

/** After so long the tiers of older shards are left out, so that their matches are ranked by relevance alone. */
const tierTimeMaxMs = 10;
/** A relevance of so much is half of what is possible. */
const relevanceHalf = 6;

/**
 * So many of the best are asked for their titles. The title counts ten times in the relevance, so that a document with
 * the words in its title is among them.
 */
const titlesReadMax = 200;

const noWeights: ReadonlyMap<number, number> = new Map();

/** All matches of a search in their order: those that are scored, the best first, then the others, the newest first. */
export class Ranking {
  readonly #scored: readonly RankedMatch[];
  readonly #others: readonly (readonly number[])[];

  constructor(scored: readonly RankedMatch[], others: readonly (readonly number[])[]) {
    this.#scored = scored;
    this.#others = others;
  }

  page(offset: number, limit: number): RankedMatch[] {
    const page = this.#scored.slice(offset, offset + limit);
    let before = this.#scored.length;
    for (const rows of this.#others) {
      const from = Math.max(0, offset + page.length - before);
      const some = rows.slice(from, from + limit - page.length);
      page.push(...some.map((row) => ({ documentRow: documentRowOf(row), score: 0 })));
      before += rows.length;
    }
    return page;
  }

  documentRows(): number[] {
    const scored = this.#scored.map(({ documentRow }) => documentRow);
    return [...scored, ...this.#others.flat().map(documentRowOf)];
  }
}

/**
 * Orders matches by their tiers, and within them by their relevance and what `titleScore` says of a document's title.
 */
export function rankMatches(
  db: Database,
  { shards }: Matches,
  tiers: readonly Tier[],
  titleScore: (documentRow: number) => number,
): Ranking {
  const ranked: RankedMatch[] = [];
  const budget = new TimeBudget(tierTimeMaxMs);
  for (const { shard, scored } of shards) {
    if (scored.length === 0) continue;
    const weights = budget.isSpent ? noWeights : tierWeights(db, shard, scored, tiers);
    for (const [row, relevance] of scored) {
      const score = (weights.get(row) ?? 0) + relevance / (relevance + relevanceHalf);
      ranked.push({ documentRow: documentRowOf(row), score });
    }
  }
  ranked.sort(bestFirst);
  const best = ranked.splice(0, titlesReadMax).map(({ documentRow, score }) => {
    return { documentRow, score: score + titleScore(documentRow) };
  });
  ranked.unshift(...best.sort(bestFirst));
  const others = shards.map((matches) => matches.others);
  return new Ranking(ranked, others);
}

function bestFirst(left: RankedMatch, right: RankedMatch): number {
  return right.score - left.score || right.documentRow - left.documentRow;
}

/** What the tiers give to each scored match of a shard. Only the range of these is searched again. */
function tierWeights(
  db: Database,
  shard: number,
  scored: readonly ScoredRow[],
  tiers: readonly Tier[],
): Map<number, number> {
  const weights = new Map<number, number>();
  let rows = scored.map(([row]) => row);
  const all = rows;
  for (const { expression, weight, isWithin } of tiers) {
    const among = isWithin ? rows : all;
    rows = among.length === 0 ? [] : matchingRows(db, shard, expression, [among.at(-1)!, among[0]!]);
    for (const row of rows) weights.set(row, (weights.get(row) ?? 0) + weight);
  }
  return weights;
}

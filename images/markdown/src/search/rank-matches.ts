import type { Database } from "better-sqlite3";
import { type Match, type Matches, matchingRows } from "./matches.ts";

/**
 * Properties of a match that count before its relevance, the most important first; `weight` is more than all that
 * follow together, relevance included, which is below 1.
 */
export interface Tier {
  /** What the documents that have the property match, for FTS5. */
  readonly expression: string;
  readonly weight: number;
}

export interface RankedMatch extends Match {
  readonly score: number;
}

/** A relevance of so much is half of what is possible. */
const relevanceHalf = 6;

/** All matches, the best first: those that are scored by their tiers and relevance, then the others, the newest first. */
export function rankMatches(db: Database, { shards }: Matches, tiers: readonly Tier[]): RankedMatch[] {
  const scored: RankedMatch[] = [];
  const others: RankedMatch[] = [];
  for (const { shard, matches } of shards) {
    const weights = tierWeights(db, shard, matches, tiers);
    for (const match of matches) {
      const { relevance } = match;
      if (relevance === undefined) {
        others.push({ ...match, score: 0 });
        continue;
      }
      const score = (weights.get(match.indexRow) ?? 0) + relevance / (relevance + relevanceHalf);
      scored.push({ ...match, score });
    }
  }
  scored.sort((left, right) => right.score - left.score || right.documentRow - left.documentRow);
  return [...scored, ...others];
}

/** What the tiers give to each match of a shard. Only the range of the scored matches is searched again. */
function tierWeights(
  db: Database,
  shard: number,
  matches: readonly Match[],
  tiers: readonly Tier[],
): Map<number, number> {
  const weights = new Map<number, number>();
  const scored = matches.filter(({ relevance }) => relevance !== undefined);
  if (scored.length === 0) return weights;
  const range = [scored.at(-1)!.indexRow, scored[0]!.indexRow] as const;
  for (const { expression, weight } of tiers) {
    for (const row of matchingRows(db, shard, expression, range)) {
      weights.set(row, (weights.get(row) ?? 0) + weight);
    }
  }
  return weights;
}

import type { Hit } from "../collections/collection.ts";

/** The result of one search, the best first. */
export interface Ranking {
  readonly hits: readonly Hit[];
  /** Whether less is better. */
  readonly isDistance: boolean;
}

export interface RrfOptions {
  /** Default: 2. */
  readonly k?: number;
  /** Of each ranking. Default: 1. */
  readonly weights?: readonly number[];
}

const rrfKDefault = 2;

/** One ranking of many: by the places in each (RRF), or by the scores (DBSF). */
export function fuse(rankings: readonly Ranking[], method: "rrf" | "dbsf", options: RrfOptions = {}): Hit[] {
  const fused = new Map<number, Hit>();
  rankings.forEach((ranking, i) => {
    const scores = method === "rrf" ? placeScores(ranking, options, i) : spreadScores(ranking);
    ranking.hits.forEach((hit, place) => {
      const score = (fused.get(hit.slot)?.score ?? 0) + scores[place]!;
      fused.set(hit.slot, { ...hit, score });
    });
  });
  return [...fused.values()].sort((a, b) => b.score - a.score);
}

function placeScores({ hits }: Ranking, { k = rrfKDefault, weights }: RrfOptions, ranking: number): number[] {
  const weight = weights?.[ranking] ?? 1;
  if (weight <= 0) return hits.map(() => 0);
  // The heavier a ranking is, the slower its scores fall from place to place.
  return hits.map((_, place) => 1 / ((place + 1) / weight + k - 1));
}

/** Scores between 0 and 1: from three deviations below the mean to three above. */
function spreadScores({ hits, isDistance }: Ranking): number[] {
  const scores = hits.map(({ score }) => (isDistance ? -score : score));
  if (scores.length === 0) return [];
  if (scores.length === 1) return [0.5];
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (scores.length - 1);
  const deviation = Math.sqrt(variance);
  if (deviation === 0) return scores.map(() => 0.5);
  const low = mean - 3 * deviation;
  return scores.map((score) => (score - low) / (6 * deviation));
}

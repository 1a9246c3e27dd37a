import { lexemesOf, type TextQuery } from "./query.ts";
import type { Position, TextVector, Weight } from "./vector.ts";

/** `ts_rank` and `ts_rank_cd` (PostgreSQL's documentation, 12.3.3; the formulas are those of its tsrank.c). */

/** PostgreSQL computes ranks in single precision, so that equal ones stay equal. */
const single = Math.fround;

const weightOrder: readonly Weight[] = ["D", "C", "B", "A"];
export const defaultWeights: readonly number[] = [0.1, 0.2, 0.4, 1.0];

function weightOf(position: Position, weights: readonly number[]): number {
  return single(weights[weightOrder.indexOf(position.weight)]!);
}

interface Term {
  readonly text: string;
  readonly isPrefix: boolean;
}

function terms(query: TextQuery): Term[] {
  const byKey = new Map(lexemesOf(query).map((one) => [`${one.text}\0${one.isPrefix}`, one]));
  return [...byKey.values()].sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
}

function placesOf(vector: TextVector, { text, isPrefix }: Term): readonly (readonly Position[])[] {
  return vector
    .filter((lexeme) => (isPrefix ? lexeme.text.startsWith(text) : lexeme.text === text))
    .map(({ positions }) => positions);
}

const noPosition: Position = { at: 16_383, weight: "D" };

function orRank(vector: TextVector, query: TextQuery, weights: readonly number[]): number {
  const all = terms(query);
  let result = 0;
  for (const term of all) {
    for (const found of placesOf(vector, term)) {
      const positions = found.length === 0 ? [{ ...noPosition }] : found;
      let sum = 0;
      let heaviest = -1;
      let heaviestAt = 0;
      for (const [j, position] of positions.entries()) {
        const weight = weightOf(position, weights);
        sum = single(sum + weight / ((j + 1) * (j + 1)));
        if (weight > heaviest) {
          heaviest = weight;
          heaviestAt = j;
        }
      }
      // sum of 1/k^2 is pi^2/6.
      const rest = single(single(heaviest + sum) - heaviest / ((heaviestAt + 1) * (heaviestAt + 1)));
      result = single(result + rest / 1.64493406685);
    }
  }
  return all.length > 0 ? single(result / all.length) : result;
}

function andRank(vector: TextVector, query: TextQuery, weights: readonly number[]): number {
  const all = terms(query);
  if (all.length < 2) return orRank(vector, query, weights);
  let result = -1;
  const before: (readonly Position[])[] = [];
  const isPlaced: boolean[] = [];
  for (const [i, term] of all.entries()) {
    for (const found of placesOf(vector, term)) {
      const positions = found.length === 0 ? [noPosition] : found;
      isPlaced[i] = found.length > 0;
      for (let k = 0; k < i; k++) {
        for (const a of positions) {
          for (const b of before[k] ?? []) {
            let distance = Math.abs(a.at - b.at);
            const bothPlaced = isPlaced[i] && isPlaced[k];
            if (distance === 0 && bothPlaced) continue;
            if (distance === 0) distance = 16_384;
            const product = single(
              single(weightOf(a, weights) * weightOf(b, weights)) * wordDistance(distance),
            );
            const weight = single(Math.sqrt(product));
            result = result < 0 ? weight : single(1 - (1 - result) * (1 - weight));
          }
        }
      }
      before[i] = positions;
    }
  }
  return result;
}

function wordDistance(distance: number): number {
  return single(distance > 100 ? 1e-30 : 1 / (1.005 + 0.05 * Math.exp(single(distance) / 1.5 - 2)));
}

/** How a rank is divided by the document's length and the like: bits. */
const normalise = { logLength: 1, length: 2, extents: 4, uniques: 8, logUniques: 16, plusOne: 32 } as const;

function lengthOf(vector: TextVector): number {
  let length = 0;
  for (const { positions } of vector) length += positions.length === 0 ? 1 : positions.length;
  return length;
}

function normalised(rank: number, vector: TextVector, method: number): number {
  let result = rank;
  if (method & normalise.logLength && vector.length > 0)
    result = single(result / (Math.log(lengthOf(vector) + 1) / Math.log(2)));
  if (method & normalise.length) {
    const length = lengthOf(vector);
    if (length > 0) result = single(result / length);
  }
  if (method & normalise.uniques && vector.length > 0) result = single(result / vector.length);
  if (method & normalise.logUniques && vector.length > 0)
    result = single(result / (Math.log(vector.length + 1) / Math.log(2)));
  if (method & normalise.plusOne) result = single(result / single(result + 1));
  return result;
}

export function rank(
  vector: TextVector,
  query: TextQuery | undefined,
  weights: readonly number[],
  method: number,
): number {
  if (query === undefined || vector.length === 0) return 0;
  const isAll = query.kind === "and" || query.kind === "phrase";
  let result = isAll ? andRank(vector, query, weights) : orRank(vector, query, weights);
  if (result < 0) result = 1e-20;
  return normalised(single(result), vector, method);
}

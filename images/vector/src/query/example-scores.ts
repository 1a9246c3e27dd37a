/** Scores by examples instead of a vector, as Qdrant defines them: of each candidate, from how alike it is to each example. */
export interface PairSimilarities {
  readonly positive: Float32Array;
  readonly negative: Float32Array;
}

const epsilon = 1.192_092_9e-7;

function fastSigmoid(x: number): number {
  return Number.isFinite(x) ? x / (1 + Math.abs(x)) : x;
}

/** Between 0 and 1. */
function scaledSigmoid(x: number): number {
  return 0.5 * (fastSigmoid(x) + 1);
}

/** The best positive example counts, unless a negative one is nearer. */
export function bestScores(
  positive: readonly Float32Array[],
  negative: readonly Float32Array[],
  count: number,
): Float32Array {
  const bestOf = (all: readonly Float32Array[], i: number) =>
    all.reduce((best, scores) => Math.max(best, scores[i]!), Number.NEGATIVE_INFINITY);
  return Float32Array.from({ length: count }, (_, i) => {
    const pro = bestOf(positive, i);
    const contra = bestOf(negative, i);
    return pro > contra ? scaledSigmoid(pro) : -scaledSigmoid(contra);
  });
}

export function sumScores(
  positive: readonly Float32Array[],
  negative: readonly Float32Array[],
  count: number,
): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (const scores of positive) sum += scores[i]!;
    for (const scores of negative) sum -= scores[i]!;
    return sum;
  });
}

/** On how many pairs' positive sides it lies, and then how near it is to the target. */
export function discoveryScores(
  target: Float32Array,
  pairs: readonly PairSimilarities[],
  count: number,
): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    let rank = 0;
    for (const { positive, negative } of pairs) rank += Math.sign(positive[i]! - negative[i]!);
    return rank + scaledSigmoid(target[i]!);
  });
}

/** How far it is on the negative side of each pair; 0 is the best. */
export function contextScores(pairs: readonly PairSimilarities[], count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (const { positive, negative } of pairs)
      sum += fastSigmoid(Math.min(Math.fround(Math.fround(positive[i]! - negative[i]!) - epsilon), 0));
    return sum;
  });
}

/** Pairs of examples count whose scores differ. */
const confidenceMin = 0;

/** How alike it is to the target, moved towards the better example of each pair. */
export function feedbackScores(
  target: Float32Array,
  examples: readonly { readonly similarities: Float32Array; readonly score: number }[],
  { a, b, c }: { readonly a: number; readonly b: number; readonly c: number },
): Float32Array {
  const pairs = examples.flatMap((better) =>
    examples
      .filter((worse) => better.score - worse.score > confidenceMin)
      .map((worse) => ({ better, worse, weight: (better.score - worse.score) ** b * c })),
  );
  return target.map((similarity, i) =>
    pairs.reduce(
      (sum, { better, worse, weight }) => sum + weight * (better.similarities[i]! - worse.similarities[i]!),
      a * similarity,
    ),
  );
}

import { randomNumbers } from "@weftkit/testing/random-numbers";

/** Vectors as models of language make them: around some centres, in fewer dimensions than they have, with a little noise. */
export class RandomVectors {
  readonly dimensions: number;
  readonly random: () => number;
  readonly #basis: Float64Array[];
  readonly #centres: Float64Array[];

  constructor(seed: number, dimensions: number, { rank = 12, centres = 50 } = {}) {
    this.dimensions = dimensions;
    this.random = randomNumbers(seed);
    const row = (length: number) => Float64Array.from({ length }, () => this.#normal());
    this.#basis = Array.from({ length: rank }, () => row(dimensions));
    this.#centres = Array.from({ length: centres }, () => row(rank));
  }

  next(): Float32Array {
    const centre = this.#centres[Math.floor(this.random() * this.#centres.length)]!;
    const vector = new Float64Array(this.dimensions);
    this.#basis.forEach((direction, i) => {
      const weight = centre[i]! + 0.5 * this.#normal();
      for (let d = 0; d < vector.length; d++) vector[d]! += weight * direction[d]!;
    });
    return Float32Array.from(vector, (value) => value + 0.3 * this.#normal());
  }

  many(count: number): Float32Array[] {
    return Array.from({ length: count }, () => this.next());
  }

  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.random())) * Math.cos(2 * Math.PI * this.random());
  }
}

export type DistanceName = "cosine" | "euclidean" | "dot_product" | "manhattan";

/** How far apart two vectors are, as the definition says: the oracle. */
export function distanceOf(name: DistanceName, a: ArrayLike<number>, b: ArrayLike<number>): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  let squares = 0;
  let absolute = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
    squares += (a[i]! - b[i]!) ** 2;
    absolute += Math.abs(a[i]! - b[i]!);
  }
  switch (name) {
    case "cosine":
      return -dot / Math.sqrt(aa * bb);
    case "dot_product":
      return -dot;
    case "euclidean":
      return Math.sqrt(squares);
    case "manhattan":
      return absolute;
  }
}

/** The ids of the `k` nearest, by comparing with all. */
export function nearest(
  name: DistanceName,
  vectors: ReadonlyMap<string, ArrayLike<number>>,
  query: ArrayLike<number>,
  k: number,
): string[] {
  return Array.from(vectors, ([id, vector]) => [id, distanceOf(name, vector, query)] as const)
    .sort(([, a], [, b]) => a - b)
    .slice(0, k)
    .map(([id]) => id);
}

/** How many of the right ones were found. */
export function recall(found: readonly string[], right: readonly string[]): number {
  const wanted = new Set(right);
  return right.length === 0 ? 1 : found.filter((id) => wanted.has(id)).length / right.length;
}

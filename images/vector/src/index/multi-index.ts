import type { Distance } from "./layout.ts";

/** The lists of vectors of one name: compared one by one, as there is no graph for them. */
export class MultiIndex {
  readonly distance: Distance;
  readonly #vectors = new Map<number, readonly Float32Array[]>();
  #bytes = 0;

  constructor(distance: Distance) {
    this.distance = distance;
  }

  get alive(): number {
    return this.#vectors.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(node: number): boolean {
    return this.#vectors.has(node);
  }

  vectorOf(node: number): readonly Float32Array[] | undefined {
    return this.#vectors.get(node);
  }

  nodes(): IterableIterator<number> {
    return this.#vectors.keys();
  }

  add(node: number, rows: readonly Float32Array[]): void {
    this.#vectors.set(node, rows);
    this.#bytes += rows.reduce((sum, row) => sum + row.byteLength + 64, 0);
  }

  remove(node: number): void {
    const rows = this.#vectors.get(node);
    if (rows === undefined) return;
    this.#vectors.delete(node);
    this.#bytes -= rows.reduce((sum, row) => sum + row.byteLength + 64, 0);
  }
}

/** How alike two vectors are: more is more alike, whatever the distance. */
export function similarity(distance: Distance, a: Float32Array, b: Float32Array): number {
  let sum = 0;
  switch (distance) {
    case "Cosine":
    case "Dot":
      for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
      return sum;
    case "Euclid":
      for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
      return -sum;
    case "Manhattan":
      for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
      return -sum;
  }
}

/** Of two lists: the sum of the best that each of the query's vectors finds. */
export function maxSimilarity(
  distance: Distance,
  query: readonly Float32Array[],
  rows: readonly Float32Array[],
): number {
  let sum = 0;
  for (const one of query) {
    let best = Number.NEGATIVE_INFINITY;
    for (const row of rows) best = Math.max(best, similarity(distance, one, row));
    sum += best;
  }
  return sum;
}

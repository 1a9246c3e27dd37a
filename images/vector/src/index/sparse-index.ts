import type { NodeSet } from "./dense-index.ts";

/** Who has a dimension, in the order of nodes, and how much of it. */
class Postings {
  nodes = new Uint32Array(4);
  weights = new Float32Array(4);
  size = 0;

  add(node: number, weight: number): void {
    if (this.size === this.nodes.length) {
      const nodes = new Uint32Array(this.size * 2);
      const weights = new Float32Array(this.size * 2);
      nodes.set(this.nodes);
      weights.set(this.weights);
      this.nodes = nodes;
      this.weights = weights;
    }
    const at = this.#placeOf(node);
    this.nodes.copyWithin(at + 1, at, this.size);
    this.weights.copyWithin(at + 1, at, this.size);
    this.nodes[at] = node;
    this.weights[at] = weight;
    this.size++;
  }

  remove(node: number): void {
    const at = this.#placeOf(node);
    if (at >= this.size || this.nodes[at] !== node) return;
    this.nodes.copyWithin(at, at + 1, this.size);
    this.weights.copyWithin(at, at + 1, this.size);
    this.size--;
  }

  #placeOf(node: number): number {
    let low = 0;
    let high = this.size;
    // Most come behind the last.
    if (high > 0 && this.nodes[high - 1]! < node) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.nodes[middle]! < node) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export interface SparseQuery {
  readonly indices: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** About what a posting takes, and what a dimension does. */
const postingBytes = 8;
const vectorBytes = 64;

/** The sparse vectors of one name: for each dimension, who has it. */
export class SparseIndex {
  readonly #postings = new Map<number, Postings>();
  readonly #vectors = new Map<number, { readonly indices: Uint32Array; readonly values: Float32Array }>();
  #entries = 0;

  get alive(): number {
    return this.#vectors.size;
  }

  get bytes(): number {
    return this.#entries * 2 * postingBytes + this.#vectors.size * vectorBytes;
  }

  has(node: number): boolean {
    return this.#vectors.has(node);
  }

  vectorOf(node: number): { readonly indices: Uint32Array; readonly values: Float32Array } | undefined {
    return this.#vectors.get(node);
  }

  nodes(): IterableIterator<number> {
    return this.#vectors.keys();
  }

  add(node: number, vector: { readonly indices: Uint32Array; readonly values: Float32Array }): void {
    this.#vectors.set(node, vector);
    vector.indices.forEach((dimension, i) => {
      let postings = this.#postings.get(dimension);
      if (postings === undefined) {
        postings = new Postings();
        this.#postings.set(dimension, postings);
      }
      postings.add(node, vector.values[i]!);
    });
    this.#entries += vector.indices.length;
  }

  remove(node: number): void {
    const vector = this.#vectors.get(node);
    if (vector === undefined) return;
    this.#vectors.delete(node);
    for (const dimension of vector.indices) {
      const postings = this.#postings.get(dimension);
      postings?.remove(node);
      if (postings?.size === 0) this.#postings.delete(dimension);
    }
    this.#entries -= vector.indices.length;
  }

  /** How rare a dimension is among `count` vectors, as BM25 has it. */
  idf(dimension: number, count: number): number {
    const frequency = this.#postings.get(dimension)?.size ?? 0;
    return Math.log((count - frequency + 0.5) / (frequency + 0.5) + 1);
  }

  /** The product with each vector that shares a dimension with the query. */
  scores(query: SparseQuery, set: NodeSet | undefined): Map<number, number> {
    const scores = new Map<number, number>();
    for (let i = 0; i < query.indices.length; i++) {
      const postings = this.#postings.get(query.indices[i]!);
      if (postings === undefined) continue;
      const weight = query.values[i]!;
      for (let j = 0; j < postings.size; j++) {
        const node = postings.nodes[j]!;
        if (set !== undefined && ((set.words[node >>> 5]! >>> (node & 31)) & 1) === 0) continue;
        scores.set(node, (scores.get(node) ?? 0) + weight * postings.weights[j]!);
      }
    }
    return scores;
  }
}

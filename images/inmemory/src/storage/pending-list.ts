import type { StreamId } from "./stream-id.ts";

const CHUNK_SIZE = 256;

/** Something that is kept in the order of stream identifiers. */
export interface Identified {
  readonly id: StreamId;
}

/**
 * Items by stream identifier, in order: sorted chunks, found by binary search. Identifiers mostly come at the end and
 * go at the beginning, which costs next to nothing.
 */
export class PendingList<T extends Identified> {
  size = 0;
  readonly #chunks: T[][] = [];

  get(id: StreamId): T | undefined {
    const found = this.atOrAfter(id);
    return found !== undefined && found.id.compare(id) === 0 ? found : undefined;
  }

  /** The first item whose identifier is this one or after it. */
  atOrAfter(id: StreamId): T | undefined {
    const c = this.#chunkOf(id);
    const chunk = this.#chunks[c];
    if (chunk === undefined) return undefined;
    const at = placeIn(chunk, id);
    return at < chunk.length ? chunk[at] : this.#chunks[c + 1]?.[0];
  }

  get first(): T | undefined {
    return this.#chunks[0]?.[0];
  }

  get last(): T | undefined {
    return this.#chunks.at(-1)?.at(-1);
  }

  /** Adds an item whose identifier is not in the list. */
  add(item: T): void {
    this.size++;
    const last = this.#chunks.at(-1);
    if (last === undefined || last.at(-1)!.id.compare(item.id) < 0) {
      if (last === undefined || last.length >= CHUNK_SIZE) this.#chunks.push([item]);
      else last.push(item);
      return;
    }
    const c = this.#chunkOf(item.id);
    const chunk = this.#chunks[c]!;
    chunk.splice(placeIn(chunk, item.id), 0, item);
    if (chunk.length > CHUNK_SIZE) this.#chunks.splice(c + 1, 0, chunk.splice(CHUNK_SIZE / 2));
  }

  /** Takes the item with this identifier out; whether it was there. */
  delete(id: StreamId): boolean {
    const c = this.#chunkOf(id);
    const chunk = this.#chunks[c];
    if (chunk === undefined) return false;
    const at = placeIn(chunk, id);
    if (chunk[at]?.id.compare(id) !== 0) return false;
    chunk.splice(at, 1);
    if (chunk.length === 0) this.#chunks.splice(c, 1);
    this.size--;
    return true;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** The last chunk that begins at or before the identifier, or the first one. */
  #chunkOf(id: StreamId): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#chunks[middle]![0]!.id.compare(id) > 0) high = middle - 1;
      else low = middle;
    }
    return low;
  }
}

/** The index of the first item at or after an identifier. */
function placeIn<T extends Identified>(chunk: readonly T[], id: StreamId): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chunk[middle]!.id.compare(id) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** So much news is kept at most; what was sent most often is forgotten first. */
const newsMax = 8192;
/** Into less room than this nothing fits; after so many looks it is not worth looking on. */
const bytesMin = 24;
const looksMax = 128;

interface News {
  readonly key: string;
  readonly bytes: Uint8Array;
  transmits: number;
}

/**
 * News that is still to be told, with how often it was. What was told least goes first, so that fresh news is not held up by old,
 * and a newer piece about the same takes the place of an older one.
 */
export class GossipQueue {
  readonly #byKey = new Map<string, News>();
  /** By how often it was sent. */
  readonly #buckets: Set<News>[] = [];

  get size(): number {
    return this.#byKey.size;
  }

  push(key: string, bytes: Uint8Array): void {
    this.remove(key);
    const news = { key, bytes, transmits: 0 };
    this.#byKey.set(key, news);
    this.#bucket(0).add(news);
    if (this.#byKey.size > newsMax) this.#dropOldest();
  }

  remove(key: string): void {
    const news = this.#byKey.get(key);
    if (news === undefined) return;
    this.#byKey.delete(key);
    this.#bucket(news.transmits).delete(news);
  }

  /** As many pieces as fit into `room` bytes; each counts as sent, and is forgotten after `transmitsMax` times. */
  take(room: number, transmitsMax: number): Uint8Array[] {
    const taken: News[] = [];
    let left = room;
    let looks = 0;
    for (const bucket of this.#buckets) {
      for (const news of bucket) {
        if (left < bytesMin || looks === looksMax) break;
        looks++;
        if (news.bytes.length > left) continue;
        taken.push(news);
        left -= news.bytes.length;
      }
    }
    for (const news of taken) {
      this.#bucket(news.transmits).delete(news);
      news.transmits++;
      if (news.transmits >= transmitsMax) this.#byKey.delete(news.key);
      else this.#bucket(news.transmits).add(news);
    }
    return taken.map(({ bytes }) => bytes);
  }

  #bucket(transmits: number): Set<News> {
    while (this.#buckets.length <= transmits) this.#buckets.push(new Set());
    return this.#buckets[transmits]!;
  }

  #dropOldest(): void {
    for (const bucket of this.#buckets.toReversed()) {
      for (const news of bucket) {
        bucket.delete(news);
        this.#byKey.delete(news.key);
        return;
      }
    }
  }
}

import type { Database, Snapshot, Store } from "@weftkit/store";
import { MongoError } from "../errors.ts";

/** The state of one moment, which reads with that `atClusterTime` see. */
export interface PointRead {
  /** The moment, as the bits of its timestamp. */
  readonly time: bigint;
  /** By `performance.now()`: indexes that were not whole then are not used. */
  readonly asOfMs: number;
  readonly snapshot: Snapshot;
}

/** So long after its last use a moment is given up: what is held keeps the write-ahead log from being reused. */
const idleMsMax = 60_000;
const pointsMax = 64;

/** The moments that snapshot reads outside of transactions have asked for. */
export class PointReads {
  readonly #store: Store;
  readonly #points = new Map<bigint, { readonly point: PointRead; lastUsedMs: number }>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The state of now; `tick` gives a time after all that were told before. */
  async open(tick: () => bigint): Promise<PointRead> {
    const asOfMs = performance.now();
    const snapshot = await this.#store.snapshot();
    const point: PointRead = { time: tick(), asOfMs, snapshot };
    if (this.#points.size >= pointsMax) this.#drop([...this.#points.keys()][0]!);
    this.#points.set(point.time, { point, lastUsedMs: Date.now() });
    return point;
  }

  /** A moment that was told before. @throws MongoError 239 */
  at(time: bigint): PointRead {
    const known = this.#points.get(time);
    if (known === undefined) {
      throw new MongoError(
        239,
        `Read timestamp Timestamp(${time >> 32n}, ${time & 0xffffffffn}) is older than the oldest available timestamp.`,
      );
    }
    this.#use(time, known);
    return known.point;
  }

  /** @throws MongoError 239 when the moment was given up meanwhile */
  read<T>({ time, snapshot }: PointRead, work: (db: Database) => T): Promise<T> {
    this.at(time);
    return snapshot.read(work);
  }

  expire(nowMs: number): void {
    for (const [time, { lastUsedMs }] of this.#points) if (nowMs - lastUsedMs > idleMsMax) this.#drop(time);
  }

  close(): void {
    for (const time of [...this.#points.keys()]) this.#drop(time);
  }

  /** The one that was used longest ago stands first. */
  #use(time: bigint, known: { lastUsedMs: number; readonly point: PointRead }): void {
    known.lastUsedMs = Date.now();
    this.#points.delete(time);
    this.#points.set(time, known);
  }

  #drop(time: bigint): void {
    this.#points.get(time)?.point.snapshot.release();
    this.#points.delete(time);
  }
}

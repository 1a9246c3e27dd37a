/** Each doubling of the time has so many buckets: a value is told at most 1/32 too high. */
const BUCKETS_PER_DOUBLING = 32;
const BITS_PER_DOUBLING = 5;
/** Longer times count as one second, as in Redis. */
const NANOSECONDS_MAX = 1e9;
/** The first upper bound that is told of a whole histogram: 2^10 ns, one microsecond. */
const FIRST_BOUND_BITS = 10;

/** How often a command took how long, in buckets whose width grows with the time. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(indexOf(NANOSECONDS_MAX) + 1);

  /** Which bucket a time belongs to. Commands that share a time share it, too. */
  static bucketOf(microseconds: number): number {
    return indexOf(Math.min(Math.max(Math.floor(microseconds * 1000), 1), NANOSECONDS_MAX));
  }

  /** Counts one command. */
  add(bucket: number): void {
    this.#counts[bucket]!++;
  }

  /** How many commands were counted. */
  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** The time in microseconds that so many percent of the commands did not exceed. */
  percentile(percent: number): number {
    const wanted = Math.max(1, Math.ceil((percent / 100) * this.total));
    let seen = 0;
    for (const [index, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= wanted) return highestOf(index) / 1000;
    }
    return 0;
  }

  /**
   * Upper bounds in microseconds, each about twice the one before, with how many commands took no longer: those
   * at which the number grows (Redis, LATENCY HISTOGRAM).
   */
  cumulative(): [microseconds: number, count: number][] {
    const { total } = this;
    const lines: [number, number][] = [];
    let index = 0;
    let seen = 0;
    for (let bits = FIRST_BOUND_BITS; seen < total; bits++) {
      const before = seen;
      // The bound belongs to what is below it, with the width that Redis's own buckets have there.
      const bound = 2 ** bits + 2 ** (bits - 7) - 1;
      for (; index < this.#counts.length && lowestOf(index) <= 2 ** bits; index++)
        seen += this.#counts[index]!;
      if (seen > before) lines.push([Math.floor(bound / 1000), seen]);
    }
    return lines;
  }
}

function indexOf(nanoseconds: number): number {
  if (nanoseconds < BUCKETS_PER_DOUBLING) return nanoseconds;
  const shift = 31 - Math.clz32(nanoseconds) - BITS_PER_DOUBLING;
  return shift * BUCKETS_PER_DOUBLING + (nanoseconds >>> shift);
}

function lowestOf(index: number): number {
  if (index < 2 * BUCKETS_PER_DOUBLING) return index;
  const shift = Math.floor(index / BUCKETS_PER_DOUBLING) - 1;
  return (index - shift * BUCKETS_PER_DOUBLING) * 2 ** shift;
}

function highestOf(index: number): number {
  return lowestOf(index + 1) - 1;
}

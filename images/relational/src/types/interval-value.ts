/** Months, days and microseconds are kept apart, as PostgreSQL does. */
export class Interval {
  readonly months: number;
  readonly days: number;
  readonly micros: bigint;

  constructor(months: number, days: number, micros: bigint) {
    this.months = months;
    this.days = days;
    this.micros = micros;
  }

  static readonly infinity = new Interval(2147483647, 2147483647, 9223372036854775807n);
  static readonly minusInfinity = new Interval(-2147483648, -2147483648, -9223372036854775808n);

  /** 1, -1, or 0 for a finite one. */
  get infinite(): -1 | 0 | 1 {
    if (this.months === 2147483647 && this.days === 2147483647 && this.micros === 9223372036854775807n)
      return 1;
    return this.months === -2147483648 && this.days === -2147483648 && this.micros === -9223372036854775808n
      ? -1
      : 0;
  }

  /** For comparing: a month is 30 days, a day 24 hours. */
  get span(): bigint {
    return BigInt(this.months * 30 + this.days) * 86_400_000_000n + this.micros;
  }
}

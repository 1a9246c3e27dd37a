import { argumentError, typeError } from "../errors.ts";
import { add } from "../values/arithmetic.ts";
import { compareValues } from "../values/compare.ts";
import { addDurations, scaleDuration } from "../values/duration.ts";
import { DurationValue } from "../values/temporal.ts";
import { displayOf } from "../values/text.ts";
import type { Value } from "../values/types.ts";
import type { StaticType } from "./definition.ts";

/** What one group of rows comes to. Nulls are not added. */
export interface Accumulator {
  add(value: Value, second: Value): void;
  result(): Value;
}

export interface AggregateDefinition {
  readonly name: string;
  readonly args: number;
  readonly gives: StaticType;
  readonly takes?: readonly StaticType[];
  create(): Accumulator;
}

class Count implements Accumulator {
  #count = 0;

  add(): void {
    this.#count++;
  }

  result(): Value {
    return BigInt(this.#count);
  }
}

class Sum implements Accumulator {
  #sum: Value = 0n;

  add(value: Value): void {
    if (value instanceof DurationValue) {
      this.#sum = this.#sum instanceof DurationValue ? addDurations(this.#sum, value, 1) : value;
      return;
    }
    if (typeof value !== "bigint" && typeof value !== "number")
      throw typeError(`sum() can only handle numerical values, duration, and null. Got ${displayOf(value)}`);
    this.#sum = add(this.#sum, value);
  }

  result(): Value {
    return this.#sum;
  }
}

class Average implements Accumulator {
  #count = 0;
  #mean = 0;
  #durations: DurationValue | undefined;

  add(value: Value): void {
    this.#count++;
    if (value instanceof DurationValue) {
      this.#durations = this.#durations === undefined ? value : addDurations(this.#durations, value, 1);
      return;
    }
    if (typeof value !== "bigint" && typeof value !== "number")
      throw typeError(`avg() can only handle numerical values, duration, and null. Got ${displayOf(value)}`);
    this.#mean += (Number(value) - this.#mean) / this.#count;
  }

  result(): Value {
    if (this.#count === 0) return null;
    return this.#durations === undefined ? this.#mean : scaleDuration(this.#durations, 1 / this.#count);
  }
}

class Extreme implements Accumulator {
  readonly #sign: 1 | -1;
  #value: Value = null;

  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  add(value: Value): void {
    if (this.#value === null || compareValues(value, this.#value) * this.#sign > 0) this.#value = value;
  }

  result(): Value {
    return this.#value;
  }
}

class Collect implements Accumulator {
  readonly #list: Value[] = [];

  add(value: Value): void {
    this.#list.push(value);
  }

  result(): Value {
    return this.#list;
  }
}

/** Welford's way to the variance, which does not lose digits. */
class Deviation implements Accumulator {
  readonly #isPopulation: boolean;
  #count = 0;
  #mean = 0;
  #squares = 0;

  constructor(isPopulation: boolean) {
    this.#isPopulation = isPopulation;
  }

  add(value: Value): void {
    if (typeof value !== "bigint" && typeof value !== "number")
      throw typeError(`stDev() can only handle numerical values. Got ${displayOf(value)}`);
    const number = Number(value);
    this.#count++;
    const delta = number - this.#mean;
    this.#mean += delta / this.#count;
    this.#squares += delta * (number - this.#mean);
  }

  result(): Value {
    const divisor = this.#isPopulation ? this.#count : this.#count - 1;
    return divisor <= 0 ? 0 : Math.sqrt(this.#squares / divisor);
  }
}

class Percentile implements Accumulator {
  readonly #isContinuous: boolean;
  readonly #values: (number | bigint)[] = [];
  #percentile = Number.NaN;

  constructor(isContinuous: boolean) {
    this.#isContinuous = isContinuous;
  }

  add(value: Value, second: Value): void {
    if (typeof value !== "bigint" && typeof value !== "number")
      throw typeError(`percentileCont() can only handle numerical values. Got ${displayOf(value)}`);
    const percentile = typeof second === "bigint" || typeof second === "number" ? Number(second) : Number.NaN;
    if (!(percentile >= 0 && percentile <= 1))
      throw argumentError(
        `Invalid input '${displayOf(second)}' is not a valid argument, must be a number in the range 0.0 to 1.0`,
      );
    this.#percentile = percentile;
    this.#values.push(value);
  }

  result(): Value {
    const sorted = this.#values.sort((a, b) => compareValues(a, b));
    if (sorted.length === 0) return null;
    if (!this.#isContinuous) {
      const index = Math.max(0, Math.ceil(this.#percentile * sorted.length) - 1);
      return sorted[index]!;
    }
    const position = this.#percentile * (sorted.length - 1);
    const lower = Math.floor(position);
    if (lower === position) return sorted[lower]!;
    const [a, b] = [Number(sorted[lower]), Number(sorted[Math.ceil(position)])];
    return a + (b - a) * (position - lower);
  }
}

const numeric: readonly StaticType[] = ["number", "integer", "float", "duration"];

const definitions: readonly AggregateDefinition[] = [
  { name: "count", args: 1, gives: "integer", create: () => new Count() },
  { name: "sum", args: 1, gives: "number", takes: numeric, create: () => new Sum() },
  { name: "avg", args: 1, gives: "number", takes: numeric, create: () => new Average() },
  { name: "min", args: 1, gives: "any", create: () => new Extreme(-1) },
  { name: "max", args: 1, gives: "any", create: () => new Extreme(1) },
  { name: "collect", args: 1, gives: "list", create: () => new Collect() },
  { name: "stdev", args: 1, gives: "float", takes: numeric, create: () => new Deviation(false) },
  { name: "stdevp", args: 1, gives: "float", takes: numeric, create: () => new Deviation(true) },
  { name: "percentilecont", args: 2, gives: "float", takes: numeric, create: () => new Percentile(true) },
  { name: "percentiledisc", args: 2, gives: "number", takes: numeric, create: () => new Percentile(false) },
];

const byName = new Map(definitions.map((definition) => [definition.name, definition]));

export function findAggregate(name: string): AggregateDefinition | undefined {
  return byName.get(name.toLowerCase());
}

export const aggregateNames: readonly string[] = definitions.map(({ name }) => name);

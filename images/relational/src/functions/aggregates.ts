import { PgError } from "../errors.ts";
import { type Datum, JsonbValue, PgArray, type PgMultirange, type PgRange } from "../types/datum.ts";
import { Interval } from "../types/interval-value.ts";
import { makeObject } from "../types/json-text.ts";
import type { Json } from "../types/json-value.ts";
import {
  addNumeric,
  divideNumeric,
  multiplyNumeric,
  Numeric,
  sqrtNumeric,
  subtractNumeric,
} from "../types/numeric.ts";
import { makeMultirange } from "../types/ranges.ts";
import { typeOps } from "../types/registry.ts";
import {
  type Accumulator,
  type AggregateShape,
  defineAggregate,
  defineOrderedSet,
} from "./aggregate-registry.ts";
import { addIntervals, divideInterval } from "./interval-math.ts";
import { keyText, toJsonb, toJsonText } from "./to-json.ts";

/** Folds values that are not NULL; NULL when there was none. */
function fold<S extends Datum>(step: (state: S, value: S) => S, start?: S): () => Accumulator {
  return () => {
    let state: S | null = start ?? null;
    return {
      add: ([value]) => {
        if (value === null || value === undefined) return;
        state = state === null ? (value as S) : step(state, value as S);
      },
      result: () => state,
    };
  };
}

defineAggregate("count()", () => {
  let count = 0n;
  return {
    add: () => {
      count++;
    },
    result: () => count,
  };
});
defineAggregate("count(2276)", () => {
  let count = 0n;
  return {
    add: ([value]) => {
      if (value !== null) count++;
    },
    result: () => count,
  };
});

const sumBig = () => {
  let sum: bigint | null = null;
  return {
    add: ([value]: readonly Datum[]) => {
      if (value !== null && value !== undefined) sum = (sum ?? 0n) + BigInt(value as number);
    },
    result: () => {
      if (sum !== null && (sum > 9223372036854775807n || sum < -9223372036854775808n))
        throw new PgError("22003", "bigint out of range");
      return sum;
    },
  };
};
defineAggregate("sum(21) sum(23)", sumBig);
defineAggregate("sum(20)", () => {
  const inner = { sum: null as bigint | null };
  return {
    add: ([value]) => {
      if (value !== null) inner.sum = (inner.sum ?? 0n) + (value as bigint);
    },
    result: () => (inner.sum === null ? null : Numeric.fromInteger(inner.sum)),
  };
});
defineAggregate("sum(1700)", fold<Numeric>(addNumeric));
const overflow = (sum: number, a: number, b: number): number => {
  if (!Number.isFinite(sum) && Number.isFinite(a) && Number.isFinite(b))
    throw new PgError("22003", "value out of range: overflow");
  return sum;
};
defineAggregate(
  "sum(701)",
  fold<number>((a, b) => overflow(a + b, a, b)),
);
defineAggregate(
  "sum(700)",
  fold<number>((a, b) => overflow(Math.fround(a + b), a, b)),
);
defineAggregate("sum(1186)", fold<Interval>(addIntervals));

function average(toNumeric: (value: Datum) => Numeric): () => Accumulator {
  return () => {
    let sum: Numeric | null = null;
    let count = 0n;
    return {
      add: ([value]) => {
        if (value === null || value === undefined) return;
        const numeric = toNumeric(value);
        sum = sum === null ? numeric : addNumeric(sum, numeric);
        count++;
      },
      result: () => (sum === null ? null : divideNumeric(sum, Numeric.fromInteger(count))),
    };
  };
}
defineAggregate(
  "avg(21) avg(23) avg(20)",
  average((value) => Numeric.fromInteger(value as number)),
);
defineAggregate(
  "avg(1700)",
  average((value) => value as Numeric),
);
defineAggregate("avg(1186)", () => {
  let sum: Interval | null = null;
  let count = 0;
  return {
    add: ([value]) => {
      if (value === null) return;
      sum = sum === null ? (value as Interval) : addIntervals(sum, value as Interval);
      count++;
    },
    result: () => (sum === null ? null : divideInterval(sum, count)),
  };
});

/** Youngs-Cramer, as PostgreSQL computes float variance: count, sum, and the sum of squared differences. */
function moments(finish: (n: number, sum: number, squares: number) => number | null): () => Accumulator {
  return () => {
    let n = 0;
    let sum = 0;
    let squares = 0;
    return {
      add: ([given]) => {
        if (given === null) return;
        const value = given as number;
        n++;
        sum += value;
        if (n > 1) {
          const difference = value * n - sum;
          squares += (difference * difference) / (n * (n - 1));
          if (!Number.isFinite(sum) || !Number.isFinite(squares)) squares = Number.NaN;
        } else if (!Number.isFinite(value)) squares = Number.NaN;
      },
      result: () => (n === 0 ? null : finish(n, sum, squares)),
    };
  };
}
const floatTypes = "(701) NAME(700)";
const forFloats = (name: string) => floatTypes.replace("NAME", name).replace("(701)", `${name}(701)`);
defineAggregate(
  forFloats("avg"),
  moments((n, sum) => sum / n),
);
defineAggregate(
  forFloats("var_pop"),
  moments((n, _s, squares) => squares / n),
);
defineAggregate(
  `${forFloats("var_samp")} ${forFloats("variance")}`,
  moments((n, _s, squares) => (n < 2 ? null : squares / (n - 1))),
);
defineAggregate(
  forFloats("stddev_pop"),
  moments((n, _s, squares) => Math.sqrt(squares / n)),
);
defineAggregate(
  `${forFloats("stddev_samp")} ${forFloats("stddev")}`,
  moments((n, _s, squares) => (n < 2 ? null : Math.sqrt(squares / (n - 1)))),
);

function numericMoments(isSample: boolean, isRoot: boolean): () => Accumulator {
  return () => {
    let n = 0n;
    let sum = Numeric.zero;
    let squares = Numeric.zero;
    return {
      add: ([value]) => {
        if (value === null || value === undefined) return;
        const numeric = value instanceof Numeric ? value : Numeric.fromInteger(value as number);
        n++;
        sum = addNumeric(sum, numeric);
        squares = addNumeric(squares, multiplyNumeric(numeric, numeric));
      },
      result: () => {
        if (n === 0n || (isSample && n < 2n)) return null;
        if (sum.special !== undefined || squares.special !== undefined) return Numeric.nan;
        const count = Numeric.fromInteger(n);
        const top = subtractNumeric(multiplyNumeric(count, squares), multiplyNumeric(sum, sum));
        if (top.sign <= 0) return Numeric.zero;
        const variance = divideNumeric(top, Numeric.fromInteger(isSample ? n * (n - 1n) : n * n));
        return isRoot ? sqrtNumeric(variance) : variance;
      },
    };
  };
}
const numericTypes = (name: string) => [21, 23, 20, 1700].map((type) => `${name}(${type})`).join(" ");
defineAggregate(numericTypes("var_pop"), numericMoments(false, false));
defineAggregate(`${numericTypes("var_samp")} ${numericTypes("variance")}`, numericMoments(true, false));
defineAggregate(numericTypes("stddev_pop"), numericMoments(false, true));
defineAggregate(`${numericTypes("stddev_samp")} ${numericTypes("stddev")}`, numericMoments(true, true));

/** Two columns: sums of both, of their squares' and products' differences. */
function regression(
  finish: (n: number, sx: number, sxx: number, sy: number, syy: number, sxy: number) => Datum,
): () => Accumulator {
  return () => {
    let n = 0;
    let sx = 0;
    let sxx = 0;
    let sy = 0;
    let syy = 0;
    let sxy = 0;
    return {
      add: ([y, x]) => {
        if (y === null || x === null) return;
        n++;
        sx += x as number;
        sy += y as number;
        if (n > 1) {
          const dx = (x as number) * n - sx;
          const dy = (y as number) * n - sy;
          const scale = 1 / (n * (n - 1));
          sxx += dx * dx * scale;
          syy += dy * dy * scale;
          sxy += dx * dy * scale;
        }
      },
      result: () => finish(n, sx, sxx, sy, syy, sxy),
    };
  };
}
defineAggregate(
  "regr_count",
  regression((n) => BigInt(n)),
);
defineAggregate(
  "regr_sxx",
  regression((n, _sx, sxx) => (n < 1 ? null : sxx)),
);
defineAggregate(
  "regr_syy",
  regression((n, _sx, _sxx, _sy, syy) => (n < 1 ? null : syy)),
);
defineAggregate(
  "regr_sxy",
  regression((n, _sx, _sxx, _sy, _syy, sxy) => (n < 1 ? null : sxy)),
);
defineAggregate(
  "regr_avgx",
  regression((n, sx) => (n < 1 ? null : sx / n)),
);
defineAggregate(
  "regr_avgy",
  regression((n, _sx, _sxx, sy) => (n < 1 ? null : sy / n)),
);
defineAggregate(
  "regr_slope",
  regression((n, _sx, sxx, _sy, _syy, sxy) => (n < 1 || sxx === 0 ? null : sxy / sxx)),
);
defineAggregate(
  "regr_intercept",
  regression((n, sx, sxx, sy, _syy, sxy) => (n < 1 || sxx === 0 ? null : (sy - (sx * sxy) / sxx) / n)),
);
defineAggregate(
  "regr_r2",
  regression((n, _sx, sxx, _sy, syy, sxy) =>
    n < 1 || sxx === 0 ? null : syy === 0 ? 1 : (sxy * sxy) / (sxx * syy),
  ),
);
defineAggregate(
  "corr",
  regression((n, _sx, sxx, _sy, syy, sxy) =>
    n < 1 || sxx === 0 || syy === 0 ? null : Math.max(-1, Math.min(1, sxy / Math.sqrt(sxx * syy))),
  ),
);
defineAggregate(
  "covar_pop",
  regression((n, _sx, _sxx, _sy, _syy, sxy) => (n < 1 ? null : sxy / n)),
);
defineAggregate(
  "covar_samp",
  regression((n, _sx, _sxx, _sy, _syy, sxy) => (n < 2 ? null : sxy / (n - 1))),
);

function extreme(direction: 1 | -1) {
  return (shape: AggregateShape): Accumulator => {
    const { compare } = typeOps(shape.catalog, shape.argTypes[0]!);
    return fold<Datum>((a, b) => (compare!(b, a) * direction > 0 ? b : a))();
  };
}
defineAggregate("max", extreme(1));
defineAggregate("min", extreme(-1));
defineAggregate(
  "any_value",
  fold<Datum>((a) => a),
);
defineAggregate(
  "bool_and every",
  fold<boolean>((a, b) => a && b),
);
defineAggregate(
  "bool_or",
  fold<boolean>((a, b) => a || b),
);
defineAggregate(
  "bit_and(21) bit_and(23)",
  fold<number>((a, b) => a & b),
);
defineAggregate(
  "bit_or(21) bit_or(23)",
  fold<number>((a, b) => a | b),
);
defineAggregate(
  "bit_xor(21) bit_xor(23)",
  fold<number>((a, b) => a ^ b),
);
defineAggregate(
  "bit_and(20)",
  fold<bigint>((a, b) => a & b),
);
defineAggregate(
  "bit_or(20)",
  fold<bigint>((a, b) => a | b),
);
defineAggregate(
  "bit_xor(20)",
  fold<bigint>((a, b) => a ^ b),
);
const bits = (join: (a: boolean, b: boolean) => boolean) =>
  fold<string>((a, b) => {
    if (a.length !== b.length) throw new PgError("22026", "cannot AND bit strings of different sizes");
    return [...a].map((bit, i) => (join(bit === "1", b[i] === "1") ? "1" : "0")).join("");
  });
defineAggregate(
  "bit_and(1560)",
  bits((a, b) => a && b),
);
defineAggregate(
  "bit_or(1560)",
  bits((a, b) => a || b),
);
defineAggregate(
  "bit_xor(1560)",
  bits((a, b) => a !== b),
);

defineAggregate("array_agg(2776)", () => {
  const elements: Datum[] = [];
  return {
    add: ([value]) => void elements.push(value!),
    result: () => (elements.length === 0 ? null : new PgArray(elements)),
  };
});
defineAggregate("array_agg(2277)", () => {
  const arrays: PgArray[] = [];
  return {
    add: ([value]) => {
      if (value === null) throw new PgError("22004", "cannot accumulate null arrays");
      const array = value as PgArray;
      if (array.dimensions.length === 0) throw new PgError("2202E", "cannot accumulate empty arrays");
      if (arrays.length > 0 && arrays[0]!.dimensions.join() !== array.dimensions.join())
        throw new PgError("2202E", "cannot accumulate arrays of different dimensionality");
      arrays.push(array);
    },
    result: () =>
      arrays.length === 0
        ? null
        : new PgArray(
            arrays.flatMap((array) => array.elements),
            [arrays.length, ...arrays[0]!.dimensions],
            [1, ...arrays[0]!.lowerBounds],
          ),
  };
});
defineAggregate("string_agg(25,25)", () => {
  let text: string | null = null;
  return {
    add: ([value, separator]) => {
      if (value === null) return;
      text =
        text === null ? (value as string) : text + ((separator as string | null) ?? "") + (value as string);
    },
    result: () => text,
  };
});
defineAggregate("string_agg(17,17)", () => {
  let parts: Uint8Array[] | null = null;
  return {
    add: ([value, separator]) => {
      if (value === null) return;
      if (parts === null) parts = [value as Uint8Array];
      else parts.push(...(separator === null ? [] : [separator as Uint8Array]), value as Uint8Array);
    },
    result: () => (parts === null ? null : Buffer.concat(parts)),
  };
});

defineAggregate("json_agg", (shape) => {
  const parts: string[] = [];
  const element = shape.catalog.type(shape.argTypes[0]!);
  // Rows and arrays stand on lines of their own.
  const separator =
    element?.kind === "c" || element?.oid === 2249 || element?.category === "A" ? ", \n " : ", ";
  return {
    add: ([value]) =>
      void parts.push(
        value === null ? "null" : toJsonText(shape.catalog, shape.argTypes[0]!, value!, shape.run.io),
      ),
    result: () => (parts.length === 0 ? null : `[${parts.join(separator)}]`),
  };
});
defineAggregate("json_agg_strict", (shape) => {
  let parts: string[] | null = null;
  return {
    add: ([value]) => {
      parts ??= [];
      if (value !== null) parts.push(toJsonText(shape.catalog, shape.argTypes[0]!, value!, shape.run.io));
    },
    // Rows without a value are an empty array; no rows are NULL.
    result: () => (parts === null ? null : `[${parts.join(", ")}]`),
  };
});
const jsonbAgg = (isStrict: boolean) => (shape: AggregateShape) => {
  let items: Json[] | null = null;
  return {
    add: ([value]: readonly Datum[]) => {
      items ??= [];
      if (value === null && isStrict) return;
      items.push(value === null ? null : toJsonb(shape.catalog, shape.argTypes[0]!, value!, shape.run.io));
    },
    result: () => (items === null ? null : new JsonbValue(items)),
  };
};
defineAggregate("jsonb_agg", jsonbAgg(false));
defineAggregate("jsonb_agg_strict", jsonbAgg(true));

function objectAgg(isStrict: boolean, isUnique: boolean, asJsonb: boolean) {
  return (shape: AggregateShape): Accumulator => {
    const parts: string[] = [];
    let members: Map<string, Json> | null = null;
    const seen = new Set<string>();
    return {
      add: ([key, value]) => {
        if (key === null)
          throw new PgError(
            asJsonb ? "22023" : "22004",
            asJsonb ? "field name must not be null" : "null value not allowed for object key",
          );
        members ??= new Map();
        if (isStrict && value === null) return;
        const name = keyText(shape.catalog, shape.argTypes[0]!, key!, shape.run.io);
        if (isUnique && seen.has(name))
          throw new PgError(
            "22030",
            asJsonb
              ? `duplicate JSON object key value`
              : `duplicate JSON object key value: ${JSON.stringify(name)}`,
          );
        seen.add(name);
        if (asJsonb) {
          members.delete(name);
          members.set(
            name,
            value === null ? null : toJsonb(shape.catalog, shape.argTypes[1]!, value!, shape.run.io),
          );
        } else {
          const text =
            value === null ? "null" : toJsonText(shape.catalog, shape.argTypes[1]!, value!, shape.run.io);
          parts.push(`${JSON.stringify(name)} : ${text}`);
        }
      },
      result: () =>
        members === null ? null : asJsonb ? new JsonbValue(makeObject(members)) : `{ ${parts.join(", ")} }`,
    };
  };
}
defineAggregate("json_object_agg", objectAgg(false, false, false));
defineAggregate("json_object_agg_strict", objectAgg(true, false, false));
defineAggregate("json_object_agg_unique", objectAgg(false, true, false));
defineAggregate("json_object_agg_unique_strict", objectAgg(true, true, false));
defineAggregate("jsonb_object_agg", objectAgg(false, false, true));
defineAggregate("jsonb_object_agg_strict", objectAgg(true, false, true));
defineAggregate("jsonb_object_agg_unique", objectAgg(false, true, true));
defineAggregate("jsonb_object_agg_unique_strict", objectAgg(true, true, true));

function rangeAgg(isMulti: boolean) {
  return (shape: AggregateShape): Accumulator => {
    let ranges: PgRange[] | null = null;
    const type = shape.catalog.type(shape.argTypes[0]!)!;
    const range = isMulti
      ? [...shape.catalog.all("type")].find((t) => t.range?.multirange === type.oid)!
      : type;
    const ops = typeOps(shape.catalog, range.range!.subtype);
    return {
      add: ([value]) => {
        if (value === null) return;
        ranges ??= [];
        ranges.push(...(isMulti ? (value as PgMultirange).ranges : [value as PgRange]));
      },
      result: () => (ranges === null ? null : makeMultirange(ops, ranges)),
    };
  };
}
defineAggregate("range_agg(3831)", rangeAgg(false));
defineAggregate("range_agg(4537)", rangeAgg(true));

// Ordered sets.
const fraction = (value: Datum): number => {
  const p = value as number;
  if (p < 0 || p > 1 || Number.isNaN(p))
    throw new PgError("22003", `percentile value ${p} is not between 0 and 1`);
  return p;
};
const notNull = (rows: readonly (readonly Datum[])[]) => rows.filter(([value]) => value !== null);
const many = (direct: Datum, one: (p: number) => Datum): Datum => {
  if (!(direct instanceof PgArray)) return direct === null ? null : one(fraction(direct));
  return new PgArray(
    direct.elements.map((p) => (p === null ? null : one(fraction(p)))),
    direct.dimensions,
    direct.lowerBounds,
  );
};
defineOrderedSet("percentile_disc", ([direct], all) => {
  const rows = notNull(all);
  if (rows.length === 0) return null;
  return many(direct!, (p) => rows[Math.max(0, Math.ceil(p * rows.length) - 1)]![0]!);
});
defineOrderedSet("percentile_cont", ([direct], all) => {
  const rows = notNull(all);
  if (rows.length === 0) return null;
  return many(direct!, (p) => {
    const at = p * (rows.length - 1);
    const low = rows[Math.floor(at)]![0]!;
    const high = rows[Math.ceil(at)]![0]!;
    const part = at - Math.floor(at);
    if (Math.floor(at) === Math.ceil(at)) return low;
    if (low instanceof Interval) {
      const span = (high as Interval).span - low.span;
      return addIntervals(low, new Interval(0, 0, BigInt(Math.round(Number(span) * part))));
    }
    return (low as number) + part * ((high as number) - (low as number));
  });
});
defineOrderedSet("mode", (_direct, all, compare) => {
  let best: Datum = null;
  let bestCount = 0;
  let count = 0;
  let previous: readonly Datum[] | undefined;
  for (const row of notNull(all)) {
    count = previous !== undefined && compare(previous, row) === 0 ? count + 1 : 1;
    previous = row;
    if (count > bestCount) {
      bestCount = count;
      best = row[0]!;
    }
  }
  return best;
});
const before = (
  direct: readonly Datum[],
  rows: readonly (readonly Datum[])[],
  compare: (a: readonly Datum[], b: readonly Datum[]) => number,
  orEqual: boolean,
) => rows.filter((row) => (orEqual ? compare(row, direct) <= 0 : compare(row, direct) < 0)).length;
defineOrderedSet("rank", (direct, rows, compare) => BigInt(before(direct, rows, compare, false) + 1));
defineOrderedSet("dense_rank", (direct, rows, compare) => {
  const less = rows.filter((row) => compare(row, direct) < 0);
  return BigInt(less.filter((row, i) => i === 0 || compare(less[i - 1]!, row) !== 0).length + 1);
});
defineOrderedSet("percent_rank", (direct, rows, compare) =>
  rows.length === 0 ? 0 : before(direct, rows, compare, false) / rows.length,
);
defineOrderedSet(
  "cume_dist",
  (direct, rows, compare) => (before(direct, rows, compare, true) + 1) / (rows.length + 1),
);

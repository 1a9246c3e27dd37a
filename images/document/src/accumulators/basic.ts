import { identityOf } from "../bson/key-bytes.ts";
import { toDouble } from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { Summation } from "../bson/summation.ts";
import { isNullish, isNumeric, typeName } from "../bson/types.ts";
import { Doc, Double, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { ExpressionContext } from "../expressions/expression.ts";
import { parseExpression } from "../expressions/parse.ts";
import { type Accumulator, accumulators } from "./accumulator.ts";

/** An accumulator of one expression. */
function define(name: string, create: (context: ExpressionContext) => Accumulator): void {
  accumulators.set(name, (operand, context) => {
    if (Array.isArray(operand)) {
      if (operand.length !== 1) throw new MongoError(40237, `The ${name} accumulator is a unary operator`);
      operand = operand[0]!;
    }
    const { evaluate } = parseExpression(operand, context);
    return { input: evaluate, create: () => create(context) };
  });
}

define("$sum", () => {
  const sum = new Summation();
  return {
    add: (value) => {
      if (isNumeric(value)) sum.add(value);
    },
    result: () => sum.total(),
  };
});

define("$avg", () => {
  const sum = new Summation();
  return {
    add: (value) => {
      if (isNumeric(value)) sum.add(value);
    },
    result: () => sum.average(),
  };
});

function extreme(name: string, isBetter: (order: number) => boolean): void {
  define(name, ({ collation }) => {
    let best: Value | undefined;
    return {
      add: (value) => {
        if (isNullish(value)) return;
        if (best === undefined || isBetter(compareValues(value, best, collation?.order))) best = value;
      },
      result: () => best ?? null,
    };
  });
}

extreme("$min", (order) => order < 0);
extreme("$max", (order) => order > 0);

define("$first", () => {
  let [isSet, first]: [boolean, Value | undefined] = [false, undefined];
  return {
    add: (value) => {
      if (!isSet) [isSet, first] = [true, value];
    },
    result: () => first ?? null,
  };
});

define("$last", () => {
  let last: Value | undefined;
  return {
    add: (value) => {
      last = value;
    },
    result: () => last ?? null,
  };
});

define("$push", () => {
  const values: Value[] = [];
  return {
    add: (value) => {
      if (value !== undefined) values.push(value);
    },
    result: () => values,
  };
});

define("$addToSet", ({ collation }) => {
  const values = new Map<string, Value>();
  return {
    add: (value) => {
      if (value === undefined) return;
      const identity = identityOf(value, collation?.key);
      if (!values.has(identity)) values.set(identity, value);
    },
    result: () => [...values.values()],
  };
});

define("$mergeObjects", () => {
  const merged = new Map<string, Value>();
  return {
    add: (value) => {
      if (isNullish(value)) return;
      if (!(value instanceof Doc)) {
        throw new MongoError(
          40400,
          `$mergeObjects requires object inputs, but input ${typeName(value)} is of type ${typeName(value)}`,
        );
      }
      for (const [name, field] of value) merged.set(name, field);
    },
    result: () => Doc.from(merged),
  };
});

define("$concatArrays", () => {
  const values: Value[] = [];
  return {
    add: (value) => {
      if (value === undefined) return;
      if (!Array.isArray(value)) {
        throw new MongoError(
          9,
          `$concatArrays requires array inputs, but input is of type ${typeName(value)}`,
        );
      }
      values.push(...value);
    },
    result: () => values,
  };
});

define("$setUnion", ({ collation }) => {
  const values = new Map<string, Value>();
  return {
    add: (value) => {
      if (value === undefined) return;
      if (!Array.isArray(value)) {
        throw new MongoError(9, `$setUnion requires array inputs, but input is of type ${typeName(value)}`);
      }
      for (const one of value) {
        const identity = identityOf(one, collation?.key);
        if (!values.has(identity)) values.set(identity, one);
      }
    },
    result: () => [...values.values()],
  };
});

/** Of a sample or of a population, by Welford's method. */
function deviation(name: string, isSample: boolean): void {
  define(name, () => {
    let [count, mean, squares] = [0, 0, 0];
    return {
      add: (value) => {
        if (!isNumeric(value)) return;
        const number = toDouble(value);
        count++;
        const delta = number - mean;
        mean += delta / count;
        squares += delta * (number - mean);
      },
      result: () => {
        const divisor = isSample ? count - 1 : count;
        return divisor <= 0 ? null : new Double(Math.sqrt(squares / divisor));
      },
    };
  });
}

deviation("$stdDevPop", false);
deviation("$stdDevSamp", true);

accumulators.set("$count", (operand) => {
  if (!(operand instanceof Doc) || !operand.isEmpty) {
    throw new MongoError(14, "$count takes no arguments, i.e. $count:{}");
  }
  return {
    input: () => 1,
    create: () => {
      const sum = new Summation();
      return { add: () => sum.add(1), result: () => sum.total() };
    },
  };
});

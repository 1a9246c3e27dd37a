import { identityOf } from "../bson/key-bytes.ts";
import { exactInt32, exactInt64, isIntegral, isTruthy, toDouble } from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { show } from "../bson/show.ts";
import { isNullish, isNumeric, typeName } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { requireVariableName, withVariables } from "./parse.ts";
import { define, defineFunction, type MakeExpression } from "./registry.ts";
import { makeSorter, parseSort } from "./sort.ts";
import { position } from "./strings.ts";

/** Arrays. */

const any: readonly [number, number] = [0, Number.POSITIVE_INFINITY];

defineFunction("$size", [1, 1], ([value]) => {
  if (!Array.isArray(value))
    throw new MongoError(
      17124,
      `The argument to $size must be an array, but was of type: ${typeName(value)}`,
    );
  return value.length;
});

defineFunction("$isArray", [1, 1], ([value]) => Array.isArray(value));

defineFunction("$arrayElemAt", [2, 2], ([array, index]) => {
  if (isNullish(array) || isNullish(index)) return null;
  if (!Array.isArray(array))
    throw new MongoError(28689, `$arrayElemAt's first argument must be an array, but is ${typeName(array)}`);
  if (!isNumeric(index))
    throw new MongoError(
      28690,
      `$arrayElemAt's second argument must be a numeric value, but is ${typeName(index)}`,
    );
  const at = exactInt32(index);
  if (at === undefined)
    throw new MongoError(
      28691,
      `$arrayElemAt's second argument must be representable as a 32-bit integer: ${show(index)}`,
    );
  return array[at < 0 ? array.length + at : at];
});

for (const [name, at] of [
  ["$first", 0],
  ["$last", -1],
] as const) {
  defineFunction(name, [1, 1], ([array]) => {
    if (isNullish(array)) return null;
    if (!Array.isArray(array))
      throw new MongoError(28689, `${name}'s argument must be an array, but is ${typeName(array)}`);
    return array.at(at);
  });
}

defineFunction("$reverseArray", [1, 1], ([value]) => {
  if (isNullish(value)) return null;
  if (!Array.isArray(value))
    throw new MongoError(
      34435,
      `The argument to $reverseArray must be an array, but was of type: ${typeName(value)}`,
    );
  return [...value].reverse();
});

defineFunction("$concatArrays", any, (values) => {
  const result: Value[] = [];
  let isNull = false;
  for (const value of values) {
    if (isNullish(value)) isNull = true;
    else if (!Array.isArray(value))
      throw new MongoError(28664, `$concatArrays only supports arrays, not ${typeName(value)}`);
    else result.push(...value);
  }
  return isNull ? null : result;
});

defineFunction("$slice", [2, 3], (values) => {
  const [array, second, third] = values;
  if (isNullish(array) || isNullish(second) || (values.length === 3 && isNullish(third))) return null;
  if (!Array.isArray(array))
    throw new MongoError(
      28724,
      `First argument to $slice must be an array, but is of type: ${typeName(array)}`,
    );
  if (!isNumeric(second))
    throw new MongoError(
      28725,
      `Second argument to $slice must be a numeric value, but is of type: ${typeName(second)}`,
    );
  const first = exactInt32(second);
  if (first === undefined)
    throw new MongoError(
      28726,
      `Second argument to $slice can't be represented as a 32-bit integer: ${show(second)}`,
    );
  if (values.length === 2) return first < 0 ? array.slice(first) : array.slice(0, first);
  if (!isNumeric(third))
    throw new MongoError(
      28727,
      `Third argument to $slice must be numeric, but is of type: ${typeName(third)}`,
    );
  const count = exactInt32(third);
  if (count === undefined)
    throw new MongoError(
      28728,
      `Third argument to $slice can't be represented as a 32-bit integer: ${show(third)}`,
    );
  if (count <= 0) throw new MongoError(28729, `Third argument to $slice must be positive: ${count}`);
  const from = first < 0 ? Math.max(0, array.length + first) : first;
  return array.slice(from, from + count);
});

defineFunction("$in", [2, 2], ([value, array], { collation }) => {
  if (!Array.isArray(array))
    throw new MongoError(40081, `$in requires an array as a second argument, found: ${typeName(array)}`);
  return array.some((one) => compareValues(one, value, collation?.order) === 0);
});

defineFunction("$indexOfArray", [2, 4], ([array, wanted, start, end], { collation }) => {
  if (isNullish(array)) return null;
  if (!Array.isArray(array))
    throw new MongoError(
      40090,
      `$indexOfArray requires an array as a first argument, found: ${typeName(array)}`,
    );
  const from = start === undefined ? 0 : position("$indexOfArray", start, "starting");
  const to =
    end === undefined ? array.length : Math.min(array.length, position("$indexOfArray", end, "ending"));
  for (let i = from; i < to; i++) if (compareValues(array[i], wanted, collation?.order) === 0) return i;
  return -1;
});

/** Longer ranges do not fit into a document. */
const rangeMax = 8_000_000;

defineFunction("$range", [2, 3], ([start, end, step]) => {
  if (!isNumeric(start))
    throw new MongoError(
      34443,
      `$range requires a numeric starting value, found value of type: ${typeName(start)}`,
    );
  const from = exactInt32(start);
  if (from === undefined)
    throw new MongoError(
      34444,
      `$range requires a starting value that can be represented as a 32-bit integer, found value: ${show(start)}`,
    );
  if (!isNumeric(end))
    throw new MongoError(
      34445,
      `$range requires a numeric ending value, found value of type: ${typeName(end)}`,
    );
  const to = exactInt32(end);
  if (to === undefined)
    throw new MongoError(
      34446,
      `$range requires an ending value that can be represented as a 32-bit integer, found value: ${show(end)}`,
    );
  let by = 1;
  if (step !== undefined) {
    if (!isNumeric(step))
      throw new MongoError(
        34447,
        `$range requires a numeric step value, found value of type:${typeName(step)}`,
      );
    const given = exactInt32(step);
    if (given === undefined)
      throw new MongoError(
        34448,
        `$range requires a step value that can be represented as a 32-bit integer, found value: ${show(step)}`,
      );
    if (given === 0) throw new MongoError(34449, "$range requires a non-zero step value");
    by = given;
  }
  const count = Math.max(0, Math.ceil((to - from) / by));
  if (count > rangeMax)
    throw new MongoError(
      146,
      "$range would use too much memory (104857600 bytes) and cannot spill to disk. Memory limit: 104857600 bytes",
    );
  return Array.from({ length: count }, (_, i) => from + i * by);
});

define("$map", (operand, context, parse) => {
  if (!(operand instanceof Doc)) throw new MongoError(16878, "$map only supports an object as its argument");
  for (const name of operand.keys()) {
    if (!["input", "as", "in", "arrayIndexAs"].includes(name))
      throw new MongoError(16879, `Unrecognized parameter to $map: ${name}`);
  }
  const [inputSpec, as = "this", body] = [operand.get("input"), operand.get("as"), operand.get("in")];
  if (inputSpec === undefined) throw new MongoError(16880, "Missing 'input' parameter to $map");
  if (body === undefined) throw new MongoError(16882, "Missing 'in' parameter to $map");
  if (typeof as !== "string") throw new MongoError(14, "$map 'as' must be a string");
  requireVariableName(as, true);
  const input = parse(inputSpec, context);
  const { inner, slots } = withVariables(context, [as]);
  const result = parse(body, inner);
  return {
    isConstant: false,
    evaluate: (scope) => {
      const array = input.evaluate(scope);
      if (isNullish(array)) return null;
      if (!Array.isArray(array))
        throw new MongoError(16883, `input to $map must be an array not ${typeName(array)}`);
      return array.map((one) => {
        scope.slots[slots[0]!] = one;
        return result.evaluate(scope) ?? null;
      });
    },
  };
});

define("$filter", (operand, context, parse) => {
  if (!(operand instanceof Doc))
    throw new MongoError(28646, "$filter only supports an object as its argument");
  for (const name of operand.keys()) {
    if (!["input", "as", "cond", "limit", "arrayIndexAs"].includes(name))
      throw new MongoError(28647, `Unrecognized parameter to $filter: ${name}`);
  }
  const [inputSpec, as = "this", cond] = [operand.get("input"), operand.get("as"), operand.get("cond")];
  const limitSpec = operand.get("limit");
  if (inputSpec === undefined) throw new MongoError(28648, "Missing 'input' parameter to $filter");
  if (cond === undefined) throw new MongoError(28650, "Missing 'cond' parameter to $filter");
  if (typeof as !== "string") throw new MongoError(14, "$filter 'as' must be a string");
  requireVariableName(as, true);
  const input = parse(inputSpec, context);
  const { inner, slots } = withVariables(context, [as]);
  const condition = parse(cond, inner);
  const limit = limitSpec === undefined ? undefined : parse(limitSpec, context);
  return {
    isConstant: false,
    evaluate: (scope) => {
      const array = input.evaluate(scope);
      if (isNullish(array)) return null;
      if (!Array.isArray(array))
        throw new MongoError(28651, `input to $filter must be an array not ${typeName(array)}`);
      const given = limit?.evaluate(scope);
      let most = Number.POSITIVE_INFINITY;
      if (limit !== undefined && !isNullish(given)) {
        const whole = exactInt32(given);
        if (whole === undefined)
          throw new MongoError(
            327391,
            `$filter: limit must be represented as a 32-bit integral value: ${show(given)}`,
          );
        if (whole < 1) throw new MongoError(327392, `$filter: limit must be greater than 0: ${whole}`);
        most = whole;
      }
      const kept: Value[] = [];
      for (const one of array) {
        if (kept.length >= most) break;
        scope.slots[slots[0]!] = one;
        if (isTruthy(condition.evaluate(scope))) kept.push(one);
      }
      return kept;
    },
  };
});

define("$reduce", (operand, context, parse) => {
  if (!(operand instanceof Doc))
    throw new MongoError(40075, `$reduce requires an object as an argument, found: ${typeName(operand)}`);
  for (const name of operand.keys()) {
    if (!["input", "initialValue", "in"].includes(name))
      throw new MongoError(40076, `$reduce found an unknown argument: ${name}`);
  }
  const [inputSpec, initialSpec, body] = ["input", "initialValue", "in"].map((name) => operand.get(name));
  if (inputSpec === undefined) throw new MongoError(40077, "$reduce requires 'input' to be specified");
  if (initialSpec === undefined)
    throw new MongoError(40078, "$reduce requires 'initialValue' to be specified");
  if (body === undefined) throw new MongoError(40079, "$reduce requires 'in' to be specified");
  const input = parse(inputSpec, context);
  const initial = parse(initialSpec, context);
  const { inner, slots } = withVariables(context, ["this", "value"]);
  const step = parse(body, inner);
  return {
    isConstant: false,
    evaluate: (scope) => {
      const array = input.evaluate(scope);
      if (isNullish(array)) return null;
      if (!Array.isArray(array))
        throw new MongoError(40080, `$reduce requires that 'input' be an array, found: ${show(array)}`);
      let value = initial.evaluate(scope);
      for (const one of array) {
        scope.slots[slots[0]!] = one;
        scope.slots[slots[1]!] = value;
        value = step.evaluate(scope);
      }
      return value;
    },
  };
});

define("$zip", (operand, context, parse) => {
  if (!(operand instanceof Doc))
    throw new MongoError(34460, `$zip only supports an object as an argument, found ${typeName(operand)}`);
  const inputs = operand.get("inputs");
  const isLongest = operand.get("useLongestLength") ?? false;
  const defaults = operand.get("defaults");
  for (const name of operand.keys()) {
    if (!["inputs", "useLongestLength", "defaults"].includes(name))
      throw new MongoError(34464, `$zip found an unknown argument: ${name}`);
  }
  if (inputs === undefined) throw new MongoError(34465, "$zip requires at least one input array");
  if (!Array.isArray(inputs))
    throw new MongoError(34461, `inputs must be an array of expressions, found ${typeName(inputs)}`);
  if (inputs.length === 0) throw new MongoError(34465, "$zip requires at least one input array");
  if (typeof isLongest !== "boolean")
    throw new MongoError(34463, `useLongestLength must be a bool, found ${typeName(isLongest)}`);
  if (defaults !== undefined && !Array.isArray(defaults))
    throw new MongoError(34462, `defaults must be an array of expressions, found ${typeName(defaults)}`);
  if (defaults !== undefined && !isLongest)
    throw new MongoError(34466, "cannot specify defaults unless useLongestLength is true");
  if (defaults !== undefined && defaults.length !== inputs.length)
    throw new MongoError(34467, "defaults and inputs must have the same length");
  const sources = inputs.map((one) => parse(one, context));
  const fallbacks = (defaults ?? []).map((one) => parse(one, context));
  return {
    isConstant: false,
    evaluate: (scope) => {
      const arrays: Value[][] = [];
      let isNull = false;
      for (const source of sources) {
        const array = source.evaluate(scope);
        if (isNullish(array)) isNull = true;
        else if (!Array.isArray(array))
          throw new MongoError(34468, `$zip found a non-array expression in input: ${show(array)}`);
        else arrays.push(array);
      }
      if (isNull) return null;
      const lengths = arrays.map(({ length }) => length);
      const count = isLongest ? Math.max(...lengths) : Math.min(...lengths);
      const missing = fallbacks.map((one) => one.evaluate(scope) ?? null);
      return Array.from({ length: count }, (_, row) =>
        arrays.map((array, i) => (row < array.length ? array[row]! : (missing[i] ?? null))),
      );
    },
  };
});

define("$sortArray", (operand, context, parse) => {
  if (!(operand instanceof Doc))
    throw new MongoError(
      2942500,
      `$sortArray requires an object as an argument, found: ${typeName(operand)}`,
    );
  for (const name of operand.keys()) {
    if (name !== "input" && name !== "sortBy")
      throw new MongoError(2942501, `$sortArray found an unknown argument: ${name}`);
  }
  const [inputSpec, sortBy] = [operand.get("input"), operand.get("sortBy")];
  if (inputSpec === undefined) throw new MongoError(2942502, "$sortArray requires 'input' to be specified");
  if (sortBy === undefined) throw new MongoError(2942503, "$sortArray requires 'sortBy' to be specified");
  const input = parse(inputSpec, context);
  const order = sortOrder(sortBy, context.collation);
  return {
    isConstant: false,
    evaluate: (scope) => {
      const array = input.evaluate(scope);
      if (isNullish(array)) return null;
      if (!Array.isArray(array))
        throw new MongoError(
          2942504,
          `The input argument to $sortArray must be an array, but was of type: ${typeName(array)}`,
        );
      return order(array);
    },
  };
});

function sortOrder(
  sortBy: Value,
  collation: Parameters<MakeExpression>[1]["collation"],
): (values: Value[]) => Value[] {
  if (sortBy instanceof Doc) {
    if (sortBy.isEmpty) throw new MongoError(2942507, "$sortArray 'sortBy' cannot be empty");
    const sorter = makeSorter(parseSort(sortBy, true), collation);
    return (values) =>
      values
        .map((value) => ({ value, key: sorter.keyOf(value instanceof Doc ? value : Doc.empty()) }))
        .sort((a, b) => sorter.compare(a.key, b.key))
        .map(({ value }) => value);
  }
  if (!isNumeric(sortBy)) throw new MongoError(2942507, "The $sort element value must be either 1 or -1");
  const direction = isIntegral(sortBy) ? toDouble(sortBy) : 0;
  if (direction !== 1 && direction !== -1)
    throw new MongoError(2942506, "The $sort element value must be either 1 or -1");
  return (values) => [...values].sort((a, b) => direction * compareValues(a, b, collation?.order));
}

/** $firstN, $lastN, $minN and $maxN of an array. */
function ofN(
  name: string,
  pick: (values: Value[], n: number, order: (a: Value, b: Value) => number) => Value[],
): void {
  define(name, (operand, context, parse) => {
    if (!(operand instanceof Doc))
      throw new MongoError(5787900, `specification must be an object; found ${name} :${show(operand)}`);
    for (const field of operand.keys()) {
      if (field !== "n" && field !== "input")
        throw new MongoError(5787901, `Unknown argument for ${name} operator: ${field}`);
    }
    const [nSpec, inputSpec] = [operand.get("n"), operand.get("input")];
    if (nSpec === undefined) throw new MongoError(5787906, "Missing value for 'n'");
    if (inputSpec === undefined) throw new MongoError(5787907, "Missing value for 'input'");
    const [count, input] = [parse(nSpec, context), parse(inputSpec, context)];
    return {
      isConstant: false,
      evaluate: (scope) => {
        const given = count.evaluate(scope);
        const n = requireCount(given);
        const array = input.evaluate(scope);
        if (!Array.isArray(array)) throw new MongoError(5788200, "Input must be an array");
        return pick(array, n, (a, b) => compareValues(a, b, context.collation?.order));
      },
    };
  });
}

/** The `n` of $firstN and its like. @throws MongoError 5787902, 5787903, 5787908 */
export function requireCount(value: Value | undefined): number {
  if (!isNumeric(value))
    throw new MongoError(5787902, `Value for 'n' must be of integral type, but found ${show(value)}`);
  const whole = exactInt64(value);
  if (whole === undefined)
    throw new MongoError(5787903, `Value for 'n' must be of integral type, but found ${show(value)}`);
  if (whole <= 0n) throw new MongoError(5787908, `'n' must be greater than 0, found ${whole}`);
  return Number(whole);
}

ofN("$firstN", (values, n) => values.slice(0, n));
ofN("$lastN", (values, n) => values.slice(-n));
ofN("$minN", (values, n, order) =>
  values
    .filter((one) => !isNullish(one))
    .sort(order)
    .slice(0, n),
);
ofN("$maxN", (values, n, order) =>
  values
    .filter((one) => !isNullish(one))
    .sort((a, b) => order(b, a))
    .slice(0, n),
);

defineFunction("$arrayToObject", [1, 1], ([value]) => {
  if (isNullish(value)) return null;
  if (!Array.isArray(value))
    throw new MongoError(40386, `$arrayToObject requires an array input, found: ${typeName(value)}`);
  const fields = new Map<string, Value>();
  let isPairs: boolean | undefined;
  for (const one of value) {
    if (Array.isArray(one)) {
      if (isPairs === false)
        throw new MongoError(
          40391,
          "$arrayToObject requires a consistent input format. Elements must all be arrays or all be objects. Object was detected, now found: array",
        );
      isPairs = true;
      if (one.length !== 2)
        throw new MongoError(
          40397,
          `$arrayToObject requires an array of size 2 arrays,found array of size: ${one.length}`,
        );
      const [name, field] = one;
      if (typeof name !== "string")
        throw new MongoError(
          40395,
          `$arrayToObject requires an array of key-value pairs, where the key must be of type string. Found key type: ${typeName(name)}`,
        );
      requireNoNul(name);
      fields.set(name, field!);
    } else if (one instanceof Doc) {
      if (isPairs === true)
        throw new MongoError(
          40396,
          "$arrayToObject requires a consistent input format. Elements must all be arrays or all be objects. Array was detected, now found: object",
        );
      isPairs = false;
      if (one.size !== 2)
        throw new MongoError(
          40392,
          `$arrayToObject requires an object keys of 'k' and 'v'. Found incorrect number of keys:${one.size}`,
        );
      const [name, field] = [one.get("k"), one.get("v")];
      if (name === undefined || field === undefined)
        throw new MongoError(
          40393,
          `$arrayToObject requires an object with keys 'k' and 'v'. Missing either or both keys from: ${show(one)}`,
        );
      if (typeof name !== "string")
        throw new MongoError(
          40394,
          `$arrayToObject requires an object with keys 'k' and 'v', where the value of 'k' must be of type string. Found type: ${typeName(name)}`,
        );
      requireNoNul(name);
      fields.set(name, field);
    } else throw new MongoError(40398, `Unrecognised input type format for $arrayToObject: ${typeName(one)}`);
  }
  return Doc.from(fields);
});

function requireNoNul(name: string): void {
  if (name.includes("\0")) throw new MongoError(4940400, "Key field cannot contain an embedded null byte");
}

defineFunction("$objectToArray", [1, 1], ([value]) => {
  if (isNullish(value)) return null;
  if (!(value instanceof Doc))
    throw new MongoError(40390, `$objectToArray requires a document input, found: ${typeName(value)}`);
  return [...value].map(([k, v]) => Doc.of({ k, v }));
});

// ---- sets ----------------------------------------------------------------------------------------------------------

defineFunction("$setUnion", any, (values, { collation }) => {
  const found = new Map<string, Value>();
  let isNull = false;
  for (const value of values) {
    if (isNullish(value)) isNull = true;
    else if (!Array.isArray(value))
      throw new MongoError(
        17043,
        `All operands of $setUnion must be arrays. One argument is of type: ${typeName(value)}`,
      );
    else
      for (const one of value)
        if (!found.has(identityOf(one, collation?.key))) found.set(identityOf(one, collation?.key), one);
  }
  return isNull ? null : sorted([...found.values()]);
});

function sorted(values: Value[]): Value[] {
  return values.sort((a, b) => compareValues(a, b));
}

defineFunction("$setIntersection", any, (values, { collation }) => {
  let common: Map<string, Value> | undefined;
  let isNull = false;
  for (const value of values) {
    if (isNullish(value)) isNull = true;
    else if (!Array.isArray(value))
      throw new MongoError(
        17047,
        `All operands of $setIntersection must be arrays. One argument is of type: ${typeName(value)}`,
      );
    else {
      const own = new Map(value.map((one) => [identityOf(one, collation?.key), one]));
      common = common === undefined ? own : new Map([...common].filter(([key]) => own.has(key)));
    }
  }
  return isNull ? null : sorted([...(common ?? new Map<string, Value>()).values()]);
});

defineFunction("$setDifference", [2, 2], ([a, b], { collation }) => {
  if (isNullish(a) || isNullish(b)) return null;
  if (!Array.isArray(a))
    throw new MongoError(
      17048,
      `both operands of $setDifference must be arrays. First argument is of type: ${typeName(a)}`,
    );
  if (!Array.isArray(b))
    throw new MongoError(
      17049,
      `both operands of $setDifference must be arrays. Second argument is of type: ${typeName(b)}`,
    );
  const gone = new Set(b.map((one) => identityOf(one, collation?.key)));
  const kept: Value[] = [];
  for (const one of a) {
    const identity = identityOf(one, collation?.key);
    if (gone.has(identity)) continue;
    gone.add(identity);
    kept.push(one);
  }
  return kept;
});

defineFunction("$setEquals", any, (values, { collation }) => {
  if (values.length < 2)
    throw new MongoError(17045, `$setEquals needs at least two arguments had: ${values.length}`);
  const sets = values.map((value, i) => {
    if (!Array.isArray(value))
      throw new MongoError(
        17044,
        `All operands of $setEquals must be arrays. ${i + 1}-th argument is of type: ${typeName(value)}`,
      );
    return new Set(value.map((one) => identityOf(one, collation?.key)));
  });
  const first = sets[0]!;
  return sets.every((one) => one.size === first.size && [...one].every((key) => first.has(key)));
});

defineFunction("$setIsSubset", [2, 2], ([a, b], { collation }) => {
  if (!Array.isArray(a))
    throw new MongoError(
      17046,
      `both operands of $setIsSubset must be arrays. First argument is of type: ${typeName(a)}`,
    );
  if (!Array.isArray(b))
    throw new MongoError(
      17042,
      `both operands of $setIsSubset must be arrays. Second argument is of type: ${typeName(b)}`,
    );
  const all = new Set(b.map((one) => identityOf(one, collation?.key)));
  return a.every((one) => all.has(identityOf(one, collation?.key)));
});

defineFunction("$allElementsTrue", [1, 1], ([value]) => {
  if (!Array.isArray(value))
    throw new MongoError(17040, `$allElementsTrue's argument must be an array, but is ${typeName(value)}`);
  return value.every(isTruthy);
});

defineFunction("$anyElementTrue", [1, 1], ([value]) => {
  if (!Array.isArray(value))
    throw new MongoError(17041, `$anyElementTrue's argument must be an array, but is ${typeName(value)}`);
  return value.some(isTruthy);
});

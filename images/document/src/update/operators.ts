import { identityOf } from "../bson/key-bytes.ts";
import {
  addNumbers,
  exactInt32,
  exactInt64,
  isIntegral,
  multiplyNumbers,
  toDouble,
} from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { show } from "../bson/show.ts";
import { isNumeric, typeName } from "../bson/types.ts";
import { Doc, Double, Regex, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { badValue, failedToParse, typeMismatch } from "../errors.ts";
import { expressionContext, newScope } from "../expressions/context.ts";
import { makeSorter, parseSort } from "../expressions/sort.ts";
import { compileFilter } from "../query/match.ts";
import { parseFilter } from "../query/parse-filter.ts";
import type { Place } from "./paths.ts";
import type { UpdateContext } from "./update.ts";

/** What an operator does at the place that its path leads to. */
export interface Modifier {
  /** Whether it makes the place when it is not there. */
  readonly isCreating: boolean;
  readonly isOnlyOnInsert?: boolean;
  apply(place: Place, context: UpdateContext, path: string, root: Doc): void;
}

/** Reads the operand of a field. */
export type MakeModifier = (operand: Value, path: string, collation: UpdateContext["collation"]) => Modifier;

const makes = (apply: Modifier["apply"]): Modifier => ({ isCreating: true, apply });
const changes = (apply: Modifier["apply"]): Modifier => ({ isCreating: false, apply });

/** Every operator but $rename, which has two paths. */
export const modifiers: Readonly<Record<string, MakeModifier>> = {
  $set: (operand) => makes((place) => place.set(operand)),
  $setOnInsert: (operand) => ({
    isCreating: true,
    isOnlyOnInsert: true,
    apply: (place, { isInsert }) => {
      if (isInsert) place.set(operand);
    },
  }),
  $unset: () => changes((place) => place.unset()),
  $inc: (operand, path) => arithmetic("$inc", operand, path),
  $mul: (operand, path) => arithmetic("$mul", operand, path),
  $min: (operand) => bounded(operand, (order) => order < 0),
  $max: (operand) => bounded(operand, (order) => order > 0),
  $currentDate: (operand, path) => {
    const isTimestamp = currentDateType(operand, path) === "timestamp";
    return makes((place, { now, clusterTime }) => place.set(isTimestamp ? clusterTime : now));
  },
  $bit: bit,
  $push: push,
  $pushAll: (_operand) => {
    throw failedToParse("Unknown modifier: $pushAll");
  },
  $addToSet: addToSet,
  $pop: pop,
  $pull: pull,
  $pullAll: (operand, path) => {
    if (!Array.isArray(operand))
      throw badValue(`$pullAll requires an array argument but was given a ${typeName(operand)}`);
    return fromArray("$pullAll", path, (values, { collation }) =>
      values.filter((one) => !operand.some((gone) => compareValues(one, gone, collation?.order) === 0)),
    );
  },
};

function arithmetic(name: "$inc" | "$mul", operand: Value, path: string): Modifier {
  if (!isNumeric(operand)) {
    const verb = name === "$inc" ? "increment" : "multiply";
    throw typeMismatch(`Cannot ${verb} with non-numeric argument: {${path}: ${show(operand)}}`);
  }
  return makes((place, _context, at, root) => {
    const before = place.get();
    if (before === undefined) {
      place.set(name === "$inc" ? operand : multiplyNumbers(0, operand));
      return;
    }
    if (!isNumeric(before)) {
      throw typeMismatch(
        `Cannot apply ${name} to a value of non-numeric type. {_id: ${show(root.get("_id"))}} has the field '${at.slice(at.lastIndexOf(".") + 1)}' of non-numeric type ${typeName(before)}`,
      );
    }
    const result = name === "$inc" ? addNumbers(before, operand) : multiplyNumbers(before, operand);
    const isWhole = !(before instanceof Double) && !(operand instanceof Double);
    if (isWhole && result instanceof Double) {
      throw badValue(
        `Failed to apply ${name} operations to current value ((${typeName(before)})${show(before)}) for document {_id: ${show(root.get("_id"))}}`,
      );
    }
    place.set(result);
  });
}

function bounded(operand: Value, isBetter: (order: number) => boolean): Modifier {
  return makes((place, { collation }) => {
    const before = place.get();
    if (before === undefined || isBetter(compareValues(operand, before, collation?.order)))
      place.set(operand);
  });
}

function currentDateType(operand: Value, _path: string): "date" | "timestamp" {
  if (typeof operand === "boolean") return "date";
  if (operand instanceof Doc) {
    for (const name of operand.keys()) {
      if (name !== "$type") throw badValue(`Unrecognized $currentDate option: ${name}`);
    }
    const type = operand.get("$type");
    if (type === "date" || type === "timestamp") return type;
    throw badValue(
      "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}",
    );
  }
  throw badValue(
    `${typeName(operand)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).`,
  );
}

function bit(operand: Value, path: string): Modifier {
  if (!(operand instanceof Doc)) {
    throw badValue(
      `The $bit modifier is not compatible with a ${typeName(operand)}. You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}`,
    );
  }
  if (operand.isEmpty) {
    throw badValue(
      `You must pass in at least one bitwise operation. The format is: {$bit: {field: {and/or/xor: #}}`,
    );
  }
  const steps = [...operand].map(([name, value]) => {
    if (name !== "and" && name !== "or" && name !== "xor") {
      throw badValue(
        `The $bit modifier only supports 'and', 'or', and 'xor', not '${name}' which is an unknown operator: {${name}: ${show(value)}}`,
      );
    }
    if (typeof value !== "number" && typeof value !== "bigint") {
      throw badValue(
        `The $bit modifier field must be an Integer(32/64 bit); a '${typeName(value)}' is not supported here: {${name}: ${show(value)}}`,
      );
    }
    return { name, value };
  });
  return makes((place, _context, _path, root) => {
    const before = place.get() ?? 0;
    if (typeof before !== "number" && typeof before !== "bigint") {
      throw badValue(
        `Cannot apply $bit to a value of non-integral type._id: ${show(root.get("_id"))} has the field ${path} of non-integer type ${typeName(before)}`,
      );
    }
    let result = BigInt(before);
    let isLong = typeof before === "bigint";
    if (place.get() === undefined) isLong = steps.some(({ value }) => typeof value === "bigint");
    for (const { name, value } of steps) {
      isLong ||= typeof value === "bigint";
      const other = BigInt(value);
      result = name === "and" ? result & other : name === "or" ? result | other : result ^ other;
    }
    place.set(isLong ? BigInt.asIntN(64, result) : Number(BigInt.asIntN(32, result)));
  });
}

function arrayAt(place: Place, path: string, root: Doc): Value[] | undefined {
  const value = place.get();
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value;
  throw badValue(
    `The field '${path}' must be an array but is of type ${typeName(value)} in document {_id: ${show(root.get("_id"))}}`,
  );
}

function push(operand: Value, _path: string, collation: UpdateContext["collation"]): Modifier {
  let values: readonly Value[] = [operand];
  let [slice, position]: [number | undefined, number | undefined] = [undefined, undefined];
  let sort: ((values: Value[]) => void) | undefined;
  if (operand instanceof Doc && operand.has("$each")) {
    for (const [name, option] of operand) {
      switch (name) {
        case "$each":
          if (!Array.isArray(option)) {
            throw badValue(
              `The argument to $each in $push must be an array but it was of type: ${typeName(option)}`,
            );
          }
          values = option;
          break;
        case "$slice":
          slice = clause(name, option);
          break;
        case "$position":
          position = clause(name, option);
          break;
        case "$sort":
          sort = arraySort(option, collation);
          break;
        default:
          throw badValue(`Unrecognized clause in $push: ${name}`);
      }
    }
  }
  return makes((place, _context, at, root) => {
    const array = [...(arrayAt(place, at, root) ?? [])];
    const from =
      position === undefined
        ? array.length
        : position < 0
          ? Math.max(0, array.length + position)
          : Math.min(position, array.length);
    array.splice(from, 0, ...values);
    sort?.(array);
    const kept = slice === undefined ? array : slice < 0 ? array.slice(slice) : array.slice(0, slice);
    place.set(slice === 0 ? [] : kept);
  });
}

function clause(name: string, value: Value): number {
  if (!isNumeric(value)) {
    throw badValue(`The value for ${name} must be an integer value but was given type: ${typeName(value)}`);
  }
  if (!isIntegral(value))
    throw badValue(`The value for ${name} must be an integer value but was ${show(value)}`);
  const number = exactInt64(value);
  if (number === undefined) throw badValue(`The value for ${name} must be an integer value`);
  return Number(number);
}

function arraySort(spec: Value, collation: UpdateContext["collation"]): (values: Value[]) => void {
  if (spec instanceof Doc) {
    if (spec.isEmpty) throw badValue("The $sort pattern is empty when it should be a set of fields.");
    for (const [name, order] of spec) {
      if (name === "" || name.startsWith(".") || name.endsWith(".") || name.includes("..")) {
        throw badValue("The $sort field cannot be empty");
      }
      const direction = exactInt32(order);
      if (direction !== 1 && direction !== -1) {
        throw badValue("The $sort element value must be either 1 or -1");
      }
    }
    const sorter = makeSorter(parseSort(spec), collation);
    return (values) => {
      const keyed = values.map((value) => ({
        value,
        key: sorter.keyOf(value instanceof Doc ? value : Doc.empty()),
      }));
      keyed.sort((a, b) => sorter.compare(a.key, b.key));
      for (const [i, { value }] of keyed.entries()) values[i] = value;
    };
  }
  const direction = exactInt32(spec);
  if (direction !== 1 && direction !== -1) {
    throw badValue("The $sort element value must be either 1 or -1");
  }
  return (values) => void values.sort((a, b) => direction * compareValues(a, b, collation?.order));
}

function addToSet(operand: Value): Modifier {
  let values: readonly Value[] = [operand];
  if (operand instanceof Doc && operand.firstKey === "$each") {
    const each = operand.get("$each")!;
    if (!Array.isArray(each)) {
      throw typeMismatch(
        `The argument to $each in $addToSet must be an array but it was of type ${typeName(each)}`,
      );
    }
    for (const name of operand.keys()) {
      if (name !== "$each")
        throw badValue(`Found unexpected fields after $each in $addToSet: ${show(operand)}`);
    }
    values = each;
  }
  return makes((place, { collation }, at, root) => {
    const array = arrayAt(place, at, root) ?? [];
    const texts = collation?.key;
    const known = new Set(array.map((one) => identityOf(one, texts)));
    const result = [...array];
    for (const value of values) {
      const identity = identityOf(value, texts);
      if (known.has(identity)) continue;
      known.add(identity);
      result.push(value);
    }
    place.set(result);
  });
}

function pop(operand: Value, path: string): Modifier {
  if (!isNumeric(operand)) throw failedToParse(`Expected a number in: ${path}: ${show(operand)}`);
  if (!isIntegral(operand)) throw failedToParse(`Expected an integer: ${path}: ${show(operand)}`);
  const direction = toDouble(operand);
  if (direction !== 1 && direction !== -1)
    throw failedToParse(`$pop expects 1 or -1, found: ${show(operand)}`);
  return changes((place, _context, at) => {
    const value = place.get();
    if (value === undefined) return;
    if (!Array.isArray(value)) {
      throw typeMismatch(`Path '${at}' contains an element of non-array type '${typeName(value)}'`);
    }
    place.set(direction === 1 ? value.slice(0, -1) : value.slice(1));
  });
}

function fromArray(
  name: string,
  _path: string,
  apply: (values: Value[], context: UpdateContext) => Value[],
): Modifier {
  return changes((place, context) => {
    const value = place.get();
    if (value === undefined) return;
    if (!Array.isArray(value)) throw badValue(`Cannot apply ${name} to a non-array value`);
    place.set(apply(value, context));
  });
}

/** Takes out what equals a value, or matches a condition. */
function pull(operand: Value, path: string, collation: UpdateContext["collation"]): Modifier {
  if (!(operand instanceof Doc) && !(operand instanceof Regex)) {
    return fromArray("$pull", path, (values) =>
      values.filter((one) => compareValues(one, operand, collation?.order) !== 0),
    );
  }
  const context = expressionContext({ collation });
  const isOfValues = operand instanceof Regex || operand.firstKey?.startsWith("$") === true;
  const isLogical = operand instanceof Doc && ["$and", "$or", "$nor"].includes(operand.firstKey ?? "");
  const matchContext = { collation, scope: newScope(context) };
  if (isOfValues && !isLogical) {
    // Each element as the only field of a document; of one that is an array, the condition is about the array itself.
    const spec = operand instanceof Regex ? Doc.of({ $regex: operand }) : operand;
    const filter = parseFilter(Doc.of({ v: Doc.of({ $elemMatch: spec }) }), { context, allowsExpr: false });
    const matches = compileFilter(filter, matchContext);
    return fromArray("$pull", path, (values) =>
      values.filter((one) => !matches(writeDoc(Doc.of({ v: [one] })), 0)),
    );
  }
  const matches = compileFilter(parseFilter(operand as Doc, { context }), matchContext);
  return fromArray("$pull", path, (values) =>
    values.filter((one) => !(one instanceof Doc && matches(writeDoc(one), 0))),
  );
}

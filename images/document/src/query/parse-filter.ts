import {
  exactInt64,
  isInfinite,
  isIntegral,
  isNaNValue,
  isTruthy,
  toDouble,
  truncated,
} from "../bson/numbers.ts";
import { compileRegex, requireRegexOptions } from "../bson/regex.ts";
import { show } from "../bson/show.ts";
import { isNumeric, typeName, typeNames } from "../bson/types.ts";
import { BsonUndefined, Doc, Regex, type Value } from "../bson/values.ts";
import { badValue, failedToParse, MongoError, notSupported, typeMismatch } from "../errors.ts";
import type { ExpressionContext } from "../expressions/expression.ts";
import { parseExpression } from "../expressions/parse.ts";
import { parseGeoOperator, parseNear } from "../geo/parse.ts";
import { parseBits } from "./bits.ts";
import type { Comparison, Filter } from "./filter.ts";
import { parseSchema } from "./json-schema.ts";
import { pathOf } from "./path.ts";

/** Which operators may stand in a filter, by where it is. */
export interface FilterOptions {
  readonly context: ExpressionContext;
  /** $near and $nearSphere, which sort: only in a find's filter. */
  readonly allowsNear?: boolean;
  readonly allowsText?: boolean;
  readonly allowsExpr?: boolean;
  /** Beneath $or, $nor, $not or $elemMatch. */
  readonly isNested?: boolean;
}

const always: Filter = { kind: "always", matches: true };
/** Nested deeper than this, filters are refused (MatchExpressionParser::kMaximumTreeDepth). */
const depthMax = 100;

/** @throws MongoError what MongoDB gives for the same mistake */
export function parseFilter(filter: Doc, options: FilterOptions, depth = 0): Filter {
  if (depth > depthMax) throw badValue("exceeded maximum query tree depth of 100");
  const children: Filter[] = [];
  for (const [name, value] of filter) {
    if (name.startsWith("$")) {
      const child = topLevel(name, value, options, depth);
      if (child !== undefined) children.push(child);
    } else children.push(...field(name, value, options, depth));
  }
  const parsed = all(children);
  if (depth === 0) requireOneSearch(parsed);
  return parsed;
}

/** One $near at most, one $text at most, and not both. */
function requireOneSearch(filter: Filter): void {
  const parts = filter.kind === "and" ? filter.children : [filter];
  const [near, text] = ["near", "text"].map((kind) => parts.filter((one) => one.kind === kind).length) as [
    number,
    number,
  ];
  if (near > 1) throw badValue("Too many geoNear expressions");
  if (text > 1) throw badValue("Too many text expressions");
  if (near > 0 && text > 0) throw badValue("text and geoNear not allowed in same query");
}

function all(children: readonly Filter[]): Filter {
  const flat = children.flatMap((one) => (one.kind === "and" ? one.children : [one]));
  return flat.length === 0 ? always : flat.length === 1 ? flat[0]! : { kind: "and", children: flat };
}

function topLevel(name: string, value: Value, options: FilterOptions, depth: number): Filter | undefined {
  switch (name) {
    case "$and":
    case "$or":
    case "$nor": {
      if (!Array.isArray(value)) throw badValue(`${name} must be an array`);
      if (value.length === 0) throw badValue("$and/$or/$nor must be a nonempty array");
      const within = name === "$and" ? options : { ...options, isNested: true };
      const children = value.map((one) => {
        if (!(one instanceof Doc)) throw badValue("$or/$and/$nor entries need to be full objects");
        return parseFilter(one, within, depth + 1);
      });
      return name === "$and" ? all(children) : { kind: name === "$or" ? "or" : "nor", children };
    }
    case "$comment":
      return undefined;
    case "$expr": {
      if (options.allowsExpr === false) {
        throw new MongoError(224, "$expr is not allowed in this context");
      }
      return { kind: "expr", expression: parseExpression(value, options.context), source: value };
    }
    case "$jsonSchema": {
      if (!(value instanceof Doc)) throw typeMismatch("$jsonSchema must be an object");
      return { kind: "schema", check: parseSchema(value, options), source: value };
    }
    case "$text":
      return parseText(value, options);
    case "$where":
      throw notSupported("$where");
    case "$alwaysTrue":
    case "$alwaysFalse":
      if (!isNumeric(value) || toDouble(value) !== 1) {
        throw failedToParse(`${name} must be an integer value of 1`);
      }
      return { kind: "always", matches: name === "$alwaysTrue" };
    case "$sampleRate": {
      if (!isNumeric(value)) throw badValue("argument to $sampleRate must be a numeric type");
      const rate = toDouble(value);
      if (!(rate >= 0 && rate <= 1)) throw badValue("numeric argument to $sampleRate must be in [0, 1]");
      return { kind: "sample", rate };
    }
    case "$ref":
    case "$id":
    case "$db":
      return field(name, value, options, depth)[0];
    default:
      throw badValue(
        `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
      );
  }
}

function parseText(value: Value, { allowsText = false, isNested = false }: FilterOptions): Filter {
  if (!allowsText) throw badValue("$text is not allowed in this context");
  if (isNested) throw badValue("$text in $or, $nor or $not is not supported by this server");
  if (!(value instanceof Doc)) throw badValue("$text expects an object");
  let search: string | undefined;
  let language: string | undefined;
  let [isCaseSensitive, isDiacriticSensitive] = [false, false];
  for (const [name, option] of value) {
    if (name === "$search") {
      if (typeof option !== "string")
        throw typeMismatch(`"$search" had the wrong type. Expected string, found ${typeName(option)}`);
      search = option;
    } else if (name === "$language") {
      if (typeof option !== "string")
        throw typeMismatch(`"$language" had the wrong type. Expected string, found ${typeName(option)}`);
      language = option;
    } else if (name === "$caseSensitive" || name === "$diacriticSensitive") {
      if (typeof option !== "boolean")
        throw typeMismatch(`"${name}" had the wrong type. Expected bool, found ${typeName(option)}`);
      if (name === "$caseSensitive") isCaseSensitive = option;
      else isDiacriticSensitive = option;
    } else throw badValue("extra fields in $text");
  }
  if (search === undefined) throw new MongoError(4, 'Missing expected field "$search"');
  return { kind: "text", search: { search, language, isCaseSensitive, isDiacriticSensitive } };
}

function isOperatorDoc(value: Value): value is Doc {
  if (!(value instanceof Doc)) return false;
  const first = value.firstKey;
  return first?.startsWith("$") === true && !["$ref", "$id", "$db"].includes(first);
}

function field(name: string, value: Value, options: FilterOptions, depth: number): Filter[] {
  if (name.includes("\0")) throw badValue("field names must not contain embedded null bytes");
  if (isOperatorDoc(value)) return operators(name, value, options, depth);
  if (value instanceof Regex) return [regexFilter(name, value.pattern, value.options)];
  return [comparison("eq", name, value)];
}

function regexFilter(name: string, pattern: string, options: string): Filter {
  compileRegex(pattern, options);
  return { kind: "regex", path: pathOf(name), regex: new Regex(pattern, options) };
}

function comparison(kind: Comparison, name: string, value: Value): Filter {
  if (value instanceof BsonUndefined) throw badValue("cannot compare to undefined");
  return { kind, path: pathOf(name), value };
}

/** The operators of one field, all of which must hold. */
function operators(name: string, spec: Doc, options: FilterOptions, depth: number): Filter[] {
  const filters: Filter[] = [];
  for (const [operator, operand] of spec) {
    if (operator === "$options") {
      if (!spec.has("$regex")) throw badValue("$options needs a $regex");
      continue;
    }
    if (operator === "$maxDistance" || operator === "$minDistance") {
      if (!spec.has("$near") && !spec.has("$nearSphere") && !spec.has("$geoNear")) {
        throw badValue(`${operator} needs a $near`);
      }
      continue;
    }
    const filter = fieldOperator(name, operator, operand, spec, options, depth);
    if (filter !== undefined) filters.push(filter);
  }
  return filters;
}

function fieldOperator(
  name: string,
  operator: string,
  operand: Value,
  spec: Doc,
  options: FilterOptions,
  depth: number,
): Filter | undefined {
  const path = pathOf(name);
  switch (operator) {
    case "$eq":
      return comparison("eq", name, operand);
    case "$ne":
      if (operand instanceof Regex) throw badValue("Can't have regex as arg to $ne.");
      return { kind: "not", child: comparison("eq", name, operand) };
    case "$lt":
    case "$lte":
    case "$gt":
    case "$gte":
      if (operand instanceof Regex) {
        throw badValue(`Can't have RegEx as arg to predicate over field '${name}'.`);
      }
      return comparison(operator.slice(1) as Comparison, name, operand);
    case "$in":
      return inFilter(name, operator, operand);
    case "$nin":
      return { kind: "not", child: inFilter(name, operator, operand) };
    case "$not":
      return notFilter(name, operand, options, depth);
    case "$exists":
      return isTruthy(operand) ? { kind: "exists", path } : { kind: "not", child: { kind: "exists", path } };
    case "$type":
      return { kind: "type", path, types: parseTypes(operand, "$type") };
    case "$size":
      return { kind: "size", path, size: parseSize(operand) };
    case "$mod":
      return modFilter(name, operand);
    case "$regex":
      return parseRegex(name, operand, spec);
    case "$all":
      return allFilter(name, operand, options, depth);
    case "$elemMatch":
      return elemMatch(name, operand, options, depth);
    case "$bitsAllSet":
    case "$bitsAllClear":
    case "$bitsAnySet":
    case "$bitsAnyClear":
      return parseBits(name, operator, operand);
    case "$comment":
      return undefined;
    case "$geoWithin":
    case "$within":
    case "$geoIntersects":
      return { kind: "geo", path, predicate: parseGeoOperator(operator, operand) };
    case "$near":
    case "$nearSphere":
    case "$geoNear": {
      if (options.isNested === true) throw badValue(`${operator} must be a top-level expression`);
      if (
        spec.size >
        [...spec.keys()].filter((one) => one === operator || one === "$maxDistance" || one === "$minDistance")
          .length
      ) {
        throw badValue(`${operator} cannot be combined with other operators on the same field`);
      }
      if (options.allowsNear !== true) {
        throw new MongoError(5626500, "$geoNear, $near, and $nearSphere are not allowed in this context");
      }
      return { kind: "near", path, near: parseNear(operator, operand, spec) };
    }
    default:
      throw badValue(`unknown operator: ${operator}`);
  }
}

function inFilter(name: string, operator: string, operand: Value): Filter {
  if (!Array.isArray(operand)) throw badValue(`${operator} needs an array`);
  const values: Value[] = [];
  const regexes: Regex[] = [];
  for (const one of operand) {
    if (isOperatorDoc(one)) throw badValue("cannot nest $ under $in");
    if (one instanceof BsonUndefined) throw badValue("InMatchExpression equality cannot be undefined");
    if (one instanceof Regex) {
      compileRegex(one.pattern, one.options);
      regexes.push(one);
    } else values.push(one);
  }
  return { kind: "in", path: pathOf(name), values, regexes };
}

function notFilter(name: string, operand: Value, options: FilterOptions, depth: number): Filter {
  if (operand instanceof Regex) {
    return { kind: "not", child: regexFilter(name, operand.pattern, operand.options) };
  }
  if (!(operand instanceof Doc)) throw badValue("$not needs a regex or a document");
  if (operand.isEmpty) throw badValue("$not cannot be empty");
  if (!operand.firstKey!.startsWith("$")) throw badValue(`unknown operator: ${operand.firstKey}`);
  return { kind: "not", child: all(operators(name, operand, { ...options, isNested: true }, depth + 1)) };
}

/** What $type and bsonType accept: names, numbers, and arrays of both. */
export function parseTypes(operand: Value, operator: string): ReadonlySet<number> {
  const types = new Set<number>();
  const given = Array.isArray(operand) ? operand : [operand];
  if (given.length === 0) throw failedToParse(`${operator} must match at least one type`);
  for (const one of given) for (const type of parseType(one)) types.add(type);
  return types;
}

const numberTypes = [1, 16, 18, 19];

function parseType(value: Value): readonly number[] {
  if (typeof value === "string") {
    if (value === "number") return numberTypes;
    for (const [number, name] of typeNames) if (name === value && number !== 0) return [number];
    throw badValue(`Unknown type name alias: ${value}`);
  }
  if (!isNumeric(value)) throw typeMismatch("type must be represented as a number or a string");
  const number = isIntegral(value) ? toDouble(value) : Number.NaN;
  if (Number.isNaN(number)) throw badValue(`Invalid numerical type code: ${show(value)}`);
  if (number === 0) throw badValue("Invalid numerical type code: 0. Instead use {$exists:false}.");
  const type = number === -1 ? 255 : number;
  if (!typeNames.has(type) || number === 255) throw badValue(`Invalid numerical type code: ${show(value)}`);
  return [type];
}

function parseSize(operand: Value): number {
  const fail = (why: string) => badValue(`Failed to parse $size. ${why}`);
  if (!isNumeric(operand)) throw fail(`Expected a number in: $size: ${show(operand)}`);
  if (!isIntegral(operand)) throw fail(`Expected an integer: $size: ${show(operand)}`);
  const size = exactInt64(operand);
  if (size === undefined) throw fail(`Cannot represent as a 64-bit integer: $size: ${show(operand)}`);
  if (size < 0n) throw fail(`Expected a non-negative number in: $size: ${show(operand)}`);
  return Number(size);
}

function modFilter(name: string, operand: Value): Filter {
  if (!Array.isArray(operand)) throw badValue("malformed mod, needs to be an array");
  if (operand.length < 2) throw badValue("malformed mod, not enough elements");
  if (operand.length > 2) throw badValue("malformed mod, too many elements");
  const [divisor, remainder] = operand.map((value, index) => {
    const what = index === 0 ? "divisor" : "remainder";
    if (!isNumeric(value)) throw badValue(`malformed mod, ${what} not a number`);
    if (isNaNValue(value) || isInfinite(value)) {
      throw badValue(
        `malformed mod, ${what} value is invalid :: caused by :: Unable to coerce NaN/Inf to integral type`,
      );
    }
    const whole = truncated(value);
    if (whole === undefined || whole > 2n ** 63n - 1n || whole < -(2n ** 63n)) {
      throw badValue(
        `malformed mod, ${what} value is invalid :: caused by :: Out of bounds coercing to integral value`,
      );
    }
    return whole;
  }) as [bigint, bigint];
  if (divisor === 0n) throw badValue("divisor cannot be 0");
  return { kind: "mod", path: pathOf(name), divisor, remainder };
}

function parseRegex(name: string, operand: Value, spec: Doc): Filter {
  let pattern: string;
  let flags = "";
  if (operand instanceof Regex) {
    pattern = operand.pattern;
    flags = operand.options;
  } else if (typeof operand === "string") pattern = operand;
  else throw badValue("$regex has to be a string");
  if (pattern.includes("\0")) throw badValue("Regular expression cannot contain an embedded null byte");
  const given = spec.get("$options");
  if (given !== undefined) {
    if (typeof given !== "string") throw badValue("$options has to be a string");
    if (flags !== "") throw new MongoError(51075, "options set in both $regex and $options");
    if (given.includes("\0"))
      throw new MongoError(51108, "Regular expression options string cannot contain an embedded null byte");
    flags = given;
  }
  requireRegexOptions(flags);
  return regexFilter(name, pattern, flags);
}

function allFilter(name: string, operand: Value, options: FilterOptions, depth: number): Filter {
  if (!Array.isArray(operand)) throw badValue("$all needs an array");
  if (operand.length === 0) return { kind: "always", matches: false };
  const first = operand[0];
  if (first instanceof Doc && first.firstKey === "$elemMatch") {
    return all(
      operand.map((one) => {
        if (!(one instanceof Doc) || one.firstKey !== "$elemMatch") {
          throw badValue("$all/$elemMatch has to be consistent");
        }
        return elemMatch(name, one.get("$elemMatch")!, options, depth);
      }),
    );
  }
  return all(
    operand.map((one) => {
      if (one instanceof Regex) return regexFilter(name, one.pattern, one.options);
      if (isOperatorDoc(one)) throw badValue("no $ expressions in $all");
      return comparison("eq", name, one);
    }),
  );
}

function elemMatch(name: string, operand: Value, options: FilterOptions, depth: number): Filter {
  if (!(operand instanceof Doc)) throw badValue("$elemMatch needs an Object");
  const path = pathOf(name);
  const first = operand.firstKey;
  const isValue =
    first?.startsWith("$") === true &&
    ![
      "$and",
      "$or",
      "$nor",
      "$expr",
      "$jsonSchema",
      "$text",
      "$where",
      "$ref",
      "$id",
      "$db",
      "$alwaysTrue",
      "$alwaysFalse",
    ].includes(first);
  if (isValue) {
    const inner = { ...options, isNested: true };
    return { kind: "elemMatchValue", path, children: operators("", operand, inner, depth + 1) };
  }
  if (operand.has("$where")) throw badValue("$elemMatch cannot contain $where expression");
  const inner = { ...options, isNested: true, allowsText: false, allowsExpr: false };
  return { kind: "elemMatchObject", path, child: parseFilter(operand, inner, depth + 1) };
}

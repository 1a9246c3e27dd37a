import { divisionByZero, notSupported, PgError } from "../errors.ts";
import { type Datum, JsonbValue } from "../types/datum.ts";
import { isPredicate, type JsonPath, lastLevel, type PathNode, parseJsonPath } from "../types/json-path.ts";
import { type Json, JsonObject } from "../types/json-value.ts";
import {
  addNumeric,
  compareNumeric,
  divideNumeric,
  moduloNumeric,
  multiplyNumeric,
  Numeric,
  subtractNumeric,
} from "../types/numeric.ts";
import { compareText } from "../types/texts.ts";
import { compileRegex } from "./patterns.ts";
import { type CallContext, define, defineSet } from "./registry.ts";

/** Paths of SQL/JSON over jsonb (PostgreSQL's documentation, 9.16.2; ISO/IEC 9075-2, 9.46). */

/** Three-valued: undefined is unknown. */
type Truth = boolean | undefined;

interface Scope {
  readonly current: Json;
  /** The array that `last` is of. */
  readonly array: readonly Json[] | undefined;
}

/** Errors of these are what `silent` and predicates make unknown. */
class PathError extends PgError {}

const itemsMax = 10_000_000;

class Evaluation {
  readonly #lax: boolean;
  readonly #root: Json;
  readonly #variables: Json;

  constructor(path: JsonPath, root: Json, variables: Json) {
    this.#lax = path.lax;
    this.#root = root;
    this.#variables = variables;
  }

  /** The items of an expression; a predicate's is its truth. */
  items(node: PathNode, scope: Scope): Json[] {
    if (isPredicate(node)) {
      const truth = this.truth(node, scope);
      return [truth === undefined ? null : truth];
    }
    switch (node.kind) {
      case "root":
        return [this.#root];
      case "current":
        return [scope.current];
      case "last":
        return [Numeric.fromInteger((scope.array?.length ?? 0) - 1)];
      case "literal":
        return [node.value];
      case "variable":
        return [this.#variable(node.name)];
      case "member":
        return this.#member(this.items(node.of, scope), node.name);
      case "anyMember":
        return this.#anyMember(this.items(node.of, scope));
      case "anyElement":
        return this.items(node.of, scope).flatMap((item) => {
          if (Array.isArray(item)) return item as Json[];
          if (this.#lax) return [item];
          throw new PathError("22039", "jsonpath wildcard array accessor can only be applied to an array");
        });
      case "recursive":
        return this.items(node.of, scope).flatMap((item) => [...descend(item, 0, node.from, node.to)]);
      case "elements":
        return this.items(node.of, scope).flatMap((item) => this.#elements(item, node, scope));
      case "filter":
        return this.#unwrapped(this.items(node.of, scope)).filter(
          (item) => this.truth(node.predicate, { current: item, array: undefined }) === true,
        );
      case "method":
        return this.#method(node, scope);
      case "binary":
        return [this.#arithmetic(node, scope)];
      case "unary":
        return this.#unwrapped(this.items(node.operand, scope)).map((item) => {
          if (!(item instanceof Numeric))
            throw new PathError(
              "2203B",
              `operand of unary jsonpath operator ${node.operator} is not a numeric value`,
            );
          return node.operator === "-" ? item.negate() : item;
        });
      default:
        return [];
    }
  }

  #variable(name: string): Json {
    const found = this.#variables instanceof JsonObject ? this.#variables.members.get(name) : undefined;
    if (found === undefined) throw new PgError("42704", `could not find jsonpath variable "${name}"`);
    return found;
  }

  /** In lax mode an array stands for its elements. */
  #unwrapped(items: readonly Json[]): Json[] {
    if (!this.#lax) return [...items];
    return items.flatMap((item) => (Array.isArray(item) ? (item as Json[]) : [item]));
  }

  #member(items: readonly Json[], name: string): Json[] {
    const found: Json[] = [];
    for (const item of this.#unwrapped(items)) {
      if (item instanceof JsonObject) {
        const value = item.members.get(name);
        if (value !== undefined) found.push(value);
        else if (!this.#lax) throw new PathError("2203A", `JSON object does not contain key "${name}"`);
      } else if (!this.#lax)
        throw new PathError("2203A", "jsonpath member accessor can only be applied to an object");
    }
    return found;
  }

  #anyMember(items: readonly Json[]): Json[] {
    return this.#unwrapped(items).flatMap((item) => {
      if (item instanceof JsonObject) return [...item.members.values()];
      if (this.#lax) return [];
      throw new PathError("2203C", "jsonpath wildcard member accessor can only be applied to an object");
    });
  }

  #elements(item: Json, node: Extract<PathNode, { kind: "elements" }>, scope: Scope): Json[] {
    if (!Array.isArray(item) && !this.#lax)
      throw new PathError("22039", "jsonpath array accessor can only be applied to an array");
    const array: readonly Json[] = Array.isArray(item) ? (item as Json[]) : [item];
    const found: Json[] = [];
    for (const { from, to } of node.ranges) {
      const first = this.#subscript(from, { current: scope.current, array });
      const last = to === undefined ? first : this.#subscript(to, { current: scope.current, array });
      if (!this.#lax && (first < 0 || first > last || last >= array.length))
        throw new PathError("22033", "jsonpath array subscript is out of bounds");
      for (let at = Math.max(0, first); at <= Math.min(last, array.length - 1); at++) found.push(array[at]!);
    }
    return found;
  }

  #subscript(node: PathNode, scope: Scope): number {
    const items = this.items(node, scope);
    const [only] = items;
    if (items.length !== 1 || !(only instanceof Numeric))
      throw new PathError("22033", "jsonpath array subscript is not a single numeric value");
    const value = only.truncate(0).toNumber();
    if (Math.abs(value) > 2_147_483_647)
      throw new PathError("22033", "jsonpath array subscript is out of integer range");
    return value;
  }

  #arithmetic(node: Extract<PathNode, { kind: "binary" }>, scope: Scope): Json {
    const operand = (side: PathNode, name: string): Numeric => {
      const items = this.#unwrapped(this.items(side, scope));
      const [only] = items;
      if (items.length !== 1 || !(only instanceof Numeric))
        throw new PathError(
          "22038",
          `${name} operand of jsonpath operator ${node.operator} is not a single numeric value`,
        );
      return only;
    };
    const left = operand(node.left, "left");
    const right = operand(node.right, "right");
    if ((node.operator === "/" || node.operator === "%") && compareNumeric(right, Numeric.zero) === 0) {
      const { code, message } = divisionByZero();
      throw new PathError(code, message);
    }
    switch (node.operator) {
      case "+":
        return addNumeric(left, right);
      case "-":
        return subtractNumeric(left, right);
      case "*":
        return multiplyNumeric(left, right);
      case "/":
        return divideNumeric(left, right);
      default:
        return moduloNumeric(left, right);
    }
  }

  #method(node: Extract<PathNode, { kind: "method" }>, scope: Scope): Json[] {
    const given = this.items(node.of, scope);
    const { name } = node;
    if (name === "type") return given.map(typeName);
    if (name === "size")
      return given.map((item) => {
        if (Array.isArray(item)) return Numeric.fromInteger(item.length);
        if (this.#lax) return Numeric.one;
        throw new PathError("22039", "jsonpath item method .size() can only be applied to an array");
      });
    const items = this.#unwrapped(given);
    if (name === "keyvalue") return items.flatMap((item, i) => keyValues(item, i));
    if (name === "decimal") {
      const [precision, scale] = node.args.map((arg) => this.#subscript(arg, scope));
      return items.map((item) => decimalOf(item, precision, scale));
    }
    return items.map((item) => applyMethod(name, item));
  }

  truth(node: PathNode, scope: Scope): Truth {
    switch (node.kind) {
      case "and": {
        const left = this.truth(node.left, scope);
        if (left === false) return false;
        const right = this.truth(node.right, scope);
        return right === false ? false : left === undefined || right === undefined ? undefined : true;
      }
      case "or": {
        const left = this.truth(node.left, scope);
        if (left === true) return true;
        const right = this.truth(node.right, scope);
        return right === true ? true : left === undefined || right === undefined ? undefined : false;
      }
      case "not": {
        const truth = this.truth(node.operand, scope);
        return truth === undefined ? undefined : !truth;
      }
      case "isUnknown":
        return this.truth(node.operand, scope) === undefined;
      case "exists":
        return this.#guarded(() => this.items(node.operand, scope).length > 0);
      case "compare":
        return this.#pairs(node.left, node.right, scope, (a, b) => compareItems(node.operator, a, b));
      case "startsWith":
        return this.#pairs(node.left, node.right, scope, (a, b) =>
          typeof a === "string" && typeof b === "string" ? a.startsWith(b) : undefined,
        );
      case "likeRegex": {
        const regex = regexOf(node.pattern, node.flags);
        return this.#pairs(node.operand, { kind: "literal", value: null }, scope, (a) =>
          typeof a === "string" ? regex.test(a) : undefined,
        );
      }
      default:
        return undefined;
    }
  }

  #guarded(ask: () => Truth): Truth {
    try {
      return ask();
    } catch (error) {
      if (error instanceof PathError) return undefined;
      throw error;
    }
  }

  /** Whether any pair of items holds; in strict mode all are looked at, as one that is unknown decides. */
  #pairs(left: PathNode, right: PathNode, scope: Scope, holds: (a: Json, b: Json) => Truth): Truth {
    return this.#guarded(() => {
      const lefts = this.#unwrapped(this.items(left, scope));
      const rights = this.#unwrapped(this.items(right, scope));
      let isFound = false;
      let isUnknown = false;
      for (const a of lefts) {
        for (const b of rights) {
          const truth = holds(a, b);
          if (truth === undefined) {
            if (!this.#lax) return undefined;
            isUnknown = true;
          } else if (truth) {
            if (this.#lax) return true;
            isFound = true;
          }
        }
      }
      return isFound ? true : isUnknown ? undefined : false;
    });
  }
}

function* descend(item: Json, level: number, from: number, to: number): Generator<Json> {
  // `{last}` alone means the leaves.
  const isLeaf = !(Array.isArray(item) || item instanceof JsonObject);
  const isWanted = from === lastLevel ? isLeaf : level >= from && level <= to;
  if (isWanted) yield item;
  if (isLeaf || level >= to) return;
  const inner = Array.isArray(item) ? (item as Json[]) : [...(item as JsonObject).members.values()];
  for (const value of inner) yield* descend(value, level + 1, from, to);
}

function typeName(item: Json): string {
  if (item === null) return "null";
  if (Array.isArray(item)) return "array";
  if (item instanceof JsonObject) return "object";
  if (item instanceof Numeric) return "number";
  return typeof item;
}

function keyValues(item: Json, id: number): Json[] {
  if (!(item instanceof JsonObject))
    throw new PathError("2203C", "jsonpath item method .keyvalue() can only be applied to an object");
  return [...item.members].map(
    ([key, value]) =>
      new JsonObject(
        new Map<string, Json>([
          ["id", Numeric.fromInteger(id)],
          ["key", key],
          ["value", value],
        ]),
      ),
  );
}

function notNumeric(name: string): PathError {
  return new PathError("22036", `jsonpath item method .${name}() can only be applied to a numeric value`);
}

function invalidArgument(text: string, name: string, type: string): PathError {
  return new PathError(
    "22036",
    `argument "${text}" of jsonpath item method .${name}() is invalid for type ${type}`,
  );
}

const integerRanges: Readonly<Record<string, readonly [bigint, bigint]>> = {
  integer: [-2147483648n, 2147483647n],
  bigint: [-9223372036854775808n, 9223372036854775807n],
};

function applyMethod(name: string, item: Json): Json {
  switch (name) {
    case "abs":
    case "floor":
    case "ceiling": {
      if (!(item instanceof Numeric)) throw notNumeric(name);
      return name === "abs" ? item.abs() : name === "floor" ? item.floor() : item.ceil();
    }
    case "double":
    case "number":
    case "integer":
    case "bigint": {
      const type = name === "double" ? "double precision" : name === "number" ? "numeric" : name;
      if (!(item instanceof Numeric) && typeof item !== "string")
        throw new PathError(
          "22036",
          `jsonpath item method .${name}() can only be applied to a string or numeric value`,
        );
      const value = item instanceof Numeric ? item : Numeric.tryParse(item.trim());
      if (value === undefined || !/^[-\d.]+$/.test(value.toString()))
        throw invalidArgument(String(item), name, type);
      const range = integerRanges[name];
      if (range === undefined) return name === "double" ? Numeric.parse(String(value.toNumber())) : value;
      const rounded = value.round(0);
      const whole = BigInt(rounded.toString());
      if (
        whole < range[0] ||
        whole > range[1] ||
        (typeof item === "string" && !/^\s*[-+]?\d+\s*$/.test(item))
      )
        throw invalidArgument(String(item), name, type);
      return rounded;
    }
    case "boolean":
      return booleanOf(item);
    case "string":
      if (item === null || Array.isArray(item) || item instanceof JsonObject)
        throw new PathError(
          "22036",
          "jsonpath item method .string() can only be applied to a boolean, string, numeric, or datetime value",
        );
      return String(item);
    default:
      throw notSupported(`jsonpath item method .${name}()`);
  }
}

function booleanOf(item: Json): boolean {
  if (typeof item === "boolean") return item;
  if (item instanceof Numeric) {
    const rounded = item.toString();
    if (/^-?\d+$/.test(rounded)) return rounded !== "0";
    throw invalidArgument(rounded, "boolean", "boolean");
  }
  if (typeof item === "string") {
    const word = item.trim().toLowerCase();
    const matches = (full: string) => word !== "" && full.startsWith(word);
    if (matches("true") || matches("yes") || word === "on" || word === "1") return true;
    if (matches("false") || matches("no") || word === "off" || word === "of" || word === "0") return false;
    throw invalidArgument(item, "boolean", "boolean");
  }
  throw new PathError(
    "22036",
    "jsonpath item method .boolean() can only be applied to a boolean, string, or numeric value",
  );
}

function decimalOf(item: Json, precision: number | undefined, scale: number | undefined): Json {
  const value = applyMethod("number", item) as Numeric;
  if (precision === undefined) return value;
  const rounded = value.round(scale ?? 0);
  const digits = rounded.abs().truncate(0).toString().replace(/^0$/, "").length;
  if (digits > precision - (scale ?? 0)) throw invalidArgument(String(value), "decimal", "numeric");
  return rounded;
}

function compareItems(operator: string, a: Json, b: Json): Truth {
  let order: number;
  if (a === null || b === null) {
    // null equals null alone; it is neither more nor less than anything else.
    if (a === null && b === null) order = 0;
    else return operator === "!=";
  } else if (typeof a === "boolean" && typeof b === "boolean") order = Number(a) - Number(b);
  else if (a instanceof Numeric && b instanceof Numeric) order = compareNumeric(a, b);
  else if (typeof a === "string" && typeof b === "string") order = compareText(a, b);
  else return undefined;
  switch (operator) {
    case "==":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    default:
      return order >= 0;
  }
}

function regexOf(pattern: string, flags: string): RegExp {
  const text = flags.includes("q") ? pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") : pattern;
  // XQuery's s and m are PostgreSQL's newline modes: without s a dot does not match a line's end.
  const newline = flags.includes("s") ? (flags.includes("m") ? "w" : "") : flags.includes("m") ? "n" : "p";
  return compileRegex(text, newline, flags.includes("i"));
}

/** The items of a path. @throws PgError 22xxx, 2203x; with `silent` they are as many as came before */
export function pathItems(json: Json, path: string, variables: Json, silent: boolean): Json[] {
  const read = parseJsonPath(path);
  try {
    const items = new Evaluation(read, json, variables).items(read.root, { current: json, array: undefined });
    if (items.length > itemsMax) throw new PgError("54000", "the path gives too many items");
    return items;
  } catch (error) {
    if (silent && error instanceof PathError) return [];
    throw error;
  }
}

const noVariables = new JsonObject(new Map());
type J = JsonbValue;
const varsOf = (vars: J | undefined) => (vars === undefined ? noVariables : vars.json);
const jsonb = (json: Json) => new JsonbValue(json);

function requireObject(vars: J | undefined): void {
  if (vars !== undefined && !(vars.json instanceof JsonObject))
    throw new PgError("22023", '"vars" argument is not an object', {
      detail: 'Jsonpath parameters should be encoded as key-value pairs of "vars" object.',
    });
}

/** NULL when it fails and is silent. */
function existsIn(json: Json, path: string, variables: Json, silent: boolean): boolean | null {
  const read = parseJsonPath(path);
  try {
    const scope = { current: json, array: undefined };
    return new Evaluation(read, json, variables).items(read.root, scope).length > 0;
  } catch (error) {
    if (silent && error instanceof PathError) return null;
    throw error;
  }
}

function matchesIn(json: Json, path: string, variables: Json, silent: boolean): boolean | null {
  const read = parseJsonPath(path);
  let items: Json[];
  try {
    items = new Evaluation(read, json, variables).items(read.root, { current: json, array: undefined });
  } catch (error) {
    if (silent && error instanceof PathError) return null;
    throw error;
  }
  const [only] = items;
  if (items.length === 1 && typeof only === "boolean") return only;
  if (items.length === 1 && only === null) return null;
  if (silent) return null;
  throw new PgError("22038", "single boolean result is expected");
}

for (const suffix of ["", "_tz"]) {
  define(`jsonb_path_exists${suffix}`, (j: J, path: string, vars?: J, silent?: boolean): Datum => {
    requireObject(vars);
    return existsIn(j.json, path, varsOf(vars), silent === true);
  });
  define(`jsonb_path_match${suffix}`, (j: J, path: string, vars?: J, silent?: boolean): Datum => {
    requireObject(vars);
    return matchesIn(j.json, path, varsOf(vars), silent === true);
  });
  define(`jsonb_path_query_array${suffix}`, (j: J, path: string, vars?: J, silent?: boolean): Datum => {
    requireObject(vars);
    return jsonb(pathItems(j.json, path, varsOf(vars), silent === true));
  });
  define(`jsonb_path_query_first${suffix}`, (j: J, path: string, vars?: J, silent?: boolean): Datum => {
    requireObject(vars);
    const [first] = pathItems(j.json, path, varsOf(vars), silent === true);
    return first === undefined ? null : jsonb(first);
  });
  defineSet(
    `jsonb_path_query${suffix}`,
    (_call: CallContext, j: J, path: string, vars?: J, silent?: boolean) => {
      requireObject(vars);
      return pathItems(j.json, path, varsOf(vars), silent === true).map(jsonb);
    },
  );
}
define("jsonb_path_exists_opr", (j: J, path: string): Datum => existsIn(j.json, path, noVariables, true));
define("jsonb_path_match_opr", (j: J, path: string): Datum => matchesIn(j.json, path, noVariables, true));

import { int32Max, int32Min, isTruthy, toDouble } from "../bson/numbers.ts";
import { show } from "../bson/show.ts";
import { isNumeric, typeName } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { badValue, MongoError } from "../errors.ts";
import { newScope } from "../expressions/context.ts";
import type { Expression, ExpressionContext, Scope } from "../expressions/expression.ts";
import { fieldPathParts, parseExpression } from "../expressions/parse.ts";
import { operators } from "../expressions/registry.ts";
import type { Filter } from "./filter.ts";
import { compileFilter, type Matcher, matchedPosition } from "./match.ts";
import { parseFilter } from "./parse-filter.ts";

/** Makes of a document what was asked for of it. */
export type Projection = (doc: Doc, scope: Scope) => Doc;

/** What happens with one field, and what is beneath it. */
type Node =
  | { readonly kind: "include" }
  | { readonly kind: "exclude" }
  | { readonly kind: "computed"; readonly expression: Expression }
  | { readonly kind: "slice"; readonly skip: number | undefined; readonly limit: number }
  | {
      readonly kind: "elemMatch";
      readonly matches: Matcher;
      readonly isOfValues: boolean;
      readonly filter: Filter;
    }
  | { readonly kind: "positional" }
  | { readonly kind: "tree"; children: Map<string, Node> };

type Tree = Extract<Node, { kind: "tree" }>;

export interface ProjectionOptions {
  readonly context: ExpressionContext;
  /** Of a find: $slice, $elemMatch and the positional operator are allowed, which needs the filter. */
  readonly filter?: Filter;
  readonly isFind: boolean;
  /** $project takes an empty one for a mistake. */
  readonly isStage?: boolean;
}

interface Parsing {
  readonly options: ProjectionOptions;
  /** Undefined until the first field that says. */
  isInclusive: boolean | undefined;
  id: boolean | undefined;
  hasComputed: boolean;
  positional: string | undefined;
  hasElemMatch: boolean;
}

/** @throws MongoError */
export function parseProjection(spec: Doc, options: ProjectionOptions): Projection {
  const tree: Tree = { kind: "tree", children: new Map() };
  const parsing: Parsing = {
    options,
    isInclusive: undefined,
    id: undefined,
    hasComputed: false,
    positional: undefined,
    hasElemMatch: false,
  };
  if (options.isStage === true && spec.isEmpty) {
    throw new MongoError(
      51272,
      "Invalid $project :: caused by :: projection specification must have at least one field",
    );
  }
  // What is asked of _id says nothing about the other fields, but when it is all that is asked.
  for (const [path, value] of spec) parseField(path, value, tree, parsing);
  if (parsing.isInclusive === undefined) {
    parsing.isInclusive = parsing.hasComputed || parsing.hasElemMatch || parsing.id === true;
    if (!parsing.hasComputed && !parsing.hasElemMatch && parsing.id === undefined)
      parsing.isInclusive = false;
    if (parsing.hasComputed && options.isFind && onlySlices(tree)) parsing.isInclusive = false;
    if (parsing.id === true) parsing.isInclusive = true;
  }
  const isInclusive = parsing.isInclusive;
  if (parsing.id === false) tree.children.set("_id", { kind: "exclude" });
  else if (isInclusive && !tree.children.has("_id")) {
    tree.children = withFirst(tree.children, "_id", { kind: "include" });
  } else if (isInclusive && parsing.id === true) tree.children.set("_id", { kind: "include" });
  const { filter, context } = options;
  return (doc, scope) => {
    const { root } = scope;
    scope.root = doc;
    try {
      let position: number | undefined;
      if (parsing.positional !== undefined && filter !== undefined) {
        const bytes = writeDoc(doc);
        position = matchedPosition(
          filter,
          { collation: context.collation, scope: newScope(context) },
          bytes,
          0,
        );
        if (position === undefined && doc.has(parsing.positional.split(".")[0]!)) {
          throw new MongoError(
            51246,
            "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array",
          );
        }
      }
      return isInclusive ? include(doc, tree, scope, position) : exclude(doc, tree, scope, position);
    } finally {
      scope.root = root;
    }
  };
}

function withFirst(children: Map<string, Node>, name: string, node: Node): Map<string, Node> {
  return new Map([[name, node], ...children]);
}

function onlySlices(tree: Tree): boolean {
  return [...tree.children.values()].every(
    (node) => node.kind === "slice" || (node.kind === "tree" && onlySlices(node)),
  );
}

function parseField(path: string, value: Value, tree: Tree, parsing: Parsing): void {
  const { options } = parsing;
  if (options.isFind && (path === "$" || path.endsWith(".$"))) {
    parsePositional(path, value, tree, parsing);
    return;
  }
  if (path.includes(".$") && options.isFind && !path.includes("$**")) {
    throw new MongoError(
      31394,
      "As of 4.4, it's illegal to specify positional operator in the middle of a path.",
    );
  }
  if (!options.isFind && path.endsWith(".$")) {
    throw new MongoError(31324, "Cannot use positional projection in aggregation projection");
  }
  const parts = fieldPathParts(path);
  if (value instanceof Doc) {
    const first = value.firstKey;
    if (first === undefined) {
      throw new MongoError(51270, `An empty sub-projection is not a valid value. Found empty object at path`);
    }
    if (first.startsWith("$")) {
      parseOperatorField(path, parts, first, value, tree, parsing);
      return;
    }
    // A document stands for the paths beneath it.
    for (const [name, inner] of value) {
      if (name.startsWith("$")) {
        throw new MongoError(
          31325,
          `FieldPath field names may not start with '$'. Unknown expression ${name}`,
        );
      }
      if (name.includes(".") && !options.isFind) {
        throw new MongoError(40183, `cannot use dotted field name '${name}' in a sub object: ${show(value)}`);
      }
      parseField(`${path}.${name}`, inner, tree, parsing);
    }
    return;
  }
  if (isNumeric(value) || typeof value === "boolean") {
    setFlag(path, parts, isTruthy(value), tree, parsing);
    return;
  }
  compute(path, parts, value, tree, parsing);
}

function setFlag(
  path: string,
  parts: readonly string[],
  isWanted: boolean,
  tree: Tree,
  parsing: Parsing,
): void {
  if (path === "_id") {
    parsing.id = isWanted;
    if (isWanted) put(tree, parts, { kind: "include" }, path);
    return;
  }
  if (parsing.isInclusive === undefined) {
    if (!isWanted && parsing.hasComputed && !onlySlices(tree)) {
      throw new MongoError(31254, `Cannot do exclusion on field ${path} in inclusion projection`);
    }
    parsing.isInclusive = isWanted;
  } else if (parsing.isInclusive !== isWanted) {
    throw isWanted
      ? new MongoError(31253, `Cannot do inclusion on field ${path} in exclusion projection`)
      : new MongoError(31254, `Cannot do exclusion on field ${path} in inclusion projection`);
  }
  put(tree, parts, isWanted ? { kind: "include" } : { kind: "exclude" }, path);
}

/** An operator that is no expression: of an update, or of a filter. */
function requireExpression(value: Value): void {
  if (!(value instanceof Doc)) return;
  const name = value.firstKey;
  if (name?.startsWith("$") === true && !operators.has(name)) {
    throw new MongoError(31325, `Unknown expression ${name}`);
  }
}

function compute(path: string, parts: readonly string[], value: Value, tree: Tree, parsing: Parsing): void {
  requireExpression(value);
  if (parsing.isInclusive === false) {
    throw new MongoError(
      31252,
      `Cannot use expression other than $meta in exclusion projection: ${path}: ${show(value)}`,
    );
  }
  if (parsing.isInclusive === undefined) parsing.isInclusive = true;
  parsing.hasComputed = true;
  put(tree, parts, { kind: "computed", expression: parseExpression(value, parsing.options.context) }, path);
}

function parseOperatorField(
  path: string,
  parts: readonly string[],
  operator: string,
  value: Doc,
  tree: Tree,
  parsing: Parsing,
): void {
  const { options } = parsing;
  const operand = value.get(operator)!;
  if (value.size > 1 && options.isFind) {
    throw badValue(`Invalid projection :: caused by :: >1 field in obj: ${show(value)}`);
  }
  if (options.isFind && operator === "$slice" && isFindSlice(operand)) {
    parsing.hasComputed = true;
    put(tree, parts, parseSlice(operand), path);
    return;
  }
  if (options.isFind && operator === "$elemMatch") {
    if (!(operand instanceof Doc))
      throw new MongoError(
        31274,
        `elemMatch: Invalid argument, object required, but got ${typeNameOf(operand)}`,
      );
    if (parts.length > 1) {
      throw new MongoError(31275, "Cannot use $elemMatch projection on a nested field.");
    }
    if (parsing.positional !== undefined) {
      throw new MongoError(31255, "Cannot specify positional operator and $elemMatch.");
    }
    parsing.hasElemMatch = true;
    const context = options.context;
    const first = operand.firstKey;
    const isOfValues =
      first?.startsWith("$") === true && !["$and", "$or", "$nor", "$expr", "$jsonSchema"].includes(first);
    const filter = isOfValues
      ? parseFilter(Doc.of({ v: Doc.of({ $elemMatch: operand }) }), { context })
      : parseFilter(operand, { context });
    const matches = compileFilter(filter, { collation: context.collation, scope: newScope(context) });
    put(tree, parts, { kind: "elemMatch", matches, isOfValues, filter }, path);
    return;
  }
  if (operator === "$meta" && parsing.isInclusive !== true) {
    parsing.hasComputed = true;
    put(tree, parts, { kind: "computed", expression: parseExpression(value, options.context) }, path);
    return;
  }
  compute(path, parts, value, tree, parsing);
}

function typeNameOf(value: Value): string {
  return show(value);
}

/** A find's own $slice: a count, or a place and a count. The aggregation's has an array first. */
function isFindSlice(operand: Value): boolean {
  if (!Array.isArray(operand)) return true;
  return (
    operand.length < 2 ||
    (operand.length === 2 &&
      !(typeof operand[0] === "string") &&
      !Array.isArray(operand[0]) &&
      !(operand[0] instanceof Doc))
  );
}

function parseSlice(operand: Value): Node {
  const whole = (value: Value | undefined): number => {
    if (!isNumeric(value))
      // Of an array it is taken for the aggregation's, whose first argument is not an array then.
      throw Array.isArray(operand)
        ? new MongoError(
            28724,
            `First argument to $slice must be an array, but is of type: ${typeName(value)}`,
          )
        : new MongoError(
            28667,
            `Invalid $slice syntax. The given syntax { $slice: ${show(operand)} } did not match the find() syntax because :: Location31273: $slice only supports numbers and [x, y] arrays`,
          );
    const number = Math.trunc(toDouble(value));
    return Number.isNaN(number) ? 0 : Math.max(int32Min, Math.min(int32Max, number));
  };
  if (!Array.isArray(operand)) return { kind: "slice", skip: undefined, limit: whole(operand) };
  if (operand.length !== 2) {
    throw new MongoError(
      28667,
      `Invalid $slice syntax. The given syntax { $slice: ${show(operand)} } did not match the find() syntax`,
    );
  }
  const [skip, limit] = [whole(operand[0]), whole(operand[1])];
  if (limit <= 0)
    throw new MongoError(28724, `First argument to $slice must be an array, but is of type: int`);
  return { kind: "slice", skip, limit };
}

function parsePositional(path: string, value: Value, tree: Tree, parsing: Parsing): void {
  if (path === "$") throw new MongoError(31324, "positional projection on nothing");
  const base = path.slice(0, -2);
  if (base.split(".").includes("$")) {
    throw new MongoError(
      31394,
      "As of 4.4, it's illegal to specify positional operator in the middle of a path.",
    );
  }
  if (value instanceof Doc)
    throw new MongoError(31271, `positional projection cannot be used with an expression or sub object`);
  if (!isNumeric(value) && typeof value !== "boolean")
    throw new MongoError(31308, "positional projection cannot be used with a literal");
  if (!isTruthy(value)) throw new MongoError(31395, "positional projection cannot be used with exclusion");
  if (parsing.positional !== undefined) {
    throw new MongoError(31276, "Cannot specify more than one positional projection per query.");
  }
  if (parsing.hasElemMatch) throw new MongoError(31256, "Cannot specify positional operator and $elemMatch.");
  if (parsing.isInclusive === false) {
    throw new MongoError(31395, `positional projection cannot be used with exclusion`);
  }
  parsing.positional = base;
  parsing.isInclusive = true;
  put(tree, fieldPathParts(base), { kind: "positional" }, base);
}

function put(tree: Tree, parts: readonly string[], node: Node, path: string): void {
  let at = tree;
  for (let i = 0; i < parts.length - 1; i++) {
    const next = at.children.get(parts[i]!);
    if (next === undefined) {
      const child: Tree = { kind: "tree", children: new Map() };
      at.children.set(parts[i]!, child);
      at = child;
    } else if (next.kind === "tree") at = next;
    else
      throw new MongoError(
        31249,
        `Path collision at ${path} remaining portion ${parts.slice(i + 1).join(".")}`,
      );
  }
  const name = parts.at(-1)!;
  const there = at.children.get(name);
  if (there !== undefined) {
    if (there.kind === "tree") throw new MongoError(31250, `Path collision at ${path}`);
    if (parts.length > 1 || name !== "_id") throw new MongoError(31250, `Path collision at ${path}`);
  }
  at.children.set(name, node);
}

// ---- applying ------------------------------------------------------------------------------------------------------

function include(doc: Doc, tree: Tree, scope: Scope, position: number | undefined): Doc {
  const result = new Map<string, Value>();
  // Fields come in the order of the document, computed ones after them in that of the projection.
  for (const [name, value] of doc) {
    const node = tree.children.get(name);
    if (node === undefined || node.kind === "elemMatch") continue;
    const kept = keep(node, value, scope, position);
    if (kept !== undefined) result.set(name, kept);
  }
  for (const [name, node] of tree.children) {
    if (node.kind === "computed") {
      const value = node.expression.evaluate(scope);
      if (value !== undefined) result.set(name, value);
      else result.delete(name);
    } else if (node.kind === "elemMatch") {
      const value = doc.get(name);
      const found = value === undefined ? undefined : keep(node, value, scope, position);
      if (found !== undefined) result.set(name, found);
    } else if (node.kind === "tree" && hasComputed(node) && !result.has(name)) {
      const made = include(Doc.empty(), node, scope, position);
      result.set(name, made);
    }
  }
  return Doc.from(result);
}

function hasComputed(tree: Tree): boolean {
  return [...tree.children.values()].some(
    (node) => node.kind === "computed" || (node.kind === "tree" && hasComputed(node)),
  );
}

function keep(node: Node, value: Value, scope: Scope, position: number | undefined): Value | undefined {
  switch (node.kind) {
    case "include":
      return value;
    case "exclude":
      return undefined;
    case "computed":
      // Set afterwards, at this place.
      return null;
    case "slice":
      return Array.isArray(value) ? sliced(value, node.skip, node.limit) : value;
    case "elemMatch":
      return Array.isArray(value) ? firstMatch(value, node) : undefined;
    case "positional":
      return Array.isArray(value) && position !== undefined ? value.slice(position, position + 1) : value;
    case "tree":
      if (value instanceof Doc) return include(value, node, scope, position);
      if (Array.isArray(value)) {
        return includeArray(value, node, scope, position);
      }
      return hasComputed(node) ? include(Doc.empty(), node, scope, position) : undefined;
  }
}

function includeArray(
  values: readonly Value[],
  node: Tree,
  scope: Scope,
  position: number | undefined,
): Value[] {
  const kept: Value[] = [];
  for (const one of values) {
    if (one instanceof Doc) kept.push(include(one, node, scope, position));
    else if (Array.isArray(one)) kept.push(includeArray(one, node, scope, position));
    else if (hasComputed(node)) kept.push(include(Doc.empty(), node, scope, position));
  }
  return kept;
}

function firstMatch(values: readonly Value[], node: Extract<Node, { kind: "elemMatch" }>): Value | undefined {
  for (const one of values) {
    if (node.isOfValues) {
      if (node.matches(writeDoc(Doc.of({ v: [one] })), 0)) return [one];
    } else if (one instanceof Doc) {
      if (node.matches(writeDoc(one), 0)) return [one];
    } else if (Array.isArray(one)) {
      const asDoc = Doc.from(new Map(one.map((value, index) => [String(index), value])));
      if (node.matches(writeDoc(asDoc), 0)) return [one];
    }
  }
  return undefined;
}

function sliced(values: readonly Value[], skip: number | undefined, limit: number): Value[] {
  if (skip === undefined) return limit < 0 ? values.slice(limit) : values.slice(0, limit);
  const from = skip < 0 ? Math.max(0, values.length + skip) : skip;
  return values.slice(from, from + limit);
}

function exclude(doc: Doc, tree: Tree, scope: Scope, position: number | undefined): Doc {
  const result = new Map<string, Value>();
  for (const [name, value] of doc) {
    const node = tree.children.get(name);
    if (node === undefined || node.kind === "include") {
      result.set(name, value);
      continue;
    }
    if (node.kind === "tree") {
      result.set(name, excludeBeneath(value, node, scope, position));
      continue;
    }
    const kept = keep(node, value, scope, position);
    if (kept !== undefined) result.set(name, kept);
  }
  for (const [name, node] of tree.children) {
    if (node.kind === "computed") {
      const value = node.expression.evaluate(scope);
      if (value !== undefined) result.set(name, value);
      else result.delete(name);
    } else if (node.kind === "elemMatch" && !result.has(name)) result.delete(name);
  }
  return Doc.from(result);
}

function excludeBeneath(value: Value, tree: Tree, scope: Scope, position: number | undefined): Value {
  if (value instanceof Doc) return exclude(value, tree, scope, position);
  if (Array.isArray(value)) return value.map((one) => excludeBeneath(one, tree, scope, position));
  return value;
}

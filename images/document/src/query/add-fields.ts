import { show } from "../bson/show.ts";
import { Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { Expression, ExpressionContext, Scope } from "../expressions/expression.ts";
import { fieldPathParts, parseExpression } from "../expressions/parse.ts";

type Node =
  | { readonly kind: "value"; readonly expression: Expression }
  | { readonly kind: "tree"; readonly children: Map<string, Node> };
type Tree = Extract<Node, { kind: "tree" }>;

/** $addFields: sets fields, also within documents and within every document of an array. @throws MongoError */
export function addFields(
  spec: Doc,
  context: ExpressionContext,
  name: string,
): (doc: Doc, scope: Scope) => Doc {
  if (spec.isEmpty) {
    throw new MongoError(51272, `Invalid ${name} :: caused by :: specification must have at least one field`);
  }
  const tree: Tree = { kind: "tree", children: new Map() };
  const read = (path: string, value: Value) => {
    const parts = fieldPathParts(path);
    if (value instanceof Doc && value.firstKey !== undefined && !value.firstKey.startsWith("$")) {
      for (const [field, inner] of value) {
        if (field.startsWith("$"))
          throw new MongoError(16410, "FieldPath field names may not start with '$'.");
        if (field.includes(".")) {
          throw new MongoError(
            40183,
            `cannot use dotted field name '${field}' in a sub object: ${show(value)}`,
          );
        }
        read(`${path}.${field}`, inner);
      }
      return;
    }
    if (value instanceof Doc && value.isEmpty) {
      throw new MongoError(
        51270,
        `Invalid ${name} :: caused by :: an empty object is not a valid value. Found empty object at path ${path}`,
      );
    }
    put(tree, parts, { kind: "value", expression: parseExpression(value, context) }, path, name);
  };
  for (const [path, value] of spec) read(path, value);
  return (doc, scope) => {
    scope.root = doc;
    return set(doc, tree, scope);
  };
}

function put(tree: Tree, parts: readonly string[], node: Node, path: string, name: string): void {
  let at = tree;
  for (const part of parts.slice(0, -1)) {
    const next = at.children.get(part);
    if (next === undefined) {
      const child: Tree = { kind: "tree", children: new Map() };
      at.children.set(part, child);
      at = child;
    } else if (next.kind === "tree") at = next;
    else
      throw new MongoError(
        40176,
        `Invalid ${name} :: caused by :: specification contains two conflicting paths. Cannot specify both '${path}' and '${parts[0]}'`,
      );
  }
  const last = parts.at(-1)!;
  if (at.children.has(last)) {
    throw new MongoError(
      40176,
      `Invalid ${name} :: caused by :: specification contains two conflicting paths. Cannot specify both '${path}' and '${path}'`,
    );
  }
  at.children.set(last, node);
}

function set(doc: Doc, tree: Tree, scope: Scope): Doc {
  const fields = new Map(doc);
  for (const [name, node] of tree.children) {
    const value =
      node.kind === "value" ? node.expression.evaluate(scope) : beneath(fields.get(name), node, scope);
    if (value === undefined) fields.delete(name);
    else fields.set(name, value);
  }
  return Doc.from(fields);
}

function beneath(value: Value | undefined, tree: Tree, scope: Scope): Value {
  if (value instanceof Doc) return set(value, tree, scope);
  if (Array.isArray(value)) return value.map((one) => beneath(one, tree, scope));
  return set(Doc.empty(), tree, scope);
}

/** $unset: a path or several. @throws MongoError */
export function unsetFields(operand: Value): (doc: Doc) => Doc {
  let paths: readonly Value[];
  if (typeof operand === "string") paths = [operand];
  else if (Array.isArray(operand)) paths = operand;
  else throw new MongoError(31002, "$unset specification must be a string or an array");
  if (paths.length === 0)
    throw new MongoError(31119, "$unset specification must be a string or an array with at least one field");
  const split = paths.map((path) => {
    if (typeof path !== "string") {
      throw new MongoError(
        31120,
        "$unset specification must be a string or an array containing only string values",
      );
    }
    return fieldPathParts(path);
  });
  for (const [i, a] of split.entries()) {
    for (const b of split.slice(i + 1)) {
      const shorter = a.length <= b.length ? a : b;
      const longer = a.length <= b.length ? b : a;
      if (shorter.every((part, at) => longer[at] === part)) {
        throw new MongoError(
          a.length <= b.length && a.length !== b.length ? 31249 : 31250,
          `Invalid $unset :: caused by :: Path collision at ${longer.join(".")}`,
        );
      }
    }
  }
  return (doc) => split.reduce<Doc>((left, parts) => without(left, parts, 0) as Doc, doc);
}

function without(value: Value, parts: readonly string[], from: number): Value {
  if (Array.isArray(value)) return value.map((one) => without(one, parts, from));
  if (!(value instanceof Doc)) return value;
  const name = parts[from]!;
  const inner = value.get(name);
  if (inner === undefined) return value;
  const fields = new Map(value);
  if (from === parts.length - 1) fields.delete(name);
  else fields.set(name, without(inner, parts, from + 1));
  return Doc.from(fields);
}

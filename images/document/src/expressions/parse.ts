import { show } from "../bson/show.ts";
import { Doc, type Value } from "../bson/values.ts";
import { failedToParse, MongoError } from "../errors.ts";
import type { Evaluate, Expression, ExpressionContext, Scope } from "./expression.ts";
import { operators } from "./registry.ts";

/**
 * Reads an expression: "$field", "$$variable", an operator, an object or array of expressions, or a value that stands for itself.
 *
 * @throws MongoError what MongoDB gives for the same mistake
 */
export function parseExpression(value: Value, context: ExpressionContext): Expression {
  if (typeof value === "string") {
    if (value.startsWith("$$")) return parseVariable(value.slice(2), context);
    if (value.startsWith("$")) return parseFieldPath(value.slice(1));
    return literal(value);
  }
  if (Array.isArray(value)) return parseArray(value, context);
  if (!(value instanceof Doc)) return literal(value);
  const first = value.firstKey;
  if (first === undefined) return literal(value);
  if (!first.startsWith("$")) return parseObject(value, context);
  if (value.size > 1) {
    throw new MongoError(
      15983,
      `an object representing an expression must have exactly one field: ${show(value)}`,
    );
  }
  return parseOperator(first, value.get(first)!, context);
}

export function parseOperator(name: string, operand: Value, context: ExpressionContext): Expression {
  const make = operators.get(name);
  if (make === undefined) {
    throw new MongoError(168, `Unrecognized expression '${name}'`);
  }
  return make(operand, context, parseExpression);
}

export function literal(value: Value | undefined): Expression {
  return { evaluate: () => value, isConstant: true };
}

function parseArray(values: readonly Value[], context: ExpressionContext): Expression {
  const elements = values.map((one) => parseExpression(one, context));
  const evaluate: Evaluate = (scope) => elements.map((one) => one.evaluate(scope) ?? null);
  return { evaluate, isConstant: elements.every((one) => one.isConstant) };
}

function parseObject(doc: Doc, context: ExpressionContext): Expression {
  const fields = [...doc].map(([name, value]) => {
    requireFieldName(name);
    return [name, parseExpression(value, context)] as const;
  });
  const evaluate: Evaluate = (scope) => {
    const result = new Map<string, Value>();
    for (const [name, expression] of fields) {
      const value = expression.evaluate(scope);
      if (value !== undefined) result.set(name, value);
    }
    return Doc.from(result);
  };
  return { evaluate, isConstant: fields.every(([, one]) => one.isConstant) };
}

/** A name of a field in an object: no dots, no dollar, something. */
export function requireFieldName(name: string): void {
  if (name.startsWith("$")) {
    throw new MongoError(
      16410,
      `FieldPath field names may not start with '$'. Consider using $getField or $setField.`,
    );
  }
  if (name.includes("\0")) throw new MongoError(16411, "FieldPath field names may not contain '\\0'.");
  if (name.includes(".")) {
    throw new MongoError(
      16412,
      "FieldPath field names may not contain '.'. Consider using $getField or $setField.",
    );
  }
}

/** The parts of a path as $project, $sort and expressions write it. */
export function fieldPathParts(path: string): string[] {
  if (path === "") throw new MongoError(40352, "FieldPath cannot be constructed with empty string");
  if (path.endsWith(".")) throw new MongoError(40353, "FieldPath must not end with a '.'.");
  const parts = path.split(".");
  for (const part of parts) {
    if (part === "") throw new MongoError(15998, "FieldPath field names may not be empty strings.");
    if (part.startsWith("$")) {
      throw new MongoError(
        16410,
        "FieldPath field names may not start with '$'. Consider using $getField or $setField.",
      );
    }
    if (part.includes("\0")) throw new MongoError(16411, "FieldPath field names may not contain '\\0'.");
  }
  if (parts.length > 200) throw new MongoError(5984700, "FieldPath is too long");
  return parts;
}

function parseFieldPath(path: string): Expression {
  if (path === "") throw new MongoError(16872, "'$' by itself is not a valid FieldPath");
  const parts = fieldPathParts(path);
  if (parts.length === 1) {
    const name = parts[0]!;
    return {
      evaluate: ({ root }) => (root instanceof Doc ? root.get(name) : undefined),
      isConstant: false,
      fieldPath: path,
    };
  }
  return { evaluate: ({ root }) => atPath(root, parts, 0), isConstant: false, fieldPath: path };
}

/** What a path leads to, through arrays to each of their documents. */
export function atPath(value: Value | undefined, parts: readonly string[], from: number): Value | undefined {
  for (let i = from; i < parts.length; i++) {
    if (value instanceof Doc) value = value.get(parts[i]!);
    else if (Array.isArray(value)) {
      const found: Value[] = [];
      for (const element of value) {
        if (!(element instanceof Doc)) continue;
        const inner = atPath(element, parts, i);
        if (inner !== undefined) found.push(inner);
      }
      return found;
    } else return undefined;
  }
  return value;
}

function parseVariable(text: string, context: ExpressionContext): Expression {
  const dot = text.indexOf(".");
  const name = dot === -1 ? text : text.slice(0, dot);
  const parts = dot === -1 ? [] : fieldPathParts(text.slice(dot + 1));
  requireVariableName(name, false);
  const base = variable(name, context);
  const isRoot = (name === "ROOT" || name === "CURRENT") && !context.variables.has(name);
  return {
    evaluate: parts.length === 0 ? base : (scope) => atPath(base(scope), parts, 0),
    isConstant: false,
    ...(isRoot && parts.length > 0 && { fieldPath: parts.join(".") }),
  };
}

function variable(name: string, context: ExpressionContext): Evaluate {
  const slot = context.variables.get(name);
  if (slot !== undefined) return ({ slots }: Scope) => slots[slot];
  switch (name) {
    case "ROOT":
    case "CURRENT":
      return ({ root }) => root;
    case "NOW":
      return () => context.now;
    case "CLUSTER_TIME":
      return () => context.clusterTime;
    case "REMOVE":
      return () => undefined;
    case "USER_ROLES": {
      const roles = context.userRoles.map(({ role, db }) => Doc.of({ _id: `${db}.${role}`, role, db }));
      return () => roles;
    }
    case "DESCEND":
    case "PRUNE":
    case "KEEP":
      // Only $redact defines them.
      break;
    case "JS_SCOPE":
    case "IS_MR":
    case "SEARCH_META":
      return () => undefined;
    default:
      break;
  }
  throw new MongoError(17276, `Use of undefined variable: ${name}`);
}

/** @throws MongoError 16867 to 16869 for what cannot be a variable's name */
export function requireVariableName(name: string, isDefinition: boolean): void {
  if (name === "") {
    if (!isDefinition) throw failedToParse("empty variable names are not allowed");
    throw new MongoError(16867, "empty variable names are not allowed");
  }
  const first = name[0]!;
  const isLetter = /[A-Za-z]/.test(first) || first > "\x7f";
  if (!isLetter || (isDefinition && /[A-Z]/.test(first) && name !== "CURRENT")) {
    if (isDefinition || !isLetter) {
      throw failedToParse(`'${name}' starts with an invalid character for a user variable name`);
    }
  }
  for (const character of name) {
    if (!/[\w]/.test(character) && character <= "\x7f") {
      throw failedToParse(`'${name}' contains an invalid character for a variable name: '${character}'`);
    }
  }
}

/** A context in which more variables can be named; each has a place of its own. */
export function withVariables(
  context: ExpressionContext,
  names: readonly string[],
): { readonly inner: ExpressionContext; readonly slots: readonly number[] } {
  const variables = new Map(context.variables);
  const slots = names.map((name) => {
    const slot = context.slots.count++;
    variables.set(name, slot);
    return slot;
  });
  return { inner: { ...context, variables }, slots };
}

import { CypherError, syntaxError } from "../errors.ts";
import { findAggregate } from "../functions/aggregates.ts";
import type { ArgumentType, StaticType } from "../functions/definition.ts";
import { findFunction } from "../functions/registry.ts";
import type { Expr, LabelExpr, PathPattern, Query } from "../parse/ast.ts";
import { int64Max, int64Min, isList, isMap, type Value } from "../values/types.ts";
import type { Scope } from "./scope.ts";
import { containsAggregate } from "./walk.ts";
import { labelNames, type Warning } from "./warnings.ts";

/** What an expression may be where it stands. */
export interface Place {
  /** Aggregates may stand here. */
  readonly aggregates: boolean;
  /** A condition is wanted, so that a pattern may stand here. */
  readonly condition: boolean;
}

export const plainPlace: Place = { aggregates: false, condition: false };
export const conditionPlace: Place = { aggregates: false, condition: true };

const displayNames: Readonly<Record<StaticType, string>> = {
  any: "Any",
  null: "Null",
  boolean: "Boolean",
  integer: "Integer",
  float: "Float",
  number: "Number",
  string: "String",
  list: "List<T>",
  map: "Map",
  node: "Node",
  relationship: "Relationship",
  path: "Path",
  point: "Point",
  temporal: "Temporal",
  duration: "Duration",
};

function literalType(value: Value): StaticType {
  if (value === null) return "null";
  switch (typeof value) {
    case "boolean":
      return "boolean";
    case "bigint":
      return "integer";
    case "number":
      return "float";
    case "string":
      return "string";
  }
  return isList(value) ? "list" : isMap(value) ? "map" : "any";
}

/** Whether something of `type` may stand where `wanted` is; what is not known may. */
export function fits(type: StaticType, wanted: ArgumentType): boolean {
  if (type === "any" || type === "null" || wanted.includes("any") || wanted.includes(type)) return true;
  if (type === "number") return wanted.includes("integer") || wanted.includes("float");
  return (type === "integer" || type === "float") && wanted.includes("number");
}

export function mismatch(wanted: ArgumentType, type: StaticType, at: number): CypherError {
  const names = wanted.map((name) => displayNames[name]);
  const expected = names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  return syntaxError(`Type mismatch: expected ${expected} but was ${displayNames[type]}`, at, "42001");
}

const numeric: ArgumentType = ["float", "integer", "number", "duration"];
const containers: ArgumentType = ["map", "node", "relationship", "point", "duration", "temporal"];

function isMoment(type: StaticType): type is "temporal" | "duration" {
  return type === "temporal" || type === "duration";
}

/** What can be added to a point in time, and to a duration. */
function addedTo(type: "temporal" | "duration"): ArgumentType {
  return type === "temporal" ? ["duration"] : ["duration", "temporal"];
}

/** Checks expressions, and tells their types as far as they can be known. @throws CypherError SyntaxError of every method */
export abstract class ExpressionAnalyser {
  /** What the query is to be warned of. */
  readonly warnings: Warning[] = [];

  /** A pattern whose variables are all there already, or a comprehension's, which may bring new ones. */
  protected abstract patternInExpression(pattern: PathPattern, scope: Scope, mayBind: boolean): void;
  protected abstract subquery(
    query: Query,
    scope: Scope,
    form: "exists" | "count" | "collect",
    at: number,
  ): void;

  condition(expression: Expr, scope: Scope): void {
    const type = this.type(expression, scope, conditionPlace);
    if (!fits(type, ["boolean", "list"])) throw mismatch(["boolean"], type, expression.at);
  }

  type(expression: Expr, scope: Scope, place: Place = plainPlace): StaticType {
    const inner: Place = { aggregates: place.aggregates, condition: false };
    const of = (part: Expr, wanted?: ArgumentType): StaticType => {
      const type = this.type(part, scope, inner);
      if (wanted !== undefined && !fits(type, wanted)) throw mismatch(wanted, type, part.at);
      return type;
    };
    switch (expression.kind) {
      case "literal":
        return literalType(expression.value);
      case "parameter":
        return "any";
      case "variable": {
        const type = scope.type(expression.name);
        if (type === undefined)
          throw syntaxError(`Variable \`${expression.name}\` not defined`, expression.at);
        return type;
      }
      case "property":
        this.#propertyOwner(expression, of(expression.object));
        return "any";
      case "index": {
        const { object, index } = expression;
        const type = of(
          object,
          object.kind === "variable"
            ? undefined
            : ["list", "map", "node", "relationship", "temporal", "duration", "point"],
        );
        const isOpen =
          (object.kind === "variable" && type !== "node" && type !== "relationship") ||
          index.kind === "variable";
        const wanted: ArgumentType | undefined =
          type === "list"
            ? ["integer"]
            : type === "map" || type === "node" || type === "relationship"
              ? ["string"]
              : undefined;
        of(index, isOpen ? undefined : wanted);
        return type === "list" ? this.elementType(object, scope) : "any";
      }
      case "slice":
        of(expression.object, ["list"]);
        for (const bound of [expression.from, expression.to])
          if (bound !== undefined) of(bound, ["integer", "number"]);
        return "list";
      case "list":
        for (const item of expression.items) of(item);
        return "list";
      case "map":
        for (const { value } of expression.entries) of(value);
        return "map";
      case "mapProjection":
        return this.#mapProjection(expression, scope, inner);
      case "unary":
        if (expression.operator === "NOT") return this.#logical([expression.operand], scope, place);
        return of(expression.operand, numeric);
      case "binary":
        return this.#binary(expression, scope, place);
      case "isNull":
      case "isType":
        this.type(expression.operand, scope, inner);
        return "boolean";
      case "isNormalized":
        of(expression.operand, ["string"]);
        return "boolean";
      case "hasLabels":
        if (of(expression.operand, ["node", "relationship"]) === "node")
          for (const label of labelNames(expression.labels))
            this.warnings.push({ kind: "label", name: label.name, at: label.at });
        this.labels(expression.labels, scope);
        return "boolean";
      case "countStar":
        if (!place.aggregates) throw this.#misplacedAggregate(expression.at);
        return "integer";
      case "call":
        return this.#call(expression, scope, place);
      case "case":
        return this.#case(expression, scope, inner);
      case "listComprehension": {
        of(expression.list, ["list"]);
        const local = scope.with(expression.variable, this.elementType(expression.list, scope));
        this.#noAggregates([expression.where, expression.projection]);
        if (expression.where !== undefined) this.condition(expression.where, local);
        if (expression.projection !== undefined)
          this.type(expression.projection, local, { aggregates: false, condition: false });
        return "list";
      }
      case "quantifier": {
        of(expression.list, ["list"]);
        const local = scope.with(expression.variable, this.elementType(expression.list, scope));
        this.#noAggregates([expression.where]);
        if (expression.where !== undefined) this.condition(expression.where, local);
        return "boolean";
      }
      case "reduce": {
        const initial = of(expression.initial);
        of(expression.list, ["list"]);
        this.#noAggregates([expression.body]);
        const local = scope
          .with(expression.accumulator, initial === "string" || initial === "list" ? initial : "any")
          .with(expression.variable, this.elementType(expression.list, scope));
        this.type(expression.body, local, { aggregates: false, condition: false });
        return "any";
      }
      case "pattern":
        if (!place.condition)
          throw syntaxError(
            "A pattern expression should only be used in order to test the existence of a pattern. It can no longer be used inside the function size(), an alternative is to replace size() with COUNT {}.",
            expression.at,
          );
        this.patternInExpression(expression.pattern, scope, false);
        return "boolean";
      case "patternComprehension":
        return this.#patternComprehension(expression, scope);
      case "subquery":
        this.subquery(expression.query, scope, expression.form, expression.at);
        return expression.form === "exists" ? "boolean" : expression.form === "count" ? "integer" : "list";
      case "shortestPath":
        this.patternInExpression(expression.pattern, scope, true);
        return expression.pattern.selector?.kind === "allShortestPaths" ? "list" : "path";
    }
  }

  #propertyOwner({ object, key, at }: Expr & { kind: "property" }, type: StaticType): void {
    if (type === "node" || type === "relationship")
      this.warnings.push({ kind: "key", name: key, at: at + 1 });
    if (fits(type, containers)) return;
    const refused = mismatch(containers, type, object.at);
    if (object.kind !== "variable" || type === "path") throw refused;
    // The suite wants to hear of the type of a variable's value.
    throw new CypherError("Neo.ClientError.Statement.TypeError", refused.message, {
      phase: "compile",
      at: object.at,
      gqlStatus: refused.gqlStatus,
    });
  }

  /** What the elements of a list are, where its text tells. */
  elementType(list: Expr, scope: Scope): StaticType {
    if (list.kind === "call") {
      const name = list.name.toLowerCase();
      if (name === "nodes") return "node";
      if (name === "relationships" || name === "rels") return "relationship";
      if (name === "range") return "integer";
      if (name === "keys" || name === "labels") return "string";
      return "any";
    }
    if (list.kind !== "list" || list.items.length === 0) return "any";
    const types = new Set(
      list.items.map((item) =>
        item.kind === "literal" || item.kind === "list" || item.kind === "map" || item.kind === "variable"
          ? this.type(item, scope)
          : "any",
      ),
    );
    types.delete("null");
    const [first = "any"] = types;
    return types.size === 1
      ? first
      : [...types].every((type) => type === "integer" || type === "float") && types.size > 0
        ? "number"
        : "any";
  }

  labels(labels: LabelExpr | undefined, scope: Scope): void {
    if (labels === undefined) return;
    if (labels.kind === "dynamic") this.type(labels.expression, scope);
    else if (labels.kind === "not") this.labels(labels.operand, scope);
    else if (labels.kind === "and" || labels.kind === "or") {
      this.labels(labels.left, scope);
      this.labels(labels.right, scope);
    }
  }

  #misplacedAggregate(at: number): CypherError {
    return syntaxError("Invalid use of aggregating function count(...) in this context", at);
  }

  #noAggregates(expressions: readonly (Expr | undefined)[]): void {
    for (const expression of expressions)
      if (expression !== undefined && containsAggregate(expression))
        throw this.#misplacedAggregate(expression.at);
  }

  #logical(operands: readonly Expr[], scope: Scope, place: Place): StaticType {
    for (const operand of operands) {
      const type = this.type(operand, scope, { aggregates: place.aggregates, condition: true });
      if (!fits(type, ["boolean"])) throw mismatch(["boolean"], type, operand.at);
    }
    return "boolean";
  }

  #binary(expression: Expr & { kind: "binary" }, scope: Scope, place: Place): StaticType {
    const { operator, left, right } = expression;
    if (operator === "AND" || operator === "OR" || operator === "XOR")
      return this.#logical([left, right], scope, place);
    const inner: Place = {
      aggregates: place.aggregates,
      condition: (operator === "=" || operator === "<>") && place.condition,
    };
    constantInteger(expression);
    const a = this.type(left, scope, inner);
    const b = this.type(right, scope, inner);
    switch (operator) {
      case "=":
      case "<>":
      case "<":
      case "<=":
      case ">":
      case ">=":
      case "STARTS WITH":
      case "ENDS WITH":
      case "CONTAINS":
        return "boolean";
      case "=~":
        if (!fits(a, ["string"])) throw mismatch(["string"], a, left.at);
        if (!fits(b, ["string"])) throw mismatch(["string"], b, right.at);
        return "boolean";
      case "IN":
        if (!fits(b, ["list"])) throw mismatch(["list"], b, right.at);
        return "boolean";
      case "||":
        return a === "list" || b === "list" ? "list" : "string";
      case "+":
        return this.#sum(a, b, right.at);
    }
    const wanted: ArgumentType = operator === "-" ? [...numeric, "temporal"] : numeric;
    if (!fits(a, wanted)) throw mismatch(wanted, a, left.at);
    const subtracted: ArgumentType = operator === "-" && isMoment(a) ? ["duration"] : numeric;
    if (!fits(b, subtracted)) throw mismatch(subtracted, b, right.at);
    if (operator === "^") return "float";
    if (a === "integer" && b === "integer") return "integer";
    return a === "temporal" ? "temporal" : a === "float" || b === "float" ? "any" : "any";
  }

  #sum(a: StaticType, b: StaticType, at: number): StaticType {
    if (a === "list" || b === "list") return "list";
    if (a === "any" || b === "any" || a === "null" || b === "null") return "any";
    if (a === "string" || b === "string") {
      const other = a === "string" ? b : a;
      if (!fits(other, ["string", "integer", "float", "number", "temporal", "duration", "point"]))
        throw mismatch(["float", "integer", "string"], other, at);
      return "string";
    }
    const wanted: ArgumentType = [...numeric, "temporal"];
    if (!fits(a, wanted)) throw mismatch(["float", "integer", "string", "list"], a, at);
    if (!fits(b, wanted)) throw mismatch(["float", "integer", "string", "list"], b, at);
    if (isMoment(a) && !fits(b, addedTo(a))) throw mismatch([...addedTo(a), "list"], b, at);
    if (isMoment(b) && !isMoment(a)) throw mismatch(["float", "integer", "string", "list"], b, at);
    return a === "integer" && b === "integer"
      ? "integer"
      : a === "temporal" || b === "temporal"
        ? "temporal"
        : "any";
  }

  #mapProjection(expression: Expr & { kind: "mapProjection" }, scope: Scope, place: Place): StaticType {
    const type = this.type({ kind: "variable", at: expression.at, name: expression.variable }, scope);
    if (!fits(type, ["node", "relationship", "map"]))
      throw mismatch(["map", "node", "relationship"], type, expression.at);
    for (const item of expression.items) {
      if (item.kind === "entry") this.type(item.value, scope, place);
      else if (item.kind === "variable") this.type({ kind: "variable", at: item.at, name: item.name }, scope);
    }
    return "map";
  }

  #case(expression: Expr & { kind: "case" }, scope: Scope, place: Place): StaticType {
    const { subject, whens, otherwise } = expression;
    if (subject !== undefined) this.type(subject, scope, place);
    const types = new Set<StaticType>();
    for (const { when, then } of whens) {
      this.type(when, scope, { aggregates: place.aggregates, condition: subject === undefined });
      types.add(this.type(then, scope, place));
    }
    types.add(otherwise === undefined ? "null" : this.type(otherwise, scope, place));
    types.delete("null");
    const [first = "any"] = types;
    return types.size === 1 ? first : "any";
  }

  #patternComprehension(expression: Expr & { kind: "patternComprehension" }, scope: Scope): StaticType {
    const local = scope.copy();
    this.#noAggregates([expression.where, expression.projection]);
    this.patternInExpression(expression.pattern, local, true);
    if (expression.pattern.variable !== undefined) local.set(expression.pattern.variable, "path");
    if (expression.where !== undefined) this.condition(expression.where, local);
    this.type(expression.projection, local);
    return "list";
  }

  #call(expression: Expr & { kind: "call" }, scope: Scope, place: Place): StaticType {
    const { name, args, at } = expression;
    const aggregate = findAggregate(name);
    if (aggregate !== undefined) {
      if (!place.aggregates)
        throw syntaxError(`Invalid use of aggregating function ${aggregate.name}(...) in this context`, at);
      if (args.length !== aggregate.args)
        throw this.#wrongCount(name, aggregate.args, aggregate.args, args.length, at);
      for (const [index, arg] of args.entries()) {
        if (containsAggregate(arg))
          throw syntaxError("Can't use aggregate functions inside of aggregate functions.", at);
        if (containsVolatile(arg))
          throw syntaxError(
            "Can't use non-deterministic (random) functions inside of aggregate functions.",
            arg.at,
          );
        const type = this.type(arg, scope, plainPlace);
        if (index === 0 && aggregate.takes !== undefined && !fits(type, aggregate.takes))
          throw mismatch(aggregate.takes, type, arg.at);
      }
      return aggregate.name === "collect" ? "list" : aggregate.gives;
    }
    const definition = findFunction(name);
    if (definition?.name === "id") this.warnings.push({ kind: "deprecated function", name: "id", at });
    if (definition === undefined) throw syntaxError(`Unknown function '${name}'`, at);
    if (expression.isDistinct) throw syntaxError(`Invalid use of DISTINCT with function '${name}'`, at);
    if (args.length < definition.min || args.length > definition.max)
      throw this.#wrongCount(name, definition.min, definition.max, args.length, at);
    for (const [index, arg] of args.entries()) {
      const type = this.type(arg, scope, {
        aggregates: place.aggregates,
        condition: definition.name === "exists",
      });
      const wanted = definition.takes?.[Math.min(index, definition.takes.length - 1)];
      if (wanted !== undefined && !fits(type, wanted)) throw mismatch(wanted, type, arg.at);
    }
    return definition.gives;
  }

  #wrongCount(name: string, min: number, max: number, got: number, at: number): CypherError {
    const many = got < min ? "Insufficient" : "Too many";
    void max;
    return syntaxError(`${many} parameters for function '${name}'`, at);
  }
}

function containsVolatile(expression: Expr): boolean {
  return expression.kind === "call" && expression.name.toLowerCase() === "rand";
}

/**
 * What an expression of integer literals comes to; undefined for any other.
 * @throws CypherError when that is no integer of 64 bits
 */
function constantInteger(expression: Expr): bigint | undefined {
  if (expression.kind === "literal")
    return typeof expression.value === "bigint" ? expression.value : undefined;
  if (expression.kind !== "binary" || !["+", "-", "*"].includes(expression.operator)) return undefined;
  const [a, b] = [constantInteger(expression.left), constantInteger(expression.right)];
  if (a === undefined || b === undefined) return undefined;
  const result = expression.operator === "+" ? a + b : expression.operator === "-" ? a - b : a * b;
  if (result > int64Max || result < int64Min)
    throw syntaxError(
      `result of ${a} ${expression.operator} ${b} cannot be represented as an integer`,
      expression.at,
      "22003",
    );
  return result;
}

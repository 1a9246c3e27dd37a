import { expressionKey, isAggregate } from "../analyse/walk.ts";
import { semanticError, typeError } from "../errors.ts";
import { propertiesOf, propertyMap, propertyOf } from "../functions/graph-functions.ts";
import { findFunction } from "../functions/registry.ts";
import type { Expr, MapProjectionItem } from "../parse/ast.ts";
import { type Evaluate, isTrue } from "../runtime/context.ts";
import { add, concatenate, divide, modulo, multiply, negate, power, subtract } from "../values/arithmetic.ts";
import { comparison, equals } from "../values/compare.ts";
import { displayOf } from "../values/text.ts";
import { typeName } from "../values/type-names.ts";
import { isList, isMap, NodeRef, RelRef, type Value } from "../values/types.ts";
import { csvPlaces, type Names } from "./frame.ts";
import { compileLabels } from "./labels.ts";
import { LoopCompiler, truth } from "./loop-compiler.ts";
import { matchesType } from "./type-test.ts";

const arithmetic = {
  "+": add,
  "-": subtract,
  "*": multiply,
  "/": divide,
  "%": modulo,
  "^": power,
  "||": concatenate,
} as const;

function not(value: Value): Value {
  if (value === null) return null;
  if (typeof value === "boolean") return !value;
  throw typeError(`Type mismatch: expected Boolean but was ${typeName(value)}`);
}

function isIn(value: Value, list: Value): Value {
  if (list === null) return null;
  if (!isList(list)) throw typeError(`Type mismatch: expected List<T> but was ${typeName(list)}`);
  let result: boolean | null = false;
  for (const item of list) {
    const same = equals(value, item);
    if (same === true) return true;
    if (same === null) result = null;
  }
  return result;
}

const patterns = new Map<string, RegExp>();

/** Java's regular expressions, as far as JavaScript writes them the same way: flags come first, `(?i)`. */
function regularExpression(text: string): RegExp {
  let pattern = patterns.get(text);
  if (pattern === undefined) {
    const flags = /^\(\?([a-z]+)\)/.exec(text);
    const source = (flags === null ? text : text.slice(flags[0].length)).replace(/([*+?}])\+/g, "$1");
    const kept = [...(flags?.[1] ?? "")].filter((flag) => "ims".includes(flag)).join("");
    try {
      pattern = new RegExp(`^(?:${source})$`, `${kept}u`);
    } catch (error) {
      throw semanticError(`Invalid Regex: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (patterns.size > 500) patterns.clear();
    patterns.set(text, pattern);
  }
  return pattern;
}

/** Compiles expressions to closures over rows. They were checked before: what is wrong here is wrong in the values. */
export abstract class ExpressionCompiler extends LoopCompiler {
  /** Compiles a condition that is met or not. */
  condition(expression: Expr, names: Names): Evaluate {
    return this.compile(expression, names);
  }

  compile(expression: Expr, names: Names): Evaluate {
    const computed = names.computed.get(expression);
    if (computed !== undefined) return (row) => row[computed] as Value;
    if (names.known.size > 0) {
      const slot = names.known.get(expressionKey(expression));
      if (slot !== undefined) return (row) => row[slot] as Value;
      if (isAggregate(expression)) throw new Error("an aggregate that was not computed");
    }
    const inner = (part: Expr): Evaluate => this.compile(part, names);
    switch (expression.kind) {
      case "literal": {
        const { value } = expression;
        return () => value;
      }
      case "parameter": {
        const { name } = expression;
        return (_row, ctx) => ctx.parameter(name);
      }
      case "variable": {
        const slot = names.slot(expression.name);
        if (slot === undefined) throw new Error(`the variable ${expression.name} has no place`);
        return (row) => row[slot] as Value;
      }
      case "property": {
        const object = inner(expression.object);
        const { key } = expression;
        return (row, ctx) => propertyOf(object(row, ctx), key, ctx);
      }
      case "index":
        return this.#index(inner(expression.object), inner(expression.index));
      case "slice":
        return this.#slice(
          inner(expression.object),
          expression.from === undefined ? undefined : inner(expression.from),
          expression.to === undefined ? undefined : inner(expression.to),
        );
      case "list": {
        const items = expression.items.map(inner);
        return (row, ctx) => items.map((item) => item(row, ctx));
      }
      case "map": {
        const entries = expression.entries.map(({ key, value }) => [key, inner(value)] as const);
        return (row, ctx) => new Map(entries.map(([key, value]) => [key, value(row, ctx)]));
      }
      case "mapProjection":
        return this.#mapProjection(expression.variable, expression.items, names, expression.at);
      case "unary": {
        const operand = inner(expression.operand);
        if (expression.operator === "NOT") return (row, ctx) => not(operand(row, ctx));
        if (expression.operator === "-") return (row, ctx) => negate(operand(row, ctx));
        return operand;
      }
      case "binary":
        return this.#binary(expression, inner(expression.left), inner(expression.right));
      case "isNull": {
        const operand = inner(expression.operand);
        const { isNegated } = expression;
        return (row, ctx) => (operand(row, ctx) === null) !== isNegated;
      }
      case "isType": {
        const operand = inner(expression.operand);
        const { type, isNegated } = expression;
        return (row, ctx) => matchesType(operand(row, ctx), type) !== isNegated;
      }
      case "isNormalized": {
        const operand = inner(expression.operand);
        const { form, isNegated } = expression;
        return (row, ctx) => {
          const value = operand(row, ctx);
          return typeof value === "string" ? (value.normalize(form) === value) !== isNegated : null;
        };
      }
      case "hasLabels":
        return this.#hasLabels(expression, names);
      case "countStar":
        throw new Error("an aggregate that was not computed");
      case "call":
        return this.#call(expression, names);
      case "case":
        return this.#case(expression, names);
      case "listComprehension":
      case "quantifier":
      case "reduce":
      case "pattern":
      case "patternComprehension":
      case "shortestPath":
      case "subquery": {
        const steps = this.loop(expression, names);
        return (row, ctx) => ctx.atOnce(steps(row, ctx));
      }
    }
  }

  #index(object: Evaluate, index: Evaluate): Evaluate {
    return (row, ctx) => {
      const container = object(row, ctx);
      const at = index(row, ctx);
      if (container === null || at === null) return null;
      if (isList(container)) {
        if (typeof at !== "bigint")
          throw typeError(`Cannot access a list using a non-number index, got ${displayOf(at)}`);
        return container.at(Number(at)) ?? null;
      }
      if (isMap(container) || container instanceof NodeRef || container instanceof RelRef) {
        if (typeof at !== "string")
          throw typeError(`Cannot access a map using a non-string key, got ${displayOf(at)}`);
        return propertyOf(container, at, ctx);
      }
      if (typeof at === "string") return propertyOf(container, at, ctx);
      throw typeError(
        `\`${displayOf(container)}\` is not a collection or a map. Element access is only possible by performing a collection lookup using an integer index, or by performing a map lookup using a string key (found: ...[${displayOf(at)}])`,
      );
    };
  }

  #slice(object: Evaluate, from: Evaluate | undefined, to: Evaluate | undefined): Evaluate {
    const bound = (value: Value): number => {
      if (typeof value !== "bigint")
        throw typeError(`Expected an Integer as the bound of a list, got ${displayOf(value)}`);
      return Number(value);
    };
    return (row, ctx) => {
      const list = object(row, ctx);
      const start = from?.(row, ctx);
      const end = to?.(row, ctx);
      if (list === null || start === null || end === null) return null;
      if (!isList(list)) throw typeError(`Type mismatch: expected List<T> but was ${typeName(list)}`);
      return list.slice(start === undefined ? 0 : bound(start), end === undefined ? undefined : bound(end));
    };
  }

  #mapProjection(variable: string, items: readonly MapProjectionItem[], names: Names, at: number): Evaluate {
    const source = this.compile({ kind: "variable", at, name: variable }, names);
    const compiled = items.map((item) => ({
      item,
      value:
        item.kind === "entry"
          ? this.compile(item.value, names)
          : item.kind === "variable"
            ? this.compile({ kind: "variable", at: item.at, name: item.name }, names)
            : undefined,
    }));
    return (row, ctx) => {
      const object = source(row, ctx);
      if (object === null) return null;
      const map = new Map<string, Value>();
      for (const { item, value } of compiled) {
        if (item.kind === "all") {
          const all = isMap(object) ? object : propertyMap(propertiesOf(object as NodeRef, ctx), ctx);
          for (const [key, entry] of all) map.set(key, entry);
        } else if (item.kind === "property") map.set(item.key, propertyOf(object, item.key, ctx));
        else map.set(item.kind === "entry" ? item.key : item.name, value!(row, ctx));
      }
      return map;
    };
  }

  #binary({ operator }: Expr & { kind: "binary" }, left: Evaluate, right: Evaluate): Evaluate {
    switch (operator) {
      case "AND":
        return (row, ctx) => {
          const a = truth(left(row, ctx));
          if (a === false) return false;
          const b = truth(right(row, ctx));
          return b === false ? false : a === null || b === null ? null : true;
        };
      case "OR":
        return (row, ctx) => {
          const a = truth(left(row, ctx));
          if (a === true) return true;
          const b = truth(right(row, ctx));
          return b === true ? true : a === null || b === null ? null : false;
        };
      case "XOR":
        return (row, ctx) => {
          const [a, b] = [truth(left(row, ctx)), truth(right(row, ctx))];
          return a === null || b === null ? null : a !== b;
        };
      case "=":
        return (row, ctx) => equals(left(row, ctx), right(row, ctx));
      case "<>":
        return (row, ctx) => not(equals(left(row, ctx), right(row, ctx)));
      case "<":
      case "<=":
      case ">":
      case ">=":
        return this.#comparison(operator, left, right);
      case "IN":
        return (row, ctx) => isIn(left(row, ctx), right(row, ctx));
      case "STARTS WITH":
      case "ENDS WITH":
      case "CONTAINS":
        return this.#textTest(operator, left, right);
      case "=~":
        return (row, ctx) => {
          const [text, pattern] = [left(row, ctx), right(row, ctx)];
          return typeof text === "string" && typeof pattern === "string"
            ? regularExpression(pattern).test(text)
            : null;
        };
      default: {
        const operation = arithmetic[operator];
        return (row, ctx) => operation(left(row, ctx), right(row, ctx));
      }
    }
  }

  #comparison(operator: "<" | "<=" | ">" | ">=", left: Evaluate, right: Evaluate): Evaluate {
    const holds = {
      "<": (order: number) => order < 0,
      "<=": (order: number) => order <= 0,
      ">": (order: number) => order > 0,
      ">=": (order: number) => order >= 0,
    }[operator];
    return (row, ctx) => {
      const order = comparison(left(row, ctx), right(row, ctx));
      return order === undefined ? null : holds(order);
    };
  }

  #textTest(operator: "STARTS WITH" | "ENDS WITH" | "CONTAINS", left: Evaluate, right: Evaluate): Evaluate {
    const test = {
      "STARTS WITH": (a: string, b: string) => a.startsWith(b),
      "ENDS WITH": (a: string, b: string) => a.endsWith(b),
      CONTAINS: (a: string, b: string) => a.includes(b),
    }[operator];
    return (row, ctx) => {
      const [a, b] = [left(row, ctx), right(row, ctx)];
      return typeof a === "string" && typeof b === "string" ? test(a, b) : null;
    };
  }

  #hasLabels(expression: Expr & { kind: "hasLabels" }, names: Names): Evaluate {
    const operand = this.compile(expression.operand, names);
    const dynamic = (part: Expr) => this.compile(part, names);
    const ofNode = compileLabels(expression.labels, "label", dynamic);
    const ofRel = compileLabels(expression.labels, "type", dynamic);
    return (row, ctx) => {
      const value = operand(row, ctx);
      if (value === null) return null;
      if (value instanceof NodeRef) return ofNode(ctx.graph.node(value.id)?.labels ?? [], row, ctx);
      if (value instanceof RelRef) return ofRel([value.type], row, ctx);
      throw typeError(`Type mismatch: expected Node or Relationship but was ${typeName(value)}`);
    };
  }

  #call(expression: Expr & { kind: "call" }, names: Names): Evaluate {
    const definition = findFunction(expression.name);
    if (definition === undefined) throw new Error(`the function ${expression.name} was not found`);
    if (definition.name === "linenumber" || definition.name === "file") {
      const slot = names.slot(csvPlaces[definition.name]);
      return slot === undefined ? () => null : (row) => row[slot] ?? null;
    }
    const args = expression.args.map((arg) => this.compile(arg, names));
    const { call, isStrict } = definition;
    if (args.length === 1 && isStrict === true) {
      const [only] = args as [Evaluate];
      return (row, ctx) => {
        const value = only(row, ctx);
        return value === null ? null : call([value], ctx);
      };
    }
    return (row, ctx) => {
      const values: Value[] = [];
      for (const arg of args) {
        const value = arg(row, ctx);
        if (value === null && isStrict === true) return null;
        values.push(value);
      }
      return call(values, ctx);
    };
  }

  #case({ subject, whens, otherwise }: Expr & { kind: "case" }, names: Names): Evaluate {
    const choices = whens.map(
      ({ when, then }) => [this.compile(when, names), this.compile(then, names)] as const,
    );
    const last = otherwise === undefined ? () => null : this.compile(otherwise, names);
    if (subject === undefined) {
      return (row, ctx) => {
        for (const [when, then] of choices) if (isTrue(when(row, ctx))) return then(row, ctx);
        return last(row, ctx);
      };
    }
    const tested = this.compile(subject, names);
    return (row, ctx) => {
      const value = tested(row, ctx);
      for (const [when, then] of choices) {
        const other = when(row, ctx);
        if (equals(value, other) === true) return then(row, ctx);
      }
      return last(row, ctx);
    };
  }
}

import { isAggregate, parts } from "../analyse/walk.ts";
import { typeError } from "../errors.ts";
import { type Loop, Loops } from "../operators/loops.ts";
import type { Expr, PathPattern, Query } from "../parse/ast.ts";
import {
  type Evaluate,
  isTrue,
  type Operator,
  pause,
  type Row,
  type Rows,
  type RunContext,
} from "../runtime/context.ts";
import { typeName } from "../values/type-names.ts";
import { isList, type Value } from "../values/types.ts";
import type { Frame, Names } from "./frame.ts";

/** Evaluates an expression, and yields where others shall have their turn. */
export type EvaluateInSteps = (row: Row, ctx: RunContext) => Generator<void, Value>;

/** An expression that is evaluated in steps when there is a loop in it, and else at once. */
type Either = { readonly atOnce: Evaluate } | { readonly inSteps: EvaluateInSteps };

type LoopExpr = Expr & {
  kind:
    | "listComprehension"
    | "quantifier"
    | "reduce"
    | "pattern"
    | "patternComprehension"
    | "shortestPath"
    | "subquery";
};

function isLoop(expression: Expr): expression is LoopExpr {
  switch (expression.kind) {
    case "listComprehension":
    case "quantifier":
    case "reduce":
    case "pattern":
    case "patternComprehension":
    case "shortestPath":
    case "subquery":
      return true;
  }
  return false;
}

/** The outermost loops that run whenever an expression is evaluated, in their order; those that may be skipped are left out. */
function loopsOf(expression: Expr): readonly LoopExpr[] {
  if (isLoop(expression)) return [expression];
  if (isAggregate(expression)) return [];
  const inner = parts(expression);
  const isSkipping =
    expression.kind === "case" ||
    (expression.kind === "binary" && (expression.operator === "AND" || expression.operator === "OR")) ||
    (expression.kind === "call" && expression.name.toLowerCase() === "coalesce");
  return (isSkipping ? inner.slice(0, 1) : inner).flatMap(loopsOf);
}

export function truth(value: Value): boolean | null {
  if (value === null || typeof value === "boolean") return value;
  if (isList(value)) return value.length > 0;
  throw typeError(`Type mismatch: expected Boolean but was ${typeName(value)}`);
}

function* rowsInSteps(rows: Rows): Generator<void, Row | undefined> {
  for (;;) {
    const row = rows.next();
    if (row !== pause) return row;
    yield;
  }
}

/** Loops within expressions: they can be left in the middle, and gone on with. */
export abstract class LoopCompiler {
  protected abstract readonly frame: Frame;

  /** The plan that finds a pattern from what is known; gives the names of its variables, too. */
  protected abstract patternPlan(
    pattern: PathPattern,
    where: Expr | undefined,
    names: Names,
  ): { plan: Operator; names: Names };
  protected abstract subqueryPlan(query: Query, names: Names): { plan: Operator; slots: readonly number[] };
  abstract compile(expression: Expr, names: Names): Evaluate;

  /** Lets a plan compute the loops of some expressions beforehand, in steps; compiled with these names, the expressions find them. */
  protected withLoops(
    source: Operator,
    expressions: readonly Expr[],
    names: Names,
  ): { plan: Operator; names: Names } {
    const { loops, names: known } = this.#loopsOf(expressions, names);
    return { plan: loops.length === 0 ? source : new Loops(source, loops), names: known };
  }

  #loopsOf(expressions: readonly Expr[], names: Names): { loops: readonly Loop[]; names: Names } {
    const found = expressions.flatMap(loopsOf).filter((loop) => !names.computed.has(loop));
    if (found.length === 0) return { loops: [], names };
    const loops = found.map((expression) => ({
      expression,
      slot: this.frame.add(),
      steps: this.loop(expression, names),
    }));
    const computed = loops.map(({ expression, slot }) => [expression, slot] as const);
    return { loops, names: names.withComputed(computed) };
  }

  #either(expression: Expr, names: Names): Either {
    const { loops, names: known } = this.#loopsOf([expression], names);
    const evaluate = this.compile(expression, known);
    if (loops.length === 0) return { atOnce: evaluate };
    return {
      *inSteps(row, ctx) {
        for (const { slot, steps } of loops) row[slot] = yield* steps(row, ctx);
        return evaluate(row, ctx);
      },
    };
  }

  protected loop(expression: LoopExpr, names: Names): EvaluateInSteps {
    switch (expression.kind) {
      case "listComprehension":
        return this.#listComprehension(expression, names);
      case "quantifier":
        return this.#quantifier(expression, names);
      case "reduce":
        return this.#reduce(expression, names);
      case "pattern":
        return exists(this.patternPlan(expression.pattern, undefined, names).plan);
      case "patternComprehension": {
        const { plan, names: found } = this.patternPlan(expression.pattern, expression.where, names);
        return collected(plan, this.#either(expression.projection, found));
      }
      case "shortestPath":
        return this.#shortestPath(expression, names);
      case "subquery":
        return this.#subquery(expression, names);
    }
  }

  #shortestPath({ pattern }: Expr & { kind: "shortestPath" }, names: Names): EvaluateInSteps {
    const variable = " path";
    const { plan, names: found } = this.patternPlan({ ...pattern, variable }, undefined, names);
    const slot = found.slot(variable)!;
    if (pattern.selector?.kind === "allShortestPaths")
      return collected(plan, { atOnce: (row) => row[slot] as Value });
    return function* (row, ctx) {
      const match = yield* rowsInSteps(plan.open(ctx, row));
      return match === undefined ? null : (match[slot] as Value);
    };
  }

  #subquery({ form, query }: Expr & { kind: "subquery" }, names: Names): EvaluateInSteps {
    const { plan, slots } = this.subqueryPlan(query, names);
    if (form === "exists") return exists(plan);
    if (form === "collect") {
      const [slot = 0] = slots;
      return collected(plan, { atOnce: (row) => row[slot] as Value });
    }
    return function* (row, ctx) {
      const rows = plan.open(ctx, row);
      let count = 0;
      while ((yield* rowsInSteps(rows)) !== undefined) count++;
      return BigInt(count);
    };
  }

  /** What has a variable of its own puts its values into a place that nobody else uses. */
  #local(name: string, names: Names): { readonly slot: number; readonly inner: Names } {
    const slot = this.frame.add();
    return { slot, inner: names.with(name, slot) };
  }

  #listComprehension(expression: Expr & { kind: "listComprehension" }, names: Names): EvaluateInSteps {
    const source = this.#either(expression.list, names);
    const { slot, inner } = this.#local(expression.variable, names);
    const where = expression.where === undefined ? undefined : this.#either(expression.where, inner);
    const projection =
      expression.projection === undefined ? undefined : this.#either(expression.projection, inner);
    return function* (row, ctx) {
      const list = listOf("inSteps" in source ? yield* source.inSteps(row, ctx) : source.atOnce(row, ctx));
      if (list === null) return null;
      const result: Value[] = [];
      for (const item of list) {
        if (ctx.isSliceOver()) yield;
        row[slot] = item;
        if (where !== undefined) {
          const met = "inSteps" in where ? yield* where.inSteps(row, ctx) : where.atOnce(row, ctx);
          if (!isTrue(met)) continue;
        }
        if (projection === undefined) result.push(item);
        else
          result.push(
            "inSteps" in projection ? yield* projection.inSteps(row, ctx) : projection.atOnce(row, ctx),
          );
      }
      return result;
    };
  }

  #quantifier(expression: Expr & { kind: "quantifier" }, names: Names): EvaluateInSteps {
    const source = this.#either(expression.list, names);
    const { slot, inner } = this.#local(expression.variable, names);
    const where: Either =
      expression.where === undefined
        ? { atOnce: (row) => row[slot] as Value }
        : this.#either(expression.where, inner);
    const { quantifier } = expression;
    return function* (row, ctx) {
      const list = listOf("inSteps" in source ? yield* source.inSteps(row, ctx) : source.atOnce(row, ctx));
      if (list === null) return null;
      let [met, unknown] = [0, 0];
      for (const item of list) {
        if (ctx.isSliceOver()) yield;
        row[slot] = item;
        const result = truth("inSteps" in where ? yield* where.inSteps(row, ctx) : where.atOnce(row, ctx));
        if (result === null) unknown++;
        else if (result) met++;
        if (quantifier === "any" && result === true) return true;
        if (quantifier === "all" && result === false) return false;
        if (quantifier === "none" && result === true) return false;
        if (quantifier === "single" && met > 1) return false;
      }
      if (unknown > 0) return null;
      return quantifier === "any" ? false : quantifier === "single" ? met === 1 : true;
    };
  }

  #reduce(expression: Expr & { kind: "reduce" }, names: Names): EvaluateInSteps {
    const initial = this.#either(expression.initial, names);
    const source = this.#either(expression.list, names);
    const accumulator = this.#local(expression.accumulator, names);
    const { slot, inner } = this.#local(expression.variable, accumulator.inner);
    const body = this.#either(expression.body, inner);
    return function* (row, ctx) {
      const list = listOf("inSteps" in source ? yield* source.inSteps(row, ctx) : source.atOnce(row, ctx));
      if (list === null) return null;
      let value = "inSteps" in initial ? yield* initial.inSteps(row, ctx) : initial.atOnce(row, ctx);
      for (const item of list) {
        if (ctx.isSliceOver()) yield;
        row[accumulator.slot] = value;
        row[slot] = item;
        value = "inSteps" in body ? yield* body.inSteps(row, ctx) : body.atOnce(row, ctx);
      }
      return value;
    };
  }
}

function exists(plan: Operator): EvaluateInSteps {
  return function* (row, ctx) {
    return (yield* rowsInSteps(plan.open(ctx, row))) !== undefined;
  };
}

function collected(plan: Operator, projection: Either): EvaluateInSteps {
  return function* (row, ctx) {
    const rows = plan.open(ctx, row);
    const list: Value[] = [];
    for (;;) {
      const match = yield* rowsInSteps(rows);
      if (match === undefined) return list;
      list.push(
        "inSteps" in projection ? yield* projection.inSteps(match, ctx) : projection.atOnce(match, ctx),
      );
    }
  };
}

function listOf(value: Value): readonly Value[] | null {
  if (value === null || isList(value)) return value;
  throw typeError(`Type mismatch: expected List<T> but was ${typeName(value)}`);
}

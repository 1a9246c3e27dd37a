import { findAggregate } from "../functions/aggregates.ts";
import type { Expr, LabelExpr, PathPattern } from "../parse/ast.ts";

function labelExpressions(labels: LabelExpr | undefined): Expr[] {
  if (labels === undefined) return [];
  switch (labels.kind) {
    case "dynamic":
      return [labels.expression];
    case "not":
      return labelExpressions(labels.operand);
    case "and":
    case "or":
      return [...labelExpressions(labels.left), ...labelExpressions(labels.right)];
  }
  return [];
}

export function patternExpressions(pattern: PathPattern): Expr[] {
  const found: (Expr | undefined)[] = [pattern.where];
  for (const element of pattern.elements) {
    if (element.kind === "quantified") {
      found.push(
        element.where,
        ...patternExpressions({ ...pattern, elements: element.elements, where: undefined }),
      );
    } else {
      const labels = element.kind === "node" ? element.labels : element.types;
      found.push(element.properties, element.where, ...labelExpressions(labels));
    }
  }
  return found.filter((expression) => expression !== undefined);
}

/** The expressions that an expression is made of, one level down; those of subqueries are not looked into. */
export function parts(expression: Expr): readonly Expr[] {
  const given = (...list: readonly (Expr | undefined)[]): Expr[] => list.filter((item) => item !== undefined);
  switch (expression.kind) {
    case "property":
      return [expression.object];
    case "index":
      return [expression.object, expression.index];
    case "slice":
      return given(expression.object, expression.from, expression.to);
    case "list":
      return expression.items;
    case "map":
      return expression.entries.map(({ value }) => value);
    case "mapProjection":
      return [
        { kind: "variable", at: expression.at, name: expression.variable },
        ...expression.items.flatMap((item): Expr[] => {
          if (item.kind === "entry") return [item.value];
          return item.kind === "variable" ? [{ kind: "variable", at: item.at, name: item.name }] : [];
        }),
      ];
    case "unary":
    case "isNull":
    case "isType":
    case "isNormalized":
      return [expression.operand];
    case "hasLabels":
      return [expression.operand, ...labelExpressions(expression.labels)];
    case "binary":
      return [expression.left, expression.right];
    case "call":
      return expression.args;
    case "case":
      return given(
        expression.subject,
        ...expression.whens.flatMap(({ when, then }) => [when, then]),
        expression.otherwise,
      );
    case "listComprehension":
      return given(expression.list, expression.where, expression.projection);
    case "reduce":
      return [expression.initial, expression.list, expression.body];
    case "quantifier":
      return given(expression.list, expression.where);
    case "pattern":
    case "shortestPath":
      return patternExpressions(expression.pattern);
    case "patternComprehension":
      return given(...patternExpressions(expression.pattern), expression.where, expression.projection);
    case "literal":
    case "parameter":
    case "variable":
    case "countStar":
    case "subquery":
      return [];
  }
}

export function isAggregate(expression: Expr): boolean {
  return (
    expression.kind === "countStar" ||
    (expression.kind === "call" && findAggregate(expression.name) !== undefined)
  );
}

export function containsAggregate(expression: Expr): boolean {
  return isAggregate(expression) || parts(expression).some(containsAggregate);
}

/** A text that two expressions share when they are the same, wherever they stand. */
export function expressionKey(expression: Expr): string {
  return JSON.stringify(expression, (key, value: unknown) => {
    if (key === "at" || key === "text") return undefined;
    if (typeof value === "bigint") return `${value}n`;
    return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  });
}

/** Names of the variables that an expression takes from where it stands. */
export function freeVariables(
  expression: Expr,
  bound: ReadonlySet<string> = new Set(),
  found = new Set<string>(),
): Set<string> {
  const inner = (...names: readonly string[]) => new Set([...bound, ...names]);
  switch (expression.kind) {
    case "variable":
      if (!bound.has(expression.name)) found.add(expression.name);
      break;
    case "listComprehension":
      freeVariables(expression.list, bound, found);
      for (const part of [expression.where, expression.projection])
        if (part !== undefined) freeVariables(part, inner(expression.variable), found);
      break;
    case "quantifier":
      freeVariables(expression.list, bound, found);
      if (expression.where !== undefined) freeVariables(expression.where, inner(expression.variable), found);
      break;
    case "reduce":
      freeVariables(expression.initial, bound, found);
      freeVariables(expression.list, bound, found);
      freeVariables(expression.body, inner(expression.accumulator, expression.variable), found);
      break;
    case "pattern":
    case "shortestPath":
      for (const name of patternVariables(expression.pattern)) if (!bound.has(name)) found.add(name);
      for (const part of parts(expression)) freeVariables(part, bound, found);
      break;
    case "patternComprehension":
      for (const name of patternVariables(expression.pattern)) if (!bound.has(name)) found.add(name);
      for (const part of parts(expression)) freeVariables(part, bound, found);
      break;
    case "subquery":
      // Whatever is visible may be used in there.
      found.add("*");
      break;
    default:
      for (const part of parts(expression)) freeVariables(part, bound, found);
  }
  return found;
}

/** Names that a pattern gives or uses. */
export function patternVariables(pattern: PathPattern): string[] {
  const names: string[] = pattern.variable === undefined ? [] : [pattern.variable];
  for (const element of pattern.elements) {
    if (element.kind === "quantified") {
      for (const inner of element.elements) if (inner.variable !== undefined) names.push(inner.variable);
    } else if (element.variable !== undefined) names.push(element.variable);
  }
  return names;
}

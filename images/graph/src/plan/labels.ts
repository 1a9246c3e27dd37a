import { typeError } from "../errors.ts";
import type { LabelExpr } from "../parse/ast.ts";
import type { Evaluate, Row, RunContext } from "../runtime/context.ts";
import type { TokenKind } from "../storage/tokens.ts";
import { isList, type Value } from "../values/types.ts";

/** Whether labels, or the type of a relationship, are as an expression wants them. */
export type LabelTest = (ids: readonly number[], row: Row, ctx: RunContext) => boolean;

/** The names that an expression of a dynamic label gives. */
export function dynamicNames(value: Value): readonly string[] {
  const names = isList(value) ? value : [value];
  for (const name of names)
    if (typeof name !== "string") throw typeError("Expected a String or a List of them for labels and types");
  return names as readonly string[];
}

export function compileLabels(
  labels: LabelExpr,
  kind: TokenKind,
  compile: (expression: (LabelExpr & { kind: "dynamic" })["expression"]) => Evaluate,
): LabelTest {
  const inner = (part: LabelExpr) => compileLabels(part, kind, compile);
  switch (labels.kind) {
    case "name": {
      const { name } = labels;
      return (ids, _row, ctx) => {
        const id = ctx.graph.tokens.find(kind, name);
        return id !== undefined && ids.includes(id);
      };
    }
    case "dynamic": {
      const evaluate = compile(labels.expression);
      const { isAny } = labels;
      return (ids, row, ctx) => {
        const has = (name: string) => ids.includes(ctx.graph.tokens.find(kind, name) ?? -1);
        const names = dynamicNames(evaluate(row, ctx));
        return isAny ? names.some(has) : names.every(has);
      };
    }
    case "any":
      return (ids) => ids.length > 0;
    case "not": {
      const operand = inner(labels.operand);
      return (ids, row, ctx) => !operand(ids, row, ctx);
    }
    case "and": {
      const [left, right] = [inner(labels.left), inner(labels.right)];
      return (ids, row, ctx) => left(ids, row, ctx) && right(ids, row, ctx);
    }
    case "or": {
      const [left, right] = [inner(labels.left), inner(labels.right)];
      return (ids, row, ctx) => left(ids, row, ctx) || right(ids, row, ctx);
    }
  }
}

/** The labels that a node must all have for the expression to hold. */
export function requiredLabels(labels: LabelExpr | undefined): readonly string[] {
  if (labels === undefined) return [];
  if (labels.kind === "name") return [labels.name];
  return labels.kind === "and" ? [...requiredLabels(labels.left), ...requiredLabels(labels.right)] : [];
}

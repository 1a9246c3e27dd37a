import { operatorsByName } from "../catalog/builtin.ts";
import type { Operator } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import { oid } from "../types/oids.ts";
import { canCoerceOne, coerce, isBinaryCoercible } from "./coerce.ts";
import type { AnalyseContext } from "./context.ts";
import type { Expr, FuncExpr } from "./expr.ts";
import { enforceGenerics, genericsFit } from "./generics.ts";
import { isPolymorphic } from "./polymorphic.ts";
import { select } from "./resolve-function.ts";

interface Shaped {
  readonly operator: Operator;
  readonly types: readonly number[];
}

/** The operator of a name for the types of its operands; `left` is undefined for a prefix operator. */
export function resolveOperator(
  ctx: AnalyseContext,
  name: string,
  left: number | undefined,
  right: number,
  location: number | undefined,
): Operator {
  const found = findOperator(ctx, name, left, right);
  if (typeof found === "object") return found;
  const shown = `${left === undefined ? "" : `${ctx.formatType(left)} `}${name} ${ctx.formatType(right)}`;
  if (found === "ambiguous") {
    throw new PgError(
      "42725",
      `operator is not unique: ${shown}`,
      { hint: "Could not choose a best candidate operator. You might need to add explicit type casts." },
      location,
    );
  }
  const hint =
    left === undefined
      ? "No operator matches the given name and argument type. You might need to add an explicit type cast."
      : "No operator matches the given name and argument types. You might need to add explicit type casts.";
  throw new PgError("42883", `operator does not exist: ${shown}`, { hint }, location);
}

export function findOperator(
  ctx: AnalyseContext,
  name: string,
  left: number | undefined,
  right: number,
): Operator | "none" | "ambiguous" {
  const kind = left === undefined ? "l" : "b";
  const all: Shaped[] = (operatorsByName.get(name) ?? [])
    .filter((operator) => operator.kind === kind)
    .map((operator) => ({
      operator,
      types: left === undefined ? [operator.right] : [operator.left, operator.right],
    }));
  const inputs = left === undefined ? [right] : [left, right];
  const exact = exactMatch(ctx, all, inputs);
  if (exact !== undefined) return exact.operator;
  const fitting = all.filter(
    ({ types }) =>
      types.every((type, i) => canCoerceOne(ctx, inputs[i]!, type, "implicit")) &&
      (!types.some(isPolymorphic) || genericsFit(ctx, inputs, types)),
  );
  if (fitting.length === 0) return "none";
  if (fitting.length === 1) return fitting[0]!.operator;
  return select(ctx, inputs, fitting)?.operator ?? "ambiguous";
}

/** An unknown operand is first taken to be of the other's type. */
function exactMatch(
  ctx: AnalyseContext,
  all: readonly Shaped[],
  inputs: readonly number[],
): Shaped | undefined {
  const [first, second] = inputs as [number, number | undefined];
  const is = (a: number, b: number | undefined) =>
    all.find(({ types }) => types[0] === a && (b === undefined || types[1] === b));
  if (second === undefined) return is(first, undefined) ?? is(ctx.base(first).oid, undefined);
  if (first === oid.unknown && second === oid.unknown) return undefined;
  if (first === oid.unknown || second === oid.unknown) {
    const known = first === oid.unknown ? second : first;
    return (
      is(known, known) ??
      (ctx.base(known).oid === known ? undefined : is(ctx.base(known).oid, ctx.base(known).oid))
    );
  }
  return is(first, second);
}

/** An operator applied, its operands converted. */
export function makeOperator(
  ctx: AnalyseContext,
  name: string,
  left: Expr | undefined,
  right: Expr,
  location: number | undefined,
): FuncExpr {
  const operator = resolveOperator(ctx, name, left?.type, right.type, location);
  return applyOperator(ctx, operator, left, right, location);
}

export function applyOperator(
  ctx: AnalyseContext,
  operator: Operator,
  left: Expr | undefined,
  right: Expr,
  location: number | undefined,
): FuncExpr {
  const operands = left === undefined ? [right] : [left, right];
  const declared = left === undefined ? [operator.right] : [operator.left, operator.right];
  const proc = ctx.proc(operator.proc);
  const generic = enforceGenerics(
    ctx,
    operands.map((operand) => operand.type),
    declared,
    operator.result,
  );
  const args = operands.map((operand, i) => {
    const type = generic.declared[i]!;
    if (
      operand.type === type ||
      (isPolymorphic(declared[i]!) &&
        isBinaryCoercible(ctx, operand.type, type) &&
        operand.type !== oid.unknown)
    )
      return operand;
    return coerce(ctx, operand, type, -1, "implicit");
  });
  const collations = args.map((arg) => arg.collation ?? 0);
  const explicit = args.find((arg) => arg.kind === "collate");
  const collation =
    explicit?.collation ??
    collations.find((c) => c !== 0 && c !== 100) ??
    collations.find((c) => c !== 0) ??
    0;
  return {
    kind: "func",
    proc,
    args,
    operator: operator.name,
    operatorOid: operator.oid,
    type: generic.result,
    typmod: -1,
    collation: ctx.type(generic.result).collation === 0 ? 0 : collation || 100,
    inputCollation: collation,
    location,
  };
}

import { PgError } from "../errors.ts";
import { oid } from "../types/oids.ts";
import { coerceToBoolean } from "./coerce.ts";
import type { AnalyseContext } from "./context.ts";
import type { BoolExpr, Expr, RowExpr } from "./expr.ts";
import { makeOperator } from "./resolve-operator.ts";

function bool(op: "and" | "or" | "not", args: readonly Expr[], location: number | undefined): BoolExpr {
  return { kind: "bool", op, args, type: oid.bool, typmod: -1, location };
}

function pairsOf(left: Expr, right: Expr, location: number | undefined): [Expr, Expr][] {
  if (left.kind !== "row" || right.kind !== "row")
    throw new PgError("42601", "a row can only be compared with a row", {}, location);
  if (left.fields.length !== right.fields.length)
    throw new PgError("42601", "unequal number of entries in row expressions", {}, location);
  if (left.fields.length === 0)
    throw new PgError("0A000", "cannot compare rows of zero length", {}, location);
  return left.fields.map((field, i) => [field, right.fields[i]!]);
}

/** `(a, b) op (c, d)` */
export function rowComparison(
  ctx: AnalyseContext,
  name: string,
  left: Expr,
  right: Expr,
  location: number | undefined,
): Expr {
  const pairs = pairsOf(left, right, location);
  if (pairs.length === 1) return makeOperator(ctx, name, pairs[0]![0], pairs[0]![1], location);
  if (name === "=" || name === "<>") {
    const parts = pairs.map(([l, r]) => coerceToBoolean(ctx, makeOperator(ctx, name, l, r, location), name));
    return bool(name === "=" ? "and" : "or", parts, location);
  }
  if (name !== "<" && name !== "<=" && name !== ">" && name !== ">=") {
    throw new PgError(
      "0A000",
      `could not determine interpretation of row comparison operator ${name}`,
      { hint: "Row comparison operators must be associated with btree operator families." },
      location,
    );
  }
  const compared = pairs.map(([l, r]) => {
    const less = makeOperator(ctx, "<", l, r, location);
    const equal = makeOperator(ctx, "=", l, r, location);
    return { left: less.args[0]!, right: less.args[1]!, less: less.proc, equal: equal.proc };
  });
  return { kind: "rowCompare", op: name, pairs: compared, type: oid.bool, typmod: -1, location };
}

/** `(a, b) IS DISTINCT FROM (c, d)` */
export function rowDistinct(
  ctx: AnalyseContext,
  left: RowExpr,
  right: RowExpr,
  not: boolean,
  location: number | undefined,
): Expr {
  const parts = pairsOf(left, right, location).map(
    ([l, r]): Expr => ({
      kind: "distinct",
      equal: makeOperator(ctx, "=", l, r, location),
      not: false,
      type: oid.bool,
      typmod: -1,
      location,
    }),
  );
  const any = parts.length === 1 ? parts[0]! : bool("or", parts, location);
  return not ? bool("not", [any], location) : any;
}

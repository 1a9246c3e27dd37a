import { PgError } from "../errors.ts";
import { locationOf, type Node, type pg } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import type { AnalyseExpr, Analyser } from "./analyser.ts";
import { coerceToTarget, typeCollation } from "./coerce.ts";
import type { AnalyseContext, Level } from "./context.ts";
import type { Expr } from "./expr.ts";
import { selectField } from "./fields.ts";

/** `expr[...]`, `expr.field`, in any sequence. */
export function analyseIndirection(
  a: Analyser,
  level: Level,
  node: pg.A_Indirection,
  analyse: AnalyseExpr,
): Expr {
  let expr = analyse(a, level, node.arg as Node);
  let subscripts: pg.A_Indices[] = [];
  for (const step of (node.indirection ?? []) as Node[]) {
    if (step.A_Indices !== undefined) {
      subscripts.push(step.A_Indices);
      continue;
    }
    if (subscripts.length > 0) expr = subscript(a, level, expr, subscripts, analyse);
    subscripts = [];
    if (step.A_Star !== undefined)
      throw new PgError(
        "0A000",
        'row expansion via "*" is not supported here',
        {},
        locationOf(node.arg as Node),
      );
    expr = field(a.ctx, expr, step.String?.sval ?? "", locationOf(node.arg as Node));
  }
  return subscripts.length > 0 ? subscript(a, level, expr, subscripts, analyse) : expr;
}

export function field(ctx: AnalyseContext, expr: Expr, name: string, location: number | undefined): Expr {
  const selected = selectField(ctx, expr, name, location);
  if (selected !== undefined) return selected;
  const kind = expr.type === oid.unknown ? "p" : ctx.type(ctx.base(expr.type).oid).kind;
  if (expr.type === oid.record)
    throw new PgError("42703", `could not identify column "${name}" in record data type`, {}, location);
  if (kind === "c")
    throw new PgError(
      "42703",
      `column "${name}" not found in data type ${ctx.formatType(expr.type)}`,
      {},
      location,
    );
  throw new PgError(
    "42809",
    `column notation .${name} applied to type ${ctx.formatType(expr.type)}, which is not a composite type`,
    {},
    location,
  );
}

function subscript(
  a: Analyser,
  level: Level,
  given: Expr,
  indices: readonly pg.A_Indices[],
  analyse: AnalyseExpr,
): Expr {
  const { ctx } = a;
  const base = ctx.base(given.type).oid;
  const location = given.location;
  if (base === oid.jsonb) {
    const subscripts = indices.map((index) => {
      if (index.is_slice === true)
        throw new PgError("42804", "jsonb subscript does not support slices", {}, location);
      const expr = analyse(a, level, index.uidx as Node);
      const upper =
        expr.type === oid.int4
          ? expr
          : (coerceToTarget(
              ctx,
              expr,
              expr.type === oid.unknown ? oid.text : oid.int4,
              -1,
              "assignment",
              "implicit",
            ) ?? coerceToTarget(ctx, expr, oid.text, -1, "assignment", "implicit"));
      if (upper === undefined) {
        throw new PgError(
          "42804",
          `subscript type ${ctx.formatType(expr.type)} is not supported`,
          { hint: "jsonb subscript must be coercible to either integer or text." },
          expr.location,
        );
      }
      return { upper };
    });
    return {
      kind: "subscript",
      arg: given,
      slice: false,
      subscripts,
      container: "jsonb",
      type: oid.jsonb,
      typmod: -1,
      location,
    };
  }
  const isVector = base === oid.int2vector || base === oid.oidvector;
  const element = isVector
    ? base === oid.oidvector
      ? oid.oid
      : oid.int2
    : (ctx.elementOf(base) ?? (base === oid.name ? oid.char : undefined));
  if (element === undefined) {
    throw new PgError(
      "42804",
      `cannot subscript type ${ctx.formatType(given.type)} because it does not support subscripting`,
      {},
      location,
    );
  }
  const slice = indices.some((index) => index.is_slice === true);
  const bound = (node: pg.Node | undefined): Expr | undefined => {
    if (node === undefined) return undefined;
    const expr = analyse(a, level, node as Node);
    const coerced = coerceToTarget(ctx, expr, oid.int4, -1, "assignment", "implicit");
    if (coerced === undefined)
      throw new PgError("42804", "array subscript must have type integer", {}, expr.location);
    return coerced;
  };
  const one: Expr = { kind: "const", value: 1, type: oid.int4, typmod: -1 };
  const subscripts = indices.map((index) => {
    if (!slice) return { upper: bound(index.uidx) };
    // In a slice a single subscript n means 1:n.
    if (index.is_slice !== true) return { lower: one, upper: bound(index.uidx) };
    return { lower: bound(index.lidx), upper: bound(index.uidx) };
  });
  const type = slice ? base : element;
  const collation = typeCollation(ctx, type);
  return {
    kind: "subscript",
    arg: given,
    slice,
    subscripts,
    container: "array",
    type,
    typmod: given.typmod,
    collation,
    location,
  };
}

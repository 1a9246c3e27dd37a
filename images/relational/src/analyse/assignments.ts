import type { Relation } from "../catalog/model.ts";
import { notSupported, PgError } from "../errors.ts";
import { at, type Node } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import { coerceToTarget } from "./coerce.ts";
import type { AnalyseContext, Level } from "./context.ts";
import type { Assignment, Expr, SubLink } from "./expr.ts";
import { outputTargets } from "./expr.ts";
import { analyseExpr } from "./expressions.ts";
import type { Analyser } from "./from.ts";

type Assign = (ctx: AnalyseContext, relation: Relation, attnum: number, expr: Expr) => Expr;

/** The SET list of UPDATE, ON CONFLICT and MERGE. */
export function analyseAssignments(
  a: Analyser,
  level: Level,
  relation: Relation,
  nodes: readonly Node[],
  assign: Assign,
): Assignment[] {
  level.place = "UPDATE";
  const links = new Map<unknown, SubLink | Expr>();
  const seen = new Map<number, Assignment>();
  const result: Assignment[] = [];
  for (const node of nodes) {
    const { name = "", val, indirection, location } = node.ResTarget!;
    const column = relation.columns.find((c) => c.name === name && c.dropped !== true);
    if (column === undefined)
      throw new PgError(
        "42703",
        `column "${name}" of relation "${relation.name}" does not exist`,
        {},
        at(location),
      );
    const value = valueNode(a, level, val as Node, links);
    if (indirection !== undefined) {
      const merged = assignPart(
        a,
        level,
        relation,
        column.attnum,
        indirection as Node[],
        value,
        seen.get(column.attnum)?.expr,
        at(location),
      );
      const assignment = { attnum: column.attnum, expr: merged };
      const before = seen.get(column.attnum);
      if (before === undefined) result.push(assignment);
      else result[result.indexOf(before)] = assignment;
      seen.set(column.attnum, assignment);
      continue;
    }
    if (seen.has(column.attnum))
      throw new PgError("42601", `multiple assignments to same column "${name}"`, {}, at(location));
    const assignment = { attnum: column.attnum, expr: assign(a.ctx, relation, column.attnum, value) };
    seen.set(column.attnum, assignment);
    result.push(assignment);
  }
  return result;
}

function valueNode(a: Analyser, level: Level, node: Node, links: Map<unknown, SubLink | Expr>): Expr {
  const multi = node.MultiAssignRef;
  if (multi === undefined) return analyseExpr(a, level, node);
  const source = multi.source as Node;
  const index = (multi.colno ?? 1) - 1;
  const columns = multi.ncolumns ?? 1;
  if (source.RowExpr !== undefined) {
    const fields = source.RowExpr.args ?? [];
    if (fields.length !== columns)
      throw new PgError(
        "42601",
        "number of columns does not match number of values",
        {},
        at(source.RowExpr.location),
      );
    return analyseExpr(a, level, fields[index] as Node);
  }
  if (source.SubLink === undefined)
    throw new PgError(
      "0A000",
      "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression",
    );
  const key = JSON.stringify(source.SubLink.location ?? 0);
  let link = links.get(key) as SubLink | undefined;
  if (link === undefined) {
    const query = a.subquery(source.SubLink.subselect as Node, level);
    if (outputTargets(query).length !== columns)
      throw new PgError(
        "42601",
        "number of columns does not match number of values",
        {},
        at(source.SubLink.location),
      );
    link = { kind: "sublink", link: "multi", query, type: oid.record, typmod: -1 };
    links.set(key, link);
  }
  const { expr } = outputTargets(link.query)[index]!;
  return {
    kind: "multiField",
    link,
    index,
    type: expr.type,
    typmod: expr.typmod,
    collation: expr.collation ?? 0,
  };
}

/** `SET column[1] = x`, `SET column.field = x` */
function assignPart(
  a: Analyser,
  level: Level,
  relation: Relation,
  attnum: number,
  steps: readonly Node[],
  value: Expr,
  before: Expr | undefined,
  location: number | undefined,
): Expr {
  const { ctx } = a;
  const column = relation.columns.find((c) => c.attnum === attnum)!;
  const base: Expr =
    before ??
    analyseExpr(a, level, {
      ColumnRef: {
        fields: [{ String: { sval: targetAlias(level, relation) } }, { String: { sval: column.name } }],
      },
    } as Node);
  if (steps.some((step) => step.String !== undefined))
    throw notSupported("assignment to a field of a column", location);
  const indices = steps.map((step) => step.A_Indices!);
  const type = ctx.base(column.type).oid;
  const isJson = type === oid.jsonb;
  const slice = indices.some((index) => index.is_slice === true);
  const element = isJson ? oid.jsonb : slice ? type : ctx.elementOf(type);
  if (element === undefined) {
    throw new PgError(
      "42804",
      `cannot subscript type ${ctx.formatType(column.type)} because it does not support subscripting`,
      {},
      location,
    );
  }
  const converted = coerceToTarget(
    ctx,
    value,
    element,
    slice ? column.typmod : column.typmod,
    "assignment",
    "implicit",
  );
  if (converted === undefined) {
    throw new PgError(
      "42804",
      `subscripted assignment to "${column.name}" requires type ${ctx.formatType(element)} but expression is of type ${ctx.formatType(value.type)}`,
      { hint: "You will need to rewrite or cast the expression." },
      location,
    );
  }
  const bound = (n: Node | undefined): Expr => {
    if (n === undefined) return { kind: "const", value: null, type: oid.int4, typmod: -1 };
    const expr = analyseExpr(a, level, n);
    const wanted = isJson && expr.type === oid.unknown ? oid.text : oid.int4;
    return coerceToTarget(ctx, expr, wanted, -1, "assignment", "implicit") ?? expr;
  };
  const bounds = indices.flatMap((index) =>
    slice
      ? [
          bound((index.is_slice === true ? index.lidx : undefined) as Node | undefined),
          bound(index.uidx as Node | undefined),
        ]
      : [bound(index.uidx as Node)],
  );
  return {
    kind: "special",
    name: isJson ? "jsonbAssign" : slice ? "arraySliceAssign" : "arrayAssign",
    args: [base, converted, ...bounds],
    options: { given: indices.map((index) => [index.lidx !== undefined, index.uidx !== undefined]) },
    type: column.type,
    typmod: column.typmod,
    location,
  };
}

function targetAlias(level: Level, relation: Relation): string {
  return level.namespace.find((item) => item.entry?.relation?.oid === relation.oid)?.alias ?? relation.name;
}

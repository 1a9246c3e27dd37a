import { PgError } from "../errors.ts";
import type { Node, pg } from "../parse/ast.ts";
import { coerceToCommon, commonCollation, commonType } from "./coerce.ts";
import { entryColumn, type Level } from "./context.ts";
import type { EntryColumn, Expr, Query, RangeEntry, SelectQuery, Target } from "./expr.ts";
import { outputTargets } from "./expr.ts";
import { analyseExpr } from "./expressions.ts";
import { type Analyser, itemOf } from "./from.ts";
import { analyseLimits, analyseOrderBy } from "./ordering.ts";
import { refuseLocks } from "./row-locks.ts";
import { requireEquality } from "./sort-keys.ts";

const words = { SETOP_UNION: "UNION", SETOP_INTERSECT: "INTERSECT", SETOP_EXCEPT: "EXCEPT" } as const;
const ops = { SETOP_UNION: "union", SETOP_INTERSECT: "intersect", SETOP_EXCEPT: "except" } as const;

function varsOf(entry: RangeEntry): Target[] {
  return entry.columns.map((column) => ({
    name: column.name,
    junk: false,
    expr: {
      kind: "var",
      levelsUp: 0,
      entry,
      attnum: column.attnum,
      type: column.type,
      typmod: column.typmod,
      collation: column.collation,
    },
  }));
}

function empty(ctes: SelectQuery["ctes"]): Omit<SelectQuery, "targets" | "orderBy"> {
  return {
    command: "select",
    ctes,
    from: [],
    grouped: false,
    groupBy: [],
    aggregates: [],
    windows: [],
    withTies: false,
    locks: [],
    targetSets: false,
  };
}

/** UNION, INTERSECT, EXCEPT. The ORDER BY of the whole sees the result's columns only. */
export function analyseSetOperation(
  a: Analyser,
  level: Level,
  node: pg.SelectStmt,
  ctes: SelectQuery["ctes"],
): SelectQuery {
  const { ctx } = a;
  const kind = node.op as keyof typeof words;
  const word = words[kind];
  refuseLocks(node, "is not allowed with UNION/INTERSECT/EXCEPT");
  const side = (stmt: pg.SelectStmt): SelectQuery => {
    if (stmt.intoClause !== undefined)
      throw new PgError("42601", "INTO is only allowed on first SELECT of UNION/INTERSECT/EXCEPT");
    refuseLocks(stmt, "is not allowed with UNION/INTERSECT/EXCEPT");
    return a.select(stmt, level, true);
  };
  const left = side(node.larg!);
  const right = side(node.rarg!);
  const lefts = outputTargets(left);
  const rights = outputTargets(right);
  if (lefts.length !== rights.length) {
    throw new PgError(
      "42601",
      `each ${word} query must have the same number of columns`,
      {},
      rights[0]?.expr.location,
    );
  }
  const leftExprs: Expr[] = [];
  const rightExprs: Expr[] = [];
  const columns: EntryColumn[] = lefts.map((target, i) => {
    const l = target.expr;
    const r = rights[i]!.expr;
    const type = commonType(ctx, [l, r], word);
    const lc = coerceToCommon(ctx, l, type, word);
    const rc = coerceToCommon(ctx, r, type, word);
    leftExprs.push(lc);
    rightExprs.push(rc);
    const typmod = l.type === r.type && l.typmod === r.typmod ? l.typmod : -1;
    if (node.all !== true) requireEquality(ctx, { ...lc, type });
    return {
      name: target.name,
      type,
      typmod,
      collation: commonCollation(ctx, [lc, rc], type),
      attnum: i + 1,
    };
  });
  const entry: RangeEntry = {
    id: ctx.nextEntryId(),
    kind: "result",
    alias: "",
    columns,
    used: new Set(columns.map((column) => column.attnum)),
  };
  const targets = varsOf(entry);
  const visible = targets.length;
  level.namespace = [{ ...itemOf(entry), tableVisible: false }];
  const orderBy = analyseOrderBy(a, level, (node.sortClause ?? []) as Node[], targets);
  if (targets.length > visible) {
    throw new PgError(
      "0A000",
      `invalid ${"UNION/INTERSECT/EXCEPT"} ORDER BY clause`,
      {
        detail: "Only result column names can be used, not expressions or functions.",
        hint: "Add the expression/function to every SELECT, or move the UNION into a FROM clause.",
      },
      targets[visible]!.expr.location,
    );
  }
  return {
    ...empty(ctes),
    targets,
    orderBy,
    ...analyseLimits(a, level, node),
    setOperation: {
      op: ops[kind],
      all: node.all === true,
      left: withOutputs(left, leftExprs),
      right: withOutputs(right, rightExprs),
      columns,
      entry,
    },
  };
}

/** The query with its visible columns replaced by conversions of them. */
function withOutputs(query: SelectQuery, exprs: readonly Expr[]): Query {
  let at = 0;
  return {
    ...query,
    targets: query.targets.map((target) => (target.junk ? target : { ...target, expr: exprs[at++]! })),
  };
}

/** VALUES as a query. */
export function analyseValues(
  a: Analyser,
  level: Level,
  node: pg.SelectStmt,
  ctes: SelectQuery["ctes"],
  keepUnknown: boolean,
): SelectQuery {
  const { ctx } = a;
  level.place = "VALUES";
  const rows = ((node.valuesLists ?? []) as Node[]).map((list) =>
    ((list.List?.items ?? []) as Node[]).map((item) => {
      if (item.SetToDefault !== undefined && !keepUnknown)
        throw new PgError("42601", "DEFAULT is not allowed in this context", {}, item.SetToDefault.location);
      return analyseExpr(a, level, item);
    }),
  );
  const width = rows[0]?.length ?? 0;
  const odd = rows.find((row) => row.length !== width);
  if (odd !== undefined)
    throw new PgError("42601", "VALUES lists must all be the same length", {}, odd[0]?.location);
  const columns: EntryColumn[] = [];
  for (let i = 0; i < width; i++) {
    const inputs = rows.map((row) => row[i]!);
    const name = `column${i + 1}`;
    if (keepUnknown) {
      columns.push(entryColumn(name, inputs[0]!, i + 1));
      continue;
    }
    const type = commonType(ctx, inputs, "VALUES");
    const exprs = inputs.map((expr) => coerceToCommon(ctx, expr, type, "VALUES"));
    for (const [r, row] of rows.entries()) row[i] = exprs[r]!;
    const typmod = exprs.every((expr) => expr.typmod === exprs[0]!.typmod) ? exprs[0]!.typmod : -1;
    columns.push({ name, type, typmod, collation: commonCollation(ctx, exprs, type), attnum: i + 1 });
  }
  const entry: RangeEntry = {
    id: ctx.nextEntryId(),
    kind: "values",
    alias: "*VALUES*",
    columns,
    used: new Set(columns.map((column) => column.attnum)),
    values: rows,
  };
  const targets = varsOf(entry);
  level.namespace = [itemOf(entry)];
  const orderBy = analyseOrderBy(a, level, (node.sortClause ?? []) as Node[], targets);
  const limits = analyseLimits(a, level, node);
  refuseLocks(node, "cannot be applied to VALUES");
  return { ...empty(ctes), from: [{ kind: "entry", entry }], targets, orderBy, ...limits };
}

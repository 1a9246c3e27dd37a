import { notSupported, PgError } from "../errors.ts";
import { at, type Node, type pg, strings } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import { coerce, resolveUnknown } from "./coerce.ts";
import type { AnalyseContext, Level } from "./context.ts";
import { entryColumn } from "./context.ts";
import type { Cte, EntryColumn, Query, RangeEntry, SelectQuery, Target } from "./expr.ts";
import { outputTargets } from "./expr.ts";
import type { Analyser } from "./from.ts";
import { checkRecursion } from "./recursion-rules.ts";
import {
  addedColumns,
  analyseClauses,
  carryColumns,
  checkClauses,
  checkTerms,
  entriesOfFrom,
  recursionColumns,
} from "./search-cycle.ts";
import { requireEquality } from "./sort-keys.ts";

/** `WITH RECURSIVE name AS (non-recursive term UNION [ALL] recursive term) [SEARCH ...] [CYCLE ...]` */
export function analyseRecursive(
  a: Analyser,
  level: Level,
  item: pg.CommonTableExpr,
  materialized: Cte["materialized"],
): Cte {
  const { ctx } = a;
  const name = item.ctename ?? "";
  const select = (item.ctequery as Node).SelectStmt;
  const location = at(item.location);
  if (select?.op !== "SETOP_UNION" || select.larg === undefined || select.rarg === undefined) {
    throw new PgError(
      "42P19",
      `recursive query "${name}" does not have the form non-recursive-term UNION [ALL] recursive-term`,
      {},
      location,
    );
  }
  checkRecursion(name, select, location);
  if (select.withClause !== undefined)
    throw notSupported("WITH before the terms of a recursive query", location);
  const first = resolvedTargets(ctx, a.subquery({ SelectStmt: select.larg } as Node, level));
  const names = strings(item.aliascolnames as Node[] | undefined);
  const own: EntryColumn[] = outputTargets(first).map((target, i) =>
    entryColumn(names[i] ?? target.name, target.expr, i + 1),
  );
  const clauses = analyseClauses(a, level, item, own);
  const added = clauses === undefined ? [] : addedColumns(clauses);
  const columns = [...own, ...added];
  const cte: Cte = {
    name,
    query: first,
    columns,
    recursive: true,
    materialized,
    references: 0,
    clauses,
  };
  level.ctes.set(name, cte);
  const second = a.subquery({ SelectStmt: select.rarg } as Node, level);
  refuseAggregates(second, cte);
  const coerced = coerceRecursive(ctx, second, own, name, location);
  let right = coerced;
  if (clauses !== undefined) {
    checkTerms(select);
    checkClauses(item, own);
    right = carryColumns(coerced, cte, added);
  }
  if (select.all !== true) for (const target of outputTargets(first)) requireEquality(ctx, target.expr);
  const entry: RangeEntry = {
    id: ctx.nextEntryId(),
    kind: "result",
    alias: "",
    columns,
    used: new Set(columns.map((column) => column.attnum)),
  };
  const targets: Target[] = columns.map((column, i) => ({
    name: column.name,
    junk: false,
    expr: {
      kind: "var",
      levelsUp: 0,
      entry,
      attnum: i + 1,
      type: column.type,
      typmod: column.typmod,
      collation: column.collation,
    },
  }));
  const union: SelectQuery = {
    command: "select",
    ctes: [],
    from: [],
    targets,
    grouped: false,
    groupBy: [],
    aggregates: [],
    windows: [],
    orderBy: [],
    withTies: false,
    locks: [],
    targetSets: false,
    setOperation: {
      op: "union",
      all: select.all === true,
      left: first,
      right,
      columns,
      entry,
      recursive: cte,
      added: clauses === undefined ? undefined : recursionColumns(ctx, clauses, columns),
    },
  };
  cte.query = union;
  return cte;
}

/** @throws PgError 42P19 */
function refuseAggregates(term: Query, cte: Cte): void {
  if (term.command !== "select" || term.aggregates.length === 0) return;
  if (entriesOfFrom(term.from).some((entry) => entry.cte === cte))
    throw new PgError(
      "42P19",
      "aggregate functions are not allowed in a recursive query's recursive term",
      {},
      term.aggregates[0]!.location,
    );
}

function resolvedTargets(ctx: AnalyseContext, query: Query): Query {
  if (query.command !== "select") return query;
  return {
    ...query,
    targets: query.targets.map((target) =>
      target.expr.type === oid.unknown ? { ...target, expr: resolveUnknown(ctx, target.expr) } : target,
    ),
  };
}

function coerceRecursive(
  ctx: AnalyseContext,
  query: Query,
  columns: readonly EntryColumn[],
  name: string,
  location: number | undefined,
): Query {
  if (query.command !== "select") return query;
  const outputs = outputTargets(query);
  if (outputs.length !== columns.length)
    throw new PgError("42601", "each UNION query must have the same number of columns", {}, location);
  let at = 0;
  const targets = query.targets.map((target) => {
    if (target.junk) return target;
    const column = columns[at++]!;
    if (target.expr.type !== column.type && target.expr.type !== oid.unknown) {
      throw new PgError(
        "42804",
        `recursive query "${name}" column ${at} has type ${ctx.formatType(column.type, column.typmod)} in non-recursive term but type ${ctx.formatType(target.expr.type, target.expr.typmod)} overall`,
        { hint: "Cast the output of the non-recursive term to the correct type." },
        target.expr.location,
      );
    }
    return target.expr.type === oid.unknown
      ? { ...target, expr: coerce(ctx, target.expr, column.type, -1, "implicit") }
      : target;
  });
  return { ...query, targets };
}

import type { Relation } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import { at, type Node, type pg } from "../parse/ast.ts";
import { analyseAssignments } from "./assignments.ts";
import { coerceToBoolean } from "./coerce.ts";
import { type AnalyseContext, Level } from "./context.ts";
import { analyseWith } from "./ctes.ts";
import type {
  Assignment,
  DeleteQuery,
  Expr,
  FromNode,
  MergeAction,
  MergeQuery,
  RangeEntry,
  UpdateQuery,
} from "./expr.ts";
import { analyseExpr } from "./expressions.ts";
import { analyseFrom, tableEntry, targetItem } from "./from.ts";
import { analyseReturning, assign, targetRelation } from "./modify.ts";
import type { ModifyAnalyser } from "./modify-analyser.ts";
import { throughViews } from "./updatable-views.ts";

export function analyseUpdate(
  a: ModifyAnalyser,
  node: pg.UpdateStmt,
  parent: Level | undefined,
): UpdateQuery {
  const { ctx } = a;
  const level = new Level(parent);
  const ctes = analyseWith(a, level, node.withClause);
  const relation = targetRelation(ctx, node.relation!);
  const target = changedEntry(ctx, relation, node.relation!);
  const from = fromBeside(a, level, (node.fromClause ?? []) as Node[], target);
  const sets = analyseAssignments(a, level, relation, (node.targetList ?? []) as Node[], assign).map((set) =>
    withDefault(a, relation, set),
  );
  level.place = "WHERE";
  const where =
    node.whereClause === undefined
      ? undefined
      : coerceToBoolean(ctx, analyseExpr(a, level, node.whereClause as Node), "WHERE");
  const oldEntry = tableEntry(ctx, relation, "old");
  const returned = analyseReturning(a, level, node.returningClause, target, oldEntry);
  const query = throughViews(a, {
    command: "update",
    ctes,
    relation,
    target,
    oldEntry,
    ...returned,
    from,
    where,
    sets,
  });
  checkSets(query.relation, query.sets);
  return query;
}

export function analyseDelete(
  a: ModifyAnalyser,
  node: pg.DeleteStmt,
  parent: Level | undefined,
): DeleteQuery {
  const { ctx } = a;
  const level = new Level(parent);
  const ctes = analyseWith(a, level, node.withClause);
  const relation = targetRelation(ctx, node.relation!);
  const target = changedEntry(ctx, relation, node.relation!);
  const from = fromBeside(a, level, (node.usingClause ?? []) as Node[], target);
  level.place = "WHERE";
  const where =
    node.whereClause === undefined
      ? undefined
      : coerceToBoolean(ctx, analyseExpr(a, level, node.whereClause as Node), "WHERE");
  const oldEntry = tableEntry(ctx, relation, "old");
  const returned = analyseReturning(a, level, node.returningClause, target, oldEntry);
  return throughViews(a, { command: "delete", ctes, relation, target, oldEntry, ...returned, from, where });
}

function changedEntry(ctx: AnalyseContext, relation: Relation, name: pg.RangeVar): RangeEntry {
  const entry = tableEntry(ctx, relation, name.alias?.aliasname ?? relation.name);
  return name.inh === true ? entry : { ...entry, only: true };
}

/** FROM of UPDATE and USING of DELETE: the target stands beside them, first in the namespace. */
function fromBeside(
  a: ModifyAnalyser,
  level: Level,
  nodes: readonly Node[],
  target: ReturnType<typeof tableEntry>,
): FromNode[] {
  const from = analyseFrom(a, level, nodes);
  if (level.namespace.some((item) => item.tableVisible && item.alias === target.alias))
    throw new PgError("42712", `table name "${target.alias}" specified more than once`);
  level.namespace = [targetItem(a, target), ...level.namespace];
  return from;
}

/** A column without a default of its own has NULL; so has one of a view, whatever its table says. */
function withDefault(a: ModifyAnalyser, relation: Relation, set: Assignment): Assignment {
  const { attnum, expr } = set;
  if (expr.kind !== "default") return set;
  const column = relation.columns.find((c) => c.attnum === attnum)!;
  if (column.generated !== undefined) return set;
  const none: Expr = { kind: "const", value: null, type: column.type, typmod: column.typmod };
  return { attnum, expr: a.defaultOf(relation, attnum) ?? none };
}

/** @throws PgError 428C9 */
function checkSets(relation: Relation, sets: readonly Assignment[]): void {
  for (const { attnum, expr } of sets) checkGenerated(relation, attnum, expr, "UPDATE");
}

/** A generated column takes DEFAULT only. */
function checkGenerated(relation: Relation, attnum: number, expr: Expr, word: "UPDATE"): void {
  const column = relation.columns.find((c) => c.attnum === attnum)!;
  if (column.generated !== undefined && expr.kind !== "default") {
    throw new PgError("428C9", `column "${column.name}" can only be updated to DEFAULT`, {
      detail: `Column "${column.name}" is a generated column.`,
    });
  }
  if (column.identity === "a" && word === "UPDATE" && expr.kind !== "default" && !isDefaultExpr(expr)) {
    throw new PgError("428C9", `column "${column.name}" can only be updated to DEFAULT`, {
      detail: `Column "${column.name}" is an identity column defined as GENERATED ALWAYS.`,
    });
  }
}

function isDefaultExpr(expr: Expr): boolean {
  return expr.kind === "func" && expr.proc.name === "nextval";
}

export function analyseMerge(a: ModifyAnalyser, node: pg.MergeStmt, parent: Level | undefined): MergeQuery {
  const { ctx } = a;
  const level = new Level(parent);
  const ctes = analyseWith(a, level, node.withClause);
  const relation = targetRelation(ctx, node.relation!);
  const target = changedEntry(ctx, relation, node.relation!);
  const [source] = analyseFrom(a, level, [node.sourceRelation as Node]);
  const sourceItems = level.namespace;
  if (sourceItems.some((item) => item.tableVisible && item.alias === target.alias)) {
    throw new PgError("42712", `name "${target.alias}" specified more than once`, {
      detail: "The name is used both as MERGE target table and data source.",
    });
  }
  const changed = targetItem(a, target);
  level.namespace = [changed, ...sourceItems];
  level.place = "JOIN/ON";
  const on = coerceToBoolean(ctx, analyseExpr(a, level, node.joinCondition as Node), "JOIN/ON");
  const actions = ((node.mergeWhenClauses ?? []) as Node[]).map((item): MergeAction => {
    const clause = item.MergeWhenClause!;
    const match =
      clause.matchKind === "MERGE_WHEN_MATCHED"
        ? "matched"
        : clause.matchKind === "MERGE_WHEN_NOT_MATCHED_BY_SOURCE"
          ? "notMatchedBySource"
          : "notMatched";
    level.namespace =
      match === "matched" ? [changed, ...sourceItems] : match === "notMatched" ? sourceItems : [changed];
    level.place = "MERGE WHEN";
    const condition =
      clause.condition === undefined
        ? undefined
        : coerceToBoolean(ctx, analyseExpr(a, level, clause.condition as Node), "WHEN");
    const base = { match, condition, columns: [], values: [], sets: [] } as const;
    switch (clause.commandType) {
      case "CMD_DELETE":
        return { ...base, action: "delete" };
      case "CMD_NOTHING":
        return { ...base, action: "nothing" };
      case "CMD_UPDATE": {
        const sets = analyseAssignments(a, level, relation, (clause.targetList ?? []) as Node[], assign).map(
          (set) => withDefault(a, relation, set),
        );
        return { ...base, action: "update", sets };
      }
      default:
        return { ...base, action: "insert", ...mergeInsert(a, level, relation, clause) };
    }
  });
  level.namespace = [changed, ...sourceItems];
  const defaults = new Map<number, Expr>();
  for (const column of relation.columns) {
    if (column.dropped === true || column.generated !== undefined) continue;
    const expr = a.defaultOf(relation, column.attnum);
    if (expr !== undefined) defaults.set(column.attnum, expr);
  }
  const oldEntry = tableEntry(ctx, relation, "old");
  const returned = analyseReturning(a, level, node.returningClause, target, oldEntry);
  const query = throughViews(a, {
    command: "merge",
    ctes,
    relation,
    target,
    oldEntry,
    ...returned,
    source: source!,
    on,
    actions,
    defaults,
  });
  for (const { sets } of query.actions) checkSets(query.relation, sets);
  return query;
}

function mergeInsert(
  a: ModifyAnalyser,
  level: Level,
  relation: Relation,
  clause: pg.MergeWhenClause,
): { columns: number[]; values: Expr[] } {
  const live = relation.columns.filter((column) => column.dropped !== true);
  const given = (clause.targetList ?? []) as Node[];
  const values = (clause.values ?? []) as Node[];
  const names = given.map((node) => node.ResTarget!);
  const columns =
    names.length === 0
      ? live.slice(0, values.length).map((column) => column.attnum)
      : names.map(({ name, location }) => {
          const column = live.find((c) => c.name === name);
          if (column === undefined)
            throw new PgError(
              "42703",
              `column "${name}" of relation "${relation.name}" does not exist`,
              {},
              at(location),
            );
          return column.attnum;
        });
  if (values.length > columns.length)
    throw new PgError("42601", "INSERT has more expressions than target columns");
  if (values.length < columns.length && names.length > 0)
    throw new PgError("42601", "INSERT has more target columns than expressions");
  level.place = "VALUES";
  return {
    columns,
    values: values.map((value, i) => assign(a.ctx, relation, columns[i]!, analyseExpr(a, level, value))),
  };
}

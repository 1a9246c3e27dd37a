import type { Relation } from "../catalog/model.ts";
import { notSupported, PgError } from "../errors.ts";
import { at, type Node, type pg } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import { analyseAssignments } from "./assignments.ts";
import { coerceToBoolean, coerceToTarget } from "./coerce.ts";
import { type AnalyseContext, entryColumn, Level, type NamespaceItem } from "./context.ts";
import { analyseWith } from "./ctes.ts";
import type { Assignment, Expr, InsertQuery, OnConflict, RangeEntry, SelectQuery, Target } from "./expr.ts";
import { exprKey, outputTargets } from "./expr.ts";
import { analyseExpr } from "./expressions.ts";
import { type Analyser, findRelation, itemOf, tableEntry, targetItem } from "./from.ts";
import type { ModifyAnalyser } from "./modify-analyser.ts";
import { analyseTargets } from "./targets.ts";
import { tableUnder, throughViews } from "./updatable-views.ts";

export function targetRelation(ctx: AnalyseContext, name: pg.RangeVar): Relation {
  const relation = findRelation(ctx, name);
  if (relation.system === true) throw new PgError("42501", `permission denied for table ${relation.name}`);
  if (relation.kind === "r" || relation.kind === "p" || relation.kind === "v") return relation;
  const what = relation.kind === "m" ? "materialized view" : relation.kind === "S" ? "sequence" : "relation";
  throw new PgError("42809", `cannot change ${what} "${relation.name}"`);
}

/** RETURNING sees the new row, and `old` and `new`. */
export function analyseReturning(
  a: Analyser,
  level: Level,
  clause: pg.ReturningClause | undefined,
  target: RangeEntry,
  oldEntry: RangeEntry,
): { returning: Target[]; returns: boolean } {
  if (clause === undefined) return { returning: [], returns: false };
  level.place = "RETURNING";
  const names = { RETURNING_OPTION_OLD: "old", RETURNING_OPTION_NEW: "new" };
  for (const option of (clause.options ?? []) as Node[]) {
    const { option: kind, value } = option.ReturningOption!;
    names[kind as keyof typeof names] = value ?? "";
  }
  const aliases = new Set(level.namespace.map((item) => item.alias));
  const hidden = (entry: RangeEntry, alias: string): NamespaceItem[] =>
    aliases.has(alias) ? [] : [{ ...itemOf(entry), alias, columnsVisible: false, tableVisible: true }];
  const before = level.namespace;
  level.namespace = [
    ...before,
    ...hidden(oldEntry, names.RETURNING_OPTION_OLD),
    ...hidden(target, names.RETURNING_OPTION_NEW),
  ];
  const returning = analyseTargets(a, level, (clause.exprs ?? []) as Node[]).map((t) =>
    t.expr.type === oid.unknown
      ? { ...t, expr: coerceToTarget(a.ctx, t.expr, oid.text, -1, "implicit", "implicit")! }
      : t,
  );
  level.namespace = before;
  return { returning, returns: true };
}

export function analyseInsert(
  a: ModifyAnalyser,
  node: pg.InsertStmt,
  parent: Level | undefined,
): InsertQuery {
  const { ctx } = a;
  const level = new Level(parent);
  const ctes = analyseWith(a, level, node.withClause);
  const relation = targetRelation(ctx, node.relation!);
  const alias = node.relation?.alias?.aliasname ?? relation.name;
  const target = tableEntry(ctx, relation, alias);
  const named = insertColumns(relation, (node.cols ?? []) as Node[]);
  const isDefaultValues = node.selectStmt === undefined;
  const select = (node.selectStmt as Node | undefined)?.SelectStmt;
  const source = select === undefined ? undefined : a.select(select, level, true);
  const { attnums, values, sourceEntry } = bindSource(
    a,
    level,
    relation,
    named,
    source,
    (node.cols ?? []) as Node[],
  );
  const defaults = new Map<number, Expr>();
  for (const column of relation.columns) {
    if (column.dropped === true || column.generated !== undefined) continue;
    const expr = a.defaultOf(relation, column.attnum);
    if (expr !== undefined) defaults.set(column.attnum, expr);
  }
  level.namespace = [targetItem(a, target)];
  const onConflict =
    node.onConflictClause === undefined
      ? undefined
      : analyseOnConflict(a, level, relation, target, node.onConflictClause);
  const oldEntry = tableEntry(ctx, relation, "old");
  const returned = analyseReturning(a, level, node.returningClause, target, oldEntry);
  const overriding =
    node.override === "OVERRIDING_SYSTEM_VALUE"
      ? "system"
      : node.override === "OVERRIDING_USER_VALUE"
        ? "user"
        : "none";
  return throughViews(a, {
    command: "insert",
    ctes,
    relation,
    target,
    oldEntry,
    ...returned,
    columns: attnums,
    source: isDefaultValues ? undefined : source,
    values,
    sourceEntry,
    defaults,
    overriding,
    onConflict,
  });
}

function insertColumns(relation: Relation, cols: readonly Node[]): number[] {
  const live = relation.columns.filter((column) => column.dropped !== true);
  if (cols.length === 0) return live.map((column) => column.attnum);
  const seen = new Set<number>();
  return cols.map((col) => {
    const { name = "", location, indirection } = col.ResTarget!;
    const column = live.find((c) => c.name === name);
    if (column === undefined)
      throw new PgError(
        "42703",
        `column "${name}" of relation "${relation.name}" does not exist`,
        {},
        at(location),
      );
    if (indirection !== undefined) throw notSupported("INSERT into a part of a column", at(location));
    if (seen.has(column.attnum))
      throw new PgError("42701", `column "${name}" specified more than once`, {}, at(location));
    seen.add(column.attnum);
    return column.attnum;
  });
}

/** How the source's columns become the table's: converted as an assignment. */
function bindSource(
  a: ModifyAnalyser,
  level: Level,
  relation: Relation,
  named: readonly number[],
  source: SelectQuery | undefined,
  cols: readonly Node[],
): { attnums: number[]; values: Expr[]; sourceEntry: RangeEntry | undefined } {
  if (source === undefined) return { attnums: [], values: [], sourceEntry: undefined };
  const { ctx } = a;
  void level;
  const targets = outputTargets(source);
  if (targets.length > named.length)
    throw new PgError(
      "42601",
      "INSERT has more expressions than target columns",
      {},
      targets[named.length]!.expr.location,
    );
  if (cols.length > 0 && targets.length < named.length)
    throw new PgError(
      "42601",
      "INSERT has more target columns than expressions",
      {},
      at(cols[targets.length]!.ResTarget?.location),
    );
  const attnums = named.slice(0, targets.length);
  // VALUES rows are converted one by one, so that a literal takes the column's type.
  const only = source.from[0];
  const valuesEntry =
    source.from.length === 1 && only?.kind === "entry" && only.entry.kind === "values"
      ? only.entry
      : undefined;
  if (valuesEntry?.values !== undefined && !targets.some((t) => t.expr.kind !== "var")) {
    for (const row of valuesEntry.values as Expr[][]) {
      for (const [i, expr] of row.entries()) row[i] = assign(ctx, relation, attnums[i]!, expr);
    }
    const entry = sourceEntryOf(
      ctx,
      targets.map((_, i) => columnType(relation, attnums[i]!)),
    );
    retype(valuesEntry, entry);
    return { attnums, values: vars(entry), sourceEntry: entry };
  }
  // A literal of the target list is converted where it stands.
  const converted = source.setOperation === undefined && source.distinct === undefined;
  if (converted) {
    let i = 0;
    const list = source.targets as Target[];
    for (const [at, target] of list.entries()) {
      if (target.junk) continue;
      const attnum = attnums[i++]!;
      if (target.expr.type === oid.unknown)
        list[at] = { ...target, expr: assign(ctx, relation, attnum, target.expr) };
    }
  }
  const outputs = outputTargets(source);
  const entry = sourceEntryOf(
    ctx,
    outputs.map(({ expr }) => expr),
  );
  const values = vars(entry).map((expr, i) => assign(ctx, relation, attnums[i]!, expr));
  return { attnums, values, sourceEntry: entry };
}

function columnType(relation: Relation, attnum: number): Pick<Expr, "type" | "typmod" | "collation"> {
  return relation.columns.find((column) => column.attnum === attnum)!;
}

function sourceEntryOf(
  ctx: AnalyseContext,
  types: readonly Pick<Expr, "type" | "typmod" | "collation">[],
): RangeEntry {
  const columns = types.map((type, i) => entryColumn(`column${i + 1}`, type, i + 1));
  return {
    id: ctx.nextEntryId(),
    kind: "result",
    alias: "",
    columns,
    used: new Set(columns.map((c) => c.attnum)),
  };
}

function vars(entry: RangeEntry): Expr[] {
  return entry.columns.map((column) => ({
    kind: "var",
    levelsUp: 0,
    entry,
    attnum: column.attnum,
    type: column.type,
    typmod: column.typmod,
    collation: column.collation,
  }));
}

/** The VALUES list now has the columns' types. */
function retype(values: RangeEntry, source: RangeEntry): void {
  (values as { columns: RangeEntry["columns"] }).columns = values.columns.map((column, i) => ({
    ...column,
    type: source.columns[i]!.type,
    typmod: source.columns[i]!.typmod,
  }));
}

/** An expression as a column takes it. @throws PgError 42804 */
export function assign(ctx: AnalyseContext, relation: Relation, attnum: number, expr: Expr): Expr {
  const column = relation.columns.find((c) => c.attnum === attnum)!;
  if (expr.kind === "default") return { ...expr, type: column.type, typmod: column.typmod };
  const coerced = coerceToTarget(ctx, expr, column.type, column.typmod, "assignment", "implicit");
  if (coerced === undefined) {
    throw new PgError(
      "42804",
      `column "${column.name}" is of type ${ctx.formatType(column.type)} but expression is of type ${ctx.formatType(expr.type)}`,
      { hint: "You will need to rewrite or cast the expression." },
      expr.location,
    );
  }
  return coerced;
}

function analyseOnConflict(
  a: ModifyAnalyser,
  level: Level,
  relation: Relation,
  target: RangeEntry,
  node: pg.OnConflictClause,
): OnConflict {
  const { ctx } = a;
  const action = node.action === "ONCONFLICT_UPDATE" ? "update" : "nothing";
  const excluded = tableEntry(ctx, relation, "excluded");
  const infer = node.infer;
  if (action === "update" && infer === undefined) {
    throw new PgError(
      "42601",
      "ON CONFLICT DO UPDATE requires inference specification or constraint name",
      { hint: "For example, ON CONFLICT (column_name)." },
      at(node.location),
    );
  }
  const arbiter: Pick<OnConflict, "indexes" | "constraint" | "keys"> =
    infer === undefined ? { indexes: [] } : inferIndexes(a, level, relation, infer);
  if (action === "update" && arbiter.constraint?.type === "x")
    throw new PgError("42809", "ON CONFLICT DO UPDATE not supported with exclusion constraints");
  const before = level.namespace;
  let sets: Assignment[] = [];
  let where: Expr | undefined;
  if (action === "update") {
    level.namespace = [...before, { ...itemOf(excluded), columnsVisible: false }];
    // Names without a table are the target's own.
    sets = analyseAssignments(a, level, relation, (node.targetList ?? []) as Node[], assign);
    if (node.whereClause !== undefined) {
      level.place = "WHERE";
      where = coerceToBoolean(ctx, analyseExpr(a, level, node.whereClause as Node), "WHERE");
    }
    level.namespace = before;
  }
  void target;
  return { action, ...arbiter, sets, where, excluded };
}

function inferIndexes(
  a: ModifyAnalyser,
  level: Level,
  relation: Relation,
  infer: pg.InferClause,
): Pick<OnConflict, "indexes" | "constraint" | "keys"> {
  const { ctx } = a;
  const { relation: table, attnumOf } = tableUnder(a, relation);
  if (infer.conname !== undefined) {
    const constraint = ctx.catalog.constraintsOf(relation.oid).find((c) => c.name === infer.conname);
    if (constraint === undefined)
      throw new PgError("42704", `constraint "${infer.conname}" for table "${relation.name}" does not exist`);
    if (constraint.type !== "p" && constraint.type !== "u" && constraint.type !== "x")
      throw new PgError("42809", "constraint in ON CONFLICT clause has no associated index");
    return { indexes: [constraint.index], constraint, keys: constraint.keys };
  }
  const wanted = new Set<string>();
  const named: number[] = [];
  for (const element of (infer.indexElems ?? []) as Node[]) {
    const { name, expr } = element.IndexElem!;
    if (name !== undefined) {
      const column = relation.columns.find((c) => c.name === name && c.dropped !== true);
      if (column === undefined)
        throw new PgError("42703", `column "${name}" does not exist`, {}, at(infer.location));
      wanted.add(`#${attnumOf(column.attnum)}`);
      named.push(column.attnum);
    } else {
      level.place = "INDEX";
      wanted.add(keyText(analyseExpr(a, level, expr as Node)));
    }
  }
  const indexes = ctx.catalog.indexesOf(table.oid).filter((index) => {
    if (!index.unique) return false;
    if (index.predicate !== undefined && infer.whereClause === undefined) return false;
    const keys = new Set(
      index.keys.map((key) =>
        key.expression === undefined
          ? `#${key.attnum}`
          : keyText(a.expressionOf(table, key.expression, level)),
      ),
    );
    return keys.size === wanted.size && [...wanted].every((key) => keys.has(key));
  });
  if (indexes.length === 0) {
    throw new PgError(
      "42P10",
      "there is no unique or exclusion constraint matching the ON CONFLICT specification",
    );
  }
  const deferrable = ctx.catalog
    .constraintsOf(table.oid)
    .find((c) => indexes.some((i) => i.oid === c.index) && c.deferrable);
  if (deferrable !== undefined)
    throw new PgError(
      "55000",
      "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters",
    );
  return { indexes: indexes.map((index) => index.oid), keys: named };
}

/** Keys of expressions over one table, whichever range table entry stands for it. */
function keyText(expr: Expr): string {
  return exprKey(expr).replace(/v0\.\d+\./g, "v.");
}

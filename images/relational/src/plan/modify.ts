import type {
  ChangeQuery,
  DeleteQuery,
  Expr,
  InsertQuery,
  MergeQuery,
  Query,
  RangeEntry,
  UpdateQuery,
} from "../analyse/expr.ts";
import type { Column, Relation } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import type { Compiled } from "../run/compiler.ts";
import { type Env, type Exec, pauseEvery, type Rows } from "../run/exec.ts";
import { entryWidth, rowidSlot, Scope } from "../run/scope.ts";
import type { Datum, Row } from "../types/datum.ts";
import { changerOf } from "./changer-of.ts";
import type { CompiledQuery, PlanContext } from "./context.ts";
import { planFrom } from "./from.ts";
import type { RowChanger } from "./row-changer.ts";
import { planRowSecurity, type RowGuards } from "./row-security.ts";
import { planViewChecks } from "./view-checks.ts";

/** Marks all columns of a table as read: what is changed is needed whole. */
function useAll(entry: RangeEntry): void {
  for (const column of entry.columns) entry.used.add(column.attnum);
}

function planCtes(ctx: PlanContext, query: Query, own: Scope): void {
  for (const cte of query.ctes) if (!ctx.ctes.has(cte)) ctx.ctes.set(cte, ctx.query(cte.query, own));
}

/** RETURNING: over the places of FROM, with the target's new row in its place and its old one behind all. */
function planReturning(
  ctx: PlanContext,
  query: ChangeQuery,
  own: Scope,
  width: number,
): (joined: Row, before: Row | undefined, after: Row | undefined, env: Env) => Row {
  const offsets = new Map(own.offsets);
  const target = offsets.get(query.target) ?? 0;
  offsets.set(query.oldEntry, width);
  // Of a deleted row RETURNING shows what it was.
  const scope = new Scope(own.parent, offsets);
  const compiled = query.returning.map(({ expr }) => ctx.compiler.compile(expr, scope));
  const targetWidth = entryWidth(query.target);
  const isDelete = query.command === "delete";
  return (joined, before, after, env) => {
    const row = joined.slice();
    while (row.length < width) row.push(null);
    const shown = after ?? (isDelete || query.command === "merge" ? before : undefined);
    for (let i = 0; i < targetWidth; i++) row[target + i] = shown?.[i] ?? null;
    for (let i = 0; i < targetWidth; i++) row.push(before?.[i] ?? null);
    return compiled.map((value) => value(row, env));
  };
}

const nullRow = (width: number): Row => new Array<Datum>(width).fill(null);

export function planUpdate(ctx: PlanContext, query: UpdateQuery, parent: Scope | undefined): CompiledQuery {
  useAll(query.target);
  const own = new Scope(parent);
  planCtes(ctx, query, own);
  const { source, conditions } = planFrom(
    ctx,
    [{ kind: "entry", entry: query.target }, ...query.from],
    query.where,
    own,
  );
  const filters = conditions.map((c) => ctx.compiler.condition(c.expr, own));
  const sets = query.sets
    .filter(({ expr }) => expr.kind !== "default")
    .map(({ attnum, expr }) => ({ at: attnum - 1, value: ctx.compiler.compile(expr, own) }));
  const changer = changerOf(ctx, query);
  const guards = planRowSecurity(ctx, query);
  const checkView = planViewChecks(ctx, query);
  const columns = new Set(query.sets.map(({ attnum }) => attnum));
  const width = source!.width;
  const returning = planReturning(ctx, query, own, width);
  const offset = own.offsets.get(query.target)!;
  const targetWidth = entryWidth(query.target);
  const rowidAt = placeOfRowid(query, offset);
  return {
    width: query.returning.length,
    *run(exec, outer) {
      const env: Env = outer ?? { exec, row: [], outer: undefined };
      changer.triggers.beforeStatement("update", exec, columns);
      const found = yield* collect(source!.run(env, []), filters, env, rowidAt);
      const results: Row[] = [];
      let count = 0;
      let affected = 0;
      for (const joined of found) {
        if (++count % pauseEvery === 0) yield null;
        const before = joined.slice(offset, offset + targetWidth);
        const rowid = rowidAt === undefined ? null : joined[rowidAt]!;
        const after = before.slice();
        for (const { at, value } of sets) after[at] = value(joined, env);
        if (!changer.update(rowid, before, after, exec, columns, guards.update)) continue;
        checkView(after, exec);
        affected++;
        if (query.returns) results.push(returning(joined, before, after, env));
      }
      changer.triggers.afterStatement("update", exec, columns);
      exec.affected = affected;
      yield* results;
    },
  };
}

/** Where the joined row says which row it changes; a view's rows do not say. */
function placeOfRowid({ target }: ChangeQuery, offset: number): number | undefined {
  return target.kind === "table" ? offset + rowidSlot(target) : undefined;
}

/** All rows to change, each once, before the first is changed. */
function* collect(
  rows: Rows,
  filters: readonly ((row: Row, env: Env) => boolean)[],
  env: Env,
  rowidAt: number | undefined,
): Generator<null, Row[], void> {
  const found: Row[] = [];
  const seen = new Set<Datum>();
  for (const row of rows) {
    if (row === null) {
      yield null;
      continue;
    }
    if (!filters.every((filter) => filter(row, env))) continue;
    if (rowidAt !== undefined) {
      const rowid = row[rowidAt]!;
      if (rowid === null || seen.has(rowid)) continue;
      seen.add(rowid);
    }
    found.push(row);
  }
  return found;
}

export function planDelete(ctx: PlanContext, query: DeleteQuery, parent: Scope | undefined): CompiledQuery {
  useAll(query.target);
  const own = new Scope(parent);
  planCtes(ctx, query, own);
  const { source, conditions } = planFrom(
    ctx,
    [{ kind: "entry", entry: query.target }, ...query.from],
    query.where,
    own,
  );
  const filters = conditions.map((c) => ctx.compiler.condition(c.expr, own));
  const changer = changerOf(ctx, query);
  const returning = planReturning(ctx, query, own, source!.width);
  const offset = own.offsets.get(query.target)!;
  const targetWidth = entryWidth(query.target);
  const rowidAt = placeOfRowid(query, offset);
  return {
    width: query.returning.length,
    *run(exec, outer) {
      const env: Env = outer ?? { exec, row: [], outer: undefined };
      changer.triggers.beforeStatement("delete", exec);
      const found = yield* collect(source!.run(env, []), filters, env, rowidAt);
      const results: Row[] = [];
      let count = 0;
      let affected = 0;
      for (const joined of found) {
        if (++count % pauseEvery === 0) yield null;
        const before = joined.slice(offset, offset + targetWidth);
        const rowid = rowidAt === undefined ? null : joined[rowidAt]!;
        if (!changer.delete(rowid, before, exec) && changer.triggers.hasAny) continue;
        affected++;
        if (query.returns) results.push(returning(joined, before, undefined, env));
      }
      changer.triggers.afterStatement("delete", exec);
      exec.affected = affected;
      yield* results;
    },
  };
}

/** How the columns that are not given get their values. */
function planDefaults(
  ctx: PlanContext,
  relation: Relation,
  defaults: ReadonlyMap<number, Expr>,
  given: ReadonlySet<number>,
) {
  const scope = new Scope(undefined);
  return relation.columns
    .filter((column) => column.dropped !== true && !given.has(column.attnum) && defaults.has(column.attnum))
    .map((column) => ({
      at: column.attnum - 1,
      value: ctx.compiler.compile(defaults.get(column.attnum)!, scope),
    }));
}

/** @throws PgError 428C9 for a value of a column that makes its own */
function checkOverriding(column: Column, overriding: InsertQuery["overriding"]): void {
  if (column.generated !== undefined) {
    throw new PgError("428C9", `cannot insert a non-DEFAULT value into column "${column.name}"`, {
      detail: `Column "${column.name}" is a generated column.`,
    });
  }
  if (column.identity === "a" && overriding === "none") {
    throw new PgError("428C9", `cannot insert a non-DEFAULT value into column "${column.name}"`, {
      detail: `Column "${column.name}" is an identity column defined as GENERATED ALWAYS.`,
      hint: "Use OVERRIDING SYSTEM VALUE to override.",
    });
  }
}

function columnOf(relation: Relation, attnum: number): Column {
  return relation.columns.find((c) => c.attnum === attnum)!;
}

/** DEFAULT in VALUES becomes the column's default; a column that is DEFAULT in every row is not given at all. */
function prepareValues(query: InsertQuery): Set<number> {
  const given = new Set(query.columns);
  const only = query.source?.from[0];
  const rows = only?.kind === "entry" && only.entry.kind === "values" ? (only.entry.values as Expr[][]) : [];
  for (const [i, attnum] of query.columns.entries()) {
    const column = columnOf(query.relation, attnum);
    if (rows.length > 0 && rows.every((row) => row[i]?.kind === "default")) {
      given.delete(attnum);
      for (const row of rows)
        row[i] = { kind: "const", value: null, type: column.type, typmod: column.typmod };
      continue;
    }
    if (
      rows.some((row) => row[i]?.kind === "default") &&
      (column.generated !== undefined || column.identity === "a")
    )
      checkOverriding(column, query.overriding);
    for (const row of rows) {
      if (row[i]?.kind === "default")
        row[i] = query.defaults.get(attnum) ?? {
          kind: "const",
          value: null,
          type: column.type,
          typmod: column.typmod,
        };
    }
    if (query.overriding === "user" && column.identity !== undefined) given.delete(attnum);
    else checkOverriding(column, query.overriding);
  }
  return given;
}

export function planInsert(ctx: PlanContext, query: InsertQuery, parent: Scope | undefined): CompiledQuery {
  const { relation } = query;
  useAll(query.target);
  const own = new Scope(parent);
  planCtes(ctx, query, own);
  const given = prepareValues(query);
  const source = query.source === undefined ? undefined : ctx.query(query.source, own);
  const sourceScope = new Scope(
    parent,
    query.sourceEntry === undefined ? new Map() : new Map([[query.sourceEntry, 0]]),
  );
  const values = query.columns
    .map((attnum, i) => ({
      attnum,
      at: attnum - 1,
      value: ctx.compiler.compile(query.values[i]!, sourceScope),
    }))
    .filter(({ attnum }) => given.has(attnum));
  const defaults = planDefaults(ctx, relation, query.defaults, given);
  const changer = changerOf(ctx, query);
  const guards = planRowSecurity(ctx, query);
  const checkView = planViewChecks(ctx, query);
  const width = entryWidth(query.target);
  own.offsets.set(query.target, 0);
  const returning = planReturning(ctx, query, own, width);
  const conflict = planConflict(ctx, query, changer, guards, parent);
  const updated =
    query.onConflict?.action === "update"
      ? new Set(query.onConflict.sets.map(({ attnum }) => attnum))
      : undefined;
  return {
    width: query.returning.length,
    *run(exec, outer) {
      const env: Env = outer ?? { exec, row: [], outer: undefined };
      const inner: Env = { exec, row: [], outer: env };
      changer.triggers.beforeStatement("insert", exec);
      if (updated !== undefined) changer.triggers.beforeStatement("update", exec, updated);
      // The whole source is read before the first row is written: it may be the same table.
      const rows: Row[] = [];
      if (source === undefined) rows.push([]);
      else {
        for (const row of source.run(exec, inner)) {
          if (row === null) yield null;
          else rows.push(row);
        }
      }
      const results: Row[] = [];
      const touched = new Set<Datum>();
      let count = 0;
      for (const given of rows) {
        if (++count % pauseEvery === 0) yield null;
        const row = nullRow(width);
        for (const { at, value } of values) row[at] = value(given, env);
        for (const { at, value } of defaults) row[at] = value([], env);
        if (!changer.prepareInsert(row, exec, guards.insert)) continue;
        const outcome = conflict === undefined ? undefined : conflict(row, exec, env, touched);
        if (outcome === "skip") continue;
        if (outcome !== undefined) {
          checkView(outcome.after, exec);
          exec.affected++;
          if (query.returns) results.push(returning(outcome.after, outcome.before, outcome.after, env));
          continue;
        }
        const rowid = changer.insert(row, exec);
        if (query.target.kind === "table") row[width - 1] = rowid;
        touched.add(rowid);
        checkView(row, exec);
        exec.affected++;
        if (query.returns) results.push(returning(row, undefined, row, env));
      }
      if (updated !== undefined) changer.triggers.afterStatement("update", exec, updated);
      changer.triggers.afterStatement("insert", exec);
      yield* results;
    },
  };
}

type ConflictOutcome = "skip" | { readonly before: Row; readonly after: Row } | undefined;

/** ON CONFLICT: looks for a row in the way before the insert. */
function planConflict(
  ctx: PlanContext,
  query: InsertQuery,
  changer: RowChanger,
  guards: RowGuards,
  parent: Scope | undefined,
) {
  const { onConflict } = query;
  if (onConflict === undefined) return undefined;
  const width = entryWidth(query.target);
  const scope = new Scope(
    parent,
    new Map([
      [query.target, 0],
      [onConflict.excluded, width],
    ]),
  );
  const where = onConflict.where === undefined ? undefined : ctx.compiler.condition(onConflict.where, scope);
  const sets = onConflict.sets.map(({ attnum, expr }) => ({
    at: attnum - 1,
    value: conflictValue(ctx, query, attnum, expr, scope),
  }));
  const columns = new Set(onConflict.sets.map(({ attnum }) => attnum));
  return (row: Row, exec: Exec, env: Env, touched: Set<Datum>): ConflictOutcome => {
    if (exec.work === undefined) return undefined;
    const found = changer.conflicting(onConflict.indexes, row, exec, onConflict.action === "update");
    if (found === undefined) return undefined;
    if (onConflict.action === "nothing") return "skip";
    const { rowid, before } = found;
    if (touched.has(rowid)) {
      throw new PgError("21000", "ON CONFLICT DO UPDATE command cannot affect row a second time", {
        hint: "Ensure that no rows proposed for insertion within the same command have duplicate constrained values.",
      });
    }
    const both = [...before, ...row];
    touched.add(rowid);
    guards.existing?.(before, exec);
    if (where !== undefined && !where(both, env)) return "skip";
    const after = before.slice();
    for (const { at, value } of sets) after[at] = value(both, env);
    if (!changer.update(rowid, before, after, exec, columns, guards.update, refuseMove)) return "skip";
    return { before, after };
  };
}

function refuseMove(): never {
  throw new PgError("0A000", "invalid ON UPDATE specification", {
    detail: "The result tuple would appear in a different partition than the original tuple.",
  });
}

function conflictValue(
  ctx: PlanContext,
  query: InsertQuery,
  attnum: number,
  expr: Expr,
  scope: Scope,
): Compiled {
  if (expr.kind !== "default") return ctx.compiler.compile(expr, scope);
  const fallback = query.defaults.get(attnum);
  return fallback === undefined ? () => null : ctx.compiler.compile(fallback, new Scope(undefined));
}

export function planMerge(ctx: PlanContext, query: MergeQuery, parent: Scope | undefined): CompiledQuery {
  useAll(query.target);
  const own = new Scope(parent);
  planCtes(ctx, query, own);
  const keepsTarget = query.actions.some((action) => action.match === "notMatchedBySource");
  const keepsSource = query.actions.some((action) => action.match === "notMatched");
  const type = keepsTarget ? (keepsSource ? "full" : "left") : keepsSource ? "right" : "inner";
  const { source } = planFrom(
    ctx,
    [
      {
        kind: "join",
        type,
        left: { kind: "entry", entry: query.target },
        right: markSource(query),
        on: query.on,
      },
    ],
    undefined,
    own,
  );
  const offset = own.offsets.get(query.target)!;
  const targetWidth = entryWidth(query.target);
  const rowidAt = placeOfRowid(query, offset);
  const changer = changerOf(ctx, query);
  const guards = planRowSecurity(ctx, query);
  const checkView = planViewChecks(ctx, query);
  const returning = planReturning(ctx, query, own, source!.width);
  const actions = query.actions.map((action) => ({
    ...action,
    holds: action.condition === undefined ? () => true : ctx.compiler.condition(action.condition, own),
    compiledSets: action.sets
      .filter(({ expr }) => expr.kind !== "default")
      .map(({ attnum, expr }) => ({ at: attnum - 1, value: ctx.compiler.compile(expr, own) })),
    compiledValues: action.values.map((expr, i) => ({
      at: action.columns[i]! - 1,
      value:
        expr.kind === "default"
          ? compileDefault(ctx, query, action.columns[i]!)
          : ctx.compiler.compile(expr, own),
    })),
    defaults: planDefaults(ctx, query.relation, query.defaults, new Set(action.columns)),
  }));
  for (const action of query.actions)
    for (const [i, attnum] of action.columns.entries())
      if (action.values[i]!.kind !== "default") checkOverriding(columnOf(query.relation, attnum), "none");
  const targetFound = (joined: Row) => sourceFound(joined, offset, targetWidth, query);
  const sourceStart = offset === 0 ? targetWidth : 0;
  const events = (["insert", "update", "delete"] as const).filter((event) =>
    actions.some(({ action }) => action === event),
  );
  return {
    width: query.returning.length,
    *run(exec, outer) {
      const env: Env = outer ?? { exec, row: [], outer: undefined };
      const rows: Row[] = [];
      for (const row of source!.run(env, [])) {
        if (row === null) yield null;
        else rows.push(row);
      }
      for (const event of events) changer.triggers.beforeStatement(event, exec);
      const changed = new Set<Datum>();
      const results: Row[] = [];
      let count = 0;
      for (const joined of rows) {
        if (++count % pauseEvery === 0) yield null;
        const rowid = rowidAt === undefined ? null : joined[rowidAt]!;
        const isFound = rowidAt === undefined ? targetFound(joined) : rowid !== null;
        const hasSource =
          type === "inner" ||
          type === "right" ||
          !isFound ||
          sourceFound(joined, sourceStart, source!.width - targetWidth, query);
        const match = !isFound ? "notMatched" : hasSource ? "matched" : "notMatchedBySource";
        const action = actions.find((a) => a.match === match && a.holds(joined, env));
        if (action === undefined || action.action === "nothing") continue;
        if (action.action === "insert") {
          const row = nullRow(targetWidth);
          for (const { at, value } of action.compiledValues) row[at] = value(joined, env);
          for (const { at, value } of action.defaults) row[at] = value([], env);
          if (!changer.prepareInsert(row, exec, guards.insert)) continue;
          const inserted = changer.insert(row, exec);
          if (rowidAt !== undefined) row[targetWidth - 1] = inserted;
          checkView(row, exec);
          exec.affected++;
          exec.mergeAction = "INSERT";
          if (query.returns) results.push(returning(joined, undefined, row, env));
          continue;
        }
        if (rowidAt !== undefined && changed.has(rowid)) {
          throw new PgError("21000", "MERGE command cannot affect row a second time", {
            hint: "Ensure that not more than one source row matches any one target row.",
          });
        }
        changed.add(rowid);
        const before = joined.slice(offset, offset + targetWidth);
        if (action.action === "delete") {
          guards.deleted?.(before, exec);
          if (!changer.delete(rowid, before, exec) && changer.triggers.hasAny) continue;
          exec.affected++;
          exec.mergeAction = "DELETE";
          if (query.returns) results.push(returning(joined, before, undefined, env));
          continue;
        }
        guards.existing?.(before, exec);
        const after = before.slice();
        for (const { at, value } of action.compiledSets) after[at] = value(joined, env);
        const columns = new Set(action.sets.map(({ attnum }) => attnum));
        if (!changer.update(rowid, before, after, exec, columns, guards.update)) continue;
        checkView(after, exec);
        exec.affected++;
        exec.mergeAction = "UPDATE";
        if (query.returns) results.push(returning(joined, before, after, env));
      }
      for (const event of events.toReversed()) changer.triggers.afterStatement(event, exec);
      yield* results;
    },
  };
}

function compileDefault(ctx: PlanContext, query: MergeQuery, attnum: number): Compiled {
  const expr = query.defaults.get(attnum);
  return expr === undefined ? () => null : ctx.compiler.compile(expr, new Scope(undefined));
}

function markSource(query: MergeQuery) {
  return query.source;
}

/** A target row without a source: all of the source's places are NULL, and the condition does not hold. */
function sourceFound(joined: Row, start: number, width: number, _query: MergeQuery): boolean {
  for (let i = 0; i < width; i++) if (joined[start + i] !== null) return true;
  return false;
}

import type { Relation, TriggerEvent } from "../catalog/model.ts";
import { notSupported, PgError } from "../errors.ts";
import { oid } from "../types/oids.ts";
import type { ChangeQuery, Expr, Query, RangeEntry, SelectQuery, Var, ViewCheck } from "./expr.ts";
import { tableEntry } from "./from.ts";
import type { ModifyAnalyser } from "./modify-analyser.ts";
import { replaceVars, withVars } from "./replace-vars.ts";
import { checkOptionOf, hasInsteadTrigger } from "./view-options.ts";

/** Changes through views: of the table under a simple one (PostgreSQL's documentation, CREATE VIEW, "Updatable Views"). */

/** Why a view is not one whose changes become those of its table; undefined when it is. */
export function notUpdatable(query: Query): string | undefined {
  const containing = (what: string) => `Views containing ${what} are not automatically updatable.`;
  const returning = (what: string) => `Views that return ${what} are not automatically updatable.`;
  if (query.command !== "select") return containing("data-modifying statements");
  if (query.distinct !== undefined) return containing("DISTINCT");
  if (query.groupBy.length > 0 || query.groupingSets !== undefined) return containing("GROUP BY");
  if (query.having !== undefined) return containing("HAVING");
  if (query.setOperation !== undefined) return containing("UNION, INTERSECT, or EXCEPT");
  if (query.ctes.length > 0) return containing("WITH");
  if (query.limit !== undefined || query.offset !== undefined) return containing("LIMIT or OFFSET");
  if (query.aggregates.length > 0) return returning("aggregate functions");
  if (query.windows.length > 0) return returning("window functions");
  if (query.targetSets) return returning("set-returning functions");
  const [only] = query.from;
  if (query.from.length !== 1 || only?.kind !== "entry" || !isChangeable(only.entry))
    return "Views that do not select from a single table or view are not automatically updatable.";
  return only.entry.sample === undefined ? undefined : containing("TABLESAMPLE");
}

function isChangeable({ relation }: RangeEntry): boolean {
  return relation !== undefined && relation.system !== true && "rpv".includes(relation.kind);
}

/** The table or view that a simple view reads. */
export function entryUnder(query: SelectQuery): RangeEntry {
  return (query.from[0] as { readonly entry: RangeEntry }).entry;
}

/** Which column of the table under a view each of its columns is; those that are computed are not in it. */
export function columnsUnder(query: SelectQuery): Map<number, number> {
  const entry = entryUnder(query);
  const found = new Map<number, number>();
  for (const [i, { expr }] of query.targets.filter(({ junk }) => !junk).entries())
    if (expr.kind === "var" && expr.entry === entry && expr.levelsUp === 0 && expr.attnum > 0)
      found.set(i + 1, expr.attnum);
  return found;
}

/** What is under a view at last, for ON CONFLICT, which names its indexes. @throws PgError 55000 */
export function tableUnder(
  a: ModifyAnalyser,
  view: Relation,
): { relation: Relation; attnumOf(attnum: number): number | undefined } {
  let relation = view;
  let attnumOf = (attnum: number): number | undefined => attnum;
  while (relation.kind === "v") {
    const query = simpleQuery(a, relation, "insert");
    const columns = columnsUnder(query);
    const outer = attnumOf;
    attnumOf = (attnum) => columns.get(outer(attnum) ?? 0);
    relation = entryUnder(query).relation!;
  }
  return { relation, attnumOf };
}

const verbs = {
  insert: "insert into",
  update: "update",
  delete: "delete from",
  merge: "merge into",
} as const;
const doing = { insert: "inserting into", update: "updating", delete: "deleting from" } as const;

/** @throws PgError 55000 for a view that is not simple */
function simpleQuery(a: ModifyAnalyser, view: Relation, command: keyof typeof verbs): SelectQuery {
  const query = a.viewQuery(view);
  const detail =
    notUpdatable(query) ??
    (command !== "delete" && columnsUnder(query as SelectQuery).size === 0
      ? "Views that have no updatable columns are not automatically updatable."
      : undefined);
  if (detail === undefined) return query as SelectQuery;
  const hint =
    command === "merge"
      ? undefined
      : `To enable ${doing[command]} the view, provide an INSTEAD OF ${command.toUpperCase()} trigger or an unconditional ON ${command.toUpperCase()} DO INSTEAD rule.`;
  throw new PgError("55000", `cannot ${verbs[command]} view "${view.name}"`, { detail, hint });
}

function eventsOf(query: ChangeQuery): TriggerEvent[] {
  if (query.command !== "merge") return [query.command];
  const events = query.actions.map(({ action }) => action).filter((action) => action !== "nothing");
  return [...new Set(events)];
}

/** Whether INSTEAD OF triggers do what a statement asks of a view. @throws PgError 0A000 */
function isDoneByTriggers(a: ModifyAnalyser, query: ChangeQuery): boolean {
  const events = eventsOf(query);
  const done = events.filter((event) => hasInsteadTrigger(a.ctx.catalog, query.relation, event));
  if (done.length > 0 && done.length < events.length)
    throw new PgError("0A000", `cannot merge into view "${query.relation.name}"`, {
      detail: "MERGE is not supported for views with INSTEAD OF triggers for some actions but not all.",
      hint: "To enable merging into the view, either provide a full set of INSTEAD OF triggers or drop the existing INSTEAD OF triggers.",
    });
  return done.length > 0;
}

/** A statement that changes a view as one that changes what is under it. @throws PgError 55000, 0A000 */
export function throughViews<Change extends ChangeQuery>(a: ModifyAnalyser, given: Change): Change {
  let query: Change = given;
  while (query.relation.kind === "v") {
    if (isDoneByTriggers(a, query)) return overView(a, query);
    query = throughView(a, query);
  }
  // The views' conditions come before those of the statement, which may tell what it sees.
  if (query.viewQuals !== undefined && query.command !== "insert")
    query.target.security = query.viewQuals.map(({ expr }) => expr);
  return query;
}

/** INSTEAD OF triggers change it: its rows are read as those of any view, and conditions of views over it stay conditions. */
function overView<Change extends ChangeQuery>(a: ModifyAnalyser, query: Change): Change {
  const { relation } = query;
  const target: RangeEntry =
    query.target.kind === "subquery"
      ? query.target
      : { ...query.target, id: a.ctx.nextEntryId(), kind: "subquery", query: a.viewQuery(relation) };
  if (target !== query.target)
    replaceVars(query, query.target, (found) => ({ ...found, entry: target }), target);
  const quals = query.viewQuals ?? [];
  if (quals.length === 0 || query.command === "insert") return { ...query, target };
  if (query.command === "merge") throw notSupported("MERGE into a view over a view with triggers");
  const args = [...quals.map(({ expr }) => expr), ...(query.where === undefined ? [] : [query.where])];
  const where: Expr =
    args.length === 1 ? args[0]! : { kind: "bool", op: "and", args, type: oid.bool, typmod: -1 };
  return { ...query, target, where };
}

function throughView<Change extends ChangeQuery>(a: ModifyAnalyser, query: Change): Change {
  const { ctx } = a;
  const view = query.relation;
  const select = simpleQuery(a, view, query.command);
  const target = entryUnder(select);
  const relation = target.relation!;
  const columns = columnsUnder(select);
  const exprs = select.targets.filter(({ junk }) => !junk).map(({ expr }) => expr);
  const oldEntry = tableEntry(ctx, relation, "old");
  // What the view shows counts as read only where the statement reads it.
  target.used.clear();
  const before: ChangeQuery = { ...query };
  const over =
    (entry: RangeEntry) =>
    ({ attnum, levelsUp, location }: Var): Expr => {
      const expr = exprs[attnum - 1]!;
      if (entry === target && levelsUp === 0) {
        markUsed(expr, target);
        return expr;
      }
      return withVars(expr, (found) => {
        if (found.entry !== target) return found;
        entry.used.add(found.attnum);
        return { ...found, entry, levelsUp: found.levelsUp + levelsUp, location };
      });
    };
  replaceVars(query, query.target, over(target), target);
  replaceVars(query, query.oldEntry, over(oldEntry), oldEntry);
  const place = (attnum: number) => columnUnder(view, query.command, columns, attnum);
  const moved = { ...query, relation, target, oldEntry, ...mapped(a, query, relation, place, over) };
  const { where } = select;
  if (where !== undefined) markUsed(where, target);
  const layers = query.layers ?? [];
  return {
    ...moved,
    layers: [...layers, { view, change: before }],
    viewQuals: [
      ...(query.viewQuals ?? []),
      ...(where === undefined ? [] : [{ expr: where, layer: layers.length }]),
    ],
    viewChecks: checksOf(query, view, where),
  };
}

/** What is checked of a row that is written; the innermost view's condition first. */
function checksOf(query: ChangeQuery, view: Relation, where: Expr | undefined): readonly ViewCheck[] {
  const checks = query.viewChecks ?? [];
  if (query.command === "delete") return checks;
  const option = checks[0]?.isCascaded === true ? "cascaded" : checkOptionOf(view);
  if (option === undefined || (option === "local" && where === undefined)) return checks;
  return [{ view: view.name, isCascaded: option === "cascaded", expr: where }, ...checks];
}

/** @throws PgError 0A000 for a column that is computed */
function columnUnder(
  view: Relation,
  command: keyof typeof verbs,
  columns: ReadonlyMap<number, number>,
  attnum: number,
): number {
  const found = columns.get(attnum);
  if (found !== undefined) return found;
  const name = view.columns.find((column) => column.attnum === attnum)!.name;
  const verb = command === "delete" ? "update" : verbs[command];
  throw new PgError("0A000", `cannot ${verb} column "${name}" of view "${view.name}"`, {
    detail: "View columns that are not columns of their base relation are not updatable.",
  });
}

/** What a statement says of columns by their numbers, with the numbers of the table under the view. */
function mapped(
  a: ModifyAnalyser,
  query: ChangeQuery,
  relation: Relation,
  place: (attnum: number) => number,
  over: (entry: RangeEntry) => (found: Var) => Expr,
): Partial<ChangeQuery> {
  const sets = <Item extends { readonly attnum: number }>(list: readonly Item[]): Item[] => {
    const result = list.map((item) => ({ ...item, attnum: place(item.attnum) }));
    const twice = result.find(({ attnum }, i) => result.findIndex((other) => other.attnum === attnum) !== i);
    if (twice !== undefined) {
      const name = relation.columns.find(({ attnum }) => attnum === twice.attnum)!.name;
      throw new PgError("42601", `multiple assignments to same column "${name}"`);
    }
    return result;
  };
  switch (query.command) {
    case "update":
      return { sets: sets(query.sets) };
    case "delete":
      return {};
    case "insert": {
      const columns = query.columns.map(place);
      const conflict = query.onConflict;
      if (conflict === undefined)
        return { columns, defaults: defaultsUnder(a, query.defaults, relation, place) };
      const excluded = tableEntry(a.ctx, relation, "excluded");
      replaceVars(query, conflict.excluded, over(excluded), excluded);
      return {
        columns,
        defaults: defaultsUnder(a, query.defaults, relation, place),
        onConflict: {
          ...conflict,
          keys: (conflict.keys ?? []).map(place),
          sets: sets(conflict.sets),
          excluded,
        },
      };
    }
    default:
      return {
        defaults: defaultsUnder(a, query.defaults, relation, place),
        actions: query.actions.map((action) => ({
          ...action,
          columns: action.columns.map(place),
          sets: sets(action.sets),
        })),
      };
  }
}

/** A view's own defaults come before those of its table. */
function defaultsUnder(
  a: ModifyAnalyser,
  defaults: ReadonlyMap<number, Expr>,
  relation: Relation,
  place: (attnum: number) => number,
): Map<number, Expr> {
  const own = new Map([...defaults].map(([attnum, expr]) => [place(attnum), expr]));
  for (const column of relation.columns) {
    if (column.dropped === true || column.generated !== undefined || own.has(column.attnum)) continue;
    const expr = a.defaultOf(relation, column.attnum);
    if (expr !== undefined) own.set(column.attnum, expr);
  }
  return own;
}

function markUsed(expr: Expr, target: RangeEntry): void {
  replaceVars(
    { expr },
    target,
    (found) => {
      target.used.add(found.attnum);
      return found;
    },
    target,
  );
}

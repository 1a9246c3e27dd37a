import type { StatementAnalyser } from "../analyse/analyse.ts";
import type { ChangeQuery, Expr, FromNode, Query, RangeEntry } from "../analyse/expr.ts";
import { children } from "../analyse/expr.ts";
import { expressionsOf, subqueriesOf } from "../analyse/grouping.ts";
import { isInvokersView } from "../analyse/view-options.ts";
import type { Proc, Relation } from "../catalog/model.ts";
import {
  type Authority,
  denied,
  mayOnColumns,
  procObject,
  relationObject,
  requireRights,
  rightsOn,
} from "../catalog/rights.ts";
import { isSuperuser } from "../catalog/roles.ts";
import { PgError } from "../errors.ts";
import { secureTable, type TableUse } from "./row-security.ts";
import type { SessionState } from "./state.ts";

/** What a query needs on one relation. */
interface RelationNeed {
  readonly relation: Relation;
  /** Whose rights count: the owner's of the view that reads it, else of who runs the query. */
  readonly as: number | undefined;
  /** attnums by the right's letter; none of them means any column. */
  readonly columns: ReadonlyMap<string, readonly number[]>;
  /** Rights that are on the whole relation only. */
  readonly whole: string;
}

/** What a query needs to run. Found before it is planned, as plans read columns of their own. */
export interface Needs {
  readonly relations: readonly RelationNeed[];
  readonly procs: ReadonlySet<Proc>;
}

/**
 * What a query needs that was analysed, with the policies of its tables put into it. Undefined for those whom nobody has to ask: a
 * superuser's that reads through no views of others.
 *
 * @throws PgError 42P17, 42501
 */
export function secure(session: SessionState, query: Query, analyser: StatementAnalyser): Needs | undefined {
  if (session.authority.current.isSuperuser && !analyser.ctx.readsForOthers) return undefined;
  const found: Found = { relations: [], procs: new Set(), uses: [] };
  collect(query, undefined, found);
  secureUses(session, analyser, found, []);
  return found;
}

interface Found extends Needs {
  readonly relations: RelationNeed[];
  readonly procs: Set<Proc>;
  uses: TableUse[];
}

/** Policies have subqueries, whose tables have policies. `around` are the tables whose policies are being read. */
function secureUses(
  session: SessionState,
  analyser: StatementAnalyser,
  found: Found,
  around: readonly number[],
): void {
  const options = {
    authority: session.authority,
    isOn: session.settings.get("row_security") === "on",
  };
  const { uses } = found;
  for (const use of uses) {
    const relation = use.entry.relation!;
    if (around.includes(relation.oid))
      throw new PgError("42P17", `infinite recursion detected in policy for relation "${relation.name}"`);
    const added = secureTable(options, analyser, use);
    if (added === undefined) continue;
    const inner: Found = { relations: found.relations, procs: found.procs, uses: [] };
    for (const expr of added.exprs) collectExpr(expr, added.as, inner);
    secureUses(session, analyser, inner, [...around, relation.oid]);
  }
}

function collect(query: Query, as: number | undefined, found: Found): void {
  const { relations, uses } = found;
  const locked = new Set(query.command === "select" ? query.locks.flatMap((lock) => lock.entries) : []);
  const read = (entry: RangeEntry) => {
    const { relation } = entry;
    if (relation === undefined) return;
    relations.push({ relation, as, columns: new Map([["r", [...entry.used]]]), whole: "" });
    if (relation.rowSecurity === true && entry.kind === "table")
      uses.push({ entry, as, change: undefined, isRead: true, isLocked: locked.has(entry) });
  };
  const within = (entry: RangeEntry) => {
    if (entry.query === undefined) return;
    const { relation } = entry;
    collect(entry.query, relation === undefined ? as : viewRole(relation, as), found);
  };
  const tree = (node: FromNode): void => {
    if (node.kind === "join") {
      tree(node.left);
      tree(node.right);
    } else {
      read(node.entry);
      within(node.entry);
    }
  };
  if (query.command === "merge") tree(query.source);
  else if (query.command !== "insert") for (const node of query.from) tree(node);
  if (query.command !== "select") {
    const roles = [as];
    for (const { view, change } of query.layers ?? []) {
      relations.push(changeNeed(change, roles.at(-1)));
      roles.push(viewRole(view, roles.at(-1)));
    }
    for (const { expr, layer } of query.viewQuals ?? []) collectExpr(expr, roles[layer + 1], found);
    const need = changeNeed(query, roles.at(-1));
    relations.push(need);
    if (query.relation.rowSecurity === true) {
      const isRead = need.columns.has("r");
      uses.push({ entry: query.target, as: roles.at(-1), change: query, isRead, isLocked: false });
    }
    if (query.relation.kind === "v") within(query.target);
  } else
    for (const { entries } of query.locks)
      for (const { relation } of entries.flatMap((entry) => [entry, ...(entry.carried ?? [])]))
        if (relation !== undefined)
          relations.push({ relation, as, columns: new Map([["w", []]]), whole: "" });
  const inFrom = new Set<Query>();
  if (query.command !== "insert")
    for (const node of query.command === "merge" ? [query.source] : query.from) gatherQueries(node, inFrom);
  // What nobody reads from is not run.
  for (const cte of query.ctes)
    if (cte.references === 0 && cte.query.command === "select") inFrom.add(cte.query);
  for (const inner of subqueriesOf(query)) if (!inFrom.has(inner)) collect(inner, as, found);
  if (query.command === "select" && query.setOperation !== undefined) {
    collect(query.setOperation.left, as, found);
    collect(query.setOperation.right, as, found);
  }
  for (const expr of [...expressionsOf(query), ...hiddenExpressions(query)]) collectExpr(expr, as, found);
}

function collectExpr(expr: Expr, as: number | undefined, found: Found): void {
  if (expr.kind === "sublink") collect(expr.query, as, found);
  else if ("proc" in expr && (expr.proc.language !== undefined || expr.proc.acl !== undefined))
    found.procs.add(expr.proc);
  for (const child of children(expr)) collectExpr(child, as, found);
}

/** What is computed beside the expressions that grouping looks at. */
function hiddenExpressions(query: Query): Expr[] {
  const list: (Expr | undefined)[] = [];
  if (query.command === "insert" && query.onConflict !== undefined)
    list.push(query.onConflict.where, ...query.onConflict.sets.map(({ expr }) => expr));
  if (query.command === "select")
    for (const { start, end } of query.windows.map(({ window }) => window.frame))
      for (const bound of [start, end]) if ("offset" in bound) list.push(bound.offset);
  const tree = (node: FromNode): void => {
    if (node.kind === "join") {
      tree(node.left);
      tree(node.right);
    } else list.push(node.entry.sample?.percent, node.entry.sample?.seed);
  };
  if (query.command === "merge") tree(query.source);
  else if (query.command !== "insert") for (const node of query.from) tree(node);
  return list.filter((expr) => expr !== undefined);
}

function gatherQueries(node: FromNode, found: Set<Query>): void {
  if (node.kind === "join") {
    gatherQueries(node.left, found);
    gatherQueries(node.right, found);
  } else if (node.entry.query !== undefined) found.add(node.entry.query);
}

function viewRole(view: Relation, as: number | undefined): number | undefined {
  return isInvokersView(view) ? as : view.owner;
}

function changeNeed(query: ChangeQuery, as: number | undefined): RelationNeed {
  const { relation, target, oldEntry } = query;
  const columns = new Map<string, readonly number[]>();
  const reads = new Set([...target.used, ...oldEntry.used]);
  let whole = "";
  const updates = new Set<number>();
  switch (query.command) {
    case "insert": {
      columns.set("a", query.columns);
      const { onConflict } = query;
      if (onConflict?.action === "update") {
        for (const { attnum } of onConflict.sets) updates.add(attnum);
        columns.set("w", [...updates]);
      }
      for (const attnum of [...(onConflict?.keys ?? []), ...(onConflict?.excluded.used ?? [])])
        reads.add(attnum);
      break;
    }
    case "update":
      columns.set(
        "w",
        query.sets.map(({ attnum }) => attnum),
      );
      break;
    case "delete":
      whole = "d";
      break;
    default: {
      const inserts = new Set<number>();
      for (const action of query.actions) {
        if (action.action === "delete") whole = "d";
        if (action.action === "update") for (const { attnum } of action.sets) updates.add(attnum);
        if (action.action === "insert") for (const attnum of action.columns) inserts.add(attnum);
        if (action.action === "update") columns.set("w", [...updates]);
        if (action.action === "insert") columns.set("a", [...inserts]);
      }
    }
  }
  if (reads.size > 0) columns.set("r", [...reads]);
  return { relation, as, columns, whole };
}

/** @throws PgError 42501 */
export function requireNeeds(session: SessionState, needs: Needs): void {
  const { authority } = session;
  const { current } = authority;
  for (const { relation, as, columns, whole } of needs.relations) {
    const role = as ?? current.oid;
    if (as === undefined ? current.isSuperuser : isSuperuser(authority.catalog, role)) continue;
    const object = relationObject(relation);
    const isTemporary = relation.persistence === "t" && relation.session === session.processId;
    if (isTemporary && relation.owner === authority.owner) continue;
    if (whole !== "" && rightsOn(authority, role, object, whole) !== whole) throw denied(object);
    for (const [right, attnums] of columns)
      if (!mayOnColumns(authority, role, relation, right, attnums)) throw denied(object);
  }
  if (current.isSuperuser) return;
  for (const proc of needs.procs) requireRights(authority, current.oid, procObject(proc), "X");
}

/** LOCK TABLE: the least right that its mode asks for. @throws PgError 42501 */
export function requireLock(session: SessionState, relation: Relation, mode: string): void {
  const { authority } = session;
  const { current } = authority;
  if (current.isSuperuser) return;
  const enough =
    mode === "access share" ? "rawdDm" : mode === "row share" || mode === "row exclusive" ? "awdDm" : "wdDm";
  const object = relationObject(relation);
  if (rightsOn(authority, current.oid, object, enough) === "") throw denied(object);
}

/** On a sequence any one of these rights is enough. @throws PgError 42501 */
export function requireSequence(session: SessionState, id: number, enough: string): void {
  const { authority } = session;
  const { current } = authority;
  if (current.isSuperuser) return;
  const relation = session.catalog.get("relation", id);
  if (relation === undefined) return;
  const object = relationObject(relation);
  if (rightsOn(authority, current.oid, object, enough) === "") throw denied(object);
}

/** Calls of routines outside of queries: CALL, DO. @throws PgError 42501 */
export function requireExecute(session: SessionState, proc: Proc): void {
  const { current } = session.authority;
  if (!current.isSuperuser) requireRights(session.authority, current.oid, procObject(proc), "X");
}

/** @throws PgError 42501 */
export function requireSuperuser(authority: Authority & SessionState["authority"], message: string): void {
  if (!authority.current.isSuperuser) throw new PgError("42501", message);
}

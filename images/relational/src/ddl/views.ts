import { isRecording } from "@weftkit/changes";
import { StatementAnalyser } from "../analyse/analyse.ts";
import { AnalyseContext, entryColumn } from "../analyse/context.ts";
import { outputTargets, type Query } from "../analyse/expr.ts";
import { notUpdatable } from "../analyse/updatable-views.ts";
import { type Column, catalogNamespace, type Relation } from "../catalog/model.ts";
import { relationObject } from "../catalog/rights.ts";
import { deparseQuery } from "../deparse/query.ts";
import { PgError } from "../errors.ts";
import { at, type Node, type pg, strings } from "../parse/ast.ts";
import { deparseNode } from "../parse/deparse.ts";
import { sqlTexts } from "../parse/parse.ts";
import { RowChanges } from "../plan/row-changes.ts";
import { TableWriter } from "../plan/write.ts";
import { createTableSql, tableName } from "../storage/tables.ts";
import { analyserOf, type Ddl, newOid, requireRelation, targetNamespace } from "./context.ts";
import { optionValue } from "./option-value.ts";
import { initialRights, requireOnRelation, requireRealOwner } from "./rights.ts";
import { makeRowType } from "./types.ts";

/** Views and materialised views that read a relation. */
export function dependentViews(ddl: Pick<Ddl, "catalog">, relation: number, attnum?: number): Relation[] {
  const found = new Map<number, Relation>();
  for (const dependency of ddl.catalog.all("depend")) {
    if (dependency.on !== relation || (attnum !== undefined && dependency.attnum !== attnum)) continue;
    const view = ddl.catalog.get("relation", dependency.dependent);
    if (view !== undefined) found.set(view.oid, view);
  }
  return [...found.values()];
}

/** What a view or a routine's body reads, so that it is not dropped under it. */
export function recordDependencies(ddl: Ddl, dependent: number, query: Query | readonly Query[]): void {
  for (const dependency of [...ddl.catalog.all("depend")])
    if (dependency.dependent === dependent) ddl.catalog.delete("depend", dependency.oid);
  const found = new Map<number, Set<number>>();
  const visit = (value: unknown, seen: Set<unknown>): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    const entry = value as { relation?: Relation; used?: Set<number>; alias?: string };
    if (entry.relation !== undefined && entry.used instanceof Set && entry.relation.system !== true) {
      const used = found.get(entry.relation.oid) ?? new Set<number>();
      for (const attnum of entry.used) used.add(attnum);
      found.set(entry.relation.oid, used);
      // A view's own tables are its own matter.
      if (entry.relation.kind === "v") return;
    }
    for (const [name, item] of Object.entries(value)) if (name !== "relation") visit(item, seen);
  };
  visit(query, new Set());
  for (const [on, attnums] of found)
    for (const attnum of [0, ...attnums])
      ddl.catalog.set("depend", { oid: newOid(ddl), dependent, on, attnum });
}

/**
 * The text of a view's query as the catalog keeps it: every name with its schema, so that it means the same whatever the search
 * path is of who reads the view.
 */
function queryText(ddl: Ddl, node: Node): string {
  try {
    const io = { ...ddl.io, catalog: ddl.catalog, searchPath: [catalogNamespace] };
    const text = deparseQuery(ddl.catalog, io, analyserOf(ddl).analyser.statement(node)).trim();
    // What cannot be read again is no use.
    new StatementAnalyser(new AnalyseContext(io, [], false), sqlTexts).statement(sqlTexts.query(text));
    return text;
  } catch {
    return deparseNode(node);
  }
}

function viewColumns(
  ddl: Ddl,
  query: Query,
  aliases: readonly string[],
  location: number | undefined,
): Column[] {
  const targets = outputTargets(query);
  if (aliases.length > targets.length)
    throw new PgError("42601", "CREATE VIEW specifies more column names than columns", {}, location);
  const seen = new Set<string>();
  return targets.map((target, i) => {
    const name = aliases[i] ?? target.name;
    if (seen.has(name)) throw new PgError("42701", `column "${name}" specified more than once`);
    seen.add(name);
    const { type, typmod, collation } = entryColumn(name, target.expr, i + 1);
    const resolved = type === 705 ? 25 : type;
    if (ddl.catalog.type(resolved)?.kind === "p" && resolved !== 2249)
      throw new PgError("42P16", `column "${name}" has pseudo-type ${ddl.catalog.type(resolved)?.name}`);
    return { attnum: i + 1, name, type: resolved, typmod, notNull: false, collation };
  });
}

export function createView(ddl: Ddl, node: pg.ViewStmt): void {
  const name = node.view!;
  const namespace = name.relpersistence === "t" ? ddl.temporaryNamespace() : targetNamespace(ddl, name);
  const { analyser } = analyserOf(ddl);
  const query = analyser.statement(node.query as Node);
  const columns = viewColumns(ddl, query, strings(node.aliases as Node[] | undefined), at(name.location));
  const text = queryText(ddl, node.query as Node);
  const before = ddl.catalog.relationByName(namespace, name.relname!);
  const options = viewOptions(node);
  if (options.some((option) => option.startsWith("check_option=")))
    checkUpdatable(analyserOf(ddl).analyser.query(node.query as Node, undefined));
  if (before !== undefined) {
    if (node.replace !== true) throw new PgError("42P07", `relation "${name.relname}" already exists`);
    requireRealOwner(ddl, relationObject(before));
    if (before.kind !== "v") throw new PgError("42809", `"${name.relname}" is not a view`);
    checkReplace(ddl, before, columns);
    ddl.catalog.set("relation", { ...before, columns, query: text, options });
    recordDependencies(ddl, before.oid, query);
    return;
  }
  const id = newOid(ddl);
  const relation: Relation = {
    oid: id,
    name: name.relname!,
    namespace,
    kind: "v",
    owner: ddl.owner,
    typeOid: 0,
    persistence: name.relpersistence === "t" ? "t" : "p",
    columns,
    query: text,
    options,
    ...initialRights(ddl, "r", namespace),
    ...(name.relpersistence === "t" ? { session: ddl.sessionId } : {}),
  };
  ddl.catalog.set("relation", { ...relation, typeOid: makeRowType(ddl, relation) });
  recordDependencies(ddl, id, query);
}

/** WITH (...) of a view as pg_class keeps it, with WITH CHECK OPTION among it. @throws PgError 22023 */
export function viewOptions(node: pg.ViewStmt): string[] {
  const options = ((node.options ?? []) as Node[]).map(({ DefElem: option }) =>
    viewOption(option?.defname ?? "", optionValue(option?.arg as Node | undefined)),
  );
  if (node.withCheckOption === "LOCAL_CHECK_OPTION") options.push("check_option=local");
  if (node.withCheckOption === "CASCADED_CHECK_OPTION") options.push("check_option=cascaded");
  return options;
}

/** @throws PgError 22023 */
export function viewOption(name: string, value: string): string {
  if (name === "check_option") {
    if (value !== "local" && value !== "cascaded")
      throw new PgError("22023", `invalid value for enum option "${name}": ${value}`, {
        detail: 'Valid values are "local" and "cascaded".',
      });
  } else if (name !== "security_barrier" && name !== "security_invoker")
    throw new PgError("22023", `unrecognized parameter "${name}"`);
  else if (!/^(t|tr|tru|true|f|fa|fal|fals|false|on|of|off|y|ye|yes|n|no|0|1)$/i.test(value))
    throw new PgError("22023", `invalid value for boolean option "${name}": ${value}`);
  return `${name}=${value}`;
}

/** @throws PgError 0A000 for a view whose changes have nothing to be checked */
export function checkUpdatable(query: Query): void {
  const hint = notUpdatable(query);
  if (hint !== undefined)
    throw new PgError("0A000", "WITH CHECK OPTION is supported only on automatically updatable views", {
      hint,
    });
}

/** CREATE OR REPLACE may only add columns at the end. @throws PgError 42P16 */
function checkReplace(ddl: Ddl, before: Relation, columns: readonly Column[]): void {
  const { ctx } = analyserOf(ddl);
  if (columns.length < before.columns.length) throw new PgError("42P16", "cannot drop columns from view");
  for (const [i, old] of before.columns.entries()) {
    const next = columns[i]!;
    if (old.name !== next.name) {
      throw new PgError("42P16", `cannot change name of view column "${old.name}" to "${next.name}"`, {
        hint: "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.",
      });
    }
    if (old.type !== next.type || old.typmod !== next.typmod) {
      throw new PgError(
        "42P16",
        `cannot change data type of view column "${old.name}" from ${ctx.formatType(old.type, old.typmod)} to ${ctx.formatType(next.type, next.typmod)}`,
      );
    }
  }
}

/** CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW: gives how many rows it has. */
export function createTableAs(ddl: Ddl, node: pg.CreateTableAsStmt): number | undefined {
  const into = node.into!;
  const name = into.rel!;
  const isView = node.objtype === "OBJECT_MATVIEW";
  const namespace = name.relpersistence === "t" ? ddl.temporaryNamespace() : targetNamespace(ddl, name);
  if (ddl.catalog.relationByName(namespace, name.relname!) !== undefined) {
    if (node.if_not_exists === true) {
      ddl.notice(`relation "${name.relname}" already exists, skipping`);
      return undefined;
    }
    throw new PgError("42P07", `relation "${name.relname}" already exists`);
  }
  const { analyser } = analyserOf(ddl);
  const query = analyser.query(node.query as Node, undefined);
  const columns = viewColumns(ddl, query, strings(into.colNames as Node[] | undefined), at(name.location));
  const id = newOid(ddl);
  let relation: Relation = {
    oid: id,
    name: name.relname!,
    namespace,
    kind: isView ? "m" : "r",
    owner: ddl.owner,
    typeOid: 0,
    persistence: (name.relpersistence as Relation["persistence"]) ?? "p",
    columns,
    ...initialRights(ddl, "r", namespace),
    ...(isView ? { query: queryText(ddl, node.query as Node), populated: into.skipData !== true } : {}),
    ...(name.relpersistence === "t" ? { session: ddl.sessionId } : {}),
  };
  relation = { ...relation, typeOid: makeRowType(ddl, relation) };
  ddl.catalog.set("relation", relation);
  ddl.work.db.exec(createTableSql(ddl.catalog, relation));
  if (isView) recordDependencies(ddl, id, query);
  return into.skipData === true ? 0 : fill(ddl, relation, node.query as Node);
}

function fill(ddl: Ddl, relation: Relation, node: Node, as?: number): number {
  const writer = new TableWriter(ddl.plan(), relation);
  const changes = RowChanges.of(ddl.catalog, relation);
  let count = 0;
  for (const row of ddl.query(node, as).rows) {
    const full = [...row];
    full.push(null);
    const rowid = ddl.work.nextRowid(writer.table);
    writer.insert(ddl.work, rowid, full, ddl.exec);
    if (changes !== undefined && isRecording(ddl.work.db))
      ddl.afterTold(() => changes.insert(ddl.work.db, rowid, full));
    count++;
  }
  return count;
}

export function refreshView(ddl: Ddl, node: pg.RefreshMatViewStmt): void {
  const relation = requireRelation(ddl, node.relation!, ["m"], "materialized view");
  requireOnRelation(ddl, relation, "m");
  ddl.work.db.exec(`DELETE FROM ${tableName(relation.oid)}`);
  ddl.catalog.set("relation", { ...relation, populated: node.skipData !== true });
  if (node.skipData === true) return;
  fill(ddl, ddl.catalog.get("relation", relation.oid)!, sqlTexts.query(relation.query!), relation.owner);
}

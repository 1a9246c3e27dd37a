import { PgError } from "../errors.ts";
import { at, type Node, type pg, strings } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import type { Level } from "./context.ts";
import { entryColumn } from "./context.ts";
import type { Cte, EntryColumn, Query } from "./expr.ts";
import { outputTargets } from "./expr.ts";
import type { Analyser } from "./from.ts";
import { analyseRecursive } from "./recursive.ts";

const materialize = {
  CTEMaterializeDefault: "default",
  CTEMaterializeAlways: "always",
  CTEMaterializeNever: "never",
} as const;

/** WITH: the queries become visible to the level one after the other; all at once when it is RECURSIVE. */
export function analyseWith(a: Analyser, level: Level, node: pg.WithClause | undefined): Cte[] {
  if (node === undefined) return [];
  const ctes: Cte[] = [];
  const nodes = ((node.ctes ?? []) as Node[]).map((item) => item.CommonTableExpr!);
  const names = new Set<string>();
  for (const cte of nodes) {
    const name = cte.ctename ?? "";
    if (names.has(name))
      throw new PgError("42712", `WITH query name "${name}" specified more than once`, {}, at(cte.location));
    names.add(name);
  }
  const order = node.recursive === true ? byDependency(nodes) : nodes;
  for (const item of order) {
    const name = item.ctename ?? "";
    const isRecursive = node.recursive === true && mentions(item.ctequery as Node, name);
    if (!isRecursive && (item.search_clause !== undefined || item.cycle_clause !== undefined))
      throw new PgError("42601", "WITH query is not recursive", {}, at(item.location));
    const materialized = materialize[item.ctematerialized as keyof typeof materialize] ?? "default";
    const cte = isRecursive
      ? analyseRecursive(a, level, item, materialized)
      : plain(a, level, item, materialized);
    level.ctes.set(name, cte);
    ctes.push(cte);
  }
  return ctes;
}

function plain(a: Analyser, level: Level, item: pg.CommonTableExpr, materialized: Cte["materialized"]): Cte {
  const name = item.ctename ?? "";
  const query = a.subquery(item.ctequery as Node, level);
  if (query.command !== "select") {
    if (level.parent !== undefined) {
      throw new PgError(
        "0A000",
        "WITH clause containing a data-modifying statement must be at the top level",
        {},
        at(item.location),
      );
    }
  }
  return {
    name,
    query,
    columns: cteColumns(query, item),
    recursive: false,
    materialized,
    references: 0,
  };
}

export function cteColumns(query: Query, item: pg.CommonTableExpr): EntryColumn[] {
  const names = strings(item.aliascolnames as Node[] | undefined);
  const targets = outputTargets(query);
  if (names.length > targets.length) {
    throw new PgError(
      "42P10",
      `WITH query "${item.ctename}" has ${targets.length} columns available but ${names.length} columns specified`,
      {},
      at(item.location),
    );
  }
  return targets.map((target, i) => ({
    ...entryColumn(names[i] ?? target.name, target.expr, i + 1),
    ...(target.expr.type === oid.unknown ? { type: oid.text } : {}),
  }));
}

/** Whether a query names a table that could be the CTE. */
export function mentions(node: unknown, name: string): boolean {
  if (typeof node !== "object" || node === null) return false;
  if (Array.isArray(node)) return node.some((item) => mentions(item, name));
  const range = (node as Node).RangeVar;
  if (range !== undefined && range.relname === name && !range.schemaname) return true;
  return Object.values(node).some((value) => mentions(value, name));
}

/** WITH RECURSIVE lets a query refer to a later one; those in a circle are not supported by PostgreSQL either. */
function byDependency(nodes: readonly pg.CommonTableExpr[]): pg.CommonTableExpr[] {
  const left = [...nodes];
  const order: pg.CommonTableExpr[] = [];
  while (left.length > 0) {
    const next = left.findIndex((item) =>
      left.every((other) => other === item || !mentions(item.ctequery, other.ctename ?? "")),
    );
    if (next < 0)
      throw new PgError(
        "0A000",
        "mutual recursion between WITH items is not implemented",
        {},
        at(left[0]!.location),
      );
    order.push(...left.splice(next, 1));
  }
  return order;
}

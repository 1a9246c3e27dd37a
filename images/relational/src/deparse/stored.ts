import { StatementAnalyser } from "../analyse/analyse.ts";
import { AnalyseContext } from "../analyse/context.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { catalogNamespace, type Relation } from "../catalog/model.ts";
import type { Node } from "../parse/ast.ts";
import { parse, sqlTexts } from "../parse/parse.ts";
import type { IoContext } from "../types/type-ops.ts";
import { quoteName } from "../types/type-text.ts";
import { type DeparseContext, deparse } from "./expr.ts";
import { deparseOverTable, deparseQuery } from "./query.ts";

/**
 * Texts that the catalog keeps are written for an empty search path, so that they mean the same for everybody. Here they are
 * written for the path of who asks: without the schemas that it finds by itself.
 */

/** Analyses a text of the catalog by its own path. */
export function analyserFor(catalog: Catalog, io: IoContext): StatementAnalyser {
  const ctx = new AnalyseContext({ ...io, catalog, searchPath: [catalogNamespace] }, [], false);
  return new StatementAnalyser(ctx, sqlTexts);
}

const noQuery = (): string => "";

/** An expression over a relation's columns, or over none. A text that cannot be read any more is given as it is. */
export function shownExpression(
  catalog: Catalog,
  io: IoContext,
  relation: Relation | undefined,
  text: string,
  isPretty = false,
): string {
  const cache = catalog.derive("shown expressions", () => new Map<string, string>());
  const key = `${relation?.oid ?? 0} ${isPretty} ${io.searchPath.join()} ${text}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  let shown = text;
  try {
    const analyser = analyserFor(catalog, io);
    // The expressions of an index are one text, with commas between them.
    const targets = (parse(`SELECT ${text}`)[0]?.node.SelectStmt?.targetList ?? []) as Node[];
    const table = relation === undefined ? undefined : analyser.tableLevel(relation);
    shown = targets
      .map((target) => {
        const node = target.ResTarget!.val as Node;
        if (table === undefined)
          return deparse(contextFor(catalog, io, isPretty), analyser.constantExpression(node));
        const expr = analyser.columnExpression(table.level, node);
        return deparseOverTable(catalog, { ...io, catalog }, table.entry, expr, isPretty);
      })
      .join(", ");
  } catch {
    // It is shown as it was written.
  }
  cache.set(key, shown);
  return shown;
}

function contextFor(catalog: Catalog, io: IoContext, isPretty: boolean): DeparseContext {
  return {
    catalog,
    isPretty,
    io: { ...io, catalog },
    column: (entry, attnum) => quoteName(entry.columns.find((c) => c.attnum === attnum)?.name ?? "?"),
    wholeRow: (entry) => `${quoteName(entry.alias)}.*`,
    query: noQuery,
  };
}

/** The query of a view. */
export function shownQuery(catalog: Catalog, io: IoContext, view: Relation, isPretty = false): string {
  if (view.query === undefined) return "";
  try {
    const query = analyserFor(catalog, io).statement(sqlTexts.query(view.query));
    const names = view.columns.map(({ name }) => name);
    return deparseQuery(catalog, { ...io, catalog }, query, names, isPretty);
  } catch {
    return ` ${view.query}`;
  }
}

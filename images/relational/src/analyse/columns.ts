import { PgError } from "../errors.ts";
import { at, type Node, type pg, stringOf } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import { quoteName } from "../types/type-text.ts";
import type { Analyser } from "./analyser.ts";
import type { Level, NamespaceColumn, NamespaceItem } from "./context.ts";
import type { Expr, RangeEntry } from "./expr.ts";
import { selectField } from "./fields.ts";

/** The same expression as a query `levels` further in sees it. Every column it reads is marked as used. */
export function raise(expr: Expr, levels: number): Expr {
  switch (expr.kind) {
    case "var":
      expr.entry.used.add(expr.attnum);
      return levels === 0 ? expr : { ...expr, levelsUp: expr.levelsUp + levels };
    case "coalesce":
      return { ...expr, args: expr.args.map((arg) => raise(arg, levels)) };
    case "row":
      return { ...expr, fields: expr.fields.map((field) => raise(field, levels)) };
    case "relabel":
    case "coerceIo":
      return { ...expr, arg: raise(expr.arg, levels) } as Expr;
    case "func":
      return { ...expr, args: expr.args.map((arg) => raise(arg, levels)) };
    default:
      return expr;
  }
}

export function located(expr: Expr, location: number | undefined): Expr {
  return { ...expr, location };
}

/** A column by its name, or a whole row by its table's. */
export function analyseColumnRef(a: Analyser, level: Level, node: pg.ColumnRef): Expr {
  const location = at(node.location);
  const fields = (node.fields ?? []) as Node[];
  const last = fields.at(-1);
  if (last?.A_Star !== undefined) {
    const names = fields.slice(0, -1).map(stringOf);
    return wholeRow(a, level, names, location);
  }
  const names = fields.map(stringOf);
  const variable = a.ctx.variables?.resolve(a.ctx, names);
  if (variable === undefined) return columnOf(a, level, names, location);
  let column: Expr;
  try {
    column = columnOf(a, level, names, location);
  } catch (error) {
    const { code } = error as PgError;
    if (code === "42703" || code === "42P01") return located(variable, location);
    throw error;
  }
  if (a.ctx.variables!.onConflict === "column") return column;
  throw new PgError(
    "42702",
    `column reference "${names.join(".")}" is ambiguous`,
    { detail: "It could refer to either a PL/pgSQL variable or a table column." },
    location,
  );
}

function columnOf(a: Analyser, level: Level, names: readonly string[], location: number | undefined): Expr {
  if (names.length === 1) return bareName(a, level, names[0]!, location);
  return qualified(a, level, names, location);
}

function bareName(a: Analyser, level: Level, name: string, location: number | undefined): Expr {
  let levels = 0;
  for (let at: Level | undefined = level; at !== undefined; at = at.parent, levels++) {
    const found = findColumn(at, name, levels > 0, location);
    if (found !== undefined) return located(raise(found.expr, levels), location);
  }
  const row = findTable(level, undefined, name, location);
  if (row !== undefined) return located(raise(rowOf(a, row.item), row.levels), location);
  const excluded = excludedColumn(level, name);
  throw new PgError(
    "42703",
    `column ${quoted(name)} does not exist`,
    excluded === undefined ? {} : { detail: excluded },
    location,
  );
}

/** Messages of PostgreSQL quote names always. */
function quoted(name: string): string {
  return `"${name}"`;
}

function excludedColumn(level: Level, name: string): string | undefined {
  for (const item of level.namespace) {
    if (!item.columnsVisible && item.columns.some((column) => column.name === name) && !item.lateralOnly)
      return `There is a column named "${name}" in table "${item.alias}", but it cannot be referenced from this part of the query.`;
  }
  return undefined;
}

function findColumn(
  level: Level,
  name: string,
  outer: boolean,
  location: number | undefined,
): NamespaceColumn | undefined {
  let found: NamespaceColumn | undefined;
  for (const item of level.namespace) {
    if (!item.columnsVisible || (item.lateralOnly && !outer && !level.lateralActive)) continue;
    for (const column of item.columns) {
      if (column.name !== name) continue;
      if (item.lateralOnly && !item.lateralOk) throw badLateral(item, location);
      if (found !== undefined)
        throw new PgError("42702", `column reference "${name}" is ambiguous`, {}, location);
      found = column;
    }
  }
  return found ?? systemColumn(level, name);
}

const systemColumns: Readonly<Record<string, readonly [attnum: number, type: number]>> = {
  ctid: [-1, oid.tid],
  xmin: [-2, oid.xid],
  cmin: [-3, oid.cid],
  xmax: [-4, oid.xid],
  cmax: [-5, oid.cid],
  tableoid: [-6, oid.oid],
};

function systemVar(entry: RangeEntry | undefined, name: string): Expr | undefined {
  const system = systemColumns[name];
  if (system === undefined || entry?.kind !== "table" || entry.relation?.kind === "v") return undefined;
  const [attnum, type] = system;
  return { kind: "var", levelsUp: 0, entry, attnum, type, typmod: -1 };
}

function systemColumn(level: Level, name: string): NamespaceColumn | undefined {
  if (!(name in systemColumns)) return undefined;
  for (const item of level.namespace) {
    if (!item.columnsVisible) continue;
    const expr = systemVar(item.entry, name);
    if (expr !== undefined) return { name, expr };
  }
  return undefined;
}

function badLateral(item: NamespaceItem, location: number | undefined): PgError {
  return new PgError(
    "42P10",
    `invalid reference to FROM-clause entry for table "${item.alias}"`,
    { detail: "The combining JOIN type must be INNER or LEFT for a LATERAL reference." },
    location,
  );
}

/** A table of the FROM clauses around, by its name. */
export function findTable(
  level: Level,
  schema: string | undefined,
  name: string,
  location: number | undefined,
): { item: NamespaceItem; levels: number } | undefined {
  let levels = 0;
  for (let at: Level | undefined = level; at !== undefined; at = at.parent, levels++) {
    let found: NamespaceItem | undefined;
    for (const item of at.namespace) {
      if (!item.tableVisible || item.alias !== name || (schema !== undefined && item.schema !== schema))
        continue;
      if (item.lateralOnly && levels === 0 && !level.lateralActive) continue;
      if (item.lateralOnly && !item.lateralOk) throw badLateral(item, location);
      if (found !== undefined)
        throw new PgError("42P09", `table reference "${name}" is ambiguous`, {}, location);
      found = item;
    }
    if (found !== undefined) return { item: found, levels };
  }
  return undefined;
}

/** 42P01, with what may have been meant. */
export function missingTable(level: Level, name: string, location: number | undefined): PgError {
  for (let at: Level | undefined = level; at !== undefined; at = at.parent) {
    for (const item of at.namespace) {
      if (item.alias === name && item.lateralOnly) {
        return new PgError(
          "42P01",
          `invalid reference to FROM-clause entry for table "${name}"`,
          {
            detail: `There is an entry for table "${name}", but it cannot be referenced from this part of the query.`,
            hint: "To reference that table, you must mark this subquery with LATERAL.",
          },
          location,
        );
      }
      if (item.entry?.relation?.name === name && item.alias !== name) {
        return new PgError(
          "42P01",
          `invalid reference to FROM-clause entry for table "${name}"`,
          { hint: `Perhaps you meant to reference the table alias "${item.alias}".` },
          location,
        );
      }
    }
  }
  return new PgError("42P01", `missing FROM-clause entry for table "${name}"`, {}, location);
}

function qualified(a: Analyser, level: Level, names: readonly string[], location: number | undefined): Expr {
  if (names.length > 4)
    throw new PgError(
      "42601",
      `improper qualified name (too many dotted names): ${names.join(".")}`,
      {},
      location,
    );
  const column = names.at(-1)!;
  const table = names.at(-2)!;
  const schema = names.at(-3);
  const found = findTable(level, schema, table, location);
  if (found !== undefined) return fieldOfTable(a, found, table, column, location);
  // `column.field`, when the first name is a column of a composite type.
  if (names.length === 2) {
    for (let at: Level | undefined = level, levels = 0; at !== undefined; at = at.parent, levels++) {
      const base = findColumn(at, table, levels > 0, location);
      if (base !== undefined) throw missingTable(level, table, location);
    }
  }
  throw missingTable(level, table, location);
}

function fieldOfTable(
  a: Analyser,
  { item, levels }: { item: NamespaceItem; levels: number },
  table: string,
  column: string,
  location: number | undefined,
): Expr {
  const matches = item.columns.filter((c) => c.name === column);
  if (matches.length > 1)
    throw new PgError("42702", `column reference "${column}" is ambiguous`, {}, location);
  const [match] = matches;
  if (match !== undefined) return located(raise(match.expr, levels), location);
  const system = systemVar(item.entry, column);
  if (system !== undefined) return located(raise(system, levels), location);
  if (item.entry !== undefined) {
    const whole = raise(rowOf(a, item), levels);
    const field = selectField(a.ctx, whole, column, location);
    if (field !== undefined) return field;
  }
  throw new PgError("42703", `column ${quoteName(table)}.${quoteName(column)} does not exist`, {}, location);
}

function wholeRow(a: Analyser, level: Level, names: readonly string[], location: number | undefined): Expr {
  const found = findTable(level, names.at(-2), names.at(-1)!, location);
  if (found === undefined) {
    const variable = a.ctx.variables?.resolve(a.ctx, names);
    if (variable !== undefined) return located(variable, location);
    throw missingTable(level, names.at(-1)!, location);
  }
  return located(raise(rowOf(a, found.item), found.levels), location);
}

/** A table's row as one value. A function that gives one scalar column is that scalar. */
export function rowOf(_a: Analyser, item: NamespaceItem): Expr {
  const { entry } = item;
  if (entry?.kind === "function" && entry.functions?.length === 1 && entry.ordinality !== true) {
    const [only] = entry.functions;
    if (only !== undefined && !only.composite && only.columns.length === 1) return item.columns[0]!.expr;
  }
  const type =
    entry?.kind === "table" && entry.relation !== undefined
      ? entry.relation.typeOid
      : entry?.kind === "function" &&
          entry.functions?.length === 1 &&
          entry.functions[0]!.composite &&
          entry.ordinality !== true
        ? entry.functions[0]!.expr.type
        : oid.record;
  return {
    kind: "row",
    fields: item.columns.map((column) => column.expr),
    names: item.columns.map((column) => column.name),
    ...(entry === undefined ? {} : { wholeRow: entry }),
    type: type || oid.record,
    typmod: -1,
  };
}

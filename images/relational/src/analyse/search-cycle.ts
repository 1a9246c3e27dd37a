import { PgError } from "../errors.ts";
import { at, type Node, type pg, strings } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import type { Analyser } from "./analyser.ts";
import { coerceToCommon, commonCollation, commonType, commonTypmod } from "./coerce.ts";
import type { AnalyseContext, Level } from "./context.ts";
import { entryColumn } from "./context.ts";
import type {
  Cte,
  EntryColumn,
  Expr,
  FromNode,
  Query,
  RangeEntry,
  RecursionClauses,
  RecursionColumns,
  RowExpr,
  Target,
} from "./expr.ts";
import { analyseExpr, scalarArray } from "./expressions.ts";
import { makeOperator } from "./resolve-operator.ts";
import { requireEquality } from "./sort-keys.ts";

/** array_cat(record[], record[]) and int8inc(bigint) */
const arrayCatProc = 383;
const int8incProc = 1219;

/** The columns of both clauses, in the order in which they follow the query's own. */
export function addedColumns({ search, cycle }: RecursionClauses): EntryColumn[] {
  return [
    ...(search === undefined ? [] : [search.column]),
    ...(cycle === undefined ? [] : [cycle.mark, cycle.path]),
  ];
}

/** What a WITH item says after its query; undefined when it says nothing. `columns` are the query's own. */
export function analyseClauses(
  a: Analyser,
  level: Level,
  item: pg.CommonTableExpr,
  columns: readonly EntryColumn[],
): RecursionClauses | undefined {
  const { search_clause: search, cycle_clause: cycle } = item;
  if (search === undefined && cycle === undefined) return undefined;
  let attnum = columns.length;
  const column = (name: string | undefined, expr: Pick<Expr, "type" | "typmod" | "collation">): EntryColumn =>
    entryColumn(name ?? "", expr, ++attnum);
  const paths = { type: oid.recordArray, typmod: -1 };
  return {
    ...(search === undefined
      ? {}
      : {
          search: {
            isBreadth: search.search_breadth_first === true,
            by: strings(search.search_col_list as Node[] | undefined),
            column: column(
              search.search_seq_column,
              search.search_breadth_first === true ? { type: oid.record, typmod: -1 } : paths,
            ),
          },
        }),
    ...(cycle === undefined ? {} : { cycle: analyseCycle(a, level, cycle, column, paths) }),
  };
}

function analyseCycle(
  a: Analyser,
  level: Level,
  node: pg.CTECycleClause,
  column: (name: string | undefined, expr: Pick<Expr, "type" | "typmod" | "collation">) => EntryColumn,
  paths: { readonly type: number; readonly typmod: number },
): NonNullable<RecursionClauses["cycle"]> {
  const { ctx } = a;
  const given = [node.cycle_mark_value, node.cycle_mark_default].map((value) =>
    analyseExpr(a, level, value as Node),
  );
  const type = commonType(ctx, given, "CYCLE");
  const [value, otherwise] = given.map((expr) => coerceToCommon(ctx, expr, type, "CYCLE")) as [Expr, Expr];
  requireEquality(ctx, { ...value, location: undefined });
  const marked = {
    type,
    typmod: commonTypmod([value, otherwise], type),
    collation: commonCollation(ctx, [value, otherwise], type),
  };
  return {
    by: strings(node.cycle_col_list as Node[] | undefined),
    mark: column(node.cycle_mark_column, marked),
    path: column(node.cycle_path_column, paths),
    value,
    otherwise,
  };
}

/** The names that the clauses use are those of the query's columns, and those that they add are new. @throws PgError 42601, 42701 */
export function checkClauses(item: pg.CommonTableExpr, columns: readonly EntryColumn[]): void {
  const names = new Set(columns.map(({ name }) => name));
  const listed = (what: string, list: readonly string[], location: number | undefined): void => {
    for (const [i, name] of list.entries()) {
      if (!names.has(name))
        throw new PgError("42601", `${what} column "${name}" not in WITH query column list`, {}, location);
      if (list.indexOf(name) < i)
        throw new PgError("42701", `${what} column "${name}" specified more than once`, {}, location);
    }
  };
  const isNew = (what: string, name: string | undefined, location: number | undefined): void => {
    if (names.has(name ?? ""))
      throw new PgError(
        "42601",
        `${what} column name "${name}" already used in WITH query column list`,
        {},
        location,
      );
  };
  const differ = (one: string, other: string, isSame: boolean, location: number | undefined): void => {
    if (isSame)
      throw new PgError("42601", `${one} column name and ${other} column name are the same`, {}, location);
  };
  const { search_clause: search, cycle_clause: cycle } = item;
  if (search !== undefined) {
    const location = at(search.location);
    listed("search", strings(search.search_col_list as Node[] | undefined), location);
    isNew("search sequence", search.search_seq_column, location);
  }
  if (cycle !== undefined) {
    const location = at(cycle.location);
    const { cycle_mark_column: mark, cycle_path_column: path } = cycle;
    listed("cycle", strings(cycle.cycle_col_list as Node[] | undefined), location);
    isNew("cycle mark", mark, location);
    isNew("cycle path", path, location);
    differ("cycle mark", "cycle path", mark === path, location);
    const sequence = search?.search_seq_column;
    differ("search sequence", "cycle mark", sequence === mark, at(search?.location));
    differ("search sequence", "cycle path", sequence === path, at(search?.location));
  }
}

/** A term of the recursion may be no set operation when the clauses look at its rows. @throws PgError 0A000, 42601 */
export function checkTerms(select: pg.SelectStmt): void {
  const refuse = (term: pg.SelectStmt | undefined, side: string, code: string): void => {
    if (term?.op !== undefined && term.op !== "SETOP_NONE")
      throw new PgError(
        code,
        `with a SEARCH or CYCLE clause, the ${side} side of the UNION must be a SELECT`,
      );
  };
  refuse(select.larg, "left", "0A000");
  refuse(select.rarg, "right", "42601");
}

/** The recursive term with what the added columns were in the row that it comes from, behind its own. @throws PgError 0A000 */
export function carryColumns(query: Query, cte: Cte, added: readonly EntryColumn[]): Query {
  const entry = query.command === "select" ? entriesOfFrom(query.from).find((e) => e.cte === cte) : undefined;
  if (query.command !== "select" || entry === undefined)
    throw new PgError(
      "0A000",
      `with a SEARCH or CYCLE clause, the recursive reference to WITH query "${cte.name}" must be at the top level of its right-hand SELECT`,
    );
  const carried = added.map(
    (column): Target => ({ name: column.name, junk: false, expr: varOf(entry, column) }),
  );
  return { ...query, targets: [...query.targets, ...carried] };
}

/** The tables of a FROM clause, those of its joins too. */
export function entriesOfFrom(nodes: readonly FromNode[]): RangeEntry[] {
  return nodes.flatMap((node) =>
    node.kind === "entry" ? [node.entry] : entriesOfFrom([node.left, node.right]),
  );
}

function varOf(entry: RangeEntry, column: EntryColumn): Expr {
  entry.used.add(column.attnum);
  const { attnum, type, typmod, collation } = column;
  return { kind: "var", levelsUp: 0, entry, attnum, type, typmod, collation };
}

/**
 * What the clauses make of a row, as https://www.postgresql.org/docs/18/queries-with.html#QUERIES-WITH-SEARCH and -CYCLE say:
 * a sequence of rows to sort by, and the path of those that led here, with a mark on the one that is met again.
 */
export function recursionColumns(
  ctx: AnalyseContext,
  { search, cycle }: RecursionClauses,
  columns: readonly EntryColumn[],
): RecursionColumns {
  const entry: RangeEntry = { id: ctx.nextEntryId(), kind: "result", alias: "", columns, used: new Set() };
  const rowOf = (by: readonly string[]): RowExpr => ({
    kind: "row",
    fields: by.map((name) => varOf(entry, columns.find((column) => column.name === name)!)),
    names: by,
    type: oid.record,
    typmod: -1,
  });
  const pathOf = (row: Expr): Expr => ({
    kind: "array",
    elements: [row],
    nested: false,
    type: oid.recordArray,
    typmod: -1,
  });
  const longer = (column: EntryColumn, row: Expr): Expr => ({
    kind: "func",
    proc: ctx.proc(arrayCatProc),
    args: [varOf(entry, column), pathOf(row)],
    type: oid.recordArray,
    typmod: -1,
  });
  const first: Expr[] = [];
  const next: Expr[] = [];
  if (search !== undefined) {
    const row = rowOf(search.by);
    if (search.isBreadth) {
      const at = (depth: Expr): Expr => ({
        ...row,
        fields: [depth, ...row.fields],
        names: ["*DEPTH*", ...row.names],
      });
      first.push(at({ kind: "const", value: 0n, type: oid.int8, typmod: -1 }));
      const arg = varOf(entry, search.column);
      const depth: Expr = { kind: "field", arg, index: 0, name: "*DEPTH*", type: oid.int8, typmod: -1 };
      next.push(at({ kind: "func", proc: ctx.proc(int8incProc), args: [depth], type: oid.int8, typmod: -1 }));
    } else {
      first.push(pathOf(row));
      next.push(longer(search.column, row));
    }
  }
  if (cycle === undefined) return { entry, first, next };
  const row = rowOf(cycle.by);
  first.push(cycle.otherwise, pathOf(row));
  const isMet = scalarArray(ctx, "=", true, row, varOf(entry, cycle.path), undefined);
  const { type, typmod, collation } = cycle.mark;
  next.push(
    {
      kind: "case",
      whens: [{ when: isMet, result: cycle.value }],
      otherwise: cycle.otherwise,
      type,
      typmod,
      collation,
    },
    longer(cycle.path, row),
  );
  return {
    entry,
    first,
    next,
    goesOn: makeOperator(ctx, "<>", varOf(entry, cycle.mark), cycle.value, undefined),
  };
}

import { type SqlValue, statement } from "@weftkit/store";
import type { Expr, RangeEntry } from "../analyse/expr.ts";
import type { Compiled } from "../run/compiler.ts";
import { type Env, type Exec, pauseEvery, type Rows } from "../run/exec.ts";
import { entryWidth, lastAttnum, Scope } from "../run/scope.ts";
import type { Lookup, Source } from "../run/source.ts";
import { columnName, type StoredColumn, storedColumns, tableName } from "../storage/tables.ts";
import type { Datum, Row } from "../types/datum.ts";
import { oid } from "../types/oids.ts";
import type { Conjunct } from "./conjuncts.ts";
import type { PlanContext } from "./context.ts";
import { compileGenerated } from "./generated.ts";

const chunkFirst = 64;
const chunkMax = 2048;

/** A comparison that SQLite makes exactly as PostgreSQL would. */
interface Pushed {
  readonly sql: string;
  readonly values: readonly { readonly value: Compiled; readonly column: StoredColumn }[];
  readonly isEquality: boolean;
}

/** A place in a row: which stored column it is, or what a virtual column is computed from. */
interface Reader {
  readonly columns: readonly StoredColumn[];
  readonly isWide: boolean;
  readonly select: string;
  /** A row of the entry's width from what SQLite gave: the rowid first. */
  read(raw: readonly SqlValue[], exec: Exec): Row;
}

export function readerOf(ctx: PlanContext, entry: RangeEntry, used: ReadonlySet<number> | "all"): Reader {
  const relation = entry.relation!;
  const virtual = relation.columns.filter(
    (c) => c.generated === "v" && c.dropped !== true && (used === "all" || used.has(c.attnum)),
  );
  const all = storedColumns(ctx.catalog, relation);
  const columns =
    used === "all" || virtual.length > 0 ? all : all.filter(({ column }) => used.has(column.attnum));
  const width = entryWidth(entry);
  const last = lastAttnum(entry);
  const computed = virtual.map((column) => ({
    attnum: column.attnum,
    compute: compileGenerated(ctx, relation, column),
  }));
  const slots = columns.map(({ column }) => column.attnum - 1);
  const decoders = columns.map(({ codec }) => codec.decode);
  const count = columns.length;
  return {
    columns,
    isWide: columns.some(({ codec }) => codec.isWide),
    select: ["rowid_", ...columns.map(({ name }) => name)].join(", "),
    read: (raw, exec) => {
      const row: Row = new Array<Datum>(width).fill(null);
      for (let i = 0; i < count; i++) row[slots[i]!] = decoders[i]!(raw[i + 1]!);
      row[last] = Number(raw[0]);
      for (const { attnum, compute } of computed) row[attnum - 1] = compute(row, exec);
      return row;
    },
  };
}

const sqlOperators: ReadonlySet<string> = new Set(["=", "<", "<=", ">", ">=", "<>"]);
const mirrored: Readonly<Record<string, string>> = {
  "=": "=",
  "<>": "<>",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/** A conjunct as SQL, when it compares a column with something that is known before the scan begins. */
function push(ctx: PlanContext, entry: RangeEntry, conjunct: Conjunct, outside: Scope): Pushed | undefined {
  const { expr } = conjunct;
  const columns = storedColumns(ctx.catalog, entry.relation!);
  const columnOf = (e: Expr): StoredColumn | undefined => {
    const inner = e.kind === "relabel" ? e.arg : e;
    if (inner.kind !== "var" || inner.entry !== entry || inner.levelsUp !== 0) return undefined;
    return columns.find(({ column }) => column.attnum === inner.attnum);
  };
  const isOutside = (e: Expr) => !readsEntry(e, entry);
  if (expr.kind === "nullTest" && !expr.row) {
    const column = columnOf(expr.arg);
    return column === undefined
      ? undefined
      : { sql: `${column.name} IS ${expr.not ? "NOT " : ""}NULL`, values: [], isEquality: false };
  }
  if (expr.kind === "var" && expr.type === oid.bool) {
    const column = columnOf(expr);
    return column === undefined ? undefined : { sql: `${column.name} = 1`, values: [], isEquality: false };
  }
  if (
    expr.kind !== "func" ||
    expr.operator === undefined ||
    !sqlOperators.has(expr.operator) ||
    expr.args.length !== 2
  )
    return undefined;
  if (conjunct.isVolatile) return undefined;
  const [a, b] = expr.args as [Expr, Expr];
  const left = columnOf(a);
  const right = columnOf(b);
  let column = left;
  let value = b;
  let operator: string = expr.operator;
  if (left === undefined || !isOutside(b)) {
    if (right === undefined || !isOutside(a)) return undefined;
    column = right;
    value = a;
    operator = mirrored[operator]!;
  }
  if (column === undefined || !column.codec.isOrdered) return undefined;
  if (!comparable(ctx, column, value.type)) return undefined;
  return {
    sql: `${column.name} ${operator} ?`,
    values: [{ value: ctx.compiler.compile(value, outside), column }],
    isEquality: operator === "=",
  };
}

const integerTypes: ReadonlySet<number> = new Set([oid.int2, oid.int4, oid.int8]);
const textTypes: ReadonlySet<number> = new Set([oid.text, oid.varchar, oid.name]);

/** Whether a value of a type compares with the column's stored values as with its own. */
function comparable(ctx: PlanContext, { column }: StoredColumn, type: number): boolean {
  const base = (id: number): number => {
    const info = ctx.catalog.type(id);
    return info?.kind === "d" ? base(info.baseType) : id;
  };
  const own = base(column.type);
  const given = base(type);
  if (own === oid.numeric || own === oid.bpchar) return false;
  if (own === given) return own !== oid.float4;
  return (integerTypes.has(own) && integerTypes.has(given)) || (textTypes.has(own) && textTypes.has(given));
}

function readsEntry(expr: Expr, entry: RangeEntry): boolean {
  if (expr.kind === "sublink" || expr.kind === "var")
    return expr.kind === "sublink" || (expr.entry === entry && expr.levelsUp === 0);
  return Object.values(expr).some((value) => {
    if (Array.isArray(value)) return value.some((item) => isExpr(item) && readsEntry(item, entry));
    return isExpr(value) && readsEntry(value, entry);
  });
}

function isExpr(value: unknown): value is Expr {
  return typeof value === "object" && value !== null && "kind" in value && "typmod" in value;
}

/** Reads a table; `filters` are conditions on its columns and on what is known before. */
export function tableScan(
  ctx: PlanContext,
  entry: RangeEntry,
  start: number,
  filters: readonly Conjunct[],
  own: Scope,
  outside: Scope,
): Source {
  const relation = entry.relation!;
  const width = entryWidth(entry);
  if (relation.system === true) return systemScan(ctx, entry, start, filters, own);
  const reader = readerOf(ctx, entry, entry.used);
  const pushed: Pushed[] = [];
  const rest: Conjunct[] = [];
  for (const filter of filters) {
    const sql = ctx.pushdown && entry.sample === undefined ? push(ctx, entry, filter, outside) : undefined;
    if (sql === undefined) rest.push(filter);
    else pushed.push(sql);
  }
  const scope = scopeAt(own, entry);
  const compileAll = (list: readonly Conjunct[]) => list.map((c) => ctx.compiler.condition(c.expr, scope));
  const restFilters = compileAll(rest);
  const allFilters = compileAll(filters);
  const isRange = pushed.some((p) => !p.isEquality) && pushed.some((p) => /[<>]=? \?/.test(p.sql));
  const sample = entry.sample === undefined ? undefined : ctx.compiler.compile(entry.sample.percent, outside);
  const name = tableName(relation.oid);
  const where = pushed.map((p) => p.sql);
  const values = pushed.flatMap((p) => p.values);
  return {
    start,
    width,
    entries: [entry],
    isLateral: false,
    estimate: pushed.some((p) => p.isEquality) ? 10 : pushed.length > 0 ? 300 : 1000,
    *run(env, prefix) {
      const { exec } = env;
      const passes = sample === undefined ? undefined : Number(sample(prefix, env)) / 100;
      const frozen = exec.frozen.get(relation.oid);
      if (frozen !== undefined) {
        yield* filterRows(frozen, allFilters, env);
        return;
      }
      const bound: SqlValue[] = [];
      for (const { value, column } of values) {
        const datum = value(prefix, env);
        // Nothing compares as true with NULL.
        if (datum === null) return;
        bound.push(column.codec.encode(datum));
      }
      const overlay = exec.overlay?.(name);
      for (const raw of chunks(exec, {
        name,
        select: reader.select,
        where,
        bound,
        isWide: reader.isWide,
        isRange,
      })) {
        if (raw === null) {
          yield null;
          continue;
        }
        if (overlay?.has(Number(raw[0])) === true) continue;
        if (passes !== undefined && Math.random() >= passes) continue;
        const row = reader.read(raw, exec);
        if (holds(restFilters, row, env)) yield row;
      }
      if (overlay !== undefined) yield* filterRows(overlayRows(overlay, width), allFilters, env);
    },
    lookup: lookupOf(ctx, entry, reader, restFilters, pushed.length === 0 ? [] : allFilters, pushed),
  };
}

function scopeAt(own: Scope, entry: RangeEntry): Scope {
  return new Scope(own.parent, new Map([[entry, 0]]));
}

function holds(filters: readonly ((row: Row, env: Env) => boolean)[], row: Row, env: Env): boolean {
  for (const filter of filters) if (!filter(row, env)) return false;
  return true;
}

function* filterRows(
  rows: Iterable<Row>,
  filters: readonly ((row: Row, env: Env) => boolean)[],
  env: Env,
): Rows {
  let count = 0;
  for (const row of rows) {
    if (++count % pauseEvery === 0) yield null;
    if (holds(filters, row, env)) yield row;
  }
}

function* overlayRows(overlay: ReadonlyMap<string | number, unknown>, _width: number): Generator<Row> {
  for (const row of overlay.values()) if (row !== undefined) yield row as Row;
}

interface ChunkedScan {
  readonly name: string;
  readonly select: string;
  readonly where: readonly string[];
  readonly bound: readonly SqlValue[];
  readonly isWide: boolean;
  readonly isRange: boolean;
}

/** Rows in the order of their rowids, in chunks, so that no statement is open across a pause. */
function* chunks(exec: Exec, scan: ChunkedScan): Generator<SqlValue[] | null, void, void> {
  const { name, select, where, bound } = scan;
  const mode = { raw: true, safeIntegers: scan.isWide };
  if (scan.isRange) {
    // An index may give these few; when there are many, the table is read in its own order.
    const limit = chunkMax * 4;
    const sql = `SELECT ${select} FROM ${name} WHERE ${where.join(" AND ")} LIMIT ${limit}`;
    const rows = statement(exec.db, sql, mode).all(...bound) as SqlValue[][];
    if (rows.length < limit) {
      yield* rows;
      return;
    }
    yield null;
  }
  let last = -9223372036854775808n as SqlValue;
  let size = chunkFirst;
  while (true) {
    const conditions = ["rowid_ > ?", ...where].join(" AND ");
    const sql = `SELECT ${select} FROM ${name} WHERE ${conditions} ORDER BY rowid_ LIMIT ${size}`;
    const rows = statement(exec.db, sql, mode).all(last, ...bound) as SqlValue[][];
    yield* rows;
    if (rows.length < size) return;
    last = rows.at(-1)![0]!;
    if (size < chunkMax) size *= 4;
    yield null;
  }
}

/** Rows by values of some columns, for joins that look each row up. */
function lookupOf(
  ctx: PlanContext,
  entry: RangeEntry,
  reader: Reader,
  rest: readonly ((row: Row, env: Env) => boolean)[],
  all: readonly ((row: Row, env: Env) => boolean)[],
  pushed: readonly Pushed[],
): Lookup | undefined {
  if (!ctx.pushdown || entry.sample !== undefined) return undefined;
  const relation = entry.relation!;
  const columns = storedColumns(ctx.catalog, relation);
  const index = ctx.catalog
    .indexesOf(relation.oid)
    .find((i) => i.unique && i.predicate === undefined && i.keys.length === 1 && i.keys[0]!.attnum > 0);
  const attnum = index?.keys[0]?.attnum;
  const column = columns.find((c) => c.column.attnum === attnum);
  if (attnum === undefined || column === undefined || !column.codec.isOrdered || pushed.length > 0)
    return undefined;
  void all;
  const name = tableName(relation.oid);
  const sql = `SELECT ${reader.select} FROM ${name} WHERE ${columnName(attnum)} = ?`;
  return {
    keys: [attnum],
    *run(env, [value]) {
      if (value === null || value === undefined) return;
      const { exec } = env;
      const rows = statement(exec.db, sql, { raw: true, safeIntegers: reader.isWide }).all(
        column.codec.encode(value),
      ) as SqlValue[][];
      for (const raw of rows) {
        const row = reader.read(raw, exec);
        if (holds(rest, row, env)) yield row;
      }
    },
  };
}

function systemScan(
  ctx: PlanContext,
  entry: RangeEntry,
  start: number,
  filters: readonly Conjunct[],
  own: Scope,
): Source {
  const width = entryWidth(entry);
  const scope = scopeAt(own, entry);
  const compiled = filters.map((c) => ctx.compiler.condition(c.expr, scope));
  return {
    start,
    width,
    entries: [entry],
    isLateral: false,
    estimate: 1000,
    run: (env) => filterRows(systemRows(ctx, entry, env.exec, width), compiled, env),
  };
}

function* systemRows(ctx: PlanContext, entry: RangeEntry, exec: Exec, width: number): Generator<Row> {
  let rowid = 0;
  for (const values of ctx.systemRows(entry.relation!, exec)) {
    const row = values.slice();
    while (row.length < width - 1) row.push(null);
    row.push(++rowid);
    yield row;
  }
}

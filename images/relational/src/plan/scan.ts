import { type SqlValue, statement } from "@weftkit/store";
import type { Expr, RangeEntry } from "../analyse/expr.ts";
import type { Relation } from "../catalog/model.ts";
import { attnumsIn } from "../catalog/partitions.ts";
import type { Compiled } from "../run/compiler.ts";
import { currentRow } from "../run/current-of.ts";
import { type Env, type Exec, pauseEvery, type Rows } from "../run/exec.ts";
import { entryWidth, lastAttnum, Scope } from "../run/scope.ts";
import type { Lookup, Source } from "../run/source.ts";
import { partitionRowid } from "../storage/ctid.ts";
import { columnName, type StoredColumn, storedColumns, tableName } from "../storage/tables.ts";
import type { Datum, Row } from "../types/datum.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import { type Conjunct, split } from "./conjuncts.ts";
import type { PlanContext } from "./context.ts";
import { compileGenerated } from "./generated.ts";
import { rowMap } from "./partitioned-rows.ts";
import { partitionedScan } from "./partitioned-scan.ts";
import { lastAttnumOf } from "./write.ts";

const chunkFirst = 64;
const chunkMax = 2048;

/** A comparison that SQLite makes exactly as PostgreSQL would. */
interface Pushed {
  readonly sql: string;
  readonly values: readonly { readonly value: Compiled; encode(value: Datum): SqlValue }[];
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

/** The stored columns of a table, with the attnums that they have in the entry: those of its partitioned table perhaps. */
function columnsFor(ctx: PlanContext, entry: RangeEntry, table: Relation): readonly StoredColumn[] {
  const own = storedColumns(ctx.catalog, table);
  const read = entry.relation!;
  if (read === table) return own;
  const there = attnumsIn(table, read);
  return own.flatMap((stored) => {
    const attnum = there.get(stored.column.attnum);
    return attnum === undefined ? [] : [{ ...stored, column: { ...stored.column, attnum } }];
  });
}

/** Reads rows of the entry's table, or of `table`, which is a partition of it. */
export function readerOf(
  ctx: PlanContext,
  entry: RangeEntry,
  used: ReadonlySet<number> | "all",
  table: Relation = entry.relation!,
): Reader {
  const relation = entry.relation!;
  const isPart = relation !== table;
  const virtual = relation.columns.filter(
    (c) => c.generated === "v" && c.dropped !== true && (used === "all" || used.has(c.attnum)),
  );
  const all = columnsFor(ctx, entry, table);
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
      row[last] = isPart ? partitionRowid(table.oid, Number(raw[0])) : Number(raw[0]);
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
function push(
  ctx: PlanContext,
  entry: RangeEntry,
  conjunct: Conjunct,
  outside: Scope,
  table: Relation,
): Pushed | undefined {
  const { expr } = conjunct;
  const columns = columnsFor(ctx, entry, table);
  const columnOf = (e: Expr): StoredColumn | undefined => {
    const inner = e.kind === "relabel" ? e.arg : e;
    if (inner.kind !== "var" || inner.entry !== entry || inner.levelsUp !== 0) return undefined;
    return columns.find(({ column }) => column.attnum === inner.attnum);
  };
  const isOutside = (e: Expr) => !readsEntry(e, entry);
  if (expr.kind === "special" && expr.name === "currentOf") {
    const cursor = ctx.compiler.compile(expr.args[0]!, outside);
    const value: Compiled = (row, env) => {
      const found = currentRow(expr, cursor(row, env), env);
      return found?.leaf === table.oid ? found.rowid : null;
    };
    return { sql: "rowid_ = ?", values: [{ value, encode: (rowid) => rowid as number }], isEquality: true };
  }
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
    values: [{ value: ctx.compiler.compile(value, outside), encode: column.codec.encode }],
    isEquality: operator === "=",
  };
}

export const integerTypes: ReadonlySet<number> = new Set([oid.int2, oid.int4, oid.int8]);
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
  given: readonly Conjunct[],
  own: Scope,
  outside: Scope,
): Source {
  const relation = entry.relation!;
  // Policies come first: no other condition may see a row that they hide. What SQLite compares tells nobody anything.
  const filters = entry.security === undefined ? given : [...entry.security.flatMap(split), ...given];
  if (relation.system === true || relation.kind === "S")
    return systemScan(ctx, entry, start, filters, own, outside);
  if (relation.kind === "p" && entry.only !== true)
    return partitionedScan(ctx, entry, start, filters, own, outside, (leaf) =>
      scanOf(ctx, entry, start, filters, own, outside, leaf),
    );
  return scanOf(ctx, entry, start, filters, own, outside, relation);
}

/** Reads one table: the entry's, or a partition of it. */
function scanOf(
  ctx: PlanContext,
  entry: RangeEntry,
  start: number,
  filters: readonly Conjunct[],
  own: Scope,
  outside: Scope,
  relation: Relation,
): Source {
  const width = entryWidth(entry);
  const isPart = relation !== entry.relation;
  const reader = readerOf(ctx, entry, entry.used, relation);
  const pushed: Pushed[] = [];
  const rest: Conjunct[] = [];
  for (const filter of filters) {
    const sql =
      ctx.pushdown && entry.sample === undefined ? push(ctx, entry, filter, outside, relation) : undefined;
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
  const toEntry = isPart ? partitionRows(entry, relation) : (row: Row) => row;
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
      for (const { value, encode } of values) {
        const datum = value(prefix, env);
        // Nothing compares as true with NULL.
        if (datum === null) return;
        bound.push(encode(datum));
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
      if (overlay !== undefined) yield* filterRows(overlayRows(overlay, toEntry), allFilters, env);
    },
    lookups: isPart || pushed.some((p) => p.isEquality) ? [] : lookupsOf(ctx, entry, reader, allFilters),
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

function* overlayRows(
  overlay: ReadonlyMap<string | number, unknown>,
  toEntry: (row: Row) => Row,
): Generator<Row> {
  for (const row of overlay.values()) if (row !== undefined) yield toEntry(row as Row);
}

/** A partition's rows as those of the entry's table. */
function partitionRows(entry: RangeEntry, table: Relation): (row: Row) => Row {
  const map = rowMap(table, entry.relation!);
  const [from, to] = [lastAttnumOf(table), lastAttnumOf(entry.relation!)];
  return (row) => {
    const result = map.to(row).slice();
    result[to] = partitionRowid(table.oid, Number(row[from]));
    return result;
  };
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

/** Rows by the values of a unique key, for joins that look each row up. */
function lookupsOf(
  ctx: PlanContext,
  entry: RangeEntry,
  reader: Reader,
  filters: readonly ((row: Row, env: Env) => boolean)[],
): Lookup[] {
  if (!ctx.pushdown || entry.sample !== undefined) return [];
  const relation = entry.relation!;
  const columns = storedColumns(ctx.catalog, relation);
  const name = tableName(relation.oid);
  const lookups: Lookup[] = [];
  for (const index of ctx.catalog.indexesOf(relation.oid)) {
    if (!index.unique || index.predicate !== undefined) continue;
    const keys = index.keys.map(({ attnum }) => attnum);
    const stored = keys.map((attnum) => columns.find(({ column }) => column.attnum === attnum));
    const isExact = (column: StoredColumn | undefined) =>
      column?.codec.isOrdered === true && comparable(ctx, column, column.column.type);
    if (!stored.every(isExact)) continue;
    const where = keys.map((attnum) => `${columnName(attnum)} = ?`).join(" AND ");
    const sql = `SELECT ${reader.select} FROM ${name} WHERE ${where}`;
    lookups.push({
      keys,
      *run(env, values) {
        if (values.includes(null)) return;
        const rows = statement(env.exec.db, sql, { raw: true, safeIntegers: reader.isWide }).all(
          ...values.map((value, i) => stored[i]!.codec.encode(value!)),
        ) as SqlValue[][];
        for (const raw of rows) {
          const row = reader.read(raw, env.exec);
          if (holds(filters, row, env)) yield row;
        }
      },
      worthwhile: ({ exec }) => {
        const last = statement(exec.db, `SELECT max(rowid_) FROM ${name}`, { pluck: true }).get();
        return Number(last ?? 0) / 8;
      },
    });
  }
  return lookups;
}

function systemScan(
  ctx: PlanContext,
  entry: RangeEntry,
  start: number,
  filters: readonly Conjunct[],
  own: Scope,
  outside: Scope,
): Source {
  const width = entryWidth(entry);
  const scope = scopeAt(own, entry);
  const compiled = filters.map((c) => ctx.compiler.condition(c.expr, scope));
  const known = knownValue(ctx, entry, filters, outside);
  return {
    start,
    width,
    entries: [entry],
    isLateral: false,
    estimate: known === undefined ? 1000 : 10,
    *run(env, prefix) {
      const rows = systemRows(ctx, entry, env.exec);
      if (known === undefined) {
        yield* filterRows(rows.all, compiled, env);
        return;
      }
      const value = known.value(prefix, env);
      // Nothing is the same as NULL.
      if (value !== null) yield* filterRows(rows.where(known.attnum, known.key(value)), compiled, env);
    },
    lookups: known === undefined ? systemLookups(ctx, entry, compiled) : [],
  };
}

/** A column of the system's tables by whose value rows are found at once: a name, or something's OID. */
function keyOfColumn(ctx: PlanContext, type: number): ((value: Datum) => unknown) | undefined {
  return type === oid.oid || type === oid.name ? typeOps(ctx.catalog, type).key : undefined;
}

interface KnownValue {
  readonly attnum: number;
  readonly value: Compiled;
  key(value: Datum): unknown;
}

/** The first filter that says which value a column has, from outside of the table. */
function knownValue(
  ctx: PlanContext,
  entry: RangeEntry,
  filters: readonly Conjunct[],
  outside: Scope,
): KnownValue | undefined {
  for (const { expr, isVolatile } of filters) {
    if (isVolatile || expr.kind !== "func" || expr.operator !== "=" || expr.args.length !== 2) continue;
    for (const [column, value] of [expr.args, expr.args.toReversed()] as [Expr, Expr][]) {
      if (column.kind !== "var" || column.entry !== entry || column.levelsUp !== 0) continue;
      if (column.type !== value.type || readsEntry(value, entry)) continue;
      const key = keyOfColumn(ctx, column.type);
      if (key !== undefined)
        return { attnum: column.attnum, value: ctx.compiler.compile(value, outside), key };
    }
  }
  return undefined;
}

function systemLookups(
  ctx: PlanContext,
  entry: RangeEntry,
  filters: readonly ((row: Row, env: Env) => boolean)[],
): Lookup[] {
  return entry.columns.flatMap(({ attnum, type }): Lookup[] => {
    const key = keyOfColumn(ctx, type);
    if (key === undefined) return [];
    return [
      {
        keys: [attnum],
        *run(env, [value]) {
          if (value === null || value === undefined) return;
          yield* filterRows(systemRows(ctx, entry, env.exec).where(attnum, key(value)), filters, env);
        },
        worthwhile: ({ exec }) => systemRows(ctx, entry, exec).all.length / 4,
      },
    ];
  });
}

/** Rows of one of the system's tables, with those that have a value in a column. */
interface SystemRows {
  readonly all: readonly Row[];
  where(attnum: number, key: unknown): readonly Row[];
}

/** What was made of rows that are kept with the catalog is kept as long; of others, for the statement. */
const madeOf = new WeakMap<object, Map<number, SystemRows>>();

function systemRows(ctx: PlanContext, entry: RangeEntry, exec: Exec): SystemRows {
  const relation = entry.relation!;
  const given = ctx.systemRows(relation, exec);
  const owner = Array.isArray(given) ? given : exec;
  const made = madeOf.get(owner) ?? new Map<number, SystemRows>();
  madeOf.set(owner, made);
  let known = made.get(relation.oid);
  if (known === undefined) {
    known = indexedRows(ctx, entry, given);
    made.set(relation.oid, known);
  }
  return known;
}

function indexedRows(ctx: PlanContext, entry: RangeEntry, given: Iterable<Row>): SystemRows {
  const all: Row[] = [];
  for (const values of given) all.push([...values, all.length + 1]);
  const indexes = new Map<number, Map<unknown, Row[]>>();
  return {
    all,
    where: (attnum, key) => {
      let index = indexes.get(attnum);
      if (index === undefined) {
        const { type } = entry.columns.find((column) => column.attnum === attnum)!;
        index = indexOf(all, attnum, keyOfColumn(ctx, type)!);
        indexes.set(attnum, index);
      }
      return index.get(key) ?? [];
    },
  };
}

function indexOf(
  rows: readonly Row[],
  attnum: number,
  keyOf: (value: Datum) => unknown,
): Map<unknown, Row[]> {
  const index = new Map<unknown, Row[]>();
  for (const row of rows) {
    const value = row[attnum - 1] ?? null;
    if (value === null) continue;
    const key = keyOf(value);
    const list = index.get(key);
    if (list === undefined) index.set(key, [row]);
    else list.push(row);
  }
  return index;
}

import { type SqlValue, statement, type TransactionWork, uniqueValueLocks } from "@weftkit/store";
import type { Catalog } from "../catalog/catalog.ts";
import type { Index, Relation } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import type { Exec } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import { indexKeyOf } from "../storage/codec.ts";
import {
  columnName,
  indexName,
  isDeferrable,
  isStoredIndex,
  keyColumn,
  needsKeyColumn,
  predicateColumn,
  storedColumns,
  tableName,
} from "../storage/tables.ts";
import type { Datum, Row } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import type { PlanContext } from "./context.ts";
import { membership, tableExpression } from "./table-expressions.ts";

/** A key of an index: its value in a row, and the column of SQLite that it stands in. */
export interface KeyPart {
  readonly column: string;
  readonly isComputed: boolean;
  value(row: Row, exec: Exec): Datum;
  encode(value: Datum): SqlValue;
  /** For messages. */
  readonly shown: string;
  readonly type: number;
}

export interface IndexWriter {
  readonly index: Index;
  readonly name: string;
  readonly constraintName: string;
  readonly parts: readonly KeyPart[];
  readonly isDeferrable: boolean;
  isMember(row: Row, exec: Exec): boolean;
}

/** Writes rows of one table: all columns, the computed keys of its indexes, and the locks of unique values. */
export class TableWriter {
  readonly relation: Relation;
  readonly table: string;
  readonly indexes: readonly IndexWriter[];
  readonly #catalog: Catalog;
  readonly #insertSql: string;
  readonly #updateSql: string;
  readonly #deleteSql: string;
  readonly #unique: readonly IndexWriter[];
  readonly #computed: readonly { readonly column: string; value(row: Row, exec: Exec): SqlValue }[];

  constructor(ctx: PlanContext, relation: Relation) {
    const { catalog } = ctx;
    this.relation = relation;
    this.#catalog = catalog;
    this.table = tableName(relation.oid);
    this.indexes = catalog
      .indexesOf(relation.oid)
      .filter(isStoredIndex)
      .map((index) => indexWriter(ctx, relation, index));
    this.#unique = this.indexes.filter(({ index }) => index.unique);
    this.#computed = this.indexes.flatMap(({ index, parts, isMember }) => {
      const list = parts
        .filter((part) => part.isComputed)
        .map((part) => ({
          column: part.column,
          value: (row: Row, exec: Exec) => part.encode(part.value(row, exec)),
        }));
      if (index.predicate === undefined) return list;
      return [
        ...list,
        {
          column: predicateColumn(index.oid),
          value: (row: Row, exec: Exec) => (isMember(row, exec) ? 1 : null),
        },
      ];
    });
    const columns = [
      ...storedColumns(catalog, relation).map(({ name }) => name),
      ...this.#computed.map(({ column }) => column),
    ];
    const list = ["rowid_", ...columns];
    this.#insertSql = `INSERT INTO ${this.table} (${list.join(", ")}) VALUES (${list.map(() => "?").join(", ")})`;
    this.#updateSql =
      columns.length === 0
        ? `UPDATE ${this.table} SET rowid_ = rowid_ WHERE rowid_ = ?`
        : `UPDATE ${this.table} SET ${columns.map((name) => `${name} = ?`).join(", ")} WHERE rowid_ = ?`;
    this.#deleteSql = `DELETE FROM ${this.table} WHERE rowid_ = ?`;
  }

  #values(row: Row, exec: Exec): SqlValue[] {
    const values = storedColumns(this.#catalog, this.relation).map(({ column, codec }) =>
      codec.encode(row[column.attnum - 1] ?? null),
    );
    for (const { value } of this.#computed) values.push(value(row, exec));
    return values;
  }

  /** Other transactions that want the same value wait until this one has ended. */
  lockValues(work: TransactionWork, row: Row, exec: Exec): void {
    for (const writer of this.#unique) {
      const key = lockKey(writer, row, exec);
      if (key !== undefined) work.lock(uniqueValueLocks, writer.name, key, "exclusive");
    }
  }

  /** The key of a unique index has changed: both values are locked. */
  lockChangedValues(work: TransactionWork, before: Row, after: Row, exec: Exec): void {
    for (const writer of this.#unique) {
      const old = lockKey(writer, before, exec);
      const key = lockKey(writer, after, exec);
      if (old === key) continue;
      if (old !== undefined) work.lock(uniqueValueLocks, writer.name, old, "exclusive");
      if (key !== undefined) work.lock(uniqueValueLocks, writer.name, key, "exclusive");
    }
  }

  /** @throws PgError 23505 */
  insert(work: TransactionWork, rowid: number, row: Row, exec: Exec): void {
    this.#change(work, this.#insertSql, [rowid, ...this.#values(row, exec)], rowid, row, exec);
  }

  update(work: TransactionWork, rowid: number, row: Row, exec: Exec): void {
    this.#change(work, this.#updateSql, [...this.#values(row, exec), rowid], rowid, row, exec);
  }

  delete(work: TransactionWork, rowid: number): void {
    work.change(this.#deleteSql, [rowid], { scope: this.table, key: rowid, after: undefined });
  }

  #change(work: TransactionWork, sql: string, values: SqlValue[], rowid: number, row: Row, exec: Exec): void {
    try {
      const after = row.slice();
      while (after.length < this.relation.columns.length) after.push(null);
      after[lastAttnumOf(this.relation)] = rowid;
      work.change(sql, values, { scope: this.table, key: rowid, after });
    } catch (error) {
      throw this.#uniqueError(error, row, exec) ?? error;
    }
  }

  #uniqueError(error: unknown, row: Row, exec: Exec): PgError | undefined {
    const { code, message } = error as { code?: string; message?: string };
    if (code !== "SQLITE_CONSTRAINT_UNIQUE" || message === undefined) return undefined;
    // "UNIQUE constraint failed: t1.c1, t1.c2"
    const failed = new Set(
      message
        .replace(/^.*failed: /, "")
        .split(", ")
        .map((part) => part.split(".").at(-1)),
    );
    const writer = this.#unique.find(
      ({ parts }) => parts.length === failed.size && parts.every((part) => failed.has(part.column)),
    );
    return writer === undefined
      ? undefined
      : uniqueViolation(this.#catalog, this.relation, writer, row, exec);
  }

  /** The rowid of a row that has the same value of a unique index. */
  findConflict(writer: IndexWriter, row: Row, exec: Exec, except?: number): number | undefined {
    if (!writer.isMember(row, exec)) return undefined;
    const values = writer.parts.map((part) => part.encode(part.value(row, exec)));
    if (values.includes(null)) return undefined;
    const where = writer.parts.map((part) => `${part.column} = ?`).join(" AND ");
    const partial =
      writer.index.predicate === undefined ? "" : ` AND ${predicateColumn(writer.index.oid)} = 1`;
    const sql = `SELECT rowid_ FROM ${this.table} WHERE ${where}${partial} AND rowid_ <> ? LIMIT 1`;
    const found = statement(exec.db, sql, { pluck: true }).get(...values, except ?? -1);
    return found === undefined ? undefined : Number(found);
  }
}

export function lastAttnumOf(relation: Relation): number {
  return relation.columns
    .filter((c) => c.dropped !== true)
    .reduce((last, column) => Math.max(last, column.attnum), 0);
}

function lockKey(writer: IndexWriter, row: Row, exec: Exec): string | undefined {
  if (!writer.isMember(row, exec)) return undefined;
  let text = "";
  for (const part of writer.parts) {
    const value = part.encode(part.value(row, exec));
    if (value === null) return undefined;
    const shown = typeof value === "object" ? Buffer.from(value).toString("latin1") : String(value);
    text += `${shown.length}:${shown}`;
  }
  return text;
}

export function uniqueViolation(
  catalog: Catalog,
  relation: Relation,
  writer: IndexWriter,
  row: Row,
  exec: Exec,
): PgError {
  const shown = writer.parts.map((part) => part.shown).join(", ");
  const values = writer.parts.map((part) => {
    const value = part.value(row, exec);
    return value === null ? "null" : typeOps(catalog, part.type).output(value, exec.io);
  });
  return new PgError("23505", `duplicate key value violates unique constraint "${writer.constraintName}"`, {
    detail: `Key (${shown})=(${values.join(", ")}) already exists.`,
    schema: catalog.get("namespace", relation.namespace)?.name,
    table: relation.name,
    constraint: writer.constraintName,
    routine: "_bt_check_unique",
  });
}

function indexWriter(ctx: PlanContext, relation: Relation, index: Index): IndexWriter {
  const { catalog } = ctx;
  const parts = index.keys.map((key, position): KeyPart => {
    const isComputed = needsKeyColumn(catalog, relation, index, key);
    const column = relation.columns.find((c) => c.attnum === key.attnum);
    const expression =
      key.expression === undefined ? undefined : tableExpression(ctx, relation, key.expression);
    const type = column?.type ?? expression!.expr.type;
    const compiled =
      expression === undefined
        ? undefined
        : ctx.compiler.compile(expression.expr, new Scope(undefined, new Map([[expression.entry, 0]])));
    const keyOf = indexKeyOf(catalog, type);
    const stored = storedColumns(catalog, relation).find((c) => c.column.attnum === key.attnum);
    const encode = isComputed ? keyOf : stored!.codec.encode;
    const at = key.attnum - 1;
    return {
      column: isComputed ? keyColumn(index.oid, position) : columnName(key.attnum),
      isComputed,
      value:
        compiled === undefined
          ? (row) => row[at] ?? null
          : (row, exec) => compiled(row, { exec, row: [], outer: undefined }),
      // NULLs that are not distinct are a value of their own.
      encode: index.nullsNotDistinct
        ? (value) => (value === null ? Buffer.from([0]) : encode(value))
        : encode,
      shown: column?.name ?? key.expression ?? "",
      type,
    };
  });
  return {
    index,
    name: indexName(index.oid),
    constraintName: catalog.get("relation", index.oid)?.name ?? "",
    parts,
    isDeferrable: isDeferrable(catalog, relation, index),
    isMember: membership(ctx, relation, index.predicate),
  };
}

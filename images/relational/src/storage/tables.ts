import type { Catalog } from "../catalog/catalog.ts";
import type { Column, Index, IndexKey, Relation } from "../catalog/model.ts";
import { type Codec, codecOf } from "./codec.ts";

/** Names and texts of what stands for relations in SQLite. */

export function tableName(relation: number): string {
  return `t${relation}`;
}

export function columnName(attnum: number): string {
  return `c${attnum}`;
}

export function indexName(index: number): string {
  return `i${index}`;
}

/** A column that holds an index's computed key, or says whether a row is in a partial index. */
export function keyColumn(index: number, position: number): string {
  return `k${index}_${position}`;
}

export function predicateColumn(index: number): string {
  return `p${index}`;
}

export interface StoredColumn {
  readonly column: Column;
  readonly name: string;
  readonly codec: Codec;
}

const stored = new WeakMap<Relation, readonly StoredColumn[]>();

/** The columns that are kept: not those that were dropped or are virtual. */
export function storedColumns(catalog: Catalog, relation: Relation): readonly StoredColumn[] {
  let columns = stored.get(relation);
  if (columns === undefined) {
    columns = relation.columns
      .filter((column) => column.dropped !== true && column.generated !== "v")
      .map((column) => ({
        column,
        name: columnName(column.attnum),
        codec: codecOf(catalog, column.type, column.typmod),
      }));
    // Codecs of enums and composite types depend on the type's definition.
    if (columns.every(({ column }) => column.type < 16384)) stored.set(relation, columns);
  }
  return columns;
}

export function createTableSql(catalog: Catalog, relation: Relation): string {
  const columns = storedColumns(catalog, relation).map(({ name, codec }) => `${name} ${codec.sqlType}`);
  return `CREATE TABLE ${tableName(relation.oid)} (rowid_ INTEGER PRIMARY KEY${columns.map((c) => `, ${c}`).join("")}) STRICT`;
}

/** Whether an index's key needs a column of its own. */
export function needsKeyColumn(catalog: Catalog, relation: Relation, index: Index, key: IndexKey): boolean {
  if (key.attnum === 0 || index.nullsNotDistinct) return true;
  const column = relation.columns.find((c) => c.attnum === key.attnum)!;
  return column.generated === "v" || !codecOf(catalog, column.type, column.typmod).isOrdered;
}

/** Only btree indexes stand in SQLite; the others exist in the catalog. */
export function isStoredIndex(index: Index): boolean {
  return index.method === "btree" || index.unique;
}

export function createIndexSql(catalog: Catalog, relation: Relation, index: Index): string {
  const keys = index.keys.map((key, i) => {
    const name = needsKeyColumn(catalog, relation, index, key)
      ? keyColumn(index.oid, i)
      : columnName(key.attnum);
    return `${name}${key.descending ? " DESC" : ""}`;
  });
  const where = index.predicate === undefined ? "" : ` WHERE ${predicateColumn(index.oid)} = 1`;
  // A deferrable key is checked by us, when it is time.
  const unique = index.unique && !isDeferrable(catalog, relation, index) ? "UNIQUE " : "";
  return `CREATE ${unique}INDEX ${indexName(index.oid)} ON ${tableName(relation.oid)} (${keys.join(", ")})${where}`;
}

export function isDeferrable(catalog: Catalog, relation: Relation, index: Index): boolean {
  return catalog
    .constraintsOf(relation.oid)
    .some((c) => c.index === index.oid && c.type !== "f" && c.deferrable);
}

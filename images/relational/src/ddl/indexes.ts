import { type SqlValue, statement } from "@weftkit/store";
import { tableEntry } from "../analyse/from.ts";
import { figureName } from "../analyse/targets.ts";
import { opclasses } from "../catalog/builtin.ts";
import type { Index, IndexKey, Relation } from "../catalog/model.ts";
import { attnumsIn, partitionsOf } from "../catalog/partitions.ts";
import { notSupported, PgError } from "../errors.ts";
import { type Node, type pg, strings } from "../parse/ast.ts";
import { sqlTexts } from "../parse/parse.ts";
import { readerOf } from "../plan/scan.ts";
import { TableWriter, uniqueViolation } from "../plan/write.ts";
import {
  createIndexSql,
  indexName,
  isStoredIndex,
  keyColumn,
  needsKeyColumn,
  predicateColumn,
  tableName,
} from "../storage/tables.ts";
import { oid } from "../types/oids.ts";
import { analyserOf, columnExpression, type Ddl, newOid, requireRelation } from "./context.ts";
import { isNotImmutable } from "./immutability.ts";
import { freeRelationName } from "./names.ts";
import { requireRelationOwner } from "./rights.ts";

const methods: Readonly<Record<string, number>> = {
  btree: 403,
  hash: 405,
  gin: 2742,
  gist: 783,
  brin: 3580,
  spgist: 4000,
};

/** The operator class of a type that nobody named. */
export function defaultOpclass(ddl: Ddl, method: string, type: number): number {
  const am = methods[method] ?? 403;
  const { ctx } = analyserOf(ddl);
  const base = ctx.base(type).oid;
  const kind = ctx.type(base).kind;
  const wanted = [
    base,
    base === oid.varchar ? oid.text : 0,
    kind === "e" ? oid.anyenum : 0,
    ctx.elementOf(base) !== undefined ? oid.anyarray : 0,
    kind === "r" ? oid.anyrange : 0,
    kind === "m" ? oid.anymultirange : 0,
    kind === "c" ? oid.record : 0,
  ];
  for (const candidate of wanted) {
    const found = opclasses.find(
      (o) => o.method === am && o.input === candidate && o.isDefault && candidate !== 0,
    );
    if (found !== undefined) return found.oid;
  }
  if (am === 403 || am === 405 || am === 2742) {
    throw new PgError(
      "42704",
      `data type ${ctx.formatType(type)} has no default operator class for access method "${method}"`,
      {
        hint: "You must specify an operator class for the index or define a default operator class for the data type.",
      },
    );
  }
  return 0;
}

export function createIndex(ddl: Ddl, node: pg.IndexStmt): void {
  const relation = requireRelation(ddl, node.relation!, ["r", "m", "p"], "table");
  requireRelationOwner(ddl, relation);
  const method = node.accessMethod ?? "btree";
  if (methods[method] === undefined) throw new PgError("42704", `access method "${method}" does not exist`);
  if (node.unique === true && method !== "btree")
    throw new PgError("0A000", `access method "${method}" does not support unique indexes`);
  if ((node.excludeOpNames?.length ?? 0) > 0) throw notSupported("exclusion constraints");
  const names: string[] = [];
  const keys = ((node.indexParams ?? []) as Node[]).map((param) => {
    const { key, name } = indexKey(ddl, relation, method, param.IndexElem!);
    names.push(name);
    return key;
  });
  const include = ((node.indexIncludingParams ?? []) as Node[]).map((param) =>
    attnumOf(relation, param.IndexElem?.name ?? ""),
  );
  const predicate =
    node.whereClause === undefined ? undefined : indexPredicate(ddl, relation, node.whereClause as Node);
  const name =
    node.idxname ??
    freeRelationName(
      ddl,
      relation.namespace,
      relation.name,
      [...new Set(names)].length === names.length ? names.join("_") : uniqueNames(names).join("_"),
      "idx",
    );
  if (ddl.catalog.relationByName(relation.namespace, name) !== undefined) {
    if (node.if_not_exists === true) {
      ddl.notice(`relation "${name}" already exists, skipping`);
      return;
    }
    throw new PgError("42P07", `relation "${name}" already exists`);
  }
  if (node.unique === true) requirePartitionKey(relation, keys, "UNIQUE");
  const id = buildIndex(
    ddl,
    relation,
    {
      oid: 0,
      relation: relation.oid,
      unique: node.unique === true,
      primary: false,
      nullsNotDistinct: node.nulls_not_distinct === true,
      method,
      keys,
      include,
      ...(predicate === undefined ? {} : { predicate }),
    },
    name,
  );
  if (node.relation?.inh === true) inheritByPartitions(ddl, relation, id);
}

/** The text of a condition on the rows that an index has. @throws PgError 42P17 */
export function indexPredicate(ddl: Ddl, relation: Relation, node: Node): string {
  const { expr, text } = columnExpression(ddl, relation, node, "INDEX PREDICATE");
  if (isNotImmutable(expr))
    throw new PgError("42P17", "functions in index predicate must be marked IMMUTABLE");
  return text;
}

/** A unique key of a partitioned table is looked after by its partitions: rows with one value are all in one of them. @throws PgError 0A000 */
export function requirePartitionKey(relation: Relation, keys: readonly IndexKey[], word: string): void {
  for (const { attnum } of relation.partitionBy?.keys ?? []) {
    if (attnum === 0)
      throw new PgError("0A000", `unsupported ${word} constraint with partition key definition`, {
        detail: `${word} constraints cannot be used when partition keys include expressions.`,
      });
    if (keys.some((key) => key.attnum === attnum)) continue;
    const name = relation.columns.find((column) => column.attnum === attnum)!.name;
    throw new PgError(
      "0A000",
      "unique constraint on partitioned table must include all partitioning columns",
      {
        detail: `${word} constraint on table "${relation.name}" lacks column "${name}" which is part of the partition key.`,
      },
    );
  }
}

/** Gives every partition an index of a partitioned table. */
export function inheritByPartitions(ddl: Ddl, relation: Relation, id: number): void {
  const index = ddl.catalog.get("index", id)!;
  for (const partition of partitionsOf(ddl.catalog, relation.oid)) inheritIndex(ddl, index, partition);
}

/**
 * A partition's part of an index: one that is there and is the same, or a new one; the constraint of a key goes with it. With
 * `given` only that one will do: false when it does not.
 */
export function inheritIndex(ddl: Ddl, parent: Index, child: Relation, given?: Index): boolean {
  const table = ddl.catalog.get("relation", parent.relation)!;
  const there = attnumsIn(table, child);
  const place = (attnum: number) => there.get(attnum)!;
  const keys = parent.keys.map((key) => (key.attnum === 0 ? key : { ...key, attnum: place(key.attnum) }));
  const include = parent.include.map(place);
  const constraintOf = (index: Index) =>
    ddl.catalog.constraintsOf(index.relation).find((c) => c.index === index.oid && c.type !== "f");
  const constraint = constraintOf(parent);
  const fits = (index: Index): boolean =>
    index.parent === undefined &&
    index.unique === parent.unique &&
    index.nullsNotDistinct === parent.nullsNotDistinct &&
    index.method === parent.method &&
    index.predicate === parent.predicate &&
    JSON.stringify(index.keys) === JSON.stringify(keys) &&
    index.include.join() === include.join() &&
    (constraint === undefined || constraintOf(index)?.type === constraint.type);
  const candidates = given === undefined ? ddl.catalog.indexesOf(child.oid) : [given];
  const found = candidates.find(fits);
  if (found === undefined && given !== undefined) return false;
  if (found !== undefined) {
    ddl.catalog.set("index", { ...found, parent: parent.oid });
    const own = constraintOf(found);
    if (own !== undefined && constraint !== undefined)
      ddl.catalog.set("constraint", { ...own, parent: constraint.oid });
    return true;
  }
  const columns = keys.map((key) => keyName(child, key));
  const name = freeRelationName(
    ddl,
    child.namespace,
    child.name,
    parent.primary ? undefined : uniqueNames(columns).join("_"),
    parent.primary ? "pkey" : constraint === undefined ? "idx" : "key",
  );
  const made =
    constraint === undefined
      ? undefined
      : {
          ...constraint,
          oid: newOid(ddl),
          name,
          relation: child.oid,
          namespace: child.namespace,
          keys: constraint.keys.map(place),
          parent: constraint.oid,
        };
  // The constraint is there before its index: whether that is unique in SQLite depends on it.
  if (made !== undefined) ddl.catalog.set("constraint", { ...made, index: 0 });
  const { clustered: _not, ...definition } = parent;
  const id = buildIndex(
    ddl,
    ddl.catalog.get("relation", child.oid)!,
    { ...definition, relation: child.oid, keys, include, parent: parent.oid },
    name,
    made?.deferrable === true,
  );
  if (made !== undefined) ddl.catalog.set("constraint", { ...made, index: id });
  inheritByPartitions(ddl, child, id);
  return true;
}

function uniqueNames(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}${count}`;
  });
}

export function attnumOf(relation: Relation, name: string): number {
  const column = relation.columns.find((c) => c.name === name && c.dropped !== true);
  if (column === undefined) throw new PgError("42703", `column "${name}" does not exist`);
  return column.attnum;
}

export function indexKey(
  ddl: Ddl,
  relation: Relation,
  method: string,
  element: pg.IndexElem,
): { key: IndexKey; name: string } {
  const descending = element.ordering === "SORTBY_DESC";
  const nullsFirst =
    element.nulls_ordering === "SORTBY_NULLS_FIRST" ||
    (element.nulls_ordering !== "SORTBY_NULLS_LAST" && descending);
  const base = { descending, nullsFirst };
  const given = strings(element.opclass as Node[] | undefined).at(-1);
  const opclassOf = (type: number): number => {
    if (given === undefined) return defaultOpclass(ddl, method, type);
    const found = opclasses.find((o) => o.name === given && o.method === methods[method]);
    if (found === undefined)
      throw new PgError("42704", `operator class "${given}" does not exist for access method "${method}"`);
    return found.oid;
  };
  if (element.name !== undefined) {
    const column = relation.columns.find((c) => c.name === element.name && c.dropped !== true);
    if (column === undefined) throw new PgError("42703", `column "${element.name}" does not exist`);
    return {
      key: { ...base, attnum: column.attnum, collation: column.collation, opclass: opclassOf(column.type) },
      name: column.name,
    };
  }
  const { expr, text } = columnExpression(ddl, relation, element.expr as Node, "INDEX");
  if (isNotImmutable(expr))
    throw new PgError("42P17", "functions in index expression must be marked IMMUTABLE");
  const figured = figureName(element.expr as Node);
  return {
    key: {
      ...base,
      attnum: 0,
      expression: text,
      collation: expr.collation ?? 0,
      opclass: opclassOf(expr.type),
    },
    name: figured === "?column?" ? "expr" : figured,
  };
}

/** What a key is called: a column, or what its expression would be in a SELECT. */
function keyName(relation: Relation, { attnum, expression }: IndexKey): string {
  if (expression === undefined) return relation.columns.find((column) => column.attnum === attnum)!.name;
  const figured = figureName(sqlTexts.expression(expression));
  return figured === "?column?" ? "expr" : figured;
}

/** Makes the index in the catalog and in SQLite, and fills its computed keys; gives its OID. */
export function buildIndex(
  ddl: Ddl,
  relation: Relation,
  given: Index,
  name: string,
  isDeferrableKey = false,
): number {
  const id = newOid(ddl);
  const index: Index = { ...given, oid: id };
  const names = uniqueNames(index.keys.map((key) => keyName(relation, key)));
  const keyColumns = index.keys.map((key, i) => {
    const column = relation.columns.find((c) => c.attnum === key.attnum);
    return {
      attnum: i + 1,
      name: names[i]!,
      type: column?.type ?? oid.text,
      typmod: column?.typmod ?? -1,
      notNull: false,
      collation: key.collation,
    };
  });
  ddl.catalog.set("relation", {
    oid: id,
    name,
    namespace: relation.namespace,
    kind: "i",
    owner: relation.owner,
    typeOid: 0,
    persistence: relation.persistence,
    columns: keyColumns,
    ...(relation.session === undefined ? {} : { session: relation.session }),
  });
  ddl.catalog.set("index", index);
  if (isStoredIndex(index)) storeIndex(ddl, relation, index, isDeferrableKey);
  return id;
}

/** The index in SQLite. @throws PgError 23505 when the rows are not unique */
export function storeIndex(ddl: Ddl, relation: Relation, index: Index, isDeferrableKey = false): void {
  const { db } = ddl.work;
  const table = tableName(relation.oid);
  const computed: string[] = [];
  for (const [i, key] of index.keys.entries())
    if (needsKeyColumn(ddl.catalog, relation, index, key)) computed.push(`${keyColumn(index.oid, i)} ANY`);
  if (index.predicate !== undefined) computed.push(`${predicateColumn(index.oid)} INTEGER`);
  for (const column of computed) db.exec(`ALTER TABLE ${table} ADD COLUMN ${column}`);
  if (computed.length > 0) fillKeys(ddl, relation, index);
  checkUnique(ddl, relation, index);
  const isUnique = index.unique && !isDeferrableKey;
  db.exec(createIndexSql(ddl.catalog, relation, { ...index, unique: isUnique }));
}

function fillKeys(ddl: Ddl, relation: Relation, index: Index): void {
  const ctx = ddl.plan();
  const { db } = ddl.work;
  const writer = new TableWriter(ctx, relation).indexes.find((w) => w.index.oid === index.oid)!;
  const entry = tableEntry(analyserOf(ddl).ctx, relation, relation.name);
  const reader = readerOf(ctx, entry, "all");
  const table = tableName(relation.oid);
  const parts = writer.parts.filter((part) => part.isComputed);
  const sets = [
    ...parts.map((part) => `${part.column} = ?`),
    ...(index.predicate === undefined ? [] : [`${predicateColumn(index.oid)} = ?`]),
  ];
  const update = statement(db, `UPDATE ${table} SET ${sets.join(", ")} WHERE rowid_ = ?`);
  let last: SqlValue = 0;
  while (true) {
    const rows = statement(
      db,
      `SELECT ${reader.select} FROM ${table} WHERE rowid_ > ? ORDER BY rowid_ LIMIT 1000`,
      { raw: true, safeIntegers: true },
    ).all(last) as SqlValue[][];
    for (const raw of rows) {
      const row = reader.read(raw, ddl.exec);
      const values: SqlValue[] = parts.map((part) => part.encode(part.value(row, ddl.exec)));
      if (index.predicate !== undefined) values.push(writer.isMember(row, ddl.exec) ? 1 : null);
      update.run(...values, raw[0]!);
    }
    if (rows.length < 1000) return;
    last = rows.at(-1)![0]!;
  }
}

/** @throws PgError 23505 */
export function checkUnique(ddl: Ddl, relation: Relation, index: Index): void {
  if (!index.unique) return;
  const ctx = ddl.plan();
  const writer = new TableWriter(ctx, relation).indexes.find((w) => w.index.oid === index.oid)!;
  const columns = writer.parts.map((part) => part.column);
  const where = [
    ...columns.map((c) => `${c} IS NOT NULL`),
    ...(index.predicate === undefined ? [] : [`${predicateColumn(index.oid)} = 1`]),
  ];
  const sql = `SELECT min(rowid_) FROM ${tableName(relation.oid)} WHERE ${where.join(" AND ")} GROUP BY ${columns.join(", ")} HAVING count(*) > 1 LIMIT 1`;
  const found = statement(ddl.work.db, sql, { pluck: true }).get() as number | undefined;
  if (found === undefined) return;
  const entry = tableEntry(analyserOf(ddl).ctx, relation, relation.name);
  const reader = readerOf(ctx, entry, "all");
  const raw = statement(
    ddl.work.db,
    `SELECT ${reader.select} FROM ${tableName(relation.oid)} WHERE rowid_ = ?`,
    { raw: true, safeIntegers: true },
  ).get(found) as SqlValue[];
  const violation = uniqueViolation(ddl.catalog, relation, writer, reader.read(raw, ddl.exec), ddl.exec);
  throw new PgError("23505", `could not create unique index "${writer.constraintName}"`, {
    ...violation.details,
    detail: violation.details.detail?.replace("already exists", "is duplicated"),
  });
}

/** Takes an index away, its computed keys with it. */
export function removeIndex(ddl: Ddl, index: Index): void {
  const { db } = ddl.work;
  const relation = ddl.catalog.get("relation", index.relation)!;
  if (isStoredIndex(index)) {
    db.exec(`DROP INDEX IF EXISTS ${indexName(index.oid)}`);
    const table = tableName(relation.oid);
    for (const [i, key] of index.keys.entries())
      if (needsKeyColumn(ddl.catalog, relation, index, key))
        db.exec(`ALTER TABLE ${table} DROP COLUMN ${keyColumn(index.oid, i)}`);
    if (index.predicate !== undefined)
      db.exec(`ALTER TABLE ${table} DROP COLUMN ${predicateColumn(index.oid)}`);
  }
  ddl.catalog.delete("index", index.oid);
  ddl.catalog.delete("relation", index.oid);
  for (const part of [...ddl.catalog.all("index")])
    if (part.parent === index.oid) {
      for (const constraint of ddl.catalog.constraintsOf(part.relation))
        if (constraint.index === part.oid && constraint.type !== "f")
          ddl.catalog.delete("constraint", constraint.oid);
      removeIndex(ddl, part);
    }
}

import { type SqlValue, statement } from "@weftkit/store";
import { coerceToBoolean } from "../analyse/coerce.ts";
import type { Expr } from "../analyse/expr.ts";
import { tableEntry } from "../analyse/from.ts";
import { makeOperator } from "../analyse/resolve-operator.ts";
import type { Column, Constraint, ForeignAction, Relation } from "../catalog/model.ts";
import { attnumsIn, partitionsOf } from "../catalog/partitions.ts";
import { deparse } from "../deparse/expr.ts";
import { notSupported, PgError } from "../errors.ts";
import { at, type Node, type pg, strings } from "../parse/ast.ts";
import { Changer } from "../plan/changer.ts";
import { planChecks } from "../plan/checks.ts";
import { readerOf } from "../plan/scan.ts";
import { tableName } from "../storage/tables.ts";
import type { Row } from "../types/datum.ts";
import {
  analyserOf,
  columnExpression,
  type Ddl,
  deparseContext,
  newOid,
  requireRelation,
} from "./context.ts";
import { makeExclusion, validateExclusion } from "./exclusions.ts";
import { buildIndex, defaultOpclass, inheritIndex, requirePartitionKey } from "./indexes.ts";
import { freeConstraintName, freeRelationName } from "./names.ts";
import { requireOnRelation } from "./rights.ts";

/** PostgreSQL 18 keeps NOT NULL as a constraint with a name. */
export function addNotNull(ddl: Ddl, relationOid: number, column: Column, given?: string): void {
  const relation = ddl.catalog.get("relation", relationOid)!;
  const known = ddl.catalog
    .constraintsOf(relationOid)
    .find((c) => c.type === "n" && c.keys[0] === column.attnum);
  if (known !== undefined) return;
  const name =
    given ?? freeConstraintName(ddl, relationOid, relation.namespace, relation.name, column.name, "not_null");
  putConstraint(ddl, relation, { name, type: "n", keys: [column.attnum], index: 0 });
  if (!column.notNull) {
    const columns = relation.columns.map((c) => (c.attnum === column.attnum ? { ...c, notNull: true } : c));
    ddl.catalog.set("relation", { ...relation, columns });
  }
}

type Given = Pick<Constraint, "name" | "type" | "keys" | "index"> & Partial<Constraint>;

function putConstraint(ddl: Ddl, relation: Relation, given: Given): Constraint {
  const constraint: Constraint = {
    oid: newOid(ddl),
    namespace: relation.namespace,
    relation: relation.oid,
    typeOid: 0,
    deferrable: false,
    deferred: false,
    validated: true,
    ...given,
  };
  ddl.catalog.set("constraint", constraint);
  return constraint;
}

function requireFreeName(ddl: Ddl, relation: Relation, name: string): void {
  if (ddl.catalog.constraintsOf(relation.oid).some((c) => c.name === name))
    throw new PgError("42710", `constraint "${name}" for relation "${relation.name}" already exists`);
}

/** A constraint of CREATE TABLE or ALTER TABLE; `hasRows` when the rows that are there must be checked. */
export function addConstraint(
  ddl: Ddl,
  relation: Relation,
  node: pg.Constraint,
  hasRows: boolean,
  column?: string,
  isOnly = false,
): void {
  const before = new Set(ddl.catalog.constraintsOf(relation.oid).map(({ oid }) => oid));
  addOwn(ddl, relation, node, hasRows, column);
  if (relation.kind !== "p" || isOnly) return;
  const added = ddl.catalog.constraintsOf(relation.oid).filter(({ oid }) => !before.has(oid));
  for (const partition of partitionsOf(ddl.catalog, relation.oid)) {
    inheritChecks(ddl, ddl.catalog.get("relation", relation.oid)!, partition.oid, added, hasRows);
    const now = () => ddl.catalog.get("relation", partition.oid)!;
    for (const constraint of added) {
      if (constraint.type === "f") inheritForeignKey(ddl, constraint, now(), hasRows);
      const index = ddl.catalog.get("index", constraint.index);
      if (index !== undefined && constraint.type !== "f") inheritIndex(ddl, index, now());
    }
  }
}

/** NOT NULL and CHECK of a partitioned table, in one of its partitions and theirs. @throws PgError 23502, 23514 */
export function inheritChecks(
  ddl: Ddl,
  parent: Relation,
  child: number,
  constraints: readonly Constraint[] = ddl.catalog.constraintsOf(parent.oid),
  hasRows = false,
): void {
  for (const constraint of constraints) {
    const relation = ddl.catalog.get("relation", child)!;
    const there = attnumsIn(parent, relation);
    const keys = constraint.keys.map((attnum) => there.get(attnum)!);
    const own = ddl.catalog.constraintsOf(child);
    if (constraint.type === "n") {
      if (own.some(({ type, keys: [key] }) => type === "n" && key === keys[0])) continue;
      const column = relation.columns.find(({ attnum }) => attnum === keys[0])!;
      if (hasRows) checkNoNulls(ddl, relation, column);
      addNotNull(ddl, child, column, constraint.name);
    } else if (constraint.type === "c" && constraint.noInherit !== true) {
      if (own.some(({ type, name }) => type === "c" && name === constraint.name)) continue;
      const made = putConstraint(ddl, relation, { ...withoutPlace(constraint), keys });
      if (hasRows && made.validated && made.enforced !== false) validateCheck(ddl, relation, made);
    } else continue;
    const changed = ddl.catalog.get("relation", child)!;
    for (const partition of partitionsOf(ddl.catalog, child))
      inheritChecks(ddl, changed, partition.oid, ddl.catalog.constraintsOf(child), hasRows);
  }
}

function withoutPlace({ oid: _oid, relation: _relation, namespace: _namespace, ...rest }: Constraint): Given {
  return rest;
}

/** A foreign key of a partitioned table in one of its partitions: the same one that is there, or a new one. */
export function inheritForeignKey(ddl: Ddl, constraint: Constraint, child: Relation, hasRows: boolean): void {
  const parent = ddl.catalog.get("relation", constraint.relation)!;
  const there = attnumsIn(parent, child);
  const keys = constraint.keys.map((attnum) => there.get(attnum)!);
  const foreign = constraint.foreign!;
  const { setColumns } = foreign;
  const own =
    setColumns === undefined ? foreign : { ...foreign, setColumns: setColumns.map((c) => there.get(c)!) };
  const found = ddl.catalog
    .constraintsOf(child.oid)
    .find(
      (c) =>
        c.type === "f" &&
        c.parent === undefined &&
        c.keys.join() === keys.join() &&
        JSON.stringify(c.foreign) === JSON.stringify(own),
    );
  let made: Constraint;
  if (found !== undefined) {
    made = { ...found, parent: constraint.oid };
    ddl.catalog.set("constraint", made);
  } else {
    const isTaken = ddl.catalog.constraintsOf(child.oid).some(({ name }) => name === constraint.name);
    const name = isTaken
      ? freeConstraintName(
          ddl,
          child.oid,
          child.namespace,
          child.name,
          keys.map((key) => child.columns.find(({ attnum }) => attnum === key)!.name).join("_"),
          "fkey",
        )
      : constraint.name;
    made = putConstraint(ddl, child, {
      ...withoutPlace(constraint),
      name,
      keys,
      foreign: own,
      parent: constraint.oid,
    });
    if (hasRows && made.validated && made.enforced !== false && child.kind !== "p")
      validateForeignKey(ddl, child, made);
  }
  for (const partition of partitionsOf(ddl.catalog, child.oid))
    inheritForeignKey(ddl, made, partition, hasRows);
}

function addOwn(ddl: Ddl, relation: Relation, node: pg.Constraint, hasRows: boolean, column?: string): void {
  if (node.conname !== undefined) requireFreeName(ddl, relation, node.conname);
  switch (node.contype) {
    case "CONSTR_PRIMARY":
    case "CONSTR_UNIQUE":
      addKey(ddl, relation, node, hasRows);
      return;
    case "CONSTR_CHECK":
      addCheck(ddl, relation, node, hasRows, column);
      return;
    case "CONSTR_FOREIGN":
      addForeignKey(ddl, relation, node, hasRows);
      return;
    case "CONSTR_NOTNULL": {
      const name = strings(node.keys as Node[] | undefined)[0];
      const found = relation.columns.find((c) => c.name === name && c.dropped !== true);
      if (found === undefined)
        throw new PgError("42703", `column "${name}" of relation "${relation.name}" does not exist`);
      if (hasRows) checkNoNulls(ddl, relation, found);
      addNotNull(ddl, relation.oid, found, node.conname);
      return;
    }
    case "CONSTR_EXCLUSION": {
      const constraint = putConstraint(ddl, relation, makeExclusion(ddl, relation, node));
      if (hasRows) validateExclusion(ddl, relation, constraint, (visit) => forEachRow(ddl, relation, visit));
      return;
    }
    default:
      throw notSupported(String(node.contype));
  }
}

/** @throws PgError 23502 */
export function checkNoNulls(ddl: Ddl, relation: Relation, column: Column): void {
  if (column.generated === "v") return;
  const sql = `SELECT 1 FROM ${tableName(relation.oid)} WHERE c${column.attnum} IS NULL LIMIT 1`;
  if (statement(ddl.work.db, sql, { pluck: true }).get() !== undefined) {
    throw new PgError(
      "23502",
      `column "${column.name}" of relation "${relation.name}" contains null values`,
      {
        schema: ddl.catalog.get("namespace", relation.namespace)?.name,
        table: relation.name,
        column: column.name,
      },
    );
  }
}

function addKey(ddl: Ddl, given: Relation, node: pg.Constraint, hasRows: boolean): void {
  let relation = given;
  const isPrimary = node.contype === "CONSTR_PRIMARY";
  if (isPrimary && ddl.catalog.indexesOf(relation.oid).some((index) => index.primary))
    throw new PgError("42P16", `multiple primary keys for table "${relation.name}" are not allowed`);
  if (node.without_overlaps === true) throw notSupported("WITHOUT OVERLAPS");
  if (node.indexname !== undefined) {
    keyFromIndex(ddl, relation, node, isPrimary);
    return;
  }
  const names = strings(node.keys as Node[] | undefined);
  const attnums = names.map((name) => {
    const column = relation.columns.find((c) => c.name === name && c.dropped !== true);
    if (column === undefined)
      throw new PgError("42703", `column "${name}" named in key does not exist`, {}, at(node.location));
    return column.attnum;
  });
  if (new Set(attnums).size !== attnums.length)
    throw new PgError(
      "42701",
      `column "${names.find((n, i) => names.indexOf(n) !== i)}" appears twice in ${isPrimary ? "primary key" : "unique"} constraint`,
    );
  if (isPrimary) {
    for (const attnum of attnums) {
      const column = relation.columns.find((c) => c.attnum === attnum)!;
      if (hasRows && !column.notNull) checkNoNulls(ddl, relation, column);
      addNotNull(ddl, relation.oid, column);
      relation = ddl.catalog.get("relation", relation.oid)!;
    }
  }
  const name =
    node.conname ??
    freeRelationName(
      ddl,
      relation.namespace,
      relation.name,
      isPrimary ? undefined : names.join("_"),
      isPrimary ? "pkey" : "key",
    );
  if (ddl.catalog.relationByName(relation.namespace, name) !== undefined)
    throw new PgError("42P07", `relation "${name}" already exists`);
  const deferrable = node.deferrable === true || node.initdeferred === true;
  const keys = attnums.map((attnum) => {
    const column = relation.columns.find((c) => c.attnum === attnum)!;
    return {
      attnum,
      opclass: defaultOpclass(ddl, "btree", column.type),
      collation: column.collation,
      descending: false,
      nullsFirst: false,
    };
  });
  requirePartitionKey(relation, keys, isPrimary ? "PRIMARY KEY" : "UNIQUE");
  // The constraint is there before its index: whether that is unique in SQLite depends on it.
  const constraint = putConstraint(ddl, relation, {
    name,
    type: isPrimary ? "p" : "u",
    keys: attnums,
    index: 0,
    deferrable,
    deferred: node.initdeferred === true,
  });
  const index = {
    oid: 0,
    relation: relation.oid,
    unique: true,
    primary: isPrimary,
    nullsNotDistinct: node.nulls_not_distinct === true,
    method: "btree",
    keys,
    include: strings(node.including as Node[] | undefined).map(
      (n) => relation.columns.find((c) => c.name === n)?.attnum ?? 0,
    ),
  };
  const id = buildIndex(ddl, relation, index, name, deferrable);
  ddl.catalog.set("constraint", { ...constraint, index: id });
}

function keyFromIndex(ddl: Ddl, relation: Relation, node: pg.Constraint, isPrimary: boolean): void {
  const found = ddl.catalog.relationByName(relation.namespace, node.indexname!);
  const index = found === undefined ? undefined : ddl.catalog.get("index", found.oid);
  if (index === undefined || index.relation !== relation.oid)
    throw new PgError("42704", `index "${node.indexname}" does not exist`);
  if (!index.unique) throw new PgError("42809", `"${node.indexname}" is not a unique index`);
  const name = node.conname ?? node.indexname!;
  putConstraint(ddl, relation, {
    name,
    type: isPrimary ? "p" : "u",
    keys: index.keys.map((key) => key.attnum),
    index: index.oid,
  });
  if (isPrimary) {
    ddl.catalog.set("index", { ...index, primary: true });
    for (const key of index.keys) {
      const column = relation.columns.find((c) => c.attnum === key.attnum)!;
      if (!column.notNull) checkNoNulls(ddl, relation, column);
      addNotNull(ddl, relation.oid, column);
    }
  }
  if (name !== node.indexname) ddl.catalog.set("relation", { ...found!, name });
}

function addCheck(
  ddl: Ddl,
  relation: Relation,
  node: pg.Constraint,
  hasRows: boolean,
  column: string | undefined,
): void {
  const { ctx } = analyserOf(ddl);
  const { expr } = columnExpression(ddl, relation, node.raw_expr as Node, "CHECK");
  const condition = coerceToBoolean(ctx, expr, "CHECK");
  const columns = [...columnsRead(condition)];
  const only = columns.length === 1 ? relation.columns.find((c) => c.attnum === columns[0])?.name : undefined;
  const name =
    node.conname ??
    freeConstraintName(
      ddl,
      relation.oid,
      relation.namespace,
      relation.name,
      only ?? (columns.length === 0 ? column : undefined),
      "check",
    );
  const isEnforced = node.is_enforced !== false;
  const constraint = putConstraint(ddl, relation, {
    name,
    type: "c",
    keys: columns,
    index: 0,
    expression: deparse(deparseContext(ddl), condition),
    validated: node.skip_validation !== true,
    ...(isEnforced ? {} : { enforced: false }),
    ...(node.is_no_inherit === true ? { noInherit: true } : {}),
  });
  if (hasRows && node.skip_validation !== true && isEnforced) validateCheck(ddl, relation, constraint);
}

function columnsRead(expr: Expr): Set<number> {
  const found = new Set<number>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { kind, attnum } = value as { kind?: string; attnum?: number };
    if (kind === "var") {
      found.add(attnum!);
      return;
    }
    for (const item of Object.values(value)) visit(item);
  };
  visit(expr);
  return found;
}

/** Checks the rows that are there. @throws PgError 23514 */
export function validateCheck(ddl: Ddl, relation: Relation, constraint: Constraint): void {
  const ctx = ddl.plan();
  const checks = planChecks(ctx, relation);
  forEachRow(ddl, relation, (row) => {
    try {
      checks(row, ddl.exec);
    } catch (error) {
      if (
        error instanceof PgError &&
        error.code === "23514" &&
        error.details.constraint === constraint.name
      ) {
        throw new PgError(
          "23514",
          `check constraint "${constraint.name}" of relation "${relation.name}" is violated by some row`,
          {
            ...error.details,
            detail: undefined,
          },
        );
      }
      throw error;
    }
  });
}

export function forEachRow(ddl: Ddl, relation: Relation, visit: (row: Row, rowid: number) => void): void {
  const ctx = ddl.plan();
  const reader = readerOf(ctx, tableEntry(analyserOf(ddl).ctx, relation, relation.name), "all");
  let last: SqlValue = 0;
  while (true) {
    const sql = `SELECT ${reader.select} FROM ${tableName(relation.oid)} WHERE rowid_ > ? ORDER BY rowid_ LIMIT 1000`;
    const rows = statement(ddl.work.db, sql, { raw: true, safeIntegers: true }).all(last) as SqlValue[][];
    for (const raw of rows) visit(reader.read(raw, ddl.exec), Number(raw[0]));
    if (rows.length < 1000) return;
    last = rows.at(-1)![0]!;
  }
}

const actions: Readonly<Record<string, ForeignAction>> = { a: "a", r: "r", c: "c", n: "n", d: "d" };

function addForeignKey(ddl: Ddl, relation: Relation, node: pg.Constraint, hasRows: boolean): void {
  const { ctx } = analyserOf(ddl);
  const referenced =
    node.pktable?.relname === relation.name && !node.pktable.schemaname
      ? ddl.catalog.get("relation", relation.oid)!
      : requireRelation(ddl, node.pktable!);
  if (referenced.kind !== "r" && referenced.kind !== "p")
    throw new PgError("42809", `referenced relation "${referenced.name}" is not a table`);
  if (node.fk_with_period === true) throw notSupported("PERIOD in foreign keys");
  if (node.fk_matchtype === "p") throw new PgError("0A000", "MATCH PARTIAL not yet implemented");
  const names = strings(node.fk_attrs as Node[] | undefined);
  const keys = names.map((name) => {
    const column = relation.columns.find((c) => c.name === name && c.dropped !== true);
    if (column === undefined)
      throw new PgError("42703", `column "${name}" referenced in foreign key constraint does not exist`);
    return column.attnum;
  });
  let referencedNames = strings(node.pk_attrs as Node[] | undefined);
  const primary = ddl.catalog.constraintsOf(referenced.oid).find((c) => c.type === "p");
  if (referencedNames.length === 0) {
    if (primary === undefined)
      throw new PgError("42704", `there is no primary key for referenced table "${referenced.name}"`);
    referencedNames = primary.keys.map((attnum) => referenced.columns.find((c) => c.attnum === attnum)!.name);
  }
  const referencedKeys = referencedNames.map((name) => {
    const column = referenced.columns.find((c) => c.name === name && c.dropped !== true);
    if (column === undefined)
      throw new PgError("42703", `column "${name}" referenced in foreign key constraint does not exist`);
    return column.attnum;
  });
  if (keys.length !== referencedKeys.length)
    throw new PgError("42830", "number of referencing and referenced columns for foreign key disagree");
  requireOnRelation(ddl, referenced, "x", referencedKeys);
  const index = ddl.catalog
    .indexesOf(referenced.oid)
    .find(
      (i) =>
        i.unique &&
        i.predicate === undefined &&
        i.keys.length === referencedKeys.length &&
        i.keys.every((k) => referencedKeys.includes(k.attnum)),
    );
  if (index === undefined) {
    throw new PgError(
      "42830",
      `there is no unique constraint matching given keys for referenced table "${referenced.name}"`,
    );
  }
  const name =
    node.conname ??
    freeConstraintName(ddl, relation.oid, relation.namespace, relation.name, names.join("_"), "fkey");
  for (const [i, attnum] of keys.entries()) {
    const own = relation.columns.find((c) => c.attnum === attnum)!;
    const other = referenced.columns.find((c) => c.attnum === referencedKeys[i])!;
    try {
      const expr = (type: number): Expr => ({ kind: "param", index: 0, type, typmod: -1 });
      makeOperator(ctx, "=", expr(other.type), expr(own.type), undefined);
    } catch {
      throw new PgError("42804", `foreign key constraint "${name}" cannot be implemented`, {
        detail: `Key columns "${own.name}" of the referencing table and "${other.name}" of the referenced table are of incompatible types: ${ctx.formatType(own.type)} and ${ctx.formatType(other.type)}.`,
      });
    }
  }
  const setColumns = strings(node.fk_del_set_cols as Node[] | undefined).map(
    (n) => relation.columns.find((c) => c.name === n)?.attnum ?? 0,
  );
  const constraint = putConstraint(ddl, relation, {
    name,
    type: "f",
    keys,
    index: index.oid,
    deferrable: node.deferrable === true || node.initdeferred === true,
    deferred: node.initdeferred === true,
    validated: node.skip_validation !== true,
    ...(node.is_enforced === false ? { enforced: false } : {}),
    foreign: {
      relation: referenced.oid,
      keys: referencedKeys,
      onUpdate: actions[node.fk_upd_action ?? "a"] ?? "a",
      onDelete: actions[node.fk_del_action ?? "a"] ?? "a",
      match: node.fk_matchtype === "f" ? "f" : "s",
      ...(setColumns.length > 0 ? { setColumns } : {}),
    },
  });
  if (hasRows && node.skip_validation !== true && node.is_enforced !== false)
    validateForeignKey(ddl, ddl.catalog.get("relation", relation.oid)!, constraint);
}

/** @throws PgError 23503 */
export function validateForeignKey(ddl: Ddl, relation: Relation, constraint: Constraint): void {
  const changer = Changer.of(ddl.plan(), relation);
  forEachRow(ddl, relation, (row) => changer.checkForeign(constraint.oid, row, ddl.exec));
}

import { coerceToTarget } from "../analyse/coerce.ts";
import { collationOid } from "../analyse/expressions.ts";
import { resolveTypeName } from "../analyse/type-names.ts";
import type { Column, Relation } from "../catalog/model.ts";
import { deparse } from "../deparse/expr.ts";
import { notSupported, PgError } from "../errors.ts";
import { at, type Node, type pg, stringOf, strings } from "../parse/ast.ts";
import { createTableSql } from "../storage/tables.ts";
import { oid } from "../types/oids.ts";
import { addConstraint, addNotNull } from "./constraints.ts";
import {
  analyserOf,
  columnExpression,
  type Ddl,
  deparseContext,
  newOid,
  requireRelation,
  targetNamespace,
} from "./context.ts";
import { isNotImmutable } from "./immutability.ts";
import { copyIndexes } from "./like.ts";
import { freeRelationName } from "./names.ts";
import { becomePartition, partitionBy, partitionedParent } from "./partitions.ts";
import { initialRights } from "./rights.ts";
import { makeSequence } from "./sequences.ts";
import { makeRowType } from "./types.ts";

const serials: Readonly<Record<string, number>> = {
  serial: oid.int4,
  serial4: oid.int4,
  bigserial: oid.int8,
  serial8: oid.int8,
  smallserial: oid.int2,
  serial2: oid.int2,
};

/** A column's definition with what follows from it: constraints to add and a sequence to make. */
export interface ColumnPlan {
  readonly column: Column;
  readonly constraints: readonly pg.Constraint[];
  readonly sequence?: {
    readonly options: readonly pg.DefElem[];
    readonly isIdentity: boolean;
    readonly type: number;
  };
  readonly rawDefault?: Node | undefined;
  readonly generatedFrom?: Node | undefined;
}

export function planColumn(ddl: Ddl, attnum: number, node: pg.ColumnDef): ColumnPlan {
  const { ctx } = analyserOf(ddl);
  const name = node.colname ?? "";
  if (["ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"].includes(name))
    throw new PgError("42701", `column name "${name}" conflicts with a system column name`);
  const typeNames = strings(node.typeName?.names as Node[] | undefined);
  const serial = typeNames.length === 1 ? serials[typeNames[0]!] : undefined;
  if (serial !== undefined && (node.typeName?.arrayBounds?.length ?? 0) > 0)
    throw new PgError("0A000", "array of serial is not implemented");
  const { type, typmod } =
    serial === undefined ? resolveTypeName(ctx, node.typeName!) : { type: serial, typmod: -1 };
  const info = ctx.type(type);
  if (info.kind === "p")
    throw new PgError("42P16", `column "${name}" has pseudo-type ${ctx.formatType(type)}`);
  const constraints = ((node.constraints ?? []) as Node[]).map((item) => item.Constraint!);
  let collation = info.collation;
  if (node.collClause !== undefined) {
    const collName = stringOf(node.collClause.collname?.at(-1) as Node);
    if (info.collation === 0)
      throw new PgError("42804", `collations are not supported by type ${ctx.formatType(type)}`);
    collation = collationOid(collName, at(node.collClause.location));
  }
  let notNull = serial !== undefined;
  let rawDefault = node.raw_default as Node | undefined;
  let generatedFrom: Node | undefined;
  let generated: Column["generated"];
  let identity: Column["identity"];
  let sequence: ColumnPlan["sequence"] =
    serial === undefined ? undefined : { options: [], isIdentity: false, type: serial };
  for (const constraint of constraints) {
    switch (constraint.contype) {
      case "CONSTR_NOTNULL":
        notNull = true;
        break;
      case "CONSTR_NULL":
        if (notNull)
          throw new PgError("42601", `conflicting NULL/NOT NULL declarations for column "${name}"`);
        break;
      case "CONSTR_DEFAULT":
        if (rawDefault !== undefined || sequence !== undefined)
          throw new PgError("42601", `multiple default values specified for column "${name}"`);
        rawDefault = constraint.raw_expr as Node;
        break;
      case "CONSTR_IDENTITY":
        if (![oid.int2, oid.int4, oid.int8].includes(type as 20))
          throw new PgError("22023", "identity column type must be smallint, integer, or bigint");
        identity = constraint.generated_when === "a" ? "a" : "d";
        notNull = true;
        sequence = {
          options: ((constraint.options ?? []) as Node[]).map((option) => option.DefElem!),
          isIdentity: true,
          type,
        };
        break;
      case "CONSTR_GENERATED":
        generated = constraint.generated_kind === "s" ? "s" : "v";
        generatedFrom = constraint.raw_expr as Node;
        break;
      case "CONSTR_PRIMARY":
        notNull = true;
        break;
      default:
        break;
    }
  }
  if (generated !== undefined && (rawDefault !== undefined || identity !== undefined))
    throw new PgError(
      "42601",
      `both ${identity === undefined ? "default" : "identity"} and generation expression specified for column "${name}"`,
    );
  const column: Column = {
    attnum,
    name,
    type,
    typmod,
    notNull,
    collation,
    ...(generated === undefined ? {} : { generated }),
    ...(identity === undefined ? {} : { identity }),
  };
  return {
    column,
    constraints,
    ...(sequence === undefined ? {} : { sequence }),
    rawDefault,
    generatedFrom,
  };
}

/** A default as the catalog keeps it. */
export function defaultText(ddl: Ddl, column: Column, node: Node): string {
  const { ctx, analyser } = analyserOf(ddl);
  if (node.ColumnRef !== undefined)
    throw new PgError(
      "0A000",
      "cannot use column reference in DEFAULT expression",
      {},
      at(node.ColumnRef.location),
    );
  const expr = analyser.constantExpression(node);
  const coerced = coerceToTarget(ctx, expr, column.type, column.typmod, "assignment", "implicit");
  if (coerced === undefined) {
    throw new PgError(
      "42804",
      `column "${column.name}" is of type ${ctx.formatType(column.type)} but default expression is of type ${ctx.formatType(expr.type)}`,
      { hint: "You will need to rewrite or cast the expression." },
    );
  }
  return deparse(deparseContext(ddl), coerced);
}

export function createTable(ddl: Ddl, node: pg.CreateStmt): Relation | undefined {
  const name = node.relation!;
  const namespace = name.relpersistence === "t" ? ddl.temporaryNamespace() : targetNamespace(ddl, name);
  if (ddl.catalog.relationByName(namespace, name.relname!) !== undefined) {
    if (node.if_not_exists === true) {
      ddl.notice(`relation "${name.relname}" already exists, skipping`);
      return undefined;
    }
    throw new PgError("42P07", `relation "${name.relname}" already exists`);
  }
  if (ddl.catalog.typeByName(namespace, name.relname!) !== undefined) {
    throw new PgError("42710", `type "${name.relname}" already exists`, {
      hint: "A relation has an associated type of the same name, so you must use a name that doesn't conflict with any existing type.",
    });
  }
  const parent = node.partbound === undefined ? undefined : partitionedParent(ddl, node);
  if (parent === undefined && (node.inhRelations?.length ?? 0) > 0) throw notSupported("table inheritance");
  if (node.ofTypename !== undefined) throw notSupported("CREATE TABLE OF");
  const columns: Column[] = parent === undefined ? [] : columnsOfPartition(ddl, parent);
  const plans: ColumnPlan[] = [];
  const tableConstraints: pg.Constraint[] = [];
  const likes: { relation: Relation; options: number }[] = [];
  for (const element of (node.tableElts ?? []) as Node[]) {
    if (element.ColumnDef !== undefined && parent !== undefined) {
      plans.push(columnOfPartition(columns, element.ColumnDef));
    } else if (element.ColumnDef !== undefined) {
      const planned = planColumn(ddl, columns.length + 1, element.ColumnDef);
      if (columns.some((column) => column.name === planned.column.name))
        throw new PgError("42701", `column "${planned.column.name}" specified more than once`);
      columns.push(planned.column);
      plans.push(planned);
    } else if (element.Constraint !== undefined) tableConstraints.push(element.Constraint);
    else if (element.TableLikeClause !== undefined) {
      const source = requireRelation(ddl, element.TableLikeClause.relation!);
      const options = element.TableLikeClause.options ?? 0;
      likes.push({ relation: source, options });
      for (const column of source.columns) {
        if (column.dropped === true) continue;
        const { default: text, generated, identity, ...plain } = column;
        columns.push({
          ...plain,
          attnum: columns.length + 1,
          ...(text !== undefined && (generated === undefined ? (options & 8) !== 0 : (options & 16) !== 0)
            ? { default: text }
            : {}),
          ...(generated !== undefined && (options & 16) !== 0 ? { generated } : {}),
        });
        void identity;
      }
    }
  }
  if (columns.length > 1600) throw new PgError("54011", "tables can have at most 1600 columns");
  const id = newOid(ddl);
  let relation: Relation = {
    oid: id,
    name: name.relname!,
    namespace,
    kind: node.partspec === undefined ? "r" : "p",
    owner: ddl.owner,
    typeOid: 0,
    persistence: (name.relpersistence as Relation["persistence"]) ?? "p",
    columns,
    ...initialRights(ddl, "r", namespace),
    options: ((node.options ?? []) as Node[]).map(
      (option) => `${option.DefElem?.defname}=${optionText(option.DefElem?.arg as Node | undefined)}`,
    ),
    ...(name.relpersistence === "t" ? { session: ddl.sessionId } : {}),
    ...(node.oncommit === "ONCOMMIT_DELETE_ROWS"
      ? { onCommit: "delete" as const }
      : node.oncommit === "ONCOMMIT_DROP"
        ? { onCommit: "drop" as const }
        : {}),
  };
  relation = { ...relation, typeOid: makeRowType(ddl, relation) };
  ddl.catalog.set("relation", relation);
  relation = finishColumns(ddl, relation, plans);
  if (node.partspec !== undefined) {
    relation = { ...relation, partitionBy: partitionBy(ddl, relation, node.partspec) };
    ddl.catalog.set("relation", relation);
  }
  // A partitioned table has one in SQLite, too, which stays empty: its columns and indexes are made as any others.
  ddl.work.db.exec(createTableSql(ddl.catalog, relation));
  const isForeign = (constraint: pg.Constraint) => constraint.contype === "CONSTR_FOREIGN";
  // Foreign keys come last: they may refer to a key of the table itself.
  for (const foreign of [false, true]) {
    for (const { column, constraints } of plans)
      for (const constraint of withDeferrability(constraints))
        if (isForeign(constraint) === foreign) addColumnConstraint(ddl, id, column, constraint);
    for (const constraint of tableConstraints)
      if (isForeign(constraint) === foreign)
        addConstraint(ddl, ddl.catalog.get("relation", id)!, constraint, false);
  }
  for (const { relation: source, options } of likes)
    copyIndexes(ddl, source, ddl.catalog.get("relation", id)!, options);
  if (parent !== undefined) becomePartition(ddl, parent, ddl.catalog.get("relation", id)!, node.partbound!);
  for (const column of ddl.catalog.get("relation", id)!.columns)
    if (column.notNull) addNotNull(ddl, id, column);
  return ddl.catalog.get("relation", id);
}

/** The columns of a table as its new partition has them. */
function columnsOfPartition(ddl: Ddl, parent: Relation): Column[] {
  return parent.columns
    .filter((column) => column.dropped !== true)
    .map(({ acl: _acl, storage: _storage, ...column }, i) => ({
      ...column,
      attnum: i + 1,
      ...(column.defaultOid === undefined ? {} : { defaultOid: newOid(ddl) }),
    }));
}

/** What CREATE TABLE ... PARTITION OF says of a column that it has of its table. @throws PgError 42703 */
function columnOfPartition(columns: Column[], node: pg.ColumnDef): ColumnPlan {
  const at = columns.findIndex(({ name }) => name === node.colname);
  if (at < 0) throw new PgError("42703", `column "${node.colname}" does not exist`);
  const constraints = ((node.constraints ?? []) as Node[]).map((item) => item.Constraint!);
  const fallback = constraints.find(({ contype }) => contype === "CONSTR_DEFAULT")?.raw_expr as
    | Node
    | undefined;
  const isRequired = constraints.some(
    ({ contype }) => contype === "CONSTR_NOTNULL" || contype === "CONSTR_PRIMARY",
  );
  const column = { ...columns[at]!, ...(isRequired ? { notNull: true } : {}) };
  columns[at] = column;
  return { column, constraints, rawDefault: fallback };
}

function optionText(node: Node | undefined): string {
  if (node === undefined) return "true";
  return node.Integer !== undefined
    ? String(node.Integer.ival ?? 0)
    : node.Float !== undefined
      ? (node.Float.fval ?? "")
      : node.String !== undefined
        ? stringOf(node)
        : stringOf(node.TypeName?.names?.at(-1) as Node);
}

/** Sequences of serial and identity columns, defaults and generation expressions: they name the table's columns. */
export function finishColumns(ddl: Ddl, relation: Relation, plans: readonly ColumnPlan[]): Relation {
  let current = relation;
  const put = (column: Column) => {
    current = { ...current, columns: current.columns.map((c) => (c.attnum === column.attnum ? column : c)) };
    ddl.catalog.set("relation", current);
  };
  for (const { column, sequence, rawDefault } of plans) {
    if (sequence !== undefined) {
      const name = freeRelationName(ddl, relation.namespace, relation.name, column.name, "seq");
      const made = makeSequence(
        ddl,
        relation.namespace,
        name,
        sequence.options,
        sequence.type,
        {
          relation: relation.oid,
          attnum: column.attnum,
          identity: sequence.isIdentity,
        },
        relation.persistence,
      );
      if (!sequence.isIdentity)
        put({ ...column, default: `nextval('${qualified(ddl, made)}'::regclass)`, defaultOid: newOid(ddl) });
    }
    if (rawDefault !== undefined && !isNullConstant(rawDefault))
      put({ ...column, default: defaultText(ddl, column, rawDefault), defaultOid: newOid(ddl) });
  }
  for (const { column, generatedFrom } of plans) {
    if (generatedFrom === undefined) continue;
    put({ ...column, default: generationText(ddl, current, column, generatedFrom), defaultOid: newOid(ddl) });
  }
  return current;
}

export function generationText(ddl: Ddl, relation: Relation, column: Column, node: Node): string {
  const { ctx } = analyserOf(ddl);
  const { expr } = columnExpression(ddl, relation, node, "GENERATED");
  const coerced = coerceToTarget(ctx, expr, column.type, column.typmod, "assignment", "implicit");
  if (coerced === undefined) {
    throw new PgError(
      "42804",
      `column "${column.name}" is of type ${ctx.formatType(column.type)} but generation expression is of type ${ctx.formatType(expr.type)}`,
      { hint: "You will need to rewrite or cast the expression." },
    );
  }
  visitColumns(coerced, (attnum) => {
    const other = relation.columns.find((c) => c.attnum === attnum);
    if (other?.generated !== undefined)
      throw new PgError(
        "42P17",
        `cannot use generated column "${other.name}" in column generation expression`,
        { detail: "A generated column cannot reference another generated column." },
      );
  });
  if (isNotImmutable(coerced)) throw new PgError("42P17", "generation expression is not immutable");
  return deparse(deparseContext(ddl), coerced);
}

function visitColumns(value: unknown, found: (attnum: number) => void): void {
  if (typeof value !== "object" || value === null) return;
  const { kind, attnum } = value as { kind?: string; attnum?: number };
  if (kind === "var") {
    found(attnum!);
    return;
  }
  for (const item of Object.values(value)) visitColumns(item, found);
}

function isNullConstant(node: Node): boolean {
  return node.A_Const?.isnull === true;
}

export function qualified(ddl: Ddl, relation: Relation): string {
  return `${quote(ddl.catalog.get("namespace", relation.namespace)!.name)}.${quote(relation.name)}`;
}

function quote(name: string): string {
  return (/^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`).replaceAll("'", "''");
}

/** DEFERRABLE and the like come as items of their own behind the constraint that they are of. */
export function withDeferrability(constraints: readonly pg.Constraint[]): pg.Constraint[] {
  const result: pg.Constraint[] = [];
  for (const constraint of constraints) {
    const last = result.at(-1);
    const more: Readonly<Record<string, Partial<pg.Constraint>>> = {
      CONSTR_ATTR_DEFERRABLE: { deferrable: true },
      CONSTR_ATTR_NOT_DEFERRABLE: { deferrable: false },
      CONSTR_ATTR_DEFERRED: { deferrable: true, initdeferred: true },
      CONSTR_ATTR_IMMEDIATE: { initdeferred: false },
      CONSTR_ATTR_NOT_ENFORCED: { is_enforced: false },
      CONSTR_ATTR_ENFORCED: { is_enforced: true },
    };
    const change = more[constraint.contype ?? ""];
    if (change === undefined) result.push(constraint);
    else if (last === undefined) throw new PgError("42601", "misplaced DEFERRABLE clause");
    else result[result.length - 1] = { ...last, ...change };
  }
  return result;
}

export function addColumnConstraint(
  ddl: Ddl,
  relation: number,
  column: Column,
  constraint: pg.Constraint,
): void {
  const own = { String: { sval: column.name } } as pg.Node;
  const current = ddl.catalog.get("relation", relation)!;
  switch (constraint.contype) {
    case "CONSTR_PRIMARY":
    case "CONSTR_UNIQUE":
      addConstraint(ddl, current, { ...constraint, keys: [own] }, false, column.name);
      break;
    case "CONSTR_CHECK":
      addConstraint(ddl, current, constraint, false, column.name);
      break;
    case "CONSTR_FOREIGN":
      addConstraint(ddl, current, { ...constraint, fk_attrs: [own] }, false, column.name);
      break;
    case "CONSTR_NOTNULL":
      addNotNull(ddl, relation, column, constraint.conname);
      break;
    default:
      break;
  }
}

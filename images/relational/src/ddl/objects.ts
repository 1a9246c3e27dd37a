import { statement } from "@weftkit/store";
import { coerceToBoolean, coerceToTarget } from "../analyse/coerce.ts";
import { Level } from "../analyse/context.ts";
import { analyseExpr, collationOid } from "../analyse/expressions.ts";
import { lookUpRelation } from "../analyse/from.ts";
import { findType, resolveTypeName } from "../analyse/type-names.ts";
import type { Relation, TypeInfo } from "../catalog/model.ts";
import { ancestorsOf, treeOf } from "../catalog/partitions.ts";
import { initialAcl } from "../catalog/rights.ts";
import { roleName } from "../catalog/roles.ts";
import { deparse } from "../deparse/expr.ts";
import { notSupported, PgError } from "../errors.ts";
import { at, type Node, type pg, stringOf, strings } from "../parse/ast.ts";
import { recordTruncate } from "../plan/row-changes.ts";
import { tableName } from "../storage/tables.ts";
import {
  analyserOf,
  type Ddl,
  deparseContext,
  newOid,
  qualifiedNamespace,
  requireRelation,
  targetNamespace,
} from "./context.ts";
import { freeConstraintName } from "./names.ts";
import {
  requireOnDatabase,
  requireOnRelation,
  requireRelationOwner,
  requireRoutineOwner,
  requireSchemaOwner,
  requireTypeOwner,
} from "./rights.ts";
import { requireSetRole, roleOf } from "./role-names.ts";
import { findRoutine, missingRoutine } from "./routines.ts";
import { baseType, makeRowType, putType } from "./types.ts";

export function createSchema(ddl: Ddl, node: pg.CreateSchemaStmt): void {
  requireOnDatabase(ddl, "C");
  const owner = node.authrole === undefined ? ddl.owner : roleOf(ddl, node.authrole).oid;
  if (owner !== ddl.owner) requireSetRole(ddl, owner);
  const name = node.schemaname ?? roleName(ddl.catalog, owner);
  if (name.startsWith("pg_"))
    throw new PgError("42939", `unacceptable schema name "${name}"`, {
      detail: 'The prefix "pg_" is reserved for system schemas.',
    });
  if (ddl.catalog.namespaceByName(name) !== undefined) {
    if (node.if_not_exists === true) {
      ddl.notice(`schema "${name}" already exists, skipping`);
      return;
    }
    throw new PgError("42P06", `schema "${name}" already exists`);
  }
  if ((node.schemaElts?.length ?? 0) > 0) throw notSupported("CREATE SCHEMA with elements");
  const acl = initialAcl(ddl.catalog, "n", owner, 0);
  ddl.catalog.set("namespace", {
    oid: newOid(ddl),
    name,
    owner,
    ...(acl === undefined ? {} : { acl }),
  });
}

function requireFreeType(ddl: Ddl, namespace: number, name: string): void {
  if (ddl.catalog.typeByName(namespace, name) !== undefined)
    throw new PgError("42710", `type "${name}" already exists`);
}

export function createEnum(ddl: Ddl, node: pg.CreateEnumStmt): void {
  const { namespace, name } = qualifiedNamespace(ddl, strings(node.typeName as Node[]));
  requireFreeType(ddl, namespace, name);
  const labels = strings(node.vals as Node[] | undefined);
  for (const label of labels)
    if (Buffer.byteLength(label) > 63)
      throw new PgError("42602", `invalid enum label "${label}"`, {
        detail: "Labels must be 63 bytes or less.",
      });
  if (new Set(labels).size !== labels.length)
    throw new PgError("23505", 'duplicate key value violates unique constraint "pg_enum_typid_label_index"');
  const type = baseType(ddl, {
    oid: newOid(ddl),
    name,
    namespace,
    kind: "e",
    category: "E",
    length: 4,
    byValue: true,
    align: "i",
    storage: "p",
    functions: [3504, 3505, 3532, 3533, 0, 0],
    labels: labels.map((label, i) => ({ oid: newOid(ddl), sort: i + 1, label })),
  });
  putType(ddl, type);
}

function requireType(ddl: Ddl, names: readonly string[]): TypeInfo {
  const type = findType(ddl.catalog, ddl.io.searchPath, names.at(-2), names.at(-1)!);
  if (type === undefined) throw new PgError("42704", `type "${names.join(".")}" does not exist`);
  return type;
}

export function alterEnum(ddl: Ddl, node: pg.AlterEnumStmt): void {
  const type = requireType(ddl, strings(node.typeName as Node[]));
  requireTypeOwner(ddl, type);
  if (type.kind !== "e") throw new PgError("42809", `${type.name} is not an enum`);
  const labels = [...(type.labels ?? [])];
  const newValue = node.newVal ?? "";
  if (node.oldVal !== undefined) {
    const index = labels.findIndex((label) => label.label === node.oldVal);
    if (index < 0) throw new PgError("22023", `"${node.oldVal}" is not an existing enum label`);
    if (labels.some((label) => label.label === newValue))
      throw new PgError("42710", `enum label "${newValue}" already exists`);
    labels[index] = { ...labels[index]!, label: newValue };
    ddl.catalog.set("type", { ...type, labels });
    return;
  }
  if (labels.some((label) => label.label === newValue)) {
    if (node.skipIfNewValExists === true) {
      ddl.notice(`enum label "${newValue}" already exists, skipping`);
      return;
    }
    throw new PgError("42710", `enum label "${newValue}" already exists`);
  }
  let sort = (labels.at(-1)?.sort ?? 0) + 1;
  if (node.newValNeighbor !== undefined) {
    const index = labels.findIndex((label) => label.label === node.newValNeighbor);
    if (index < 0) throw new PgError("22023", `"${node.newValNeighbor}" is not an existing enum label`);
    const here = labels[index]!.sort;
    const other = labels[index + (node.newValIsAfter === true ? 1 : -1)]?.sort;
    sort = other === undefined ? here + (node.newValIsAfter === true ? 1 : -1) : (here + other) / 2;
  }
  labels.push({ oid: newOid(ddl), sort, label: newValue });
  labels.sort((a, b) => a.sort - b.sort);
  ddl.catalog.set("type", { ...type, labels });
}

export function createDomain(ddl: Ddl, node: pg.CreateDomainStmt): void {
  const { ctx } = analyserOf(ddl);
  const { namespace, name } = qualifiedNamespace(ddl, strings(node.domainname as Node[]));
  requireFreeType(ddl, namespace, name);
  const { type: base, typmod } = resolveTypeName(ctx, node.typeName!);
  const info = ctx.type(base);
  if (info.kind === "p")
    throw new PgError("42804", `"${ctx.formatType(base)}" is not a valid base type for a domain`);
  const constraints = ((node.constraints ?? []) as Node[]).map((item) => item.Constraint!);
  const notNull = constraints.some((c) => c.contype === "CONSTR_NOTNULL");
  let text: string | undefined;
  const rawDefault = constraints.find((c) => c.contype === "CONSTR_DEFAULT")?.raw_expr as Node | undefined;
  if (rawDefault !== undefined) {
    const { analyser } = analyserOf(ddl);
    const expr = coerceToTarget(
      ctx,
      analyser.constantExpression(rawDefault),
      base,
      typmod,
      "assignment",
      "implicit",
    );
    if (expr === undefined) throw new PgError("42804", `default of domain "${name}" is of another type`);
    text = deparse(deparseContext(ddl), expr);
  }
  const collation =
    node.collClause === undefined
      ? info.collation
      : collationOid(stringOf(node.collClause.collname?.at(-1) as Node), at(node.collClause.location));
  const type = putType(ddl, {
    ...baseType(ddl, {
      oid: newOid(ddl),
      name,
      namespace,
      kind: "d",
      category: info.category,
      baseType: base,
      baseTypmod: typmod,
      notNull,
      collation,
      functions: [2597, info.functions[1] ?? 0, 2598, info.functions[3] ?? 0, 0, 0],
    }),
    length: info.length,
    byValue: info.byValue,
    align: info.align,
    storage: info.storage,
    ...(text === undefined ? {} : { default: text }),
  });
  for (const constraint of constraints)
    if (constraint.contype === "CONSTR_CHECK" || constraint.contype === "CONSTR_NOTNULL")
      addDomainConstraint(ddl, type, constraint);
}

function addDomainConstraint(ddl: Ddl, type: TypeInfo, node: pg.Constraint): void {
  const isCheck = node.contype === "CONSTR_CHECK";
  const name =
    node.conname ??
    freeConstraintName(ddl, -1, type.namespace, type.name, undefined, isCheck ? "check" : "not_null");
  if (ddl.catalog.domainConstraints(type.oid).some((c) => c.name === name))
    throw new PgError("42710", `constraint "${name}" for domain "${type.name}" already exists`);
  let expression: string | undefined;
  if (isCheck) {
    const { ctx, analyser } = analyserOf(ddl);
    const level = new Level();
    level.place = "CHECK";
    level.namespace = [
      {
        alias: "",
        columns: [
          {
            name: "value",
            expr: {
              kind: "caseTest",
              type: type.baseType,
              typmod: type.baseTypmod,
              collation: type.collation,
            },
          },
        ],
        columnsVisible: true,
        tableVisible: false,
        lateralOnly: false,
        lateralOk: true,
      },
    ];
    expression = deparse(
      deparseContext(ddl),
      coerceToBoolean(ctx, analyseExpr(analyser, level, node.raw_expr as Node), "CHECK"),
    );
  }
  ddl.catalog.set("constraint", {
    oid: newOid(ddl),
    name,
    namespace: type.namespace,
    type: isCheck ? "c" : "n",
    relation: 0,
    typeOid: type.oid,
    index: 0,
    keys: [],
    deferrable: false,
    deferred: false,
    validated: node.skip_validation !== true,
    ...(expression === undefined ? {} : { expression }),
  });
}

export function alterDomain(ddl: Ddl, node: pg.AlterDomainStmt): void {
  const type = requireType(ddl, strings(node.typeName as Node[]));
  requireTypeOwner(ddl, type);
  if (type.kind !== "d") throw new PgError("42809", `${type.name} is not a domain`);
  switch (node.subtype) {
    case "T": {
      if (node.def === undefined) {
        const { default: _gone, ...rest } = type;
        ddl.catalog.set("type", rest);
      } else {
        const { ctx, analyser } = analyserOf(ddl);
        const expr = coerceToTarget(
          ctx,
          analyser.constantExpression(node.def as Node),
          type.baseType,
          type.baseTypmod,
          "assignment",
          "implicit",
        );
        ddl.catalog.set("type", { ...type, default: deparse(deparseContext(ddl), expr!) });
      }
      return;
    }
    case "N":
    case "O":
      ddl.catalog.set("type", { ...type, notNull: node.subtype === "O" });
      return;
    case "C":
      addDomainConstraint(ddl, type, (node.def as Node).Constraint!);
      return;
    case "X": {
      const constraint = ddl.catalog.domainConstraints(type.oid).find((c) => c.name === node.name);
      if (constraint === undefined) {
        if (node.missing_ok !== true)
          throw new PgError("42704", `constraint "${node.name}" of domain "${type.name}" does not exist`);
        ddl.notice(`constraint "${node.name}" of domain "${type.name}" does not exist, skipping`);
        return;
      }
      ddl.catalog.delete("constraint", constraint.oid);
      return;
    }
    default:
      return;
  }
}

export function createComposite(ddl: Ddl, node: pg.CompositeTypeStmt): void {
  const { ctx } = analyserOf(ddl);
  const namespace = targetNamespace(ddl, node.typevar);
  const name = node.typevar!.relname!;
  requireFreeType(ddl, namespace, name);
  const columns = ((node.coldeflist ?? []) as Node[]).map((item, i) => {
    const { type, typmod } = resolveTypeName(ctx, item.ColumnDef!.typeName!);
    return {
      attnum: i + 1,
      name: item.ColumnDef!.colname ?? "",
      type,
      typmod,
      notNull: false,
      collation: ctx.type(type).collation,
    };
  });
  const relation: Relation = {
    oid: newOid(ddl),
    name,
    namespace,
    kind: "c",
    owner: ddl.owner,
    typeOid: 0,
    persistence: "p",
    columns,
  };
  ddl.catalog.set("relation", { ...relation, typeOid: makeRowType(ddl, relation) });
}

export function truncate(ddl: Ddl, node: pg.TruncateStmt): void {
  const relations = ((node.relations ?? []) as Node[]).map((item) =>
    requireRelation(ddl, item.RangeVar!, ["r", "p"], "table"),
  );
  const all = new Map(
    relations
      .flatMap((relation) => treeOf(ddl.catalog, relation))
      .map((relation) => [relation.oid, relation]),
  );
  for (const relation of all.values()) {
    requireOnRelation(ddl, relation, "D");
    const references = [relation, ...ancestorsOf(ddl.catalog, relation)].flatMap(({ oid }) =>
      ddl.catalog.referencesTo(oid),
    );
    for (const constraint of references) {
      if (all.has(constraint.relation)) continue;
      const other = ddl.catalog.get("relation", constraint.relation)!;
      if (node.behavior !== "DROP_CASCADE") {
        throw new PgError("0A000", "cannot truncate a table referenced in a foreign key constraint", {
          detail: `Table "${other.name}" references "${relation.name}".`,
          hint: `Truncate table "${other.name}" at the same time, or use TRUNCATE ... CASCADE.`,
        });
      }
      ddl.notice(`truncate cascades to table "${other.name}"`);
      for (const each of treeOf(ddl.catalog, other)) all.set(each.oid, each);
    }
  }
  for (const { oid } of all.values()) ddl.lockTable(oid);
  recordTruncate(ddl.work.db, ddl.catalog, [...all.values()], {
    cascade: node.behavior === "DROP_CASCADE",
    restart: node.restart_seqs === true,
  });
  for (const relation of all.values()) {
    statement(ddl.work.db, `DELETE FROM ${tableName(relation.oid)}`).run();
    if (node.restart_seqs !== true) continue;
    for (const sequence of ddl.catalog.all("sequence"))
      if (sequence.ownedBy?.relation === relation.oid) ddl.restartSequence(sequence.oid, sequence.start);
  }
}

const classes: Readonly<Record<string, number>> = {
  relation: 1259,
  type: 1247,
  schema: 2615,
  constraint: 2606,
  proc: 1255,
  trigger: 2620,
  policy: 3256,
};

export function comment(ddl: Ddl, node: pg.CommentStmt): void {
  const { ctx } = analyserOf(ddl);
  const object = node.object as Node;
  const names = object.List === undefined ? [stringOf(object)] : strings(object.List.items as Node[]);
  const relationOf = (parts: readonly string[]) => {
    const relation = lookUpRelation(ctx, parts.at(-2), parts.at(-1)!);
    if (relation === undefined) throw new PgError("42P01", `relation "${parts.join(".")}" does not exist`);
    requireRelationOwner(ddl, relation);
    return relation;
  };
  let id: number;
  let classOid = classes.relation!;
  let subId = 0;
  switch (node.objtype) {
    case "OBJECT_TABLE":
    case "OBJECT_VIEW":
    case "OBJECT_MATVIEW":
    case "OBJECT_INDEX":
    case "OBJECT_SEQUENCE":
      id = relationOf(names).oid;
      break;
    case "OBJECT_COLUMN": {
      const relation = relationOf(names.slice(0, -1));
      const column = relation.columns.find((c) => c.name === names.at(-1) && c.dropped !== true);
      if (column === undefined)
        throw new PgError("42703", `column "${names.at(-1)}" of relation "${relation.name}" does not exist`);
      id = relation.oid;
      subId = column.attnum;
      break;
    }
    case "OBJECT_SCHEMA": {
      const namespace = ddl.catalog.namespaceByName(names[0]!);
      if (namespace === undefined) throw new PgError("3F000", `schema "${names[0]}" does not exist`);
      requireSchemaOwner(ddl, namespace);
      id = namespace.oid;
      classOid = classes.schema!;
      break;
    }
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN":
      id = resolveTypeName(ctx, object.TypeName!).type;
      requireTypeOwner(ddl, ctx.type(id));
      classOid = classes.type!;
      break;
    case "OBJECT_TABCONSTRAINT": {
      const relation = relationOf(names.slice(0, -1));
      const constraint = ddl.catalog.constraintsOf(relation.oid).find((c) => c.name === names.at(-1));
      if (constraint === undefined)
        throw new PgError(
          "42704",
          `constraint "${names.at(-1)}" for table "${relation.name}" does not exist`,
        );
      id = constraint.oid;
      classOid = classes.constraint!;
      break;
    }
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE": {
      const proc = findRoutine(ddl, object.ObjectWithArgs!, node.objtype);
      if (proc === undefined) throw missingRoutine(ddl, object.ObjectWithArgs!, node.objtype);
      requireRoutineOwner(ddl, proc);
      id = proc.oid;
      classOid = classes.proc!;
      break;
    }
    case "OBJECT_TRIGGER": {
      const relation = relationOf(names.slice(0, -1));
      const trigger = ddl.catalog.triggersOf(relation.oid).find((each) => each.name === names.at(-1));
      if (trigger === undefined)
        throw new PgError("42704", `trigger "${names.at(-1)}" for table "${relation.name}" does not exist`);
      id = trigger.oid;
      classOid = classes.trigger!;
      break;
    }
    case "OBJECT_POLICY": {
      const relation = relationOf(names.slice(0, -1));
      const policy = [...ddl.catalog.all("policy")].find(
        (each) => each.relation === relation.oid && each.name === names.at(-1),
      );
      if (policy === undefined)
        throw new PgError("42704", `policy "${names.at(-1)}" for table "${relation.name}" does not exist`);
      id = policy.oid;
      classOid = classes.policy!;
      break;
    }
    case "OBJECT_DATABASE":
    case "OBJECT_EXTENSION":
    case "OBJECT_ROLE":
      return;
    default:
      throw notSupported(`COMMENT ON ${String(node.objtype).replace("OBJECT_", "")}`);
  }
  const before = [...ddl.catalog.all("comment")].find(
    (c) => c.object === id && c.classOid === classOid && c.subId === subId,
  );
  if (node.comment === undefined || node.comment === "") {
    if (before !== undefined) ddl.catalog.delete("comment", before.oid);
  } else
    ddl.catalog.set("comment", {
      oid: before?.oid ?? newOid(ddl),
      object: id,
      classOid,
      subId,
      text: node.comment,
    });
}

import { lookUpRelation } from "../analyse/from.ts";
import { findType } from "../analyse/type-names.ts";
import type { Proc, Relation } from "../catalog/model.ts";
import { isInheritedConstraint, partitionsOf, treeOf } from "../catalog/partitions.ts";
import { deparse } from "../deparse/expr.ts";
import { notSupported, PgError } from "../errors.ts";
import { type Node, type pg, stringOf, strings } from "../parse/ast.ts";
import { tableExpression } from "../plan/table-expressions.ts";
import { analyserOf, type Ddl, deparseContext } from "./context.ts";
import { policiesReading, renamePolicy } from "./policies.ts";
import { renamePublication } from "./publications.ts";
import {
  requireCreate,
  requireOnDatabase,
  requireRelationOwner,
  requireRoutineOwner,
  requireSchemaOwner,
  requireTypeOwner,
} from "./rights.ts";
import { renameRole } from "./roles.ts";
import { dependentRoutines } from "./routine-bodies.ts";
import { findRoutine, missingRoutine } from "./routines.ts";
import { dependentViews } from "./views.ts";

const relationTypes: ReadonlySet<string> = new Set([
  "OBJECT_TABLE",
  "OBJECT_VIEW",
  "OBJECT_MATVIEW",
  "OBJECT_SEQUENCE",
  "OBJECT_INDEX",
]);

function find(ddl: Ddl, name: pg.RangeVar, missingOk: boolean): Relation | undefined {
  const relation = lookUpRelation(analyserOf(ddl).ctx, name.schemaname, name.relname ?? "");
  if (relation !== undefined) {
    requireRelationOwner(ddl, relation);
    return relation;
  }
  if (!missingOk)
    throw new PgError(
      "42P01",
      `relation "${name.schemaname ? `${name.schemaname}.` : ""}${name.relname}" does not exist`,
    );
  ddl.notice(`relation "${name.relname}" does not exist, skipping`);
  return undefined;
}

export function rename(ddl: Ddl, node: pg.RenameStmt): void {
  const next = node.newname ?? "";
  const type = node.renameType ?? "";
  if (relationTypes.has(type)) {
    const relation = find(ddl, node.relation!, node.missing_ok === true);
    if (relation !== undefined) renameRelation(ddl, relation, next);
    return;
  }
  switch (type) {
    case "OBJECT_COLUMN":
    case "OBJECT_ATTRIBUTE": {
      const relation = find(ddl, node.relation!, node.missing_ok === true);
      if (relation === undefined) return;
      const name = node.subname ?? "";
      if (relation.partitionOf !== undefined && relation.columns.some((c) => c.name === name))
        throw new PgError("42P16", `cannot rename inherited column "${name}"`);
      if (node.relation?.inh !== true && partitionsOf(ddl.catalog, relation.oid).length > 0)
        throw new PgError("42P16", `inherited column "${name}" must be renamed in child tables too`);
      for (const { oid } of treeOf(ddl.catalog, relation))
        renameColumn(ddl, ddl.catalog.get("relation", oid)!, name, next);
      return;
    }
    case "OBJECT_TABCONSTRAINT": {
      const relation = find(ddl, node.relation!, node.missing_ok === true);
      if (relation === undefined) return;
      const constraint = ddl.catalog.constraintsOf(relation.oid).find((c) => c.name === node.subname);
      if (constraint === undefined)
        throw new PgError(
          "42704",
          `constraint "${node.subname}" for table "${relation.name}" does not exist`,
        );
      if (ddl.catalog.constraintsOf(relation.oid).some((c) => c.name === next))
        throw new PgError("42710", `constraint "${next}" for relation "${relation.name}" already exists`);
      if (isInheritedConstraint(ddl.catalog, constraint) && constraint.parent === undefined)
        throw new PgError("42P16", `cannot rename inherited constraint "${constraint.name}"`);
      if (constraint.type === "c" || constraint.type === "n")
        for (const { oid } of treeOf(ddl.catalog, relation).slice(1))
          for (const part of ddl.catalog.constraintsOf(oid))
            if (part.type === constraint.type && part.name === constraint.name)
              ddl.catalog.set("constraint", { ...part, name: next });
      ddl.catalog.set("constraint", { ...constraint, name: next });
      const index = ddl.catalog.get("relation", constraint.index);
      if (index !== undefined && constraint.type !== "f")
        ddl.catalog.set("relation", { ...index, name: next });
      return;
    }
    case "OBJECT_SCHEMA": {
      const namespace = ddl.catalog.namespaceByName(node.subname ?? "");
      if (namespace === undefined) throw new PgError("3F000", `schema "${node.subname}" does not exist`);
      if (ddl.catalog.namespaceByName(next) !== undefined)
        throw new PgError("42P06", `schema "${next}" already exists`);
      requireSchemaOwner(ddl, namespace);
      requireOnDatabase(ddl, "C");
      ddl.catalog.set("namespace", { ...namespace, name: next });
      return;
    }
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN": {
      const names = strings((node.object as Node).List?.items as Node[]);
      const found = findType(ddl.catalog, ddl.io.searchPath, names.at(-2), names.at(-1)!);
      if (found === undefined) throw new PgError("42704", `type "${names.join(".")}" does not exist`);
      requireTypeOwner(ddl, found);
      if (ddl.catalog.typeByName(found.namespace, next) !== undefined)
        throw new PgError("42710", `type "${next}" already exists`);
      ddl.catalog.set("type", { ...found, name: next });
      const array = ddl.catalog.type(found.array);
      if (array !== undefined) ddl.catalog.set("type", { ...array, name: `_${next}` });
      const relation = ddl.catalog.get("relation", found.relation);
      if (relation !== undefined) ddl.catalog.set("relation", { ...relation, name: next });
      return;
    }
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE": {
      const proc = requireRoutine(ddl, (node.object as Node).ObjectWithArgs!, type);
      requireRoutineOwner(ddl, proc);
      requireCreate(ddl, proc.namespace, next);
      requireFreeRoutine(ddl, proc, next, proc.namespace);
      ddl.catalog.set("proc", { ...proc, name: next });
      return;
    }
    case "OBJECT_TRIGGER": {
      const relation = find(ddl, node.relation!, false)!;
      const trigger = ddl.catalog.triggersOf(relation.oid).find((each) => each.name === node.subname);
      if (trigger === undefined)
        throw new PgError("42704", `trigger "${node.subname}" for table "${relation.name}" does not exist`);
      if (ddl.catalog.triggersOf(relation.oid).some((each) => each.name === next))
        throw new PgError("42710", `trigger "${next}" for relation "${relation.name}" already exists`);
      ddl.catalog.set("trigger", { ...trigger, name: next });
      return;
    }
    case "OBJECT_POLICY":
      renamePolicy(ddl, node.relation!, node.subname ?? "", next);
      return;
    case "OBJECT_PUBLICATION":
      renamePublication(ddl, stringOf(node.object as Node), next);
      return;
    case "OBJECT_ROLE":
      renameRole(ddl, node.subname ?? "", next);
      return;
    default:
      throw notSupported(`RENAME of ${type.replace("OBJECT_", "")}`);
  }
}

function requireRoutine(ddl: Ddl, object: pg.ObjectWithArgs, type: string): Proc {
  const proc = findRoutine(ddl, object, type);
  if (proc === undefined) throw missingRoutine(ddl, object, type);
  return proc;
}

/** @throws PgError 42723 */
function requireFreeRoutine(ddl: Ddl, proc: Proc, name: string, namespace: number): void {
  const taken = ddl.catalog
    .procsNamed(name)
    .some(
      (each) =>
        each !== proc && each.namespace === namespace && each.arguments.join() === proc.arguments.join(),
    );
  if (taken) throw new PgError("42723", `function ${name} already exists with same argument types`);
}

function renameRelation(ddl: Ddl, relation: Relation, next: string): void {
  if (ddl.catalog.relationByName(relation.namespace, next) !== undefined)
    throw new PgError("42P07", `relation "${next}" already exists`);
  requireCreate(ddl, relation.namespace, next);
  refuseViews(ddl, relation, undefined);
  ddl.catalog.set("relation", { ...relation, name: next });
  const type = ddl.catalog.type(relation.typeOid);
  if (type !== undefined && relation.typeOid !== 0) ddl.catalog.set("type", { ...type, name: next });
  if (relation.kind === "i") {
    for (const constraint of ddl.catalog.all("constraint"))
      if (constraint.index === relation.oid && constraint.type !== "f")
        ddl.catalog.set("constraint", { ...constraint, name: next });
  }
  if (relation.kind !== "S") return;
  // Defaults name their sequence in their text.
  for (const table of [...ddl.catalog.all("relation")]) {
    if (
      table.system === true ||
      !table.columns.some((c) => c.default?.includes(`${relation.name}'::regclass`))
    )
      continue;
    const columns = table.columns.map((c) => {
      if (c.default === undefined) return c;
      return {
        ...c,
        default: c.default.replace(
          new RegExp(`(['.])"?${relation.name}"?'::regclass`),
          (_all, before: string) => `${before}${quoted(next)}'::regclass`,
        ),
      };
    });
    ddl.catalog.set("relation", { ...table, columns });
  }
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name}"`;
}

/** Views keep their query as text, which names what it reads. */
function refuseViews(ddl: Ddl, relation: Relation, attnum: number | undefined): void {
  const [view] = dependentViews(ddl, relation.oid, attnum);
  if (view !== undefined) throw notSupported(`renaming what view ${view.name} reads`);
  const [routine] = dependentRoutines(ddl, relation.oid, attnum);
  if (routine !== undefined) throw notSupported(`renaming what routine ${routine.name} reads`);
}

function renameColumn(ddl: Ddl, relation: Relation, name: string, next: string): void {
  const column = relation.columns.find((c) => c.name === name && c.dropped !== true);
  if (column === undefined) throw new PgError("42703", `column "${name}" does not exist`);
  if (relation.columns.some((c) => c.name === next && c.dropped !== true))
    throw new PgError("42701", `column "${next}" of relation "${relation.name}" already exists`);
  refuseViews(ddl, relation, column.attnum);
  const [policy] = policiesReading(ddl, relation, column.attnum);
  if (policy !== undefined) throw notSupported(`renaming a column that policy ${policy.name} reads`);
  const after: Relation = {
    ...relation,
    columns: relation.columns.map((c) => (c === column ? { ...c, name: next } : c)),
  };
  // Expressions are written anew from what they mean, over the columns' new names.
  const rewrite = (text: string): string => {
    const { expr, entry } = tableExpression({ catalog: ddl.catalog }, relation, text);
    const columns = entry.columns.map((c) => (c.attnum === column.attnum ? { ...c, name: next } : c));
    (entry as unknown as { columns: typeof columns }).columns = columns;
    const written = deparse(deparseContext(ddl), expr);
    return written;
  };
  const texts = new Map<string, string>();
  const renamed = (text: string): string => {
    let known = texts.get(text);
    if (known === undefined) {
      known = new RegExp(`(^|[^\\w"])"?${name.replace(/[^\w]/g, "\\$&")}"?($|[^\\w"])`).test(text)
        ? rewrite(text)
        : text;
      texts.set(text, known);
    }
    return known;
  };
  const constraints = ddl.catalog
    .constraintsOf(relation.oid)
    .filter((c) => c.expression !== undefined)
    .map((c) => ({ ...c, expression: renamed(c.expression!) }));
  const indexes = ddl.catalog.indexesOf(relation.oid).map((i) => ({
    ...i,
    keys: i.keys.map((key) =>
      key.expression === undefined ? key : { ...key, expression: renamed(key.expression) },
    ),
    ...(i.predicate === undefined ? {} : { predicate: renamed(i.predicate) }),
  }));
  const columns = after.columns.map((c) =>
    c.generated === undefined || c.default === undefined ? c : { ...c, default: renamed(c.default) },
  );
  const { partitionBy } = after;
  const keys = partitionBy?.keys.map((key) =>
    key.expression === undefined ? key : { ...key, expression: renamed(key.expression) },
  );
  ddl.catalog.set("relation", {
    ...after,
    columns,
    ...(partitionBy === undefined ? {} : { partitionBy: { ...partitionBy, keys: keys! } }),
  });
  for (const constraint of constraints) ddl.catalog.set("constraint", constraint);
  for (const index of indexes) ddl.catalog.set("index", index);
  for (const publication of [...ddl.catalog.all("publication")])
    if (publication.tables.some((table) => table.relation === relation.oid && table.where !== undefined))
      ddl.catalog.set("publication", {
        ...publication,
        tables: publication.tables.map((table) =>
          table.relation === relation.oid && table.where !== undefined
            ? { ...table, where: renamed(table.where) }
            : table,
        ),
      });
}

export function setSchema(ddl: Ddl, node: pg.AlterObjectSchemaStmt): void {
  const namespace = ddl.catalog.namespaceByName(node.newschema ?? "");
  if (namespace === undefined) throw new PgError("3F000", `schema "${node.newschema}" does not exist`);
  if (node.relation === undefined) {
    if (["OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE"].includes(node.objectType ?? "")) {
      const proc = requireRoutine(ddl, (node.object as Node).ObjectWithArgs!, node.objectType!);
      requireRoutineOwner(ddl, proc);
      requireCreate(ddl, namespace.oid, proc.name);
      requireFreeRoutine(ddl, proc, proc.name, namespace.oid);
      ddl.catalog.set("proc", { ...proc, namespace: namespace.oid });
      return;
    }
    if (node.objectType !== "OBJECT_TYPE" && node.objectType !== "OBJECT_DOMAIN")
      throw notSupported(`SET SCHEMA of ${String(node.objectType).replace("OBJECT_", "")}`);
    const names = strings((node.object as Node).List?.items as Node[]);
    const type = findType(ddl.catalog, ddl.io.searchPath, names.at(-2), names.at(-1)!);
    if (type === undefined) throw new PgError("42704", `type "${names.join(".")}" does not exist`);
    requireTypeOwner(ddl, type);
    requireCreate(ddl, namespace.oid, type.name);
    ddl.catalog.set("type", { ...type, namespace: namespace.oid });
    return;
  }
  const relation = find(ddl, node.relation, node.missing_ok === true);
  if (relation === undefined || relation.namespace === namespace.oid) return;
  requireCreate(ddl, namespace.oid, relation.name);
  refuseViews(ddl, relation, undefined);
  const move = (r: Relation) => {
    if (ddl.catalog.relationByName(namespace.oid, r.name) !== undefined)
      throw new PgError("42P07", `relation "${r.name}" already exists in schema "${namespace.name}"`);
    ddl.catalog.set("relation", { ...r, namespace: namespace.oid });
    const type = ddl.catalog.type(r.typeOid);
    if (type !== undefined && r.typeOid !== 0) ddl.catalog.set("type", { ...type, namespace: namespace.oid });
  };
  move(relation);
  for (const index of ddl.catalog.indexesOf(relation.oid)) move(ddl.catalog.get("relation", index.oid)!);
  for (const sequence of [...ddl.catalog.all("sequence")])
    if (sequence.ownedBy?.relation === relation.oid) move(ddl.catalog.get("relation", sequence.oid)!);
  for (const constraint of [...ddl.catalog.constraintsOf(relation.oid)])
    ddl.catalog.set("constraint", { ...constraint, namespace: namespace.oid });
}

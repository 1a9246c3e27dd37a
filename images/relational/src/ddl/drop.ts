import { lookUpRelation } from "../analyse/from.ts";
import { findType } from "../analyse/type-names.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Constraint, Proc, Relation } from "../catalog/model.ts";
import { namespaceNamed } from "../catalog/namespaces.ts";
import { partitionsOf } from "../catalog/partitions.ts";
import { notSupported, PgError } from "../errors.ts";
import { type Node, type pg, stringOf, strings } from "../parse/ast.ts";
import { tableName } from "../storage/tables.ts";
import { formatType } from "../types/type-text.ts";
import { analyserOf, type Ddl } from "./context.ts";
import { dropExtension } from "./extensions.ts";
import { removeIndex } from "./indexes.ts";
import { dropPolicy, removePolicy } from "./policies.ts";
import { dropPublication, forgetPublished } from "./publications.ts";
import { requireDropper, requireSchemaOwner, requireTypeOwner } from "./rights.ts";
import { dependentRoutines, routineShown } from "./routine-bodies.ts";
import { dropRoutine, removeRoutine } from "./routines.ts";
import { dropTrigger } from "./triggers.ts";
import { dependentViews } from "./views.ts";

const relationKinds: Readonly<Record<string, readonly [kinds: string, word: string]>> = {
  OBJECT_TABLE: ["rp", "table"],
  OBJECT_VIEW: ["v", "view"],
  OBJECT_MATVIEW: ["m", "materialized view"],
  OBJECT_SEQUENCE: ["S", "sequence"],
  OBJECT_INDEX: ["i", "index"],
};

const kindWords: Readonly<Record<string, string>> = {
  r: "table",
  p: "table",
  v: "view",
  m: "materialized view",
  S: "sequence",
  i: "index",
  c: "composite type",
};

const dropWords: Readonly<Record<string, string>> = {
  table: "Use DROP TABLE to remove a table.",
  view: "Use DROP VIEW to remove a view.",
  "materialized view": "Use DROP MATERIALIZED VIEW to remove a materialized view.",
  sequence: "Use DROP SEQUENCE to remove a sequence.",
  index: "Use DROP INDEX to remove an index.",
  "composite type": "Use DROP TYPE to remove a type.",
};

export function drop(ddl: Ddl, node: pg.DropStmt): void {
  const cascade = node.behavior === "DROP_CASCADE";
  const missingOk = node.missing_ok === true;
  const objects = (node.objects ?? []) as Node[];
  const type = node.removeType ?? "";
  const relationKind = relationKinds[type];
  if (relationKind !== undefined) {
    dropRelations(ddl, objects, relationKind, cascade, missingOk);
    return;
  }
  switch (type) {
    case "OBJECT_SCHEMA":
      for (const object of objects) dropSchema(ddl, stringOf(object), cascade, missingOk);
      return;
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN":
      for (const object of objects)
        dropType(ddl, object.TypeName!, cascade, missingOk, type === "OBJECT_DOMAIN");
      return;
    case "OBJECT_EXTENSION":
      for (const object of objects) dropExtension(ddl, stringOf(object), missingOk);
      return;
    case "OBJECT_TRIGGER":
      for (const object of objects) dropTrigger(ddl, strings(object.List?.items as Node[]), missingOk);
      return;
    case "OBJECT_POLICY":
      for (const object of objects) dropPolicy(ddl, strings(object.List?.items as Node[]), missingOk);
      return;
    case "OBJECT_PUBLICATION":
      for (const object of objects) dropPublication(ddl, stringOf(object), missingOk);
      return;
    case "OBJECT_RULE": {
      const word = type.replace("OBJECT_", "").toLowerCase();
      for (const object of objects) {
        const names = strings(object.List?.items as Node[]);
        if (!missingOk)
          throw new PgError("42704", `${word} "${names.at(-1)}" for table "${names.at(-2)}" does not exist`);
        ddl.notice(`${word} "${names.at(-1)}" for relation "${names.at(-2)}" does not exist, skipping`);
      }
      return;
    }
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE":
    case "OBJECT_AGGREGATE":
      for (const object of objects) dropRoutine(ddl, object.ObjectWithArgs!, type, missingOk, cascade);
      return;
    default:
      throw notSupported(`DROP ${type.replace("OBJECT_", "").replaceAll("_", " ")}`);
  }
}

function dropRelations(
  ddl: Ddl,
  objects: readonly Node[],
  [kinds, word]: readonly [string, string],
  cascade: boolean,
  missingOk: boolean,
): void {
  const { ctx } = analyserOf(ddl);
  const found: Relation[] = [];
  for (const object of objects) {
    const names = strings(object.List?.items as Node[]);
    const schema = names.at(-2);
    const name = names.at(-1)!;
    if (schema !== undefined && namespaceNamed(ddl.catalog, ddl.io.searchPath, schema) === undefined) {
      if (!missingOk) throw new PgError("3F000", `schema "${schema}" does not exist`);
      ddl.notice(`schema "${schema}" does not exist, skipping`);
      continue;
    }
    const relation = lookUpRelation(ctx, schema, name);
    if (relation === undefined) {
      if (!missingOk) throw new PgError("42P01", `${word} "${names.join(".")}" does not exist`);
      ddl.notice(`${word} "${names.join(".")}" does not exist, skipping`);
      continue;
    }
    if (relation.system === true)
      throw new PgError("42501", `permission denied: "${relation.name}" is a system catalog`);
    if (!kinds.includes(relation.kind)) {
      const actual = kindWords[relation.kind] ?? "relation";
      throw new PgError("42809", `"${relation.name}" is not a${/^[aeiou]/.test(word) ? "n" : ""} ${word}`, {
        hint: dropWords[actual],
      });
    }
    requireDropper(ddl, relation);
    if (relation.kind === "i") {
      const parent = ddl.catalog.get("index", relation.oid)?.parent;
      if (parent !== undefined) {
        const required = ddl.catalog.get("relation", parent)!.name;
        throw new PgError(
          "2BP01",
          `cannot drop index ${relation.name} because index ${required} requires it`,
          { hint: `You can drop index ${required} instead.` },
        );
      }
      const constraint = [...ddl.catalog.all("constraint")].find(
        (c) => c.index === relation.oid && c.type !== "f",
      );
      if (constraint !== undefined) {
        const table = ddl.catalog.get("relation", constraint.relation)!;
        throw new PgError(
          "2BP01",
          `cannot drop index ${relation.name} because constraint ${constraint.name} on table ${table.name} requires it`,
          {
            hint: `You can drop constraint ${constraint.name} on table ${table.name} instead.`,
          },
        );
      }
    }
    if (!found.includes(relation)) found.push(relation);
  }
  const removal = new Removal(ddl, cascade, found);
  for (const relation of found) removal.add(relation);
  removal.run();
}

/** What goes with the objects that were named: with CASCADE all that depends on them, else it is an error. */
export class Removal {
  readonly #ddl: Ddl;
  readonly #cascade: boolean;
  readonly #named: readonly Relation[];
  readonly #relations = new Map<number, Relation>();
  readonly #constraints = new Map<number, Constraint>();
  readonly #routines = new Map<number, Proc>();
  readonly #told: string[] = [];
  #name = "";

  constructor(ddl: Ddl, cascade: boolean, named: readonly Relation[]) {
    this.#ddl = ddl;
    this.#cascade = cascade;
    this.#named = named;
  }

  add(relation: Relation): void {
    const { catalog } = this.#ddl;
    if (this.#relations.has(relation.oid)) return;
    this.#relations.set(relation.oid, relation);
    if (this.#name === "") this.#name = `${kindWords[relation.kind]} ${relation.name}`;
    for (const sequence of [...catalog.all("sequence")]) {
      if (sequence.ownedBy?.relation === relation.oid) this.add(catalog.get("relation", sequence.oid)!);
    }
    for (const partition of partitionsOf(catalog, relation.oid)) this.add(partition);
    for (const constraint of catalog.referencesTo(relation.oid)) {
      if (this.#relations.has(constraint.relation) || constraint.parent !== undefined) continue;
      if (constraint.relation === relation.oid || this.#named.some((r) => r.oid === constraint.relation))
        continue;
      const table = catalog.get("relation", constraint.relation)!;
      this.#depends(
        `constraint ${constraint.name} on table ${this.#shown(table)}`,
        `${kindWords[relation.kind]} ${this.#shown(relation)}`,
      );
      this.#constraints.set(constraint.oid, constraint);
    }
    for (const view of dependentViews(this.#ddl, relation.oid)) {
      if (this.#named.some((r) => r.oid === view.oid)) continue;
      this.#depends(
        `${kindWords[view.kind]} ${this.#shown(view)}`,
        `${kindWords[relation.kind]} ${this.#shown(relation)}`,
      );
      this.add(view);
    }
    for (const proc of dependentRoutines(this.#ddl, relation.oid)) {
      this.#depends(routineShown(this.#ddl, proc), `${kindWords[relation.kind]} ${this.#shown(relation)}`);
      this.#routines.set(proc.oid, proc);
    }
    if (relation.kind === "S") {
      for (const table of [...catalog.all("relation")]) {
        if (this.#relations.has(table.oid) || (table.kind !== "r" && table.kind !== "p")) continue;
        for (const column of table.columns) {
          if (column.default === undefined || !usesSequence(column.default, relation)) continue;
          this.#depends(
            `default value for column ${column.name} of table ${this.#shown(table)}`,
            `sequence ${this.#shown(relation)}`,
          );
          if (this.#cascade) {
            const columns = table.columns.map((c) => {
              if (c !== column) return c;
              const { default: _gone, ...rest } = c;
              return rest;
            });
            catalog.set("relation", { ...catalog.get("relation", table.oid)!, columns });
          }
        }
      }
    }
  }

  #shown(relation: Relation): string {
    return relation.name;
  }

  #depends(dependent: string, on: string): void {
    this.#told.push(`${dependent} depends on ${on}`);
  }

  run(): void {
    if (this.#told.length > 0 && !this.#cascade) {
      throw new PgError("2BP01", `cannot drop ${this.#name} because other objects depend on it`, {
        detail: this.#told.join("\n"),
        hint: "Use DROP ... CASCADE to drop the dependent objects too.",
      });
    }
    if (this.#told.length === 1)
      this.#ddl.notice(`drop cascades to ${this.#told[0]!.replace(/ depends on .*$/, "")}`);
    else if (this.#told.length > 1) this.#ddl.notice(`drop cascades to ${this.#told.length} other objects`);
    for (const constraint of this.#constraints.values()) removeConstraint(this.#ddl.catalog, constraint.oid);
    for (const proc of this.#routines.values()) removeRoutine(this.#ddl, proc);
    for (const relation of [...this.#relations.values()].reverse()) removeRelation(this.#ddl, relation);
  }
}

function usesSequence(text: string, relation: Relation): boolean {
  return (
    text.startsWith("nextval(") &&
    new RegExp(`['.]"?${relation.name.replace(/[^\w]/g, "\\$&")}"?'`).test(text)
  );
}

/** A constraint with those of partitions that came from it. */
function removeConstraint(catalog: Catalog, oid: number): void {
  catalog.delete("constraint", oid);
  for (const part of [...catalog.all("constraint")])
    if (part.parent === oid) removeConstraint(catalog, part.oid);
}

export function removeRelation(ddl: Ddl, relation: Relation): void {
  const { catalog, work } = ddl;
  if (relation.kind === "i") {
    const index = catalog.get("index", relation.oid);
    if (index !== undefined) removeIndex(ddl, index);
    removeComments(ddl, relation.oid);
    return;
  }
  for (const index of catalog.indexesOf(relation.oid)) {
    catalog.delete("index", index.oid);
    catalog.delete("relation", index.oid);
    removeComments(ddl, index.oid);
  }
  for (const constraint of catalog.constraintsOf(relation.oid)) catalog.delete("constraint", constraint.oid);
  for (const trigger of catalog.triggersOf(relation.oid)) catalog.delete("trigger", trigger.oid);
  for (const policy of [...catalog.all("policy")])
    if (policy.relation === relation.oid) removePolicy(ddl, policy);
  forgetPublished(catalog, { relation: relation.oid });
  if (relation.kind === "r" || relation.kind === "m" || relation.kind === "p") {
    work.db.exec(`DROP TABLE IF EXISTS ${tableName(relation.oid)}`);
    work.forgetRowids(tableName(relation.oid));
  }
  if (relation.kind === "S") {
    catalog.delete("sequence", relation.oid);
    work.db.prepare("DELETE FROM sequence_value WHERE oid = ?").run(relation.oid);
    ddl.forgetSequence(relation.oid);
  }
  const type = catalog.type(relation.typeOid);
  if (type !== undefined && relation.typeOid !== 0) {
    catalog.delete("type", type.array);
    catalog.delete("type", type.oid);
  }
  for (const dependency of [...catalog.all("depend")])
    if (dependency.dependent === relation.oid) catalog.delete("depend", dependency.oid);
  catalog.delete("relation", relation.oid);
  removeComments(ddl, relation.oid);
}

function removeComments(ddl: Ddl, object: number): void {
  for (const comment of [...ddl.catalog.all("comment")])
    if (comment.object === object) ddl.catalog.delete("comment", comment.oid);
}

function dropSchema(ddl: Ddl, name: string, cascade: boolean, missingOk: boolean): void {
  const namespace = ddl.catalog.namespaceByName(name);
  if (namespace === undefined) {
    if (!missingOk) throw new PgError("3F000", `schema "${name}" does not exist`);
    ddl.notice(`schema "${name}" does not exist, skipping`);
    return;
  }
  requireSchemaOwner(ddl, namespace);
  if (namespace.oid === 11 || name === "information_schema")
    throw new PgError("2BP01", `cannot drop schema ${name} because it is required by the database system`);
  const inside = [...ddl.catalog.all("relation")].filter(
    (r) => r.namespace === namespace.oid && r.kind !== "i",
  );
  const types = [...ddl.catalog.all("type")].filter(
    (t) => t.namespace === namespace.oid && t.category !== "A" && t.kind !== "c",
  );
  const procs = [...ddl.catalog.all("proc")].filter((p) => p.namespace === namespace.oid);
  const all = [
    ...inside.filter((r) => !isOwned(ddl, r)).map((r) => `${kindWords[r.kind]} ${name}.${r.name}`),
    ...types.map((t) => `type ${name}.${t.name}`),
    ...procs.map(
      (p) => `function ${name}.${p.name}(${p.arguments.map((a) => formatType(ddl.catalog, a)).join(",")})`,
    ),
  ];
  if (all.length > 0 && !cascade) {
    throw new PgError("2BP01", `cannot drop schema ${name} because other objects depend on it`, {
      detail: all.map((one) => `${one} depends on schema ${name}`).join("\n"),
      hint: "Use DROP ... CASCADE to drop the dependent objects too.",
    });
  }
  removeNamespace(ddl, namespace.oid);
  if (all.length === 1) ddl.notice(`drop cascades to ${all[0]}`);
  else if (all.length > 1) ddl.notice(`drop cascades to ${all.length} other objects`);
}

/** A schema with all that is in it, without a word. */
export function removeNamespace(ddl: Ddl, namespace: number): void {
  const { catalog } = ddl;
  const quiet = { ...ddl, notice: () => {} };
  const inside = [...catalog.all("relation")].filter((r) => r.namespace === namespace && r.kind !== "i");
  const removal = new Removal(quiet, true, inside);
  for (const relation of inside) removal.add(relation);
  removal.run();
  for (const type of [...catalog.all("type")])
    if (type.namespace === namespace && type.category !== "A" && type.kind !== "c") removeType(ddl, type.oid);
  for (const proc of [...catalog.all("proc")])
    if (proc.namespace === namespace) {
      for (const trigger of [...catalog.all("trigger")])
        if (trigger.proc === proc.oid) catalog.delete("trigger", trigger.oid);
      catalog.delete("proc", proc.oid);
      removeComments(ddl, proc.oid);
    }
  for (const extension of [...catalog.all("extension")])
    if (extension.namespace === namespace) catalog.delete("extension", extension.oid);
  forgetPublished(catalog, { namespace });
  catalog.delete("namespace", namespace);
}

/** One relation with what depends on it, without a word. */
export function removeQuietly(ddl: Ddl, relation: Relation): void {
  const removal = new Removal({ ...ddl, notice: () => {} }, true, [relation]);
  removal.add(relation);
  removal.run();
}

function isOwned(ddl: Ddl, relation: Relation): boolean {
  return ddl.catalog.get("sequence", relation.oid)?.ownedBy !== undefined;
}

function removeType(ddl: Ddl, id: number): void {
  const type = ddl.catalog.type(id);
  if (type === undefined) return;
  for (const constraint of ddl.catalog.domainConstraints(id))
    ddl.catalog.delete("constraint", constraint.oid);
  ddl.catalog.delete("type", type.array);
  ddl.catalog.delete("type", id);
  removeComments(ddl, id);
}

function dropType(
  ddl: Ddl,
  name: pg.TypeName,
  cascade: boolean,
  missingOk: boolean,
  isDomain: boolean,
): void {
  const names = strings(name.names as Node[]);
  const schema = names.at(-2);
  const type =
    schema !== undefined && ddl.catalog.namespaceByName(schema) === undefined
      ? undefined
      : findType(ddl.catalog, ddl.io.searchPath, schema, names.at(-1)!);
  if (type === undefined) {
    if (!missingOk) throw new PgError("42704", `type "${names.join(".")}" does not exist`);
    ddl.notice(`type "${names.join(".")}" does not exist, skipping`);
    return;
  }
  requireTypeOwner(ddl, type);
  if (isDomain && type.kind !== "d") throw new PgError("42809", `"${type.name}" is not a domain`);
  if (type.oid < 16384)
    throw new PgError("2BP01", `cannot drop type ${type.name} because it is required by the database system`);
  if (type.kind === "c" && ddl.catalog.get("relation", type.relation)?.kind !== "c") {
    const table = ddl.catalog.get("relation", type.relation)!;
    throw new PgError("2BP01", `cannot drop type ${type.name} because table ${table.name} requires it`, {
      hint: `You can drop table ${table.name} instead.`,
    });
  }
  const users: { relation: Relation; attnum: number; name: string }[] = [];
  for (const relation of ddl.catalog.all("relation")) {
    if (relation.kind !== "r" && relation.kind !== "m") continue;
    for (const column of relation.columns)
      if ((column.type === type.oid || column.type === type.array) && column.dropped !== true)
        users.push({ relation, attnum: column.attnum, name: column.name });
  }
  if (users.length > 0) {
    if (!cascade) {
      throw new PgError("2BP01", `cannot drop type ${type.name} because other objects depend on it`, {
        detail: users
          .map((u) => `column ${u.name} of table ${u.relation.name} depends on type ${type.name}`)
          .join("\n"),
        hint: "Use DROP ... CASCADE to drop the dependent objects too.",
      });
    }
    for (const { relation, attnum, name: column } of users) {
      ddl.notice(`drop cascades to column ${column} of table ${relation.name}`);
      const current = ddl.catalog.get("relation", relation.oid)!;
      ddl.catalog.set("relation", {
        ...current,
        columns: current.columns.map((c) =>
          c.attnum === attnum
            ? { ...c, dropped: true, name: `........pg.dropped.${attnum}........`, type: 23, notNull: false }
            : c,
        ),
      });
    }
  }
  if (type.kind === "c") ddl.catalog.delete("relation", type.relation);
  removeType(ddl, type.oid);
}

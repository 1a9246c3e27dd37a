import { builtinTypes } from "./builtin.ts";
import { predefinedRoles, publicSchemaAcl } from "./data/roles.ts";
import {
  bootstrapRole,
  type Constraint,
  catalogNamespace,
  type DatabaseInfo,
  type DefaultAcl,
  databaseOwnerRole,
  type Index,
  type InstalledExtension,
  informationNamespace,
  type Membership,
  type Namespace,
  type Policy,
  type Proc,
  type Publication,
  publicNamespace,
  type Relation,
  type Role,
  type Sequence,
  type Trigger,
  type TypeInfo,
  theDatabase,
} from "./model.ts";
import { systemRelations } from "./system-relations.ts";

/** What can be stored of a catalog: each kind of object by its OID. */
export interface CatalogObjects {
  namespace: Namespace;
  relation: Relation;
  index: Index;
  constraint: Constraint;
  sequence: Sequence;
  type: TypeInfo;
  proc: Proc;
  comment: Comment;
  role: Role;
  membership: Membership;
  defaultAcl: DefaultAcl;
  database: DatabaseInfo;
  policy: Policy;
  depend: Dependency;
  trigger: Trigger;
  extension: InstalledExtension;
  publication: Publication;
}

export interface Comment {
  /** Made of the three: the catalog's own key. */
  readonly oid: number;
  readonly object: number;
  /** The system table that the object is in: 1259 is pg_class. */
  readonly classOid: number;
  readonly subId: number;
  readonly text: string;
}

/** A view or a default that uses another object, so that the other is not dropped from under it. */
export interface Dependency {
  readonly oid: number;
  readonly dependent: number;
  readonly on: number;
  /** A column of `on`, or 0. */
  readonly attnum: number;
}

export type ObjectKind = keyof CatalogObjects;

type Tables = { [Kind in ObjectKind]: Map<number, CatalogObjects[Kind]> };

const kinds: readonly ObjectKind[] = [
  "namespace",
  "relation",
  "index",
  "constraint",
  "sequence",
  "type",
  "proc",
  "comment",
  "role",
  "membership",
  "defaultAcl",
  "database",
  "policy",
  "depend",
  "trigger",
  "extension",
  "publication",
];

/** One change of a catalog, as it is written to the store. */
export type CatalogChange = {
  readonly kind: ObjectKind;
  readonly oid: number;
  readonly object: CatalogObjects[ObjectKind] | undefined;
};

let versions = 0;

/**
 * All definitions at one moment. A transaction that changes definitions works on a copy of its own, and the copy takes
 * the place of the database's when it commits.
 */
export class Catalog {
  #version: number;
  readonly #tables: Tables;
  readonly #relationNames: Map<string, number>;
  readonly #typeNames: Map<string, number>;
  readonly #changes: CatalogChange[] = [];
  #derived = new Map<string, unknown>();

  constructor(source?: Catalog) {
    this.#version = ++versions;
    if (source === undefined) {
      this.#tables = Object.fromEntries(kinds.map((kind) => [kind, new Map()])) as unknown as Tables;
      this.#relationNames = new Map();
      this.#typeNames = new Map();
      this.#bootstrap();
    } else {
      this.#tables = Object.fromEntries(
        kinds.map((kind) => [kind, new Map(source.#tables[kind] as Map<number, unknown>)]),
      ) as unknown as Tables;
      this.#relationNames = new Map(source.#relationNames);
      this.#typeNames = new Map(source.#typeNames);
    }
  }

  /** Another one for every state. */
  get version(): number {
    return this.#version;
  }

  #bootstrap(): void {
    const owner = bootstrapRole;
    this.#put("namespace", { oid: catalogNamespace, name: "pg_catalog", owner });
    this.#put("namespace", { oid: informationNamespace, name: "information_schema", owner });
    this.#put("namespace", {
      oid: publicNamespace,
      name: "public",
      owner: databaseOwnerRole,
      acl: publicSchemaAcl,
    });
    for (const role of predefinedRoles) this.#put("role", role);
    this.#put("database", { oid: theDatabase, owner });
    for (const type of builtinTypes.values()) this.#put("type", type);
    for (const relation of systemRelations) {
      this.#put("relation", relation);
      if (relation.typeOid !== 0) this.#put("type", rowTypeOf(relation));
    }
  }

  #put<Kind extends ObjectKind>(kind: Kind, object: CatalogObjects[Kind]): void {
    this.#derived = new Map();
    const table = this.#tables[kind] as Map<number, CatalogObjects[Kind]>;
    const previous = table.get(object.oid);
    if (previous !== undefined) this.#unname(kind, previous);
    table.set(object.oid, object);
    if (kind === "relation") {
      const { namespace, name, oid } = object as Relation;
      this.#relationNames.set(`${namespace}.${name}`, oid);
    } else if (kind === "type") {
      const { namespace, name, oid } = object as TypeInfo;
      this.#typeNames.set(`${namespace}.${name}`, oid);
    }
  }

  #unname(kind: ObjectKind, object: CatalogObjects[ObjectKind]): void {
    if (kind === "relation") {
      const { namespace, name, oid } = object as Relation;
      const key = `${namespace}.${name}`;
      if (this.#relationNames.get(key) === oid) this.#relationNames.delete(key);
    } else if (kind === "type") {
      const { namespace, name, oid } = object as TypeInfo;
      const key = `${namespace}.${name}`;
      if (this.#typeNames.get(key) === oid) this.#typeNames.delete(key);
    }
  }

  /** Adds an object or puts it in the place of the one with its OID. */
  set<Kind extends ObjectKind>(kind: Kind, object: CatalogObjects[Kind]): void {
    this.#put(kind, object);
    this.#version = ++versions;
    this.#changes.push({ kind, oid: object.oid, object });
  }

  delete(kind: ObjectKind, oid: number): void {
    this.#derived = new Map();
    const object = this.#tables[kind].get(oid);
    if (object === undefined) return;
    this.#unname(kind, object);
    this.#tables[kind].delete(oid);
    this.#version = ++versions;
    this.#changes.push({ kind, oid, object: undefined });
  }

  /** As `set`, of what was read from the store. */
  load<Kind extends ObjectKind>(kind: Kind, object: CatalogObjects[Kind]): void {
    this.#put(kind, object);
  }

  /** What every database begins with and this one has dropped. */
  unload(kind: ObjectKind, oid: number): void {
    this.delete(kind, oid);
    this.#changes.length = 0;
  }

  /** What was changed since the copy was made or the changes were last taken. */
  takeChanges(): CatalogChange[] {
    return this.#changes.splice(0);
  }

  get<Kind extends ObjectKind>(kind: Kind, oid: number): CatalogObjects[Kind] | undefined {
    return this.#tables[kind].get(oid) as CatalogObjects[Kind] | undefined;
  }

  all<Kind extends ObjectKind>(kind: Kind): IterableIterator<CatalogObjects[Kind]> {
    return this.#tables[kind].values() as IterableIterator<CatalogObjects[Kind]>;
  }

  namespaceByName(name: string): Namespace | undefined {
    return this.derive("namespaces", () => new Map([...this.all("namespace")].map((n) => [n.name, n]))).get(
      name,
    );
  }

  relationByName(namespace: number, name: string): Relation | undefined {
    const oid = this.#relationNames.get(`${namespace}.${name}`);
    return oid === undefined ? undefined : this.get("relation", oid);
  }

  typeByName(namespace: number, name: string): TypeInfo | undefined {
    const oid = this.#typeNames.get(`${namespace}.${name}`);
    return oid === undefined ? undefined : this.get("type", oid);
  }

  type(oid: number): TypeInfo | undefined {
    return this.get("type", oid);
  }

  indexesOf(relation: number): readonly Index[] {
    return this.#groups("index", (index) => index.relation).get(relation) ?? [];
  }

  constraintsOf(relation: number): readonly Constraint[] {
    return this.#groups("constraint", (constraint) => constraint.relation).get(relation) ?? [];
  }

  /** Foreign keys that point to a relation. */
  referencesTo(relation: number): readonly Constraint[] {
    const groups = this.derive("references", () => {
      const map = new Map<number, Constraint[]>();
      for (const constraint of this.all("constraint")) {
        if (constraint.foreign === undefined) continue;
        const group = map.get(constraint.foreign.relation) ?? [];
        group.push(constraint);
        map.set(constraint.foreign.relation, group);
      }
      return map;
    });
    return groups.get(relation) ?? [];
  }

  domainConstraints(type: number): readonly Constraint[] {
    return this.#groups("constraint", (constraint) => -constraint.typeOid).get(-type) ?? [];
  }

  procsNamed(name: string): readonly Proc[] {
    const groups = this.derive("procs", () => {
      const map = new Map<string, Proc[]>();
      for (const proc of this.all("proc")) map.set(proc.name, [...(map.get(proc.name) ?? []), proc]);
      return map;
    });
    return groups.get(name) ?? [];
  }

  /** By name, the order in which they fire. */
  triggersOf(relation: number): readonly Trigger[] {
    const groups = this.derive("triggers", () => {
      const map = new Map<number, Trigger[]>();
      for (const trigger of this.all("trigger"))
        map.set(trigger.relation, [...(map.get(trigger.relation) ?? []), trigger]);
      for (const group of map.values()) group.sort((a, b) => (a.name < b.name ? -1 : 1));
      return map;
    });
    return groups.get(relation) ?? [];
  }

  comment(object: number, classOid: number, subId: number): string | undefined {
    const comments = this.derive(
      "comments",
      () => new Map([...this.all("comment")].map((c) => [`${c.object}.${c.classOid}.${c.subId}`, c])),
    );
    return comments.get(`${object}.${classOid}.${subId}`)?.text;
  }

  #groups<Kind extends "index" | "constraint">(
    kind: Kind,
    key: (object: CatalogObjects[Kind]) => number,
  ): Map<number, CatalogObjects[Kind][]> {
    return this.derive(`${kind}${key}`, () => {
      const map = new Map<number, CatalogObjects[Kind][]>();
      for (const object of this.all(kind)) {
        const group = map.get(key(object));
        if (group === undefined) map.set(key(object), [object]);
        else group.push(object);
      }
      return map;
    });
  }

  /** What is made of the catalog once and kept until it changes. */
  derive<T>(name: string, make: () => T): T {
    let value = this.#derived.get(name) as T | undefined;
    if (value === undefined) {
      value = make();
      this.#derived.set(name, value);
    }
    return value;
  }
}

/** The row type of a table of the system. */
function rowTypeOf(relation: Relation): TypeInfo {
  return {
    oid: relation.typeOid,
    name: relation.name,
    namespace: relation.namespace,
    owner: relation.owner,
    length: -1,
    byValue: false,
    kind: "c",
    category: "C",
    preferred: false,
    delimiter: ",",
    relation: relation.oid,
    element: 0,
    array: 0,
    functions: [2290, 2291, 2402, 2403, 0, 0],
    align: "d",
    storage: "x",
    baseType: 0,
    baseTypmod: -1,
    notNull: false,
    dimensions: 0,
    subscript: 0,
    collation: 0,
  };
}

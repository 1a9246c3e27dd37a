import type { Action, SecurityContext } from "@weftkit/auth";
import { PgError } from "../errors.ts";
import { type AclKind, defaultAcl, intersect, rightsIn, sorted, union, without } from "./acl.ts";
import type { Catalog } from "./catalog.ts";
import {
  type Acl,
  type Column,
  type DatabaseInfo,
  type Namespace,
  type Proc,
  type Relation,
  type TypeInfo,
  theDatabase,
} from "./model.ts";
import { hasRightsOf, isSuperuser, rolesOf } from "./roles.ts";

/** What roles may do: by the catalog, and by what the image's configuration gives or denies its users. */
export interface Authority {
  readonly catalog: Catalog;
  /** What the configuration says of a role; undefined for those that SQL made. */
  configured(role: number): SecurityContext | undefined;
}

/** Something that rights are granted on. */
export interface Securable {
  readonly kind: AclKind;
  readonly oid: number;
  readonly name: string;
  readonly owner: number;
  readonly acl: Acl | undefined;
  /** As messages call it: table, view, schema. */
  readonly word: string;
}

const relationWords: Readonly<Record<string, string>> = {
  r: "table",
  p: "table",
  v: "view",
  m: "materialized view",
  i: "index",
  I: "index",
  S: "sequence",
  c: "type",
};

export function relationObject(relation: Relation): Securable {
  const { oid, name, owner, kind, acl } = relation;
  return {
    kind: kind === "S" ? "S" : "r",
    oid,
    name,
    owner,
    acl: aclOf(relation) ?? acl,
    word: relationWords[kind]!,
  };
}

export const namespaceObject = ({ oid, name, owner, acl }: Namespace): Securable => ({
  kind: "n",
  oid,
  name,
  owner,
  acl: oid === 11 || name === "information_schema" ? systemSchemaAcl : acl,
  word: "schema",
});
export const procObject = ({ oid, name, owner, acl, kind }: Proc): Securable => ({
  kind: "f",
  oid,
  name,
  owner,
  acl,
  word: kind === "p" ? "procedure" : kind === "a" ? "aggregate" : "function",
});
export const typeObject = ({ oid, name, owner, acl, kind }: TypeInfo): Securable => ({
  kind: "T",
  oid,
  name,
  owner,
  acl,
  word: kind === "d" ? "domain" : "type",
});
export const databaseObject = ({ oid, owner, acl }: DatabaseInfo, name: string): Securable => ({
  kind: "d",
  oid,
  name,
  owner,
  acl,
  word: "database",
});

/** Everybody may look into the system's schemas, and nobody makes anything there. */
const systemSchemaAcl: Acl = [
  { grantee: 10, grantor: 10, rights: "UC", options: "" },
  { grantee: 0, grantor: 10, rights: "U", options: "" },
];
const systemTableAcl: Acl = [
  { grantee: 10, grantor: 10, rights: "arwdDxtm", options: "" },
  { grantee: 0, grantor: 10, rights: "r", options: "" },
];
/** Tables of the system that hold what is nobody's business. */
const secretTables: ReadonlySet<string> = new Set([
  "pg_authid",
  "pg_shadow",
  "pg_largeobject",
  "pg_statistic",
  "pg_statistic_ext_data",
  "pg_subscription",
  "pg_user_mapping",
  "pg_replication_origin",
  "pg_file_settings",
  "pg_hba_file_rules",
  "pg_ident_file_mappings",
  "pg_shmem_allocations",
  "pg_shmem_allocations_numa",
  "pg_backend_memory_contexts",
]);

function aclOf(relation: Relation): Acl | undefined {
  if (relation.system !== true) return relation.acl;
  return secretTables.has(relation.name) ? undefined : systemTableAcl;
}

/** What a role of the image's configuration has to be allowed for a right. */
function actionFor(kind: AclKind, letter: string): Action | undefined {
  switch (kind) {
    case "r":
    case "c":
      return letter === "r" ? "read" : "awdD".includes(letter) ? "write" : "schema";
    case "S":
      return letter === "r" ? "read" : "write";
    case "n":
      return letter === "U" ? "connect" : "schema";
    case "d":
      return letter === "C" ? "schema" : undefined;
    default:
      return undefined;
  }
}

const readAll = 6181;
const writeAll = 6182;
const maintain = 6337;

/** Which of the wanted rights a role has on an object. */
export function rightsOn(authority: Authority, role: number, object: Securable, wanted: string): string {
  const { catalog } = authority;
  if (isSuperuser(catalog, role)) return wanted;
  const { kind, owner } = object;
  const acl = object.acl ?? defaultAcl(kind, owner);
  const has = (other: number) => hasRightsOf(catalog, role, other);
  let found = rightsIn(acl, owner, has, wanted);
  if (found !== wanted && kind !== "c") {
    const own = rolesOf(catalog, role, "inherit");
    if (own.has(readAll))
      found = union(found, intersect(wanted, kind === "n" ? "U" : kind === "r" || kind === "S" ? "r" : ""));
    if (own.has(writeAll))
      found = union(found, intersect(wanted, kind === "n" ? "U" : kind === "r" ? "awd" : ""));
    if (own.has(maintain) && kind === "r") found = union(found, intersect(wanted, "m"));
  }
  return byConfiguration(authority, role, object, wanted, found);
}

function byConfiguration(
  authority: Authority,
  role: number,
  object: Securable,
  wanted: string,
  found: string,
): string {
  const context = authority.configured(role);
  if (context === undefined) return found;
  let own = found;
  for (const letter of wanted) {
    const action = actionFor(object.kind, letter);
    if (action === undefined) continue;
    const names = namesOf(authority.catalog, object);
    if (names.some((name) => context.denies?.(action, name) === true)) own = without(own, letter);
    else if (names.some((name) => context.can(action, name))) own = union(own, letter);
  }
  return own;
}

/** What patterns of the configuration see of an object. A table's own sequences come with the table. */
function namesOf(catalog: Catalog, object: Securable): readonly (string | undefined)[] {
  if (object.kind === "n" || object.kind === "d") return [undefined];
  const { ownedBy } = (object.kind === "S" ? catalog.get("sequence", object.oid) : undefined) ?? {};
  const table = ownedBy === undefined ? undefined : catalog.get("relation", ownedBy.relation)?.name;
  return table === undefined ? [object.name] : [object.name, table];
}

/** Which of the wanted rights a role may grant on. */
export function grantableOn(authority: Authority, role: number, object: Securable, wanted: string): string {
  const { catalog } = authority;
  if (isSuperuser(catalog, role)) return wanted;
  const acl = object.acl ?? defaultAcl(object.kind, object.owner);
  return rightsIn(acl, object.owner, (other) => hasRightsOf(catalog, role, other), wanted, true);
}

/** Which of the wanted rights a role has on a column by itself. */
export function columnRights(
  authority: Authority,
  role: number,
  relation: Relation,
  column: Column,
  wanted: string,
): string {
  const object: Securable = { ...relationObject(relation), kind: "c", acl: column.acl };
  return rightsOn(authority, role, object, wanted);
}

/** Whether a role has a right on these columns: by the table or by each. With none named, on any one of them. */
export function mayOnColumns(
  authority: Authority,
  role: number,
  relation: Relation,
  right: string,
  attnums: readonly number[],
): boolean {
  const table = relationObject(relation);
  if (rightsOn(authority, role, table, right) === right) return true;
  const has = (column: Column) =>
    column.acl !== undefined && columnRights(authority, role, relation, column, right) === right;
  if (attnums.length === 0) return relation.columns.some((column) => column.dropped !== true && has(column));
  return attnums.every((attnum) => {
    const column = relation.columns.find((each) => each.attnum === attnum);
    return column !== undefined && has(column);
  });
}

/** Whether a role may change the definition of an object: it owns it, or the configuration lets it change definitions. */
export function isOwner(authority: Authority, role: number, object: Securable): boolean {
  if (hasRightsOf(authority.catalog, role, object.owner)) return true;
  const context = authority.configured(role);
  if (context === undefined) return false;
  const isNamed = object.kind === "r" || object.kind === "S";
  return context.can("schema", isNamed ? object.name : undefined);
}

/** @throws PgError 42501 */
export function requireOwner(authority: Authority, role: number, object: Securable): void {
  if (isSuperuser(authority.catalog, role) || isOwner(authority, role, object)) return;
  const word = object.kind === "r" && object.word === "table" ? "table" : object.word;
  throw new PgError("42501", `must be owner of ${word} ${object.name}`);
}

/** @throws PgError 42501 */
export function requireRights(authority: Authority, role: number, object: Securable, wanted: string): void {
  if (rightsOn(authority, role, object, wanted) !== sorted(wanted)) throw denied(object);
}

export function denied({ word, name }: Pick<Securable, "word" | "name">): PgError {
  return new PgError("42501", `permission denied for ${word} ${name}`);
}

/** Of the one database. */
export function database(catalog: Catalog): DatabaseInfo {
  return catalog.get("database", theDatabase)!;
}

/** What a new object of a kind has by ALTER DEFAULT PRIVILEGES; undefined when that is what it would have anyway. */
export function initialAcl(
  catalog: Catalog,
  kind: "r" | "S" | "f" | "T" | "n",
  owner: number,
  namespace: number,
): Acl | undefined {
  const all = [...catalog.all("defaultAcl")];
  if (all.length === 0) return undefined;
  const of = (schema: number) =>
    all.find((each) => each.role === owner && each.type === kind && each.namespace === schema)?.acl;
  const everywhere = of(0);
  const here = kind === "n" ? undefined : of(namespace);
  if (everywhere === undefined && here === undefined) return undefined;
  const merged = [...(everywhere ?? defaultAcl(kind, owner))];
  for (const item of here ?? []) {
    const at = merged.findIndex((each) => each.grantee === item.grantee && each.grantor === item.grantor);
    if (at < 0) merged.push(item);
    else
      merged[at] = {
        ...merged[at]!,
        rights: union(merged[at]!.rights, item.rights),
        options: union(merged[at]!.options, item.options),
      };
  }
  return JSON.stringify(merged) === JSON.stringify(defaultAcl(kind, owner)) ? undefined : merged;
}

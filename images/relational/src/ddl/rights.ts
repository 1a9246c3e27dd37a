import type { Catalog } from "../catalog/catalog.ts";
import type { Acl, Namespace, Proc, Relation, TypeInfo } from "../catalog/model.ts";
import { temporaryPrefix } from "../catalog/namespaces.ts";
import {
  type Authority,
  database,
  databaseObject,
  denied,
  initialAcl,
  isOwner,
  mayOnColumns,
  namespaceObject,
  procObject,
  relationObject,
  requireOwner,
  rightsOn,
  type Securable,
  typeObject,
} from "../catalog/rights.ts";
import { hasRightsOf } from "../catalog/roles.ts";
import { PgError } from "../errors.ts";

/** The session's rights, as definitions ask for them. */
export interface DdlAuthority extends Authority {
  readonly current: { readonly oid: number; readonly name: string; readonly isSuperuser: boolean };
  readonly session: { readonly oid: number; readonly name: string; readonly isSuperuser: boolean };
}

/** Who changes definitions, and where. */
export interface Definer {
  readonly catalog: Catalog;
  /** The database's name. */
  readonly database: string;
  /** OID of the role that owns what is made. */
  readonly owner: number;
  readonly sessionId: number;
  /** Whose rights count, and what they are. */
  readonly authority: DdlAuthority;
}

/** Who may change definitions: owners of things, and those who may make things in a schema. All throw PgError 42501. */

/** The owner of a relation; of an index its table's. */
export function requireRelationOwner(ddl: Definer, relation: Relation): void {
  const { authority } = ddl;
  if (authority.current.isSuperuser || relation.session === ddl.sessionId) return;
  requireOwner(authority, authority.current.oid, relationObject(relation));
}

/** The owner by the catalog, whose rights would come with the object. */
export function requireRealOwner(ddl: Definer, object: Securable): void {
  if (hasRightsOf(ddl.catalog, ddl.authority.current.oid, object.owner) || ddl.authority.current.isSuperuser)
    return;
  throw new PgError("42501", `must be owner of ${object.word} ${object.name}`);
}

/** To drop, the schema's owner will do. */
export function requireDropper(ddl: Definer, relation: Relation): void {
  const { authority } = ddl;
  const namespace = ddl.catalog.get("namespace", relation.namespace);
  if (authority.current.isSuperuser) return;
  if (namespace !== undefined && isOwner(authority, authority.current.oid, namespaceObject(namespace)))
    return;
  requireRelationOwner(ddl, relation);
}

export function requireSchemaOwner(ddl: Definer, namespace: Namespace): void {
  requireOwner(ddl.authority, ddl.authority.current.oid, namespaceObject(namespace));
}

export function requireTypeOwner(ddl: Definer, type: TypeInfo): void {
  requireOwner(ddl.authority, ddl.authority.current.oid, typeObject(type));
}

/** What runs as its owner is changed by its owner alone, whatever the configuration allows. */
export function requireRoutineOwner(
  ddl: Definer,
  proc: Proc,
  runsAsOwner = proc.securityDefiner === true,
): void {
  if (isTemporary(ddl, proc.namespace)) return;
  if (runsAsOwner) requireRealOwner(ddl, procObject(proc));
  requireOwner(ddl.authority, ddl.authority.current.oid, procObject(proc));
}

function isTemporary(ddl: Definer, namespace: number): boolean {
  return ddl.catalog.get("namespace", namespace)?.name.startsWith(temporaryPrefix) === true;
}

/** Whether `role` may make something of this name in a schema. */
export function mayCreate(ddl: Definer, role: number, namespace: number, name: string | undefined): boolean {
  const found = ddl.catalog.get("namespace", namespace);
  if (found === undefined || isTemporary(ddl, namespace)) return true;
  const { authority } = ddl;
  // What the configuration allows may be limited to names.
  const context = authority.configured(role);
  if (context?.can("schema", name) === true) return true;
  return rightsOn(authority, role, namespaceObject(found), "C") === "C";
}

export function requireCreate(ddl: Definer, namespace: number, name: string | undefined): void {
  const { current } = ddl.authority;
  if (current.isSuperuser || mayCreate(ddl, current.oid, namespace, name)) return;
  throw denied({ word: "schema", name: ddl.catalog.get("namespace", namespace)!.name });
}

/** CREATE (C) or TEMPORARY (T) of the database. */
export function requireOnDatabase(ddl: Definer, right: "C" | "T", role = ddl.authority.current.oid): void {
  const object = databaseObject(database(ddl.catalog), ddl.database);
  if (role === ddl.authority.current.oid && ddl.authority.current.isSuperuser) return;
  if (rightsOn(ddl.authority, role, object, right) === right) return;
  if (right === "T")
    throw new PgError("42501", `permission denied to create temporary tables in database "${ddl.database}"`);
  throw denied(object);
}

/** A right on a relation as a whole, or on the columns named. */
export function requireOnRelation(
  ddl: Definer,
  relation: Relation,
  right: string,
  attnums?: readonly number[],
): void {
  const { authority } = ddl;
  const { current } = authority;
  if (current.isSuperuser) return;
  const object = relationObject(relation);
  if (attnums === undefined) {
    if (rightsOn(authority, current.oid, object, right) !== right) throw denied(object);
  } else if (!mayOnColumns(authority, current.oid, relation, right, attnums)) throw denied(object);
}

/** What ALTER DEFAULT PRIVILEGES gives to something new, to be spread into it. */
export function initialRights(
  ddl: Definer,
  kind: "r" | "S" | "f" | "T",
  namespace: number,
): { readonly acl?: Acl } {
  const acl = initialAcl(ddl.catalog, kind, ddl.owner, namespace);
  return acl === undefined ? {} : { acl };
}

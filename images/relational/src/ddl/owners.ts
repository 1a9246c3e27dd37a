import { findType } from "../analyse/type-names.ts";
import { rightsOrder } from "../catalog/acl.ts";
import type { Relation } from "../catalog/model.ts";
import { type Acl, bootstrapRole, databaseOwnerRole } from "../catalog/model.ts";
import { relationObject } from "../catalog/rights.ts";
import { hasRightsOf } from "../catalog/roles.ts";
import { notSupported, PgError } from "../errors.ts";
import { type Node, type pg, stringOf, strings } from "../parse/ast.ts";
import type { Ddl } from "./context.ts";
import { removeNamespace, removeQuietly } from "./drop.ts";
import { removePolicy } from "./policies.ts";
import { setPublicationOwner } from "./publications.ts";
import { mayCreate, requireOnDatabase, requireRealOwner } from "./rights.ts";
import { type OwnedObject, ownedObjects } from "./role-dependents.ts";
import { requireSetRole, roleOf, roleSpecs } from "./role-names.ts";
import { requireDatabaseName } from "./roles.ts";
import { findRoutine, missingRoutine } from "./routines.ts";

/** Who owns what: ALTER ... OWNER TO, REASSIGN OWNED, DROP OWNED. */

/** In a list of rights the new owner stands where the old one did. */
function handedOver(acl: Acl | undefined, from: number, to: number): Acl | undefined {
  if (acl === undefined) return undefined;
  const merged: { grantee: number; grantor: number; rights: string; options: string }[] = [];
  for (const item of acl) {
    const grantee = item.grantee === from ? to : item.grantee;
    const grantor = item.grantor === from ? to : item.grantor;
    const known = merged.find((each) => each.grantee === grantee && each.grantor === grantor);
    if (known === undefined) merged.push({ ...item, grantee, grantor });
    else {
      const ordered = (letters: string) =>
        [...rightsOrder].filter((letter) => letters.includes(letter)).join("");
      known.rights = ordered(known.rights + item.rights);
      known.options = ordered(known.options + item.options);
    }
  }
  return merged;
}

function handOver(object: OwnedObject, to: number): void {
  const acl = handedOver(object.acl, object.owner, to);
  if (object.isColumn !== true) object.setOwner(to);
  if (acl !== undefined) object.setAcl(acl);
}

function handOverAll(ddl: Ddl, to: number, which: (object: OwnedObject) => boolean): void {
  for (const object of [...ownedObjects(ddl)]) if (which(object)) handOver(object, to);
}

/** ALTER TABLE ... OWNER TO, of any relation; what belongs to a table goes with it. */
export function setRelationOwner(ddl: Ddl, relation: Relation, spec: pg.RoleSpec): void {
  const owner = roleOf(ddl, spec).oid;
  if (relation.owner === owner) return;
  const ownedBy = ddl.catalog.get("sequence", relation.oid)?.ownedBy;
  if (ownedBy !== undefined)
    throw new PgError("0A000", `cannot change owner of sequence "${relation.name}"`, {
      detail: `Sequence "${relation.name}" is linked to table "${ddl.catalog.get("relation", ownedBy.relation)?.name}".`,
    });
  if (relation.kind === "i") {
    ddl.notice(`cannot change owner of index "${relation.name}"`, "WARNING", {
      hint: "Change the ownership of the index's table instead.",
    });
    return;
  }
  requireRealOwner(ddl, relationObject(relation));
  requireNewOwner(ddl, owner, relation.namespace, relation.name);
  const related = new Set([relation.oid]);
  for (const sequence of ddl.catalog.all("sequence"))
    if (sequence.ownedBy?.relation === relation.oid) related.add(sequence.oid);
  handOverAll(ddl, owner, ({ kind, oid }) => "rSc".includes(kind) && related.has(oid));
}

/** @throws PgError 42501 */
function requireNewOwner(ddl: Ddl, owner: number, namespace: number, name: string): void {
  if (ddl.authority.current.isSuperuser) return;
  requireSetRole(ddl, owner);
  if (!mayCreate(ddl, owner, namespace, name))
    throw new PgError(
      "42501",
      `permission denied for schema ${ddl.catalog.get("namespace", namespace)?.name}`,
    );
}

/** ALTER ... OWNER TO of everything else. */
export function alterOwner(ddl: Ddl, node: pg.AlterOwnerStmt): void {
  const object = node.object as Node;
  const owner = roleOf(ddl, node.newowner!).oid;
  const { current } = ddl.authority;
  const change = (kind: string, id: number, namespace: number | undefined) => {
    const found = [...ownedObjects(ddl)].find((each) => each.kind === kind && each.oid === id)!;
    if (found.owner === owner) return;
    requireRealOwner(ddl, found);
    if (!current.isSuperuser) {
      if (namespace !== undefined) requireNewOwner(ddl, owner, namespace, found.name);
      else {
        requireSetRole(ddl, owner);
        if (kind === "n") requireOnDatabase(ddl, "C");
      }
    }
    handOver(found, owner);
  };
  switch (node.objectType) {
    case "OBJECT_SCHEMA": {
      const name = stringOf(object);
      const namespace = ddl.catalog.namespaceByName(name);
      if (namespace === undefined) throw new PgError("3F000", `schema "${name}" does not exist`);
      change("n", namespace.oid, undefined);
      return;
    }
    case "OBJECT_DATABASE": {
      requireDatabaseName(ddl, stringOf(object));
      change("d", 5, undefined);
      return;
    }
    case "OBJECT_PUBLICATION":
      setPublicationOwner(ddl, object, node.newowner!);
      return;
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE": {
      const proc = findRoutine(ddl, object.ObjectWithArgs!, node.objectType);
      if (proc === undefined) throw missingRoutine(ddl, object.ObjectWithArgs!, node.objectType);
      change("f", proc.oid, proc.namespace);
      return;
    }
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN": {
      const names = strings(object.List?.items as Node[]);
      const type = findType(ddl.catalog, ddl.io.searchPath, names.at(-2), names.at(-1)!);
      if (type === undefined) throw new PgError("42704", `type "${names.join(".")}" does not exist`);
      const table = type.kind === "c" ? ddl.catalog.get("relation", type.relation) : undefined;
      if (table !== undefined && table.kind !== "c")
        throw new PgError("42809", `${type.name} is a table's row type`, {
          hint: "Use ALTER TABLE instead.",
        });
      change("T", type.oid, type.namespace);
      return;
    }
    default:
      throw notSupported(
        `ALTER ${String(node.objectType).replace("OBJECT_", "").replaceAll("_", " ")} OWNER TO`,
      );
  }
}

/** @throws PgError 42501 */
function requireRightsOf(ddl: Ddl, role: number, doing: string): void {
  const { current } = ddl.authority;
  if (current.isSuperuser || hasRightsOf(ddl.catalog, current.oid, role)) return;
  const name = ddl.catalog.get("role", role)!.name;
  throw new PgError("42501", `permission denied to ${doing}`, {
    detail: `Only roles with privileges of role "${name}" may ${doing === "drop objects" ? "drop objects owned by it" : "reassign objects owned by it"}.`,
  });
}

export function reassignOwned(ddl: Ddl, node: pg.ReassignOwnedStmt): void {
  const roles = roleSpecs(node.roles).map((spec) => roleOf(ddl, spec).oid);
  for (const role of roles) requireRightsOf(ddl, role, "reassign objects");
  const to = roleOf(ddl, node.newrole!);
  const { current } = ddl.authority;
  if (!current.isSuperuser && !hasRightsOf(ddl.catalog, current.oid, to.oid))
    throw new PgError("42501", "permission denied to reassign objects", {
      detail: `Only roles with privileges of role "${to.name}" may reassign objects to it.`,
    });
  if (roles.includes(bootstrapRole))
    throw new PgError(
      "2BP01",
      "cannot reassign ownership of objects owned by role postgres because they are required by the database system",
    );
  if (roles.includes(databaseOwnerRole))
    throw new PgError(
      "2BP01",
      "cannot reassign ownership of objects owned by role pg_database_owner because they are required by the database system",
    );
  const owners = new Set(roles);
  handOverAll(ddl, to.oid, ({ owner }) => owners.has(owner));
  for (const publication of [...ddl.catalog.all("publication")])
    if (owners.has(publication.owner)) ddl.catalog.set("publication", { ...publication, owner: to.oid });
}

export function dropOwned(ddl: Ddl, node: pg.DropOwnedStmt): void {
  const roles = new Set(roleSpecs(node.roles).map((spec) => roleOf(ddl, spec).oid));
  for (const role of roles) requireRightsOf(ddl, role, "drop objects");
  if (roles.has(bootstrapRole))
    throw new PgError(
      "2BP01",
      "cannot drop objects owned by role postgres because they are required by the database system",
    );
  const { catalog } = ddl;
  for (const item of [...catalog.all("defaultAcl")]) {
    if (roles.has(item.role)) catalog.delete("defaultAcl", item.oid);
    else if (item.acl.some(({ grantee }) => roles.has(grantee)))
      catalog.set("defaultAcl", { ...item, acl: item.acl.filter(({ grantee }) => !roles.has(grantee)) });
  }
  for (const policy of [...catalog.all("policy")]) {
    const rest = policy.roles.filter((role) => !roles.has(role));
    if (rest.length === 0) removePolicy(ddl, policy);
    else if (rest.length < policy.roles.length) catalog.set("policy", { ...policy, roles: rest });
  }
  for (const publication of [...catalog.all("publication")])
    if (roles.has(publication.owner)) catalog.delete("publication", publication.oid);
  for (const m of [...catalog.all("membership")])
    if (roles.has(m.grantor)) catalog.delete("membership", m.oid);
  for (const object of [...ownedObjects(ddl)]) {
    const isOwned = roles.has(object.owner);
    if (!isOwned || object.kind === "d") {
      const { acl } = object;
      if (acl?.some(({ grantee, grantor }) => roles.has(grantee) || roles.has(grantor)) === true)
        object.setAcl(acl.filter(({ grantee, grantor }) => !roles.has(grantee) && !roles.has(grantor)));
    } else if (object.isColumn !== true) dropObject(ddl, object, node.behavior === "DROP_CASCADE");
  }
}

function dropObject(ddl: Ddl, object: OwnedObject, cascade: boolean): void {
  const { catalog } = ddl;
  switch (object.kind) {
    case "n": {
      const isEmpty =
        ![...catalog.all("relation")].some((r) => r.namespace === object.oid && r.owner !== object.owner) &&
        ![...catalog.all("proc")].some((p) => p.namespace === object.oid && p.owner !== object.owner);
      if (!isEmpty && !cascade)
        throw new PgError("2BP01", "cannot drop desired object(s) because other objects depend on them", {
          hint: "Use DROP ... CASCADE to drop the dependent objects too.",
        });
      removeNamespace(ddl, object.oid);
      return;
    }
    case "f":
      catalog.delete("proc", object.oid);
      return;
    case "T":
      catalog.delete("type", catalog.type(object.oid)?.array ?? 0);
      catalog.delete("type", object.oid);
      return;
    default: {
      // What depended on another one may be gone with it.
      const relation = catalog.get("relation", object.oid);
      if (relation === undefined) return;
      const view = [...catalog.all("depend")].find((d) => {
        const on = catalog.get("relation", d.dependent);
        return d.on === relation.oid && on !== undefined && on.owner !== relation.owner;
      });
      if (view !== undefined && !cascade)
        throw new PgError("2BP01", "cannot drop desired object(s) because other objects depend on them", {
          detail: `view ${catalog.get("relation", view.dependent)?.name} depends on ${relationObject(relation).word} ${relation.name}`,
          hint: "Use DROP ... CASCADE to drop the dependent objects too.",
        });
      removeQuietly(ddl, relation);
    }
  }
}

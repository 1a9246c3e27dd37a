import { lookUpRelation } from "../analyse/from.ts";
import { resolveTypeName } from "../analyse/type-names.ts";
import {
  type AclKind,
  aclKinds,
  changedAcl,
  defaultAcl,
  intersect,
  rightLetters,
  sorted,
  union,
  without,
} from "../catalog/acl.ts";
import type { Acl, Column, DefaultAcl, Proc, Relation } from "../catalog/model.ts";
import {
  columnRights,
  database,
  databaseObject,
  denied,
  grantableOn,
  namespaceObject,
  procObject,
  relationObject,
  rightsOn,
  type Securable,
  typeObject,
} from "../catalog/rights.ts";
import { hasRightsOf, rolesOf } from "../catalog/roles.ts";
import { notSupported, PgError } from "../errors.ts";
import { type Node, type pg, stringOf, strings } from "../parse/ast.ts";
import { analyserOf, type Ddl, newOid } from "./context.ts";
import { granteeOf, roleOf, roleSpecs } from "./role-names.ts";
import { requireDatabaseName } from "./roles.ts";
import { findRoutine, missingRoutine } from "./routines.ts";

/** GRANT and REVOKE on objects, and ALTER DEFAULT PRIVILEGES. */

interface Grant {
  readonly isGrant: boolean;
  readonly option: boolean;
  readonly cascade: boolean;
  readonly grantees: readonly number[];
  readonly isAll: boolean;
  readonly rights: string;
  /** Columns' names by the right. */
  readonly columns: readonly { readonly right: string | undefined; readonly names: readonly string[] }[];
}

/** The object that rights are on, with where its list is kept. */
interface Target extends Securable {
  put(acl: Acl): void;
}

const kindsOf: Readonly<Record<string, AclKind>> = {
  OBJECT_TABLE: "r",
  OBJECT_SEQUENCE: "S",
  OBJECT_FUNCTION: "f",
  OBJECT_PROCEDURE: "f",
  OBJECT_ROUTINE: "f",
  OBJECT_SCHEMA: "n",
  OBJECT_DATABASE: "d",
  OBJECT_TYPE: "T",
  OBJECT_DOMAIN: "T",
  OBJECT_LANGUAGE: "l",
};

/** How messages about rights that a kind does not have call it. */
const invalidWords: Readonly<Record<string, string>> = {
  OBJECT_PROCEDURE: "procedure",
  OBJECT_ROUTINE: "routine",
  OBJECT_DOMAIN: "domain",
};

function readGrant(ddl: Ddl, node: pg.GrantStmt, kind: AclKind): Grant {
  const nodes = (node.privileges ?? []) as Node[];
  let rights = "";
  const columns: { right: string | undefined; names: string[] }[] = [];
  const { all } = aclKinds[kind];
  for (const item of nodes) {
    const { priv_name: name, cols } = item.AccessPriv!;
    const right = name === undefined ? undefined : rightLetters.get(name);
    if (name !== undefined && right === undefined)
      throw new PgError("42601", `unrecognized privilege type "${name}"`);
    if ((cols?.length ?? 0) > 0) {
      if (kind !== "r") throw new PgError("0LP01", "column privileges are only valid for relations");
      if (right !== undefined && !aclKinds.c.all.includes(right))
        throw new PgError("0LP01", `invalid privilege type ${name!.toUpperCase()} for column`);
      columns.push({ right, names: strings(cols as Node[]) });
      continue;
    }
    // GRANT ON TABLE is for sequences, too, as it was before they had a word of their own.
    if (right !== undefined && !all.includes(right) && !(kind === "r" && aclKinds.S.all.includes(right)))
      throw new PgError(
        "0LP01",
        `invalid privilege type ${name!.toUpperCase()} for ${invalidWords[node.objtype ?? ""] ?? aclKinds[kind].word}`,
      );
    if (right !== undefined) rights = union(rights, right);
  }
  return {
    isGrant: node.is_grant === true,
    option: node.grant_option === true,
    cascade: node.behavior === "DROP_CASCADE",
    grantees: roleSpecs(node.grantees).map((spec) => granteeOf(ddl, spec)),
    isAll: nodes.length === 0,
    rights: nodes.length === 0 ? all : rights,
    columns,
  };
}

export function grant(ddl: Ddl, node: pg.GrantStmt): void {
  const kind = kindsOf[node.objtype ?? ""];
  if (kind === undefined)
    throw notSupported(`privileges on ${String(node.objtype).replace("OBJECT_", "").replaceAll("_", " ")}`);
  if (node.grantor !== undefined && roleOf(ddl, node.grantor).oid !== ddl.authority.current.oid)
    throw new PgError("0A000", "grantor must be current user");
  const given = readGrant(ddl, node, kind);
  const objects = (node.objects ?? []) as Node[];
  if (node.targtype === "ACL_TARGET_ALL_IN_SCHEMA") {
    for (const object of objects) grantInSchema(ddl, node, given, stringOf(object));
    return;
  }
  for (const object of objects) {
    if (kind === "r" || kind === "S")
      grantOnRelation(ddl, relationOf(ddl, object.RangeVar!, kind), given, kind);
    else change(ddl, targetOf(ddl, object, node.objtype!), given, given.rights);
  }
}

function grantInSchema(ddl: Ddl, node: pg.GrantStmt, given: Grant, name: string): void {
  const namespace = ddl.catalog.namespaceByName(name);
  if (namespace === undefined) throw new PgError("3F000", `schema "${name}" does not exist`);
  ddl.io.requireUsage?.(namespace);
  const type = node.objtype!;
  if (type === "OBJECT_TABLE" || type === "OBJECT_SEQUENCE") {
    const kinds = type === "OBJECT_TABLE" ? "rpvm" : "S";
    for (const relation of [...ddl.catalog.all("relation")])
      if (relation.namespace === namespace.oid && kinds.includes(relation.kind) && relation.system !== true)
        grantOnRelation(ddl, relation, given, type === "OBJECT_TABLE" ? "r" : "S");
    return;
  }
  for (const proc of [...ddl.catalog.all("proc")]) {
    if (proc.namespace !== namespace.oid) continue;
    if (type === "OBJECT_PROCEDURE" ? proc.kind !== "p" : type === "OBJECT_FUNCTION" && proc.kind === "p")
      continue;
    change(ddl, procTarget(ddl, proc), given, given.rights);
  }
}

function relationOf(ddl: Ddl, name: pg.RangeVar, kind: AclKind): Relation {
  const relation = lookUpRelation(analyserOf(ddl).ctx, name.schemaname, name.relname ?? "");
  if (relation === undefined) {
    const shown = name.schemaname ? `${name.schemaname}.${name.relname}` : name.relname;
    throw new PgError("42P01", `relation "${shown}" does not exist`);
  }
  if (relation.kind === "i" || relation.kind === "I")
    throw new PgError("42809", `"${relation.name}" is an index`);
  if (relation.kind === "c") throw new PgError("42809", `"${relation.name}" is a composite type`);
  if (kind === "S" && relation.kind !== "S")
    throw new PgError("42809", `"${relation.name}" is not a sequence`);
  if (relation.system === true) throw notSupported("privileges on tables of the system");
  return relation;
}

function grantOnRelation(ddl: Ddl, relation: Relation, given: Grant, kind: AclKind): void {
  const object = relationObject(relation);
  let { rights } = given;
  if (relation.kind === "S" && kind === "r") {
    if (given.isAll) rights = aclKinds.S.all;
    else if (without(rights, aclKinds.S.all) !== "") {
      ddl.notice(`sequence "${relation.name}" only supports USAGE, SELECT, and UPDATE privileges`, "WARNING");
      rights = intersect(rights, aclKinds.S.all);
    }
  } else if (without(rights, aclKinds[kind].all) !== "")
    throw new PgError("0LP01", `invalid privilege type USAGE for table`);
  if (rights !== "" || given.columns.length === 0)
    change(
      ddl,
      {
        ...object,
        put: (acl) => ddl.catalog.set("relation", { ...ddl.catalog.get("relation", relation.oid)!, acl }),
      },
      given,
      rights,
    );
  const wanted = new Map<number, string>();
  for (const { right, names } of given.columns)
    for (const name of names) {
      const column = relation.columns.find((c) => c.name === name && c.dropped !== true);
      if (column === undefined)
        throw new PgError("42703", `column "${name}" of relation "${relation.name}" does not exist`);
      wanted.set(column.attnum, union(wanted.get(column.attnum) ?? "", right ?? aclKinds.c.all));
    }
  // What is revoked from the table is revoked from its columns.
  if (!given.isGrant)
    for (const column of relation.columns)
      if (column.acl !== undefined && column.dropped !== true)
        wanted.set(column.attnum, union(wanted.get(column.attnum) ?? "", intersect(rights, aclKinds.c.all)));
  for (const [attnum, letters] of wanted)
    if (letters !== "") changeColumn(ddl, relation.oid, attnum, given, letters);
}

function changeColumn(ddl: Ddl, id: number, attnum: number, given: Grant, rights: string): void {
  const relation = ddl.catalog.get("relation", id)!;
  const column = relation.columns.find((c) => c.attnum === attnum)!;
  const target: Target = {
    ...relationObject(relation),
    kind: "c",
    acl: column.acl,
    put: (acl) => {
      const columns = relation.columns.map((c): Column => {
        if (c !== column) return c;
        const { acl: _before, ...rest } = c;
        return acl.length === 0 ? rest : { ...rest, acl };
      });
      ddl.catalog.set("relation", { ...relation, columns });
    },
  };
  const onTable = (role: number) => grantableOn(ddl.authority, role, relationObject(relation), rights);
  change(ddl, target, given, rights, {
    grantable: onTable,
    has: (role) =>
      columnRights(ddl.authority, role, relation, column, aclKinds.c.all) +
      rightsOn(ddl.authority, role, relationObject(relation), aclKinds.c.all),
  });
}

/** What a column's table adds to what may be granted on the column. */
interface Around {
  grantable(role: number): string;
  has(role: number): string;
}

function procTarget(ddl: Ddl, proc: Proc): Target {
  return {
    ...procObject(proc),
    put: (acl) => ddl.catalog.set("proc", { ...ddl.catalog.get("proc", proc.oid)!, acl }),
  };
}

function targetOf(ddl: Ddl, object: Node, type: string): Target {
  const { catalog } = ddl;
  switch (type) {
    case "OBJECT_SCHEMA": {
      const namespace = catalog.namespaceByName(stringOf(object));
      if (namespace === undefined) throw new PgError("3F000", `schema "${stringOf(object)}" does not exist`);
      if (namespace.oid === 11 || namespace.name === "information_schema")
        throw notSupported("privileges on schemas of the system");
      return {
        ...namespaceObject(namespace),
        put: (acl) => catalog.set("namespace", { ...namespace, acl }),
      };
    }
    case "OBJECT_DATABASE": {
      requireDatabaseName(ddl, stringOf(object));
      const one = database(catalog);
      return { ...databaseObject(one, ddl.database), put: (acl) => catalog.set("database", { ...one, acl }) };
    }
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN": {
      const { ctx } = analyserOf(ddl);
      const found = ctx.type(resolveTypeName(ctx, { names: (object.List?.items ?? []) as pg.Node[] }).type);
      if (type === "OBJECT_DOMAIN" && found.kind !== "d")
        throw new PgError("42809", `"${found.name}" is not a domain`);
      if (found.oid < 16384) throw notSupported("privileges on types of the system");
      return { ...typeObject(found), put: (acl) => catalog.set("type", { ...found, acl }) };
    }
    case "OBJECT_LANGUAGE":
      throw notSupported("privileges on languages");
    default: {
      const proc = findRoutine(ddl, object.ObjectWithArgs!, type);
      if (proc === undefined) throw missingRoutine(ddl, object.ObjectWithArgs!, type);
      return procTarget(ddl, proc);
    }
  }
}

/** Who is told as the grantor: the owner for those who have its rights, else who has most of the options. */
function bestGrantor(
  ddl: Ddl,
  target: Target,
  rights: string,
  around: Around | undefined,
): { grantor: number; options: string } {
  const { current } = ddl.authority;
  const { catalog } = ddl;
  if (current.isSuperuser || hasRightsOf(catalog, current.oid, target.owner))
    return { grantor: target.owner, options: rights };
  const acl = target.acl ?? [];
  let best = { grantor: current.oid, options: "" };
  for (const role of rolesOf(catalog, current.oid, "inherit")) {
    let options = "";
    for (const item of acl) if (item.grantee === role) options += intersect(item.options, rights);
    options = union(sorted(options), around?.grantable(role) ?? "");
    if (options.length > best.options.length) best = { grantor: role, options };
    if (options === rights) break;
  }
  return best;
}

function change(ddl: Ddl, target: Target, given: Grant, rights: string, around?: Around): void {
  const { grantor, options } = bestGrantor(ddl, target, rights, around);
  if (options === "") {
    const role = ddl.authority.current.oid;
    const any = around?.has(role) ?? rightsOn(ddl.authority, role, target, aclKinds[target.kind].all);
    if (any === "" && grantableOn(ddl.authority, role, target, aclKinds[target.kind].all) === "")
      throw denied({ ...target, word: "rc".includes(target.kind) ? "table" : target.word });
  }
  const usable = intersect(rights, options);
  if (usable !== rights) {
    const none = usable === "";
    const done = given.isGrant ? "granted" : "revoked";
    ddl.notice(
      given.isGrant
        ? `${none ? "no" : "not all"} privileges were ${done} for "${target.name}"`
        : `${none ? "no" : "not all"} privileges could be ${done} for "${target.name}"`,
      "WARNING",
    );
  }
  const { kind, owner } = target;
  const before = target.acl ?? defaultAcl(kind, owner);
  const after = changedAcl(before, {
    ...given,
    grantor,
    owner,
    rights: usable,
    hasRightsOf: (member, role) => hasRightsOf(ddl.catalog, member, role),
  });
  target.put(after);
}

// ---- ALTER DEFAULT PRIVILEGES ----------------------------------------------------------------------------------------

const defaultTypes: Readonly<Record<string, DefaultAcl["type"]>> = {
  OBJECT_TABLE: "r",
  OBJECT_SEQUENCE: "S",
  OBJECT_FUNCTION: "f",
  OBJECT_ROUTINE: "f",
  OBJECT_TYPE: "T",
  OBJECT_SCHEMA: "n",
};

export function alterDefaultPrivileges(ddl: Ddl, node: pg.AlterDefaultPrivilegesStmt): void {
  const action = node.action!;
  const type = defaultTypes[action.objtype ?? ""];
  if (type === undefined) throw notSupported("default privileges of large objects");
  const option = (name: string) =>
    ((node.options ?? []) as Node[]).find((item) => item.DefElem?.defname === name)?.DefElem?.arg as
      | Node
      | undefined;
  const roles = roleSpecs(option("roles")?.List?.items).map((spec) => roleOf(ddl, spec).oid);
  const schemas = ((option("schemas")?.List?.items ?? []) as Node[]).map((item) => {
    const namespace = ddl.catalog.namespaceByName(stringOf(item));
    if (namespace === undefined) throw new PgError("3F000", `schema "${stringOf(item)}" does not exist`);
    return namespace.oid;
  });
  if (type === "n" && schemas.length > 0)
    throw new PgError("0LP01", "cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS");
  const given = readGrant(ddl, action, type);
  const { current } = ddl.authority;
  for (const role of roles.length === 0 ? [ddl.owner] : roles) {
    if (!current.isSuperuser && !hasRightsOf(ddl.catalog, current.oid, role))
      throw new PgError("42501", "permission denied to change default privileges");
    for (const namespace of schemas.length === 0 ? [0] : schemas)
      changeDefault(ddl, { role, namespace, type }, given);
  }
}

function changeDefault(ddl: Ddl, of: Pick<DefaultAcl, "role" | "namespace" | "type">, given: Grant): void {
  const { role, namespace, type } = of;
  const before = [...ddl.catalog.all("defaultAcl")].find(
    (each) => each.role === role && each.namespace === namespace && each.type === type,
  );
  // In one schema rights can only be added to what holds everywhere.
  const usual = namespace === 0 ? defaultAcl(type, role) : [];
  const acl = changedAcl(before?.acl ?? usual, {
    ...given,
    grantor: role,
    owner: role,
    hasRightsOf: (member, other) => hasRightsOf(ddl.catalog, member, other),
  });
  const shown = (list: Acl) =>
    JSON.stringify([...list].sort((a, b) => a.grantee - b.grantee || a.grantor - b.grantor));
  if (shown(acl) === shown(usual)) {
    if (before !== undefined) ddl.catalog.delete("defaultAcl", before.oid);
    return;
  }
  ddl.catalog.set("defaultAcl", { ...of, oid: before?.oid ?? newOid(ddl), acl });
}

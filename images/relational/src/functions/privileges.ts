import {
  type AclKind,
  aclKinds,
  aclText,
  defaultAcl,
  parseAclItem,
  rightLetters,
  rightNames,
  rightsOrder,
} from "../catalog/acl.ts";
import { builtinProcs } from "../catalog/builtin.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Acl, Relation } from "../catalog/model.ts";
import {
  database,
  databaseObject,
  grantableOn,
  isOwner,
  mayOnColumns,
  namespaceObject,
  procObject,
  relationObject,
  rightsOn,
  type Securable,
  typeObject,
} from "../catalog/rights.ts";
import { canSetRole, hasRightsOf, isAdminOf, isMemberOf, roleName, roleNamed } from "../catalog/roles.ts";
import { PgError } from "../errors.ts";
import { type Datum, PgArray } from "../types/datum.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import { type CallContext, define, defineSet, defineWith } from "./registry.ts";

/** What roles may do, asked by functions: has_table_privilege() and its kin, pg_has_role(), aclexplode(). */

interface Wanted {
  readonly letter: string;
  readonly withOption: boolean;
}

/** `SELECT, INSERT WITH GRANT OPTION`. @throws PgError 22023 */
function wantedRights(text: string, kind: AclKind): Wanted[] {
  return text.split(",").map((part) => {
    const plain = part.trim().toLowerCase();
    const match = /^(.*?)( with grant option)?$/.exec(plain)!;
    const letter = rightLetters.get(match[1]!);
    if (letter === undefined || !aclKinds[kind].all.includes(letter))
      throw new PgError("22023", `unrecognized privilege type: "${part.trim()}"`);
    return { letter, withOption: match[2] !== undefined };
  });
}

type Who = string | number | undefined;

/** @throws PgError 42704 */
function roleIdOf(call: CallContext, who: Who): number {
  const { authority } = call.run.session;
  if (who === undefined) return authority.current.oid;
  if (typeof who === "number") return who;
  if (who === "public") return 0;
  const role = roleNamed(call.run.catalog, who);
  if (role !== undefined) return role.oid;
  if (who === authority.current.name) return authority.current.oid;
  throw new PgError("42704", `role "${who}" does not exist`);
}

function holds(call: CallContext, who: Who, object: Securable, wanted: readonly Wanted[]): boolean {
  const { authority } = call.run.session;
  const role = roleIdOf(call, who);
  if (who === undefined && authority.current.isSuperuser) return true;
  return wanted.some(({ letter, withOption }) =>
    withOption
      ? grantableOn(authority, role, object, letter) === letter
      : rightsOn(authority, role, object, letter) === letter,
  );
}

const relationNamed = (call: CallContext, name: string): Relation => {
  const id = typeOps(call.catalog, oid.regclass).input(name, -1, call.run.io) as number;
  const relation = call.run.catalog.get("relation", id);
  if (relation === undefined) throw new PgError("42P01", `relation "${name}" does not exist`);
  return relation;
};

type Finder = (call: CallContext, given: string | number) => Securable | undefined;

const finders: Readonly<Record<string, readonly [kind: AclKind, find: Finder]>> = {
  table: [
    "r",
    (call, given) => {
      const relation =
        typeof given === "number" ? call.run.catalog.get("relation", given) : relationNamed(call, given);
      return relation === undefined ? undefined : relationObject(relation);
    },
  ],
  sequence: [
    "S",
    (call, given) => {
      const relation =
        typeof given === "number" ? call.run.catalog.get("relation", given) : relationNamed(call, given);
      if (relation !== undefined && relation.kind !== "S")
        throw new PgError("42809", `"${relation.name}" is not a sequence`);
      return relation === undefined ? undefined : relationObject(relation);
    },
  ],
  schema: [
    "n",
    ({ run: { catalog } }, given) => {
      const namespace =
        typeof given === "number" ? catalog.get("namespace", given) : catalog.namespaceByName(given);
      if (namespace === undefined && typeof given === "string")
        throw new PgError("3F000", `schema "${given}" does not exist`);
      return namespace === undefined ? undefined : namespaceObject(namespace);
    },
  ],
  database: [
    "d",
    ({ run }, given) => {
      const one = database(run.catalog);
      if (typeof given === "string" && given !== run.session.database && given !== "postgres")
        throw new PgError("3D000", `database "${given}" does not exist`);
      return given === one.oid || typeof given === "string"
        ? databaseObject(one, run.session.database)
        : undefined;
    },
  ],
  function: [
    "f",
    (call, given) => {
      const id =
        typeof given === "number"
          ? given
          : (typeOps(call.catalog, oid.regprocedure).input(given, -1, call.run.io) as number);
      const proc = builtinProcs.get(id) ?? call.run.catalog.get("proc", id);
      return proc === undefined ? undefined : procObject(proc);
    },
  ],
  type: [
    "T",
    (call, given) => {
      const id =
        typeof given === "number"
          ? given
          : (typeOps(call.catalog, oid.regtype).input(given, -1, call.run.io) as number);
      const type = call.run.catalog.type(id);
      return type === undefined ? undefined : typeObject(type);
    },
  ],
  language: [
    "l",
    (_call, given) => {
      const known: Readonly<Record<string, number>> = { internal: 12, c: 13, sql: 14, plpgsql: 13500 };
      const found = Object.entries(known).find(([name, id]) => name === given || id === given);
      if (found === undefined && typeof given === "string")
        throw new PgError("42704", `language "${given}" does not exist`);
      if (found === undefined) return undefined;
      const isTrusted = found[1] === 14 || found[1] === 13500;
      const acl = isTrusted ? undefined : [];
      return { kind: "l", oid: found[1], name: found[0], owner: 10, acl, word: "language" };
    },
  ],
  tablespace: [
    "t",
    (_call, given) => {
      const known: Readonly<Record<string, number>> = { pg_default: 1663, pg_global: 1664 };
      const found = Object.entries(known).find(([name, id]) => name === given || id === given);
      if (found === undefined && typeof given === "string")
        throw new PgError("42704", `tablespace "${given}" does not exist`);
      if (found === undefined) return undefined;
      return { kind: "t", oid: found[1], name: found[0], owner: 10, acl: undefined, word: "tablespace" };
    },
  ],
};

const ways = ["name", "id"] as const;
for (const [word, [kind, find]] of Object.entries(finders)) {
  const ask = (call: CallContext, who: Who, given: string | number, text: string): boolean | null => {
    const object = find(call, given);
    if (object === undefined) return null;
    const wanted = wantedRights(text, kind);
    // A sequence asked for as a table answers for what it has of a table's rights.
    return holds(call, who, object, wanted);
  };
  for (const way of ways) {
    defineWith(`has_${word}_privilege_${way}`, (call, given: string | number, text: string) =>
      ask(call, undefined, given, text),
    );
    for (const who of ways)
      defineWith(
        `has_${word}_privilege_${who}_${way}`,
        (call, role: string | number, given: string | number, text: string) => ask(call, role, given, text),
      );
  }
}
for (const word of ["foreign_data_wrapper", "server"]) {
  const shown = word === "server" ? "server" : "foreign-data wrapper";
  const missing = (name: string | number): null => {
    if (typeof name === "number") return null;
    throw new PgError("42704", `${shown} "${name}" does not exist`);
  };
  for (const way of ways) {
    define(`has_${word}_privilege_${way}`, (given: string | number) => missing(given));
    for (const who of ways)
      define(`has_${word}_privilege_${who}_${way}`, (_who: Datum, given: string | number) => missing(given));
  }
}

// columns
const tableOf = (call: CallContext, given: string | number): Relation | undefined =>
  typeof given === "number" ? call.run.catalog.get("relation", given) : relationNamed(call, given);

function hasColumn(
  call: CallContext,
  who: Who,
  table: string | number,
  column: string | number,
  text: string,
): boolean | null {
  const relation = tableOf(call, table);
  if (relation === undefined) return null;
  const found = relation.columns.find((c) =>
    typeof column === "number" ? c.attnum === column : c.name === column,
  );
  if (found === undefined || found.dropped === true) {
    if (typeof column === "number") return null;
    throw new PgError("42703", `column "${column}" of relation "${relation.name}" does not exist`);
  }
  const { authority } = call.run.session;
  const wanted = wantedRights(text, "c");
  const role = roleIdOf(call, who);
  if (who === undefined && authority.current.isSuperuser) return true;
  const table_ = relationObject(relation);
  return wanted.some(({ letter, withOption }) =>
    withOption
      ? grantableOn(authority, role, table_, letter) === letter ||
        grantableOn(authority, role, { ...table_, kind: "c", acl: found.acl ?? [] }, letter) === letter
      : mayOnColumns(authority, role, relation, letter, [found.attnum]),
  );
}

function hasAnyColumn(call: CallContext, who: Who, table: string | number, text: string): boolean | null {
  const relation = tableOf(call, table);
  if (relation === undefined) return null;
  const { authority } = call.run.session;
  const wanted = wantedRights(text, "c");
  const role = roleIdOf(call, who);
  if (who === undefined && authority.current.isSuperuser) return true;
  return wanted.some(({ letter, withOption }) => {
    if (!withOption) return mayOnColumns(authority, role, relation, letter, []);
    const object = relationObject(relation);
    return (
      grantableOn(authority, role, object, letter) === letter ||
      relation.columns.some(
        (c) =>
          c.acl !== undefined &&
          grantableOn(authority, role, { ...object, kind: "c", acl: c.acl }, letter) === letter,
      )
    );
  });
}
for (const table of ways) {
  defineWith(`has_any_column_privilege_${table}`, (call, given: string | number, text: string) =>
    hasAnyColumn(call, undefined, given, text),
  );
  for (const who of ways)
    defineWith(
      `has_any_column_privilege_${who}_${table}`,
      (call, role: string | number, given: string | number, text: string) =>
        hasAnyColumn(call, role, given, text),
    );
  for (const column of ["name", "attnum"]) {
    defineWith(
      `has_column_privilege_${table}_${column}`,
      (call, given: string | number, name: string | number, text: string) =>
        hasColumn(call, undefined, given, name, text),
    );
    for (const who of ways)
      defineWith(
        `has_column_privilege_${who}_${table}_${column}`,
        (call, role: string | number, given: string | number, name: string | number, text: string) =>
          hasColumn(call, role, given, name, text),
      );
  }
}

// parameters
defineWith(
  "has_parameter_privilege_name",
  (call, _name: string) => call.run.session.authority.current.isSuperuser,
);
for (const who of ways)
  defineWith(`has_parameter_privilege_${who}_name`, (call, role: string | number) =>
    hasRightsOf(call.run.catalog, roleIdOf(call, role), 10),
  );

// roles
function hasRole(call: CallContext, who: Who, role: string | number, text: string): boolean {
  const { catalog, session } = call.run;
  const member = roleIdOf(call, who);
  const of = typeof role === "number" ? role : roleIdOf(call, role);
  return text.split(",").some((part) => {
    const plain = part.trim().toLowerCase();
    if (who === undefined && session.authority.current.isSuperuser) return true;
    if (/ with (admin|grant) option$/.test(plain)) return isAdminOf(catalog, member, of);
    switch (plain) {
      case "usage":
        return hasRightsOf(catalog, member, of);
      case "member":
        return isMemberOf(catalog, member, of);
      case "set":
        return canSetRole(catalog, member, of);
      default:
        throw new PgError("22023", `unrecognized privilege type: "${part.trim()}"`);
    }
  });
}
for (const way of ways) {
  defineWith(`pg_has_role_${way}`, (call, role: string | number, text: string) =>
    hasRole(call, undefined, role, text),
  );
  for (const who of ways)
    defineWith(
      `pg_has_role_${who}_${way}`,
      (call, member: string | number, role: string | number, text: string) =>
        hasRole(call, member, role, text),
    );
}
defineWith("pg_get_userbyid", (call, id: number) => roleName(call.run.catalog, id));

// lists of rights
const nameIn = (catalog: Catalog) => (id: number) => roleName(catalog, id);
const named = (catalog: Catalog) => (name: string) => {
  const role = roleNamed(catalog, name);
  if (role === undefined) throw new PgError("42704", `role "${name}" does not exist`);
  return role.oid;
};

/** A list as the catalog's tables show it: aclitem[]. */
export function shownAcl(catalog: Catalog, acl: Acl | undefined): PgArray | null {
  if (acl === undefined) return null;
  return new PgArray(acl.map((item) => aclText(item, nameIn(catalog))));
}

defineWith("acldefault_sql", (call, kind: string, owner: number) => {
  if (!(kind in aclKinds)) throw new PgError("22023", `unrecognized object type abbreviation: ${kind}`);
  // Here, and nowhere else, sequences have the small letter, and foreign servers the other one.
  const of = kind === "s" ? "S" : kind === "S" ? "s" : kind;
  return shownAcl(call.run.catalog, defaultAcl(of as AclKind, owner));
});
defineSet("aclexplode", function* (call, acl: PgArray) {
  for (const text of acl.elements) {
    if (text === null) throw new PgError("22004", "ACL arrays must not contain null values");
    const item = parseAclItem(String(text), named(call.run.catalog));
    for (const letter of rightsOrder)
      if (item.rights.includes(letter))
        yield [item.grantor, item.grantee, rightNames[letter]!, item.options.includes(letter)];
  }
});
defineWith("makeaclitem", (call, grantee: number, grantor: number, text: string, isGrantable: boolean) => {
  const letters = text.split(",").map((part) => {
    const letter = rightLetters.get(part.trim().toLowerCase());
    if (letter === undefined) throw new PgError("22023", `unrecognized privilege type: "${part.trim()}"`);
    return letter;
  });
  const rights = letters.join("");
  return aclText({ grantee, grantor, rights, options: isGrantable ? rights : "" }, nameIn(call.run.catalog));
});
define("aclcontains", (acl: PgArray, item: string) => {
  const split = (text: string) => /^(.*)=(.*)\/(.*)$/.exec(text)!.slice(1) as [string, string, string];
  const [grantee, rights, grantor] = split(item);
  return acl.elements.some((each) => {
    const [g, r, by] = split(String(each));
    return g === grantee && by === grantor && [...rights].every((letter) => r.includes(letter));
  });
});
define("aclitem_eq", (a: string, b: string) => a === b);
defineWith("pg_get_acl", (call, classId: number, objectId: number, subId: number) => {
  const { catalog } = call.run;
  switch (classId) {
    case 1259: {
      const relation = catalog.get("relation", objectId);
      const acl = subId === 0 ? relation?.acl : relation?.columns.find((c) => c.attnum === subId)?.acl;
      return shownAcl(catalog, acl);
    }
    case 1255:
      return shownAcl(catalog, catalog.get("proc", objectId)?.acl);
    case 1247:
      return shownAcl(catalog, catalog.type(objectId)?.acl);
    case 2615:
      return shownAcl(catalog, catalog.get("namespace", objectId)?.acl);
    case 1262:
      return shownAcl(catalog, database(catalog).acl);
    default:
      return null;
  }
});

const isSecured = (call: CallContext, relation: Relation | undefined): boolean => {
  if (relation?.rowSecurity !== true) return false;
  const { authority } = call.run.session;
  const { current } = authority;
  if (current.isSuperuser || authority.catalog.get("role", current.oid)?.bypassesRowSecurity === true)
    return false;
  return relation.forceRowSecurity === true || !isOwner(authority, current.oid, relationObject(relation));
};
defineWith("row_security_active", (call, id: number) =>
  isSecured(call, call.run.catalog.get("relation", id)),
);
defineWith("row_security_active_name", (call, name: string) => isSecured(call, relationNamed(call, name)));

import { makeVerifierNow, parseVerifier, verifierText } from "@weftkit/auth";
import { plainRole } from "../catalog/data/roles.ts";
import { bootstrapRole, type Role, type RoleSetting, theDatabase } from "../catalog/model.ts";
import { isAdminOf, roleNamed } from "../catalog/roles.ts";
import { notSupported, PgError } from "../errors.ts";
import { type Node, type pg, stringOf } from "../parse/ast.ts";
import { normalizeSetting, settingDefinitions, settingKey } from "../settings/definitions.ts";
import { settingText } from "../settings/set-value.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import { type Ddl, newOid } from "./context.ts";
import { addMember, removeMember, removeMemberships } from "./memberships.ts";
import { dependentsOfRole } from "./role-dependents.ts";
import { requireRole, roleOf, roleSpecs } from "./role-names.ts";

/** CREATE, ALTER and DROP ROLE. */

/** Attributes by the option's name; those in `only` take the attribute itself to be given. */
const attributes: Readonly<
  Record<string, readonly [field: keyof Role & `${string}`, word: string | undefined]>
> = {
  superuser: ["isSuperuser", "SUPERUSER"],
  inherit: ["inherits", undefined],
  createrole: ["createsRoles", undefined],
  createdb: ["createsDatabases", "CREATEDB"],
  canlogin: ["canLogin", undefined],
  isreplication: ["canReplicate", "REPLICATION"],
  bypassrls: ["bypassesRowSecurity", "BYPASSRLS"],
};

interface RoleOptions {
  readonly changes: Partial<Role>;
  /** Attributes that are given or taken, by their words. */
  readonly words: readonly string[];
  readonly hasPassword: boolean;
  readonly memberOf: readonly pg.RoleSpec[];
  readonly members: readonly pg.RoleSpec[];
  readonly admins: readonly pg.RoleSpec[];
  readonly isPasswordOnly: boolean;
}

function readOptions(ddl: Ddl, nodes: readonly Node[]): RoleOptions {
  const changes: { -readonly [K in keyof Role]?: Role[K] | undefined } = {};
  const words: string[] = [];
  const lists: Record<string, pg.RoleSpec[]> = { addroleto: [], rolemembers: [], adminmembers: [] };
  const seen = new Set<string>();
  for (const node of nodes) {
    const { defname = "", arg, location } = node.DefElem!;
    const value = arg as Node | undefined;
    if (seen.has(defname)) throw new PgError("42601", "conflicting or redundant options", {}, location);
    seen.add(defname);
    const attribute = attributes[defname];
    if (attribute !== undefined) {
      const isOn = value?.Boolean?.boolval === true;
      Object.assign(changes, { [attribute[0]]: isOn });
      if (attribute[1] !== undefined) words.push(attribute[1]);
      continue;
    }
    switch (defname) {
      case "password":
        changes.password = value === undefined ? undefined : keptPassword(ddl, stringOf(value));
        break;
      case "connectionlimit":
        changes.connectionLimit = value?.Integer?.ival ?? 0;
        if (changes.connectionLimit < -1)
          throw new PgError("22023", `invalid connection limit: ${changes.connectionLimit}`);
        break;
      case "validUntil":
        changes.validUntil = validUntil(ddl, stringOf(value));
        break;
      case "sysid":
        ddl.notice("SYSID can no longer be specified");
        break;
      default:
        lists[defname] = roleSpecs(value?.List?.items);
    }
  }
  return {
    changes: changes as Partial<Role>,
    words,
    hasPassword: seen.has("password"),
    memberOf: lists.addroleto!,
    members: lists.rolemembers!,
    admins: lists.adminmembers!,
    isPasswordOnly: seen.size === 1 && seen.has("password"),
  };
}

/** What is kept of a password: a verifier, given or made. @throws PgError 0A000 for MD5 */
function keptPassword(ddl: Ddl, password: string): string | undefined {
  if (password === "") {
    ddl.notice("empty string is not a valid login password, clearing password");
    return undefined;
  }
  if (/^md5[0-9a-f]{32}$/.test(password))
    throw new PgError("0A000", "MD5 passwords are not supported", {
      hint: "Give the password itself, or a SCRAM-SHA-256 verifier of it.",
    });
  return parseVerifier(password) === undefined ? verifierText(makeVerifierNow(password)) : password;
}

function validUntil(ddl: Ddl, text: string): bigint | undefined {
  const value = typeOps(ddl.catalog, oid.timestamptz).input(text, -1, ddl.io) as bigint;
  return text.trim().toLowerCase() === "infinity" ? undefined : value;
}

function refusal(doing: string, detail: string): PgError {
  return new PgError("42501", `permission denied to ${doing} role`, { detail });
}

/** Attributes that only those may give who have them. @throws PgError 42501 */
function requireAttributes(ddl: Ddl, words: readonly string[], doing: "create" | "alter"): void {
  const { current } = ddl.authority;
  if (current.isSuperuser) return;
  const own = ddl.catalog.get("role", current.oid);
  const has: Readonly<Record<string, boolean | undefined>> = {
    SUPERUSER: false,
    CREATEDB: own?.createsDatabases,
    REPLICATION: own?.canReplicate,
    BYPASSRLS: own?.bypassesRowSecurity,
  };
  for (const word of words) {
    if (has[word] === true) continue;
    const what =
      doing === "create" ? `may create roles with the ${word} attribute` : `may change the ${word} attribute`;
    throw refusal(doing, `Only roles with the ${word} attribute ${what}.`);
  }
}

function createsRoles(ddl: Ddl): boolean {
  const { current } = ddl.authority;
  return current.isSuperuser || ddl.catalog.get("role", current.oid)?.createsRoles === true;
}

/** @throws PgError 42939, 42710 */
function requireFreeName(ddl: Ddl, name: string): void {
  if (name === "public" || name === "none") throw new PgError("42939", `role name "${name}" is reserved`);
  if (name.startsWith("pg_"))
    throw new PgError("42939", `role name "${name}" is reserved`, {
      detail: 'Role names starting with "pg_" are reserved.',
    });
  if (roleNamed(ddl.catalog, name) !== undefined) throw new PgError("42710", `role "${name}" already exists`);
}

/** Users of the image's configuration are what stands there. @throws PgError 0A000 */
function requireSqlRole(role: Role): void {
  if (role.isConfigured !== true) return;
  throw new PgError("0A000", `role "${role.name}" is a user of the server's configuration`, {
    hint: "Change its password and what it may do there.",
  });
}

export function createRole(ddl: Ddl, node: pg.CreateRoleStmt): void {
  const name = node.role ?? "";
  const options = readOptions(ddl, (node.options ?? []) as Node[]);
  if (!createsRoles(ddl))
    throw refusal("create", "Only roles with the CREATEROLE attribute may create roles.");
  const given = options.words.filter((word) => {
    const [field] = Object.values(attributes).find(([, each]) => each === word)!;
    return options.changes[field] === true;
  });
  requireAttributes(ddl, given, "create");
  requireFreeName(ddl, name);
  const role: Role = {
    ...plainRole(newOid(ddl), name),
    canLogin: node.stmt_type === "ROLESTMT_USER",
    ...defined(options.changes),
  };
  ddl.catalog.set("role", role);
  const { current } = ddl.authority;
  if (!current.isSuperuser) {
    // Who makes a role may grant it, and no more unless `createrole_self_grant` says so.
    const base = { role: role.oid, member: current.oid };
    addMember(ddl, { ...base, grantor: bootstrapRole, admin: true, inherit: false, set: false });
    const own = (ddl.exec.session.setting("createrole_self_grant") ?? "").toLowerCase();
    const [set, inherit] = [/\bset\b/.test(own), /\binherit\b/.test(own)];
    if (set || inherit) addMember(ddl, { ...base, grantor: current.oid, admin: false, inherit, set });
  }
  for (const spec of options.memberOf) addMember(ddl, { role: roleOf(ddl, spec).oid, member: role.oid });
  for (const spec of options.members) addMember(ddl, { role: role.oid, member: roleOf(ddl, spec).oid });
  for (const spec of options.admins)
    addMember(ddl, { role: role.oid, member: roleOf(ddl, spec).oid, admin: true });
}

function defined(changes: Partial<Role>): Partial<Role> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

export function alterRole(ddl: Ddl, node: pg.AlterRoleStmt): void {
  const role = roleOf(ddl, node.role!);
  const options = readOptions(ddl, (node.options ?? []) as Node[]);
  const { current } = ddl.authority;
  if (role.name.startsWith("pg_") && role.oid < 16384)
    throw new PgError("42939", `role name "${role.name}" is reserved`, {
      detail: 'Role names starting with "pg_" are reserved.',
    });
  const isAdmin = createsRoles(ddl) && isAdminOf(ddl.catalog, current.oid, role.oid);
  if (!current.isSuperuser) {
    if (role.isSuperuser)
      throw refusal(
        "alter",
        "Only roles with the SUPERUSER attribute may alter roles with the SUPERUSER attribute.",
      );
    if (options.changes.isSuperuser !== undefined) requireAttributes(ddl, ["SUPERUSER"], "alter");
    if (!isAdmin && !(options.isPasswordOnly && role.oid === current.oid))
      throw refusal(
        "alter",
        `Only roles with the CREATEROLE attribute and the ADMIN option on role "${role.name}" may alter this role.`,
      );
    requireAttributes(ddl, options.words, "alter");
  }
  // ALTER GROUP ... ADD and DROP USER.
  for (const spec of options.members) {
    const member = roleOf(ddl, spec).oid;
    if (node.action === -1) removeMember(ddl, { role: role.oid, member });
    else addMember(ddl, { role: role.oid, member });
  }
  if (Object.keys(options.changes).length === 0 && !options.hasPassword) return;
  requireSqlRole(role);
  if (role.oid === bootstrapRole && options.changes.isSuperuser === false)
    throw refusal("alter", "The bootstrap superuser must have the SUPERUSER attribute.");
  const { password: _before, ...rest } = role;
  const kept = options.hasPassword ? rest : role;
  ddl.catalog.set("role", { ...kept, ...defined(options.changes) });
}

export function renameRole(ddl: Ddl, name: string, next: string): void {
  const role = requireRole(ddl, name);
  const { current, session } = ddl.authority;
  if (role.oid === session.oid) throw new PgError("0A000", "session user cannot be renamed");
  if (role.oid === current.oid) throw new PgError("0A000", "current user cannot be renamed");
  if (role.oid < 16384 && role.oid !== bootstrapRole)
    throw new PgError("42939", `role name "${name}" is reserved`, {
      detail: 'Role names starting with "pg_" are reserved.',
    });
  requireFreeName(ddl, next);
  requireSqlRole(role);
  if (role.oid === bootstrapRole) throw notSupported(`renaming the role ${name}`);
  if (!current.isSuperuser) {
    if (role.isSuperuser)
      throw new PgError("42501", "permission denied to rename role", {
        detail: "Only roles with the SUPERUSER attribute may rename roles with the SUPERUSER attribute.",
      });
    if (!createsRoles(ddl) || !isAdminOf(ddl.catalog, current.oid, role.oid))
      throw new PgError("42501", "permission denied to rename role", {
        detail: `Only roles with the CREATEROLE attribute and the ADMIN option on role "${name}" may rename this role.`,
      });
  }
  ddl.catalog.set("role", { ...role, name: next });
}

export function dropRole(ddl: Ddl, node: pg.DropRoleStmt): void {
  if (!createsRoles(ddl))
    throw new PgError("42501", "permission denied to drop role", {
      detail:
        "Only roles with the CREATEROLE attribute and the ADMIN option on the target roles may drop roles.",
    });
  const dropped: Role[] = [];
  for (const spec of roleSpecs(node.roles)) {
    const name = spec.rolename ?? "";
    if (spec.roletype !== "ROLESPEC_CSTRING")
      throw new PgError("22023", "cannot use special role specifier in DROP ROLE");
    const role = roleNamed(ddl.catalog, name);
    if (role === undefined) {
      if (node.missing_ok !== true) throw new PgError("42704", `role "${name}" does not exist`);
      ddl.notice(`role "${name}" does not exist, skipping`);
      continue;
    }
    requireDroppable(ddl, role);
    dropped.push(role);
  }
  // A role may be in use by another one that goes with it.
  for (const role of dropped) removeMemberships(ddl, role.oid);
  for (const role of dropped) {
    const dependents = dependentsOfRole(ddl, role.oid);
    if (dependents.length > 0)
      throw new PgError("2BP01", `role "${role.name}" cannot be dropped because some objects depend on it`, {
        detail: dependents.join("\n"),
      });
    ddl.catalog.delete("role", role.oid);
    for (const comment of [...ddl.catalog.all("comment")])
      if (comment.object === role.oid && comment.classOid === 1260)
        ddl.catalog.delete("comment", comment.oid);
  }
}

function requireDroppable(ddl: Ddl, role: Role): void {
  const { current, session } = ddl.authority;
  if (role.oid === current.oid) throw new PgError("55006", "current user cannot be dropped");
  if (role.oid === session.oid) throw new PgError("55006", "session user cannot be dropped");
  if (role.isSuperuser && !current.isSuperuser)
    throw new PgError("42501", "permission denied to drop role", {
      detail: "Only roles with the SUPERUSER attribute may drop roles with the SUPERUSER attribute.",
    });
  if (!isAdminOf(ddl.catalog, current.oid, role.oid))
    throw new PgError("42501", "permission denied to drop role", {
      detail: `Only roles with the CREATEROLE attribute and the ADMIN option on role "${role.name}" may drop this role.`,
    });
  if (role.oid < 16384)
    throw new PgError("2BP01", `cannot drop role ${role.name} because it is required by the database system`);
  requireSqlRole(role);
}

// ---- settings ------------------------------------------------------------------------------------------------------

/** ALTER ROLE ... SET: for sessions that begin from now on. */
export function alterRoleSettings(ddl: Ddl, node: pg.AlterRoleSetStmt): void {
  if (node.database !== undefined) requireDatabaseName(ddl, node.database);
  const { current } = ddl.authority;
  if (node.role === undefined) {
    if (!current.isSuperuser)
      throw new PgError("42501", "permission denied to alter setting", {
        detail: "Only roles with the SUPERUSER attribute may alter settings globally.",
      });
    setOnDatabase(ddl, node.setstmt!);
    return;
  }
  const role = roleOf(ddl, node.role);
  if (!current.isSuperuser) {
    if (role.isSuperuser)
      throw refusal(
        "alter",
        "Only roles with the SUPERUSER attribute may alter roles with the SUPERUSER attribute.",
      );
    if (role.oid !== current.oid && !(createsRoles(ddl) && isAdminOf(ddl.catalog, current.oid, role.oid)))
      throw refusal(
        "alter",
        `Only roles with the CREATEROLE attribute and the ADMIN option on role "${role.name}" may alter this role.`,
      );
  }
  const inDatabase = node.database !== undefined;
  const before = role.settings ?? [];
  const others = before.filter((setting) => setting.inDatabase !== inDatabase);
  const own = changedSettings(
    ddl,
    before
      .filter((setting) => setting.inDatabase === inDatabase)
      .map(({ name, value }) => [name, value] as const),
    node.setstmt!,
  );
  const settings: RoleSetting[] = [...others, ...own.map(([name, value]) => ({ name, value, inDatabase }))];
  ddl.catalog.set("role", { ...role, settings });
}

/** ALTER DATABASE ... SET. */
export function alterDatabaseSettings(ddl: Ddl, node: pg.AlterDatabaseSetStmt): void {
  requireDatabaseName(ddl, node.dbname ?? "");
  requireDatabaseOwner(ddl);
  setOnDatabase(ddl, node.setstmt!);
}

/** @throws PgError 42501 */
export function requireDatabaseOwner(ddl: Ddl): void {
  const { current } = ddl.authority;
  const { owner } = ddl.catalog.get("database", theDatabase)!;
  if (!current.isSuperuser && current.oid !== owner)
    throw new PgError("42501", `must be owner of database ${ddl.database}`);
}

/** @throws PgError 3D000 */
export function requireDatabaseName(ddl: Ddl, name: string): void {
  if (name !== ddl.database && name !== "postgres")
    throw new PgError("3D000", `database "${name}" does not exist`);
}

function setOnDatabase(ddl: Ddl, stmt: pg.VariableSetStmt): void {
  const database = ddl.catalog.get("database", theDatabase)!;
  ddl.catalog.set("database", {
    ...database,
    settings: changedSettings(ddl, database.settings ?? [], stmt),
  });
}

type Setting = readonly [name: string, value: string];

function changedSettings(ddl: Ddl, before: readonly Setting[], stmt: pg.VariableSetStmt): readonly Setting[] {
  if (stmt.kind === "VAR_RESET_ALL") return [];
  const key = settingKey(stmt.name ?? "");
  const definition = settingDefinitions[key];
  if (definition === undefined && !key.includes("."))
    throw new PgError("42704", `unrecognized configuration parameter "${stmt.name}"`);
  if (definition?.isReadOnly === true)
    throw new PgError("55P02", `parameter "${stmt.name}" cannot be changed`);
  if (definition?.isForSuperusers === true && !ddl.authority.current.isSuperuser)
    throw new PgError("42501", `permission denied to set parameter "${stmt.name}"`);
  const name = definition?.name ?? key;
  const rest = before.filter(([each]) => each !== name);
  if (stmt.kind === "VAR_RESET" || stmt.kind === "VAR_SET_DEFAULT") return rest;
  const value =
    stmt.kind === "VAR_SET_CURRENT"
      ? (ddl.exec.session.setting(key) ?? "")
      : settingText(key, (stmt.args ?? []) as Node[]);
  normalizeSetting(key, value);
  const at = before.findIndex(([each]) => each === name);
  return at < 0 ? [...before, [name, value]] : before.map((each, i) => (i === at ? [name, value] : each));
}

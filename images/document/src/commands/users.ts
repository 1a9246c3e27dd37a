import type { SecurityContext } from "@weftkit/auth";
import { isTruthy } from "../bson/numbers.ts";
import { isNumeric } from "../bson/types.ts";
import { BinData, Doc, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { badValue, MongoError } from "../errors.ts";
import { expressionContext, newScope } from "../expressions/context.ts";
import { compileFilter } from "../query/match.ts";
import { parseFilter } from "../query/parse-filter.ts";
import { builtInRoles, privilegesOf } from "../server/access/built-in-roles.ts";
import { type RoleName, StoredUser } from "../server/access/stored-user.ts";
import type { Call, Command } from "../server/command.ts";
import { docField, flagField } from "../server/fields.ts";
import {
  credentialsOf,
  type MechanismName,
  mechanismNames,
  newUserId,
  roleDocs,
  type UserEntry,
} from "../server/users.ts";

/** Users of databases. Those of the fleet's configuration can be read here, and are changed there. */

/** The name after the command. @throws MongoError 14, 2 */
function nameOf(body: Doc): string {
  const name = body.get(body.firstKey!);
  if (typeof name !== "string")
    throw new MongoError(
      14,
      `BSON field '${body.firstKey}.${body.firstKey}' is the wrong type, expected type 'string'`,
    );
  if (name === "" || name.includes("\0")) throw badValue("Username cannot be empty or have a null byte");
  return name;
}

/** @throws MongoError 2, 14, 31 */
function rolesOf(value: Value, db: string): readonly RoleName[] {
  if (!Array.isArray(value))
    throw new MongoError(14, "BSON field 'roles' is the wrong type, expected type 'array'");
  const roles = new Map<string, RoleName>();
  for (const one of value) {
    const role = typeof one === "string" ? one : one instanceof Doc ? one.get("role") : undefined;
    const of = typeof one === "string" ? db : one instanceof Doc ? one.get("db") : undefined;
    if (typeof role !== "string" || typeof of !== "string")
      throw badValue("Role names must be either strings or objects with a role and a db");
    if (privilegesOf(role, of) === undefined) throw new MongoError(31, `Could not find role: ${role}@${of}`);
    roles.set(`${of}.${role}`, { role, db: of });
  }
  return [...roles.values()];
}

/** Whoever gives roles must be allowed to in the database of each. @throws MongoError 13 */
function requireGrants(user: SecurityContext, roles: readonly RoleName[], action = "grantRole"): void {
  for (const { role, db } of roles) {
    if (user instanceof StoredUser ? user.may(action, db) : user.can("admin")) continue;
    throw new MongoError(
      13,
      `Not authorized to ${action === "grantRole" ? "grant" : "revoke"} role: ${role}@${db}`,
    );
  }
}

function mechanismsOf(value: Value | undefined): readonly MechanismName[] {
  if (value === undefined) return mechanismNames;
  if (!Array.isArray(value) || value.length === 0) throw badValue("mechanisms field must not be empty");
  for (const one of value) {
    if (!(mechanismNames as readonly Value[]).includes(one))
      throw badValue(`Unknown auth mechanism '${String(one)}'`);
  }
  return value as unknown as MechanismName[];
}

/** @throws MongoError 2 */
function passwordOf(body: Doc): string | undefined {
  const password = body.get("pwd");
  if (password === undefined) return undefined;
  if (typeof password !== "string")
    throw new MongoError(14, "BSON field 'pwd' is the wrong type, expected type 'string'");
  if (password === "") throw badValue("User passwords must not be empty");
  if (body.has("digestPassword") && !isTruthy(body.get("digestPassword")))
    throw badValue("Use of SCRAM-SHA-256 requires undigested passwords");
  return password;
}

function requireNoRestrictions(body: Doc): void {
  const restrictions = body.get("authenticationRestrictions");
  if (restrictions === undefined || (Array.isArray(restrictions) && restrictions.length === 0)) return;
  throw new MongoError(115, "authenticationRestrictions are not supported by this server");
}

/** @throws MongoError 11 */
function existing({ server, db }: Call, name: string): UserEntry {
  const found = server.users.find(db, name);
  if (found === undefined) throw new MongoError(11, `User '${name}@${db}' not found`);
  return found;
}

const changed = { right: "admin", takesWriteConcern: true } as const;

const createUser: Command = {
  ...changed,
  name: "createUser",
  fields: {
    pwd: "any",
    customData: "object",
    roles: "array!",
    digestPassword: "bool",
    authenticationRestrictions: "array",
    mechanisms: "array",
  },
  run: async (call) => {
    const { server, db, body, user } = call;
    const name = nameOf(body);
    requireNoRestrictions(body);
    if (db === "$external" || db === "local")
      throw new MongoError(
        115,
        `users of the database ${db} are configured in weftkit.toml or the users file`,
      );
    const password = passwordOf(body);
    if (password === undefined)
      throw badValue(
        "Must provide a 'pwd' field for all user documents, except those with '$external' as the user's source db",
      );
    const roles = rolesOf(body.get("roles")!, db);
    requireGrants(user, roles);
    // Nor one whom logs and sessions would take for one of the fleet's.
    const isTaken = [name, `${name}@${db}`].some((one) => server.authenticator.contextOf(one) !== undefined);
    if (isTaken || server.users.find(db, name) !== undefined)
      throw new MongoError(51003, `User "${name}@${db}" already exists`);
    const credentials = await credentialsOf(name, password, mechanismsOf(body.get("mechanisms")));
    if (server.users.find(db, name) !== undefined)
      throw new MongoError(51003, `User "${name}@${db}" already exists`);
    await server.users.put({
      name,
      db,
      userId: newUserId(),
      roles,
      customData: docField(body, "customData"),
      ...credentials,
    });
    return Doc.empty();
  },
};

const updateUser: Command = {
  ...changed,
  name: "updateUser",
  fields: {
    pwd: "any",
    customData: "object",
    roles: "array",
    digestPassword: "bool",
    authenticationRestrictions: "array",
    mechanisms: "array",
  },
  run: async (call) => {
    const { server, body, db, user } = call;
    const name = nameOf(body);
    requireNoRestrictions(body);
    const [roleSpecs, mechanisms] = [body.get("roles"), body.get("mechanisms")];
    const password = passwordOf(body);
    if (![roleSpecs, mechanisms, body.get("pwd"), body.get("customData")].some((one) => one !== undefined))
      throw badValue("Must specify at least one field to update in updateUser");
    const roles = roleSpecs === undefined ? undefined : rolesOf(roleSpecs, db);
    const before = existing(call, name);
    if (roles !== undefined) {
      requireGrants(user, roles);
      requireGrants(user, before.roles, "revokeRole");
    }
    const wanted = mechanismsOf(mechanisms);
    const credentials =
      password !== undefined
        ? await credentialsOf(name, password, mechanisms === undefined ? kept(before) : wanted)
        : keptCredentials(before, mechanisms === undefined ? undefined : wanted);
    await server.users.put({
      ...existing(call, name),
      ...credentials,
      ...(roles !== undefined && { roles }),
      ...(body.has("customData") && { customData: docField(body, "customData") }),
    });
    return Doc.empty();
  },
};

function kept({ sha1, sha256 }: UserEntry): readonly MechanismName[] {
  return mechanismNames.filter((name) => (name === "SCRAM-SHA-1" ? sha1 : sha256) !== undefined);
}

/** Without the password a mechanism can be taken away, and none added. @throws MongoError 2 */
function keptCredentials(
  before: UserEntry,
  wanted: readonly MechanismName[] | undefined,
): Pick<UserEntry, "sha1" | "sha256"> {
  const has = kept(before);
  for (const name of wanted ?? []) {
    if (!has.includes(name)) throw badValue("mechanisms field must be a subset of previously set mechanisms");
  }
  const stays = (name: MechanismName) => (wanted ?? has).includes(name);
  return {
    sha1: stays("SCRAM-SHA-1") ? before.sha1 : undefined,
    sha256: stays("SCRAM-SHA-256") ? before.sha256 : undefined,
  };
}

const dropUser: Command = {
  ...changed,
  name: "dropUser",
  fields: {},
  run: async (call) => {
    await call.server.users.drop([existing(call, nameOf(call.body))]);
    return Doc.empty();
  },
};

const dropAllUsersFromDatabase: Command = {
  ...changed,
  name: "dropAllUsersFromDatabase",
  fields: {},
  run: async ({ server, db }) => {
    const all = server.users.all().filter((one) => one.db === db);
    await server.users.drop(all);
    return Doc.of({ n: all.length });
  },
};

const grantRolesToUser: Command = {
  ...changed,
  name: "grantRolesToUser",
  fields: { roles: "array!" },
  run: async (call) => {
    const { body, db, server, user } = call;
    const entry = existing(call, nameOf(body));
    const added = rolesOf(body.get("roles")!, db);
    requireGrants(user, added);
    await server.users.put({ ...entry, roles: rolesOf([...roleDocs(entry.roles), ...roleDocs(added)], db) });
    return Doc.empty();
  },
};

const revokeRolesFromUser: Command = {
  ...changed,
  name: "revokeRolesFromUser",
  fields: { roles: "array!" },
  run: async (call) => {
    const { body, db, server, user } = call;
    const entry = existing(call, nameOf(body));
    const taken = rolesOf(body.get("roles")!, db);
    requireGrants(user, taken, "revokeRole");
    const roles = entry.roles.filter(
      (one) => !taken.some((role) => role.role === one.role && role.db === one.db),
    );
    await server.users.put({ ...entry, roles });
    return Doc.empty();
  },
};

// ---- reading -------------------------------------------------------------------------------------------------------

interface Listed {
  readonly name: string;
  readonly db: string;
  readonly doc: Doc;
}

/** Everybody, the configured users as those of `admin`. */
function listed({ server, body }: Call): Listed[] {
  const withCredentials = flagField(body, "showCredentials");
  const hasCustomData = flagField(body, "showCustomData", true);
  const configured = server.authenticator.users().map(({ name, roles }) => ({
    name,
    db: "admin",
    doc: Doc.of({
      _id: `admin.${name}`,
      user: name,
      db: "admin",
      roles: roles.map((role) => Doc.of({ role, db: "admin" })),
      mechanisms: [...mechanismNames],
    }),
  }));
  const stored = server.users.all().map((entry) => {
    const { name, db, userId, roles, customData } = entry;
    const doc = Doc.of({ _id: `${db}.${name}`, userId: new BinData(4, userId), user: name, db });
    if (withCredentials)
      doc.set("credentials", Doc.of(Object.fromEntries(kept(entry).map((one) => [one, Doc.empty()]))));
    if (hasCustomData) doc.setIf("customData", customData);
    return { name, db, doc: doc.set("roles", roleDocs(roles)).set("mechanisms", [...kept(entry)]) };
  });
  return [...configured, ...stored];
}

/** Which users are meant. @throws MongoError 2 */
function isMeant(wanted: Value | undefined, db: string): (user: Listed) => boolean {
  if (isNumeric(wanted)) return (user) => user.db === db;
  const list = Array.isArray(wanted) ? wanted : [wanted ?? null];
  const tests = list.map((one): ((user: Listed) => boolean) => {
    if (typeof one === "string") return (user) => user.name === one && user.db === db;
    if (one instanceof Doc && isTruthy(one.get("forAllDBs"))) return () => true;
    const [name, of] = one instanceof Doc ? [one.get("user"), one.get("db")] : [];
    if (typeof name === "string" && (of === undefined || typeof of === "string"))
      return (user) => user.name === name && user.db === (of ?? db);
    throw badValue("User and role names must be either strings or objects");
  });
  return (user) => tests.some((test) => test(user));
}

/** Everybody may see themselves. */
function maySee(user: SecurityContext, { name, db }: Listed): boolean {
  if (!(user instanceof StoredUser)) return user.can("admin") || (name === user.user && db === "admin");
  return (name === user.name && db === user.db) || user.may("viewUser", db);
}

export const usersInfo: Command = {
  name: "usersInfo",
  right: "connect",
  fields: {
    showCredentials: "flag",
    showCustomData: "flag",
    showPrivileges: "flag",
    showAuthenticationRestrictions: "flag",
    filter: "object",
  },
  run: (call) => {
    const { body, db, user } = call;
    const isWanted = isMeant(body.get("usersInfo"), db);
    const context = expressionContext();
    const matches = compileFilter(parseFilter(docField(body, "filter") ?? Doc.empty(), { context }), {
      collation: undefined,
      scope: newScope(context),
    });
    const users = listed(call)
      .filter((one) => isWanted(one) && maySee(user, one))
      .map(({ doc }) => doc)
      .filter((doc) => matches(writeDoc(doc), 0));
    return Doc.of({ users });
  },
};

/** Roles of the fleet's configuration, listed as those of `admin`. */
const fleetRoles = ["superuser", "read_write", "read_only", "schema_admin", "no_access"];

export const rolesInfo: Command = {
  name: "rolesInfo",
  right: "connect",
  run: ({ body, db }) => {
    const names = [...builtInRoles(db), ...(db === "admin" ? fleetRoles : [])];
    const wanted = body.get("rolesInfo");
    const isAll = isNumeric(wanted);
    const list = Array.isArray(wanted) ? wanted : [wanted ?? null];
    const found = isAll
      ? isTruthy(body.get("showBuiltinRoles"))
        ? names.map((role) => ({ role, db }))
        : []
      : list.flatMap((one) => {
          const role = one instanceof Doc ? one.get("role") : one;
          const of = (one instanceof Doc ? one.get("db") : undefined) ?? db;
          if (typeof role !== "string" || typeof of !== "string")
            throw badValue("User and role names must be either strings or objects");
          const isKnown =
            privilegesOf(role, of) !== undefined || (of === "admin" && fleetRoles.includes(role));
          return isKnown ? [{ role, db: of }] : [];
        });
    return Doc.of({
      roles: found.map(({ role, db: of }) =>
        Doc.of({ _id: `${of}.${role}`, role, db: of, isBuiltin: true, roles: [], inheritedRoles: [] }),
      ),
    });
  },
};

function refuse({ command }: Call): never {
  throw new MongoError(
    115,
    `${command.name} is not supported by this server: give users built-in roles, or define roles in the roles file`,
  );
}

export const userChanges: readonly Command[] = [
  createUser,
  updateUser,
  dropUser,
  dropAllUsersFromDatabase,
  grantRolesToUser,
  revokeRolesFromUser,
  ...[
    "createRole",
    "updateRole",
    "dropRole",
    "dropAllRolesFromDatabase",
    "grantRolesToRole",
    "revokeRolesFromRole",
    "grantPrivilegesToRole",
    "revokePrivilegesFromRole",
  ].map((name) => ({ name, right: "admin", run: refuse }) as const),
];

import { isNumeric } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { Call, Command } from "../server/command.ts";

/** Users and roles are those of the fleet's configuration: they can be read here, and are changed there. */

function userDoc(name: string, roles: readonly string[]): Doc {
  return Doc.of({
    _id: `admin.${name}`,
    user: name,
    db: "admin",
    roles: roles.map((role) => Doc.of({ role, db: "admin" })),
    mechanisms: ["SCRAM-SHA-1", "SCRAM-SHA-256"],
  });
}

function namesOf(value: Value | undefined): readonly string[] | undefined {
  if (isNumeric(value)) return undefined;
  const list = Array.isArray(value) ? value : [value];
  return list.flatMap((one) => {
    if (typeof one === "string") return [one];
    const name = one instanceof Doc ? (one.get("user") ?? one.get("role")) : undefined;
    if (typeof name === "string") return [name];
    if (one instanceof Doc && one.has("forAllDBs")) return [];
    throw new MongoError(2, "User and role names must be either strings or objects");
  });
}

export const usersInfo: Command = {
  name: "usersInfo",
  right: "connect",
  run: ({ server, body, user }) => {
    const wanted = namesOf(body.get("usersInfo"));
    const isAll = wanted === undefined || wanted.length === 0;
    const users = server.authenticator
      .users()
      .filter(({ name }) => (isAll || wanted.includes(name)) && (user.can("admin") || name === user.user));
    return Doc.of({ users: users.map(({ name, roles }) => userDoc(name, roles)) });
  },
};

const builtIn = ["superuser", "read_write", "read_only", "schema_admin", "no_access"];

export const rolesInfo: Command = {
  name: "rolesInfo",
  right: "connect",
  run: ({ body }) => {
    const wanted = namesOf(body.get("rolesInfo"));
    const roles = builtIn.filter((role) => wanted === undefined || wanted.includes(role));
    return Doc.of({
      roles: roles.map((role) =>
        Doc.of({ _id: `admin.${role}`, role, db: "admin", isBuiltin: true, roles: [], inheritedRoles: [] }),
      ),
    });
  },
};

function refuse({ command }: Call): never {
  throw new MongoError(
    115,
    `${command.name} is not supported by this server: users and roles are configured in weftkit.toml, the users file and the roles file`,
  );
}

export const userChanges: readonly Command[] = [
  "createUser",
  "updateUser",
  "dropUser",
  "dropAllUsersFromDatabase",
  "grantRolesToUser",
  "revokeRolesFromUser",
  "createRole",
  "updateRole",
  "dropRole",
  "dropAllRolesFromDatabase",
  "grantRolesToRole",
  "revokeRolesFromRole",
  "grantPrivilegesToRole",
  "revokePrivilegesFromRole",
].map((name) => ({ name, right: "admin", run: refuse }) as const);

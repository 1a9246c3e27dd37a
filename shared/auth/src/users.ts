import {
  type Config,
  ConfigError,
  type ConfiguredUser,
  type Environment,
  type Mistake,
  readUsersFile,
} from "@weftkit/config";
import { nearestName } from "@weftkit/core";
import { Password } from "./passwords.ts";
import { builtInRoles, contextOf, type Role, type Roles } from "./roles.ts";
import { readRolesFile } from "./roles-file.ts";
import type { SecurityContext } from "./security-context.ts";

/** A user that can log in. */
export interface User {
  readonly context: SecurityContext;
  /** Undefined when the user can come by token or certificate only. */
  readonly password: Password | undefined;
}

/** Everybody who is configured, at one moment. */
export interface Directory {
  readonly users: ReadonlyMap<string, User>;
  readonly roles: Roles;
}

type Source = Pick<Config["auth"], "user" | "password" | "users" | "users_file" | "roles_file">;

/**
 * Reads the users of weftkit.toml, of `auth.password` and of the users file, and the roles they have.
 *
 * @throws ConfigError with every mistake of all of them at once.
 */
export async function readDirectory(source: Source, env: Environment): Promise<Directory> {
  const mistakes: Mistake[] = [];
  const collect = (error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    mistakes.push(...error.mistakes);
  };

  const configured = new Map<string, ConfiguredUser>();
  const add = (user: ConfiguredUser, where: string) => {
    if (configured.has(user.username))
      mistakes.push({ where, message: `the user "${user.username}" exists already` });
    else configured.set(user.username, user);
  };
  for (const user of source.users) add(user, "auth.users");
  if (source.password !== undefined) {
    add({ username: source.user, password: source.password, roles: ["superuser"] }, "auth.user");
  }
  if (source.users_file !== undefined) {
    try {
      for (const user of readUsersFile(source.users_file, env)) add(user, source.users_file);
    } catch (error) {
      collect(error);
    }
  }
  const custom =
    source.roles_file === undefined ? undefined : await readRolesFile(source.roles_file).catch(collect);
  const roles = custom ?? builtInRoles;
  for (const user of configured.values()) mistakes.push(...mistakesOf(user, roles));
  if (mistakes.length > 0) throw new ConfigError(mistakes);

  const users = await Promise.all(
    [...configured.values()].map(async ({ username, password, roles: names }) => {
      const context = contextOf(username, knownRoles(names, roles));
      const user: User = {
        context,
        password: password === undefined ? undefined : await Password.from(password),
      };
      return [username, user] as const;
    }),
  );
  return { users: new Map(users), roles };
}

/** The roles among `names` that exist. */
export function knownRoles(names: readonly string[], roles: Roles): readonly Role[] {
  return names.flatMap((name) => roles.get(name) ?? []);
}

function mistakesOf({ username, roles: names }: ConfiguredUser, roles: Roles): Mistake[] {
  const where = `user "${username}"`;
  if (names.length === 0)
    return [{ where, message: "has no roles; give at least one, such as read or write" }];
  return names
    .filter((name) => !roles.has(name))
    .map((name) => {
      const nearest = nearestName(name, roles.keys());
      return {
        where,
        message: `unknown role ${name}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`,
      };
    });
}

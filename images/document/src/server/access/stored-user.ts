import type { Action, Scope, SecurityContext } from "@weftkit/auth";
import { allows, privilegesOf } from "./built-in-roles.ts";

/** A role as MongoDB names it. */
export interface RoleName {
  readonly role: string;
  readonly db: string;
}

/** Somebody's name and database, as MongoDB tells them; those of the fleet are of `admin`. */
export function nameOf(user: SecurityContext): { readonly user: string; readonly db: string } {
  return user instanceof StoredUser ? { user: user.name, db: user.db } : { user: user.user, db: "admin" };
}

/** Somebody's roles; those of the fleet are of `admin`. */
export function rolesOf(user: SecurityContext): readonly RoleName[] {
  return user instanceof StoredUser ? user.roleNames : user.roles.map((role) => ({ role, db: "admin" }));
}

/** What the five actions of the fleet are in MongoDB's terms, for what asks all kinds of users alike. */
const actionsOf: Readonly<Record<Exclude<Action, "connect">, string>> = {
  read: "find",
  write: "insert",
  schema: "createIndex",
  admin: "inprog",
};

/** Somebody whom createUser has made; what they may do follows their roles as they are now. */
export class StoredUser implements SecurityContext {
  /** With the database, as names are each database's own. */
  readonly user: string;
  readonly name: string;
  readonly db: string;
  readonly #rolesOf: () => readonly RoleName[];

  constructor(name: string, db: string, rolesOf: () => readonly RoleName[]) {
    this.name = name;
    this.db = db;
    this.user = `${name}@${db}`;
    this.#rolesOf = rolesOf;
  }

  get roles(): readonly string[] {
    return this.#rolesOf().map(({ role, db }) => `${db}.${role}`);
  }

  get roleNames(): readonly RoleName[] {
    return this.#rolesOf();
  }

  /** Whether MongoDB would let them: on a collection, on a database, or (without one) on the cluster. */
  may(action: string, db?: string, collection = ""): boolean {
    return this.#rolesOf().some((role) =>
      privilegesOf(role.role, role.db)?.some((privilege) => allows(privilege, action, db, collection)),
    );
  }

  can(action: Action, object?: string): boolean {
    if (action === "connect") return this.#rolesOf().length > 0;
    const dot = object?.indexOf(".") ?? -1;
    const db = object === undefined || dot < 0 ? object : object.slice(0, dot);
    return this.may(actionsOf[action], db, dot < 0 ? "" : object!.slice(dot + 1));
  }

  scope(action: Action): Scope {
    return this.can(action) ? "all" : "some";
  }
}

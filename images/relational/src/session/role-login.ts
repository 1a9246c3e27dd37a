import { contextOf, parseVerifier, type ScramAccount, type SecurityContext } from "@weftkit/auth";
import type { Catalog } from "../catalog/catalog.ts";
import type { Role } from "../catalog/model.ts";
import { database, databaseObject, rightsOn } from "../catalog/rights.ts";
import { roleNamed } from "../catalog/roles.ts";
import { PgError } from "../errors.ts";
import { nowMicros } from "./clock.ts";
import type { SessionDatabase } from "./state.ts";

/** Logins of the roles that CREATE ROLE has made. */

/** What a role that SQL made may do as a user of the image: come in. Everything else the catalog decides. */
export function contextOfRole(role: Role): SecurityContext {
  return contextOf(role.name, [{ name: role.name, allow: role.canLogin ? ["connect"] : [], deny: [] }]);
}

/** The role of a name, unless the image's configuration has the user. */
export function ownRole(catalog: Catalog, user: string): Role | undefined {
  const role = roleNamed(catalog, user);
  return role === undefined || role.isConfigured === true ? undefined : role;
}

/** What a role's password is checked with; undefined when it has none, or had it until a moment that has passed. */
export function accountOfRole(catalog: Catalog, user: string): ScramAccount | undefined {
  const role = ownRole(catalog, user);
  if (role?.password === undefined) return undefined;
  if (role.validUntil !== undefined && role.validUntil < nowMicros()) return undefined;
  const verifier = parseVerifier(role.password);
  return verifier === undefined ? undefined : { verifier, context: contextOfRole(role) };
}

/** Whether who has logged in may open a session now. @throws PgError 28000, 42501, 53300 */
export function requireConnect(of: SessionDatabase, user: SecurityContext): void {
  const { catalog } = of;
  const role = roleNamed(catalog, user.user);
  if (role === undefined || role.isSuperuser) return;
  if (role.isConfigured !== true && !role.canLogin)
    throw new PgError("28000", `role "${role.name}" is not permitted to log in`);
  const authority = { catalog, configured: (id: number) => of.configured.get(id) };
  if (rightsOn(authority, role.oid, databaseObject(database(catalog), of.name), "c") === "")
    throw new PgError("42501", `permission denied for database "${of.name}"`, {
      detail: "User does not have CONNECT privilege.",
    });
  if (role.connectionLimit < 0) return;
  const open = [...of.sessions.values()].filter((session) => session.user.user === role.name).length;
  if (open >= role.connectionLimit)
    throw new PgError("53300", `too many connections for role "${role.name}"`);
}

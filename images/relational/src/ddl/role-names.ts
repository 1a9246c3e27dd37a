import { bootstrapRole, type Role } from "../catalog/model.ts";
import { canSetRole, roleName, roleNamed } from "../catalog/roles.ts";
import { PgError } from "../errors.ts";
import type { Node, pg } from "../parse/ast.ts";
import type { Ddl } from "./context.ts";

/** Roles as statements name them. */

/** @throws PgError 42704 */
export function requireRole(ddl: Ddl, name: string): Role {
  const role = roleNamed(ddl.catalog, name);
  if (role === undefined) throw new PgError("42704", `role "${name}" does not exist`);
  return role;
}

/** @throws PgError 42704, also for PUBLIC, which is none */
export function roleOf(ddl: Ddl, spec: pg.RoleSpec): Role {
  switch (spec.roletype) {
    case "ROLESPEC_CURRENT_ROLE":
    case "ROLESPEC_CURRENT_USER":
      return ddl.catalog.get("role", ddl.authority.current.oid || bootstrapRole)!;
    case "ROLESPEC_SESSION_USER":
      return ddl.catalog.get("role", ddl.authority.session.oid || bootstrapRole)!;
    case "ROLESPEC_PUBLIC":
      throw new PgError("42704", 'role "public" does not exist');
    default:
      return requireRole(ddl, spec.rolename ?? "");
  }
}

/** OID of whom something is granted to; 0 for PUBLIC. */
export function granteeOf(ddl: Ddl, spec: pg.RoleSpec): number {
  return spec.roletype === "ROLESPEC_PUBLIC" ? 0 : roleOf(ddl, spec).oid;
}

export function roleSpecs(nodes: readonly unknown[] | undefined): pg.RoleSpec[] {
  return ((nodes ?? []) as Node[]).map((node) => node.RoleSpec!);
}

/** Who gives something to a role must be able to become it. @throws PgError 42501 */
export function requireSetRole(ddl: Ddl, role: number): void {
  const { current } = ddl.authority;
  if (current.isSuperuser || canSetRole(ddl.catalog, current.oid, role)) return;
  throw new PgError("42501", `must be able to SET ROLE "${roleName(ddl.catalog, role)}"`);
}

import type { Catalog } from "./catalog.ts";
import { predefinedMemberships } from "./data/roles.ts";
import { databaseOwnerRole, type Membership, type Role, theDatabase } from "./model.ts";

/** Who is who, and whose rights a role has by being a member. */

export function roleNamed(catalog: Catalog, name: string): Role | undefined {
  return catalog
    .derive("roles", () => new Map([...catalog.all("role")].map((role) => [role.name, role])))
    .get(name);
}

/** As pg_get_userbyid() writes it. */
export function roleName(catalog: Catalog, oid: number): string {
  return catalog.get("role", oid)?.name ?? `unknown (OID=${oid})`;
}

/** All memberships, those of the predefined roles too. */
export function memberships(catalog: Catalog): readonly Membership[] {
  return catalog.derive("memberships", () => [
    ...predefinedMemberships.map(([role, member], i) => ({
      oid: 8001 + i,
      role,
      member,
      grantor: 10,
      admin: false,
      inherit: true,
      set: true,
    })),
    ...catalog.all("membership"),
  ]);
}

/** Which memberships count: those whose rights are inherited, those that SET ROLE may follow, or any. */
export type Following = "inherit" | "set" | "any";

/** The role, and those that it is a member of. */
export function rolesOf(catalog: Catalog, role: number, following: Following): ReadonlySet<number> {
  return catalog.derive(`roles of ${role} ${following}`, () => {
    const owner = catalog.get("database", theDatabase)!.owner;
    const found = new Set([role]);
    for (const member of found) {
      if (member === owner) found.add(databaseOwnerRole);
      for (const membership of memberships(catalog))
        if (membership.member === member && (following === "any" || membership[following]))
          found.add(membership.role);
    }
    return found;
  });
}

export function isSuperuser(catalog: Catalog, role: number): boolean {
  return catalog.get("role", role)?.isSuperuser === true;
}

/** Whether a role has the rights of another one without SET ROLE. */
export function hasRightsOf(catalog: Catalog, member: number, role: number): boolean {
  return member === role || isSuperuser(catalog, member) || rolesOf(catalog, member, "inherit").has(role);
}

export function isMemberOf(catalog: Catalog, member: number, role: number): boolean {
  return member === role || isSuperuser(catalog, member) || rolesOf(catalog, member, "any").has(role);
}

export function canSetRole(catalog: Catalog, member: number, role: number): boolean {
  return member === role || isSuperuser(catalog, member) || rolesOf(catalog, member, "set").has(role);
}

/** Whether a role may grant membership in another one. */
export function isAdminOf(catalog: Catalog, member: number, role: number): boolean {
  if (isSuperuser(catalog, member)) return true;
  if (member === role) return false;
  const own = rolesOf(catalog, member, "any");
  return memberships(catalog).some((m) => m.role === role && m.admin && own.has(m.member));
}

/** Who is told as the grantor of a membership that `member` gives: itself, or a role whose rights it has. */
export function adminFor(catalog: Catalog, member: number, role: number): number | undefined {
  if (isSuperuser(catalog, member)) return 10;
  const own = rolesOf(catalog, member, "inherit");
  const admins = new Set(
    memberships(catalog)
      .filter((m) => m.role === role && m.admin)
      .map((m) => m.member),
  );
  for (const candidate of own) if (candidate !== role && admins.has(candidate)) return candidate;
  return undefined;
}

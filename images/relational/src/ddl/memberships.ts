import { bootstrapRole, databaseOwnerRole, type Membership } from "../catalog/model.ts";
import { adminFor, isAdminOf, isMemberOf, memberships, roleName, rolesOf } from "../catalog/roles.ts";
import { PgError } from "../errors.ts";
import type { Node, pg } from "../parse/ast.ts";
import { type Ddl, newOid } from "./context.ts";
import { requireRole, roleOf, roleSpecs } from "./role-names.ts";

/** GRANT and REVOKE of roles. */

interface MemberChange {
  readonly role: number;
  readonly member: number;
  /** Who grants; found out when nobody is named. */
  readonly grantor?: number | undefined;
  readonly admin?: boolean | undefined;
  readonly inherit?: boolean | undefined;
  readonly set?: boolean | undefined;
}

export function grantRole(ddl: Ddl, node: pg.GrantRoleStmt): void {
  const options: { admin?: boolean; inherit?: boolean; set?: boolean } = {};
  for (const item of (node.opt ?? []) as Node[]) {
    const { defname = "", arg } = item.DefElem!;
    if (defname !== "admin" && defname !== "inherit" && defname !== "set")
      throw new PgError("42601", `unrecognized role option "${defname}"`);
    options[defname] = (arg as Node | undefined)?.Boolean?.boolval === true;
  }
  const grantor = node.grantor === undefined ? undefined : roleOf(ddl, node.grantor).oid;
  const isGrant = node.is_grant === true;
  for (const item of (node.granted_roles ?? []) as Node[]) {
    const { priv_name: name = "", cols } = item.AccessPriv!;
    if ((cols?.length ?? 0) > 0)
      throw new PgError("0LP01", "column names cannot be included in GRANT/REVOKE ROLE");
    const role = requireRole(ddl, name).oid;
    for (const spec of roleSpecs(node.grantee_roles)) {
      const change = { role, member: roleOf(ddl, spec).oid, grantor };
      if (isGrant) addMember(ddl, { ...change, ...options });
      else
        removeMember(ddl, {
          ...change,
          ...((node.opt?.length ?? 0) > 0 ? { only: Object.keys(options) as Option[] } : {}),
          cascade: node.behavior === "DROP_CASCADE",
        });
    }
  }
}

/** @throws PgError 42501 */
function requireAdmin(ddl: Ddl, role: number, doing: "grant" | "revoke"): void {
  const { current } = ddl.authority;
  if (current.isSuperuser) return;
  const target = ddl.catalog.get("role", role)!;
  const message = `permission denied to ${doing} role "${target.name}"`;
  if (target.isSuperuser)
    throw new PgError("42501", message, {
      detail: `Only roles with the SUPERUSER attribute may ${doing} roles with the SUPERUSER attribute.`,
    });
  if (!isAdminOf(ddl.catalog, current.oid, role))
    throw new PgError("42501", message, {
      detail: `Only roles with the ADMIN option on role "${target.name}" may ${doing} this role.`,
    });
}

function grantorOf(ddl: Ddl, role: number, named: number | undefined): number {
  const { current } = ddl.authority;
  if (named === undefined) return adminFor(ddl.catalog, current.oid, role) ?? bootstrapRole;
  if (named === bootstrapRole) {
    if (!current.isSuperuser)
      throw new PgError(
        "42501",
        `permission denied to grant privileges as role "${roleName(ddl.catalog, named)}"`,
        {
          detail: `Only roles with privileges of role "${roleName(ddl.catalog, named)}" may grant privileges as this role.`,
        },
      );
    return named;
  }
  const name = roleName(ddl.catalog, named);
  if (!current.isSuperuser && !rolesOf(ddl.catalog, current.oid, "inherit").has(named))
    throw new PgError("42501", `permission denied to grant privileges as role "${name}"`, {
      detail: `Only roles with privileges of role "${name}" may grant privileges as this role.`,
    });
  if (!memberships(ddl.catalog).some((m) => m.role === role && m.member === named && m.admin))
    throw new PgError("42501", `permission denied to grant privileges as role "${name}"`, {
      detail: `The grantor must have the ADMIN option on role "${roleName(ddl.catalog, role)}".`,
    });
  return named;
}

export function addMember(ddl: Ddl, change: MemberChange): void {
  const { role, member, admin, inherit, set } = change;
  const { catalog } = ddl;
  const [roleText, memberText] = [roleName(catalog, role), roleName(catalog, member)];
  // Who has made a role is its admin by the system's hand.
  if (change.grantor !== bootstrapRole || ddl.authority.current.isSuperuser) requireAdmin(ddl, role, "grant");
  if (role === databaseOwnerRole)
    throw new PgError("XX000", `role "${roleText}" cannot have explicit members`);
  if (member === databaseOwnerRole)
    throw new PgError("XX000", `role "${memberText}" cannot be a member of any role`);
  if (
    role === member ||
    (!catalog.get("role", role)!.isSuperuser && isMemberOf(catalog, role, member)) ||
    rolesOf(catalog, role, "any").has(member)
  )
    throw new PgError("0LP01", `role "${roleText}" is a member of role "${memberText}"`);
  const grantor = change.grantor === bootstrapRole ? bootstrapRole : grantorOf(ddl, role, change.grantor);
  if (admin === true && grantor !== bootstrapRole) requireNoCircle(ddl, role, member, grantor);
  const before = [...catalog.all("membership")].find(
    (m) => m.role === role && m.member === member && m.grantor === grantor,
  );
  if (before !== undefined) {
    const next: Membership = {
      ...before,
      admin: admin ?? before.admin,
      inherit: inherit ?? before.inherit,
      set: set ?? before.set,
    };
    if (next.admin === before.admin && next.inherit === before.inherit && next.set === before.set)
      ddl.notice(
        `role "${memberText}" has already been granted membership in role "${roleText}" by role "${roleName(catalog, grantor)}"`,
      );
    catalog.set("membership", next);
    return;
  }
  catalog.set("membership", {
    oid: newOid(ddl),
    role,
    member,
    grantor,
    admin: admin ?? false,
    inherit: inherit ?? catalog.get("role", member)!.inherits,
    set: set ?? true,
  });
}

/** @throws PgError 0LP01 */
function requireNoCircle(ddl: Ddl, role: number, member: number, grantor: number): void {
  const from = new Set([member]);
  const all = memberships(ddl.catalog).filter((m) => m.role === role && m.admin);
  for (const each of from) for (const m of all) if (m.grantor === each) from.add(m.member);
  const still = all.some((m) => m.member === grantor && !from.has(m.grantor));
  if (from.has(grantor) && !still)
    throw new PgError("0LP01", "ADMIN option cannot be granted back to your own grantor");
}

type Option = "admin" | "inherit" | "set";

export function removeMember(
  ddl: Ddl,
  change: Pick<MemberChange, "role" | "member" | "grantor"> & {
    /** Options to take, and leave the membership. */
    readonly only?: readonly Option[];
    readonly cascade?: boolean;
  },
): void {
  const { role, member, only, cascade = false } = change;
  const { catalog } = ddl;
  requireAdmin(ddl, role, "revoke");
  const grantor = grantorOf(ddl, role, change.grantor);
  const found = [...catalog.all("membership")].find(
    (m) => m.role === role && m.member === member && m.grantor === grantor,
  );
  if (found === undefined) {
    ddl.notice(
      `role "${roleName(catalog, member)}" has not been granted membership in role "${roleName(catalog, role)}" by role "${roleName(catalog, grantor)}"`,
      "WARNING",
    );
    return;
  }
  if (only === undefined) catalog.delete("membership", found.oid);
  else
    catalog.set("membership", {
      ...found,
      ...Object.fromEntries(only.map((option) => [option, false])),
    });
  if (only === undefined || only.includes("admin")) revokeDependent(ddl, role, member, cascade);
}

/** What a member has granted with an option that it has no more. @throws PgError 2BP01 */
function revokeDependent(ddl: Ddl, role: number, member: number, cascade: boolean): void {
  const all = memberships(ddl.catalog).filter((m) => m.role === role);
  if (all.some((m) => m.member === member && m.admin)) return;
  for (const granted of all) {
    if (granted.grantor !== member) continue;
    if (!cascade)
      throw new PgError("2BP01", "dependent privileges exist", {
        hint: "Use CASCADE to revoke them too.",
      });
    ddl.catalog.delete("membership", granted.oid);
    revokeDependent(ddl, role, granted.member, cascade);
  }
}

/** All of a role that goes away: in others, and of others in it. */
export function removeMemberships(ddl: Ddl, role: number): void {
  for (const m of [...ddl.catalog.all("membership")])
    if (m.role === role || m.member === role) ddl.catalog.delete("membership", m.oid);
}

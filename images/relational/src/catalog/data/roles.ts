import { type Acl, bootstrapRole, bootstrapRoleName, databaseOwnerRole, type Role } from "../model.ts";

/** Roles that PostgreSQL 18 has from the start: OID and name. */
const predefined: readonly (readonly [oid: number, name: string])[] = [
  [databaseOwnerRole, "pg_database_owner"],
  [6181, "pg_read_all_data"],
  [6182, "pg_write_all_data"],
  [3373, "pg_monitor"],
  [3374, "pg_read_all_settings"],
  [3375, "pg_read_all_stats"],
  [3377, "pg_stat_scan_tables"],
  [4569, "pg_read_server_files"],
  [4570, "pg_write_server_files"],
  [4571, "pg_execute_server_program"],
  [4200, "pg_signal_backend"],
  [4544, "pg_checkpoint"],
  [6337, "pg_maintain"],
  [4550, "pg_use_reserved_connections"],
  [6304, "pg_create_subscription"],
  [6392, "pg_signal_autovacuum_worker"],
];

const plain: Omit<Role, "oid" | "name"> = {
  isSuperuser: false,
  inherits: true,
  createsRoles: false,
  createsDatabases: false,
  canLogin: false,
  canReplicate: false,
  bypassesRowSecurity: false,
  connectionLimit: -1,
};

/** A role with the attributes that CREATE ROLE gives when it is told none. */
export function plainRole(oid: number, name: string): Role {
  return { oid, name, ...plain };
}

/** What a superuser is, whether or not somebody can log in as it. */
export const superuserAttributes: Pick<
  Role,
  "isSuperuser" | "createsRoles" | "createsDatabases" | "canReplicate" | "bypassesRowSecurity"
> = {
  isSuperuser: true,
  createsRoles: true,
  createsDatabases: true,
  canReplicate: true,
  bypassesRowSecurity: true,
};

export const predefinedRoles: readonly Role[] = [
  { ...plainRole(bootstrapRole, bootstrapRoleName), ...superuserAttributes, canLogin: true },
  ...predefined.map(([oid, name]) => plainRole(oid, name)),
];

/** pg_monitor's own memberships, by OID: role, member. */
export const predefinedMemberships: readonly (readonly [role: number, member: number])[] = [
  [3374, 3373],
  [3375, 3373],
  [3377, 3373],
];

/** What everybody may do in the schema that is there from the start. */
export const publicSchemaAcl: Acl = [
  { grantee: databaseOwnerRole, grantor: databaseOwnerRole, rights: "UC", options: "" },
  { grantee: 0, grantor: databaseOwnerRole, rights: "U", options: "" },
];

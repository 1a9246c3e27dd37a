import type { Role } from "../catalog/model.ts";
import { catalogNamespace, theDatabase } from "../catalog/model.ts";
import { memberships, roleName } from "../catalog/roles.ts";
import { shownExpression } from "../deparse/stored.ts";
import { shownAcl } from "../functions/privileges.ts";
import type { Exec } from "../run/exec.ts";
import { type Datum, PgArray } from "../types/datum.ts";
import { defineRows } from "./row-sources.ts";

/** The tables of pg_catalog that are about roles. */

function rows(
  name: string,
  source: (exec: Exec) => Iterable<Readonly<Record<string, Datum | undefined>>>,
): void {
  defineRows(name, function* (exec) {
    const relation = exec.catalog.relationByName(catalogNamespace, name)!;
    const names = relation.columns.map((column) => column.name);
    for (const values of source(exec)) yield names.map((column) => values[column] ?? null);
  });
}

function attributes(role: Role) {
  return {
    oid: role.oid,
    rolname: role.name,
    rolsuper: role.isSuperuser,
    rolinherit: role.inherits,
    rolcreaterole: role.createsRoles,
    rolcreatedb: role.createsDatabases,
    rolcanlogin: role.canLogin,
    rolreplication: role.canReplicate,
    rolbypassrls: role.bypassesRowSecurity,
    rolconnlimit: role.connectionLimit,
    rolvaliduntil: role.validUntil ?? null,
  };
}

const settingTexts = (settings: readonly (readonly [string, string])[]) =>
  settings.length === 0 ? null : new PgArray(settings.map(([name, value]) => `${name}=${value}`));

rows("pg_roles", function* ({ catalog }) {
  for (const role of catalog.all("role"))
    yield {
      ...attributes(role),
      rolpassword: "********",
      rolconfig: settingTexts(
        (role.settings ?? []).filter((s) => !s.inDatabase).map(({ name, value }) => [name, value] as const),
      ),
    };
});
rows("pg_authid", function* ({ catalog }) {
  for (const role of catalog.all("role")) yield { ...attributes(role), rolpassword: role.password ?? null };
});
for (const [view, isSecret] of [
  ["pg_user", false],
  ["pg_shadow", true],
] as const)
  rows(view, function* ({ catalog }) {
    for (const role of catalog.all("role"))
      if (role.canLogin)
        yield {
          usename: role.name,
          usesysid: role.oid,
          usecreatedb: role.createsDatabases,
          usesuper: role.isSuperuser,
          userepl: role.canReplicate,
          usebypassrls: role.bypassesRowSecurity,
          passwd: isSecret ? (role.password ?? null) : "********",
          valuntil: role.validUntil ?? null,
          useconfig: settingTexts(
            (role.settings ?? [])
              .filter((s) => !s.inDatabase)
              .map(({ name, value }) => [name, value] as const),
          ),
        };
  });
rows("pg_group", function* ({ catalog }) {
  for (const role of catalog.all("role"))
    if (!role.canLogin)
      yield {
        groname: role.name,
        grosysid: role.oid,
        grolist: new PgArray(
          memberships(catalog)
            .filter((m) => m.role === role.oid)
            .map((m) => m.member),
        ),
      };
});
rows("pg_auth_members", function* ({ catalog }) {
  for (const m of memberships(catalog))
    yield {
      oid: m.oid,
      roleid: m.role,
      member: m.member,
      grantor: m.grantor,
      admin_option: m.admin,
      inherit_option: m.inherit,
      set_option: m.set,
    };
});
rows("pg_default_acl", function* ({ catalog }) {
  for (const item of catalog.all("defaultAcl"))
    yield {
      oid: item.oid,
      defaclrole: item.role,
      defaclnamespace: item.namespace,
      defaclobjtype: item.type,
      defaclacl: shownAcl(catalog, item.acl),
    };
});
rows("pg_db_role_setting", function* ({ catalog }) {
  const { settings = [] } = catalog.get("database", theDatabase)!;
  if (settings.length > 0) yield { setdatabase: theDatabase, setrole: 0, setconfig: settingTexts(settings) };
  for (const role of catalog.all("role"))
    for (const inDatabase of [false, true]) {
      const own = (role.settings ?? []).filter((setting) => setting.inDatabase === inDatabase);
      if (own.length > 0)
        yield {
          setdatabase: inDatabase ? theDatabase : 0,
          setrole: role.oid,
          setconfig: settingTexts(own.map(({ name, value }) => [name, value] as const)),
        };
    }
});

const commandWords = { "*": "ALL", r: "SELECT", a: "INSERT", w: "UPDATE", d: "DELETE" } as const;
rows("pg_policy", function* ({ catalog }) {
  for (const policy of catalog.all("policy"))
    yield {
      oid: policy.oid,
      polname: policy.name,
      polrelid: policy.relation,
      polcmd: policy.command,
      polpermissive: policy.isPermissive,
      polroles: new PgArray([...policy.roles]),
      polqual: policy.using ?? null,
      polwithcheck: policy.check ?? null,
    };
});
rows("pg_policies", function* ({ catalog, io }) {
  for (const policy of catalog.all("policy")) {
    const relation = catalog.get("relation", policy.relation)!;
    const shown = (text: string | undefined) =>
      text === undefined ? null : shownExpression(catalog, io, relation, text);
    yield {
      schemaname: catalog.get("namespace", relation.namespace)?.name ?? null,
      tablename: relation.name,
      policyname: policy.name,
      permissive: policy.isPermissive ? "PERMISSIVE" : "RESTRICTIVE",
      roles: new PgArray(
        policy.roles.map((role) => (role === 0 ? "public" : roleName(catalog, role))).sort(),
      ),
      cmd: commandWords[policy.command],
      qual: shown(policy.using),
      with_check: shown(policy.check),
    };
  }
});

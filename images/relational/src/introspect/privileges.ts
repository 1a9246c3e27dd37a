import { type AclKind, defaultAcl, rightNames, rightsOrder } from "../catalog/acl.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { type Acl, databaseOwnerRole, informationNamespace, theDatabase } from "../catalog/model.ts";
import { procObject, relationObject, typeObject } from "../catalog/rights.ts";
import { hasRightsOf, memberships, roleName, rolesOf } from "../catalog/roles.ts";
import type { Exec } from "../run/exec.ts";
import type { Datum } from "../types/datum.ts";
import { defineRows } from "./row-sources.ts";

/** The views of information_schema that are about privileges. */

function rows(
  name: string,
  source: (exec: Exec) => Iterable<Readonly<Record<string, Datum | undefined>>>,
): void {
  defineRows(name, function* (exec) {
    const relation = exec.catalog.relationByName(informationNamespace, name)!;
    const names = relation.columns.map((column) => column.name);
    for (const values of source(exec)) yield names.map((column) => values[column] ?? null);
  });
}

const yesNo = (value: boolean) => (value ? "YES" : "NO");
const schemaOf = (catalog: Catalog, namespace: number) => catalog.get("namespace", namespace)?.name ?? "";

interface Granted {
  readonly grantor: string;
  readonly grantee: string;
  readonly privilege_type: string;
  readonly is_grantable: string;
  /** Whether it is of a role that is enabled, not of PUBLIC. */
  readonly isOfRole: boolean;
}

/** What a list grants, as far as it concerns who asks: given by or to one of its roles, or to everybody. */
function* granted(exec: Exec, kind: AclKind, owner: number, acl: Acl | undefined): Generator<Granted> {
  const { catalog, session } = exec;
  const { current } = session.authority;
  const isMine = (role: number) => hasRightsOf(catalog, current.oid, role);
  for (const item of acl ?? defaultAcl(kind, owner)) {
    const mine = isMine(item.grantor) || (item.grantee !== 0 && isMine(item.grantee));
    if (!mine && item.grantee !== 0) continue;
    for (const letter of rightsOrder) {
      if (!item.rights.includes(letter)) continue;
      yield {
        grantor: roleName(catalog, item.grantor),
        grantee: item.grantee === 0 ? "PUBLIC" : roleName(catalog, item.grantee),
        privilege_type: rightNames[letter]!,
        is_grantable: yesNo(
          item.options.includes(letter) || (item.grantee !== 0 && hasRightsOf(catalog, item.grantee, owner)),
        ),
        isOfRole: mine,
      };
    }
  }
}

const isStandard = (privilege: string) => privilege !== "MAINTAIN";

for (const [view, isOfRole] of [
  ["table_privileges", false],
  ["role_table_grants", true],
] as const)
  rows(view, function* (exec) {
    const { catalog, session } = exec;
    for (const r of catalog.all("relation")) {
      if (!"rvp".includes(r.kind)) continue;
      for (const one of granted(exec, "r", r.owner, relationObject(r).acl))
        if (isStandard(one.privilege_type) && (!isOfRole || one.isOfRole))
          yield {
            ...one,
            table_catalog: session.database,
            table_schema: schemaOf(catalog, r.namespace),
            table_name: r.name,
            with_hierarchy: yesNo(one.privilege_type === "SELECT"),
          };
    }
  });
for (const [view, isOfRole] of [
  ["column_privileges", false],
  ["role_column_grants", true],
] as const)
  rows(view, function* (exec) {
    const { catalog, session } = exec;
    for (const r of catalog.all("relation")) {
      if (!"rvp".includes(r.kind)) continue;
      const byTable = [...granted(exec, "r", r.owner, relationObject(r).acl)].filter(({ privilege_type }) =>
        ["INSERT", "SELECT", "UPDATE", "REFERENCES"].includes(privilege_type),
      );
      for (const c of r.columns) {
        if (c.dropped === true) continue;
        const seen = new Set<string>();
        const own = c.acl === undefined ? [] : granted(exec, "c", r.owner, c.acl);
        for (const one of [...byTable, ...own]) {
          const key = `${one.grantor}/${one.grantee}/${one.privilege_type}`;
          if (seen.has(key) || (isOfRole && !one.isOfRole)) continue;
          seen.add(key);
          yield {
            ...one,
            table_catalog: session.database,
            table_schema: schemaOf(catalog, r.namespace),
            table_name: r.name,
            column_name: c.name,
          };
        }
      }
    }
  });
for (const [view, isOfRole] of [
  ["routine_privileges", false],
  ["role_routine_grants", true],
] as const)
  rows(view, function* (exec) {
    const { catalog, session } = exec;
    for (const p of catalog.all("proc"))
      for (const one of granted(exec, "f", p.owner, procObject(p).acl)) {
        if (isOfRole && !one.isOfRole) continue;
        const schema = schemaOf(catalog, p.namespace);
        yield {
          ...one,
          specific_catalog: session.database,
          specific_schema: schema,
          specific_name: `${p.name}_${p.oid}`,
          routine_catalog: session.database,
          routine_schema: schema,
          routine_name: p.name,
        };
      }
  });
for (const [view, isOfRole] of [
  ["usage_privileges", false],
  ["role_usage_grants", true],
] as const)
  rows(view, function* (exec) {
    const { catalog, session } = exec;
    const shown = (namespace: number, name: string, type: string) => ({
      object_catalog: session.database,
      object_schema: schemaOf(catalog, namespace),
      object_name: name,
      object_type: type,
    });
    // As PostgreSQL's view has it, which takes a table's defaults where nothing was granted.
    for (const r of catalog.all("relation"))
      if (r.kind === "S" && r.acl !== undefined)
        for (const one of granted(exec, "S", r.owner, r.acl))
          if (one.privilege_type === "USAGE" && (!isOfRole || one.isOfRole))
            yield { ...one, ...shown(r.namespace, r.name, "SEQUENCE") };
    for (const t of catalog.all("type"))
      if (t.kind === "d")
        for (const one of granted(exec, "T", t.owner, typeObject(t).acl))
          if (!isOfRole || one.isOfRole) yield { ...one, ...shown(t.namespace, t.name, "DOMAIN") };
  });

rows("enabled_roles", function* ({ catalog, session }) {
  const { current } = session.authority;
  for (const role of catalog.all("role"))
    if (current.isSuperuser || rolesOf(catalog, current.oid, "inherit").has(role.oid))
      yield { role_name: role.name };
});
for (const view of ["applicable_roles", "administrable_role_authorizations"])
  rows(view, function* ({ catalog, session }) {
    const { current } = session.authority;
    const mine = (role: number) => current.isSuperuser || rolesOf(catalog, current.oid, "inherit").has(role);
    const { owner } = catalog.get("database", theDatabase)!;
    if (view === "applicable_roles" && mine(owner))
      yield {
        grantee: roleName(catalog, owner),
        role_name: roleName(catalog, databaseOwnerRole),
        is_grantable: "NO",
      };
    for (const m of memberships(catalog))
      if (mine(m.member) && (view === "applicable_roles" || m.admin))
        yield {
          grantee: roleName(catalog, m.member),
          role_name: roleName(catalog, m.role),
          is_grantable: yesNo(m.admin),
        };
  });

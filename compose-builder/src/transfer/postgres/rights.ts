import type pg from "pg";
import { grants, owners } from "./catalog.ts";
import type { Definition } from "./definitions.ts";

interface Granted {
  readonly object: string;
  readonly columns: string;
  readonly grantee: string | null;
  readonly privilege: string;
  readonly isGrantable: boolean;
  readonly isOwner: boolean;
}

/** The roles of a server, and which of them asks. */
async function rolesOf(
  client: pg.Client,
): Promise<{ readonly names: ReadonlySet<string>; readonly own: string }> {
  const roles = await client.query<{ name: string }>("SELECT rolname AS name FROM pg_roles");
  const [{ own }] = (await client.query<{ own: string }>("SELECT current_user::text AS own")).rows as [
    { own: string },
  ];
  return { names: new Set(roles.rows.map(({ name }) => name)), own };
}

const quoted = (name: string) => (name === "PUBLIC" ? name : `"${name.replaceAll('"', '""')}"`);

/** Owners and grants of the source, as far as the target has the roles; statements that may be said again. */
export async function readRights(source: pg.Client, target: pg.Client): Promise<Definition[]> {
  const [from, to] = [await rolesOf(source), await rolesOf(target)];
  const found: Definition[] = [];
  for (const query of owners) {
    const { rows } = await source.query<{ object: string; role: string }>(query);
    // What the one who copies owns there is owned by the one who copies here; pg_database_owner and the like are the server's.
    for (const { object, role } of rows)
      if (role !== from.own && role !== to.own && to.names.has(role) && !role.startsWith("pg_"))
        found.push({ name: `owner of ${object}`, sql: `ALTER ${object} OWNER TO ${quoted(role)}` });
  }
  for (const query of grants) {
    const { rows } = await source.query<Granted>(query);
    for (const [object, granted] of Map.groupBy(rows, (row) => row.object)) {
      const isOfColumns = granted.some(({ columns }) => columns !== "");
      // Functions, types and the schema public come with rights of everybody, which may have been taken away.
      const statements = isOfColumns ? [] : [`REVOKE ALL ON ${object} FROM PUBLIC`];
      for (const { columns, grantee, privilege, isGrantable, isOwner } of granted) {
        if (isOwner || grantee === null || (grantee !== "PUBLIC" && !to.names.has(grantee))) continue;
        statements.push(
          `GRANT ${privilege}${columns} ON ${object} TO ${quoted(grantee)}${isGrantable ? " WITH GRANT OPTION" : ""}`,
        );
      }
      found.push({ name: `grants on ${object}`, sql: statements.join("; ") });
    }
  }
  return found.filter(({ sql }) => sql !== "");
}

import type { SecurityContext } from "@weftkit/auth";
import type { Catalog } from "../catalog/catalog.ts";
import { bootstrapRole } from "../catalog/model.ts";
import { type Authority, namespaceObject, rightsOn } from "../catalog/rights.ts";
import { canSetRole, isSuperuser, roleNamed } from "../catalog/roles.ts";
import { PgError } from "../errors.ts";

/** A role, with what is asked of it for every statement. */
export interface ActingRole {
  /** 0 when no role has the name. */
  readonly oid: number;
  readonly name: string;
  readonly isSuperuser: boolean;
}

interface Source {
  readonly catalog: Catalog;
  setting(name: "role" | "session_authorization"): string;
  configured(role: number): SecurityContext | undefined;
}

/** Who a session acts as: who logged in, SET SESSION AUTHORIZATION, SET ROLE, and the functions that run as their owner. */
export class SessionAuthority implements Authority {
  readonly #source: Source;
  readonly #login: SecurityContext;
  /** Owners of the functions that run now, the innermost last; undefined for those of who calls. */
  readonly #definers: ActingRole[] = [];
  #acting: { version: number; role: string; session: string; value: ActingRole } | undefined;
  #schemas: { version: number; role: number; usable: Map<number, boolean> } | undefined;

  constructor(login: SecurityContext, source: Source) {
    this.#login = login;
    this.#source = source;
  }

  get catalog(): Catalog {
    return this.#source.catalog;
  }

  /** Who somebody is that the catalog has no role for, as in-process sessions are. */
  configured(role: number): SecurityContext | undefined {
    return role === 0 ? this.#login : this.#source.configured(role);
  }

  /** Whose rights count now. */
  get current(): ActingRole {
    return this.#definers.at(-1) ?? this.chosen;
  }

  /** As whom SET ROLE and SET SESSION AUTHORIZATION let it act, whatever function runs. */
  get chosen(): ActingRole {
    const { version } = this.catalog;
    const role = this.#source.setting("role");
    const session = this.#source.setting("session_authorization");
    const known = this.#acting;
    if (known !== undefined && known.version === version && known.role === role && known.session === session)
      return known.value;
    const value = this.#named(role === "none" ? session : role);
    this.#acting = { version, role, session, value };
    return value;
  }

  get session(): ActingRole {
    return this.#named(this.#source.setting("session_authorization"));
  }

  #named(name: string): ActingRole {
    const role = roleNamed(this.catalog, name);
    if (role !== undefined) return { oid: role.oid, name, isSuperuser: role.isSuperuser };
    return { oid: 0, name, isSuperuser: name === this.#login.user && isUnlimited(this.#login) };
  }

  /** The role that owns what is made now. */
  get owner(): number {
    return this.current.oid === 0 ? bootstrapRole : this.current.oid;
  }

  /** Checks a value of `role` or `session_authorization`. @throws PgError 22023, 42501 */
  check(setting: string, name: string): void {
    if (setting !== "role" && setting !== "session_authorization") return;
    if (this.#definers.length > 0)
      throw new PgError("42501", `cannot set parameter "${setting}" within security-definer function`);
    const login = this.#login.user;
    if (setting === "role" ? name === "none" : name === login) return;
    const role = roleNamed(this.catalog, name);
    if (setting === "role") {
      const { session } = this;
      if (role === undefined) {
        if (name === session.name) return;
        throw new PgError("22023", `role "${name}" does not exist`);
      }
      if (!session.isSuperuser && !canSetRole(this.catalog, session.oid, role.oid))
        throw new PgError("42501", `permission denied to set role "${name}"`);
      return;
    }
    if (role === undefined) throw new PgError("22023", `role "${name}" does not exist`);
    if (!this.#named(login).isSuperuser)
      throw new PgError("42501", `permission denied to set session authorization "${name}"`);
  }

  /** Acts as another role until the function that is returned is called. */
  actAs(role: number): () => void {
    const { catalog } = this;
    const name = catalog.get("role", role)?.name ?? `unknown (OID=${role})`;
    this.#definers.push({ oid: role, name, isSuperuser: isSuperuser(catalog, role) });
    return () => void this.#definers.pop();
  }

  /** Whether names are looked for in a schema. */
  mayUse(namespace: number): boolean {
    const { current, catalog } = this;
    if (current.isSuperuser) return true;
    if (this.#schemas?.version !== catalog.version || this.#schemas.role !== current.oid)
      this.#schemas = { version: catalog.version, role: current.oid, usable: new Map() };
    let usable = this.#schemas.usable.get(namespace);
    if (usable === undefined) {
      const found = catalog.get("namespace", namespace);
      usable =
        found === undefined ||
        found.name.startsWith("pg_temp_") ||
        rightsOn(this, current.oid, namespaceObject(found), "U") === "U";
      this.#schemas.usable.set(namespace, usable);
    }
    return usable;
  }
}

/** Whether the configuration lets somebody do everything. */
export function isUnlimited(user: SecurityContext): boolean {
  return (
    user.roles.includes("superuser") &&
    (["connect", "read", "write", "schema", "admin"] as const).every((action) => user.scope(action) === "all")
  );
}

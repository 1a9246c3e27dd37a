import { contextOf, type SecurityContext, superuser } from "@weftkit/auth";
import type { Store } from "@weftkit/store";
import type { Catalog } from "../catalog/catalog.ts";
import { plainRole, superuserAttributes } from "../catalog/data/roles.ts";
import { bootstrapRole, bootstrapRoleName, type Role } from "../catalog/model.ts";
import { roleNamed } from "../catalog/roles.ts";
import { newOid } from "../ddl/context.ts";
import { loadGrammar } from "../parse/parse.ts";
import type { Slots } from "../replication/slots.ts";
import { catalogMigration, loadCatalog } from "../storage/catalog-store.ts";
import { Sequences } from "../storage/sequences.ts";
import "../functions/all.ts";
import "../introspect/catalog-functions.ts";
import "../introspect/partitions.ts";
import "../introspect/updatable.ts";
import "../introspect/information-schema.ts";
import "../introspect/privileges.ts";
import "../introspect/replication.ts";
import "../introspect/roles.ts";
import "../introspect/routines.ts";
import "../introspect/statistics.ts";
import "../introspect/system-rows.ts";
import { isUnlimited } from "./authority.ts";
import { inDdl } from "./ddl-runner.ts";
import { ExportedSnapshots } from "./exported-snapshots.ts";
import { SqlSession } from "./session.ts";
import type { Session, SessionOptions } from "./types.ts";
import "./cursors.ts";
import "./explain-and-lock.ts";
import "./prepared-statements.ts";
import "./table-expressions.ts";
import { dropLeftovers } from "./temporary.ts";

/** The store's migrations, in order. */
export const relationalMigrations = [catalogMigration];

/** "WFTR" */
export const relationalApplicationId = 0x57465452;

/** The databases of one store; all names mean the same one. */
export class Database {
  readonly store: Store;
  readonly name: string;
  readonly sequences: Sequences;
  readonly slots: Slots | undefined;
  readonly exports = new ExportedSnapshots();
  readonly sessions = new Map<number, SqlSession>();
  /** What the image's configuration gives its users, by their role. */
  readonly configured = new Map<number, SecurityContext>();
  catalog: Catalog;
  #processIds = 100;

  constructor(store: Store, name: string, catalog: Catalog, sequences: Sequences, slots: Slots | undefined) {
    this.store = store;
    this.name = name;
    this.catalog = catalog;
    this.sequences = sequences;
    this.slots = slots;
  }

  /** The users that the configuration lists, when there is such a list: each has a role, and nobody else is configured. */
  async configure(users: readonly SecurityContext[], isComplete: boolean): Promise<void> {
    const names = new Set(users.map(({ user }) => user));
    const isGone = (role: Role) => isComplete && role.isConfigured === true && !names.has(role.name);
    await this.#changeRoles(users, (catalog) => [...catalog.all("role")].filter(isGone).map(unconfigured));
  }

  /** Takes over what the configuration, or a token, lets somebody do who logs in; it has a role from then on. */
  async admit(user: SecurityContext): Promise<void> {
    const role = roleNamed(this.catalog, user.user);
    // A role that SQL made is what SQL made of it.
    if (role !== undefined && role.isConfigured !== true) this.configured.set(role.oid, user);
    else await this.#changeRoles([user], () => []);
  }

  async #changeRoles(
    users: readonly SecurityContext[],
    more: (catalog: Catalog) => readonly Role[],
  ): Promise<void> {
    if (more(this.catalog).length > 0 || users.some((user) => needsRole(this.catalog, user))) {
      const session = new SqlSession(this, ++this.#processIds, internalSession(this.name));
      await inDdl(session, (ddl) => {
        const { catalog } = ddl;
        for (const role of more(catalog)) catalog.set("role", role);
        for (const user of users) {
          if (!needsRole(catalog, user)) continue;
          const before = roleNamed(catalog, user.user);
          catalog.set("role", configuredRole(before?.oid ?? newOid(ddl), user, before));
        }
      });
      await session.finish();
      await session.close();
    }
    for (const user of users) {
      const role = roleNamed(this.catalog, user.user);
      if (role !== undefined && !role.isSuperuser) this.configured.set(role.oid, user);
    }
  }

  session(options: SessionOptions): Session {
    const session = new SqlSession(this, ++this.#processIds, options);
    this.sessions.set(session.processId, session);
    return session;
  }

  /** Tells all sessions that listen. */
  notify(from: number, channel: string, payload: string): void {
    for (const session of this.sessions.values()) session.deliver(from, channel, payload);
  }
}

/** A session of the engine's own. */
function internalSession(database: string): SessionOptions {
  const nothing = () => {};
  return {
    user: contextOf(bootstrapRoleName, [superuser]),
    database,
    settings: {},
    events: {
      notice: nothing,
      parameterStatus: nothing,
      notification: nothing,
      deallocated: nothing,
      terminated: nothing,
    },
  };
}

/** What is left of a user that the configuration has no more: the owner of what it made. */
function unconfigured(role: Role): Role {
  const { oid, name } = role;
  return oid === bootstrapRole ? { ...role, isConfigured: false, canLogin: false } : plainRole(oid, name);
}

/** The role of a user of the configuration: its attributes stand there. */
function configuredRole(oid: number, user: SecurityContext, before: Role | undefined): Role {
  const { settings } = before ?? {};
  return {
    ...plainRole(oid, user.user),
    ...(oid === bootstrapRole || isUnlimited(user) ? superuserAttributes : {}),
    createsRoles: user.can("admin"),
    canLogin: true,
    isConfigured: true,
    ...(settings === undefined ? {} : { settings }),
  };
}

function needsRole(catalog: Catalog, user: SecurityContext): boolean {
  const role = roleNamed(catalog, user.user);
  if (role === undefined || role.isConfigured !== true) return true;
  return role.oid !== bootstrapRole && role.isSuperuser !== isUnlimited(user);
}

/** Loads the definitions, and the grammar if this is the first database of the process. */
export async function openDatabase(store: Store, name: string, slots?: Slots): Promise<Database> {
  await loadGrammar();
  await store.write(dropLeftovers);
  const { catalog, sequences } = await store.read((db) => ({
    catalog: loadCatalog(db),
    sequences: Sequences.load(db),
  }));
  return new Database(store, name, catalog, sequences, slots);
}

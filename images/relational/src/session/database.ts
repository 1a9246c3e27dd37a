import type { Store } from "@weftkit/store";
import type { Catalog } from "../catalog/catalog.ts";
import { loadGrammar } from "../parse/parse.ts";
import { catalogMigration, loadCatalog } from "../storage/catalog-store.ts";
import { Sequences } from "../storage/sequences.ts";
import "../functions/all.ts";
import "../introspect/catalog-functions.ts";
import "../introspect/information-schema.ts";
import "../introspect/routines.ts";
import "../introspect/statistics.ts";
import "../introspect/system-rows.ts";
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
  readonly sessions = new Map<number, SqlSession>();
  catalog: Catalog;
  #processIds = 100;

  constructor(store: Store, name: string, catalog: Catalog, sequences: Sequences) {
    this.store = store;
    this.name = name;
    this.catalog = catalog;
    this.sequences = sequences;
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

/** Loads the definitions, and the grammar if this is the first database of the process. */
export async function openDatabase(store: Store, name: string): Promise<Database> {
  await loadGrammar();
  await store.write(dropLeftovers);
  const { catalog, sequences } = await store.read((db) => ({
    catalog: loadCatalog(db),
    sequences: Sequences.load(db),
  }));
  return new Database(store, name, catalog, sequences);
}

import { Behind } from "../side.ts";
import type { Connections } from "./connect.ts";
import { appliedTable, versionTable } from "./own-tables.ts";
import { qualified, quoted } from "./statements.ts";
import type { Tables } from "./tables.ts";

const publication = "weftkit_sync";
/** So many changes are read at once; the last transaction comes whole. */
const changesAtOnce = 2000;

/** A logical replication slot of a PostgreSQL, read by its SQL functions. */
export class LogicalSlot {
  readonly #connections: Connections;
  readonly #name: string;

  constructor(connections: Connections, id: string) {
    this.#connections = connections;
    // A slot's name has these letters only.
    this.#name = `weftkit_${id.toLowerCase().replace(/[^a-z0-9_]/g, "_")}`.slice(0, 63);
  }

  /** Makes the slot anew; resolves to where it begins. */
  async create(): Promise<string> {
    await this.#connections.query(
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1",
      [this.#name],
    );
    const [slot] = await this.#connections.query<{ lsn: string }>(
      "SELECT lsn::text FROM pg_create_logical_replication_slot($1, 'pgoutput')",
      [this.#name],
    );
    return slot!.lsn;
  }

  /** What comes before is not needed any more. @throws Behind when the slot is not there, or is further */
  async advance(lsn: string): Promise<void> {
    const [slot] = await this.#connections.query<{ isPast: boolean; isLost: boolean }>(
      `SELECT confirmed_flush_lsn > $2::pg_lsn AS "isPast", wal_status = 'lost' AS "isLost"
       FROM pg_replication_slots WHERE slot_name = $1`,
      [this.#name, lsn],
    );
    if (slot === undefined) throw new Behind(`there is no replication slot ${this.#name}`);
    if (slot.isLost) throw new Behind(`the replication slot ${this.#name} is lost`);
    if (slot.isPast) throw new Behind(`the replication slot ${this.#name} is past ${lsn}`);
    await this.#connections.query(
      `SELECT pg_replication_slot_advance($1, least($2::pg_lsn, pg_current_wal_flush_lsn()))`,
      [this.#name, lsn],
    );
  }

  /** What was committed since, as messages of pgoutput; and where the log ended before it was read. */
  async peek(): Promise<{ readonly messages: readonly Buffer[]; readonly end: string }> {
    const [at] = await this.#connections.query<{ lsn: string }>(
      "SELECT pg_current_wal_flush_lsn()::text AS lsn",
    );
    const rows = await this.#connections.query<{ data: Buffer }>(
      `SELECT data FROM pg_logical_slot_peek_binary_changes($1, NULL, ${changesAtOnce},
         'proto_version', '1', 'publication_names', '${publication}')`,
      [this.#name],
    );
    return { messages: rows.map(({ data }) => data), end: at!.lsn };
  }

  /** Sees that all tables are published; returns whether one was not. */
  async publish({ synchronised }: Tables): Promise<boolean> {
    const exists = await this.#connections.query("SELECT 1 FROM pg_publication WHERE pubname = $1", [
      publication,
    ]);
    if (exists.length === 0)
      await this.#connections.query(
        `CREATE PUBLICATION ${quoted(publication)} FOR TABLE ${appliedTable}, ${versionTable}`,
      );
    const published = await this.#connections.query<{ name: string }>(
      "SELECT schemaname || '.' || tablename AS name FROM pg_publication_tables WHERE pubname = $1",
      [publication],
    );
    const names = new Set(published.map(({ name }) => name));
    const missing = synchronised.filter(({ name }) => !names.has(name));
    if (missing.length === 0) return false;
    await this.#connections.query(
      `ALTER PUBLICATION ${quoted(publication)} ADD TABLE ${missing.map(qualified).join(", ")}`,
    );
    return true;
  }
}

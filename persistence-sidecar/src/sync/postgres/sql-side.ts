import { parseExact } from "@weftkit/cdc/exact-json";
import type pg from "pg";
import { type Row, rowNameOf, rowText } from "../rows.ts";
import type { ApplyContext, Batch, Mark, Observed, SeenRow, Side, SideName } from "../side.ts";
import { stampOfMs } from "../versions.ts";
import { applyChanges } from "./apply.ts";
import { Connections, meaningOf } from "./connect.ts";
import {
  makeOwnTables,
  markOf,
  readPosition,
  type StoredMark,
  takeTurn,
  versionTable,
  writePosition,
} from "./own-tables.ts";
import { allRows } from "./statements.ts";
import { readTables, type Table, type Tables } from "./tables.ts";

/** How a side's transactions are read; see `Side`. */
export interface Follower {
  /** Makes what is needed, and says where to begin. */
  begin(): Promise<string>;
  follow(token: string, signal: AbortSignal): AsyncIterable<readonly Observed[]>;
}

export interface SqlSideOptions {
  readonly side: SideName;
  /** `postgres://user:password@host:port/database` */
  readonly endpoint: string;
  /** The journal's name. */
  readonly id: string;
  readonly isWanted: (name: string) => boolean;
  /** Undefined when its changes cannot be followed; `blind` says why. */
  readonly follower: (side: SqlSide) => Promise<Follower | { readonly blind: string }>;
}

const rowsOfPart = 500;
/** Tables that were made since are looked for again after so long. */
const tablesMs = 30_000;

/** A PostgreSQL, or a weftkit/relational, as a side. */
export class SqlSide implements Side {
  readonly side: SideName;
  readonly connections: Connections;
  readonly #options: SqlSideOptions;
  #follower: Follower | undefined;
  #blind: string | undefined;
  #tables: Tables | undefined;
  #tablesAt = 0;
  /** Names that are no table's. */
  readonly #missing = new Set<string>();
  /** Whether triggers and foreign keys are left alone while changes are applied: they did their part at the other side. */
  #isReplica: boolean | undefined;
  #clockOffsetMs: number | undefined;
  #version: string | undefined;
  #preparing: Promise<void> | undefined;

  constructor(options: SqlSideOptions) {
    this.side = options.side;
    this.#options = options;
    this.connections = new Connections(options.endpoint);
  }

  get blind(): string | undefined {
    return this.#blind;
  }

  async begin(): Promise<string> {
    return this.#meaning(async () => {
      await this.#prepare();
      return this.#follower?.begin() ?? "";
    });
  }

  async *follow(token: string, signal: AbortSignal): AsyncGenerator<readonly Observed[]> {
    try {
      await this.#prepare();
      if (this.#follower !== undefined) yield* this.#follower.follow(token, signal);
    } catch (error) {
      throw meaningOf(error);
    }
  }

  /** Tables by name, read again when one is missing or they were read some time ago. */
  async tables(isStale = false): Promise<Tables> {
    if (this.#tables === undefined || isStale || performance.now() - this.#tablesAt > tablesMs) {
      this.#tables = await this.connections.with((client) => readTables(client, this.#options.isWanted));
      this.#tablesAt = performance.now();
      this.#missing.clear();
    }
    return this.#tables;
  }

  /** A table by its name; undefined when it is not synchronised. */
  async table(name: string): Promise<Table | undefined> {
    const tables = await this.tables();
    const known = tables.byName(name);
    if (known !== undefined || tables.withoutKey.includes(name) || !this.#options.isWanted(name))
      return known;
    if (this.#missing.has(name)) return undefined;
    const again = (await this.tables(true)).byName(name);
    if (again === undefined) this.#missing.add(name);
    return again;
  }

  async *snapshot(signal: AbortSignal): AsyncGenerator<Observed> {
    const { synchronised } = await this.tables(true);
    const parts = this.#parts(synchronised, signal);
    try {
      for await (const part of parts) yield part;
    } catch (error) {
      throw meaningOf(error);
    }
  }

  async *#parts(tables: readonly Table[], signal: AbortSignal): AsyncGenerator<Observed> {
    // Its own connection all the time: a snapshot is one transaction.
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const { promise: opened, resolve, reject } = Promise.withResolvers<pg.PoolClient>();
    const held = this.connections.with(async (client) => {
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      // What is copied may wait for room in the queue.
      await client.query("SET LOCAL idle_in_transaction_session_timeout = 0");
      resolve(client);
      await over;
      await client.query("ROLLBACK");
    });
    held.catch(reject);
    const client = await opened;
    try {
      for (const table of tables) {
        signal.throwIfAborted();
        const marks = await marksOf(client, table.name);
        for await (const rows of fetched(client, allRows(table))) {
          const seen = rows.map((text) => seenRow(table, parseExact(text) as Row));
          yield part(seen, marks);
        }
        const gone = [...marks].filter(([, { digest }]) => digest === "");
        for (let at = 0; at < gone.length; at += rowsOfPart) {
          const rows = gone.slice(at, at + rowsOfPart).map(([of]) => ({ ...rowNameOf(of), row: undefined }));
          yield part(rows, marks);
        }
      }
    } finally {
      end();
      await held.catch(() => {});
    }
  }

  async apply(batch: Batch, context: ApplyContext): Promise<void> {
    await this.#meaning(async () => {
      await this.#prepare();
      const missing = batch.changes.some(({ name }) => this.#tables?.byName(name) === undefined);
      const tables = await this.tables(missing);
      await this.connections.with(async (client) => {
        await client.query("BEGIN");
        if (this.#isReplica) await client.query("SET LOCAL session_replication_role = replica");
        await takeTurn(client);
        if ((await readPosition(client, this.#options.id)) < batch.position) {
          const conflicts = await applyChanges(client, tables, batch.changes, context);
          await writePosition(client, this.#options.id, batch.position);
          await context.deciding(conflicts);
        }
        await client.query("COMMIT");
      });
    });
  }

  applied(): Promise<number> {
    return this.#meaning(async () => {
      await this.#prepare();
      return this.connections.with((client) => readPosition(client, this.#options.id));
    });
  }

  status(): Record<string, unknown> {
    return {
      server: this.#version,
      ...(this.#blind !== undefined && { oneWay: this.#blind }),
      ...(this.#clockOffsetMs !== undefined && { clockOffsetMs: this.#clockOffsetMs }),
      ...(this.#isReplica !== undefined && { triggersRun: !this.#isReplica }),
      tables: this.#tables?.synchronised.map(({ name }) => name),
      ...((this.#tables?.withoutKey.length ?? 0) > 0 && { withoutPrimaryKey: this.#tables?.withoutKey }),
    };
  }

  close(): Promise<void> {
    return this.connections.close();
  }

  /** Once, also when several ask at the same time. */
  async #prepare(): Promise<void> {
    if (this.#version !== undefined) return;
    this.#preparing ??= this.#prepareNow().finally(() => {
      this.#preparing = undefined;
    });
    await this.#preparing;
  }

  /** Own tables, rights, and how changes are followed. */
  async #prepareNow(): Promise<void> {
    const version = await this.connections.with(async (client) => {
      await makeOwnTables(client);
      const { rows } = await client.query<{ version: string; now: string }>(
        "SELECT version() AS version, (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS now",
      );
      this.#clockOffsetMs = Number(rows[0]!.now) - Date.now();
      return rows[0]!.version;
    });
    this.#isReplica = await this.#mayBeReplica(version);
    const follower = await this.#options.follower(this);
    if ("blind" in follower) this.#blind = follower.blind;
    else this.#follower = follower;
    this.#version = version;
  }

  /** WeftKit's own takes the setting and runs triggers all the same. */
  async #mayBeReplica(version: string): Promise<boolean> {
    if (version.includes("WeftKit")) return false;
    try {
      await this.connections.query("SET session_replication_role = origin");
      return true;
    } catch {
      // Not allowed to this user: triggers and foreign keys of this side do what they do for everybody.
      return false;
    }
  }

  async #meaning<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw meaningOf(error);
    }
  }
}

/** A row with its name. */
export function seenRow(table: Table, row: Row): SeenRow {
  return { name: table.name, key: keyOf(table, row), row };
}

export function keyOf(table: Table, row: Row): string {
  return rowText(row, table.key);
}

/** Only the columns that are stored. */
export function storedPart(table: Table, row: Row): Row {
  return Object.fromEntries(
    table.columns.filter(({ name }) => name in row).map(({ name }) => [name, row[name]]),
  );
}

function part(rows: readonly SeenRow[], marks: ReadonlyMap<string, Mark>): Observed {
  // When they were written is not known; the time is used for those that were seen before, and are new now.
  return { token: "", stamp: stampOfMs(Date.now()), rows, truncated: [], marks, writers: [] };
}

async function marksOf(client: pg.PoolClient, name: string): Promise<Map<string, Mark>> {
  const { rows } = await client.query<StoredMark>(
    `SELECT name, key, version, replaced, digest, columns FROM ${versionTable} WHERE name = $1`,
    [name],
  );
  return new Map(rows.map(markOf));
}

async function* fetched(client: pg.PoolClient, sql: string): AsyncGenerator<string[]> {
  await client.query(`DECLARE part NO SCROLL CURSOR FOR ${sql}`);
  for (;;) {
    const { rows } = await client.query<{ row: string }>(`FETCH ${rowsOfPart} FROM part`);
    if (rows.length > 0) yield rows.map(({ row }) => row);
    if (rows.length < rowsOfPart) break;
  }
  await client.query("CLOSE part");
}

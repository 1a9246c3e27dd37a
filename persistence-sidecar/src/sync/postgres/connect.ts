import pg from "pg";
import { Held, Refused } from "../side.ts";

/** A connection, or a pool of them. */
export type Queryable = Pick<pg.ClientBase, "query">;

/** So that values are written the same way everywhere. */
const settings =
  "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1; " +
  "SET bytea_output = 'hex'; SET client_encoding = 'UTF8'; SET lock_timeout = '30s'; " +
  "SET idle_in_transaction_session_timeout = '60s'; SET application_name = 'weftkit-sync'";

const connectMs = 10_000;
/** The longest that a statement of ours takes: reading the log of a server that has much of it. Locks are waited for less long. */
const answerMsMax = 300_000;

/** What a side is asked with: one connection that applies, others that copy and follow. */
export class Connections {
  readonly #pool: pg.Pool;
  /** Which connections have their settings. */
  readonly #set = new WeakSet<pg.PoolClient>();

  constructor(endpoint: string) {
    this.#pool = new pg.Pool({
      connectionString: endpoint,
      max: 4,
      idleTimeoutMillis: 60_000,
      connectionTimeoutMillis: connectMs,
      query_timeout: answerMsMax,
      keepAlive: true,
    });
    // A connection that is lost while nobody uses it is made again when it is needed.
    this.#pool.on("error", () => {});
    // One that is lost tells the statement that is under way; where none is, as right behind its login, the next.
    this.#pool.on("connect", (client) => client.on("error", () => {}));
  }

  /** Runs `work` with a connection; the connection is given up when it fails. */
  async with<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    try {
      if (!this.#set.has(client)) {
        await client.query(settings);
        this.#set.add(client);
      }
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  query<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
    return this.with(async (client) => (await client.query<T>(text, values)).rows);
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

/** Values are never read as JavaScript's: rows come as JSON, and everything else as text. */
pg.types.setTypeParser(pg.types.builtins.JSON, (text) => text);
pg.types.setTypeParser(pg.types.builtins.JSONB, (text) => text);

/** Missing tables, columns, schemas, functions and rights; a server that is read-only. */
const heldCodes = /^(42P01|42703|42704|3F000|3D000|42501|42883|28|25006|0A000|42P10|55000)/;
/** What a row's content is at fault for: constraints, values. */
const refusedCodes = /^(23|22|P0001|428C9|44000)/;

/** What an error of the side means: whether it waits for somebody, refuses the rows, or is to be tried again. */
export function meaningOf(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) return error;
  const { code, message, detail } = error;
  const text = `${message}${detail === undefined ? "" : ` (${detail})`}, ${code}`;
  if (refusedCodes.test(code)) return new Refused(text, { cause: error });
  if (heldCodes.test(code)) return new Held(text, { cause: error });
  return error;
}

import { randomUUID } from "node:crypto";
import { systemClock } from "@weftkit/core";
import pg from "pg";
import Cursor from "pg-cursor";
import type { SqlCell, SqlPage } from "../../api.ts";
import { PlaygroundError } from "../../errors.ts";
import type { Connection } from "../../sessions/session.ts";
import { typeName } from "./type-names.ts";

/** How many rows are asked for at once, so that wide rows are bounded by bytes. */
const batchRows = 50;
/** A page ends after a row with which it is longer. */
const pageBytesMax = 2 * 1024 ** 2;
/** What is longer of one value is not shown. */
const cellCharsMax = 16 * 1024;
const connectTimeoutMs = 5000;
/** A cursor holds a snapshot of the engine's: one that nobody reads is closed. */
const cursorIdleMs = 120_000;

type Row = readonly SqlCell[];

interface OpenCursor {
  readonly id: string;
  readonly cursor: Cursor<Row>;
  readonly idle: NodeJS.Timeout;
}

/** What pg keeps of the connection, beside its declared types. */
interface Wire {
  readonly processID: number;
  readonly secretKey: number;
  readonly connection: { on(event: "readyForQuery", listener: (message: { status: string }) => void): void };
}

const transactions: Readonly<Record<string, SqlPage["transaction"]>> = { I: "idle", T: "open", E: "failed" };

/**
 * One connection of a session to PostgreSQL's protocol: 1. `run` a statement, which gives the first rows 2. `fetch` more, as
 * long as there is a cursor. Running another statement closes the cursor. One at a time; `cancel` may come in between.
 */
export class SqlConnection implements Connection {
  readonly #client: pg.Client;
  readonly #config: pg.ClientConfig;
  #open: OpenCursor | undefined;
  #isBusy = false;
  #transaction: SqlPage["transaction"] = "idle";
  isLost = false;

  private constructor(config: pg.ClientConfig) {
    this.#config = config;
    this.#client = new pg.Client(config);
    this.#client.on("error", () => {
      this.isLost = true;
    });
    this.#client.on("end", () => {
      this.isLost = true;
    });
    this.#wire.connection.on("readyForQuery", ({ status }) => {
      this.#transaction = transactions[status] ?? "idle";
    });
  }

  /** @throws PlaygroundError */
  static async open(config: pg.ClientConfig): Promise<SqlConnection> {
    const connection = new SqlConnection({
      ...config,
      connectionTimeoutMillis: connectTimeoutMs,
      application_name: "weftkit playground",
      // Values are shown as the engine writes them.
      types: { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig,
    });
    try {
      await connection.#client.connect();
    } catch (error) {
      throw toPlaygroundError(error);
    }
    return connection;
  }

  get #wire(): Wire {
    return this.#client as unknown as Wire;
  }

  /** Runs one statement. @throws PlaygroundError `engine_refused` with what the engine said, `busy` */
  async run(statement: string, rowsMax: number): Promise<SqlPage> {
    return this.#exclusively(async () => {
      await this.#closeCursor();
      const cursor = this.#client.query(new Cursor<Row>(statement, [], { rowMode: "array" }));
      return this.#page(cursor, randomUUID(), rowsMax);
    });
  }

  /** More rows of a cursor. */
  async fetch(id: string, rowsMax: number): Promise<SqlPage> {
    return this.#exclusively(async () => {
      const open = this.#open;
      if (open?.id !== id) {
        throw new PlaygroundError(
          "not_found",
          "the cursor is closed: another statement has run, or nobody read it",
        );
      }
      clearTimeout(open.idle);
      this.#open = undefined;
      return this.#page(open.cursor, id, rowsMax);
    });
  }

  /** Asks the engine to give up what runs, over a connection of its own; resolves when it has been asked. */
  async cancel(): Promise<void> {
    if (!this.#isBusy) {
      await this.#exclusively(() => this.#closeCursor());
      return;
    }
    const { processID, secretKey } = this.#wire;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // pg has the message, but does not declare it.
    const request = new pg.Connection({ ssl: this.#config.ssl } as never) as unknown as Canceller;
    const send = () => request.cancel(processID, secretKey);
    request.on("connect", () => (this.#config.ssl ? request.requestSsl() : send()));
    request.on("sslconnect", send);
    request.on("error", (error) => reject(toPlaygroundError(error)));
    request.on("end", () => resolve());
    request.connect(this.#config.port!, this.#config.host!);
    await promise;
  }

  async close(): Promise<void> {
    clearTimeout(this.#open?.idle);
    this.#open = undefined;
    // It ends what runs as well, and need not wait for it.
    if (this.#isBusy) await this.cancel().catch(() => {});
    await this.#client.end().catch(() => {});
  }

  async #page(cursor: Cursor<Row>, id: string, rowsMax: number): Promise<SqlPage> {
    const startedMs = systemClock.monotonicMs();
    const rows: Row[] = [];
    const cut: [number, number, number][] = [];
    let bytes = 0;
    for (;;) {
      const wanted = Math.min(batchRows, rowsMax - rows.length);
      const batch = await read(cursor, wanted);
      for (const row of batch.rows) {
        const cells = row.map((cell, column) => {
          if (cell === null) return null;
          if (cell.length > cellCharsMax) cut.push([rows.length, column, cell.length]);
          const shown = cell.slice(0, cellCharsMax);
          bytes += shown.length;
          return shown;
        });
        rows.push(cells);
      }
      const isLast = batch.command !== undefined;
      if (!isLast && rows.length < rowsMax && bytes < pageBytesMax) continue;
      if (!isLast) this.#keep(cursor, id);
      return {
        columns: batch.columns,
        rows,
        cut,
        ...(isLast ? { command: batch.command! } : { cursor: id }),
        durationMs: systemClock.monotonicMs() - startedMs,
        transaction: this.#transaction,
      };
    }
  }

  #keep(cursor: Cursor<Row>, id: string): void {
    const idle = setTimeout(() => {
      // Somebody reads it now, or the connection is lost: both are told to who asks.
      this.#exclusively(() => this.#closeCursor()).catch(() => {});
    }, cursorIdleMs).unref();
    this.#open = { id, cursor, idle };
  }

  async #closeCursor(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    clearTimeout(open.idle);
    await open.cursor.close();
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.isLost) throw lost();
    if (this.#isBusy) throw new PlaygroundError("busy", "a statement is running: wait for it or cancel it");
    this.#isBusy = true;
    try {
      return await work();
    } catch (error) {
      if (this.isLost) throw lost(error);
      throw toPlaygroundError(error);
    } finally {
      this.#isBusy = false;
    }
  }
}

interface Canceller {
  connect(port: number, host: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
  on(event: "connect" | "sslconnect" | "end", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
}

interface Batch {
  readonly rows: readonly Row[];
  readonly columns: SqlPage["columns"];
  /** Undefined while the portal is suspended. */
  readonly command: string | undefined;
}

function read(cursor: Cursor<Row>, rowsMax: number): Promise<Batch> {
  return new Promise((resolve, reject) => {
    cursor.read(rowsMax, (error, rows, result) => {
      if (error != null) {
        reject(error);
        return;
      }
      const { command, rowCount, fields = [] } = result ?? {};
      const isDone = (cursor as unknown as { state: string }).state === "done";
      resolve({
        rows,
        columns: fields.map(({ name, dataTypeID }) => ({ name, type: typeName(dataTypeID) })),
        command: isDone ? [command, rowCount].filter((part) => part != null).join(" ") : undefined,
      });
    });
  });
}

function lost(cause?: unknown): PlaygroundError {
  const options = cause === undefined ? {} : { cause };
  return new PlaygroundError(
    "engine_unreachable",
    "the connection to the engine is lost, and with it its transaction; the next statement connects again",
    {},
    options,
  );
}

/** What PostgreSQL said, or that nothing can be heard of it. */
function toPlaygroundError(error: unknown): PlaygroundError {
  if (error instanceof PlaygroundError) return error;
  const { message, code, severity, position, detail, hint } = error as Error & {
    code?: string;
    severity?: string;
    position?: string;
    detail?: string;
    hint?: string;
  };
  if (severity === undefined) {
    return new PlaygroundError(
      "engine_unreachable",
      message === "" ? (code ?? "no answer") : message,
      {},
      { cause: error },
    );
  }
  return new PlaygroundError("engine_refused", message, {
    ...(code !== undefined && { engineCode: code }),
    ...(position !== undefined && { position: Number(position) }),
    ...(detail !== undefined && { detail }),
    ...(hint !== undefined && { hint }),
  });
}

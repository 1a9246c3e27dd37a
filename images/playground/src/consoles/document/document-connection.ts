import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { systemClock } from "@weftkit/core";
import {
  BSON,
  type ClientSession,
  type Document,
  type Long,
  MongoClient,
  MongoError,
  MongoServerError,
} from "mongodb";
import { PlaygroundError } from "../../errors.ts";
import type { Connection } from "../../sessions/session.ts";

const timeoutMs = 5000;
const killAgainMs = 100;
/** A command that takes longer is ended by the engine. */
const commandMsMax = 600_000;

/** Types are kept as they are sent, so that a long stays a long and a double a double. */
const asSent = {
  promoteValues: false,
  promoteLongs: false,
  promoteBuffers: false,
  bsonRegExp: true,
} as const;

export interface DocumentLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tls: { readonly ca?: string | Buffer; readonly rejectUnauthorized: boolean } | undefined;
}

interface OpenCursor {
  readonly id: Long;
  readonly db: string;
  readonly collection: string;
}

/** The documents of one answer, and the cursor for more. */
export interface Batch {
  readonly documents: readonly Document[];
  readonly cursor: string | undefined;
  readonly durationMs: number;
}

/**
 * What a session has open at MongoDB's protocol: a few connections, and one logical session that all cursors belong to. A command
 * whose browser has gone is ended by killOp.
 */
export class DocumentConnection implements Connection {
  readonly #client: MongoClient;
  readonly #session: ClientSession;
  readonly #cursors = new Map<string, OpenCursor>();

  private constructor(client: MongoClient) {
    this.#client = client;
    this.#session = client.startSession({ causalConsistency: false });
  }

  /** @throws PlaygroundError */
  static async open({ host, port, user, password, tls }: DocumentLogin): Promise<DocumentConnection> {
    const address = host.includes(":") ? `[${host}]` : host;
    const client = new MongoClient(`mongodb://${address}:${port}/`, {
      directConnection: true,
      appName: "weftkit-playground",
      maxPoolSize: 4,
      connectTimeoutMS: timeoutMs,
      serverSelectionTimeoutMS: timeoutMs,
      retryReads: false,
      retryWrites: false,
      ...(password !== "" && { auth: { username: user, password }, authSource: "admin" }),
      ...(tls !== undefined && {
        tls: true,
        rejectUnauthorized: tls.rejectUnauthorized,
        ...(tls.ca !== undefined && { ca: tls.ca }),
      }),
    });
    try {
      await client.connect();
    } catch (error) {
      await client.close().catch(() => {});
      throw toPlaygroundError(error);
    }
    return new DocumentConnection(client);
  }

  /**
   * Runs a command. The engine is told to end it when `signal` is aborted.
   *
   * @throws PlaygroundError `engine_refused` with what the engine said
   */
  async command(db: string, command: Document, signal: AbortSignal): Promise<Document> {
    const comment = command.comment ?? randomUUID();
    const ended = new AbortController();
    const kill = () => void this.#kill(comment, ended.signal);
    signal.addEventListener("abort", kill);
    try {
      return await this.#client
        .db(db)
        .command({ ...command, comment }, { session: this.#session, ...asSent });
    } catch (error) {
      throw toPlaygroundError(error);
    } finally {
      signal.removeEventListener("abort", kill);
      ended.abort();
    }
  }

  /** Runs a command that answers with a cursor: find, aggregate and their like. The cursors before it are closed. */
  async query(db: string, command: Document, signal: AbortSignal): Promise<Batch> {
    await this.#closeCursors();
    const startedMs = systemClock.monotonicMs();
    return this.#batch(
      db,
      await this.command(db, { ...command, maxTimeMS: commandMsMax }, signal),
      startedMs,
    );
  }

  /** What an answer holds, when it is that of a cursor. */
  batchOf(db: string, answer: Document, startedMs: number): Batch | undefined {
    return answer.cursor?.firstBatch === undefined ? undefined : this.#batch(db, answer, startedMs);
  }

  /** More of a cursor. @throws PlaygroundError `not_found` when it is closed */
  async fetch(cursor: string, batchSize: number, signal: AbortSignal): Promise<Batch> {
    const open = this.#cursors.get(cursor);
    if (open === undefined) {
      throw new PlaygroundError("not_found", "the cursor is closed: another query has run");
    }
    const startedMs = systemClock.monotonicMs();
    const { id, db, collection } = open;
    const answer = await this.command(db, { getMore: id, collection, batchSize }, signal);
    this.#cursors.delete(cursor);
    return this.#batch(db, answer, startedMs);
  }

  async close(): Promise<void> {
    await this.#client.close().catch(() => {});
  }

  #batch(db: string, answer: Document, startedMs: number): Batch {
    const { id, ns, firstBatch, nextBatch } = answer.cursor as Document;
    const isOpen = !(id as Long).isZero();
    const cursor = isOpen ? String(id) : undefined;
    const collection = String(ns).slice(String(ns).indexOf(".") + 1);
    if (cursor !== undefined) this.#cursors.set(cursor, { id: id as Long, db, collection });
    const durationMs = systemClock.monotonicMs() - startedMs;
    return { documents: (firstBatch ?? nextBatch) as Document[], cursor, durationMs };
  }

  /** Ends the session's command of this comment, which the engine may not have begun yet; gives up when it has ended. */
  async #kill(comment: unknown, ended: AbortSignal): Promise<void> {
    const { id } = this.#session.id ?? {};
    const text = (value: unknown) => BSON.EJSON.stringify({ value });
    const admin = this.#client.db("admin");
    while (!ended.aborted) {
      try {
        // Its own are what anybody may see and end.
        const { inprog } = await admin.command({ currentOp: 1, $ownOps: true });
        for (const { opid, command = {} } of inprog as { opid: number; command?: Document }[]) {
          const isIt = text(command.comment) === text(comment) && text(command.lsid?.id) === text(id);
          if (isIt) await admin.command({ killOp: 1, op: opid });
        }
        await wait(killAgainMs, undefined, { signal: ended });
      } catch {
        // It has ended, or the connection is lost, which the command itself tells.
        return;
      }
    }
  }

  async #closeCursors(): Promise<void> {
    const open = [...this.#cursors.values()];
    this.#cursors.clear();
    for (const { id, db, collection } of open) {
      // One that is gone already need not be closed; what else is wrong is told by the command that comes next.
      await this.#client
        .db(db)
        .command({ killCursors: collection, cursors: [id] }, { session: this.#session })
        .catch(() => {});
    }
  }
}

function toPlaygroundError(error: unknown): PlaygroundError {
  if (error instanceof PlaygroundError) return error;
  if (error instanceof MongoServerError) {
    const { code, codeName, message } = error;
    const engineCode = codeName ?? (code === undefined ? undefined : String(code));
    return new PlaygroundError("engine_refused", message, {
      ...(engineCode !== undefined && { engineCode }),
    });
  }
  const { message } = error as Error;
  // A value that cannot be written as BSON is refused before anything is sent.
  const isOfConnection = error instanceof MongoError || (error as Error).name === "AbortError";
  return new PlaygroundError(
    isOfConnection ? "engine_unreachable" : "invalid_request",
    isOfConnection ? `the connection to the engine is lost: ${message}` : message,
    {},
    { cause: error },
  );
}

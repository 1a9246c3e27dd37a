import type { SecurityContext } from "@weftkit/auth";
import type { PgError } from "../errors.ts";
import type { ParsedStatement } from "../parse/parse.ts";
import type { ReplicationCommand } from "../replication/grammar.ts";
import type { Datum, Row } from "../types/datum.ts";

export type { Datum, ParsedStatement, Row };

/** A column of a result, as RowDescription tells it. */
export interface ResultColumn {
  readonly name: string;
  /** 0 when it is no column of a table. */
  readonly tableOid: number;
  readonly attnum: number;
  readonly typeOid: number;
  readonly typlen: number;
  readonly typmod: number;
}

/** A statement that was analysed; bound as often as wanted. */
export interface Prepared {
  readonly statement: ParsedStatement | undefined;
  /** The parameters' types, all decided. */
  readonly parameterOids: readonly number[];
  /** Undefined when the statement returns no rows (NoData). */
  readonly columns: readonly ResultColumn[] | undefined;
  /** Of an empty text: EmptyQueryResponse. */
  readonly isEmpty: boolean;
  /** COPY ... FROM STDIN or TO STDOUT: run by `copyIn` or `copyOut` instead of a portal's fetch. */
  readonly copy: CopyDirection | undefined;
}

export type CopyDirection = "in" | "out";

export interface FetchResult {
  readonly rows: readonly Row[];
  /** False when there may be more rows: PortalSuspended. */
  readonly done: boolean;
  /** CommandComplete's tag; only when done. */
  readonly tag: string | undefined;
}

/** A prepared statement with values. `fetch` runs it, as far as rows are asked for. */
export interface Portal {
  /** Of a cursor WITH HOLD, before its transaction commits: keeps the rows that are left. @throws PgError */
  keep?(): Promise<void>;
  /** It outlives its transaction. */
  readonly isKept?: boolean;
  readonly prepared: Prepared;
  readonly columns: readonly ResultColumn[] | undefined;
  /**
   * The next rows; `maxRows` 0 is all. An error ends the portal and is already taken into account by the transaction.
   *
   * @throws PgError
   */
  fetch(maxRows: number): Promise<FetchResult>;
  /** Gives back what it holds. */
  close(): void;
}

/** Data of COPY FROM STDIN, chunk by chunk as CopyData brings it. */
export interface CopyIn {
  /** 0 text and csv, 1 binary. */
  readonly format: 0 | 1;
  readonly columnCount: number;
  /** Resolves when more may come. @throws PgError: the copy is over, and everything of it undone */
  write(chunk: Uint8Array): Promise<void>;
  /** All has come (CopyDone): gives the tag. */
  finish(): Promise<string>;
  /** CopyFail, or a lost connection. Always ends with an error: 57014. */
  fail(message: string): Promise<PgError>;
}

export interface CopyOut {
  readonly format: 0 | 1;
  readonly columnCount: number;
  /** Chunks for CopyData; the generator's return value is the tag. */
  chunks(): AsyncGenerator<Uint8Array, string, void>;
}

export interface Notice {
  readonly severity: "NOTICE" | "WARNING" | "INFO" | "LOG" | "DEBUG";
  readonly error: PgError;
}

/** What a session tells between results. */
export interface SessionEvents {
  notice(notice: Notice): void;
  parameterStatus(name: string, value: string): void;
  /** A notification, told when the session is not in a transaction. */
  notification(processId: number, channel: string, payload: string): void;
  /** DISCARD ALL, DEALLOCATE: protocol-level statements of this name (all, when undefined) are gone. */
  deallocated(name: string | undefined): void;
  /** The session must end: FATAL, for example 25P03. */
  terminated(error: PgError): void;
}

export interface SessionOptions {
  readonly user: SecurityContext;
  readonly database: string;
  /** From the startup packet: application_name, client_encoding, options. */
  readonly settings: Readonly<Record<string, string>>;
  readonly events: SessionEvents;
  readonly clientAddress?: string | undefined;
  readonly clientPort?: number | undefined;
}

/** What a command of the replication protocol gives: one row, a tag alone, or a stream. */
export type ReplicationResult =
  | {
      readonly kind: "rows";
      readonly columns: readonly ResultColumn[];
      readonly row: Row;
      readonly tag: string;
    }
  | { readonly kind: "done"; readonly tag: string }
  | { readonly kind: "stream"; readonly stream: ReplicationStream };

/** A message of a slot's plugin, or how far the stream has come. Places are positions in the log. */
export type StreamPart =
  | { readonly kind: "data"; readonly lsn: bigint; readonly end: bigint; readonly data: Buffer }
  | { readonly kind: "place"; readonly end: bigint; readonly isCaughtUp: boolean };

/** A slot that is streamed; nobody else uses it until it is closed. */
export interface ReplicationStream {
  /** Without end; a place at least every ten seconds. @throws PgError 55000 */
  parts(signal: AbortSignal): AsyncIterable<StreamPart>;
  /** How far the client says that it has come: what it has flushed is not sent again. */
  replied(written: bigint, flushed: bigint, applied: bigint): void;
  close(): Promise<void>;
}

/** I idle, T in a transaction block, E in a failed one. */
export type TransactionStatus = "I" | "T" | "E";

/**
 * One client's session, whatever protocol it came by.
 *
 * 1. `parse` a text, 2. `prepare` a statement, 3. `bind` values, 4. `fetch` from the portal. 5. `finish` at the end of a
 * simple query or at Sync: it commits what no BEGIN was given for. After an error everything up to `finish` is to be skipped.
 */
export interface Session {
  /** As pg_backend_pid() and BackendKeyData tell it. */
  readonly processId: number;
  readonly status: TransactionStatus;
  /** What startup tells as ParameterStatus. */
  reportedSettings(): ReadonlyMap<string, string>;
  /** @throws PgError 42601 */
  parse(text: string): readonly ParsedStatement[];
  /**
   * Analyses a statement; 0 and 705 in `parameterOids` are to be found out. `text` is the whole text that positions of
   * errors count in.
   *
   * @throws PgError
   */
  prepare(
    statement: ParsedStatement | undefined,
    parameterOids: readonly number[],
    text: string,
  ): Promise<Prepared>;
  /** `formats` as in Bind: none, one for all, or one for each; 0 text, 1 binary. @throws PgError 22P02, 22P03, 08P01 */
  bind(
    prepared: Prepared,
    values: readonly (Uint8Array | null)[],
    formats: readonly number[],
  ): Promise<Portal>;
  /** Whether it may use the replication protocol. @throws PgError 42501 */
  requireSender(): void;
  /** A command of the replication protocol. @throws PgError */
  replicate(command: ReplicationCommand): Promise<ReplicationResult>;
  copyIn(prepared: Prepared): Promise<CopyIn>;
  copyOut(prepared: Prepared): Promise<CopyOut>;
  /** A value in a result's format. */
  encode(typeOid: number, value: Datum, format: 0 | 1): Uint8Array | null;
  /** A SQL-level prepared statement, for a protocol that binds it by its name. */
  preparedByName(name: string): Prepared | undefined;
  savePrepared(name: string, prepared: Prepared): void;
  /** Ends the implicit transaction: COMMIT. @throws PgError of deferred constraints and the like */
  finish(): Promise<void>;
  /** An error that the protocol found itself (CopyFail, a message it does not know): undoes or fails the transaction. */
  fail(): Promise<void>;
  /** From another connection: 57014 for what runs now; nothing when it is idle. */
  cancel(): void;
  /** Rolls back, gives locks and temporary tables back. */
  close(): Promise<void>;
}

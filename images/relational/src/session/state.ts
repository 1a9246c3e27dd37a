import type { SecurityContext } from "@weftkit/auth";
import type { LockOwner, Store, Transaction } from "@weftkit/store";
import type { Catalog } from "../catalog/catalog.ts";
import type { ErrorDetails, PgError } from "../errors.ts";
import type { ParsedStatement } from "../parse/parse.ts";
import type { PluginContext } from "../replication/output-plugin.ts";
import type { Slots } from "../replication/slots.ts";
import type { Sequences } from "../storage/sequences.ts";
import type { IoContext } from "../types/type-ops.ts";
import type { SessionAuthority } from "./authority.ts";
import type { Block } from "./block.ts";
import type { CurrentRow } from "./current-rows.ts";
import type { ExportedSnapshots } from "./exported-snapshots.ts";
import type { SessionSettings } from "./session-settings.ts";
import type { Portal, Prepared, SessionEvents, TransactionStatus } from "./types.ts";

/** What a session needs of the database it is in. */
export interface SessionDatabase {
  readonly store: Store;
  readonly name: string;
  readonly sequences: Sequences;
  /** Undefined where nothing is recorded of changes. */
  readonly slots: Slots | undefined;
  readonly exports: ExportedSnapshots;
  readonly sessions: Map<number, SessionState>;
  catalog: Catalog;
  /** What the image's configuration gives its users, by their role. */
  readonly configured: ReadonlyMap<number, SecurityContext>;
  notify(from: number, channel: string, payload: string): void;
}

/** BEGIN, COMMIT and the rest. */
export interface Transactions {
  readonly block: Block | undefined;
  current(): Block;
  begin(): Block;
  transaction(block: Block): Transaction;
  commit(chain?: boolean): Promise<string>;
  rollback(chain?: boolean): Promise<void>;
  endWithin(command: "COMMIT" | "ROLLBACK", chain: boolean): Promise<Block>;
  finish(): Promise<void>;
  fail(): Promise<void>;
  savepoint(name: string): void;
  rollbackTo(name: string): void;
  release(name: string): void;
  checkNow(block: Block, applies: (oid: number) => boolean): Promise<void>;
}

/** A session as its own parts see it. */
export interface SessionState {
  readonly processId: number;
  readonly database: SessionDatabase;
  /** Who logged in, as the image's configuration or the catalog knows them. */
  readonly user: SecurityContext;
  /** Whose rights count now. */
  readonly authority: SessionAuthority;
  readonly events: SessionEvents;
  readonly settings: SessionSettings;
  readonly transactions: Transactions;
  readonly catalog: Catalog;
  readonly io: IoContext;
  readonly block: Block | undefined;
  readonly status: TransactionStatus;
  readonly statements: Map<string, Prepared>;
  readonly cursors: Map<string, Portal>;
  /** Where cursors stand, those of routines too. */
  readonly currentRows: Map<string, CurrentRow>;
  readonly lastValues: Map<number, bigint>;
  readonly listening: Set<string>;
  readonly startedAt: number;
  readonly clientAddress: string | undefined;
  readonly clientPort: number | undefined;
  /** Whether a statement runs that could be canceled. */
  readonly isRunning: boolean;
  /** The name of a snapshot that CREATE_REPLICATION_SLOT has exported, until the next command. */
  exportedSnapshot: string | undefined;
  lastSequence: number | undefined;
  currentQuery: string;
  queryStartedAt: number | undefined;
  notice(
    severity: "NOTICE" | "WARNING" | "INFO" | "LOG" | "DEBUG",
    message: string,
    code?: string,
    details?: ErrorDetails,
  ): void;
  /** What output plugins ask of the database. */
  pluginContext(): PluginContext;
  cancelable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  cancel(): void;
  deliver(from: number, channel: string, payload: string): void;
  transactionEnded(isCommitted: boolean): void;
  /** Holds the session's own advisory locks. */
  advisoryOwner(): LockOwner;
  releaseAdvisory(): void;
  fail(): Promise<void>;
  report(error: unknown, statement: ParsedStatement | undefined, text: string): PgError;
}

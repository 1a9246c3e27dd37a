import type { SecurityContext } from "@weftkit/auth";
import type { Doc } from "../bson/values.ts";
import type { Run } from "../exec/run.ts";
import type { WriteWork } from "../storage/work.ts";
import type { ConnectionState } from "./connection-state.ts";
import type { Operation } from "./operation.ts";
import type { PointRead } from "./point-reads.ts";
import type { Server } from "./server.ts";
import type { ClientSession } from "./sessions.ts";
import type { ClientTransaction } from "./transactions.ts";

/** The types a field may have; with "!" it must be there. "number" and "flag" take any number, "bool" only booleans. */
export type FieldType =
  | "any"
  | "object"
  | "array"
  | "string"
  | "bool"
  | "flag"
  | "number"
  | "long"
  | "uuid"
  | "objectOrString"
  | "objectOrArray"
  | "stringOrArray";
export type FieldSpec = FieldType | `${FieldType}!`;

/** What a command needs to be allowed to do. */
export type Right =
  /** Before a login, too. */
  | "none"
  | "connect"
  | { readonly action: "read" | "write" | "schema"; readonly on: "collection" | "database" }
  | "admin";

/** A command: what it takes, who may run it, and what it does. */
export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** Its fields beside those that every command has; undefined: anything is taken, as MongoDB does for this one. */
  readonly fields?: Readonly<Record<string, FieldSpec>>;
  readonly right: Right;
  /** Only on the database `admin`. */
  readonly isAdminOnly?: boolean;
  /** May run in a client's transaction. */
  readonly isTransactional?: boolean;
  /** A write that a driver may send twice with the same number. */
  readonly isRetryable?: boolean;
  /** Takes afterClusterTime and the like. */
  readonly takesReadConcern?: boolean;
  readonly takesWriteConcern?: boolean;
  /** Reads the state of one moment with the read concern "snapshot", outside of transactions too. */
  readonly takesSnapshot?: boolean;
  run(call: Call): Promise<Reply> | Reply;
}

/** A document, without the fields that every reply has. */
export type Reply = Doc;

/** One call of a command. */
export interface Call {
  readonly server: Server;
  readonly command: Command;
  /** As it was sent, with the documents of its sequences as arrays. */
  readonly body: Doc;
  readonly db: string;
  readonly user: SecurityContext;
  readonly connection: ConnectionState;
  readonly session: ClientSession | undefined;
  /** The client's transaction, when the command is a part of one. */
  readonly transaction: ClientTransaction | undefined;
  /** Of a retryable write. */
  readonly retry: RetryKey | undefined;
  /** Aborted when the client is gone, when the operation is killed, or when its time is over. */
  readonly signal: AbortSignal;
  readonly operation: Operation;
  /** The moment that it reads the state of, if it asks for one outside of a transaction; getMore has its cursor's. */
  point: PointRead | undefined;
  /** The names of collections are texts, or (rarely) identifiers. */
  readonly collection: string;
  /** Reads in a snapshot; in a transaction, in that of the transaction. */
  read<T>(work: (run: Run) => T): Promise<T>;
  /** Writes; outside of a transaction in one of its own. */
  write<T>(work: (work: WriteWork) => T): Promise<T>;
}

export interface RetryKey {
  readonly session: Buffer;
  readonly number: bigint;
}

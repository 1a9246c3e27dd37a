import type { Mark, Snapshot, Transaction } from "@weftkit/store";
import type { Catalog } from "../catalog/catalog.ts";
import type { Constraint } from "../catalog/model.ts";
import type { StatementEvent } from "../run/exec.ts";

export type Isolation = "read committed" | "repeatable read" | "serializable";

export interface Savepoint {
  readonly name: string;
  readonly mark: Mark | undefined;
  readonly catalog: Catalog | undefined;
  readonly deferred: number;
  readonly settings: ReadonlyMap<string, string>;
}

/** A transaction as the session sees it: of a BEGIN, or of one query. */
export interface Block {
  /** Begun by BEGIN, and ended by COMMIT or ROLLBACK. */
  isExplicit: boolean;
  isFailed: boolean;
  isolation: Isolation;
  isReadOnly: boolean;
  /** Microseconds since 2000. */
  readonly start: bigint;
  /** Made at the first change or lock. */
  transaction: Transaction | undefined;
  /** Of REPEATABLE READ and SERIALIZABLE: made at the first statement. */
  snapshot: Snapshot | undefined;
  /** Definitions as this transaction has changed them. */
  catalog: Catalog | undefined;
  savepoints: Savepoint[];
  readonly deferred: { readonly constraint: Constraint; readonly check: StatementEvent }[];
  /** SET CONSTRAINTS: by OID, or for all. */
  readonly constraintModes: Map<number | "all", boolean>;
  /** Values of settings before, to come back at ROLLBACK; and those that end with the transaction. */
  readonly settingsBefore: Map<string, string>;
  readonly localSettings: Set<string>;
  readonly notifications: { readonly channel: string; readonly payload: string }[];
  readonly listens: { readonly channel: string; readonly isOn: boolean }[];
  /** Of SERIALIZABLE: the tables that were read, as the store names them. */
  readonly readTables: Set<string>;
  /** A statement has run: SET TRANSACTION comes too late. */
  hasQueried: boolean;
  /** Names of the snapshots that it has exported, until its end. */
  readonly exported: string[];
}

export function newBlock(
  isExplicit: boolean,
  isolation: Isolation,
  isReadOnly: boolean,
  start: bigint,
): Block {
  return {
    isExplicit,
    isFailed: false,
    isolation,
    isReadOnly,
    start,
    transaction: undefined,
    snapshot: undefined,
    catalog: undefined,
    savepoints: [],
    deferred: [],
    constraintModes: new Map(),
    settingsBefore: new Map(),
    localSettings: new Set(),
    notifications: [],
    listens: [],
    readTables: new Set(),
    hasQueried: false,
    exported: [],
  };
}

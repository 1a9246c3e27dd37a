import type { Collation } from "../bson/collation.ts";
import type { DateTime, Doc, Timestamp, Value } from "../bson/values.ts";

/** What an expression is evaluated in: the document, and the variables in their places. One for each run of a pipeline. */
export interface Scope {
  root: Value | undefined;
  readonly slots: (Value | undefined)[];
  /** See `ExpressionContext.asOfMs`; where documents are read. */
  readonly asOfMs?: number;
}

/** Gives its value for a document; undefined is a value that is not there. */
export type Evaluate = (scope: Scope) => Value | undefined;

export interface Expression {
  readonly evaluate: Evaluate;
  /** Whether it gives the same for every document. */
  readonly isConstant: boolean;
  /** Of an expression that only names a field: its path, for indexes and for lookups. */
  readonly fieldPath?: string;
}

/** What holds for all expressions of one command. */
export interface ExpressionContext {
  readonly collation: Collation | undefined;
  readonly now: DateTime;
  readonly clusterTime: Timestamp;
  /** The places of the variables that may be named here. */
  readonly variables: ReadonlyMap<string, number>;
  /** How many places there are; grows while expressions are read. */
  readonly slots: { count: number };
  /** What is in a place from the beginning: variables of the command (`let`). */
  readonly values: Map<number, Value | undefined>;
  /** The moment whose state is read, in milliseconds as `performance.now()`; Infinity is now. */
  readonly asOfMs: number;
  /** Roles of who asks, for $$USER_ROLES. */
  readonly userRoles: readonly UserRole[];
  /** What documents carry beside themselves: text scores, distances. */
  readonly metadata: (doc: Doc) => Metadata | undefined;
}

/** A role of who asks, and the database that it is of. */
export interface UserRole {
  readonly role: string;
  readonly db: string;
}

export interface Metadata {
  textScore?: number;
  geoDistance?: number;
  geoPoint?: Value;
  randVal?: number;
  indexKey?: Doc;
  sortKey?: Value;
  recordId?: bigint;
  searchScore?: number;
}

// What goes between the page and its server, as types alone: both are checked against them.

/** Who is logged in. */
export interface SessionInfo {
  readonly user: string;
  readonly roles: readonly string[];
  /** To be sent back as `x-csrf-token` with every POST. */
  readonly csrfToken: string;
  readonly version: string;
}

/** An engine that is configured, and how it is. */
export interface EngineInfo {
  readonly id: string;
  /** `relational`, or `relational/orders`. */
  readonly name: string;
  readonly engine: string;
  readonly address: string;
  /** Whether there is a console for it. */
  readonly hasConsole: boolean;
  /** `unknown` when its admin port is off. */
  readonly state: "ready" | "not_ready" | "unreachable" | "unknown";
  /** Why it is not ready, or what it told of itself at `/v1/status`. */
  readonly reason?: string;
  readonly version?: string;
  readonly uptimeMs?: number;
  readonly connections?: { readonly open: number; readonly max: number };
  /** As `/v1/status` has it; undefined where nothing is kept elsewhere. */
  readonly persistence?: Readonly<Record<string, unknown>>;
  readonly components?: Readonly<Record<string, unknown>>;
}

/** One sample of an engine's metrics. */
export interface MetricSample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** The body of every answer that is not 2xx. */
export interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly engineCode?: string;
    readonly position?: number;
    readonly detail?: string;
    readonly hint?: string;
  };
}

/** A value of a row as the engine wrote it, so that no digit is lost; null is NULL. */
export type SqlCell = string | null;

/** Some rows of a statement's result. */
export interface SqlPage {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly SqlCell[])[];
  /** What of the page's cells was cut: row, column, and the length of the whole. */
  readonly cut: readonly (readonly [row: number, column: number, length: number])[];
  /** Asks for more; undefined when these were the last. */
  readonly cursor?: string;
  /** The engine's own word for what was done: `INSERT 0 3`; undefined while there is more. */
  readonly command?: string;
  readonly durationMs: number;
  /** Whether a transaction is open: `idle`, `open`, `failed`. */
  readonly transaction: "idle" | "open" | "failed";
}

/** Bytes: as text where they are UTF-8. */
export type Bytes = string | { readonly base64: string };

/** Some keys of a Redis keyspace. */
export interface RedisKeys {
  readonly keys: readonly { readonly key: Bytes; readonly type: string }[];
  /** "0" when everything was scanned. */
  readonly cursor: string;
  readonly scanned: number;
  readonly total: number;
}

/** What a key holds; at most some of a large one. */
export interface RedisValue {
  readonly type: string;
  /** Until it expires; -1 never. */
  readonly ttlMs: number;
  /** Bytes of a string, or members of a collection. */
  readonly size: number;
  /** A string alone; members; fields and values; members and scores; identifiers and fields. */
  readonly entries: readonly (readonly Bytes[])[];
  readonly isWhole: boolean;
}

/** A reply of Redis's protocol. */
export type RedisReply =
  | { readonly kind: "nil" }
  | { readonly kind: "integer"; readonly value: string }
  | { readonly kind: "bytes"; readonly value: Bytes; readonly cutFrom?: number }
  | { readonly kind: "list"; readonly items: readonly RedisReply[]; readonly cutFrom?: number };

/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** A database and its collections. */
export interface DocumentDatabase {
  readonly name: string;
  readonly collections: readonly { readonly name: string; readonly type: string }[];
}

/** A document as canonical extended JSON, so that every type is told. */
export interface ShownDocument {
  readonly value: Json;
  /** False where long texts and lists of it were cut. */
  readonly isWhole: boolean;
}

/** Some documents of a query's result. */
export interface DocumentPage {
  readonly documents: readonly ShownDocument[];
  /** Asks for more; undefined when these were the last. */
  readonly cursor?: string;
  readonly durationMs: number;
}

/** What some stages of a pipeline make of a few documents. */
export interface StagePreview {
  readonly name: string;
  readonly documents: readonly ShownDocument[];
  /** Why there are none. */
  readonly note?: string;
}

/** A node of a graph; values of properties as Cypher writes them. */
export interface GraphNode {
  readonly id: string;
  readonly labels: readonly string[];
  readonly properties: readonly (readonly [name: string, value: string])[];
}

/** A relationship, from one node to another. */
export interface GraphRelationship {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly properties: readonly (readonly [name: string, value: string])[];
}

/** Some of a graph: what a result holds, or what is around a node. */
export interface GraphPart {
  readonly nodes: readonly GraphNode[];
  readonly relationships: readonly GraphRelationship[];
  /** False where there was more. */
  readonly isWhole: boolean;
}

/** A step of a plan, and what it reads from. */
export interface GraphPlan {
  readonly operator: string;
  readonly details: string;
  readonly children: readonly GraphPlan[];
}

/** The answer of a Cypher query. */
export interface GraphResult {
  readonly columns: readonly string[];
  /** Values as Cypher writes them; null is NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** Whether there were more rows than are shown. */
  readonly isCut: boolean;
  readonly part: GraphPart;
  /** What was changed, by the engine's names: `nodesCreated`. */
  readonly counters: Readonly<Record<string, number>>;
  readonly notifications: readonly string[];
  readonly plan?: GraphPlan;
  readonly durationMs: number;
}

/** What names a graph has. */
export interface GraphNames {
  readonly labels: readonly string[];
  readonly types: readonly string[];
}

/** What an operation of DynamoDB's API answered. */
export interface KeyValueAnswer {
  readonly body: Json;
  readonly durationMs: number;
}

/** What an engine's REST interface answered. */
export interface RestAnswer {
  readonly body: Json;
  /** The version, for `ifMatch`. */
  readonly etag?: string;
  readonly durationMs: number;
}

/** A version of a file, or that it was deleted. */
export interface FileVersion {
  readonly key: string;
  readonly id: string;
  readonly isLatest: boolean;
  readonly isDeletion: boolean;
  readonly at: string;
  readonly size: number;
}

/** The newest first. */
export interface FileVersions {
  readonly versions: readonly FileVersion[];
}

/** What a method of the vector service answered. */
export interface VectorAnswer {
  readonly body: Json;
  readonly durationMs: number;
}

/** A vector in the plane, with what is known of its record. */
export interface MappedVector {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly facts: Readonly<Record<string, string>>;
}

/** Vectors on the two axes along which they differ most. */
export interface VectorMap {
  readonly points: readonly MappedVector[];
  /** How much of their variance these axes have, 0 to 1. */
  readonly share: number;
  /** False where there are more. */
  readonly isWhole: boolean;
}

/** A project of the Compose Builder. */
export interface BuiltProject {
  readonly files: readonly { readonly path: string; readonly content: string }[];
  /** Names of what is made anew whenever somebody takes the project. */
  readonly secrets: readonly string[];
  readonly connections: readonly { readonly name: string; readonly url: string }[];
}

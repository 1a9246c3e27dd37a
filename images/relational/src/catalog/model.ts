/** What the catalog knows of each object. Objects are never changed: a definition that changes is a new object. */

export interface Namespace {
  readonly oid: number;
  readonly name: string;
  readonly owner: number;
  readonly acl?: readonly string[];
}

export interface Column {
  /** From 1, never used again after a column was dropped. */
  readonly attnum: number;
  readonly name: string;
  readonly type: number;
  readonly typmod: number;
  readonly notNull: boolean;
  readonly collation: number;
  /** SQL text of the default, or of what a generated column is computed from. */
  readonly default?: string;
  /** pg_attrdef's OID. */
  readonly defaultOid?: number;
  readonly generated?: "s" | "v";
  readonly identity?: "a" | "d";
  readonly dropped?: boolean;
  /** What rows have that were there before the column was added: in the storage's encoding, null when absent. */
  readonly storage?: string;
  readonly statistics?: number;
  readonly compression?: string;
  readonly acl?: readonly string[];
}

export type RelationKind = "r" | "v" | "m" | "i" | "S" | "c" | "p" | "I";

export interface Relation {
  readonly oid: number;
  readonly name: string;
  readonly namespace: number;
  readonly kind: RelationKind;
  readonly owner: number;
  readonly columns: readonly Column[];
  /** OID of the row type; 0 for indexes and sequences. */
  readonly typeOid: number;
  readonly persistence: "p" | "u" | "t";
  /** The query of a view, as SQL. */
  readonly query?: string;
  readonly checkOption?: "local" | "cascaded";
  readonly populated?: boolean;
  readonly rowSecurity?: boolean;
  readonly forceRowSecurity?: boolean;
  readonly replicaIdentity?: "d" | "n" | "f" | "i";
  readonly acl?: readonly string[];
  readonly options?: readonly string[];
  readonly onCommit?: "delete" | "drop";
  /** The session that owns a temporary relation. */
  readonly session?: number;
  /** A table of the system: its rows come from `rowSources`. */
  readonly system?: boolean;
}

export interface IndexKey {
  /** 0 for an expression. */
  readonly attnum: number;
  readonly expression?: string;
  readonly opclass: number;
  readonly collation: number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** An index; its name and owner are in the relation of the same OID. */
export interface Index {
  readonly oid: number;
  readonly relation: number;
  readonly unique: boolean;
  readonly primary: boolean;
  readonly nullsNotDistinct: boolean;
  readonly method: string;
  readonly keys: readonly IndexKey[];
  readonly include: readonly number[];
  readonly predicate?: string;
  readonly clustered?: boolean;
}

export type ForeignAction = "a" | "r" | "c" | "n" | "d";

export interface Constraint {
  readonly oid: number;
  readonly name: string;
  readonly namespace: number;
  /** check, foreign key, primary key, unique, not null */
  readonly type: "c" | "f" | "p" | "u" | "n";
  readonly relation: number;
  /** Of a domain's constraint. */
  readonly typeOid: number;
  /** The index of a key; of a foreign key the referenced one. */
  readonly index: number;
  readonly keys: readonly number[];
  readonly expression?: string;
  readonly deferrable: boolean;
  readonly deferred: boolean;
  readonly validated: boolean;
  readonly enforced?: boolean;
  readonly noInherit?: boolean;
  readonly foreign?: {
    readonly relation: number;
    readonly keys: readonly number[];
    readonly onUpdate: ForeignAction;
    readonly onDelete: ForeignAction;
    readonly match: "s" | "f";
    /** Of SET NULL and SET DEFAULT with a list. */
    readonly setColumns?: readonly number[];
  };
}

export interface Sequence {
  readonly oid: number;
  readonly type: number;
  readonly start: bigint;
  readonly increment: bigint;
  readonly min: bigint;
  readonly max: bigint;
  readonly cache: bigint;
  readonly cycle: boolean;
  readonly ownedBy?: { readonly relation: number; readonly attnum: number; readonly identity: boolean };
}

/** A type, built in or of a user. The fields are those of pg_type. */
export interface TypeInfo {
  readonly oid: number;
  readonly name: string;
  readonly namespace: number;
  readonly owner: number;
  readonly length: number;
  readonly byValue: boolean;
  /** base, composite, domain, enum, pseudo, range, multirange */
  readonly kind: "b" | "c" | "d" | "e" | "p" | "r" | "m";
  readonly category: string;
  readonly preferred: boolean;
  readonly delimiter: string;
  readonly relation: number;
  readonly element: number;
  readonly array: number;
  readonly functions: readonly number[];
  readonly align: string;
  readonly storage: string;
  readonly baseType: number;
  readonly baseTypmod: number;
  readonly notNull: boolean;
  readonly dimensions: number;
  readonly subscript: number;
  readonly collation: number;
  readonly default?: string;
  readonly labels?: readonly { readonly oid: number; readonly sort: number; readonly label: string }[];
  readonly range?: { readonly subtype: number; readonly multirange: number };
  readonly acl?: readonly string[];
}

export interface Proc {
  readonly oid: number;
  readonly name: string;
  readonly namespace: number;
  readonly owner: number;
  /** function, aggregate, window function, procedure */
  readonly kind: "f" | "a" | "w" | "p";
  readonly returnsSet: boolean;
  readonly strict: boolean;
  readonly volatility: "i" | "s" | "v";
  readonly result: number;
  readonly arguments: readonly number[];
  readonly defaultCount: number;
  readonly variadic: number;
  /** in, out, inout, variadic, table: "iobvt"; empty when all are in. */
  readonly modes: string;
  readonly argumentNames: readonly string[];
  readonly allArguments: readonly number[];
  readonly source: string;
  readonly defaults: readonly string[];
  /** Of a function made by CREATE FUNCTION. */
  readonly language?: "sql" | "plpgsql";
  readonly acl?: readonly string[];
  /** SET of CREATE FUNCTION: settings for the time of a call. */
  readonly settings?: readonly (readonly [name: string, value: string])[];
  readonly securityDefiner?: boolean;
  readonly leakproof?: boolean;
  readonly parallel?: "s" | "r" | "u";
  readonly cost?: number;
  readonly rows?: number;
  /** OID of the extension that it belongs to. */
  readonly extension?: number;
}

export interface InstalledExtension {
  readonly oid: number;
  readonly name: string;
  readonly namespace: number;
  readonly owner: number;
  readonly version: string;
}

export type TriggerEvent = "insert" | "update" | "delete" | "truncate";

export interface Trigger {
  readonly oid: number;
  readonly name: string;
  readonly relation: number;
  readonly proc: number;
  readonly timing: "before" | "after" | "instead";
  readonly events: readonly TriggerEvent[];
  /** Of UPDATE OF: attnums; empty for any. */
  readonly columns: readonly number[];
  readonly perRow: boolean;
  /** SQL text of WHEN. */
  readonly condition?: string;
  readonly args: readonly string[];
  /** on, off, replica, always */
  readonly enabled: "O" | "D" | "R" | "A";
  readonly constraint?: { readonly deferrable: boolean; readonly deferred: boolean };
  readonly oldTable?: string;
  readonly newTable?: string;
}

export interface Operator {
  readonly oid: number;
  readonly name: string;
  readonly kind: "b" | "l";
  readonly canMerge: boolean;
  readonly canHash: boolean;
  readonly left: number;
  readonly right: number;
  readonly result: number;
  readonly commutator: number;
  readonly negator: number;
  readonly proc: number;
}

export interface Cast {
  readonly oid: number;
  readonly source: number;
  readonly target: number;
  readonly proc: number;
  /** explicit, assignment, implicit */
  readonly context: "e" | "a" | "i";
  /** function, binary coercible, through text */
  readonly method: "f" | "b" | "i";
}

export interface Aggregate {
  readonly proc: number;
  readonly kind: "n" | "o" | "h";
  readonly directArguments: number;
  readonly transitionType: number;
}

export interface Role {
  readonly oid: number;
  readonly name: string;
}

/** OIDs of the schemas that are always there. */
export const catalogNamespace = 11;
export const toastNamespace = 99;
export const publicNamespace = 2200;
export const informationNamespace = 13000;
/** The role that owns what the system made. */
export const bootstrapRole = 10;
export const defaultCollation = 100;

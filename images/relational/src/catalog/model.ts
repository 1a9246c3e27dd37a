/** What the catalog knows of each object. Objects are never changed: a definition that changes is a new object. */

/** What a role was granted on an object, by whom: letters as PostgreSQL writes them in an aclitem. */
export interface AclItem {
  /** 0 is PUBLIC. */
  readonly grantee: number;
  readonly grantor: number;
  readonly rights: string;
  /** Those of `rights` that may be granted on. */
  readonly options: string;
}

/** Undefined where nothing was granted or revoked: then the kind's defaults hold. */
export type Acl = readonly AclItem[];

export interface Namespace {
  readonly oid: number;
  readonly name: string;
  readonly owner: number;
  readonly acl?: Acl;
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
  readonly acl?: Acl;
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
  readonly populated?: boolean;
  readonly rowSecurity?: boolean;
  readonly forceRowSecurity?: boolean;
  readonly replicaIdentity?: "d" | "n" | "f" | "i";
  /** Of REPLICA IDENTITY USING INDEX. */
  readonly replicaIdentityIndex?: number;
  readonly acl?: Acl;
  readonly options?: readonly string[];
  readonly onCommit?: "delete" | "drop";
  /** The session that owns a temporary relation. */
  readonly session?: number;
  /** Of a partitioned table. */
  readonly partitionBy?: PartitionBy;
  readonly partitionOf?: { readonly parent: number; readonly bound: PartitionBound };
  /** A table of the system: its rows come from `rowSources`. */
  readonly system?: boolean;
}

/** By which values rows are put into partitions. */
export interface PartitionBy {
  /** range, list, hash */
  readonly strategy: "r" | "l" | "h";
  readonly keys: readonly {
    /** 0 for an expression. */
    readonly attnum: number;
    readonly expression?: string;
    readonly type: number;
    readonly typmod: number;
    readonly opclass: number;
    readonly collation: number;
  }[];
}

export type RangeLimit =
  | { readonly kind: "min" | "max" }
  | { readonly kind: "value"; readonly value: string };

/** Which rows a partition has; values in their types' text. */
export type PartitionBound =
  | { readonly kind: "default" }
  | { readonly kind: "list"; readonly values: readonly (string | null)[] }
  | { readonly kind: "range"; readonly from: readonly RangeLimit[]; readonly to: readonly RangeLimit[] }
  | { readonly kind: "hash"; readonly modulus: number; readonly remainder: number };

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
  /** The index of the partitioned table that it is a part of. */
  readonly parent?: number;
}

export type ForeignAction = "a" | "r" | "c" | "n" | "d";

export interface Constraint {
  readonly oid: number;
  readonly name: string;
  readonly namespace: number;
  /** check, foreign key, primary key, unique, not null, exclusion */
  readonly type: "c" | "f" | "p" | "u" | "n" | "x";
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
  /** DISABLE TRIGGER ALL of the table that refers, and of the one that is referred to: nothing is looked after there. */
  readonly checksOff?: boolean;
  readonly actionsOff?: boolean;
  /** Of EXCLUDE: an operator for each key of the index. */
  readonly exclusion?: { readonly operators: readonly number[] };
  /** The constraint of the partitioned table that it came from. */
  readonly parent?: number;
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
  readonly acl?: Acl;
}

/** The body of a routine in SQL that was analysed when it was made: RETURN, or BEGIN ATOMIC. */
export interface RoutineBody {
  readonly isReturn: boolean;
  /** Each with all names' schemas; arguments are `$1` and so on, or named where rows are changed. */
  readonly statements: readonly string[];
  /** What qualifies an argument's name in them: the routine's own when it was made. */
  readonly label: string;
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
  /** Empty where there is a `body`. */
  readonly source: string;
  readonly body?: RoutineBody;
  readonly defaults: readonly string[];
  /** Of a function made by CREATE FUNCTION. */
  readonly language?: "sql" | "plpgsql";
  readonly acl?: Acl;
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
  /** The trigger of the partitioned table that it came from. */
  readonly parent?: number;
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

/** A role; one that can log in is a user. */
export interface Role {
  readonly oid: number;
  readonly name: string;
  readonly isSuperuser: boolean;
  readonly inherits: boolean;
  readonly createsRoles: boolean;
  readonly createsDatabases: boolean;
  readonly canLogin: boolean;
  readonly canReplicate: boolean;
  readonly bypassesRowSecurity: boolean;
  /** -1 for no limit. */
  readonly connectionLimit: number;
  /** A SCRAM verifier in PostgreSQL's form; never the password. */
  readonly password?: string;
  /** Microseconds since 2000: until then the password is good. */
  readonly validUntil?: bigint;
  /** ALTER ROLE ... SET. */
  readonly settings?: readonly RoleSetting[];
  /** A user of the image's configuration: its password and what it may do stand there. */
  readonly isConfigured?: boolean;
}

export interface RoleSetting {
  readonly name: string;
  readonly value: string;
  /** Only for sessions in the database. */
  readonly inDatabase: boolean;
}

/** A role that is a member of another one. */
export interface Membership {
  readonly oid: number;
  readonly role: number;
  readonly member: number;
  readonly grantor: number;
  readonly admin: boolean;
  readonly inherit: boolean;
  readonly set: boolean;
}

/** A policy of row-level security. */
export interface Policy {
  readonly oid: number;
  readonly name: string;
  readonly relation: number;
  readonly isPermissive: boolean;
  /** all, SELECT, INSERT, UPDATE, DELETE */
  readonly command: "*" | "r" | "a" | "w" | "d";
  /** OIDs of the roles that it is for; 0 for everybody. */
  readonly roles: readonly number[];
  /** SQL texts over the table's columns. */
  readonly using?: string;
  readonly check?: string;
}

/** What is sent to subscribers: of which tables, which of their changes. */
export interface Publication {
  readonly oid: number;
  readonly name: string;
  readonly owner: number;
  readonly allTables: boolean;
  readonly insert: boolean;
  readonly update: boolean;
  readonly delete: boolean;
  readonly truncate: boolean;
  /** Rows of partitions are told as rows of the partitioned table. */
  readonly viaRoot: boolean;
  /** Stored generated columns, too. */
  readonly generated: boolean;
  readonly tables: readonly PublicationTable[];
  readonly schemas: readonly { readonly oid: number; readonly namespace: number }[];
}

export interface PublicationTable {
  /** Of its row in pg_publication_rel. */
  readonly oid: number;
  readonly relation: number;
  /** Attnums, ascending; undefined for all columns. */
  readonly columns?: readonly number[];
  /** SQL text of WHERE. */
  readonly where?: string;
}

/** What ALTER DEFAULT PRIVILEGES has said for objects that a role will make. */
export interface DefaultAcl {
  readonly oid: number;
  readonly role: number;
  /** 0 for all schemas. */
  readonly namespace: number;
  /** tables and views, sequences, functions, types, schemas */
  readonly type: "r" | "S" | "f" | "T" | "n";
  readonly acl: Acl;
}

/** The one database. */
export interface DatabaseInfo {
  readonly oid: number;
  readonly owner: number;
  readonly acl?: Acl;
  /** ALTER DATABASE ... SET. */
  readonly settings?: readonly (readonly [name: string, value: string])[];
}

/** OIDs of the schemas that are always there. */
export const catalogNamespace = 11;
export const toastNamespace = 99;
export const publicNamespace = 2200;
export const informationNamespace = 13000;
/** The role that owns what the system made. */
export const bootstrapRole = 10;
export const bootstrapRoleName = "postgres";
/** Whoever owns the database is a member. */
export const databaseOwnerRole = 6171;
export const theDatabase = 5;
export const defaultCollation = 100;

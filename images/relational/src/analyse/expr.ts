import type { Constraint, Proc, Relation } from "../catalog/model.ts";
import type { Datum } from "../types/datum.ts";

/** Expressions after analysis: every name resolved, every type and cast explicit. */

interface Typed {
  readonly type: number;
  readonly typmod: number;
  /** OID of the collation; 0 for types without. */
  readonly collation?: number;
  /** Bytes into the statement's text. */
  readonly location?: number | undefined;
}

export interface Const extends Typed {
  readonly kind: "const";
  readonly value: Datum;
  /** A literal without a type: `value` is its text. */
  readonly unknown?: boolean;
}

/** A column of a range table entry: of this query, or of one `levelsUp` around it. */
export interface Var extends Typed {
  readonly kind: "var";
  readonly levelsUp: number;
  readonly entry: RangeEntry;
  /** From 1; system columns are negative. */
  readonly attnum: number;
}

export interface Param extends Typed {
  readonly kind: "param";
  readonly index: number;
}

export interface FuncExpr extends Typed {
  readonly kind: "func";
  readonly proc: Proc;
  readonly args: readonly Expr[];
  /** The operator's name, when it was written as one. */
  readonly operator?: string;
  readonly operatorOid?: number;
  readonly inputCollation?: number;
  /** How it is shown: as a call, an explicit cast or one that nobody wrote. */
  readonly form?: "call" | "cast" | "implicit";
  /** The last argument is an array given with VARIADIC. */
  readonly variadic?: boolean;
}

export interface BoolExpr extends Typed {
  readonly kind: "bool";
  readonly op: "and" | "or" | "not";
  readonly args: readonly Expr[];
}

export interface CaseExpr extends Typed {
  readonly kind: "case";
  readonly whens: readonly { readonly when: Expr; readonly result: Expr }[];
  readonly otherwise?: Expr;
  /** The operand, which the conditions see as `caseTest`. */
  readonly operand?: Expr;
}

export interface CaseTest extends Typed {
  readonly kind: "caseTest";
}

export interface CoalesceExpr extends Typed {
  readonly kind: "coalesce";
  readonly args: readonly Expr[];
}

export interface MinMaxExpr extends Typed {
  readonly kind: "minmax";
  readonly op: "greatest" | "least";
  readonly args: readonly Expr[];
}

export interface NullIfExpr extends Typed {
  readonly kind: "nullif";
  readonly equal: FuncExpr;
}

export interface DistinctExpr extends Typed {
  readonly kind: "distinct";
  readonly equal: FuncExpr;
  readonly not: boolean;
}

/** `left op ANY (array)` */
export interface ScalarArrayExpr extends Typed {
  readonly kind: "scalarArray";
  readonly proc: Proc;
  readonly operator: string;
  readonly any: boolean;
  readonly left: Expr;
  readonly right: Expr;
}

export interface ArrayExpr extends Typed {
  readonly kind: "array";
  readonly elements: readonly Expr[];
  /** The elements are arrays themselves. */
  readonly nested: boolean;
}

export interface RowExpr extends Typed {
  readonly kind: "row";
  readonly fields: readonly Expr[];
  readonly names: readonly string[];
  /** A whole row of a table is NULL when it was not found by an outer join. */
  readonly wholeRow?: RangeEntry;
}

/** Rows compared field by field: `op` decides at the first that differs. */
export interface RowCompareExpr extends Typed {
  readonly kind: "rowCompare";
  readonly op: "<" | "<=" | ">" | ">=";
  readonly pairs: readonly {
    readonly left: Expr;
    readonly right: Expr;
    readonly less: Proc;
    readonly equal: Proc;
  }[];
}

export interface NullTest extends Typed {
  readonly kind: "nullTest";
  readonly arg: Expr;
  readonly not: boolean;
  /** The argument is a row: all fields are asked. */
  readonly row: boolean;
}

export interface BooleanTest extends Typed {
  readonly kind: "booleanTest";
  readonly arg: Expr;
  readonly is: "true" | "false" | "unknown";
  readonly not: boolean;
}

/** Another name for the same value: binary coercible types. */
export interface RelabelExpr extends Typed {
  readonly kind: "relabel";
  readonly arg: Expr;
  readonly form: "cast" | "implicit";
}

/** A conversion through the text of both types. */
export interface CoerceIoExpr extends Typed {
  readonly kind: "coerceIo";
  readonly arg: Expr;
  readonly form: "cast" | "implicit";
}

export interface ArrayCoerceExpr extends Typed {
  readonly kind: "arrayCoerce";
  readonly arg: Expr;
  /** What is done with each element, which it sees as `caseTest`. */
  readonly element: Expr;
  readonly form: "cast" | "implicit";
}

export interface DomainCoerceExpr extends Typed {
  readonly kind: "domainCoerce";
  readonly arg: Expr;
  readonly form: "cast" | "implicit";
}

/** A row as another row type: of a RECORD to a composite type. */
export interface RowCoerceExpr extends Typed {
  readonly kind: "rowCoerce";
  readonly arg: Expr;
  readonly fields: readonly Expr[];
  readonly names: readonly string[];
}

export interface CollateExpr extends Typed {
  readonly kind: "collate";
  readonly arg: Expr;
}

export interface FieldExpr extends Typed {
  readonly kind: "field";
  readonly arg: Expr;
  /** From 0. */
  readonly index: number;
  readonly name: string;
}

export interface SubscriptExpr extends Typed {
  readonly kind: "subscript";
  readonly arg: Expr;
  readonly slice: boolean;
  readonly subscripts: readonly { readonly lower?: Expr | undefined; readonly upper?: Expr | undefined }[];
  /** jsonb or an array. */
  readonly container: "array" | "jsonb";
}

export interface SubLink extends Typed {
  readonly kind: "sublink";
  readonly link: "exists" | "scalar" | "array" | "any" | "all" | "row" | "multi";
  readonly query: Query;
  /** Of `any` and `all`: the comparison of the left side with the subquery's row, which it sees as `subOutput`. */
  readonly test?: Expr;
  readonly operator?: string;
}

/** A column of the row that a subquery under ANY or ALL gave. */
export interface SubOutput extends Typed {
  readonly kind: "subOutput";
  readonly index: number;
}

export interface Aggref extends Typed {
  readonly kind: "aggref";
  readonly proc: Proc;
  readonly args: readonly Expr[];
  readonly direct: readonly Expr[];
  readonly distinct: boolean;
  readonly orderBy: readonly SortKey[];
  readonly filter?: Expr | undefined;
  readonly levelsUp: number;
  readonly star: boolean;
  readonly variadic?: boolean;
  readonly ordinal: number;
}

export interface WindowFunc extends Typed {
  readonly kind: "window";
  readonly proc: Proc;
  readonly args: readonly Expr[];
  readonly filter?: Expr | undefined;
  readonly window: WindowDefinition;
  readonly star: boolean;
  readonly ordinal: number;
}

export interface GroupingFunc extends Typed {
  readonly kind: "grouping";
  readonly args: readonly Expr[];
  readonly levelsUp: number;
}

/** DEFAULT in VALUES or SET: replaced before it runs. */
export interface SetToDefault extends Typed {
  readonly kind: "default";
}

/** `(SELECT ...).n`-th column of a multi-assignment. */
export interface MultiField extends Typed {
  readonly kind: "multiField";
  readonly link: SubLink;
  readonly index: number;
}

/** CURRENT_DATE and its like. */
export interface SqlValueExpr extends Typed {
  readonly kind: "sqlValue";
  readonly op: string;
}

/** SQL/JSON and XML constructors, by name with what they need. */
export interface SpecialExpr extends Typed {
  readonly kind: "special";
  readonly name: string;
  readonly args: readonly Expr[];
  readonly options: Readonly<Record<string, unknown>>;
}

export type Expr =
  | Const
  | Var
  | Param
  | FuncExpr
  | BoolExpr
  | CaseExpr
  | CaseTest
  | CoalesceExpr
  | MinMaxExpr
  | NullIfExpr
  | DistinctExpr
  | ScalarArrayExpr
  | ArrayExpr
  | RowExpr
  | RowCompareExpr
  | NullTest
  | BooleanTest
  | RelabelExpr
  | CoerceIoExpr
  | ArrayCoerceExpr
  | DomainCoerceExpr
  | RowCoerceExpr
  | CollateExpr
  | FieldExpr
  | SubscriptExpr
  | SubLink
  | SubOutput
  | Aggref
  | WindowFunc
  | GroupingFunc
  | SetToDefault
  | MultiField
  | SqlValueExpr
  | SpecialExpr;

export interface SortKey {
  readonly expr: Expr;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface WindowDefinition {
  readonly name?: string | undefined;
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly SortKey[];
  readonly frame: WindowFrame;
}

export interface WindowFrame {
  readonly mode: "range" | "rows" | "groups";
  readonly start: FrameBound;
  readonly end: FrameBound;
  readonly exclude: "none" | "current" | "group" | "ties";
  /** How RANGE adds an offset to the ordering column. */
  readonly inRange?: { readonly add: Proc; readonly subtract: Proc; readonly cast?: Proc | undefined };
  readonly explicit: boolean;
}

export type FrameBound =
  | { readonly kind: "unboundedPreceding" | "unboundedFollowing" | "current" }
  | { readonly kind: "preceding" | "following"; readonly offset: Expr };

export interface EntryColumn {
  readonly name: string;
  readonly type: number;
  readonly typmod: number;
  readonly collation: number;
  readonly attnum: number;
  readonly notNull?: boolean;
}

/** What a query reads from; columns are found by their attnum, from 1. */
export interface RangeEntry {
  readonly id: number;
  readonly kind: "table" | "subquery" | "function" | "values" | "cte" | "result" | "group";
  readonly alias: string;
  readonly columns: readonly EntryColumn[];
  /** attnums that some expression reads, those of subqueries too. */
  readonly used: Set<number>;
  readonly relation?: Relation;
  readonly query?: Query;
  readonly lateral?: boolean;
  /** ONLY: of a partitioned table, whose rows are all in its partitions, nothing. */
  readonly only?: boolean;
  readonly functions?: readonly TableFunction[];
  readonly ordinality?: boolean;
  readonly values?: readonly (readonly Expr[])[];
  readonly cte?: Cte;
  /** How many queries up the CTE is. */
  readonly cteLevelsUp?: number;
  /** Tables of the subquery whose rows are locked where it is read: their rowids are in its rows, behind its columns. */
  carried?: readonly RangeEntry[];
  /** Of policies: conditions that its rows meet before anything else is asked of them. */
  security?: readonly Expr[];
  readonly sample?: { readonly method: string; readonly percent: Expr; readonly seed?: Expr | undefined };
}

export interface TableFunction {
  readonly expr: Expr;
  readonly columns: readonly EntryColumn[];
  /** The result is one row type whose fields are the columns. */
  readonly composite: boolean;
}

export type FromNode =
  | { readonly kind: "entry"; readonly entry: RangeEntry }
  | {
      readonly kind: "join";
      readonly type: "inner" | "left" | "right" | "full";
      readonly left: FromNode;
      readonly right: FromNode;
      readonly on?: Expr | undefined;
    };

/** SEARCH and CYCLE of a recursive CTE: which columns they add, and the values that mark a cycle. */
export interface RecursionClauses {
  readonly search?: {
    readonly isBreadth: boolean;
    readonly by: readonly string[];
    readonly column: EntryColumn;
  };
  readonly cycle?: {
    readonly by: readonly string[];
    readonly mark: EntryColumn;
    readonly path: EntryColumn;
    readonly value: Expr;
    readonly otherwise: Expr;
  };
}

export interface Cte {
  readonly name: string;
  query: Query;
  columns: readonly EntryColumn[];
  readonly recursive: boolean;
  materialized: "default" | "always" | "never";
  references: number;
  /** SEARCH and CYCLE; the columns that they add are the last ones, which `*` of a query further in does not give. */
  readonly clauses?: RecursionClauses | undefined;
}

export interface Target {
  readonly expr: Expr;
  readonly name: string;
  /** Only for sorting or grouping. */
  readonly junk: boolean;
  /** The table's column that it is, for the row description. */
  readonly origin?: { readonly table: number; readonly attnum: number } | undefined;
}

export interface OrderItem {
  readonly target: number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface RowLock {
  readonly strength: "update" | "noKeyUpdate" | "share" | "keyShare";
  readonly wait: "block" | "skip" | "error";
  readonly entries: readonly RangeEntry[];
  /** It is of the query around: of a subquery or view that is locked there. */
  readonly isPushedDown?: boolean;
}

export interface SelectQuery {
  readonly command: "select";
  readonly ctes: readonly Cte[];
  readonly from: readonly FromNode[];
  readonly where?: Expr | undefined;
  readonly targets: readonly Target[];
  readonly grouped: boolean;
  /** What is grouped by; the sets are indexes into it. */
  readonly groupBy: readonly Expr[];
  readonly groupingSets?: readonly (readonly number[])[] | undefined;
  readonly having?: Expr | undefined;
  readonly aggregates: readonly Aggref[];
  readonly windows: readonly WindowFunc[];
  readonly distinct?: "all" | readonly number[] | undefined;
  readonly orderBy: readonly OrderItem[];
  readonly limit?: Expr | undefined;
  readonly offset?: Expr | undefined;
  readonly withTies: boolean;
  readonly locks: RowLock[];
  /** Tables whose rowids go behind the targets, for the query around to lock. */
  carries?: readonly RangeEntry[];
  readonly setOperation?: SetOperation | undefined;
  /** SELECT's target list calls functions that return sets. */
  readonly targetSets: boolean;
}

export interface SetOperation {
  readonly op: "union" | "intersect" | "except";
  readonly all: boolean;
  readonly left: Query;
  readonly right: Query;
  readonly columns: readonly EntryColumn[];
  /** The result, for the ORDER BY of the whole. */
  readonly entry: RangeEntry;
  /** Of a recursive CTE. */
  readonly recursive?: Cte | undefined;
  /** Of one with SEARCH or CYCLE: the last of `columns` are made of each row by these. */
  readonly added?: RecursionColumns | undefined;
}

/** How the columns of SEARCH and CYCLE are computed from a row of the recursion's terms. */
export interface RecursionColumns {
  /** The row: its own columns and, in the recursive term, what the added ones were where it comes from. */
  readonly entry: RangeEntry;
  readonly first: readonly Expr[];
  readonly next: readonly Expr[];
  /** Whether the row is one at all: what comes from a row that closes a cycle is none. */
  readonly goesOn?: Expr | undefined;
}

/** What a statement that changes rows has in common. */
interface Modification {
  readonly ctes: readonly Cte[];
  readonly relation: Relation;
  /** The rows to change, and after `RETURNING` the new ones. */
  readonly target: RangeEntry;
  readonly returning: readonly Target[];
  readonly returns: boolean;
  /** OLD and NEW of RETURNING. */
  readonly oldEntry: RangeEntry;
  /** What policies ask of the rows that are written. */
  rowSecurity?: RowSecurity;
  /** The views that it goes through, outermost first. */
  readonly layers?: readonly ViewLayer[];
  /** The views' conditions, on the rows to change. */
  readonly viewQuals?: readonly { readonly expr: Expr; readonly layer: number }[];
  /** Of WITH CHECK OPTION, on the rows that are written. */
  readonly viewChecks?: readonly ViewCheck[];
}

/** A view whose change has become that of what it reads. */
export interface ViewLayer {
  readonly view: Relation;
  /** The statement as it was over the view. */
  readonly change: ChangeQuery;
}

export interface ViewCheck {
  readonly view: string;
  readonly isCascaded: boolean;
  /** Over the target's columns; undefined for a view that shows all rows. */
  readonly expr: Expr | undefined;
}

/** A condition of policies on one row; without it the statement fails. */
export interface RowCheck {
  readonly expr: Expr;
  /** Of a restrictive policy, which messages name. */
  readonly policy?: string;
  /** It is asked of a row that was there. */
  readonly isUsing?: boolean;
  readonly subject?: string;
}

/** Checks over the columns of `entry`, by what is done with the row. */
export interface RowSecurity {
  readonly entry: RangeEntry;
  readonly insert: readonly RowCheck[];
  /** The row as it is to be. */
  readonly update: readonly RowCheck[];
  /** The row that ON CONFLICT or MERGE found and updates. */
  readonly existing: readonly RowCheck[];
  /** The row that MERGE deletes. */
  readonly deleted: readonly RowCheck[];
}

export interface InsertQuery extends Modification {
  readonly command: "insert";
  /** attnums, in the order of the source's columns. */
  readonly columns: readonly number[];
  /** Rows already of the columns' types; undefined for DEFAULT VALUES. */
  readonly source?: SelectQuery | undefined;
  /** What `source`'s row becomes, one for each of `columns`, over `sourceEntry`. */
  readonly values: readonly Expr[];
  readonly sourceEntry?: RangeEntry | undefined;
  readonly defaults: ReadonlyMap<number, Expr>;
  readonly overriding: "none" | "user" | "system";
  readonly onConflict?: OnConflict | undefined;
}

export interface OnConflict {
  readonly action: "nothing" | "update";
  /** OIDs of the indexes that decide; all when empty. */
  readonly indexes: readonly number[];
  readonly constraint?: Constraint | undefined;
  /** attnums that were named to find the indexes: they are read. */
  readonly keys?: readonly number[];
  readonly sets: readonly Assignment[];
  readonly where?: Expr | undefined;
  readonly excluded: RangeEntry;
}

export interface Assignment {
  readonly attnum: number;
  readonly expr: Expr;
}

export interface UpdateQuery extends Modification {
  readonly command: "update";
  readonly from: readonly FromNode[];
  readonly where?: Expr | undefined;
  readonly sets: readonly Assignment[];
}

export interface DeleteQuery extends Modification {
  readonly command: "delete";
  readonly from: readonly FromNode[];
  readonly where?: Expr | undefined;
}

export interface MergeQuery extends Modification {
  readonly command: "merge";
  readonly source: FromNode;
  readonly on: Expr;
  readonly actions: readonly MergeAction[];
  readonly defaults: ReadonlyMap<number, Expr>;
}

export interface MergeAction {
  readonly match: "matched" | "notMatchedBySource" | "notMatched";
  readonly condition?: Expr | undefined;
  readonly action: "insert" | "update" | "delete" | "nothing";
  readonly columns: readonly number[];
  readonly values: readonly Expr[];
  readonly sets: readonly Assignment[];
}

export type ChangeQuery = InsertQuery | UpdateQuery | DeleteQuery | MergeQuery;

export type Query = SelectQuery | ChangeQuery;

/** The columns that a query gives. */
export function outputTargets(query: Query): readonly Target[] {
  return query.command === "select" ? query.targets.filter((target) => !target.junk) : query.returning;
}

/** The expressions directly in another. */
export function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "func":
    case "bool":
    case "coalesce":
    case "minmax":
    case "special":
    case "grouping":
      return expr.args;
    case "case": {
      const list = expr.whens.flatMap(({ when, result }) => [when, result]);
      if (expr.operand !== undefined) list.unshift(expr.operand);
      if (expr.otherwise !== undefined) list.push(expr.otherwise);
      return list;
    }
    case "nullif":
    case "distinct":
      return [expr.equal];
    case "scalarArray":
      return [expr.left, expr.right];
    case "array":
      return expr.elements;
    case "row":
      return expr.fields;
    case "rowCompare":
      return expr.pairs.flatMap(({ left, right }) => [left, right]);
    case "nullTest":
    case "booleanTest":
    case "relabel":
    case "coerceIo":
    case "domainCoerce":
    case "collate":
    case "field":
      return [expr.arg];
    case "rowCoerce":
      return [expr.arg];
    case "arrayCoerce":
      return [expr.arg, expr.element];
    case "subscript":
      return [
        expr.arg,
        ...expr.subscripts.flatMap(({ lower, upper }) => [lower, upper].filter((e) => e !== undefined)),
      ];
    case "sublink":
      return expr.test === undefined ? [] : [expr.test];
    case "aggref":
      return [
        ...expr.direct,
        ...expr.args,
        ...expr.orderBy.map((key) => key.expr),
        ...(expr.filter === undefined ? [] : [expr.filter]),
      ];
    case "window":
      return [...expr.args, ...(expr.filter === undefined ? [] : [expr.filter])];
    case "multiField":
      return [expr.link];
    default:
      return [];
  }
}

/** Whether `test` holds for the expression or anything in it, not looking into subqueries. */
export function some(expr: Expr, test: (expr: Expr) => boolean): boolean {
  return test(expr) || children(expr).some((child) => some(child, test));
}

/**
 * The same text for the same expression, for GROUP BY and DISTINCT; Vars of entries by their id.
 * Subqueries are told apart by their identity.
 */
export function exprKey(expr: Expr): string {
  switch (expr.kind) {
    case "var":
      return `v${expr.levelsUp}.${expr.entry.id}.${expr.attnum}`;
    case "const":
      return `c${expr.type}.${keyOf(expr.value)}`;
    case "param":
      return `$${expr.index}`;
    case "func":
      return `f${expr.proc.oid}.${expr.type}(${expr.args.map(exprKey).join()})`;
    case "aggref":
      return `agg${expr.ordinal}`;
    case "window":
      return `win${expr.ordinal}`;
    case "sublink":
      return `sub${queryId(expr.query)}(${expr.test === undefined ? "" : exprKey(expr.test)})`;
    default: {
      const plain = Object.entries(expr)
        .filter(([name, value]) => name !== "location" && typeof value !== "object")
        .map(([, value]) => String(value));
      const extra =
        expr.kind === "case"
          ? `${expr.operand !== undefined}`
          : expr.kind === "subscript"
            ? expr.subscripts.map((s) => `${s.lower !== undefined}`).join()
            : expr.kind === "rowCompare"
              ? expr.pairs.length
              : expr.kind === "special"
                ? JSON.stringify(expr.options)
                : "";
      return `${plain.join(".")}${extra}(${children(expr).map(exprKey).join()})`;
    }
  }
}

const queryIds = new WeakMap<Query, number>();
let queries = 0;
function queryId(query: Query): number {
  let id = queryIds.get(query);
  if (id === undefined) {
    id = ++queries;
    queryIds.set(query, id);
  }
  return id;
}

function keyOf(value: Datum): string {
  return typeof value === "object" && value !== null
    ? JSON.stringify(value, bigints)
    : `${typeof value}${value}`;
}

function bigints(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value instanceof Map ? [...value] : value;
}

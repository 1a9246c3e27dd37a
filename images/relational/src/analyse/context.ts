import { builtinProcs } from "../catalog/builtin.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Proc, TypeInfo } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import type { IoContext } from "../types/type-ops.ts";
import { formatType, isArrayType } from "../types/type-text.ts";
import type {
  Aggref,
  Cte,
  EntryColumn,
  Expr,
  RangeEntry,
  SortKey,
  WindowDefinition,
  WindowFunc,
} from "./expr.ts";

/** Names that mean values of the routine around a statement: its arguments and variables. */
export interface Variables {
  /** What `a`, `a.b` or `a.b.c` stands for, as a parameter of the statement; undefined when it is none. */
  resolve(ctx: AnalyseContext, names: readonly string[]): Expr | undefined;
  /** What a name means that is a column too: in PL/pgSQL it is an error. */
  readonly onConflict: "error" | "column";
}

/** What one statement's analysis shares. */
export class AnalyseContext {
  readonly catalog: Catalog;
  /** Without `requireUsage` where what the catalog keeps is read: its names were looked up when it was made. */
  io: IoContext;
  /** A view was met that reads with the rights of somebody who is no superuser. */
  readsForOthers = false;
  /** Schemas in the order of search_path, the implicit ones too. */
  readonly searchPath: readonly number[];
  /** The parameters' types so far; 0 or unknown until something decides them. */
  readonly params: number[];
  /** Whether parameters that are not declared may appear. */
  readonly openParams: boolean;
  /** Of a statement inside of a routine. */
  variables: Variables | undefined;
  /** Tables that only this statement has: the rows that a trigger's statement changed. */
  tables: ReadonlyMap<string, Cte> | undefined;
  #entries = 0;
  #ordinals = 0;

  constructor(io: IoContext, params: readonly number[], openParams: boolean) {
    this.catalog = io.catalog;
    this.io = io;
    this.searchPath = io.searchPath;
    this.params = [...params];
    this.openParams = openParams;
  }

  nextEntryId(): number {
    return ++this.#entries;
  }

  nextOrdinal(): number {
    return ++this.#ordinals;
  }

  type(typeOid: number): TypeInfo {
    const type = this.catalog.type(typeOid);
    if (type === undefined) throw new PgError("XX000", `cache lookup failed for type ${typeOid}`);
    return type;
  }

  proc(procOid: number): Proc {
    const proc = builtinProcs.get(procOid) ?? this.catalog.get("proc", procOid);
    if (proc === undefined) throw new PgError("0A000", `function ${procOid} is not supported`);
    return proc;
  }

  /** The type under a domain, and its typmod. */
  base(typeOid: number): { oid: number; typmod: number } {
    let type = this.type(typeOid);
    let typmod = -1;
    while (type.kind === "d") {
      if (typmod === -1) typmod = type.baseTypmod;
      type = this.type(type.baseType);
    }
    return { oid: type.oid, typmod };
  }

  /** The element's type when it is an array, else undefined. */
  elementOf(typeOid: number): number | undefined {
    const type = this.catalog.type(typeOid);
    return type !== undefined && isArrayType(type) ? type.element : undefined;
  }

  /** OID of the array type of an element type, or undefined. */
  arrayOf(typeOid: number): number | undefined {
    return this.catalog.type(typeOid)?.array || undefined;
  }

  formatType(typeOid: number, typmod = -1): string {
    return formatType(this.catalog, typeOid, typmod, this.searchPath);
  }
}

/** A name that expressions may use, and what it stands for. */
export interface NamespaceItem {
  readonly alias: string;
  /** Of a table without an alias: its schema, for `schema.table.column`. */
  readonly schema?: string | undefined;
  readonly columns: readonly NamespaceColumn[];
  /** For a whole-row reference. */
  readonly entry?: RangeEntry | undefined;
  /** Columns can be named without the table. */
  columnsVisible: boolean;
  /** The table can be named. */
  tableVisible: boolean;
  /** Only LATERAL may see it: named elsewhere it is an error with a hint. */
  lateralOnly: boolean;
  /** LATERAL may not see it either: it is on the wrong side of an outer join. */
  lateralOk: boolean;
}

export interface NamespaceColumn {
  readonly name: string;
  readonly expr: Expr;
  readonly origin?: { readonly table: number; readonly attnum: number } | undefined;
  /** It can be named, but `*` does not give it. */
  readonly isHidden?: boolean;
}

/** Where an expression stands, which decides what it may contain and how an error names it. */
export type ExpressionPlace =
  | "SELECT"
  | "WHERE"
  | "HAVING"
  | "JOIN/ON"
  | "JOIN/USING"
  | "FROM"
  | "GROUP BY"
  | "ORDER BY"
  | "DISTINCT ON"
  | "LIMIT"
  | "OFFSET"
  | "FILTER"
  | "WINDOW"
  | "VALUES"
  | "UPDATE"
  | "INSERT"
  | "RETURNING"
  | "MERGE WHEN"
  | "DEFAULT"
  | "CHECK"
  | "GENERATED"
  | "INDEX"
  | "INDEX PREDICATE"
  | "ALTER USING"
  | "POLICY"
  | "EXECUTE"
  | "CALL"
  | "PARTITION"
  | "TRIGGER WHEN"
  | "AGGREGATE";

/** One query while it is analysed: what its expressions see, and what was found in them. */
export class Level {
  readonly parent: Level | undefined;
  namespace: NamespaceItem[] = [];
  readonly ctes = new Map<string, Cte>();
  readonly aggregates: Aggref[] = [];
  readonly windows: WindowFunc[] = [];
  readonly namedWindows = new Map<string, WindowDefinition>();
  place: ExpressionPlace = "SELECT";
  /** A function that returns a set was seen in the target list. */
  sets = false;
  /** The value under test of a simple CASE, and the like. */
  inAggregate = false;
  lateralActive = false;
  /** Columns that may be named as `name` in ORDER BY of a set operation only. */
  readonly excluded: RangeEntry[] = [];

  constructor(parent?: Level) {
    this.parent = parent;
  }
}

export function sortKey(expr: Expr, descending = false, nullsFirst = descending): SortKey {
  return { expr, descending, nullsFirst };
}

export function entryColumn(
  name: string,
  expr: Pick<Expr, "type" | "typmod" | "collation">,
  attnum: number,
): EntryColumn {
  return { name, type: expr.type, typmod: expr.typmod, collation: expr.collation ?? 0, attnum };
}

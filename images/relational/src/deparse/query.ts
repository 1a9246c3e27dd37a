import type {
  Cte,
  EntryColumn,
  Expr,
  FromNode,
  Query,
  RangeEntry,
  RecursionColumns,
  SelectQuery,
  TableFunction,
} from "../analyse/expr.ts";
import { addedColumns } from "../analyse/search-cycle.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { notSupported } from "../errors.ts";
import type { IoContext } from "../types/type-ops.ts";
import { formatType, quoteName } from "../types/type-text.ts";
import { type DeparseContext, deparse, sortText } from "./expr.ts";
import { relationName } from "./names.ts";

/** Writes an analysed query as SQL, as pg_get_viewdef() does; names are qualified where the search path needs it. */
export function deparseQuery(
  catalog: Catalog,
  io: IoContext,
  query: Query,
  names?: readonly string[],
  isPretty = false,
  routine?: RoutineArguments,
): string {
  const writer = new QueryWriter(catalog, io, undefined, isPretty, routine);
  return routine === undefined ? writer.query(query, "", names) : writer.inRoutine(query);
}

/** The routine that a statement is in: its arguments are shown by their names. */
export interface RoutineArguments {
  readonly name: string;
  readonly arguments: readonly string[];
}

/** The expression of RETURN in a routine's body. */
export function deparseReturn(
  catalog: Catalog,
  io: IoContext,
  expr: Expr,
  routine: RoutineArguments,
): string {
  return new QueryWriter(catalog, io, undefined, false, routine).alone(expr);
}

/** Writes an expression over the columns of one table, in which subqueries may stand. */
export function deparseOverTable(
  catalog: Catalog,
  io: IoContext,
  entry: RangeEntry,
  expr: Expr,
  isPretty = false,
): string {
  return new QueryWriter(catalog, io, undefined, isPretty).overTable(entry, expr);
}

/** One query while it is written: what its tables are called, and the queries around it. */
class QueryWriter {
  readonly #catalog: Catalog;
  readonly #io: IoContext;
  readonly #parent: QueryWriter | undefined;
  readonly #aliases = new Map<RangeEntry, string>();
  readonly #isPretty: boolean;
  readonly #routine: RoutineArguments | undefined;
  #isPrefixed = false;
  #hidesNames = false;

  constructor(
    catalog: Catalog,
    io: IoContext,
    parent: QueryWriter | undefined,
    isPretty: boolean,
    routine?: RoutineArguments,
  ) {
    this.#routine = routine ?? (parent === undefined ? undefined : parent.#routine);
    this.#isPretty = isPretty;
    this.#catalog = catalog;
    this.#io = io;
    this.#parent = parent;
  }

  overTable(entry: RangeEntry, expr: Expr): string {
    this.#aliases.set(entry, entry.alias);
    return deparse({ ...this.#context(""), query: (query) => this.#inner(query, "") }, expr);
  }

  /** An expression that no query is around. */
  alone(expr: Expr): string {
    return deparse(this.#context(""), expr);
  }

  /** An argument's name: behind the routine's where there are tables that it could be a column of. */
  #parameter(index: number): string | undefined {
    const name = this.#routine?.arguments[index] ?? "";
    if (name === "") return undefined;
    let hasTables = false;
    for (let at: QueryWriter | undefined = this; at !== undefined; at = at.#parent)
      hasTables ||= at.#aliases.size > 0;
    return hasTables ? `${quoteName(this.#routine!.name)}.${quoteName(name)}` : quoteName(name);
  }

  /** A statement of a body: what its columns are called is nobody's concern, and its lines stand one further in. */
  inRoutine(query: Query): string {
    this.#hidesNames = true;
    return this.query(query, " ");
  }

  /** A query in an expression: nobody sees what its columns are called. */
  #inner(query: Query, indent: string): string {
    const writer = new QueryWriter(this.#catalog, this.#io, this, this.#isPretty);
    writer.#hidesNames = true;
    return writer.query(query, indent);
  }

  query(query: Query, indent: string, names?: readonly string[]): string {
    // Views are of queries; statements that change rows stand in none.
    if (query.command !== "select") throw notSupported(`writing ${query.command.toUpperCase()} as SQL`);
    // The tables have their names first: those in WITH are called otherwise.
    for (const entry of query.from.flatMap((node) => [...entriesOf(node)])) this.#name(entry);
    const withs = this.#with(query.ctes, indent);
    if (query.setOperation !== undefined) return withs + this.#setOperation(query, indent, names);
    return withs + this.#select(query, indent, names);
  }

  #with(ctes: readonly Cte[], indent: string): string {
    if (ctes.length === 0) return "";
    const parts = ctes.map((cte) => {
      const inner = new QueryWriter(this.#catalog, this.#io, this, this.#isPretty).query(
        cte.query,
        `${indent}        `,
      );
      const own = cte.columns.slice(
        0,
        cte.columns.length - (cte.clauses === undefined ? 0 : addedColumns(cte.clauses).length),
      );
      const columns = cte.recursive ? `(${own.map(({ name }) => quoteName(name)).join(", ")})` : "";
      const materialized =
        cte.materialized === "always"
          ? "MATERIALIZED "
          : cte.materialized === "never"
            ? "NOT MATERIALIZED "
            : "";
      return `${quoteName(cte.name)}${columns} AS ${materialized}(\n${indent}        ${inner}\n${indent}        )${this.#clauses(cte, indent)}`;
    });
    const recursive = ctes.some((cte) => cte.recursive) ? "RECURSIVE " : "";
    return ` WITH ${recursive}${parts.join(", ")}\n${indent}`;
  }

  /** SEARCH and CYCLE. */
  #clauses({ clauses }: Cte, indent: string): string {
    const list = (by: readonly string[]) => by.map(quoteName).join(", ");
    let text = "";
    if (clauses?.search !== undefined) {
      const { isBreadth, by, column } = clauses.search;
      text += ` SEARCH ${isBreadth ? "BREADTH" : "DEPTH"} FIRST BY ${list(by)} SET ${quoteName(column.name)}`;
    }
    if (clauses?.cycle !== undefined) {
      const { by, mark, path, value, otherwise } = clauses.cycle;
      text += ` CYCLE ${list(by)} SET ${quoteName(mark.name)}`;
      const is = (expr: Expr, wanted: boolean) => expr.kind === "const" && expr.value === wanted;
      if (!is(value, true) || !is(otherwise, false)) {
        const ctx = this.#context(indent);
        text += ` TO ${deparse(ctx, value)} DEFAULT ${deparse(ctx, otherwise)}`;
      }
      text += ` USING ${quoteName(path.name)}`;
    }
    return text;
  }

  #setOperation(query: SelectQuery, indent: string, names: readonly string[] | undefined): string {
    const { op, all, left, right, added } = query.setOperation!;
    const side = (part: Query, own: readonly string[] | undefined) => {
      const needsBrackets =
        part.command === "select" &&
        (part.orderBy.length > 0 ||
          part.limit !== undefined ||
          part.ctes.length > 0 ||
          (part.setOperation?.op !== undefined &&
            (part.setOperation.op !== op || part.setOperation.all !== all)));
      const writer = new QueryWriter(this.#catalog, this.#io, this.#parent, this.#isPretty, this.#routine);
      writer.#hidesNames = this.#hidesNames;
      const text = writer.query(part, indent, own);
      return needsBrackets ? `(${text})` : text;
    };
    const text = `${side(left, names)}\n${indent}${op.toUpperCase()}${all ? " ALL" : ""}\n${indent}${side(written(right, added), names)}`;
    const columns = query.setOperation!.columns;
    const order = query.orderBy.map((item) => {
      const target = query.targets[item.target]!;
      const at = columns.findIndex(({ name }) => name === target.name);
      const shown = at >= 0 ? String(at + 1) : deparse(this.#context(indent), target.expr);
      return shown + directionOf(item);
    });
    const orderText = order.length === 0 ? "" : `\n${indent}  ORDER BY ${order.join(", ")}`;
    return text + orderText + this.#limit(query, indent);
  }

  #select(query: SelectQuery, indent: string, names: readonly string[] | undefined): string {
    const entries = query.from.flatMap((node) => [...entriesOf(node)]);
    const [only] = entries;
    if (entries.length === 1 && only?.kind === "values" && isBareValues(query))
      return ` VALUES ${this.#values(only, indent)}`;
    const isWithin = this.#parent !== undefined || this.#routine !== undefined;
    this.#isPrefixed = entries.length !== 1 || isWithin;
    const ctx = this.#context(indent);
    let shown = 0;
    const targets = query.targets
      .filter(({ junk }) => !junk)
      .map(({ expr, name }) => {
        const given = names?.[shown++] ?? name;
        const text = deparse(ctx, expr);
        const isPlain =
          expr.kind === "var" && expr.levelsUp === 0 && columnName(expr.entry, expr.attnum) === given;
        const isHidden = this.#hidesNames && expr.kind !== "var" && given === "?column?";
        return isPlain || isHidden ? text : `${text} AS ${quoteName(given)}`;
      });
    let text = " SELECT ";
    if (query.distinct === "all") text += "DISTINCT ";
    else if (query.distinct !== undefined)
      text += `DISTINCT ON (${query.distinct.map((at) => deparse(ctx, query.targets[at]!.expr)).join(", ")}) `;
    text += targets.join(`,\n${indent}    `);
    if (query.from.length > 0)
      text += `\n${indent}   FROM ${query.from.map((node) => this.#from(node, indent)).join(`,\n${indent}    `)}`;
    if (query.where !== undefined) text += `\n${indent}  WHERE ${deparse(ctx, query.where)}`;
    text += this.#groupBy(query, ctx, indent);
    if (query.having !== undefined) text += `\n${indent} HAVING ${deparse(ctx, query.having)}`;
    if (query.orderBy.length > 0) {
      const order = query.orderBy.map((item) =>
        sortText(ctx, {
          expr: query.targets[item.target]!.expr,
          descending: item.descending,
          nullsFirst: item.nullsFirst,
        }),
      );
      text += `\n${indent}  ORDER BY ${order.join(", ")}`;
    }
    text += this.#limit(query, indent);
    for (const lock of query.locks) {
      if (lock.isPushedDown === true) continue;
      const strength = {
        update: "UPDATE",
        noKeyUpdate: "NO KEY UPDATE",
        share: "SHARE",
        keyShare: "KEY SHARE",
      }[lock.strength];
      const wait = lock.wait === "error" ? " NOWAIT" : lock.wait === "skip" ? " SKIP LOCKED" : "";
      const of = lock.entries.map((entry) => quoteName(this.#name(entry))).join(", ");
      text += `\n${indent}  FOR ${strength} OF ${of}${wait}`;
    }
    return text;
  }

  #groupBy(query: SelectQuery, ctx: DeparseContext, indent: string): string {
    if (query.groupBy.length === 0 && query.groupingSets === undefined) return "";
    const list = query.groupBy.map((expr) => deparse(ctx, expr));
    const { groupingSets } = query;
    const shown =
      groupingSets === undefined
        ? list.join(", ")
        : `GROUPING SETS (${groupingSets.map((set) => `(${set.map((at) => list[at]).join(", ")})`).join(", ")})`;
    return `\n${indent}  GROUP BY ${shown}`;
  }

  #limit(query: SelectQuery, indent: string): string {
    const ctx = this.#context(indent);
    let text = "";
    if (query.offset !== undefined) text += `\n${indent} OFFSET ${deparse(ctx, query.offset)}`;
    if (query.limit !== undefined) {
      const count = deparse(ctx, query.limit);
      text += query.withTies
        ? `\n${indent} FETCH FIRST ${count.startsWith("(") ? count : `(${count})`} ROWS WITH TIES`
        : `\n${indent} LIMIT ${count}`;
    }
    return text;
  }

  /** An alias that no table of this query or of one around it has. */
  #name(entry: RangeEntry): string {
    const known = this.#aliases.get(entry);
    if (known !== undefined) return known;
    const base = entry.alias === "" ? "unnamed_subquery" : entry.alias;
    let name = base;
    for (let i = 1; this.#isTaken(name); i++) name = `${base}_${i}`;
    this.#aliases.set(entry, name);
    return name;
  }

  #isTaken(name: string): boolean {
    for (let at: QueryWriter | undefined = this; at !== undefined; at = at.#parent)
      for (const alias of at.#aliases.values()) if (alias === name) return true;
    return false;
  }

  #context(indent: string): DeparseContext {
    return {
      catalog: this.#catalog,
      isPretty: this.#isPretty,
      io: this.#io,
      column: (entry, attnum, levelsUp) => {
        const home = this.#outer(levelsUp);
        const column = quoteName(columnName(entry, attnum));
        const isPrefixed = home.#isPrefixed || levelsUp > 0;
        return isPrefixed ? `${quoteName(home.#name(entry))}.${column}` : column;
      },
      parameter: (index) => this.#parameter(index),
      wholeRow: (entry) => `${quoteName(this.#name(entry))}.*`,
      query: (query) => this.#inner(query, `${indent}        `),
    };
  }

  #outer(levels: number): QueryWriter {
    let writer: QueryWriter = this;
    for (let i = 0; i < levels; i++) writer = writer.#parent ?? writer;
    return writer;
  }

  #from(node: FromNode, indent: string): string {
    if (node.kind === "entry") return this.#entry(node.entry, indent);
    const word = { inner: "JOIN", left: "LEFT JOIN", right: "RIGHT JOIN", full: "FULL JOIN" }[node.type];
    const left = this.#from(node.left, indent);
    const right = this.#from(node.right, indent);
    if (node.on === undefined) {
      const cross = node.type === "inner" ? "CROSS JOIN" : word;
      const text = `${left}\n${indent}     ${cross} ${right}${node.type === "inner" ? "" : " ON (true)"}`;
      return this.#isPretty ? text : `(${text})`;
    }
    const on = deparse(this.#context(indent), node.on);
    const shownRight = this.#isPretty && node.right.kind === "join" ? `(${right})` : right;
    const text = `${left}\n${indent}     ${word} ${shownRight} ON ${this.#isPretty ? on : `(${on})`}`;
    return this.#isPretty ? text : `(${text})`;
  }

  #entry(entry: RangeEntry, indent: string): string {
    const alias = quoteName(this.#name(entry));
    const lateral = entry.lateral === true ? "LATERAL " : "";
    const { relation } = entry;
    if (relation !== undefined) {
      const own = relation.columns.filter((column) => column.dropped !== true).map(({ name }) => name);
      const name = relationName(this.#catalog, this.#io, relation);
      const columns = entry.columns.map((column) => column.name);
      const renamed = own.join("\0") === columns.join("\0") ? "" : columnList(columns);
      const isOwnName = this.#name(entry) === relation.name && renamed === "";
      const sample =
        entry.sample === undefined
          ? ""
          : ` TABLESAMPLE ${entry.sample.method} (${deparse(this.#context(indent), entry.sample.percent)})`;
      return `${entry.only === true ? "ONLY " : ""}${name}${isOwnName ? "" : ` ${alias}${renamed}`}${sample}`;
    }
    switch (entry.kind) {
      case "subquery": {
        const inner = new QueryWriter(this.#catalog, this.#io, this, this.#isPretty).query(
          entry.query!,
          `${indent}        `,
        );
        const own =
          entry.query?.command === "select"
            ? entry.query.targets.filter((t) => !t.junk).map((t) => t.name)
            : [];
        const columns = entry.columns.map((column) => column.name);
        const renamed = own.join("\0") === columns.join("\0") ? "" : columnList(columns);
        return `${lateral}(${inner}) ${alias}${renamed}`;
      }
      case "values":
        return `( VALUES ${this.#values(entry, indent)}) ${alias}${columnList(entry.columns.map((c) => c.name))}`;
      case "cte": {
        const isOwnName = entry.alias === entry.cte!.name;
        const name = quoteName(entry.cte!.name);
        return isOwnName && alias === name ? name : `${name} ${alias}`;
      }
      case "function":
        return `${lateral === "" ? "" : this.#isLateral(entry) ? lateral : ""}${this.#functions(entry, indent)} ${alias}${this.#functionColumns(entry)}`;
      default:
        throw notSupported("writing this part of FROM as SQL");
    }
  }

  /** A function is LATERAL when it reads something. */
  #isLateral(entry: RangeEntry): boolean {
    return (entry.functions ?? []).some(({ expr }) => mentionsVar(expr));
  }

  #functions(entry: RangeEntry, indent: string): string {
    const ctx = this.#context(indent);
    const calls = (entry.functions ?? []).map(({ expr }) => deparse(ctx, expr));
    const text = calls.length === 1 ? calls[0]! : `ROWS FROM(${calls.join(", ")})`;
    return entry.ordinality === true ? `${text} WITH ORDINALITY` : text;
  }

  #functionColumns(entry: RangeEntry): string {
    const [only] = entry.functions ?? [];
    const isDefined = only?.composite === true && entry.functions?.length === 1 && needsDefinition(only);
    if (!isDefined) return columnList(entry.columns.map((column) => column.name));
    const definition = (column: EntryColumn) =>
      `${quoteName(column.name)} ${formatType(this.#catalog, column.type, column.typmod, this.#io.searchPath)}`;
    return `(${entry.columns.map(definition).join(", ")})`;
  }

  #values(entry: RangeEntry, indent: string): string {
    const ctx = this.#context(indent);
    return (entry.values ?? [])
      .map((row) => `(${row.map((expr) => deparse(ctx, expr)).join(",")})`)
      .join(", ");
  }
}

function columnList(names: readonly string[]): string {
  return `(${names.map(quoteName).join(", ")})`;
}

/** A function that returns "record" says nowhere else what its columns are. */
function needsDefinition({ expr }: TableFunction): boolean {
  return expr.kind === "func" && expr.type === 2249 && !/[obt]/.test(expr.proc.modes);
}

function mentionsVar(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if ((value as { kind?: string }).kind === "var") return true;
  return Object.entries(value).some(
    ([name, item]) => name !== "proc" && name !== "entry" && mentionsVar(item),
  );
}

function* entriesOf(node: FromNode): Generator<RangeEntry> {
  if (node.kind === "entry") yield node.entry;
  else {
    yield* entriesOf(node.left);
    yield* entriesOf(node.right);
  }
}

/** The recursive term as it was written: SEARCH and CYCLE carry their columns behind its own. */
function written(term: Query, added: RecursionColumns | undefined): Query {
  return added === undefined || term.command !== "select"
    ? term
    : { ...term, targets: term.targets.slice(0, -added.first.length) };
}

/** VALUES as a query of its own: its columns in order and nothing else. */
function isBareValues(query: SelectQuery): boolean {
  return (
    query.where === undefined &&
    !query.grouped &&
    query.orderBy.length === 0 &&
    query.distinct === undefined &&
    query.targets.every(({ expr }, i) => expr.kind === "var" && expr.attnum === i + 1) &&
    query.targets.every(({ name }, i) => name === `column${i + 1}`)
  );
}

const systemNames: Readonly<Record<number, string>> = { [-1]: "ctid", [-2]: "xmin", [-6]: "tableoid" };

function columnName(entry: RangeEntry, attnum: number): string {
  return entry.columns.find((column) => column.attnum === attnum)?.name ?? systemNames[attnum] ?? "?";
}

function directionOf(item: { readonly descending: boolean; readonly nullsFirst: boolean }): string {
  const nulls = item.nullsFirst === item.descending ? "" : item.nullsFirst ? " NULLS FIRST" : " NULLS LAST";
  return `${item.descending ? " DESC" : ""}${nulls}`;
}

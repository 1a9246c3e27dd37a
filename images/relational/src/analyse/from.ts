import { catalogNamespace, type Relation } from "../catalog/model.ts";
import { usableNamespace } from "../catalog/namespaces.ts";
import { notSupported, PgError } from "../errors.ts";
import { at, locationOf, type Node, type pg, stringOf, strings, tagOf } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import type { Analyser as ExpressionAnalyser } from "./analyser.ts";
import { analyseCall } from "./calls.ts";
import {
  coerceToBoolean,
  coerceToCommon,
  coerceToTarget,
  commonCollation,
  commonType,
  resolveUnknown,
} from "./coerce.ts";
import { raise } from "./columns.ts";
import type { AnalyseContext, Level, NamespaceColumn, NamespaceItem } from "./context.ts";
import { entryColumn } from "./context.ts";
import type {
  Cte,
  EntryColumn,
  Expr,
  FromNode,
  Query,
  RangeEntry,
  SelectQuery,
  TableFunction,
} from "./expr.ts";
import { outputTargets } from "./expr.ts";
import { analyseExpr } from "./expressions.ts";
import { fieldsOf } from "./fields.ts";
import { jsonTableQuery } from "./json-table.ts";
import { makeOperator } from "./resolve-operator.ts";
import { addedColumns } from "./search-cycle.ts";
import { resolveTypeName } from "./type-names.ts";

export interface Analyser extends ExpressionAnalyser {
  /** A SELECT inside of another; literals without a type are left so when `keepUnknown`. */
  select(node: pg.SelectStmt, parent: Level, keepUnknown: boolean): SelectQuery;
  /** The query that a view stands for. */
  viewQuery(relation: Relation): Query;
}

interface FromItem {
  readonly node: FromNode;
  readonly items: NamespaceItem[];
}

/** Finds a table, view or sequence by its name. @throws PgError 42P01, 3F000 */
export function findRelation(ctx: AnalyseContext, name: pg.RangeVar): Relation {
  const relation = lookUpRelation(ctx, name.schemaname, name.relname ?? "");
  if (relation !== undefined) return relation;
  const shown = name.schemaname ? `${name.schemaname}.${name.relname}` : name.relname;
  if (
    name.schemaname !== undefined &&
    name.schemaname !== "" &&
    ctx.catalog.namespaceByName(name.schemaname) === undefined
  )
    throw new PgError("42P01", `relation "${shown}" does not exist`, {}, at(name.location));
  throw new PgError("42P01", `relation "${shown}" does not exist`, {}, at(name.location));
}

export function lookUpRelation(
  ctx: AnalyseContext,
  schema: string | undefined,
  name: string,
): Relation | undefined {
  const { catalog, searchPath } = ctx;
  if (schema !== undefined && schema !== "") {
    const namespace = usableNamespace(ctx.io, schema);
    return namespace === undefined ? undefined : catalog.relationByName(namespace.oid, name);
  }
  const path = searchPath.includes(catalogNamespace) ? searchPath : [catalogNamespace, ...searchPath];
  for (const namespace of path) {
    const relation = catalog.relationByName(namespace, name);
    if (relation !== undefined) return relation;
  }
  return undefined;
}

/** The FROM clause: adds to the level's namespace and gives the join tree. */
export function analyseFrom(a: Analyser, level: Level, nodes: readonly Node[]): FromNode[] {
  const from: FromNode[] = [];
  for (const node of nodes) {
    const { node: tree, items } = fromItem(a, level, node);
    checkAliases(level.namespace, items);
    from.push(tree);
    // Only a LATERAL item that follows may see it while the clause is not complete.
    for (const item of items) {
      item.lateralOnly = true;
      item.lateralOk = true;
    }
    level.namespace.push(...items);
  }
  for (const item of level.namespace) item.lateralOnly = false;
  return from;
}

function checkAliases(present: readonly NamespaceItem[], added: readonly NamespaceItem[]): void {
  for (const item of added) {
    if (!item.tableVisible) continue;
    const clash = present.find(
      (other) =>
        other.tableVisible &&
        other.alias === item.alias &&
        (other.schema === undefined || item.schema === undefined || other.schema === item.schema),
    );
    if (clash !== undefined)
      throw new PgError("42712", `table name "${item.alias}" specified more than once`);
  }
}

function fromItem(a: Analyser, level: Level, node: Node): FromItem {
  if (node.RangeVar !== undefined)
    return single(a, rangeVar(a, level, node.RangeVar), node.RangeVar.alias, node.RangeVar);
  if (node.RangeSubselect !== undefined)
    return single(a, rangeSubselect(a, level, node.RangeSubselect), node.RangeSubselect.alias);
  if (node.RangeFunction !== undefined)
    return single(a, rangeFunction(a, level, node.RangeFunction), node.RangeFunction.alias);
  if (node.JsonTable !== undefined)
    return single(a, rangeSubselect(a, level, jsonTableQuery(a.ctx, node.JsonTable)), node.JsonTable.alias);
  if (node.JoinExpr !== undefined) return join(a, level, node.JoinExpr);
  if (node.RangeTableSample !== undefined) {
    const { relation, method, args, repeatable, location } = node.RangeTableSample;
    const inner = fromItem(a, level, relation as Node);
    if (inner.node.kind !== "entry" || inner.node.entry.kind !== "table")
      throw new PgError(
        "42809",
        "TABLESAMPLE clause can only be applied to tables and materialized views",
        {},
        at(location),
      );
    const name = strings(method as Node[]).at(-1) ?? "";
    if (name !== "bernoulli" && name !== "system")
      throw new PgError("42704", `tablesample method ${name} does not exist`, {}, at(location));
    const number = (n: Node) =>
      coerceToTarget(a.ctx, analyseExpr(a, level, n), oid.float8, -1, "assignment", "implicit")!;
    const sample = {
      method: name,
      percent: number(args![0] as Node),
      seed: repeatable === undefined ? undefined : number(repeatable as Node),
    };
    const entry = { ...inner.node.entry, sample };
    return { node: { kind: "entry", entry }, items: [itemOf(entry)] };
  }
  throw notSupported(tagOf(node) === "RangeTableFunc" ? "XMLTABLE" : tagOf(node), locationOf(node));
}

function columnVars(entry: RangeEntry): NamespaceColumn[] {
  // The columns of SEARCH and CYCLE are for the query that has the WITH.
  const { cte, cteLevelsUp = 0 } = entry;
  const hidden = cte?.clauses !== undefined && cteLevelsUp > 0 ? addedColumns(cte.clauses).length : 0;
  const shown = entry.columns.length - hidden;
  return entry.columns.map((column, i) => ({
    name: column.name,
    ...(i < shown ? {} : { isHidden: true }),
    expr: {
      kind: "var",
      levelsUp: 0,
      entry,
      attnum: column.attnum,
      type: column.type,
      typmod: column.typmod,
      collation: column.collation,
    },
    origin: originOf(entry, column.attnum),
  }));
}

function originOf(entry: RangeEntry, attnum: number): NamespaceColumn["origin"] {
  if (entry.kind === "table" && entry.relation !== undefined) return { table: entry.relation.oid, attnum };
  // A view's columns are the view's; those of a subquery or CTE are where they come from.
  if (entry.relation?.kind === "v") return { table: entry.relation.oid, attnum };
  if (entry.kind === "subquery" && entry.query !== undefined)
    return outputTargets(entry.query)[attnum - 1]?.origin;
  if (entry.kind === "cte" && entry.cte !== undefined && !entry.cte.recursive)
    return entry.cte.query === undefined ? undefined : outputTargets(entry.cte.query)[attnum - 1]?.origin;
  return undefined;
}

export function itemOf(entry: RangeEntry, schema?: string): NamespaceItem {
  return {
    alias: entry.alias,
    schema,
    columns: columnVars(entry),
    entry,
    columnsVisible: true,
    tableVisible: entry.alias !== "",
    lateralOnly: false,
    lateralOk: true,
  };
}

/** The table that a statement changes: without an alias it can be named with its schema, too. */
export function targetItem(a: Analyser, target: RangeEntry): NamespaceItem {
  const { relation, alias } = target;
  const schema =
    relation !== undefined && alias === relation.name
      ? a.ctx.catalog.get("namespace", relation.namespace)?.name
      : undefined;
  return itemOf(target, schema);
}

function single(a: Analyser, entry: RangeEntry, _alias: pg.Alias | undefined, name?: pg.RangeVar): FromItem {
  const schema =
    name !== undefined && name.alias === undefined && entry.relation !== undefined
      ? a.ctx.catalog.get("namespace", entry.relation.namespace)?.name
      : undefined;
  return { node: { kind: "entry", entry }, items: [itemOf(entry, schema)] };
}

/** Gives columns the names of an alias's list. */
function renamed(columns: readonly EntryColumn[], alias: pg.Alias | undefined, table: string): EntryColumn[] {
  const names = strings(alias?.colnames as Node[] | undefined);
  if (names.length > columns.length) {
    throw new PgError(
      "42P10",
      `table "${table}" has ${columns.length} columns available but ${names.length} columns specified`,
    );
  }
  return columns.map((column, i) => (names[i] === undefined ? column : { ...column, name: names[i] }));
}

/** The columns of SEARCH and CYCLE keep their names. */
function renamedCte(cte: Cte, alias: pg.Alias | undefined, table: string): EntryColumn[] {
  const added = cte.clauses === undefined ? 0 : addedColumns(cte.clauses).length;
  const own = cte.columns.length - added;
  return [...renamed(cte.columns.slice(0, own), alias, table), ...cte.columns.slice(own)];
}

export function relationColumns(relation: Relation): EntryColumn[] {
  return relation.columns
    .filter((column) => column.dropped !== true)
    .map(({ name, type, typmod, collation, attnum, notNull }) => ({
      name,
      type,
      typmod,
      collation,
      attnum,
      notNull,
    }));
}

/** A range table entry for a table. */
export function tableEntry(ctx: AnalyseContext, relation: Relation, alias: string): RangeEntry {
  return {
    id: ctx.nextEntryId(),
    kind: "table",
    alias,
    columns: relationColumns(relation),
    used: new Set(),
    relation,
  };
}

function rangeVar(a: Analyser, level: Level, node: pg.RangeVar): RangeEntry {
  const { ctx } = a;
  const name = node.relname ?? "";
  const alias = node.alias?.aliasname ?? name;
  if (node.schemaname === undefined || node.schemaname === "") {
    const found = findCte(level, name);
    const own = ctx.tables?.get(name);
    if (found !== undefined || own !== undefined) {
      const { cte, levels } = found ?? { cte: own!, levels: 0 };
      cte.references++;
      return {
        id: ctx.nextEntryId(),
        kind: "cte",
        alias,
        columns: renamedCte(cte, node.alias, alias),
        used: new Set(),
        cte,
        cteLevelsUp: levels,
      };
    }
  }
  const relation = findRelation(ctx, node);
  if (relation.kind === "i" || relation.kind === "I")
    throw new PgError(
      "42809",
      `cannot open relation "${relation.name}"`,
      { detail: "This operation is not supported for indexes." },
      at(node.location),
    );
  if (relation.kind === "c")
    throw new PgError(
      "42809",
      `cannot open relation "${relation.name}"`,
      { detail: "This operation is not supported for composite types." },
      at(node.location),
    );
  const columns = renamed(relationColumns(relation), node.alias, alias);
  if (relation.kind === "v" && relation.system !== true) {
    const query = a.viewQuery(relation);
    return { id: ctx.nextEntryId(), kind: "subquery", alias, columns, used: new Set(), query, relation };
  }
  return {
    id: ctx.nextEntryId(),
    kind: "table",
    alias,
    columns,
    used: new Set(),
    relation,
    ...(node.inh === true ? {} : { only: true }),
  };
}

function findCte(
  level: Level,
  name: string,
): { cte: NonNullable<RangeEntry["cte"]>; levels: number } | undefined {
  let levels = 0;
  for (let at: Level | undefined = level; at !== undefined; at = at.parent, levels++) {
    const cte = at.ctes.get(name);
    if (cte !== undefined) return { cte, levels };
  }
  return undefined;
}

/** Analyses what may refer to items before it, when it is LATERAL. */
function laterally<T>(level: Level, lateral: boolean, work: () => T): T {
  const before = level.lateralActive;
  level.lateralActive = lateral;
  try {
    return work();
  } finally {
    level.lateralActive = before;
  }
}

function rangeSubselect(a: Analyser, level: Level, node: pg.RangeSubselect): RangeEntry {
  const lateral = node.lateral === true;
  const query = laterally(level, lateral, () => {
    if (lateral) return a.subquery(node.subquery as Node, level);
    // Not LATERAL: it sees what is around the query, but nothing of this FROM clause.
    const { namespace } = level;
    level.namespace = namespace.map((item) => ({ ...item, lateralOnly: true }));
    try {
      return a.subquery(node.subquery as Node, hiddenLevel(level));
    } finally {
      level.namespace = namespace;
    }
  });
  const alias = node.alias?.aliasname ?? "";
  const columns = outputTargets(query).map((target, i) => entryColumn(target.name, target.expr, i + 1));
  return {
    id: a.ctx.nextEntryId(),
    kind: "subquery",
    alias,
    columns: renamed(columns, node.alias, alias),
    used: new Set(),
    query,
    lateral,
  };
}

/** A level as a subquery in FROM that is not LATERAL sees it: the names are there for error messages only. */
function hiddenLevel(level: Level): Level {
  const hidden = Object.create(level) as Level;
  Object.defineProperty(hidden, "namespace", {
    value: level.namespace.map((item) => ({
      ...item,
      columnsVisible: false,
      tableVisible: false,
      lateralOnly: true,
    })),
    writable: true,
  });
  return hidden;
}

function rangeFunction(a: Analyser, level: Level, node: pg.RangeFunction): RangeEntry {
  const { ctx } = a;
  const { place } = level;
  const sets = level.sets;
  level.place = "FROM";
  const alias = node.alias?.aliasname;
  const functions = laterally(level, true, () =>
    ((node.functions ?? []) as Node[]).flatMap(spreadUnnest).map((item, index): TableFunction => {
      const [call, definitions] = (item.List?.items ?? []) as Node[];
      const columnDefs =
        definitions?.List?.items ?? (index === 0 && node.is_rowsfrom !== true ? node.coldeflist : undefined);
      const only = node.is_rowsfrom !== true && (node.functions?.length ?? 0) === 1;
      return tableFunction(
        a,
        level,
        call!,
        (columnDefs ?? []) as Node[],
        only ? alias : undefined,
        node.ordinality === true,
      );
    }),
  );
  level.place = place;
  level.sets = sets;
  const columns = functions.flatMap((f) => f.columns);
  const named = columns.map((column, i) => ({ ...column, attnum: i + 1 }));
  if (node.ordinality === true)
    named.push({ name: "ordinality", type: oid.int8, typmod: -1, collation: 0, attnum: named.length + 1 });
  const shown = alias ?? functionName(node);
  return {
    id: ctx.nextEntryId(),
    kind: "function",
    alias: shown,
    columns: renamed(named, node.alias, shown),
    used: new Set(),
    functions,
    lateral: true,
    ordinality: node.ordinality === true,
  };
}

function functionName(node: pg.RangeFunction): string {
  const call = (node.functions?.[0] as Node | undefined)?.List?.items?.[0] as Node | undefined;
  if (call?.FuncCall !== undefined) return stringOf(call.FuncCall.funcname?.at(-1) as Node | undefined);
  if (call?.SQLValueFunction !== undefined)
    return (call.SQLValueFunction.op ?? "").replace("SVFOP_", "").toLowerCase();
  return call?.CoalesceExpr !== undefined ? "coalesce" : "";
}

function tableFunction(
  a: Analyser,
  level: Level,
  call: Node,
  definitions: readonly Node[],
  alias: string | undefined,
  _ordinality: boolean,
): TableFunction {
  const { ctx } = a;
  const expr = resolveUnknown(
    ctx,
    call.FuncCall !== undefined
      ? analyseCall(a, level, call.FuncCall, analyseExpr)
      : analyseExpr(a, level, call),
  );
  const name =
    call.FuncCall === undefined ? functionNameOf(call) : stringOf(call.FuncCall.funcname?.at(-1) as Node);
  if (definitions.length > 0) {
    if (expr.type !== oid.record) {
      throw new PgError(
        "42601",
        'a column definition list is only allowed for functions returning "record"',
        {},
        locationOf(call),
      );
    }
    const columns = definitions.map((node, i): EntryColumn => {
      const { colname = "", typeName } = node.ColumnDef!;
      const { type, typmod } = resolveTypeName(ctx, typeName!);
      return { name: colname, type, typmod, collation: ctx.type(type).collation, attnum: i + 1 };
    });
    return { expr, columns, composite: true };
  }
  const fields = fieldsOf(ctx, expr);
  if (fields !== undefined && (expr.type === oid.record || ctx.type(ctx.base(expr.type).oid).kind === "c")) {
    const columns = fields
      .filter((field) => field.name !== "")
      .map((field, i) => ({ ...field, attnum: i + 1 }));
    return { expr, columns, composite: true };
  }
  if (expr.type === oid.record) {
    throw new PgError(
      "42601",
      'a column definition list is required for functions returning "record"',
      {},
      locationOf(call),
    );
  }
  return { expr, columns: [{ ...entryColumn(alias ?? outName(expr) ?? name, expr, 1) }], composite: false };
}

/** A function with one OUT parameter names its column after it. */
function outName(expr: Expr): string | undefined {
  if (expr.kind !== "func") return undefined;
  const at = [...expr.proc.modes].findIndex((mode) => "obt".includes(mode));
  return at < 0 ? undefined : expr.proc.argumentNames[at];
}

function functionNameOf(node: Node): string {
  if (node.SQLValueFunction !== undefined)
    return (node.SQLValueFunction.op ?? "").replace("SVFOP_", "").toLowerCase();
  if (node.CoalesceExpr !== undefined) return "coalesce";
  if (node.TypeCast !== undefined) return stringOf(node.TypeCast.typeName?.names?.at(-1) as Node | undefined);
  return tagOf(node).toLowerCase();
}

/** unnest() of several arrays is one unnest() for each, side by side. */
function spreadUnnest(item: Node): Node[] {
  const [call, definitions] = (item.List?.items ?? []) as Node[];
  const { funcname, args = [] } = call?.FuncCall ?? {};
  if (args.length < 2 || stringOf(funcname?.at(-1) as Node | undefined) !== "unnest") return [item];
  return args.map((arg) => ({
    List: { items: [{ FuncCall: { ...call!.FuncCall!, args: [arg] } }, definitions ?? {}] as pg.Node[] },
  }));
}

function join(a: Analyser, level: Level, node: pg.JoinExpr): FromItem {
  const types = { JOIN_INNER: "inner", JOIN_LEFT: "left", JOIN_RIGHT: "right", JOIN_FULL: "full" } as const;
  const type = types[node.jointype as keyof typeof types] ?? "inner";
  const left = fromItem(a, level, node.larg as Node);
  const outside = level.namespace;
  const lateralOk = type === "inner" || type === "left";
  level.namespace = [...outside, ...left.items.map((item) => ({ ...item, lateralOnly: true, lateralOk }))];
  let right: FromItem;
  try {
    right = fromItem(a, level, node.rarg as Node);
  } finally {
    level.namespace = outside;
  }
  checkAliases(left.items, right.items);
  const usingNames =
    node.isNatural === true
      ? commonNames(left.items, right.items)
      : strings(node.usingClause as Node[] | undefined);
  const isUsing = node.isNatural === true || (node.usingClause?.length ?? 0) > 0;
  let on: Expr | undefined;
  let items = [...left.items, ...right.items];
  if (isUsing) {
    const merged = usingColumns(a, type, left.items, right.items, usingNames);
    on = merged.on;
    const rest = (side: readonly NamespaceItem[]) =>
      side
        .filter((item) => item.columnsVisible)
        .flatMap((item) => item.columns.filter((column) => !usingNames.includes(column.name)));
    const joined: NamespaceItem = {
      alias: "",
      columns: [...merged.columns, ...rest(left.items), ...rest(right.items)],
      columnsVisible: true,
      tableVisible: false,
      lateralOnly: false,
      lateralOk: true,
    };
    for (const item of items) item.columnsVisible = false;
    items = [...items, joined];
    if (node.join_using_alias !== undefined) {
      items.push({
        alias: node.join_using_alias.aliasname ?? "",
        columns: merged.columns,
        columnsVisible: false,
        tableVisible: true,
        lateralOnly: false,
        lateralOk: true,
      });
    }
  } else if (node.quals !== undefined) {
    level.namespace = [...outside.map((item) => ({ ...item, lateralOnly: true })), ...items];
    const { place } = level;
    level.place = "JOIN/ON";
    try {
      on = coerceToBoolean(a.ctx, analyseExpr(a, level, node.quals as Node), "JOIN/ON");
    } finally {
      level.place = place;
      level.namespace = outside;
    }
  }
  if (node.alias !== undefined) {
    const columns = items.filter((item) => item.columnsVisible).flatMap((item) => item.columns);
    const names = strings(node.alias.colnames as Node[] | undefined);
    const alias = node.alias.aliasname ?? "";
    if (names.length > columns.length)
      throw new PgError("42P10", `column alias list for "${alias}" has too many entries`);
    items = [
      {
        alias,
        columns: columns.map((column, i) => ({ ...column, name: names[i] ?? column.name })),
        columnsVisible: true,
        tableVisible: true,
        lateralOnly: false,
        lateralOk: true,
      },
    ];
  }
  return { node: { kind: "join", type, left: left.node, right: right.node, on }, items };
}

function visibleColumn(items: readonly NamespaceItem[], name: string, side: string): NamespaceColumn {
  const found = items
    .filter((item) => item.columnsVisible)
    .flatMap((item) => item.columns.filter((c) => c.name === name));
  if (found.length > 1)
    throw new PgError("42702", `common column name "${name}" appears more than once in ${side} table`);
  if (found[0] === undefined)
    throw new PgError("42703", `column "${name}" specified in USING clause does not exist in ${side} table`);
  return found[0];
}

function commonNames(left: readonly NamespaceItem[], right: readonly NamespaceItem[]): string[] {
  const rights = new Set(
    right.filter((item) => item.columnsVisible).flatMap((item) => item.columns.map((c) => c.name)),
  );
  const lefts = left.filter((item) => item.columnsVisible).flatMap((item) => item.columns.map((c) => c.name));
  return [...new Set(lefts.filter((name) => rights.has(name)))];
}

function usingColumns(
  a: Analyser,
  type: "inner" | "left" | "right" | "full",
  left: readonly NamespaceItem[],
  right: readonly NamespaceItem[],
  names: readonly string[],
): { columns: NamespaceColumn[]; on: Expr | undefined } {
  const { ctx } = a;
  const conditions: Expr[] = [];
  const seen = new Set<string>();
  const columns = names.map((name): NamespaceColumn => {
    if (seen.has(name))
      throw new PgError("42701", `column name "${name}" appears more than once in USING clause`);
    seen.add(name);
    const l = raise(visibleColumn(left, name, "left").expr, 0);
    const r = raise(visibleColumn(right, name, "right").expr, 0);
    conditions.push(makeOperator(ctx, "=", l, r, undefined));
    const common = commonType(ctx, [l, r], "JOIN/USING");
    const lc = coerceToCommon(ctx, l, common, "JOIN/USING");
    const rc = coerceToCommon(ctx, r, common, "JOIN/USING");
    const typmod = l.typmod === r.typmod && l.type === r.type ? l.typmod : -1;
    if (type === "full") {
      const collation = commonCollation(ctx, [lc, rc], common);
      return { name, expr: { kind: "coalesce", args: [lc, rc], type: common, typmod, collation } };
    }
    const side = type === "right" ? visibleColumn(right, name, "right") : visibleColumn(left, name, "left");
    return {
      name,
      expr: type === "right" ? rc : lc,
      ...(side.expr.type === common ? { origin: side.origin } : {}),
    };
  });
  const [only] = conditions;
  const on: Expr | undefined =
    conditions.length > 1 ? { kind: "bool", op: "and", args: conditions, type: oid.bool, typmod: -1 } : only;
  return { columns, on };
}

import { builtinAggregates } from "../catalog/builtin.ts";
import type { Proc } from "../catalog/model.ts";
import { notSupported, PgError } from "../errors.ts";
import { at, type Node, type pg, strings } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import type { AnalyseExpr, Analyser } from "./analyser.ts";
import { coerce, coerceToBoolean, coerceToTarget, resolveUnknown, typeCollation } from "./coerce.ts";
import type { AnalyseContext, Level } from "./context.ts";
import type { Aggref, Expr, SortKey, WindowFunc } from "./expr.ts";
import { children } from "./expr.ts";
import { selectField } from "./fields.ts";
import { enforceGenerics } from "./generics.ts";
import { isPolymorphic } from "./polymorphic.ts";
import { type CallShape, type Candidate, procsOf, resolveFunction, signature } from "./resolve-function.ts";
import { sortKeyOf } from "./sort-keys.ts";
import { findType } from "./type-names.ts";
import { analyseWindow } from "./windows.ts";

interface Call {
  readonly node: pg.FuncCall;
  readonly name: readonly string[];
  readonly args: readonly Expr[];
  readonly shape: CallShape;
  readonly location: number | undefined;
}

/** A function, aggregate or window function called, or a cast that looks like a call. */
export function analyseCall(a: Analyser, level: Level, node: pg.FuncCall, analyse: AnalyseExpr): Expr {
  const { ctx } = a;
  const name = strings(node.funcname as Node[]);
  const location = at(node.location);
  const isOrderedSet = node.agg_within_group === true;
  const argNodes = [...((node.args ?? []) as Node[])];
  const names: string[] = [];
  for (const arg of argNodes) {
    if (arg.NamedArgExpr !== undefined) {
      const given = arg.NamedArgExpr.name ?? "";
      if (names.includes(given))
        throw new PgError(
          "42601",
          `argument name "${given}" used more than once`,
          {},
          at(arg.NamedArgExpr.location),
        );
      names.push(given);
    } else if (names.length > 0)
      throw new PgError("42601", "positional argument cannot follow named argument", {}, location);
  }
  const args = argNodes.map((arg) => analyse(a, level, arg));
  const sortNodes = ((node.agg_order ?? []) as Node[]).map((sort) => sort.SortBy!);
  const within = isOrderedSet ? sortNodes.map((sort) => analyse(a, level, sort.node as Node)) : [];
  const all = [...args, ...within];
  const shape = { types: all.map((arg) => arg.type), names, variadic: node.func_variadic === true };
  const call: Call = { node, name, args: all, shape, location };
  const schema = name.length > 1 ? name.at(-2) : undefined;
  const short = name.at(-1)!;
  const procs = procsOf(ctx, schema, short);
  const plain =
    node.agg_star !== true && node.agg_distinct !== true && sortNodes.length === 0 && node.over === undefined;
  if (plain && all.length === 1 && names.length === 0 && procs.length === 0) {
    const field = selectField(ctx, all[0]!, short, location);
    if (field !== undefined) return field;
  }
  const castTarget = plain ? findType(ctx.catalog, ctx.searchPath, schema, short)?.oid : undefined;
  const resolution = resolveFunction(ctx, orderedSetOnly(procs, isOrderedSet), shape, castTarget);
  if (resolution.kind === "coercion") {
    const result = coerceToTarget(ctx, all[0]!, resolution.target, -1, "explicit", "cast", location);
    if (result !== undefined) return result;
  }
  if (resolution.kind !== "found")
    throw unresolved(ctx, call, resolution.kind === "ambiguous" ? "ambiguous" : "none", procs);
  const { candidate } = resolution;
  const { proc } = candidate;
  if (proc.kind === "p") {
    throw new PgError(
      "42809",
      `${signature(ctx, name, shape)} is a procedure`,
      { hint: "To call a procedure, use CALL." },
      location,
    );
  }
  const { exprs, result } = bindArguments(a, level, candidate, call, analyse);
  const collation = resultCollation(ctx, exprs, result);
  const typed = { type: result, typmod: -1, collation, location };
  if (node.over !== undefined) {
    return windowCall(a, level, call, proc, exprs, typed, analyse);
  }
  if (proc.kind === "w")
    throw new PgError("42809", `window function ${short} requires an OVER clause`, {}, location);
  if (proc.kind === "a")
    return aggregate(a, level, call, proc, exprs, typed, args.length, sortNodes, analyse);
  const misuse = (what: string) =>
    new PgError("42809", `${what} specified, but ${short} is not an aggregate function`, {}, location);
  if (node.agg_star === true)
    throw new PgError(
      "42809",
      `${short}(*) specified, but ${short} is not an aggregate function`,
      {},
      location,
    );
  if (node.agg_distinct === true) throw misuse("DISTINCT");
  if (isOrderedSet) throw misuse("WITHIN GROUP");
  if (sortNodes.length > 0) throw misuse("ORDER BY");
  if (node.agg_filter !== undefined) throw misuse("FILTER");
  if (proc.returnsSet) checkSet(level, location);
  return {
    kind: "func",
    proc,
    args: exprs,
    ...typed,
    inputCollation: inputCollation(exprs),
    form: "call",
    ...(shape.variadic || candidate.spread > 0 ? { variadic: true } : {}),
  };
}

function orderedSetOnly(procs: readonly Proc[], within: boolean): readonly Proc[] {
  return within
    ? procs.filter((proc) => proc.kind !== "a" || builtinAggregates.get(proc.oid)?.kind !== "n")
    : procs;
}

function inputCollation(exprs: readonly Expr[]): number {
  const explicit = exprs.find((expr) => expr.kind === "collate");
  return explicit?.collation ?? exprs.find((expr) => (expr.collation ?? 0) !== 0)?.collation ?? 0;
}

function resultCollation(ctx: AnalyseContext, exprs: readonly Expr[], result: number): number {
  const own = typeCollation(ctx, result);
  return own === 0 ? 0 : inputCollation(exprs) || own;
}

const noSets: Readonly<Partial<Record<string, true>>> = {
  WHERE: true,
  HAVING: true,
  "JOIN/ON": true,
  LIMIT: true,
  OFFSET: true,
  FILTER: true,
  WINDOW: true,
  UPDATE: true,
  RETURNING: true,
  VALUES: true,
  DEFAULT: true,
  CHECK: true,
  INDEX: true,
  "INDEX PREDICATE": true,
  GENERATED: true,
  "MERGE WHEN": true,
};

const placeNames: Readonly<Record<string, string>> = {
  DEFAULT: "DEFAULT expressions",
  CHECK: "check constraints",
  INDEX: "index expressions",
  "INDEX PREDICATE": "index predicates",
  GENERATED: "column generation expressions",
  "JOIN/ON": "JOIN conditions",
  FROM: "functions in FROM",
  "MERGE WHEN": "MERGE WHEN conditions",
  POLICY: "policy expressions",
  "ALTER USING": "transform expressions",
  EXECUTE: "EXECUTE parameters",
  CALL: "CALL arguments",
  WINDOW: "window definitions",
};

function checkSet(level: Level, location: number | undefined): void {
  if (noSets[level.place] === true) {
    const place = placeNames[level.place] ?? level.place;
    throw new PgError("0A000", `set-returning functions are not allowed in ${place}`, {}, location);
  }
  level.sets = true;
}

function unresolved(
  ctx: AnalyseContext,
  call: Call,
  kind: "none" | "ambiguous",
  procs: readonly Proc[],
): PgError {
  const shown = signature(ctx, call.name, call.shape);
  if (kind === "ambiguous") {
    return new PgError(
      "42725",
      `function ${shown} is not unique`,
      { hint: "Could not choose a best candidate function. You might need to add explicit type casts." },
      call.location,
    );
  }
  const word =
    procs.length > 0 && procs.every((proc) => proc.kind === "a") && call.node.agg_order !== undefined
      ? "aggregate"
      : "function";
  const hint =
    word === "aggregate"
      ? "No aggregate function matches the given name and argument types. Perhaps you misplaced ORDER BY; ORDER BY must appear after all regular arguments of the aggregate."
      : "No function matches the given name and argument types. You might need to add explicit type casts.";
  return new PgError("42883", `function ${shown} does not exist`, { hint }, call.location);
}

/** The arguments in the order of the parameters and of their types, defaults put in, VARIADIC ones gathered. */
function bindArguments(
  a: Analyser,
  level: Level,
  candidate: Candidate,
  call: Call,
  analyse: AnalyseExpr,
): { exprs: Expr[]; result: number } {
  const { ctx } = a;
  const { proc } = candidate;
  const firstDefault = proc.arguments.length - proc.defaultCount;
  const given = candidate.order.map((from, i): Expr => {
    if (from !== undefined) return call.args[from]!;
    const text = proc.defaults[i - firstDefault];
    if (text === undefined) throw notSupported(`the default of an argument of ${proc.name}`);
    return defaultArgument(a, level, text, proc.arguments[i]!, analyse);
  });
  const generic = enforceGenerics(
    ctx,
    given.map((expr) => expr.type),
    candidate.types,
    proc.result,
  );
  const coerced = given.map((expr, i) => {
    const type = generic.declared[i]!;
    if (expr.type === type || type === oid.any) return type === oid.any ? resolveUnknown(ctx, expr) : expr;
    if (isPolymorphic(candidate.types[i]!) && expr.type !== oid.unknown && ctx.base(expr.type).oid === type)
      return expr;
    return coerce(ctx, expr, type, -1, "implicit");
  });
  if (candidate.spread === 0 || proc.variadic === oid.any) return { exprs: coerced, result: generic.result };
  const fixed = coerced.slice(0, -candidate.spread);
  const elements = coerced.slice(-candidate.spread);
  const array = ctx.arrayOf(elements[0]!.type) ?? 0;
  const collation = typeCollation(ctx, array);
  const gathered: Expr = { kind: "array", elements, nested: false, type: array, typmod: -1, collation };
  return { exprs: [...fixed, gathered], result: generic.result };
}

/** Defaults of built-in functions are constants in the words of pg_get_expr. */
function defaultArgument(
  a: Analyser,
  _level: Level,
  text: string,
  type: number,
  _analyse: AnalyseExpr,
): Expr {
  const { ctx } = a;
  const quoted = /^'((?:[^']|'')*)'::/.exec(text);
  const literal =
    quoted?.[1]?.replaceAll("''", "'") ?? (text.startsWith("NULL") ? null : text.replace(/::.*$/, ""));
  const constant: Expr = { kind: "const", type: oid.unknown, typmod: -1, value: literal, unknown: true };
  return coerce(ctx, constant, type, -1, "explicit");
}

const noAggregates: Readonly<Partial<Record<string, string>>> = {
  WHERE: "aggregate functions are not allowed in WHERE",
  "JOIN/ON": "aggregate functions are not allowed in JOIN conditions",
  FROM: "aggregate functions are not allowed in FROM clause of their own query level",
  "GROUP BY": "aggregate functions are not allowed in GROUP BY",
  LIMIT: "aggregate functions are not allowed in LIMIT",
  OFFSET: "aggregate functions are not allowed in OFFSET",
  VALUES: "aggregate functions are not allowed in VALUES",
  FILTER: "aggregate functions are not allowed in FILTER",
  UPDATE: "aggregate functions are not allowed in UPDATE",
  RETURNING: "aggregate functions are not allowed in RETURNING",
  DEFAULT: "aggregate functions are not allowed in DEFAULT expressions",
  CHECK: "aggregate functions are not allowed in check constraints",
  INDEX: "aggregate functions are not allowed in index expressions",
  "INDEX PREDICATE": "aggregate functions are not allowed in index predicates",
  GENERATED: "aggregate functions are not allowed in column generation expressions",
  "MERGE WHEN": "aggregate functions are not allowed in MERGE WHEN conditions",
  "ALTER USING": "aggregate functions are not allowed in transform expressions",
  POLICY: "aggregate functions are not allowed in policy expressions",
};

interface TypedResult {
  readonly type: number;
  readonly typmod: number;
  readonly collation: number;
  readonly location: number | undefined;
}

function aggregate(
  a: Analyser,
  level: Level,
  call: Call,
  proc: Proc,
  exprs: readonly Expr[],
  typed: TypedResult,
  directCount: number,
  sortNodes: readonly pg.SortBy[],
  analyse: AnalyseExpr,
): Expr {
  const { node, location } = call;
  const { ctx } = a;
  const aggregateInfo = builtinAggregates.get(proc.oid);
  const ordered = aggregateInfo !== undefined && aggregateInfo.kind !== "n";
  if (ordered && node.agg_within_group !== true)
    throw new PgError(
      "42809",
      `WITHIN GROUP is required for ordered-set aggregate ${proc.name}`,
      {},
      location,
    );
  if (!ordered && node.agg_within_group === true)
    throw new PgError(
      "42809",
      `${proc.name} is not an ordered-set aggregate, so it cannot have WITHIN GROUP`,
      {},
      location,
    );
  if (node.agg_star === true && proc.arguments.length > 0)
    throw new PgError("42883", `function ${proc.name}() does not exist`, {}, location);
  if (node.agg_star !== true && exprs.length === 0 && proc.arguments.length === 0)
    throw new PgError(
      "42809",
      `${proc.name}(*) must be used to call a parameterless aggregate function`,
      {},
      location,
    );
  let orderBy: SortKey[];
  let args: readonly Expr[] = exprs;
  let direct: readonly Expr[] = [];
  if (ordered) {
    direct = exprs.slice(0, directCount);
    args = exprs.slice(directCount);
    orderBy = sortNodes.map((sort, i) => sortKeyOf(ctx, sort, args[i]!));
    // Hypothetical-set aggregates take the direct arguments in the types of the sorted ones.
    if (aggregateInfo.kind === "h") {
      args = call.args.slice(directCount).map((arg) => resolveUnknown(ctx, arg));
      if (args.length !== directCount)
        throw new PgError(
          "42883",
          `function ${signature(ctx, call.name, call.shape)} does not exist`,
          {
            hint: `To use the hypothetical-set aggregate ${proc.name}, the number of hypothetical direct arguments (here ${directCount}) must match the number of ordering columns (here ${args.length}).`,
          },
          location,
        );
      direct = call.args
        .slice(0, directCount)
        .map((arg, i) => coerce(ctx, arg, args[i]!.type, -1, "implicit"));
      orderBy = sortNodes.map((sort, i) => sortKeyOf(ctx, sort, args[i]!));
    }
  } else {
    orderBy = sortNodes.map((sort) => {
      const expr = resolveUnknown(ctx, analyse(a, level, sort.node as Node));
      return sortKeyOf(ctx, sort, expr);
    });
    if (node.agg_distinct === true) {
      for (const key of orderBy)
        if (!args.some((arg) => sameExpr(arg, key.expr)))
          throw new PgError(
            "42P10",
            "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list",
            {},
            location,
          );
    }
  }
  const filter = filterOf(a, level, node, analyse);
  const inside = [...exprs, ...orderBy.map((key) => key.expr), ...(filter === undefined ? [] : [filter])];
  // An aggregate belongs to the innermost query that a column in it belongs to.
  const levelsUp = aggregateLevel(inside);
  let home: Level = level;
  for (let i = 0; i < levelsUp; i++) home = home.parent ?? home;
  const forbidden = noAggregates[home.place];
  if (forbidden !== undefined) throw new PgError("42803", forbidden, {}, location);
  for (const expr of inside) {
    if (contains(expr, (e) => e.kind === "aggref" && e.levelsUp === levelsUp))
      throw new PgError("42803", "aggregate function calls cannot be nested", {}, location);
    if (contains(expr, (e) => e.kind === "window"))
      throw new PgError(
        "42803",
        "aggregate function calls cannot contain window function calls",
        {},
        location,
      );
    if (contains(expr, (e) => e.kind === "func" && e.proc.returnsSet))
      throw new PgError(
        "0A000",
        "aggregate function calls cannot contain set-returning function calls",
        { hint: "You might be able to move the set-returning function into a LATERAL FROM item." },
        location,
      );
  }
  const result: Aggref = {
    kind: "aggref",
    proc,
    args,
    direct,
    distinct: node.agg_distinct === true,
    orderBy,
    filter,
    levelsUp,
    star: node.agg_star === true,
    ordinal: ctx.nextOrdinal(),
    ...(call.shape.variadic ? { variadic: true } : {}),
    ...typed,
  };
  home.aggregates.push(levelsUp === 0 ? result : lowered(result, levelsUp));
  return result;
}

/** An aggregate of an outer query, as that query sees it. */
function lowered(aggref: Aggref, levels: number): Aggref {
  const lower = (expr: Expr): Expr => lowerExpr(expr, levels);
  return {
    ...aggref,
    levelsUp: 0,
    args: aggref.args.map(lower),
    direct: aggref.direct.map(lower),
    orderBy: aggref.orderBy.map((key) => ({ ...key, expr: lower(key.expr) })),
    filter: aggref.filter === undefined ? undefined : lower(aggref.filter),
  };
}

function lowerExpr(expr: Expr, levels: number): Expr {
  if (expr.kind === "var") return { ...expr, levelsUp: expr.levelsUp - levels };
  const copy: Record<string, unknown> = { ...expr };
  for (const [name, value] of Object.entries(copy)) {
    if (isExpr(value)) copy[name] = lowerExpr(value, levels);
    else if (Array.isArray(value))
      copy[name] = value.map((item: unknown) => (isExpr(item) ? lowerExpr(item, levels) : item));
  }
  return copy as unknown as Expr;
}

function isExpr(value: unknown): value is Expr {
  return typeof value === "object" && value !== null && "kind" in value && "typmod" in value;
}

export function contains(expr: Expr, test: (expr: Expr) => boolean): boolean {
  return test(expr) || children(expr).some((child) => contains(child, test));
}

function aggregateLevel(exprs: readonly Expr[]): number {
  let lowest = Infinity;
  const visit = (expr: Expr): void => {
    if (expr.kind === "var") lowest = Math.min(lowest, expr.levelsUp);
    if (expr.kind === "aggref") lowest = Math.min(lowest, expr.levelsUp);
    for (const child of children(expr)) visit(child);
  };
  for (const expr of exprs) visit(expr);
  return lowest === Infinity ? 0 : lowest;
}

function sameExpr(x: Expr, y: Expr): boolean {
  const strip = (expr: Expr) =>
    JSON.stringify(expr, (name, value: unknown) =>
      name === "location" ||
      name === "used" ||
      name === "proc" ||
      name === "relation" ||
      name === "query" ||
      name === "columns"
        ? undefined
        : typeof value === "bigint"
          ? `${value}n`
          : value,
    );
  return strip(x) === strip(y);
}

function filterOf(a: Analyser, level: Level, node: pg.FuncCall, analyse: AnalyseExpr): Expr | undefined {
  if (node.agg_filter === undefined) return undefined;
  const { place } = level;
  level.place = "FILTER";
  try {
    return coerceToBoolean(a.ctx, analyse(a, level, node.agg_filter as Node), "FILTER");
  } finally {
    level.place = place;
  }
}

const windowPlaces: ReadonlySet<string> = new Set(["SELECT", "ORDER BY", "DISTINCT ON"]);

function windowCall(
  a: Analyser,
  level: Level,
  call: Call,
  proc: Proc,
  args: readonly Expr[],
  typed: TypedResult,
  analyse: AnalyseExpr,
): Expr {
  const { node, location } = call;
  if (proc.kind !== "a" && proc.kind !== "w") {
    throw new PgError(
      "42809",
      `OVER specified, but ${proc.name} is not a window function nor an aggregate function`,
      {},
      location,
    );
  }
  if (node.agg_distinct === true)
    throw new PgError("0A000", "DISTINCT is not implemented for window functions", {}, location);
  if (node.agg_within_group === true)
    throw new PgError("0A000", `OVER is not supported for ordered-set aggregate ${proc.name}`, {}, location);
  if (node.agg_order !== undefined)
    throw new PgError("0A000", "aggregate ORDER BY is not implemented for window functions", {}, location);
  if (node.agg_star !== true && args.length === 0 && proc.kind === "a")
    throw new PgError(
      "42809",
      `${proc.name}(*) must be used to call a parameterless aggregate function`,
      {},
      location,
    );
  if (!windowPlaces.has(level.place)) {
    const place = placeNames[level.place] ?? level.place;
    throw new PgError("42P20", `window functions are not allowed in ${place}`, {}, location);
  }
  if (args.some((arg) => contains(arg, (e) => e.kind === "window")))
    throw new PgError("42P20", "window function calls cannot be nested", {}, location);
  const filter = filterOf(a, level, node, analyse);
  if (filter !== undefined && proc.kind === "w")
    throw new PgError("0A000", "FILTER is not implemented for non-aggregate window functions", {}, location);
  const window = analyseWindow(a, level, node.over!, analyse);
  const result: WindowFunc = {
    kind: "window",
    proc,
    args,
    filter,
    window,
    star: node.agg_star === true,
    ordinal: a.ctx.nextOrdinal(),
    ...typed,
  };
  level.windows.push(result);
  return result;
}

import type { Expr, FromNode, RangeEntry } from "../analyse/expr.ts";
import { PgError } from "../errors.ts";
import { type Env, pauseEvery } from "../run/exec.ts";
import { entryWidth, Scope } from "../run/scope.ts";
import type { Source } from "../run/source.ts";
import type { Row } from "../types/datum.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import { type Conjunct, dependenciesOf, entriesOfNode, split } from "./conjuncts.ts";
import type { PlanContext } from "./context.ts";
import { cteScan } from "./ctes.ts";
import { functionScan } from "./function-scan.ts";
import {
  type HashSides,
  hashJoin,
  type JoinType,
  type KeyPart,
  type LookupJoin,
  lateralJoin,
  nestedLoop,
} from "./join-rows.ts";
import { latePlaces, withValues } from "./late-values.ts";
import { integerTypes, tableScan } from "./scan.ts";

/** Plans FROM and WHERE: `own` gets the place of every entry. */
export function planFrom(
  ctx: PlanContext,
  from: readonly FromNode[],
  where: Expr | undefined,
  own: Scope,
): { source: Source | undefined; conditions: Conjunct[] } {
  const conjuncts = split(where);
  const nodes: FromNode[] = [];
  for (const node of from) flatten(node, nodes, conjuncts);
  if (nodes.length === 0) return { source: undefined, conditions: conjuncts };
  const ordered = order(nodes, conjuncts);
  let at = 0;
  for (const node of ordered) {
    for (const entry of entriesOfNode(node)) {
      own.offsets.set(entry, at);
      at += entryWidth(entry);
    }
  }
  let left = conjuncts;
  const late = new Map<RangeEntry, ReadonlySet<number>>();
  let source: Source | undefined;
  for (const node of ordered) {
    const entries = new Set(entriesOfNode(node));
    const inside = left.filter((c) => within(c, entries) && c.entries.size > 0 && !c.isVolatile);
    left = left.filter((c) => !inside.includes(c));
    const places = node.kind === "entry" ? latePlaces(node.entry, nodes, conjuncts) : undefined;
    const right =
      node.kind === "entry"
        ? planEntry(ctx, node.entry, inside, own, places)
        : planNode(ctx, node, inside, own);
    if (places !== undefined) for (const entry of entries) late.set(entry, places);
    if (source === undefined) {
      source = right;
      continue;
    }
    const present = new Set([...source.entries, ...right.entries]);
    const here = left.filter((c) => within(c, present) && c.entries.size > 0 && !c.isVolatile);
    left = left.filter((c) => !here.includes(c));
    source = join(ctx, "inner", source, right, here, own);
  }
  if (source !== undefined && late.size > 0) source = withValues(source, late, own.offsets);
  return { source, conditions: left };
}

function within(conjunct: Conjunct, entries: ReadonlySet<RangeEntry>): boolean {
  for (const entry of conjunct.entries) if (!entries.has(entry)) return false;
  return true;
}

/** Inner joins and commas are one list; their conditions join WHERE's. */
function flatten(node: FromNode, nodes: FromNode[], conjuncts: Conjunct[]): void {
  if (node.kind === "join" && node.type === "inner") {
    flatten(node.left, nodes, conjuncts);
    flatten(node.right, nodes, conjuncts);
    conjuncts.push(...split(node.on));
  } else nodes.push(node);
}

/** Puts what is joined by an equality next to each other, where nothing depends on the order. */
function order(nodes: readonly FromNode[], conjuncts: readonly Conjunct[]): FromNode[] {
  if (nodes.length < 3) return inDependencyOrder(nodes);
  const left = [...nodes];
  const result: FromNode[] = [left.shift()!];
  const present = new Set(entriesOfNode(result[0]!));
  while (left.length > 0) {
    const ready = left.filter((node) => [...dependencies(node)].every((entry) => present.has(entry)));
    const connected = ready.find((node) => {
      const entries = new Set(entriesOfNode(node));
      return conjuncts.some(
        (c) =>
          isEquality(c) &&
          [...c.entries].some((e) => entries.has(e)) &&
          [...c.entries].some((e) => present.has(e)) &&
          [...c.entries].every((e) => entries.has(e) || present.has(e)),
      );
    });
    const next = connected ?? ready[0] ?? left[0]!;
    left.splice(left.indexOf(next), 1);
    result.push(next);
    for (const entry of entriesOfNode(next)) present.add(entry);
  }
  return result;
}

function inDependencyOrder(nodes: readonly FromNode[]): FromNode[] {
  return [...nodes];
}

function isEquality({ expr }: Conjunct): boolean {
  return expr.kind === "func" && expr.operator === "=" && expr.args.length === 2;
}

function dependencies(node: FromNode): Set<RangeEntry> {
  const own = new Set(entriesOfNode(node));
  const found = new Set<RangeEntry>();
  for (const entry of own) for (const other of dependenciesOf(entry)) if (!own.has(other)) found.add(other);
  return found;
}

function planNode(ctx: PlanContext, node: FromNode, filters: readonly Conjunct[], own: Scope): Source {
  if (node.kind === "entry") return planEntry(ctx, node.entry, filters, own);
  const leftEntries = new Set(entriesOfNode(node.left));
  const rightEntries = new Set(entriesOfNode(node.right));
  const on = split(node.on);
  const preservesLeft = node.type === "left" || node.type === "inner";
  const preservesRight = node.type === "right" || node.type === "inner";
  // Conditions above go down on the side whose rows all stay; those of ON on the other.
  const leftFilters = preservesLeft ? filters.filter((c) => within(c, leftEntries)) : [];
  const rightFilters = preservesRight ? filters.filter((c) => within(c, rightEntries)) : [];
  const above = filters.filter((c) => !leftFilters.includes(c) && !rightFilters.includes(c));
  const canPush = (c: Conjunct) => !c.isVolatile && c.entries.size > 0;
  const onRight =
    node.type === "left" || node.type === "inner"
      ? on.filter((c) => canPush(c) && within(c, rightEntries))
      : [];
  const onLeft =
    node.type === "right" || node.type === "inner"
      ? on.filter((c) => canPush(c) && within(c, leftEntries))
      : [];
  const onRest = on.filter((c) => !onRight.includes(c) && !onLeft.includes(c));
  const left = planNode(ctx, node.left, [...leftFilters, ...onLeft], own);
  const right = planNode(ctx, node.right, [...rightFilters, ...onRight], own);
  const joined = join(ctx, node.type, left, right, onRest, own);
  return above.length === 0 ? joined : filtered(ctx, joined, above, own);
}

/** A scope whose places count from the start of a source, or from the query's when the source is LATERAL. */
function scopeFor(own: Scope, entries: readonly RangeEntry[], start: number): Scope {
  const offsets = new Map<RangeEntry, number>();
  for (const entry of entries) offsets.set(entry, own.offsets.get(entry)! - start);
  return new Scope(own.parent, offsets);
}

function planEntry(
  ctx: PlanContext,
  entry: RangeEntry,
  filters: readonly Conjunct[],
  own: Scope,
  late?: ReadonlySet<number>,
): Source {
  const start = own.offsets.get(entry)!;
  const isLateral = dependenciesOf(entry).size > 0;
  // What a scan may use of the row before it: nothing but the queries around.
  const outside = new Scope(own.parent, new Map(own.offsets));
  if (entry.kind === "table") return tableScan(ctx, entry, start, filters, own, outside);
  if (entry.kind === "subquery") return subqueryScan(ctx, entry, start, isLateral, filters, own, late);
  const plain = plainEntry(ctx, entry, start, isLateral, outside);
  return filters.length === 0 ? plain : filtered(ctx, plain, filters, own);
}

/** A subquery that locks rows locks those that the query around takes, as PostgreSQL pushes conditions down into it. */
function subqueryScan(
  ctx: PlanContext,
  entry: RangeEntry,
  start: number,
  isLateral: boolean,
  filters: readonly Conjunct[],
  own: Scope,
  late: ReadonlySet<number> | undefined,
): Source {
  const query = ctx.query(entry.query!, new Scope(own.parent, new Map(own.offsets)));
  const { runWhere } = query;
  const base = { start, width: entryWidth(entry), entries: [entry], isLateral };
  const inner = (env: Env, prefix: Row): Env => ({ exec: env.exec, row: prefix, outer: env });
  if (filters.length === 0 || runWhere === undefined) {
    const { runLate } = query;
    const plain: Source = {
      ...base,
      run:
        late === undefined || runLate === undefined
          ? (env, prefix) => query.run(env.exec, inner(env, prefix))
          : (env, prefix) => runLate(env.exec, inner(env, prefix), late),
    };
    return filters.length === 0 ? plain : filtered(ctx, plain, filters, own);
  }
  const scope = scopeFor(own, [entry], start);
  const conditions = filters.map((c) => ctx.compiler.condition(c.expr, scope));
  return {
    ...base,
    run: (env, prefix) =>
      runWhere(env.exec, inner(env, prefix), (row) => conditions.every((holds) => holds(row, env))),
  };
}

function plainEntry(
  ctx: PlanContext,
  entry: RangeEntry,
  start: number,
  isLateral: boolean,
  outside: Scope,
): Source {
  const width = entryWidth(entry);
  const base = { start, width, entries: [entry], isLateral };
  switch (entry.kind) {
    case "values": {
      const rows = entry.values!.map((row) => row.map((expr) => ctx.compiler.compile(expr, outside)));
      return {
        ...base,
        estimate: rows.length,
        *run(env, prefix) {
          let count = 0;
          for (const row of rows) {
            if (++count % pauseEvery === 0) yield null;
            yield row.map((value) => value(prefix, env));
          }
        },
      };
    }
    case "cte":
      return { ...base, ...cteScan(ctx, entry) };
    case "function":
      return { ...base, ...functionScan(ctx, entry, outside) };
    default:
      throw new PgError("XX000", `range table entry ${entry.kind} cannot be read`);
  }
}

function filtered(ctx: PlanContext, source: Source, conjuncts: readonly Conjunct[], own: Scope): Source {
  const scope = scopeFor(own, source.entries, source.start);
  const conditions = conjuncts.map((c) => ctx.compiler.condition(c.expr, scope));
  return {
    ...source,
    lookups: undefined,
    *run(env, prefix) {
      let count = 0;
      for (const row of source.run(env, prefix)) {
        if (row === null) yield null;
        else {
          if (++count % pauseEvery === 0) yield null;
          if (conditions.every((holds) => holds(row, env))) yield row;
        }
      }
    },
  };
}

interface HashKey {
  readonly left: Expr;
  readonly right: Expr;
}

/** Equalities between the two sides whose types hash alike. */
function hashKeys(
  ctx: PlanContext,
  conjuncts: readonly Conjunct[],
  left: Source,
  right: Source,
): { keys: HashKey[]; rest: Conjunct[] } {
  const keys: HashKey[] = [];
  const rest: Conjunct[] = [];
  const lefts = new Set(left.entries);
  const rights = new Set(right.entries);
  for (const conjunct of conjuncts) {
    const key = hashKey(ctx, conjunct, lefts, rights);
    if (key === undefined) rest.push(conjunct);
    else keys.push(key);
  }
  return { keys, rest };
}

function baseType(ctx: PlanContext, type: number): number {
  const info = ctx.catalog.type(type);
  return info?.kind === "d" ? baseType(ctx, info.baseType) : type;
}

function hashKey(
  ctx: PlanContext,
  { expr, isVolatile }: Conjunct,
  lefts: ReadonlySet<RangeEntry>,
  rights: ReadonlySet<RangeEntry>,
): HashKey | undefined {
  if (expr.kind !== "func" || expr.operator !== "=" || expr.args.length !== 2 || isVolatile) return undefined;
  const [a, b] = expr.args as [Expr, Expr];
  const [left, right] = [baseType(ctx, a.type), baseType(ctx, b.type)];
  if (left !== right && !(integerTypes.has(left) && integerTypes.has(right))) return undefined;
  if (typeOps(ctx.catalog, left).key === undefined) return undefined;
  const ea = split(a)[0]!.entries;
  const eb = split(b)[0]!.entries;
  const all = (set: ReadonlySet<RangeEntry>, of: ReadonlySet<RangeEntry>) =>
    set.size > 0 && [...set].every((e) => of.has(e));
  if (all(ea, lefts) && all(eb, rights)) return { left: a, right: b };
  if (all(ea, rights) && all(eb, lefts)) return { left: b, right: a };
  return undefined;
}

function join(
  ctx: PlanContext,
  type: JoinType,
  left: Source,
  right: Source,
  conjuncts: readonly Conjunct[],
  own: Scope,
): Source {
  const entries = [...left.entries, ...right.entries];
  const scope = scopeFor(own, entries, left.start);
  const base = {
    start: left.start,
    width: left.width + right.width,
    entries,
    isLateral: left.isLateral || (right.isLateral && dependsOutside(right, left)),
  };
  if (right.isLateral) {
    const conditions = conjuncts.map((c) => ctx.compiler.condition(c.expr, scope));
    const sides = { type, left, right, conditions };
    return { ...base, run: (env, prefix) => lateralJoin(env, prefix, sides) };
  }
  const { keys, rest } = hashKeys(ctx, conjuncts, left, right);
  const conditions = rest.map((c) => ctx.compiler.condition(c.expr, scope));
  if (keys.length === 0) {
    const sides = { type, left, right, conditions };
    return { ...base, run: (env, prefix) => nestedLoop(env, prefix, sides) };
  }
  const leftScope = scopeFor(own, left.entries, left.start);
  const rightScope = scopeFor(own, right.entries, right.start);
  const keyOf = (expr: Expr, of: Scope, other: Expr): KeyPart => {
    const value = ctx.compiler.compile(expr, of);
    const { key } = typeOps(ctx.catalog, expr.type);
    // Integers of two widths are numbers and bigints: they are the same as bigints.
    if (baseType(ctx, expr.type) !== baseType(ctx, other.type))
      return (row, env) => {
        const datum = value(row, env);
        return datum === null ? null : BigInt(datum as number | bigint);
      };
    return (row, env) => {
      const datum = value(row, env);
      return datum === null ? null : key!(datum);
    };
  };
  const leftKeys = keys.map((k) => keyOf(k.left, leftScope, k.right));
  const rightKeys = keys.map((k) => keyOf(k.right, rightScope, k.left));
  const lookup = lookupJoin(
    ctx,
    keys.map((key) => ({ column: key.right, value: key.left })),
    right,
    leftScope,
  );
  // What has no key of its own is read first: of a few rows each is looked up on the left.
  const leftLookup =
    lookup === undefined && (type === "inner" || type === "right")
      ? lookupJoin(
          ctx,
          keys.map((key) => ({ column: key.left, value: key.right })),
          left,
          rightScope,
        )
      : undefined;
  const sides: HashSides = { type, left, right, leftKeys, rightKeys, conditions, lookup, leftLookup };
  return { ...base, run: (env, prefix) => hashJoin(env, prefix, sides) };
}

function dependsOutside(right: Source, left: Source): boolean {
  const inside = new Set([...left.entries, ...right.entries]);
  return right.entries.some((entry) => [...dependenciesOf(entry)].some((other) => !inside.has(other)));
}

const texts: ReadonlySet<number> = new Set([oid.text, oid.varchar]);

/** The column of a table that a key is, read as another text type perhaps. */
function columnOf(expr: Expr): number | undefined {
  const inner = expr.kind === "relabel" && texts.has(expr.type) && texts.has(expr.arg.type) ? expr.arg : expr;
  return inner.kind === "var" && inner.levelsUp === 0 ? inner.attnum : undefined;
}

/** Looking rows up by a unique key whose columns are all compared with values of the other side. */
function lookupJoin(
  ctx: PlanContext,
  keys: readonly { readonly column: Expr; readonly value: Expr }[],
  { entries, lookups }: Source,
  values: Scope,
): LookupJoin | undefined {
  if (lookups === undefined || entries.length !== 1) return undefined;
  for (const lookup of lookups) {
    const found = lookup.keys.map((attnum) => keys.find(({ column }) => columnOf(column) === attnum));
    if (found.includes(undefined)) continue;
    return { lookup, values: found.map((key) => ctx.compiler.compile(key!.value, values)) };
  }
  return undefined;
}

import type { Expr, FromNode, RangeEntry } from "../analyse/expr.ts";
import { PgError } from "../errors.ts";
import { type Env, pauseEvery, type Rows } from "../run/exec.ts";
import { entryWidth, Scope } from "../run/scope.ts";
import type { Source } from "../run/source.ts";
import type { Datum, Row } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import { type Conjunct, dependenciesOf, entriesOfNode, split } from "./conjuncts.ts";
import type { PlanContext } from "./context.ts";
import { cteScan } from "./ctes.ts";
import { functionScan } from "./function-scan.ts";
import { tableScan } from "./scan.ts";

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
  let source: Source | undefined;
  for (const node of ordered) {
    const entries = new Set(entriesOfNode(node));
    const inside = left.filter((c) => within(c, entries) && c.entries.size > 0 && !c.isVolatile);
    left = left.filter((c) => !inside.includes(c));
    const right = planNode(ctx, node, inside, own);
    if (source === undefined) {
      source = right;
      continue;
    }
    const present = new Set([...source.entries, ...right.entries]);
    const here = left.filter((c) => within(c, present) && c.entries.size > 0 && !c.isVolatile);
    left = left.filter((c) => !here.includes(c));
    source = join(ctx, "inner", source, right, here, own);
  }
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

function planEntry(ctx: PlanContext, entry: RangeEntry, filters: readonly Conjunct[], own: Scope): Source {
  const start = own.offsets.get(entry)!;
  const isLateral = dependenciesOf(entry).size > 0;
  // What a scan may use of the row before it: nothing but the queries around.
  const outside = new Scope(own.parent, new Map(own.offsets));
  if (entry.kind === "table") return tableScan(ctx, entry, start, filters, own, outside);
  const plain = plainEntry(ctx, entry, start, isLateral, own, outside);
  return filters.length === 0 ? plain : filtered(ctx, plain, filters, own);
}

function plainEntry(
  ctx: PlanContext,
  entry: RangeEntry,
  start: number,
  isLateral: boolean,
  own: Scope,
  outside: Scope,
): Source {
  const width = entryWidth(entry);
  const base = { start, width, entries: [entry], isLateral };
  switch (entry.kind) {
    case "subquery": {
      const parent = new Scope(own.parent, new Map(own.offsets));
      const query = ctx.query(entry.query!, parent);
      return {
        ...base,
        run: (env, prefix) => query.run(env.exec, { exec: env.exec, row: prefix, outer: env }),
      };
    }
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
    lookup: undefined,
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

function hashKey(
  ctx: PlanContext,
  { expr, isVolatile }: Conjunct,
  lefts: ReadonlySet<RangeEntry>,
  rights: ReadonlySet<RangeEntry>,
): HashKey | undefined {
  if (expr.kind !== "func" || expr.operator !== "=" || expr.args.length !== 2 || isVolatile) return undefined;
  const [a, b] = expr.args as [Expr, Expr];
  const base = (type: number): number => {
    const info = ctx.catalog.type(type);
    return info?.kind === "d" ? base(info.baseType) : type;
  };
  if (base(a.type) !== base(b.type) || typeOps(ctx.catalog, base(a.type)).key === undefined) return undefined;
  const ea = split(a)[0]!.entries;
  const eb = split(b)[0]!.entries;
  const all = (set: ReadonlySet<RangeEntry>, of: ReadonlySet<RangeEntry>) =>
    set.size > 0 && [...set].every((e) => of.has(e));
  if (all(ea, lefts) && all(eb, rights)) return { left: a, right: b };
  if (all(ea, rights) && all(eb, lefts)) return { left: b, right: a };
  return undefined;
}

type JoinType = "inner" | "left" | "right" | "full";

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
    return { ...base, run: (env, prefix) => lateralJoin(env, prefix, type, left, right, conditions) };
  }
  const { keys, rest } = hashKeys(ctx, conjuncts, left, right);
  const conditions = rest.map((c) => ctx.compiler.condition(c.expr, scope));
  if (keys.length === 0) {
    return { ...base, run: (env, prefix) => nestedLoop(env, prefix, type, left, right, conditions) };
  }
  const leftScope = scopeFor(own, left.entries, left.start);
  const rightScope = scopeFor(own, right.entries, right.start);
  const keyOf = (expr: Expr, of: Scope) => {
    const value = ctx.compiler.compile(expr, of);
    const { key } = typeOps(ctx.catalog, expr.type);
    return (row: Row, env: Env) => {
      const datum = value(row, env);
      return datum === null ? null : key!(datum);
    };
  };
  const leftKeys = keys.map((k) => keyOf(k.left, leftScope));
  const rightKeys = keys.map((k) => keyOf(k.right, rightScope));
  const lookup = lookupJoin(ctx, keys, left, right, leftScope);
  return {
    ...base,
    run: (env, prefix) => hashJoin(env, prefix, type, left, right, leftKeys, rightKeys, conditions, lookup),
  };
}

function dependsOutside(right: Source, left: Source): boolean {
  const inside = new Set([...left.entries, ...right.entries]);
  return right.entries.some((entry) => [...dependenciesOf(entry)].some((other) => !inside.has(other)));
}

/** Looking each left row up in the right table's unique index, while there are few of them. */
function lookupJoin(
  ctx: PlanContext,
  keys: readonly HashKey[],
  left: Source,
  right: Source,
  leftScope: Scope,
) {
  void left;
  const { lookup } = right;
  if (lookup === undefined || keys.length !== 1) return undefined;
  const [{ right: r, left: l }] = keys as [HashKey];
  if (r.kind !== "var" || r.attnum !== lookup.keys[0]) return undefined;
  return { lookup, value: ctx.compiler.compile(l, leftScope) };
}

const nulls = (width: number): Row => new Array<Datum>(width).fill(null);

function* lateralJoin(
  env: Env,
  prefix: Row,
  type: JoinType,
  left: Source,
  right: Source,
  conditions: readonly ((row: Row, env: Env) => boolean)[],
): Rows {
  const before = prefix.slice(0, left.start);
  while (before.length < left.start) before.push(null);
  for (const l of left.run(env, prefix)) {
    if (l === null) {
      yield null;
      continue;
    }
    let found = false;
    const context = [...before, ...l];
    for (const r of right.run(env, context)) {
      if (r === null) {
        yield null;
        continue;
      }
      const row = l.concat(r);
      if (!conditions.every((holds) => holds(row, env))) continue;
      found = true;
      yield row;
    }
    if (!found && type === "left") yield l.concat(nulls(right.width));
  }
}

function* materialize(rows: Rows, into: Row[]): Generator<null, void, void> {
  for (const row of rows) {
    if (row === null) yield null;
    else into.push(row);
  }
}

function* nestedLoop(
  env: Env,
  prefix: Row,
  type: JoinType,
  left: Source,
  right: Source,
  conditions: readonly ((row: Row, env: Env) => boolean)[],
): Rows {
  let rights: Row[] | undefined;
  let matched: Set<number> | undefined;
  let count = 0;
  const needsRight = type === "right" || type === "full";
  const load = function* (): Generator<null, Row[], void> {
    const list: Row[] = [];
    yield* materialize(right.run(env, prefix), list);
    return list;
  };
  if (needsRight) {
    rights = yield* load();
    matched = new Set();
  }
  for (const l of left.run(env, prefix)) {
    if (l === null) {
      yield null;
      continue;
    }
    rights ??= yield* load();
    let found = false;
    for (let i = 0; i < rights.length; i++) {
      if (++count % pauseEvery === 0) yield null;
      const row = l.concat(rights[i]!);
      if (!conditions.every((holds) => holds(row, env))) continue;
      found = true;
      matched?.add(i);
      yield row;
    }
    if (!found && (type === "left" || type === "full")) yield l.concat(nulls(right.width));
  }
  if (matched !== undefined) {
    for (const [i, r] of rights!.entries()) if (!matched.has(i)) yield nulls(left.width).concat(r);
  }
}

type KeyPart = (row: Row, env: Env) => string | number | bigint | boolean | null;

/** One key of several parts; undefined when a part is NULL, which equals nothing. */
function keyOf(
  parts: readonly KeyPart[],
  row: Row,
  env: Env,
): string | number | bigint | boolean | undefined {
  if (parts.length === 1) return parts[0]!(row, env) ?? undefined;
  let text = "";
  for (const part of parts) {
    const value = part(row, env);
    if (value === null) return undefined;
    const shown = String(value);
    text += `${shown.length}:${shown}`;
  }
  return text;
}

interface LookupJoin {
  readonly lookup: NonNullable<Source["lookup"]>;
  readonly value: (row: Row, env: Env) => Datum;
}

const lookupsMax = 200;

function* hashJoin(
  env: Env,
  prefix: Row,
  type: JoinType,
  left: Source,
  right: Source,
  leftKeys: readonly KeyPart[],
  rightKeys: readonly KeyPart[],
  conditions: readonly ((row: Row, env: Env) => boolean)[],
  lookup: LookupJoin | undefined,
): Rows {
  const needsRight = type === "right" || type === "full";
  let table: Map<unknown, { row: Row; matched: boolean }[]> | undefined;
  const rest: { row: Row; matched: boolean }[] = [];
  const build = function* () {
    const map = new Map<unknown, { row: Row; matched: boolean }[]>();
    let count = 0;
    for (const r of right.run(env, prefix)) {
      if (r === null) {
        yield null;
        continue;
      }
      if (++count % pauseEvery === 0) yield null;
      const key = keyOf(rightKeys, r, env);
      const item = { row: r, matched: false };
      if (needsRight) rest.push(item);
      if (key === undefined) continue;
      const list = map.get(key);
      if (list === undefined) map.set(key, [item]);
      else list.push(item);
    }
    return map;
  };
  const canLookUp =
    lookup !== undefined && !needsRight && env.exec.overlay === undefined && env.exec.frozen.size === 0;
  let lookups = 0;
  let count = 0;
  for (const l of left.run(env, prefix)) {
    if (l === null) {
      yield null;
      continue;
    }
    if (++count % pauseEvery === 0) yield null;
    let found = false;
    if (canLookUp && table === undefined && ++lookups <= lookupsMax) {
      for (const r of lookup.lookup.run(env, [lookup.value(l, env)])) {
        if (r === null) continue;
        const row = l.concat(r);
        if (!conditions.every((holds) => holds(row, env))) continue;
        found = true;
        yield row;
      }
    } else {
      table ??= yield* build();
      const key = keyOf(leftKeys, l, env);
      for (const item of key === undefined ? [] : (table.get(key) ?? [])) {
        if (++count % pauseEvery === 0) yield null;
        const row = l.concat(item.row);
        if (!conditions.every((holds) => holds(row, env))) continue;
        found = true;
        item.matched = true;
        yield row;
      }
    }
    if (!found && (type === "left" || type === "full")) yield l.concat(nulls(right.width));
  }
  if (needsRight) {
    table ??= yield* build();
    for (const item of rest) if (!item.matched) yield nulls(left.width).concat(item.row);
  }
}

import { type Env, pauseEvery, type Rows } from "../run/exec.ts";
import type { Lookup, Source } from "../run/source.ts";
import type { Datum, Row } from "../types/datum.ts";

export type JoinType = "inner" | "left" | "right" | "full";

const nulls = (width: number): Row => new Array<Datum>(width).fill(null);

export interface JoinSides {
  readonly type: JoinType;
  readonly left: Source;
  readonly right: Source;
  readonly conditions: readonly ((row: Row, env: Env) => boolean)[];
}

export function* lateralJoin(env: Env, prefix: Row, { type, left, right, conditions }: JoinSides): Rows {
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

export function* nestedLoop(env: Env, prefix: Row, { type, left, right, conditions }: JoinSides): Rows {
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

export type KeyPart = (row: Row, env: Env) => string | number | bigint | boolean | null;

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

export interface LookupJoin {
  readonly lookup: Lookup;
  readonly values: readonly ((row: Row, env: Env) => Datum)[];
}

export interface HashSides extends JoinSides {
  readonly leftKeys: readonly KeyPart[];
  readonly rightKeys: readonly KeyPart[];
  /** How a left row's partners are looked up on the right, and the other way round. */
  readonly lookup: LookupJoin | undefined;
  readonly leftLookup: LookupJoin | undefined;
}

const lookupsMax = 200;

export function* hashJoin(env: Env, prefix: Row, sides: HashSides): Rows {
  const { type, left, right, leftKeys, rightKeys, conditions, lookup, leftLookup } = sides;
  const needsRight = type === "right" || type === "full";
  let table: Map<unknown, { row: Row; matched: boolean }[]> | undefined;
  const rest: { row: Row; matched: boolean }[] = [];
  const build = function* (rights: Iterable<Row | null>) {
    const map = new Map<unknown, { row: Row; matched: boolean }[]>();
    let count = 0;
    for (const r of rights) {
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
  const readsTables = env.exec.overlay === undefined && env.exec.frozen.size === 0;
  const canLookUp = lookup !== undefined && !needsRight && readsTables;
  if (leftLookup !== undefined && readsTables) {
    const rights: Row[] = [];
    yield* materialize(right.run(env, prefix), rights);
    if (rights.length <= leftLookup.lookup.worthwhile(env)) {
      yield* lookUpLeft(env, rights, sides, leftLookup);
      return;
    }
    table = yield* build(rights);
  }
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
      for (const r of lookup.lookup.run(
        env,
        lookup.values.map((value) => value(l, env)),
      )) {
        if (r === null || !matches(sides, l, r, env)) continue;
        const row = l.concat(r);
        if (!conditions.every((holds) => holds(row, env))) continue;
        found = true;
        yield row;
      }
    } else {
      table ??= yield* build(right.run(env, prefix));
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
    table ??= yield* build(right.run(env, prefix));
    for (const item of rest) if (!item.matched) yield nulls(left.width).concat(item.row);
  }
}

/** A lookup knows one key of the join; the others must be the same too. */
function matches({ leftKeys, rightKeys }: HashSides, left: Row, right: Row, env: Env): boolean {
  return leftKeys.length === 1 || keyOf(leftKeys, left, env) === keyOf(rightKeys, right, env);
}

/** The rows of the right side with those that are looked up for each on the left. */
function* lookUpLeft(
  env: Env,
  rights: readonly Row[],
  sides: HashSides,
  { lookup, values }: LookupJoin,
): Rows {
  const { type, left, conditions } = sides;
  let count = 0;
  for (const r of rights) {
    if (++count % pauseEvery === 0) yield null;
    let found = false;
    const looked = values.map((value) => value(r, env));
    for (const l of lookup.run(env, looked)) {
      if (l === null || !matches(sides, l, r, env)) continue;
      const row = l.concat(r);
      if (!conditions.every((holds) => holds(row, env))) continue;
      found = true;
      yield row;
    }
    if (!found && type === "right") yield nulls(left.width).concat(r);
  }
}

import type { Cte, RangeEntry, RecursionColumns, SelectQuery } from "../analyse/expr.ts";
import { PgError } from "../errors.ts";
import type { Compiled } from "../run/compiler.ts";
import { type CteState, type Env, type Exec, pauseEvery, type Rows } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import type { Source } from "../run/source.ts";
import type { Row } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import { type CompiledQuery, makeEnv, type PlanContext } from "./context.ts";

/** Reads a CTE: its rows are made once for a statement, when they are first asked for, as far as they are. */
export function cteScan(ctx: PlanContext, entry: RangeEntry): Pick<Source, "run"> {
  const cte = entry.cte!;
  const levels = entry.cteLevelsUp ?? 0;
  return {
    *run(env) {
      const { exec } = env;
      const working = exec.ctes.get(cte)?.working;
      if (cte.recursive && working !== undefined) {
        yield* working;
        return;
      }
      const state = cteState(ctx, cte, env, levels);
      for (let i = 0; ; i++) {
        while (i >= state.rows.length && !state.done) {
          const next = state.source!.next();
          if (next.done === true) state.done = true;
          else if (next.value === null) yield null;
          else state.rows.push(next.value);
        }
        if (i >= state.rows.length) return;
        if (i % pauseEvery === 0) yield null;
        yield state.rows[i]!;
      }
    },
  };
}

function cteState(ctx: PlanContext, cte: Cte, env: Env, levels: number): CteState {
  let state = env.exec.ctes.get(cte);
  if (state === undefined) {
    let home: Env | undefined = env;
    for (let i = 0; i < levels; i++) home = home?.outer;
    const compiled = ctx.ctes.get(cte);
    if (compiled === undefined) throw new PgError("XX000", `WITH query ${cte.name} was not planned`);
    state = {
      rows: [],
      done: false,
      source: compiled.run(env.exec, { exec: env.exec, row: [], outer: home }),
      working: undefined,
    };
    env.exec.ctes.set(cte, state);
  }
  return state;
}

/** A recursive CTE: the recursive term runs again on the rows that its last turn gave, until there are none. */
export function recursiveUnion(
  ctx: PlanContext,
  query: SelectQuery,
  left: CompiledQuery,
  right: CompiledQuery,
  parent: Scope | undefined,
): CompiledQuery {
  const { setOperation } = query;
  const cte = setOperation!.recursive!;
  const keys = setOperation!.all
    ? undefined
    : setOperation!.columns.map((column) => typeOps(ctx.catalog, column.type).key!);
  const added =
    setOperation!.added === undefined
      ? undefined
      : compileAdded(ctx, setOperation!.added, left.width, parent);
  return {
    width: setOperation!.columns.length,
    *run(exec, outer) {
      const seen = new Set<string>();
      const isNew = (row: Row): boolean => {
        if (keys === undefined) return true;
        const key = row
          .map((value, i) => (value === null ? "N" : `${String(keys[i]!(value)).length}:${keys[i]!(value)}`))
          .join("");
        if (seen.has(key)) return false;
        seen.add(key);
        return true;
      };
      let working: Row[] = [];
      for (const given of left.run(exec, outer)) {
        const row =
          given === null || added === undefined ? given : added.first(given, makeEnv(exec, outer, given));
        if (row === null) yield null;
        else if (isNew(row)) {
          working.push(row);
          yield row;
        }
      }
      while (working.length > 0) {
        yield null;
        const next: Row[] = [];
        for (const given of withWorking(exec, cte, working, right, outer)) {
          const row =
            given === null || added === undefined ? given : added.next(given, makeEnv(exec, outer, given));
          if (row === null) yield null;
          else if (row !== undefined && isNew(row)) {
            next.push(row);
            yield row;
          }
        }
        working = next;
      }
    },
  };
}

/** Makes the columns of SEARCH and CYCLE: of a row of either term that of the CTE, or undefined where a cycle was closed. */
function compileAdded(
  ctx: PlanContext,
  { entry, first, next, goesOn }: RecursionColumns,
  own: number,
  parent: Scope | undefined,
): { first(row: Row, env: Env): Row; next(row: Row, env: Env): Row | undefined } {
  const scope = new Scope(parent, new Map([[entry, 0]]));
  const [firsts, nexts] = [first, next].map((exprs) =>
    exprs.map((expr) => ctx.compiler.compile(expr, scope)),
  );
  const holds = goesOn === undefined ? undefined : ctx.compiler.condition(goesOn, scope);
  const made = (row: Row, env: Env, exprs: readonly Compiled[]): Row => [
    ...row.slice(0, own),
    ...exprs.map((expr) => expr(row, env)),
  ];
  return {
    first: (row, env) => made(row, env, firsts!),
    next: (row, env) => (holds?.(row, env) === false ? undefined : made(row, env, nexts!)),
  };
}

/** Runs the recursive term; the rows it sees are in place only while it runs, not while others do. */
function* withWorking(
  exec: Exec,
  cte: Cte,
  working: Row[],
  right: CompiledQuery,
  outer: Env | undefined,
): Rows {
  const state = exec.ctes.get(cte) ?? { rows: [], done: false, source: undefined, working: undefined };
  if (!exec.ctes.has(cte)) exec.ctes.set(cte, state);
  // CTEs inside of the recursive term are made anew for each turn.
  const before = new Set(exec.ctes.keys());
  const rows = right.run(exec, outer);
  while (true) {
    const previous = state.working;
    state.working = working;
    const next = rows.next();
    state.working = previous;
    if (next.done === true) break;
    yield next.value;
  }
  for (const key of exec.ctes.keys()) if (!before.has(key)) exec.ctes.delete(key);
}

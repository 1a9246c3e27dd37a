import { procsByName } from "../catalog/builtin.ts";
import { catalogNamespace, type Proc } from "../catalog/model.ts";
import { temporaryPrefix, usableNamespace } from "../catalog/namespaces.ts";
import { PgError } from "../errors.ts";
import { oid } from "../types/oids.ts";
import { quoteName } from "../types/type-text.ts";
import { canCoerceOne, category, isPreferred } from "./coerce.ts";
import type { AnalyseContext } from "./context.ts";
import { genericsFit } from "./generics.ts";
import { isPolymorphic } from "./polymorphic.ts";

/** A function as it would be called: its parameters one by one, VARIADIC spread out. */
export interface Candidate {
  readonly proc: Proc;
  /** Parameter types, one for each argument (and default). */
  readonly types: readonly number[];
  /** Which argument each parameter takes; undefined is its default. */
  readonly order: readonly (number | undefined)[];
  /** So many of the last arguments become one array. */
  readonly spread: number;
}

export interface CallShape {
  readonly types: readonly number[];
  /** Names of the arguments given by name; the last ones. */
  readonly names: readonly string[];
  readonly variadic: boolean;
}

/** Functions of a name that the search path finds. */
export function procsOf(ctx: AnalyseContext, schema: string | undefined, name: string): readonly Proc[] {
  const builtin = procsByName.get(name) ?? [];
  const own = ctx.catalog.procsNamed(name);
  if (schema !== undefined) {
    const namespace = usableNamespace(ctx.io, schema);
    if (namespace === undefined) throw new PgError("3F000", `schema "${schema}" does not exist`);
    return namespace.oid === catalogNamespace
      ? builtin
      : own.filter((proc) => proc.namespace === namespace.oid);
  }
  return [...builtin, ...own.filter((proc) => isSearched(ctx, proc.namespace))];
}

/** Temporary functions are found by their schema alone. */
function isSearched(ctx: AnalyseContext, namespace: number): boolean {
  if (!ctx.searchPath.includes(namespace)) return false;
  return ctx.catalog.get("namespace", namespace)?.name.startsWith(temporaryPrefix) !== true;
}

function candidates(procs: readonly Proc[], shape: CallShape): Candidate[] {
  const found: Candidate[] = [];
  for (const proc of procs) {
    const candidate = shape.names.length > 0 ? byName(proc, shape) : byPosition(proc, shape);
    if (candidate !== undefined) found.push(candidate);
  }
  // One that needs no defaults and does not spread is preferred over others with the same types.
  const best = new Map<string, Candidate>();
  for (const candidate of found) {
    const key = candidate.types.slice(0, shape.types.length).join();
    const known = best.get(key);
    if (known === undefined || rank(candidate) < rank(known)) best.set(key, candidate);
  }
  return [...best.values()];
}

function rank(candidate: Candidate): number {
  return (candidate.spread > 0 ? 2 : 0) + (candidate.order.includes(undefined) ? 1 : 0);
}

function byPosition(proc: Proc, { types, variadic }: CallShape): Candidate | undefined {
  const { arguments: parameters } = proc;
  const count = types.length;
  if (proc.variadic !== 0 && !variadic) {
    const fixed = parameters.length - 1;
    if (count <= fixed && !(count === fixed && proc.variadic === oid.any)) {
      if (count < parameters.length - proc.defaultCount) return undefined;
    }
    if (count > fixed || (proc.variadic === oid.any && count > fixed)) {
      const spread = count - fixed;
      const element = proc.variadic;
      return {
        proc,
        types: [...parameters.slice(0, fixed), ...Array.from({ length: spread }, () => element)],
        order: types.map((_, i) => i),
        spread,
      };
    }
  }
  if (variadic && proc.variadic === 0) return undefined;
  if (count > parameters.length || count < parameters.length - proc.defaultCount) return undefined;
  return { proc, types: parameters, order: parameters.map((_, i) => (i < count ? i : undefined)), spread: 0 };
}

function byName(proc: Proc, { types, names }: CallShape): Candidate | undefined {
  const { arguments: parameters } = proc;
  const inputNames = proc.argumentNames.filter((_, i) => !"ot".includes(proc.modes[i] ?? "i"));
  const positional = types.length - names.length;
  const order: (number | undefined)[] = parameters.map((_, i) => (i < positional ? i : undefined));
  if (positional > parameters.length) return undefined;
  for (const [i, name] of names.entries()) {
    const at = inputNames.indexOf(name);
    if (at < positional || order[at] !== undefined) return undefined;
    order[at] = positional + i;
  }
  const firstDefault = parameters.length - proc.defaultCount;
  if (order.some((given, i) => given === undefined && i < firstDefault)) return undefined;
  return { proc, types: parameters, order, spread: 0 };
}

/** The arguments' types in the order of a candidate's parameters. */
function ordered(candidate: Candidate, types: readonly number[]): { actual: number[]; declared: number[] } {
  const actual: number[] = [];
  const declared: number[] = [];
  candidate.order.forEach((at, i) => {
    if (at === undefined) return;
    actual.push(types[at]!);
    declared.push(candidate.types[i]!);
  });
  return { actual, declared };
}

function fits(ctx: AnalyseContext, actual: readonly number[], declared: readonly number[]): boolean {
  for (let i = 0; i < declared.length; i++)
    if (!canCoerceOne(ctx, actual[i]!, declared[i]!, "implicit")) return false;
  return !declared.some(isPolymorphic) || genericsFit(ctx, actual, declared);
}

export type Resolution =
  | { readonly kind: "found"; readonly candidate: Candidate }
  | { readonly kind: "coercion"; readonly target: number }
  | { readonly kind: "none" | "ambiguous" };

/** As func_get_detail: which function a call means. `castTarget` is the type of the function's name, if there is one. */
export function resolveFunction(
  ctx: AnalyseContext,
  procs: readonly Proc[],
  shape: CallShape,
  castTarget: number | undefined,
): Resolution {
  const all = candidates(procs, shape);
  const exact = all.find((candidate) => {
    const { actual, declared } = ordered(candidate, shape.types);
    return actual.every((type, i) => type === declared[i]);
  });
  if (exact !== undefined) return { kind: "found", candidate: exact };
  const [argument] = shape.types;
  if (
    shape.types.length === 1 &&
    argument !== undefined &&
    castTarget !== undefined &&
    shape.names.length === 0
  ) {
    if (argument === oid.unknown || isRelabelOrIo(ctx, argument, castTarget))
      return { kind: "coercion", target: castTarget };
  }
  const fitting = all.filter((candidate) => {
    const { actual, declared } = ordered(candidate, shape.types);
    return fits(ctx, actual, declared);
  });
  if (fitting.length === 0) return { kind: "none" };
  if (fitting.length === 1) return { kind: "found", candidate: fitting[0]! };
  const chosen = select(
    ctx,
    shape.types,
    fitting.map((candidate) => ({ candidate, types: inArgumentOrder(candidate, shape.types.length) })),
  );
  return chosen === undefined ? { kind: "ambiguous" } : { kind: "found", candidate: chosen.candidate };
}

function inArgumentOrder(candidate: Candidate, count: number): number[] {
  const types: number[] = Array.from({ length: count }, () => 0);
  candidate.order.forEach((at, i) => {
    if (at !== undefined) types[at] = candidate.types[i]!;
  });
  return types;
}

function isRelabelOrIo(ctx: AnalyseContext, source: number, target: number): boolean {
  const from = ctx.base(source).oid;
  const to = ctx.base(target).oid;
  if (from === to) return true;
  // Only conversions without a function of their own: one of those would have been found by its name.
  return (
    (category(ctx, to) === "S" && category(ctx, from) !== "S" && ctx.type(from).kind !== "c") ||
    (category(ctx, from) === "S" && category(ctx, to) !== "S" && canCoerceOne(ctx, from, to, "explicit")) ||
    (category(ctx, from) === "S" && category(ctx, to) === "S" && canCoerceOne(ctx, from, to, "explicit"))
  );
}

/** As func_select_candidate: the one that needs the fewest and most natural conversions, or undefined. */
export function select<T extends { readonly types: readonly number[] }>(
  ctx: AnalyseContext,
  inputs: readonly number[],
  given: readonly T[],
): T | undefined {
  const bases = inputs.map((type) => (type === oid.unknown ? type : ctx.base(type).oid));
  const unknowns = bases.filter((type) => type === oid.unknown).length;
  let left = keepBest(given, ({ types }) =>
    count(types, (type, i) => bases[i] !== oid.unknown && type === bases[i]),
  );
  if (left.length === 1) return left[0];
  const slots = bases.map((type) => category(ctx, type));
  left = keepBest(left, ({ types }) =>
    count(
      types,
      (type, i) => bases[i] !== oid.unknown && (type === bases[i] || isPreferred(ctx, slots[i]!, type)),
    ),
  );
  if (left.length === 1) return left[0];
  if (unknowns === 0) return undefined;
  const narrowed = narrowUnknowns(ctx, bases, left);
  if (narrowed.length === 1) return narrowed[0];
  left = narrowed;
  if (unknowns < inputs.length) {
    const known = new Set(bases.filter((type) => type !== oid.unknown));
    const [only] = known;
    if (known.size === 1 && only !== undefined) {
      const same = left.filter(({ types }) => {
        const given = types.slice(0, inputs.length);
        return fits(
          ctx,
          given.map(() => only),
          given,
        );
      });
      if (same.length === 1) return same[0];
    }
  }
  return undefined;
}

function narrowUnknowns<T extends { readonly types: readonly number[] }>(
  ctx: AnalyseContext,
  bases: readonly number[],
  left: T[],
): T[] {
  const wanted = new Map<number, { category: string; preferred: boolean }>();
  for (const [i, base] of bases.entries()) {
    if (base !== oid.unknown) continue;
    let slot: { category: string; preferred: boolean } | undefined;
    let conflict = false;
    for (const { types } of left) {
      const type = ctx.type(types[i]!);
      if (slot === undefined) slot = { category: type.category, preferred: type.preferred };
      else if (slot.category === type.category) slot.preferred ||= type.preferred;
      else if (type.category === "S") slot = { category: "S", preferred: type.preferred };
      else conflict = true;
    }
    if (slot === undefined || (conflict && slot.category !== "S")) return left;
    wanted.set(i, slot);
  }
  const kept = left.filter(({ types }) =>
    [...wanted].every(([i, slot]) => {
      const type = ctx.type(types[i]!);
      return type.category === slot.category && (!slot.preferred || type.preferred);
    }),
  );
  return kept.length > 0 ? kept : left;
}

function count(types: readonly number[], test: (type: number, i: number) => boolean): number {
  return types.reduce((sum, type, i) => sum + (test(type, i) ? 1 : 0), 0);
}

function keepBest<T>(items: readonly T[], score: (item: T) => number): T[] {
  const scores = items.map(score);
  const best = Math.max(...scores);
  return items.filter((_, i) => scores[i] === best);
}

export function signature(ctx: AnalyseContext, name: readonly string[], shape: CallShape): string {
  const types = shape.types.map((type, i) => {
    const named = shape.names[i - (shape.types.length - shape.names.length)];
    return `${named === undefined ? "" : `${named} => `}${ctx.formatType(type)}`;
  });
  return `${name.map(quoteName).join(".")}(${types.join(", ")})`;
}

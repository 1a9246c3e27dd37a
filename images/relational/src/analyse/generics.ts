import { rangeOfMultirange } from "../catalog/builtin.ts";
import { PgError } from "../errors.ts";
import { oid } from "../types/oids.ts";
import { canCoerceOne, commonType, findPathway } from "./coerce.ts";
import type { AnalyseContext } from "./context.ts";
import type { Expr } from "./expr.ts";
import { isCompatibleFamily, isPolymorphic } from "./polymorphic.ts";

/** What the polymorphic types of one call stand for. */
export interface GenericTypes {
  readonly element: number;
  readonly array: number;
  readonly range: number;
  readonly multirange: number;
}

/** Whether the arguments can be those of polymorphic parameters at all. */
export function genericsFit(
  ctx: AnalyseContext,
  actual: readonly number[],
  declared: readonly number[],
): boolean {
  try {
    resolveGenerics(ctx, actual, declared, true);
    return true;
  } catch (error) {
    if (error instanceof PgError) return false;
    throw error;
  }
}

/** The parameters' types, and the result's, with every polymorphic one replaced. @throws PgError 42804 */
export function enforceGenerics(
  ctx: AnalyseContext,
  actual: readonly number[],
  declared: readonly number[],
  result: number,
): { declared: number[]; result: number } {
  if (![...declared, result].some(isPolymorphic)) return { declared: [...declared], result };
  const { simple, common } = resolveGenerics(ctx, actual, declared, false);
  const replace = (type: number, i?: number): number => {
    if (!isPolymorphic(type)) return type;
    const types = isCompatibleFamily(type) ? common : simple;
    const replaced = pick(type, types);
    if (replaced !== 0) return replaced;
    if (i !== undefined) return actual[i]!;
    throw new PgError("42804", "could not determine polymorphic type because input has type unknown");
  };
  return { declared: declared.map(replace), result: replace(result) };
}

function pick(type: number, types: GenericTypes): number {
  switch (type) {
    case oid.anyarray:
    case oid.anycompatiblearray:
      return types.array;
    case oid.anyrange:
    case oid.anycompatiblerange:
      return types.range;
    case oid.anymultirange:
    case oid.anycompatiblemultirange:
      return types.multirange;
    default:
      return types.element;
  }
}

function notAll(word: string): PgError {
  return new PgError("42804", `arguments declared "${word}" are not all alike`);
}

function resolveGenerics(
  ctx: AnalyseContext,
  actual: readonly number[],
  declared: readonly number[],
  checking: boolean,
): { simple: GenericTypes; common: GenericTypes } {
  let element = 0;
  let array = 0;
  let range = 0;
  let multirange = 0;
  let nonArray = false;
  let isEnum = false;
  const commons: number[] = [];
  let commonRange = 0;
  let commonMultirange = 0;
  let sawCommon = false;
  let commonNonArray = false;
  const once = (current: number, next: number, word: string) => {
    if (current !== 0 && current !== next) {
      throw new PgError("42804", `arguments declared "${word}" are not all alike`, {
        detail: `${ctx.formatType(current)} versus ${ctx.formatType(next)}`,
      });
    }
    return next;
  };
  declared.forEach((type, i) => {
    const given = actual[i]!;
    if (!isPolymorphic(type)) return;
    if (isCompatibleFamily(type)) sawCommon = true;
    if (given === oid.unknown) {
      if (type === oid.anynonarray) nonArray = true;
      if (type === oid.anyenum) isEnum = true;
      return;
    }
    const base = ctx.base(given).oid;
    switch (type) {
      case oid.anyelement:
      case oid.anynonarray:
      case oid.anyenum:
        if (type === oid.anynonarray) nonArray = true;
        if (type === oid.anyenum) isEnum = true;
        element = once(element, given, "anyelement");
        break;
      case oid.anyarray:
        array = once(array, base, "anyarray");
        break;
      case oid.anyrange:
        range = once(range, base, "anyrange");
        break;
      case oid.anymultirange:
        multirange = once(multirange, base, "anymultirange");
        break;
      case oid.anycompatible:
        commons.push(given);
        break;
      case oid.anycompatiblenonarray:
        commonNonArray = true;
        commons.push(given);
        break;
      case oid.anycompatiblearray: {
        const of = ctx.elementOf(base);
        if (of === undefined) throw notArray(ctx, type, given);
        commons.push(of);
        break;
      }
      case oid.anycompatiblerange:
        commonRange = once(commonRange, base, "anycompatiblerange");
        break;
      case oid.anycompatiblemultirange:
        commonMultirange = once(commonMultirange, base, "anycompatiblemultirange");
        break;
    }
  });
  const simple = settle(ctx, { element, array, range, multirange }, "any");
  if (nonArray && simple.element !== 0 && ctx.elementOf(simple.element) !== undefined)
    throw new PgError(
      "42804",
      `type matched to anynonarray is an array type: ${ctx.formatType(simple.element)}`,
    );
  if (isEnum && simple.element !== 0 && ctx.type(ctx.base(simple.element).oid).kind !== "e")
    throw new PgError(
      "42804",
      `type matched to anyenum is not an enum type: ${ctx.formatType(simple.element)}`,
    );
  const common = sawCommon
    ? settleCommon(ctx, commons, commonRange, commonMultirange, checking)
    : { element: 0, array: 0, range: 0, multirange: 0 };
  if (commonNonArray && common.element !== 0 && ctx.elementOf(common.element) !== undefined)
    throw new PgError("42804", "type matched to anycompatiblenonarray is an array type");
  return { simple, common };
}

function notArray(ctx: AnalyseContext, type: number, given: number): PgError {
  return new PgError(
    "42804",
    `argument declared ${ctx.formatType(type)} is not an array but type ${ctx.formatType(given)}`,
  );
}

function settle(ctx: AnalyseContext, found: GenericTypes, _family: string): GenericTypes {
  let { element, array, range, multirange } = found;
  const agree = (next: number, word: string) => {
    if (element !== 0 && element !== next) {
      throw new PgError(
        "42804",
        `argument declared ${word} is not consistent with argument declared anyelement`,
        {
          detail: `${ctx.formatType(next)} versus ${ctx.formatType(element)}`,
        },
      );
    }
    element = next;
  };
  if (multirange !== 0) {
    const of = rangeOfMultirange.get(multirange) ?? userRangeOf(ctx, multirange);
    if (of === undefined)
      throw new PgError("42804", "argument declared anymultirange is not a multirange type");
    if (range !== 0 && range !== of) throw notAll("anyrange");
    range = of;
  }
  if (range !== 0) {
    const subtype = ctx.type(range).range?.subtype;
    if (subtype === undefined)
      throw new PgError(
        "42804",
        `argument declared anyrange is not a range type but type ${ctx.formatType(range)}`,
      );
    agree(subtype, "anyrange");
    multirange = ctx.type(range).range?.multirange ?? 0;
  }
  if (array !== 0) {
    // anyarray may be matched by anyarray itself, in pg_stats and the like.
    const of = array === oid.anyarray ? 0 : ctx.elementOf(array);
    if (of === undefined)
      throw new PgError(
        "42804",
        `argument declared anyarray is not an array but type ${ctx.formatType(array)}`,
      );
    if (of !== 0) agree(of, "anyarray");
  } else if (element !== 0) array = ctx.arrayOf(element) ?? 0;
  if (range === 0 && element !== 0) range = 0;
  return { element, array, range, multirange };
}

function userRangeOf(ctx: AnalyseContext, multirange: number): number | undefined {
  for (const type of ctx.catalog.all("type")) if (type.range?.multirange === multirange) return type.oid;
  return undefined;
}

function settleCommon(
  ctx: AnalyseContext,
  commons: readonly number[],
  givenRange: number,
  givenMultirange: number,
  checking: boolean,
): GenericTypes {
  let range = givenRange;
  if (givenMultirange !== 0)
    range = rangeOfMultirange.get(givenMultirange) ?? userRangeOf(ctx, givenMultirange) ?? 0;
  let element: number;
  if (range !== 0) {
    element = ctx.type(range).range?.subtype ?? 0;
    if (element === 0) throw new PgError("42804", "argument declared anycompatiblerange is not a range type");
    if (commons.some((type) => !canCoerceOne(ctx, type, element, "implicit"))) throw notAll("anycompatible");
  } else {
    const exprs = commons.map((type): Expr => ({ kind: "const", type, typmod: -1, value: null }));
    element = commonType(ctx, exprs, checking ? undefined : "anycompatible");
    if (element === 0) throw notAll("anycompatible");
    for (const type of commons)
      if (
        type !== oid.unknown &&
        type !== element &&
        findPathway(ctx, element, type, "implicit").kind === "none"
      )
        throw notAll("anycompatible");
  }
  return {
    element,
    array: ctx.arrayOf(element) ?? 0,
    range,
    multirange: range === 0 ? 0 : (ctx.type(range).range?.multirange ?? 0),
  };
}

import { builtinCast } from "../catalog/builtin.ts";
import type { Cast } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import type { AnalyseContext } from "./context.ts";
import type { Expr } from "./expr.ts";
import { isPolymorphic } from "./polymorphic.ts";

export type CoercionContext = "implicit" | "assignment" | "explicit";

const strength = { implicit: 0, assignment: 1, explicit: 2 } as const;
const castStrength = { i: 0, a: 1, e: 2 } as const;

export function category(ctx: AnalyseContext, typeOid: number): string {
  return ctx.type(typeOid).category;
}

export function isPreferred(ctx: AnalyseContext, categoryOfSlot: string, typeOid: number): boolean {
  const type = ctx.type(typeOid);
  return type.category === categoryOfSlot && type.preferred;
}

type Pathway =
  | { readonly kind: "none" }
  | { readonly kind: "relabel" }
  | { readonly kind: "function"; readonly cast: Cast }
  | { readonly kind: "io" }
  | { readonly kind: "array" };

function findCast(source: number, target: number): Cast | undefined {
  return builtinCast(source, target);
}

/** How a value of one type becomes one of another, domains looked through. */
export function findPathway(
  ctx: AnalyseContext,
  targetType: number,
  sourceType: number,
  context: CoercionContext,
): Pathway {
  const source = ctx.base(sourceType).oid;
  const target = ctx.base(targetType).oid;
  if (source === target) return { kind: "relabel" };
  const cast = findCast(source, target);
  if (cast !== undefined) {
    if (strength[context] < castStrength[cast.context]) return { kind: "none" };
    if (cast.method === "f") return { kind: "function", cast };
    return cast.method === "b" ? { kind: "relabel" } : { kind: "io" };
  }
  if (target !== oid.oidvector && target !== oid.int2vector) {
    const targetElement = ctx.elementOf(target);
    const sourceElement = ctx.elementOf(source);
    if (targetElement !== undefined && sourceElement !== undefined) {
      const inner = findPathway(ctx, targetElement, sourceElement, context);
      return inner.kind === "none" ? inner : { kind: "array" };
    }
  }
  if (context !== "implicit" && category(ctx, target) === "S") return { kind: "io" };
  if (context === "explicit" && category(ctx, source) === "S") return { kind: "io" };
  return { kind: "none" };
}

export function isBinaryCoercible(ctx: AnalyseContext, sourceType: number, target: number): boolean {
  if (sourceType === target) return true;
  if (target === oid.any || target === oid.anyelement || target === oid.anycompatible) return true;
  const source = ctx.base(sourceType).oid;
  if (source === target) return true;
  const info = ctx.type(source);
  if (target === oid.anyarray || target === oid.anycompatiblearray)
    return ctx.elementOf(source) !== undefined;
  if (target === oid.anynonarray || target === oid.anycompatiblenonarray)
    return ctx.elementOf(source) === undefined;
  if (target === oid.anyenum) return info.kind === "e";
  if (target === oid.anyrange || target === oid.anycompatiblerange) return info.kind === "r";
  if (target === oid.anymultirange || target === oid.anycompatiblemultirange) return info.kind === "m";
  if (target === oid.record) return info.kind === "c";
  const cast = findCast(source, target);
  return cast !== undefined && cast.method === "b" && cast.context === "i";
}

/** Whether a value of one type can be used as another; polymorphic targets are checked by themselves. */
export function canCoerceOne(
  ctx: AnalyseContext,
  source: number,
  target: number,
  context: CoercionContext,
): boolean {
  if (source === target || target === oid.any || isPolymorphic(target)) return true;
  if (source === oid.unknown) return true;
  if (findPathway(ctx, target, source, context).kind !== "none") return true;
  const sourceKind = ctx.type(ctx.base(source).oid).kind;
  const targetKind = ctx.type(ctx.base(target).oid).kind;
  if (source === oid.record && targetKind === "c") return true;
  if (target === oid.record && sourceKind === "c") return true;
  if (target === oid.recordArray) {
    const element = ctx.elementOf(source);
    return element !== undefined && ctx.type(element).kind === "c";
  }
  return false;
}

/** The collation that a value of a type has when nothing says otherwise. */
export function typeCollation(ctx: AnalyseContext, typeOid: number): number {
  return ctx.type(typeOid).collation;
}

/** As coerce_to_target_type: undefined when there is no way. Applies the typmod. */
export function coerceToTarget(
  ctx: AnalyseContext,
  expr: Expr,
  target: number,
  typmod: number,
  context: CoercionContext,
  form: "cast" | "implicit",
  location?: number,
): Expr | undefined {
  if (!canCoerceOne(ctx, expr.type, target, context)) return undefined;
  const coerced = coerce(ctx, expr, target, typmod, context, form, location);
  return applyTypmod(ctx, coerced, target, typmod, context, form, location);
}

/** As coerce_type, where `canCoerceOne` holds; without the typmod, except of literals. */
export function coerce(
  ctx: AnalyseContext,
  expr: Expr,
  target: number,
  typmod: number,
  context: CoercionContext,
  form: "cast" | "implicit" = "implicit",
  location?: number,
): Expr {
  if (expr.type === target || target === oid.any) return expr;
  if (isPolymorphic(target)) return expr;
  if (expr.type === oid.unknown) {
    const literal = coerceUnknown(ctx, expr, target, typmod, context, form, location);
    if (literal !== undefined) return literal;
  }
  const targetInfo = ctx.type(target);
  const pathway = findPathway(ctx, target, expr.type, context);
  if (pathway.kind !== "none") {
    const base = ctx.base(target);
    const baseTypmod = targetInfo.kind === "d" ? base.typmod : typmod;
    let result: Expr;
    if (
      pathway.kind === "relabel" &&
      targetInfo.kind === "d" &&
      base.oid === ctx.base(expr.type).oid &&
      base.oid === expr.type
    )
      result = expr;
    else result = follow(ctx, pathway, expr, base.oid, baseTypmod, context, form, location);
    return targetInfo.kind === "d" ? domain(ctx, result, target, context, form, location) : result;
  }
  const collation = typeCollation(ctx, target);
  if (expr.type === oid.record && targetInfo.kind === "c" && expr.kind === "row")
    return coerceRow(ctx, expr, target, context, form);
  return { kind: "relabel", arg: expr, form, type: target, typmod: -1, collation, location };
}

function follow(
  ctx: AnalyseContext,
  pathway: Pathway,
  expr: Expr,
  target: number,
  typmod: number,
  context: CoercionContext,
  form: "cast" | "implicit",
  location: number | undefined,
): Expr {
  const collation = typeCollation(ctx, target) === 0 ? 0 : expr.collation || typeCollation(ctx, target);
  const typed = { type: target, typmod: -1, collation, location };
  switch (pathway.kind) {
    case "function": {
      const proc = ctx.proc(pathway.cast.proc);
      const args: Expr[] = [expr];
      if (proc.arguments.length >= 2) args.push(integer(typmod));
      if (proc.arguments.length >= 3) args.push(boolean(context === "explicit"));
      return {
        kind: "func",
        proc,
        args,
        form,
        ...typed,
        typmod: proc.arguments.length >= 2 ? typmod : -1,
        inputCollation: expr.collation ?? 0,
      };
    }
    case "io":
      return { kind: "coerceIo", arg: expr, form, ...typed };
    case "array": {
      const targetElement = ctx.elementOf(target)!;
      const sourceElement = ctx.elementOf(ctx.base(expr.type).oid)!;
      const test: Expr = { kind: "caseTest", type: sourceElement, typmod: -1 };
      const element =
        coerceToTarget(ctx, test, targetElement, typmod, context, form) ??
        ({ ...test, type: targetElement } as Expr);
      return { kind: "arrayCoerce", arg: expr, element, form, ...typed, typmod };
    }
    default:
      return {
        kind: "relabel",
        arg: expr,
        form,
        ...typed,
        typmod: target === ctx.base(expr.type).oid ? expr.typmod : -1,
      };
  }
}

function domain(
  ctx: AnalyseContext,
  expr: Expr,
  target: number,
  context: CoercionContext,
  form: "cast" | "implicit",
  location: number | undefined,
): Expr {
  const { oid: base, typmod } = ctx.base(target);
  const arg = applyTypmod(ctx, expr, base, typmod, context, "implicit", location);
  return {
    kind: "domainCoerce",
    arg,
    form,
    type: target,
    typmod: -1,
    collation: typeCollation(ctx, target),
    location,
  };
}

function coerceUnknown(
  ctx: AnalyseContext,
  expr: Expr,
  target: number,
  typmod: number,
  context: CoercionContext,
  form: "cast" | "implicit",
  location: number | undefined,
): Expr | undefined {
  if (expr.kind === "param") return decideParam(ctx, expr, target);
  if (expr.kind !== "const") {
    if (expr.kind === "collate")
      return { ...expr, arg: coerce(ctx, expr.arg, target, typmod, context, form, location), type: target };
    return {
      kind: "coerceIo",
      arg: expr,
      form,
      type: target,
      typmod: -1,
      collation: typeCollation(ctx, target),
      location,
    };
  }
  const base = ctx.base(target);
  const isDomain = ctx.type(target).kind === "d";
  const appliedTypmod = isDomain ? base.typmod : typmod;
  // Interval literals are read with their fields; for the other types the typmod is applied afterwards, as PostgreSQL does.
  const inputTypmod = base.oid === oid.interval ? appliedTypmod : -1;
  let value = null as typeof expr.value;
  if (expr.value !== null) {
    try {
      value = typeOps(ctx.catalog, base.oid).input(expr.value as string, inputTypmod, ctx.io);
    } catch (error) {
      throw error instanceof PgError ? error.at(expr.location) : error;
    }
  }
  const constant: Expr = {
    kind: "const",
    value,
    type: base.oid,
    typmod: inputTypmod,
    collation: typeCollation(ctx, base.oid),
    location: expr.location,
  };
  return isDomain ? domain(ctx, constant, target, context, form, location) : constant;
}

function decideParam(ctx: AnalyseContext, expr: Expr & { kind: "param" }, target: number): Expr {
  const known = ctx.params[expr.index] ?? 0;
  if (known === 0 || known === oid.unknown) ctx.params[expr.index] = target;
  else if (known !== target) {
    throw new PgError(
      "42P08",
      `inconsistent types deduced for parameter $${expr.index + 1}`,
      { detail: `${ctx.formatType(known)} versus ${ctx.formatType(target)}` },
      expr.location,
    );
  }
  return { ...expr, type: target, collation: typeCollation(ctx, target) };
}

function coerceRow(
  ctx: AnalyseContext,
  row: Expr & { kind: "row" },
  target: number,
  context: CoercionContext,
  form: "cast" | "implicit",
): Expr {
  const relation = ctx.catalog.get("relation", ctx.type(target).relation);
  const columns = relation?.columns.filter((column) => column.dropped !== true) ?? [];
  const mismatch = (detail: string) =>
    new PgError("42846", `cannot cast type record to ${ctx.formatType(target)}`, { detail }, row.location);
  if (row.fields.length < columns.length) throw mismatch("Input has too few columns.");
  if (row.fields.length > columns.length) throw mismatch("Input has too many columns.");
  const fields = row.fields.map((field, i) => {
    const column = columns[i]!;
    const coerced = coerceToTarget(ctx, field, column.type, column.typmod, context, form);
    if (coerced === undefined) {
      throw mismatch(
        `Cannot cast type ${ctx.formatType(field.type)} to ${ctx.formatType(column.type)} in column ${i + 1}.`,
      );
    }
    return coerced;
  });
  return { ...row, fields, names: columns.map((column) => column.name), type: target };
}

function integer(value: number): Expr {
  return { kind: "const", value, type: oid.int4, typmod: -1 };
}

function boolean(value: boolean): Expr {
  return { kind: "const", value, type: oid.bool, typmod: -1 };
}

/** Cuts, pads or rounds to a type's modifier. */
export function applyTypmod(
  ctx: AnalyseContext,
  expr: Expr,
  target: number,
  typmod: number,
  context: CoercionContext,
  form: "cast" | "implicit",
  location?: number,
): Expr {
  if (typmod < 0 || expr.typmod === typmod) return expr;
  const element = ctx.elementOf(target);
  if (element !== undefined && findCast(element, element) !== undefined) {
    const test: Expr = { kind: "caseTest", type: element, typmod: -1 };
    const applied = applyTypmod(ctx, test, element, typmod, context, form);
    const collation = expr.collation ?? 0;
    return {
      kind: "arrayCoerce",
      arg: expr,
      element: applied,
      form,
      type: target,
      typmod,
      collation,
      location,
    };
  }
  const cast = findCast(target, target);
  if (cast === undefined) return expr;
  const proc = ctx.proc(cast.proc);
  const args: Expr[] = [expr, integer(typmod)];
  if (proc.arguments.length >= 3) args.push(boolean(context === "explicit"));
  const collation = expr.collation ?? 0;
  return {
    kind: "func",
    proc,
    args,
    form,
    type: target,
    typmod,
    collation,
    location,
    inputCollation: collation,
  };
}

/** To boolean, as WHERE needs it. @throws PgError 42804 */
export function coerceToBoolean(ctx: AnalyseContext, expr: Expr, construct: string): Expr {
  if (expr.type === oid.bool) return setChecked(expr, construct);
  const coerced = coerceToTarget(ctx, expr, oid.bool, -1, "assignment", "implicit");
  if (coerced === undefined) {
    throw new PgError(
      "42804",
      `argument of ${construct} must be type boolean, not type ${ctx.formatType(expr.type)}`,
      {},
      expr.location,
    );
  }
  return setChecked(coerced, construct);
}

function setChecked(expr: Expr, construct: string): Expr {
  if (expr.kind === "func" && expr.proc.returnsSet)
    throw new PgError("42804", `argument of ${construct} must not return a set`, {}, expr.location);
  return expr;
}

/** Literals that nothing gave a type become text. */
export function resolveUnknown(ctx: AnalyseContext, expr: Expr): Expr {
  return expr.type === oid.unknown ? coerce(ctx, expr, oid.text, -1, "implicit") : expr;
}

/** The type that CASE, UNION, ARRAY and the like give; 0 when there is none and `construct` is undefined. */
export function commonType(
  ctx: AnalyseContext,
  exprs: readonly Expr[],
  construct: string | undefined,
): number {
  const [first] = exprs;
  if (first === undefined) return oid.text;
  if (first.type !== oid.unknown && exprs.every((expr) => expr.type === first.type)) return first.type;
  let common = ctx.base(first.type).oid;
  for (const expr of exprs.slice(1)) {
    const next = ctx.base(expr.type).oid;
    if (next === oid.unknown || next === common) continue;
    if (common === oid.unknown) {
      common = next;
      continue;
    }
    const info = ctx.type(common);
    const nextInfo = ctx.type(next);
    if (nextInfo.category !== info.category) {
      if (construct === undefined) return 0;
      throw new PgError(
        "42804",
        `${construct} types ${ctx.formatType(common)} and ${ctx.formatType(next)} cannot be matched`,
        {},
        expr.location,
      );
    }
    if (
      !info.preferred &&
      canCoerceOne(ctx, common, next, "implicit") &&
      !canCoerceOne(ctx, next, common, "implicit")
    )
      common = next;
  }
  return common === oid.unknown ? oid.text : common;
}

/** @throws PgError 42846 */
export function coerceToCommon(ctx: AnalyseContext, expr: Expr, target: number, construct: string): Expr {
  if (expr.type === target) return expr;
  if (canCoerceOne(ctx, expr.type, target, "implicit")) return coerce(ctx, expr, target, -1, "implicit");
  throw new PgError(
    "42846",
    `${construct} could not convert type ${ctx.formatType(expr.type)} to ${ctx.formatType(target)}`,
    {},
    expr.location,
  );
}

export function commonTypmod(exprs: readonly Expr[], type: number): number {
  const [first] = exprs;
  if (first === undefined) return -1;
  return exprs.every((expr) => expr.type === type && expr.typmod === first.typmod) ? first.typmod : -1;
}

/** The collation of the result of several inputs. */
export function commonCollation(ctx: AnalyseContext, exprs: readonly Expr[], type: number): number {
  if (typeCollation(ctx, type) === 0) return 0;
  const explicit = exprs.find((expr) => expr.kind === "collate");
  if (explicit !== undefined) return explicit.collation ?? 0;
  const known = exprs.find((expr) => (expr.collation ?? 0) !== 0 && expr.collation !== 100);
  return known?.collation || typeCollation(ctx, type);
}

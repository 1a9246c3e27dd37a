import { notSupported, PgError } from "../errors.ts";
import { at, type Node, type pg, stringOf, tagOf } from "../parse/ast.ts";
import { Numeric } from "../types/numeric.ts";
import { oid } from "../types/oids.ts";
import type { Analyser } from "./analyser.ts";
import { analyseCall } from "./calls.ts";
import {
  coerceToBoolean,
  coerceToCommon,
  coerceToTarget,
  commonCollation,
  commonType,
  resolveUnknown,
  typeCollation,
} from "./coerce.ts";
import { analyseColumnRef } from "./columns.ts";
import type { AnalyseContext, Level } from "./context.ts";
import type { Expr, Query, SubLink } from "./expr.ts";
import { outputTargets } from "./expr.ts";
import { analyseSpecial } from "./json-expressions.ts";
import { makeOperator, resolveOperator } from "./resolve-operator.ts";
import { rowComparison, rowDistinct } from "./row-expressions.ts";
import { analyseIndirection } from "./subscripts.ts";
import { resolveTypeName } from "./type-names.ts";

/** Analyses an expression where it stands, and gives it a type. */
export function analyseExpr(a: Analyser, level: Level, node: Node): Expr {
  const tag = tagOf(node);
  switch (tag) {
    case "A_Const":
      return constant(node.A_Const!);
    case "ColumnRef":
      return analyseColumnRef(a, level, node.ColumnRef!);
    case "ParamRef":
      return parameter(a, node.ParamRef!);
    case "A_Expr":
      return operation(a, level, node.A_Expr!);
    case "BoolExpr":
      return boolean(a, level, node.BoolExpr!);
    case "FuncCall":
      return analyseCall(a, level, node.FuncCall!, analyseExpr);
    case "TypeCast":
      return typeCast(a, level, node.TypeCast!);
    case "CaseExpr":
      return caseExpr(a, level, node.CaseExpr!);
    case "CoalesceExpr": {
      const { args = [], location } = node.CoalesceExpr!;
      const inputs = args.map((arg) => analyseExpr(a, level, arg));
      const { exprs, type, collation } = unify(a.ctx, inputs, "COALESCE");
      return {
        kind: "coalesce",
        args: exprs,
        type,
        typmod: sameTypmod(exprs),
        collation,
        location: at(location),
      };
    }
    case "MinMaxExpr": {
      const { args = [], op, location } = node.MinMaxExpr!;
      const greatest = op === "IS_GREATEST";
      const inputs = args.map((arg) => analyseExpr(a, level, arg));
      const { exprs, type, collation } = unify(a.ctx, inputs, greatest ? "GREATEST" : "LEAST");
      return {
        kind: "minmax",
        op: greatest ? "greatest" : "least",
        args: exprs,
        type,
        typmod: sameTypmod(exprs),
        collation,
        location: at(location),
      };
    }
    case "NullTest": {
      const { arg, nulltesttype, location } = node.NullTest!;
      const operand = analyseExpr(a, level, arg!);
      const row = operand.type === oid.record || a.ctx.type(a.ctx.base(operand.type).oid).kind === "c";
      return {
        kind: "nullTest",
        arg: operand.type === oid.unknown ? resolveUnknown(a.ctx, operand) : operand,
        not: nulltesttype === "IS_NOT_NULL",
        row,
        type: oid.bool,
        typmod: -1,
        location: at(location),
      };
    }
    case "BooleanTest": {
      const { arg, booltesttype = "IS_TRUE", location } = node.BooleanTest!;
      const words = booltesttype.replace("IS_", "").replace("_", " ");
      const operand = coerceToBoolean(a.ctx, analyseExpr(a, level, arg!), `IS ${words}`);
      const is = words.replace("NOT ", "").toLowerCase() as "true" | "false" | "unknown";
      return {
        kind: "booleanTest",
        arg: operand,
        is,
        not: words.startsWith("NOT"),
        type: oid.bool,
        typmod: -1,
        location: at(location),
      };
    }
    case "SubLink":
      return subLink(a, level, node.SubLink!);
    case "A_ArrayExpr":
      return arrayExpr(a, level, node.A_ArrayExpr!, undefined, -1);
    case "RowExpr": {
      const { args = [], location } = node.RowExpr!;
      const fields = args.flatMap((arg) => expandStar(a, level, arg));
      const names = fields.map((_, i) => `f${i + 1}`);
      return { kind: "row", fields, names, type: oid.record, typmod: -1, location: at(location) };
    }
    case "A_Indirection":
      return analyseIndirection(a, level, node.A_Indirection!, analyseExpr);
    case "CollateClause":
      return collate(a, level, node.CollateClause!);
    case "SQLValueFunction":
      return sqlValue(node.SQLValueFunction!);
    case "GroupingFunc": {
      const { args = [], location } = node.GroupingFunc!;
      const exprs = args.map((arg) => analyseExpr(a, level, arg));
      return {
        kind: "grouping",
        args: exprs,
        levelsUp: 0,
        type: oid.int4,
        typmod: -1,
        location: at(location),
      };
    }
    case "SetToDefault":
      return { kind: "default", type: oid.unknown, typmod: -1, location: at(node.SetToDefault!.location) };
    case "CurrentOfExpr":
      return analyseCurrentOf(a, level, node.CurrentOfExpr!);
    case "NamedArgExpr":
      return analyseExpr(a, level, node.NamedArgExpr!.arg!);
    default:
      return analyseSpecial(a, level, node, analyseExpr);
  }
}

/** `t.*` in a row constructor stands for its columns. */
function expandStar(a: Analyser, level: Level, node: Node): Expr[] {
  const fields = node.ColumnRef?.fields ?? [];
  if (fields.length > 1 && (fields.at(-1) as Node).A_Star !== undefined) {
    const whole = analyseColumnRef(a, level, {
      ...node.ColumnRef!,
      fields: fields.slice(0, -1) as Node[] as pg.Node[],
    });
    if (whole.kind === "row") return [...whole.fields];
  }
  return [analyseExpr(a, level, node)];
}

function constant(node: pg.A_Const): Expr {
  const typed = { kind: "const", typmod: -1, location: at(node.location) } as const;
  if (node.isnull === true) return { ...typed, type: oid.unknown, value: null, unknown: true };
  if (node.ival !== undefined) return { ...typed, type: oid.int4, value: node.ival.ival ?? 0 };
  if (node.boolval !== undefined) return { ...typed, type: oid.bool, value: node.boolval.boolval ?? false };
  if (node.fval !== undefined) {
    const text = node.fval.fval ?? "0";
    if (/^\d[\d_]*$|^0[xXoObB]/.test(text)) {
      const value = BigInt(text.replaceAll("_", ""));
      if (value < 9223372036854775808n) return { ...typed, type: oid.int8, value };
      return { ...typed, type: oid.numeric, value: Numeric.fromInteger(value) };
    }
    return { ...typed, type: oid.numeric, value: Numeric.parse(text) };
  }
  if (node.bsval !== undefined) {
    const text = node.bsval.bsval ?? "b";
    const bits = text.startsWith("x")
      ? [...text.slice(1)].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, "0")).join("")
      : text.slice(1);
    return { ...typed, type: oid.bit, value: bits };
  }
  return { ...typed, type: oid.unknown, value: node.sval?.sval ?? "", unknown: true };
}

function parameter(a: Analyser, { number = 0, location }: pg.ParamRef): Expr {
  const index = number - 1;
  const known = a.ctx.params[index];
  if (index < 0 || (known === undefined && !a.ctx.openParams))
    throw new PgError("42P02", `there is no parameter $${number}`, {}, at(location));
  for (let i = a.ctx.params.length; i <= index; i++) a.ctx.params.push(0);
  const type = a.ctx.params[index] || oid.unknown;
  const collation = type === oid.unknown ? 0 : typeCollation(a.ctx, type);
  return { kind: "param", index, type, typmod: -1, collation, location: at(location) };
}

function sameTypmod(exprs: readonly Expr[]): number {
  const first = exprs[0]?.typmod ?? -1;
  return exprs.every((expr) => expr.typmod === first) ? first : -1;
}

/** All inputs as their common type. */
export function unify(
  ctx: AnalyseContext,
  inputs: readonly Expr[],
  construct: string,
): { exprs: Expr[]; type: number; collation: number } {
  const type = commonType(ctx, inputs, construct);
  const exprs = inputs.map((expr) => coerceToCommon(ctx, expr, type, construct));
  return { exprs, type, collation: commonCollation(ctx, exprs, type) };
}

function operation(a: Analyser, level: Level, node: pg.A_Expr): Expr {
  const location = at(node.location);
  const name = stringOf(node.name?.at(-1) as Node | undefined);
  const side = (n: pg.Node | undefined) => analyseExpr(a, level, n as Node);
  switch (node.kind) {
    case "AEXPR_OP": {
      const left = node.lexpr as Node | undefined;
      const right = node.rexpr as Node;
      if (left?.RowExpr !== undefined && right.RowExpr !== undefined)
        return rowComparison(a.ctx, name, side(left as pg.Node), side(right as pg.Node), location);
      if (left?.RowExpr !== undefined && right.SubLink?.subLinkType === "EXPR_SUBLINK")
        return rowSubLink(a, level, name, side(left as pg.Node), right.SubLink, location);
      return makeOperator(
        a.ctx,
        name,
        left === undefined ? undefined : side(node.lexpr),
        side(node.rexpr),
        location,
      );
    }
    case "AEXPR_OP_ANY":
    case "AEXPR_OP_ALL":
      return scalarArray(
        a.ctx,
        name,
        node.kind === "AEXPR_OP_ANY",
        side(node.lexpr),
        side(node.rexpr),
        location,
      );
    case "AEXPR_DISTINCT":
    case "AEXPR_NOT_DISTINCT": {
      const left = side(node.lexpr);
      const right = side(node.rexpr);
      const not = node.kind === "AEXPR_NOT_DISTINCT";
      if (left.kind === "row" && right.kind === "row") return rowDistinct(a.ctx, left, right, not, location);
      const isNull = (expr: Expr) =>
        expr.kind === "const" && expr.value === null && expr.type === oid.unknown;
      if (isNull(right)) return nullTest(resolveUnknown(a.ctx, left), !not, location);
      if (isNull(left)) return nullTest(resolveUnknown(a.ctx, right), !not, location);
      const equal = makeOperator(a.ctx, "=", left, right, location);
      return { kind: "distinct", equal, not, type: oid.bool, typmod: -1, location };
    }
    case "AEXPR_NULLIF": {
      const equal = makeOperator(a.ctx, "=", side(node.lexpr), side(node.rexpr), location);
      const [first] = equal.args;
      return {
        kind: "nullif",
        equal,
        type: first!.type,
        typmod: first!.typmod,
        collation: first!.collation ?? 0,
        location,
      };
    }
    case "AEXPR_IN":
      return inList(a, level, node, name === "<>", location);
    case "AEXPR_LIKE":
    case "AEXPR_ILIKE":
    case "AEXPR_SIMILAR":
      return makeOperator(a.ctx, name, side(node.lexpr), side(node.rexpr), location);
    default:
      return between(a, level, node, location);
  }
}

function nullTest(arg: Expr, not: boolean, location: number | undefined): Expr {
  return { kind: "nullTest", arg, not, row: false, type: oid.bool, typmod: -1, location };
}

function bool(op: "and" | "or" | "not", args: readonly Expr[], location: number | undefined): Expr {
  return { kind: "bool", op, args, type: oid.bool, typmod: -1, location };
}

function between(a: Analyser, level: Level, node: pg.A_Expr, location: number | undefined): Expr {
  const items = (node.rexpr as Node).List?.items ?? [];
  const operand = () => analyseExpr(a, level, node.lexpr as Node);
  const bound = (i: number) => analyseExpr(a, level, items[i] as Node);
  const compare = (op: string, i: number) => makeOperator(a.ctx, op, operand(), bound(i), location);
  const inside = (low: number, high: number) =>
    bool("and", [compare(">=", low), compare("<=", high)], location);
  const outside = (low: number, high: number) =>
    bool("or", [compare("<", low), compare(">", high)], location);
  switch (node.kind) {
    case "AEXPR_BETWEEN":
      return inside(0, 1);
    case "AEXPR_NOT_BETWEEN":
      return outside(0, 1);
    case "AEXPR_BETWEEN_SYM":
      return bool("or", [inside(0, 1), inside(1, 0)], location);
    case "AEXPR_NOT_BETWEEN_SYM":
      return bool("and", [outside(0, 1), outside(1, 0)], location);
    default:
      throw notSupported(String(node.kind), location);
  }
}

/** `x IN (list)`: one comparison with an array where the types allow it, as PostgreSQL does. */
function inList(
  a: Analyser,
  level: Level,
  node: pg.A_Expr,
  not: boolean,
  location: number | undefined,
): Expr {
  const op = not ? "<>" : "=";
  const left = analyseExpr(a, level, node.lexpr as Node);
  const items = ((node.rexpr as Node).List?.items ?? []).map((item) => analyseExpr(a, level, item as Node));
  const plain = items.filter((item) => !hasVar(item));
  const others = items.filter((item) => hasVar(item));
  const parts: Expr[] = [];
  if (plain.length > 1 && left.kind !== "row") {
    const type = commonType(a.ctx, [left, ...plain], undefined);
    const array =
      type === 0 || a.ctx.type(a.ctx.base(type).oid).kind === "c" || type === oid.record
        ? undefined
        : a.ctx.arrayOf(type);
    if (array !== undefined) {
      const elements = plain.map((item) => coerceToCommon(a.ctx, item, type, "IN"));
      const collation = typeCollation(a.ctx, type);
      const right: Expr = { kind: "array", elements, nested: false, type: array, typmod: -1, collation };
      parts.push(scalarArray(a.ctx, op, !not, left, right, location));
      plain.length = 0;
    }
  }
  for (const item of [...plain, ...others]) {
    parts.push(
      left.kind === "row" && item.kind === "row"
        ? rowComparison(a.ctx, op, left, item, location)
        : coerceToBoolean(a.ctx, makeOperator(a.ctx, op, left, item, location), "IN"),
    );
  }
  return parts.length === 1 ? parts[0]! : bool(not ? "and" : "or", parts, location);
}

function hasVar(expr: Expr): boolean {
  return someDeep(expr, (e) => e.kind === "var");
}

function someDeep(expr: Expr, test: (expr: Expr) => boolean): boolean {
  if (test(expr)) return true;
  if (expr.kind === "sublink") return true;
  const list = Object.values(expr).flat() as unknown[];
  return list.some(
    (v) => typeof v === "object" && v !== null && "kind" in v && "typmod" in v && someDeep(v as Expr, test),
  );
}

/** `left op ANY (array)` */
export function scalarArray(
  ctx: AnalyseContext,
  name: string,
  any: boolean,
  left: Expr,
  right: Expr,
  location: number | undefined,
): Expr {
  const rightBase = ctx.base(right.type).oid;
  let element = oid.unknown as number;
  if (rightBase !== oid.unknown) {
    const of =
      ctx.elementOf(rightBase) ??
      (rightBase === oid.int2vector ? oid.int2 : rightBase === oid.oidvector ? oid.oid : undefined);
    if (of === undefined)
      throw new PgError("42809", "op ANY/ALL (array) requires array on right side", {}, location);
    element = of;
  }
  const operator = resolveOperator(ctx, name, left.type, element, location);
  const proc = ctx.proc(operator.proc);
  if (operator.result !== oid.bool)
    throw new PgError("42809", "op ANY/ALL (array) requires operator to yield boolean", {}, location);
  const test: Expr = { kind: "caseTest", type: element, typmod: -1 };
  const applied = makeOperator(ctx, name, left, element === oid.unknown ? unknownLiteral() : test, location);
  const elementType = applied.args[1]!.type;
  const arrayType = ctx.arrayOf(elementType === oid.unknown ? oid.text : elementType);
  if (arrayType === undefined)
    throw new PgError(
      "42704",
      `could not find array type for data type ${ctx.formatType(elementType)}`,
      {},
      location,
    );
  const isVector = rightBase === oid.int2vector || rightBase === oid.oidvector;
  const array =
    rightBase === oid.unknown || (elementType !== element && !isVector)
      ? (coerceToTarget(ctx, right, arrayType, -1, "implicit", "implicit") ?? right)
      : right;
  return {
    kind: "scalarArray",
    proc,
    operator: name,
    any,
    left: applied.args[0]!,
    right: array,
    type: oid.bool,
    typmod: -1,
    location,
  };
}

function unknownLiteral(): Expr {
  return { kind: "const", type: oid.unknown, typmod: -1, value: null, unknown: true };
}

function boolean(a: Analyser, level: Level, node: pg.BoolExpr): Expr {
  const op = node.boolop === "AND_EXPR" ? "and" : node.boolop === "OR_EXPR" ? "or" : "not";
  const args = (node.args ?? []).map((arg) =>
    coerceToBoolean(a.ctx, analyseExpr(a, level, arg as Node), op.toUpperCase()),
  );
  return bool(op, args, at(node.location));
}

function typeCast(a: Analyser, level: Level, node: pg.TypeCast): Expr {
  const { type, typmod } = resolveTypeName(a.ctx, node.typeName!);
  const argument = node.arg as Node;
  const location =
    node.location === undefined || node.location >= 0 ? at(node.location) : at(node.typeName?.location);
  const target = a.ctx.base(type);
  if (argument.A_ArrayExpr !== undefined && a.ctx.elementOf(target.oid) !== undefined) {
    const array = arrayExpr(a, level, argument.A_ArrayExpr, target.oid, typmod);
    return castTo(a.ctx, array, type, typmod, location);
  }
  return castTo(a.ctx, analyseExpr(a, level, argument), type, typmod, location);
}

export function castTo(
  ctx: AnalyseContext,
  expr: Expr,
  type: number,
  typmod: number,
  location: number | undefined,
): Expr {
  const coerced = coerceToTarget(ctx, expr, type, typmod, "explicit", "cast", location);
  if (coerced === undefined) {
    throw new PgError(
      "42846",
      `cannot cast type ${ctx.formatType(expr.type)} to ${ctx.formatType(type)}`,
      {},
      location,
    );
  }
  return coerced;
}

function caseExpr(a: Analyser, level: Level, node: pg.CaseExpr): Expr {
  const operand =
    node.arg === undefined ? undefined : resolveUnknown(a.ctx, analyseExpr(a, level, node.arg as Node));
  const test: Expr | undefined =
    operand === undefined
      ? undefined
      : { kind: "caseTest", type: operand.type, typmod: operand.typmod, collation: operand.collation ?? 0 };
  const branches = (node.args ?? []).map((branch) => {
    const { expr, result, location } = (branch as Node).CaseWhen!;
    const condition = analyseExpr(a, level, expr as Node);
    const when =
      test === undefined
        ? coerceToBoolean(a.ctx, condition, "CASE/WHEN")
        : coerceToBoolean(a.ctx, makeOperator(a.ctx, "=", test, condition, at(location)), "CASE/WHEN");
    return { when, result: analyseExpr(a, level, result as Node) };
  });
  const otherwise: Expr =
    node.defresult === undefined ? unknownLiteral() : analyseExpr(a, level, node.defresult as Node);
  // The default comes first when the common type is chosen.
  const results = [otherwise, ...branches.map((branch) => branch.result)];
  const { exprs, type, collation } = unify(a.ctx, results, "CASE");
  return {
    kind: "case",
    whens: branches.map(({ when }, i) => ({ when, result: exprs[i + 1]! })),
    ...(node.defresult === undefined ? {} : { otherwise: exprs[0]! }),
    ...(operand === undefined ? {} : { operand }),
    type,
    typmod: node.defresult === undefined ? sameTypmod(exprs.slice(1)) : sameTypmod(exprs),
    collation,
    location: at(node.location),
  };
}

/** ARRAY[...], of a wanted type when it is cast to one. */
function arrayExpr(
  a: Analyser,
  level: Level,
  node: pg.A_ArrayExpr,
  wanted: number | undefined,
  typmod: number,
): Expr {
  const { ctx } = a;
  const location = at(node.location);
  const wantedElement = wanted === undefined ? undefined : ctx.elementOf(wanted);
  let nested = false;
  const inputs = (node.elements ?? []).map((item) => {
    const element = item as Node;
    if (element.A_ArrayExpr !== undefined) {
      nested = true;
      return arrayExpr(a, level, element.A_ArrayExpr, wanted, typmod);
    }
    const expr = analyseExpr(a, level, element);
    if (expr.type !== oid.unknown && ctx.elementOf(expr.type) !== undefined && wantedElement === undefined)
      nested = true;
    return expr;
  });
  if (inputs.length === 0 && wanted === undefined) {
    throw new PgError(
      "42P18",
      "cannot determine type of empty array",
      { hint: "Explicitly cast to the desired type, for example ARRAY[]::integer[]." },
      location,
    );
  }
  if (wanted !== undefined && wantedElement !== undefined) {
    const elements = inputs.map((input) => {
      const isArray = ctx.elementOf(input.type) !== undefined;
      if (isArray) nested = true;
      return castTo(ctx, input, isArray && nested ? wanted : wantedElement, typmod, input.location);
    });
    return {
      kind: "array",
      elements,
      nested,
      type: wanted,
      typmod,
      collation: typeCollation(ctx, wanted),
      location,
    };
  }
  const type = commonType(ctx, inputs, "ARRAY");
  const elements = inputs.map((input) => coerceToCommon(ctx, input, type, "ARRAY"));
  if (ctx.elementOf(type) !== undefined)
    return {
      kind: "array",
      elements,
      nested: true,
      type,
      typmod: -1,
      collation: typeCollation(ctx, type),
      location,
    };
  const array = ctx.arrayOf(type);
  if (array === undefined)
    throw new PgError(
      "42704",
      `could not find array type for data type ${ctx.formatType(type)}`,
      {},
      location,
    );
  return {
    kind: "array",
    elements,
    nested: false,
    type: array,
    typmod: -1,
    collation: typeCollation(ctx, array),
    location,
  };
}

function collate(a: Analyser, level: Level, node: pg.CollateClause): Expr {
  const arg = resolveUnknown(a.ctx, analyseExpr(a, level, node.arg as Node));
  const name = stringOf(node.collname?.at(-1) as Node | undefined);
  const location = at(node.location);
  if (typeCollation(a.ctx, arg.type) === 0) {
    throw new PgError(
      "42804",
      `collations are not supported by type ${a.ctx.formatType(arg.type)}`,
      {},
      location,
    );
  }
  const collation = collationOid(name, location);
  return { kind: "collate", arg, type: arg.type, typmod: arg.typmod, collation, location };
}

const collations: Readonly<Record<string, number>> = {
  default: 100,
  C: 950,
  POSIX: 951,
  ucs_basic: 962,
  "C.utf8": 811,
  pg_c_utf8: 811,
};

/** @throws PgError 42704, or 0A000 for one that sorts in another order than C */
export function collationOid(name: string, location: number | undefined): number {
  const found = collations[name];
  if (found !== undefined) return found;
  if (/^(unicode|und|[a-z]{2,3}([-_][A-Za-z0-9]+)*)(-x-icu|\.utf8)?$/.test(name))
    throw notSupported(`collation "${name}"`, location);
  throw new PgError("42704", `collation "${name}" for encoding "UTF8" does not exist`, {}, location);
}

const valueFunctions: Readonly<Record<string, readonly [op: string, type: number]>> = {
  SVFOP_CURRENT_DATE: ["current_date", oid.date],
  SVFOP_CURRENT_TIME: ["current_time", oid.timetz],
  SVFOP_CURRENT_TIME_N: ["current_time", oid.timetz],
  SVFOP_CURRENT_TIMESTAMP: ["current_timestamp", oid.timestamptz],
  SVFOP_CURRENT_TIMESTAMP_N: ["current_timestamp", oid.timestamptz],
  SVFOP_LOCALTIME: ["localtime", oid.time],
  SVFOP_LOCALTIME_N: ["localtime", oid.time],
  SVFOP_LOCALTIMESTAMP: ["localtimestamp", oid.timestamp],
  SVFOP_LOCALTIMESTAMP_N: ["localtimestamp", oid.timestamp],
  SVFOP_CURRENT_ROLE: ["current_role", oid.name],
  SVFOP_CURRENT_USER: ["current_user", oid.name],
  SVFOP_USER: ["user", oid.name],
  SVFOP_SESSION_USER: ["session_user", oid.name],
  SVFOP_CURRENT_CATALOG: ["current_catalog", oid.name],
  SVFOP_CURRENT_SCHEMA: ["current_schema", oid.name],
};

function sqlValue(node: pg.SQLValueFunction): Expr {
  const [op, type] = valueFunctions[node.op ?? ""]!;
  const typmod = node.op?.endsWith("_N") === true ? Math.min(node.typmod ?? 0, 6) : -1;
  return {
    kind: "sqlValue",
    op,
    type,
    typmod,
    collation: type === oid.name ? 950 : 0,
    location: at(node.location),
  };
}

function subLink(a: Analyser, level: Level, node: pg.SubLink): Expr {
  const { ctx } = a;
  const location = at(node.location);
  const query = a.subquery(node.subselect as Node, level);
  const targets = outputTargets(query);
  const base = { kind: "sublink", query, typmod: -1, location } as const;
  switch (node.subLinkType) {
    case "EXISTS_SUBLINK":
      return { ...base, link: "exists", type: oid.bool };
    case "EXPR_SUBLINK":
    case "ARRAY_SUBLINK": {
      if (targets.length !== 1)
        throw new PgError("42601", "subquery must return only one column", {}, location);
      const { expr } = targets[0]!;
      const collation = expr.collation ?? 0;
      if (node.subLinkType === "EXPR_SUBLINK")
        return { ...base, link: "scalar", type: expr.type, typmod: expr.typmod, collation };
      const array = ctx.elementOf(expr.type) !== undefined ? expr.type : ctx.arrayOf(expr.type);
      if (array === undefined) {
        throw new PgError(
          "42704",
          `could not find array type for data type ${ctx.formatType(expr.type)}`,
          {},
          location,
        );
      }
      return { ...base, link: "array", type: array, collation };
    }
    case "ANY_SUBLINK":
    case "ALL_SUBLINK": {
      const any = node.subLinkType === "ANY_SUBLINK";
      const name = stringOf(node.operName?.at(-1) as Node | undefined) || "=";
      const left = analyseExpr(a, level, node.testexpr as Node);
      const test = subTest(ctx, name, left, query, location);
      return { ...base, link: any ? "any" : "all", test, operator: name, type: oid.bool };
    }
    default:
      throw notSupported(String(node.subLinkType), location);
  }
}

function subTest(
  ctx: AnalyseContext,
  name: string,
  left: Expr,
  query: Query,
  location: number | undefined,
): Expr {
  const targets = outputTargets(query);
  const outputs = targets.map(
    ({ expr }, index): Expr => ({
      kind: "subOutput",
      index,
      type: expr.type,
      typmod: expr.typmod,
      collation: expr.collation ?? 0,
    }),
  );
  const lefts = left.kind === "row" ? left.fields : [left];
  if (lefts.length < outputs.length)
    throw new PgError("42601", "subquery has too many columns", {}, location);
  if (lefts.length > outputs.length) throw new PgError("42601", "subquery has too few columns", {}, location);
  if (left.kind !== "row")
    return coerceToBoolean(ctx, makeOperator(ctx, name, left, outputs[0]!, location), name);
  const right: Expr = {
    kind: "row",
    fields: outputs,
    names: targets.map((target) => target.name),
    type: oid.record,
    typmod: -1,
  };
  return rowComparison(ctx, name, left, right, location);
}

/** `(a, b) = (SELECT ...)` */
function rowSubLink(
  a: Analyser,
  level: Level,
  name: string,
  left: Expr,
  node: pg.SubLink,
  location: number | undefined,
): Expr {
  const query = a.subquery(node.subselect as Node, level);
  const test = subTest(a.ctx, name, left, query, location);
  const link: SubLink = {
    kind: "sublink",
    link: "row",
    query,
    test,
    operator: name,
    type: oid.bool,
    typmod: -1,
    location,
  };
  return link;
}

/** WHERE CURRENT OF: the row of the statement's table that a cursor is on. @throws PgError 0A000 of a view */
function analyseCurrentOf(a: Analyser, level: Level, node: pg.CurrentOfExpr): Expr {
  const entry = level.namespace[0]!.entry!;
  if (entry.relation!.kind === "v")
    throw new PgError("0A000", "WHERE CURRENT OF on a view is not implemented");
  const name = node.cursor_name ?? "";
  const system = (attnum: number, type: number): Expr => ({
    kind: "var",
    levelsUp: 0,
    entry,
    attnum,
    type,
    typmod: -1,
  });
  const cursor = a.ctx.variables?.resolve(a.ctx, [name]) ?? {
    kind: "const",
    value: name,
    type: oid.text,
    typmod: -1,
  };
  return {
    kind: "special",
    name: "currentOf",
    args: [cursor, system(-1, oid.tid), system(-6, oid.oid)],
    options: { table: entry.relation!.oid },
    type: oid.bool,
    typmod: -1,
  };
}

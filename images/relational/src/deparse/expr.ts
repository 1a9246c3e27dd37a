import type { Expr, FuncExpr, Query, RangeEntry } from "../analyse/expr.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { catalogNamespace } from "../catalog/model.ts";
import type { Datum } from "../types/datum.ts";
import type { Numeric } from "../types/numeric.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import type { IoContext } from "../types/type-ops.ts";
import { formatType, quoteName } from "../types/type-text.ts";
import { deparseJson } from "./json.ts";

/** Writes analysed expressions as SQL, in the words of pg_get_expr. */
export interface DeparseContext {
  readonly catalog: Catalog;
  readonly io: IoContext;
  /** How a column is named: with its table or without. */
  column(entry: RangeEntry, attnum: number, levelsUp: number): string;
  /** A table's row as one value. */
  wholeRow?(entry: RangeEntry): string;
  query(query: Query): string;
  /** As psql shows it: parentheses only where they are needed. */
  readonly isPretty?: boolean;
  /** The name of a routine's argument, where it has one. */
  readonly parameter?: (index: number) => string | undefined;
}

export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}

export function constant(
  ctx: DeparseContext,
  value: Datum,
  type: number,
  typmod: number,
  showType: -1 | 0 | 1,
): string {
  if (value === null)
    return showType < 0 ? "NULL" : `NULL::${formatType(ctx.catalog, type, typmod, ctx.io.searchPath)}`;
  const text = typeOps(ctx.catalog, type).output(value, ctx.io);
  let needsLabel = false;
  let shown: string;
  switch (type) {
    case oid.int4:
      if (text.startsWith("-")) {
        shown = `'${text}'`;
        needsLabel = true;
      } else shown = text;
      break;
    case oid.numeric: {
      const isNumber = !(value as Numeric).special && !text.startsWith("-");
      shown = isNumber ? text : `'${text}'`;
      needsLabel = !isNumber || (value as Numeric).scale === 0 || typmod >= 0;
      break;
    }
    case oid.bool:
      return text === "t" ? "true" : "false";
    case oid.bit:
    case oid.varbit:
      return `B'${text}'`;
    default:
      shown = quoteLiteral(text);
      needsLabel = type !== oid.unknown;
  }
  if (showType < 0) return shown;
  return needsLabel ? `${shown}::${formatType(ctx.catalog, type, typmod, ctx.io.searchPath)}` : shown;
}

/**
 * An expression as SQL. A conversion that nobody wrote is written only where it decides what is called: `showsImplicit`, of
 * arguments and operands.
 */
export function deparse(ctx: DeparseContext, expr: Expr, showsImplicit = false): string {
  const inner = (e: Expr) => deparse(ctx, e, true);
  const own = (text: string) => (ctx.isPretty === true ? text : `(${text})`);
  /** Of an operand; one that would be read otherwise gets parentheses. */
  const side = (e: Expr, shows = true) => operand(ctx, e, expr, shows);
  switch (expr.kind) {
    case "const":
      return constant(ctx, expr.value, expr.type, expr.typmod, 0);
    case "param":
      return ctx.parameter?.(expr.index) ?? `$${expr.index + 1}`;
    case "var":
      return ctx.column(expr.entry, expr.attnum, expr.levelsUp);
    case "func":
      return func(ctx, expr, showsImplicit);
    case "bool":
      if (expr.op === "not") return own(`NOT ${side(expr.args[0]!, false)}`);
      return own(expr.args.map((arg) => side(arg, false)).join(expr.op === "and" ? " AND " : " OR "));
    case "case": {
      const parts = ["CASE"];
      if (expr.operand !== undefined) parts.push(` ${inner(expr.operand)}`);
      for (const { when, result } of expr.whens) {
        const shown =
          expr.operand !== undefined && when.kind === "func" && when.args.length === 2 ? when.args[1]! : when;
        parts.push(`\n    WHEN ${deparse(ctx, shown)} THEN ${inner(result)}`);
      }
      parts.push(
        `\n    ELSE ${expr.otherwise === undefined ? constant(ctx, null, expr.type, -1, 0) : inner(expr.otherwise)}\nEND`,
      );
      return parts.join("");
    }
    case "caseTest":
      return "VALUE";
    case "coalesce":
      return `COALESCE(${expr.args.map(inner).join(", ")})`;
    case "minmax":
      return `${expr.op.toUpperCase()}(${expr.args.map(inner).join(", ")})`;
    case "nullif":
      return `NULLIF(${expr.equal.args.map(inner).join(", ")})`;
    case "distinct":
      return own(
        `${side(expr.equal.args[0]!)} IS ${expr.not ? "NOT " : ""}DISTINCT FROM ${side(expr.equal.args[1]!)}`,
      );
    case "scalarArray":
      return own(`${side(expr.left)} ${expr.operator} ${expr.any ? "ANY" : "ALL"} (${inner(expr.right)})`);
    case "array": {
      const list = `ARRAY[${expr.elements.map(inner).join(", ")}]`;
      return expr.elements.length === 0
        ? `${list}::${formatType(ctx.catalog, expr.type, -1, ctx.io.searchPath)}`
        : list;
    }
    case "row":
      if (expr.wholeRow !== undefined)
        return ctx.wholeRow?.(expr.wholeRow) ?? `${quoteName(expr.wholeRow.alias)}.*`;
      return `ROW(${expr.fields.map(inner).join(", ")})`;
    case "rowCompare":
      return `(ROW(${expr.pairs.map((p) => inner(p.left)).join(", ")}) ${expr.op} ROW(${expr.pairs.map((p) => inner(p.right)).join(", ")}))`;
    case "nullTest":
      return own(`${side(expr.arg)} IS ${expr.not ? "NOT " : ""}NULL`);
    case "booleanTest":
      return own(`${side(expr.arg, false)} IS ${expr.not ? "NOT " : ""}${expr.is.toUpperCase()}`);
    case "relabel":
    case "coerceIo":
    case "domainCoerce":
    case "arrayCoerce":
      return expr.form === "implicit" && !showsImplicit
        ? deparse(ctx, expr.arg)
        : cast(ctx, expr, expr.arg, expr.type, expr.typmod);
    case "collate":
      return own(
        `${side(expr.arg)} COLLATE "${{ 100: "default", 950: "C", 951: "POSIX" }[expr.collation ?? 100] ?? "default"}"`,
      );
    case "field":
      return `(${inner(expr.arg)}).${quoteName(expr.name)}`;
    case "subscript": {
      const base = expr.arg.kind === "var" ? inner(expr.arg) : `(${inner(expr.arg)})`;
      const steps = expr.subscripts.map(({ lower, upper }) =>
        expr.slice
          ? `[${lower === undefined ? "" : inner(lower)}:${upper === undefined ? "" : inner(upper)}]`
          : `[${inner(upper!)}]`,
      );
      return base + steps.join("");
    }
    case "sublink": {
      const query = ctx.query(expr.query);
      if (expr.link === "exists") return `(EXISTS (${query}))`;
      if (expr.link === "array") return `ARRAY(${query})`;
      if (expr.link === "any" || expr.link === "all") {
        const left = expr.test?.kind === "func" ? inner(expr.test.args[0]!) : "";
        return expr.operator === "=" && expr.link === "any"
          ? `(${left} IN (${query}))`
          : `(${left} ${expr.operator} ${expr.link.toUpperCase()} (${query}))`;
      }
      return `(${query})`;
    }
    case "aggref": {
      const name = functionName(ctx, expr.proc.namespace, expr.proc.name);
      const args = expr.star ? "*" : `${expr.distinct ? "DISTINCT " : ""}${expr.args.map(inner).join(", ")}`;
      const order =
        expr.orderBy.length === 0 ? "" : ` ORDER BY ${expr.orderBy.map((k) => sortText(ctx, k)).join(", ")}`;
      const filter = expr.filter === undefined ? "" : ` FILTER (WHERE ${inner(expr.filter)})`;
      if (expr.direct.length > 0 || ["mode", "percentile_cont", "percentile_disc"].includes(expr.proc.name))
        return `${name}(${expr.direct.map(inner).join(", ")}) WITHIN GROUP (${order.trim()})${filter}`;
      return `${name}(${args}${order})${filter}`;
    }
    case "window": {
      const name = functionName(ctx, expr.proc.namespace, expr.proc.name);
      const args = expr.star ? "*" : expr.args.map(inner).join(", ");
      const filter = expr.filter === undefined ? "" : ` FILTER (WHERE ${inner(expr.filter)})`;
      return `${name}(${args})${filter} OVER (${windowText(ctx, expr.window)})`;
    }
    case "grouping":
      return `GROUPING(${expr.args.map(inner).join(", ")})`;
    case "sqlValue":
      return `${expr.op.toUpperCase()}${expr.typmod >= 0 ? `(${expr.typmod})` : ""}`;
    case "default":
      return "DEFAULT";
    case "special":
      return (
        deparseJson(expr, {
          expr: inner,
          type: (type, typmod) => formatType(ctx.catalog, type, typmod, ctx.io.searchPath),
          literal: quoteLiteral,
          name: quoteName,
        }) ?? "?"
      );
    default:
      return "?";
  }
}

type SortKeyLike = { readonly expr: Expr; readonly descending: boolean; readonly nullsFirst: boolean };

export function sortText(ctx: DeparseContext, key: SortKeyLike): string {
  const nulls = key.nullsFirst === key.descending ? "" : key.nullsFirst ? " NULLS FIRST" : " NULLS LAST";
  return `${deparse(ctx, key.expr)}${key.descending ? " DESC" : ""}${nulls}`;
}

function windowText(ctx: DeparseContext, window: Extract<Expr, { kind: "window" }>["window"]): string {
  const parts: string[] = [];
  if (window.partitionBy.length > 0)
    parts.push(`PARTITION BY ${window.partitionBy.map((e) => deparse(ctx, e)).join(", ")}`);
  if (window.orderBy.length > 0)
    parts.push(`ORDER BY ${window.orderBy.map((k) => sortText(ctx, k)).join(", ")}`);
  if (window.frame.explicit) {
    const bound = (b: typeof window.frame.start) =>
      b.kind === "unboundedPreceding"
        ? "UNBOUNDED PRECEDING"
        : b.kind === "unboundedFollowing"
          ? "UNBOUNDED FOLLOWING"
          : b.kind === "preceding" || b.kind === "following"
            ? `${deparse(ctx, b.offset)} ${b.kind.toUpperCase()}`
            : "CURRENT ROW";
    const exclude = {
      none: "",
      current: " EXCLUDE CURRENT ROW",
      group: " EXCLUDE GROUP",
      ties: " EXCLUDE TIES",
    }[window.frame.exclude];
    parts.push(
      `${window.frame.mode.toUpperCase()} BETWEEN ${bound(window.frame.start)} AND ${bound(window.frame.end)}${exclude}`,
    );
  }
  return parts.join(" ");
}

/** An operand: with parentheses of its own where it would be taken apart without them. */
function operand(ctx: DeparseContext, expr: Expr, parent: Expr, showsImplicit: boolean): string {
  const text = deparse(ctx, expr, showsImplicit);
  return ctx.isPretty === true && !isSimple(expr, parent) ? `(${text})` : text;
}

const binding = (operator: string | undefined): number =>
  operator === "+" || operator === "-" ? 1 : operator === "*" || operator === "/" || operator === "%" ? 2 : 0;

/** Whether an operand needs no parentheses (isSimpleNode of PostgreSQL's ruleutils). */
function isSimple(expr: Expr, parent: Expr): boolean {
  const isCallAround =
    parent.kind === "func" ? parent.operator === undefined && parent.form === "call" : isList(parent);
  switch (expr.kind) {
    case "func": {
      if (expr.operator === undefined) return true;
      if (parent.kind !== "func" || parent.operator === undefined) return isCallAround;
      const [own, outer] = [binding(expr.operator), binding(parent.operator)];
      if (own === 0 || outer === 0 || expr.args.length !== 2) return false;
      return own > outer || (own === outer && parent.args[0] === expr);
    }
    case "bool":
      if (parent.kind === "bool") return expr.op === "or" ? parent.op === "or" : parent.op !== "not";
      return isCallAround;
    case "sublink":
    case "nullTest":
    case "booleanTest":
    case "distinct":
    case "scalarArray":
      return isCallAround || parent.kind === "bool";
    case "relabel":
    case "coerceIo":
    case "domainCoerce":
    case "arrayCoerce":
      return isSimple(expr.arg, expr);
    case "collate":
      return false;
    default:
      return true;
  }
}

/** Expressions whose parts stand between commas or keywords. */
function isList(expr: Expr): boolean {
  return ["case", "coalesce", "minmax", "nullif", "array", "row", "aggref", "window", "grouping"].includes(
    expr.kind,
  );
}

function cast(ctx: DeparseContext, expr: Expr, arg: Expr, type: number, typmod: number): string {
  const target = formatType(ctx.catalog, type, typmod, ctx.io.searchPath);
  if (arg.kind === "const" && arg.type === type)
    return `${constant(ctx, arg.value, arg.type, arg.typmod, -1)}::${target}`;
  const text = deparse(ctx, arg);
  return ctx.isPretty === true && isSimple(arg, expr) ? `${text}::${target}` : `(${text})::${target}`;
}

function functionName(ctx: DeparseContext, namespace: number, name: string): string {
  if (namespace === catalogNamespace || ctx.io.searchPath.includes(namespace)) return quoteName(name);
  return `${quoteName(ctx.catalog.get("namespace", namespace)?.name ?? "?")}.${quoteName(name)}`;
}

function func(ctx: DeparseContext, expr: FuncExpr, showsImplicit: boolean): string {
  const inner = (e: Expr) => deparse(ctx, e, true);
  const { operator, args } = expr;
  if (operator !== undefined) {
    const own = (text: string) => (ctx.isPretty === true ? text : `(${text})`);
    const side = (e: Expr) => operand(ctx, e, expr, true);
    if (args.length === 1) return own(`${operator} ${side(args[0]!)}`);
    return own(`${side(args[0]!)} ${operator} ${side(args[1]!)}`);
  }
  if (expr.form === "implicit" && !showsImplicit) return deparse(ctx, args[0]!);
  if (expr.form === "cast" || expr.form === "implicit")
    return cast(ctx, expr, args[0]!, expr.type, expr.typmod);
  const special = sqlSyntax(ctx, expr);
  if (special !== undefined) return special;
  const name = functionName(ctx, expr.proc.namespace, expr.proc.name);
  const isSpread = expr.variadic === true && args.at(-1)?.kind === "array";
  const list =
    isSpread && args.at(-1)!.kind === "array"
      ? [...args.slice(0, -1), ...(args.at(-1) as Extract<Expr, { kind: "array" }>).elements]
      : args;
  return `${name}(${list.map(inner).join(", ")})`;
}

/** Functions that PostgreSQL writes as the standard does. */
function sqlSyntax(ctx: DeparseContext, expr: FuncExpr): string | undefined {
  const inner = (i: number) => deparse(ctx, expr.args[i]!, true);
  const [first] = expr.args;
  switch (expr.proc.name) {
    case "extract":
      return first?.kind === "const" ? `EXTRACT(${String(first.value)} FROM ${inner(1)})` : undefined;
    case "btrim":
      return expr.proc.arguments[0] === oid.text
        ? `TRIM(BOTH ${expr.args.length > 1 ? `${inner(1)} ` : ""}FROM ${inner(0)})`
        : undefined;
    case "timezone":
      return expr.args.length === 2 ? `(${inner(1)} AT TIME ZONE ${inner(0)})` : undefined;
    default:
      return undefined;
  }
}

/** Without the parentheses around the whole. */
export function stripParentheses(text: string): string {
  if (!text.startsWith("(") || !text.endsWith(")")) return text;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0 && i < text.length - 1) return text;
  }
  return text.slice(1, -1);
}

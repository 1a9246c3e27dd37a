import { freeVariables } from "../analyse/walk.ts";
import { IdSeek, IndexSeek, type Seek } from "../operators/scans.ts";
import type { Expr } from "../parse/ast.ts";
import type { Evaluate, Operator } from "../runtime/context.ts";
import { everyKey, prefixKeys, rangeKeys } from "../storage/index-keys.ts";
import { isUnique, type Schema, type SchemaRule } from "../storage/schema.ts";

export type EntityAccess = "NODE" | "RELATIONSHIP";

/** A way to find a node or relationship without looking at all of them. */
export interface Access {
  readonly cost: number;
  scan(source: Operator, slot: number): Operator;
}

export interface AccessRequest {
  readonly name: string;
  readonly labels: readonly string[];
  readonly entity: EntityAccess;
  readonly conditions: readonly Expr[];
  readonly bound: ReadonlySet<string>;
  readonly schema: Schema;
  compile(expression: Expr): Evaluate;
}

type Comparison = "=" | "IN" | "<" | "<=" | ">" | ">=" | "STARTS WITH" | "IS NOT NULL";

/** `name.key operator value`, where the value is known before the entity is. */
interface Restriction {
  readonly key: string;
  readonly operator: Comparison;
  readonly value: Expr | undefined;
}

const mirrored: Readonly<Record<string, Comparison>> = {
  "=": "=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

function isKnown(expression: Expr, bound: ReadonlySet<string>): boolean {
  return [...freeVariables(expression)].every((name) => bound.has(name));
}

function propertyKey(expression: Expr, name: string): string | undefined {
  return expression.kind === "property" &&
    expression.object.kind === "variable" &&
    expression.object.name === name
    ? expression.key
    : undefined;
}

function restrictions({ name, conditions, bound }: AccessRequest): Restriction[] {
  const found: Restriction[] = [];
  for (const condition of conditions) {
    if (condition.kind === "isNull" && condition.isNegated) {
      const key = propertyKey(condition.operand, name);
      if (key !== undefined) found.push({ key, operator: "IS NOT NULL", value: undefined });
    }
    if (condition.kind !== "binary") continue;
    const { operator, left, right } = condition;
    const leftKey = propertyKey(left, name);
    if (
      leftKey !== undefined &&
      isKnown(right, bound) &&
      ["=", "IN", "<", "<=", ">", ">=", "STARTS WITH"].includes(operator)
    )
      found.push({ key: leftKey, operator: operator as Comparison, value: right });
    const rightKey = propertyKey(right, name);
    const turned = mirrored[operator];
    if (rightKey !== undefined && turned !== undefined && isKnown(left, bound))
      found.push({ key: rightKey, operator: turned, value: left });
  }
  return found;
}

/** `id(n) = ...`, `elementId(n) IN ...` */
function idAccess(request: AccessRequest): Access | undefined {
  const { name, conditions, bound, entity } = request;
  const isId = (side: Expr): boolean =>
    side.kind === "call" &&
    ["id", "elementid"].includes(side.name.toLowerCase()) &&
    side.args[0]?.kind === "variable" &&
    side.args[0].name === name;
  for (const condition of conditions) {
    if (condition.kind !== "binary" || (condition.operator !== "=" && condition.operator !== "IN")) continue;
    const { left, right, operator } = condition;
    const value = isId(left) ? right : operator === "=" && isId(right) ? left : undefined;
    if (value === undefined || !isKnown(value, bound)) continue;
    const evaluate = request.compile(value);
    return { cost: 1, scan: (source, slot) => new IdSeek(source, slot, evaluate, entity === "NODE", name) };
  }
  return undefined;
}

function indexAccess(
  request: AccessRequest,
  rule: SchemaRule,
  known: readonly Restriction[],
): Access | undefined {
  if (!["RANGE", "TEXT", "UNIQUENESS", "KEY"].includes(rule.type)) return undefined;
  const details = `${request.name.trim()}:${rule.labels.join("|")}(${rule.properties.join(", ")})`;
  const access = (cost: number, seek: Seek): Access => ({
    cost,
    scan: (source, slot) => new IndexSeek(source, slot, rule, seek, details),
  });
  const equal: Evaluate[] = [];
  for (const property of rule.properties) {
    const restriction = known.find(({ key, operator }) => key === property && operator === "=");
    if (restriction === undefined) break;
    equal.push(request.compile(restriction.value!));
  }
  // An index over several properties holds only entities that have all of them: each has to be asked for.
  const hasAll = rule.properties.every((property) => known.some(({ key }) => key === property));
  if (!hasAll) return undefined;
  if (equal.length === rule.properties.length)
    return access(isUnique(rule) ? 2 : 3, { kind: "equal", values: equal });
  if (equal.length > 0) return access(5, { kind: "equal", values: equal });
  const [first] = rule.properties;
  const of = (...operators: readonly Comparison[]) =>
    known.find(({ key, operator }) => key === first && operators.includes(operator));
  const list = of("IN");
  if (list !== undefined && rule.properties.length === 1)
    return access(4, { kind: "in", list: request.compile(list.value!) });
  const range = of("STARTS WITH", "<", "<=", ">", ">=");
  if (range !== undefined) {
    const evaluate = request.compile(range.value!);
    const { operator } = range;
    return access(6, {
      kind: "range",
      keys: (row, ctx) => {
        const value = evaluate(row, ctx);
        if (operator === "STARTS WITH") return typeof value === "string" ? prefixKeys(value) : undefined;
        return rangeKeys(operator as "<", value);
      },
    });
  }
  return of("IS NOT NULL") === undefined ? undefined : access(9, { kind: "range", keys: () => everyKey() });
}

/** The cheapest way to an entity; undefined when only a scan is left. */
export function bestAccess(request: AccessRequest): Access | undefined {
  const byId = idAccess(request);
  if (byId !== undefined) return byId;
  const known = restrictions(request);
  if (known.length === 0) return undefined;
  let best: Access | undefined;
  for (const label of request.labels) {
    for (const rule of request.schema.of(request.entity, label)) {
      const access = indexAccess(request, rule, known);
      if (access !== undefined && (best === undefined || access.cost < best.cost)) best = access;
    }
  }
  return best;
}

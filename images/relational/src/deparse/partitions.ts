import { opclasses } from "../catalog/builtin.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { PartitionBound, RangeLimit, Relation } from "../catalog/model.ts";
import { ancestorsOf, partitionsOf } from "../catalog/partitions.ts";
import { storageIo } from "../storage/codec.ts";
import type { Datum } from "../types/datum.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import type { IoContext } from "../types/type-ops.ts";
import { quoteName } from "../types/type-text.ts";
import { constant } from "./expr.ts";
import { shownExpression } from "./stored.ts";

/** Partition keys and bounds as SQL. */

const isCall = /^[a-z_"][\w".]*\([^()]*\)$/;
const words = { r: "RANGE", l: "LIST", h: "HASH" } as const;

/** A key's column or expression as it stands in a condition. */
function keyText(catalog: Catalog, io: IoContext, relation: Relation, key: number): string {
  const { attnum, expression } = relation.partitionBy!.keys[key]!;
  if (expression === undefined)
    return quoteName(relation.columns.find((column) => column.attnum === attnum)?.name ?? "?");
  return shownExpression(catalog, io, relation, expression);
}

/** As pg_get_partkeydef() writes it. */
export function partitionKeyText(catalog: Catalog, io: IoContext, relation: Relation): string {
  const { strategy, keys } = relation.partitionBy!;
  const list = keys.map((key, i) => {
    const opclass = opclasses.find((each) => each.oid === key.opclass);
    const text = keyText(catalog, io, relation, i);
    const shown = key.expression === undefined || isCall.test(text) ? text : `(${text})`;
    return `${shown}${opclass?.isDefault === false ? ` ${opclass.name}` : ""}`;
  });
  return `${words[strategy]} (${list.join(", ")})`;
}

function value(catalog: Catalog, io: IoContext, parent: Relation, key: number, text: string | null): string {
  const { type, typmod } = parent.partitionBy!.keys[key]!;
  const datum = text === null ? null : typeOps(catalog, type).input(text, typmod, storageIo(catalog));
  return constant(contextOf(catalog, io), datum, type, typmod, -1);
}

function contextOf(catalog: Catalog, io: IoContext) {
  return { catalog, io } as Parameters<typeof constant>[0];
}

/** As relpartbound is shown: FOR VALUES ..., or DEFAULT. */
export function partitionBoundText(catalog: Catalog, io: IoContext, relation: Relation): string {
  const { parent: id, bound } = relation.partitionOf!;
  const parent = catalog.get("relation", id)!;
  const limits = (list: readonly RangeLimit[]) =>
    list
      .map((limit, i) =>
        limit.kind === "value"
          ? value(catalog, io, parent, i, limit.value)
          : limit.kind === "min"
            ? "MINVALUE"
            : "MAXVALUE",
      )
      .join(", ");
  switch (bound.kind) {
    case "default":
      return "DEFAULT";
    case "hash":
      return `FOR VALUES WITH (modulus ${bound.modulus}, remainder ${bound.remainder})`;
    case "list":
      return `FOR VALUES IN (${bound.values.map((text) => value(catalog, io, parent, 0, text)).join(", ")})`;
    default:
      return `FOR VALUES FROM (${limits(bound.from)}) TO (${limits(bound.to)})`;
  }
}

/** As pg_get_partition_constraintdef() writes it: what a row of a partition meets, all tables around it counted. */
export function partitionConstraintText(catalog: Catalog, io: IoContext, relation: Relation): string | null {
  const path = [relation, ...ancestorsOf(catalog, relation)];
  const parts: string[] = [];
  for (let i = path.length - 1; i > 0; i--)
    parts.push(...conditions(catalog, io, path[i]!, path[i - 1]!.partitionOf!.bound));
  if (parts.length === 0) return null;
  return parts.length === 1 ? parts[0]! : `(${parts.join(" AND ")})`;
}

function conditions(catalog: Catalog, io: IoContext, parent: Relation, bound: PartitionBound): string[] {
  const { keys } = parent.partitionBy!;
  const names = keys.map((_, i) => keyText(catalog, io, parent, i));
  const literal = (key: number, text: string): string => {
    const { type, typmod } = keys[key]!;
    const datum: Datum = typeOps(catalog, type).input(text, typmod, storageIo(catalog));
    return constant(contextOf(catalog, io), datum, type, typmod, 0);
  };
  switch (bound.kind) {
    case "hash":
      return [
        `satisfies_hash_partition('${parent.oid}'::oid, ${bound.modulus}, ${bound.remainder}, ${names.join(", ")})`,
      ];
    case "list":
      return listCondition(parent, bound.values, names[0]!, literal);
    case "range":
      return [
        ...names.map((name) => `(${name} IS NOT NULL)`),
        ...rangeConditions(bound.from, bound.to, names, literal),
      ];
    default:
      return defaultCondition(parent, others(catalog, parent), names, literal);
  }
}

function others(catalog: Catalog, parent: Relation): PartitionBound[] {
  return partitionsOf(catalog, parent.oid).map(({ partitionOf }) => partitionOf!.bound);
}

/** A default partition has what no other one has. */
function defaultCondition(
  parent: Relation,
  bounds: readonly PartitionBound[],
  names: readonly string[],
  literal: (key: number, text: string) => string,
): string[] {
  const lists = bounds.flatMap((bound) => (bound.kind === "list" ? bound.values : []));
  const ranges = bounds.flatMap((bound) => (bound.kind === "range" ? [bound] : []));
  if (lists.length > 0) {
    const list = listCondition(parent, lists, names[0]!, literal);
    return [`(NOT ${list.length === 1 ? list[0] : `(${list.join(" AND ")})`})`];
  }
  if (ranges.length === 0) return [];
  const parts = ranges.map(({ from, to }) => rangeConditions(from, to, names, literal));
  const shown = parts.map((list) => (list.length === 1 ? list[0] : `(${list.join(" AND ")})`));
  const within = parts.length === 1 ? parts[0]! : [`(${shown.join(" OR ")})`];
  return [`(NOT (${[...names.map((name) => `(${name} IS NOT NULL)`), ...within].join(" AND ")}))`];
}

function listCondition(
  parent: Relation,
  values: readonly (string | null)[],
  name: string,
  literal: (key: number, text: string) => string,
): string[] {
  const given = values.filter((text) => text !== null);
  const { type } = parent.partitionBy!.keys[0]!;
  const column = type === oid.varchar ? `(${name})::text` : name;
  const test =
    given.length === 1
      ? `(${column} = ${literal(0, given[0]!)})`
      : given.length === 0
        ? undefined
        : `(${column} = ANY (ARRAY[${given.map((text) => literal(0, text)).join(", ")}]))`;
  if (!values.includes(null)) return [`(${name} IS NOT NULL)`, test!];
  return [test === undefined ? `(${name} IS NULL)` : `((${name} IS NULL) OR ${test})`];
}

/** Of several columns: the first that differs decides. */
function rangeConditions(
  from: readonly RangeLimit[],
  to: readonly RangeLimit[],
  names: readonly string[],
  literal: (key: number, text: string) => string,
): string[] {
  const parts: string[] = [];
  let start = 0;
  // What both limits have in common is one value.
  while (start < names.length) {
    const [low, high] = [from[start]!, to[start]!];
    if (low.kind !== "value" || high.kind !== "value" || low.value !== high.value) break;
    parts.push(`(${names[start]} = ${literal(start, low.value)})`);
    start++;
  }
  const side = (limits: readonly RangeLimit[], open: string, last: string): string | undefined => {
    const terms: string[] = [];
    for (let end = start; end < names.length; end++) {
      const limit = limits[end]!;
      if (limit.kind !== "value") break;
      const next = limits[end + 1];
      const isLast = next === undefined;
      // Behind it nothing counts: rows with just this value are all within, or none.
      const includes = next !== undefined && next.kind === (open === ">" ? "min" : "max");
      const operator = isLast ? last : includes ? `${open}=` : open;
      const equals = names
        .slice(start, end)
        .map(
          (name, i) => `(${name} = ${literal(start + i, (limits[start + i] as { value: string }).value)})`,
        );
      const own = `(${names[end]} ${operator} ${literal(end, limit.value)})`;
      terms.push(equals.length === 0 ? own : `(${[...equals, own].join(" AND ")})`);
    }
    if (terms.length === 0) return undefined;
    return terms.length === 1 ? terms[0] : `(${terms.join(" OR ")})`;
  };
  for (const part of [side(from, ">", ">="), side(to, "<", "<")]) if (part !== undefined) parts.push(part);
  return parts;
}

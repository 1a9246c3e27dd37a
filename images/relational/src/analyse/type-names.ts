import type { Catalog } from "../catalog/catalog.ts";
import { catalogNamespace, type TypeInfo } from "../catalog/model.ts";
import { namespaceNamed } from "../catalog/namespaces.ts";
import { PgError } from "../errors.ts";
import { at, type Node, type pg, stringOf, strings } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import type { IoContext } from "../types/type-ops.ts";
import { formatType } from "../types/type-text.ts";
import type { AnalyseContext } from "./context.ts";

export interface TypeReference {
  readonly type: number;
  readonly typmod: number;
}

/** Finds a type by its name: `schema.name` or through the search path, pg_catalog first. */
export function findType(
  catalog: Catalog,
  searchPath: readonly number[],
  schema: string | undefined,
  name: string,
  requireUsage?: IoContext["requireUsage"],
): TypeInfo | undefined {
  if (schema !== undefined) {
    const namespace = namespaceNamed(catalog, searchPath, schema);
    if (namespace === undefined) throw new PgError("3F000", `schema "${schema}" does not exist`);
    requireUsage?.(namespace);
    return catalog.typeByName(namespace.oid, name);
  }
  const path = searchPath.includes(catalogNamespace) ? searchPath : [catalogNamespace, ...searchPath];
  for (const namespace of path) {
    const type = catalog.typeByName(namespace, name);
    if (type !== undefined) return type;
  }
  return undefined;
}

export function typeNameText(name: pg.TypeName): string {
  return `${strings(name.names).join(".")}${"[]".repeat(name.arrayBounds?.length ?? 0)}`;
}

/** @throws PgError 42704 */
export function resolveTypeName(ctx: AnalyseContext, name: pg.TypeName): TypeReference {
  const parts = strings(name.names);
  const location = at(name.location);
  if (name.pct_type === true) return columnType(ctx, parts, location);
  const short = parts.at(-1) ?? "";
  const schema = parts.length > 1 ? parts.at(-2) : undefined;
  const type = findType(ctx.catalog, ctx.searchPath, schema, short, ctx.io.requireUsage);
  if (type === undefined) {
    throw new PgError("42704", `type "${typeNameText(name)}" does not exist`, {}, location);
  }
  const typmod = typmodOf(ctx, type, name.typmods ?? [], name.typemod ?? -1, location);
  if ((name.arrayBounds?.length ?? 0) > 0) {
    if (type.array === 0) {
      throw new PgError(
        "42704",
        `could not find array type for data type ${formatType(ctx.catalog, type.oid)}`,
        {},
        location,
      );
    }
    return { type: type.array, typmod };
  }
  return { type: type.oid, typmod };
}

function columnType(
  ctx: AnalyseContext,
  parts: readonly string[],
  location: number | undefined,
): TypeReference {
  const [schema, table, column] = parts.length > 2 ? parts.slice(-3) : [undefined, ...parts];
  const namespaces = schema === undefined ? ctx.searchPath : [ctx.catalog.namespaceByName(schema)?.oid ?? 0];
  for (const namespace of namespaces) {
    const relation = ctx.catalog.relationByName(namespace, table ?? "");
    const found = relation?.columns.find((c) => c.name === column && c.dropped !== true);
    if (found !== undefined) return { type: found.type, typmod: found.typmod };
  }
  throw new PgError("42P01", `relation "${table}" does not exist`, {}, location);
}

function typmodOf(
  ctx: AnalyseContext,
  type: TypeInfo,
  modifiers: readonly Node[],
  given: number,
  location: number | undefined,
): number {
  if (modifiers.length === 0) return given;
  const values = modifiers.map((node) => {
    const constant = node.A_Const;
    if (constant?.ival !== undefined) return constant.ival.ival ?? 0;
    if (constant?.sval !== undefined) return Number(constant.sval.sval);
    if (constant?.fval !== undefined) return Number(constant.fval.fval);
    const ref = node.ColumnRef;
    if (ref !== undefined) return Number(stringOf(ref.fields?.[0]));
    throw new PgError("42601", "type modifiers must be simple constants or identifiers", {}, location);
  });
  const [first = 0, second] = values;
  switch (type.oid) {
    case oid.varchar:
    case oid.bpchar: {
      const word = type.oid === oid.varchar ? "varchar" : "char";
      if (first < 1) throw new PgError("22023", `length for type ${word} must be at least 1`, {}, location);
      if (first > 10_485_760)
        throw new PgError("22023", `length for type ${word} cannot exceed 10485760`, {}, location);
      return first + 4;
    }
    case oid.bit:
    case oid.varbit:
      if (first < 1)
        throw new PgError("22023", `length for type ${type.name} must be at least 1`, {}, location);
      return first;
    case oid.numeric: {
      if (first < 1 || first > 1000)
        throw new PgError("22023", `NUMERIC precision ${first} must be between 1 and 1000`, {}, location);
      const scale = second ?? 0;
      if (scale < -1000 || scale > 1000)
        throw new PgError("22023", `NUMERIC scale ${scale} must be between -1000 and 1000`, {}, location);
      return ((first << 16) | (scale & 0x7ff)) + 4;
    }
    case oid.time:
    case oid.timetz:
    case oid.timestamp:
    case oid.timestamptz:
      if (first < 0)
        throw new PgError("22023", `${type.name.toUpperCase()}(${first}) precision must not be negative`);
      return Math.min(first, 6);
    case oid.interval:
      // The grammar gives the fields' mask first, and then the precision.
      return ((first & 0x7fff) << 16) | (second === undefined ? 0xffff : Math.min(second, 6));
    default:
      throw new PgError(
        "42601",
        `type modifier is not allowed for type "${formatType(ctx.catalog, type.oid)}"`,
        {},
        location,
      );
  }
}

import type { Catalog } from "../catalog/catalog.ts";
import { PgError } from "../errors.ts";
import { type Datum, JsonbValue, PgArray, PgRecord } from "../types/datum.ts";
import { formatJson, makeObject, parseJson, quoteJson } from "../types/json-text.ts";
import type { Json } from "../types/json-value.ts";
import { Numeric } from "../types/numeric.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import type { IoContext } from "../types/type-ops.ts";

const numberTypes: ReadonlySet<number> = new Set([
  oid.int2,
  oid.int4,
  oid.int8,
  oid.float4,
  oid.float8,
  oid.numeric,
]);
const isoTypes: ReadonlySet<number> = new Set([oid.date, oid.timestamp, oid.timestamptz]);

function baseOf(catalog: Catalog, typeOid: number): number {
  let type = catalog.type(typeOid);
  while (type?.kind === "d") type = catalog.type(type.baseType);
  return type?.oid ?? typeOid;
}

/** A value's text in JSON: dates in ISO form whatever DateStyle is. */
function scalarText(catalog: Catalog, type: number, value: Datum, io: IoContext): string {
  const ops = typeOps(catalog, type);
  if (!isoTypes.has(type)) return ops.output(value, io);
  const text = ops.output(value, { ...io, dateStyle: "ISO" });
  if (type === oid.date || text.endsWith("infinity")) return text;
  const iso = text.replace(" ", "T");
  return type === oid.timestamptz ? iso.replace(/([+-]\d\d)( BC)?$/, "$1:00$2") : iso;
}

/** As to_json writes it. */
export function toJsonText(
  catalog: Catalog,
  typeOid: number,
  value: Datum,
  io: IoContext,
  pretty = false,
  indent = 0,
): string {
  if (value === null) return "null";
  const type = baseOf(catalog, typeOid);
  if (type === oid.json) return value as string;
  if (type === oid.jsonb) return formatJson((value as JsonbValue).json);
  if (type === oid.bool) return value === true ? "true" : "false";
  if (numberTypes.has(type)) {
    const text = scalarText(catalog, type, value, io);
    return /^-?\d/.test(text) ? text : `"${text}"`;
  }
  if (value instanceof PgArray) return arrayText(catalog, type, value, io, pretty);
  if (value instanceof PgRecord) {
    const parts = value.values.map(
      (field, i) =>
        `${quoteJson(value.names[i]!)}:${toJsonText(catalog, value.types[i]!, field, io, false, indent)}`,
    );
    return `{${parts.join(pretty ? ",\n " : ",")}}`;
  }
  return quoteJson(scalarText(catalog, type, value, io));
}

function arrayText(catalog: Catalog, type: number, array: PgArray, io: IoContext, pretty: boolean): string {
  const element = elementOf(catalog, type);
  let at = 0;
  const level = (depth: number): string => {
    if (array.dimensions.length === 0) return "[]";
    const parts: string[] = [];
    for (let i = 0; i < array.dimensions[depth]!; i++)
      parts.push(
        depth < array.dimensions.length - 1
          ? level(depth + 1)
          : toJsonText(catalog, element, array.elements[at++]!, io),
      );
    return `[${parts.join(pretty && depth === 0 ? ",\n " : ",")}]`;
  };
  return level(0);
}

function elementOf(catalog: Catalog, type: number): number {
  return catalog.type(type)?.element || oid.text;
}

/** As to_jsonb makes it. */
export function toJsonb(catalog: Catalog, typeOid: number, value: Datum, io: IoContext): Json {
  if (value === null) return null;
  const type = baseOf(catalog, typeOid);
  if (type === oid.jsonb) return (value as JsonbValue).json;
  if (type === oid.json) return parseJson(value as string);
  if (type === oid.bool) return value as boolean;
  if (numberTypes.has(type)) {
    const text = scalarText(catalog, type, value, io);
    const numeric = value instanceof Numeric ? value : Numeric.tryParse(text);
    return numeric === undefined || numeric.special !== undefined ? text : numeric;
  }
  if (value instanceof PgArray) {
    const element = elementOf(catalog, type);
    let at = 0;
    const level = (depth: number): Json => {
      if (value.dimensions.length === 0) return [];
      return Array.from({ length: value.dimensions[depth]! }, () =>
        depth < value.dimensions.length - 1
          ? level(depth + 1)
          : toJsonb(catalog, element, value.elements[at++]!, io),
      );
    };
    return level(0);
  }
  if (value instanceof PgRecord) {
    const members = new Map<string, Json>();
    for (const [i, field] of value.values.entries())
      members.set(value.names[i]!, toJsonb(catalog, value.types[i]!, field, io));
    return makeObject(members);
  }
  return scalarText(catalog, type, value, io);
}

/** A value as an object's key. @throws PgError 22023 */
export function keyText(catalog: Catalog, typeOid: number, value: Datum, io: IoContext): string {
  const type = baseOf(catalog, typeOid);
  if (
    value instanceof PgArray ||
    value instanceof PgRecord ||
    value instanceof JsonbValue ||
    type === oid.json
  )
    throw new PgError("22023", "key value must be scalar, not array, composite, or json");
  if (type === oid.bool) return value === true ? "true" : "false";
  return scalarText(catalog, type, value, io);
}

import type { Catalog } from "../catalog/catalog.ts";
import { catalogNamespace, type TypeInfo } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import { oid } from "./oids.ts";
import type { IoContext } from "./type-ops.ts";

/** Names of types as people write them. */

/** `_record` is one too, though its category is that of pseudo-types. */
export function isArrayType(type: TypeInfo): boolean {
  const isOfArrays = type.category === "A" || type.oid === oid.recordArray;
  return type.element !== 0 && type.length === -1 && isOfArrays && type.subscript !== 0;
}

const spelled: Readonly<Record<number, string>> = {
  [oid.bool]: "boolean",
  [oid.bpchar]: "character",
  [oid.float4]: "real",
  [oid.float8]: "double precision",
  [oid.numeric]: "numeric",
  [oid.interval]: "interval",
  [oid.json]: "json",
  [oid.int2]: "smallint",
  [oid.int4]: "integer",
  [oid.int8]: "bigint",
  [oid.varchar]: "character varying",
  [oid.varbit]: "bit varying",
  [oid.timetz]: "time with time zone",
  [oid.timestamptz]: "timestamp with time zone",
  [oid.time]: "time without time zone",
  [oid.timestamp]: "timestamp without time zone",
  [oid.bit]: "bit",
  [oid.char]: '"char"',
};

/** As format_type() writes it. */
export function formatType(
  catalog: Catalog,
  typeOid: number,
  typmod = -1,
  searchPath: readonly number[] = [catalogNamespace],
): string {
  if (typeOid === 0) return "-";
  const type = catalog.type(typeOid);
  if (type === undefined) return "???";
  if (isArrayType(type)) return `${formatType(catalog, type.element, typmod, searchPath)}[]`;
  const modifier = typmodText(typeOid, typmod);
  const name = spelled[typeOid];
  if (name !== undefined) {
    if (typeOid === oid.bpchar && typmod < 0) return "character";
    if (typeOid === oid.bit && typmod < 0) return "bit";
    const [first, ...rest] = name.split(" ");
    // The precision stands before "with time zone".
    return name.startsWith("time") ? [`${first}${modifier}`, ...rest].join(" ") : `${name}${modifier}`;
  }
  const quoted = quoteName(type.name);
  if (type.namespace === catalogNamespace) return `${quoted}${modifier}`;
  // Visible when no schema earlier in the path has a type of that name.
  const first = [catalogNamespace, ...searchPath].find(
    (ns) => searchPath.includes(ns) && catalog.typeByName(ns, type.name) !== undefined,
  );
  if (first === type.namespace) return `${quoted}${modifier}`;
  const schema = catalog.get("namespace", type.namespace)?.name ?? "???";
  return `${quoteName(schema)}.${quoted}${modifier}`;
}

const intervalFields: Readonly<Record<number, string>> = {
  4: " year",
  2: " month",
  8: " day",
  1024: " hour",
  2048: " minute",
  4096: " second",
  6: " year to month",
  1032: " day to hour",
  3080: " day to minute",
  7176: " day to second",
  3072: " hour to minute",
  7168: " hour to second",
  6144: " minute to second",
};

/** What stands in parentheses behind a type's name, with them. */
export function typmodText(typeOid: number, typmod: number): string {
  if (typmod < 0) return "";
  switch (typeOid) {
    case oid.varchar:
    case oid.bpchar:
      return typmod >= 4 ? `(${typmod - 4})` : "";
    case oid.numeric: {
      if (typmod < 4) return "";
      const packed = typmod - 4;
      return `(${(packed >> 16) & 0xffff},${((packed & 0x7ff) ^ 1024) - 1024})`;
    }
    case oid.bit:
    case oid.varbit:
      return `(${typmod})`;
    case oid.time:
    case oid.timetz:
    case oid.timestamp:
    case oid.timestamptz:
      return `(${typmod})`;
    case oid.interval: {
      const fields = (typmod >> 16) & 0x7fff;
      const precision = typmod & 0xffff;
      return `${intervalFields[fields] ?? ""}${precision === 0xffff ? "" : `(${precision})`}`;
    }
    default:
      return `(${typmod})`;
  }
}

const reserved = new Set(
  "all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral leading limit localtime localtimestamp not null offset on only or order placing primary references returning select session_user some symmetric system_user table then to trailing true union unique user using variadic when where window with authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join left like natural notnull outer overlaps right similar tablesample verbose between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout int integer interval json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value least merge_action national nchar none normalize nullif numeric out overlay position precision real row setof smallint substring time timestamp treat trim values varchar xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable".split(
    " ",
  ),
);

/** As quote_ident() writes it. */
export function quoteName(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) && !reserved.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

export function formatTypeName(typeOid: number, io: IoContext): string {
  return formatType(io.catalog, typeOid, -1, io.searchPath);
}

/** `a."B c".d` in its parts. */
export function splitQualified(text: string): string[] {
  const parts: string[] = [];
  let at = 0;
  const invalid = () => new PgError("42602", "invalid name syntax");
  const trimmed = text.trim();
  while (true) {
    if (trimmed[at] === '"') {
      let name = "";
      at++;
      while (true) {
        if (trimmed[at] === undefined) throw invalid();
        if (trimmed[at] === '"') {
          if (trimmed[at + 1] !== '"') break;
          at++;
        }
        name += trimmed[at++];
      }
      at++;
      parts.push(name);
    } else {
      const match = /^[^.\s"]+/.exec(trimmed.slice(at));
      if (match === null) throw invalid();
      parts.push(match[0].toLowerCase());
      at += match[0].length;
    }
    if (at >= trimmed.length) return parts;
    if (trimmed[at] !== ".") throw invalid();
    at++;
  }
}

const aliases: Readonly<Record<string, string>> = {
  int: "int4",
  integer: "int4",
  smallint: "int2",
  bigint: "int8",
  real: "float4",
  float: "float8",
  "double precision": "float8",
  decimal: "numeric",
  dec: "numeric",
  boolean: "bool",
  character: "bpchar",
  char: "bpchar",
  "character varying": "varchar",
  "bit varying": "varbit",
  "timestamp without time zone": "timestamp",
  "timestamp with time zone": "timestamptz",
  "time without time zone": "time",
  "time with time zone": "timetz",
};

/** OID of a type by its text, as to_regtype reads it. @throws PgError 42704 */
export function parseTypeName(text: string, io: IoContext): number {
  const match = /^(.*?)\s*(\([^)]*\))?\s*((?:\[\d*\])*)$/s.exec(text.trim());
  const [, name = "", , brackets = ""] = match ?? [];
  const plain = name.toLowerCase().replace(/\s+/g, " ");
  const parts = aliases[plain] === undefined ? splitQualified(name) : [aliases[plain]];
  const namespaces =
    parts.length > 1
      ? [io.catalog.namespaceByName(parts.at(-2)!)?.oid ?? 0]
      : io.searchPath.includes(catalogNamespace)
        ? io.searchPath
        : [catalogNamespace, ...io.searchPath];
  for (const namespace of namespaces) {
    const type = io.catalog.typeByName(namespace, parts.at(-1)!);
    if (type !== undefined) return brackets === "" ? type.oid : type.array;
  }
  throw new PgError("42704", `type "${text}" does not exist`);
}

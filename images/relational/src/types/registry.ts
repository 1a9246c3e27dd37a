import type { Catalog } from "../catalog/catalog.ts";
import type { TypeInfo } from "../catalog/model.ts";
import { notSupported, PgError } from "../errors.ts";
import { arrayOps, vectorOps } from "./arrays.ts";
import { dateOps, intervalOps, timeOps, timestampOps, timestamptzOps, timetzOps } from "./datetime-ops.ts";
import { enumOps } from "./enums.ts";
import { jsonbOps, jsonOps } from "./json-ops.ts";
import { jsonPathOps } from "./json-path.ts";
import { macaddrOps, networkOps } from "./network.ts";
import { float4Ops, float8Ops, int2Ops, int4Ops, int8Ops, numericOps, unsignedOps } from "./numbers.ts";
import { oid } from "./oids.ts";
import { multirangeOps, rangeOps } from "./ranges.ts";
import { recordOps } from "./records.ts";
import { regOps } from "./reg-types.ts";
import { lsnOps, tidOps } from "./system-ops.ts";
import { tsqueryOps, tsvectorOps } from "./text-search-ops.ts";
import {
  bitOps,
  boolOps,
  bpcharOps,
  byteaOps,
  charOps,
  nameOps,
  textOps,
  uuidOps,
  varcharOps,
} from "./texts.ts";
import type { TypeOps } from "./type-ops.ts";

const voidOps: TypeOps = { ...textOps, output: () => "", send: () => Buffer.alloc(0) };

const base: ReadonlyMap<number, TypeOps> = new Map<number, TypeOps>([
  [oid.bool, boolOps],
  [oid.bytea, byteaOps],
  [oid.char, charOps],
  [oid.name, nameOps],
  [oid.int8, int8Ops],
  [oid.int2, int2Ops],
  [oid.int4, int4Ops],
  [oid.text, textOps],
  [oid.oid, unsignedOps("oid")],
  [oid.xid, unsignedOps("xid")],
  [oid.cid, unsignedOps("cid")],
  [oid.xid8, int8Ops],
  [oid.tid, tidOps],
  [oid.pgLsn, lsnOps],
  [oid.float4, float4Ops],
  [oid.float8, float8Ops],
  [oid.unknown, textOps],
  [oid.cstring, textOps],
  [oid.void, voidOps],
  [oid.pgNodeTree, textOps],
  [oid.aclitem, textOps],
  [oid.refcursor, textOps],
  [oid.bpchar, bpcharOps],
  [oid.varchar, varcharOps],
  [oid.uuid, uuidOps],
  [oid.bit, bitOps(false)],
  [oid.varbit, bitOps(true)],
  [oid.numeric, numericOps],
  [oid.date, dateOps],
  [oid.time, timeOps],
  [oid.timetz, timetzOps],
  [oid.timestamp, timestampOps],
  [oid.timestamptz, timestamptzOps],
  [oid.interval, intervalOps],
  [oid.json, jsonOps],
  [oid.jsonb, jsonbOps],
  [oid.jsonpath, jsonPathOps],
  [oid.inet, networkOps("inet")],
  [oid.cidr, networkOps("cidr")],
  [oid.tsvector, tsvectorOps],
  [oid.tsquery, tsqueryOps],
  [oid.macaddr, macaddrOps("macaddr")],
  [oid.macaddr8, macaddrOps("macaddr8")],
  [oid.int2vector, vectorOps(int2Ops, oid.int2)],
  [oid.oidvector, vectorOps(unsignedOps("oid"), oid.oid)],
  ...[
    oid.regproc,
    oid.regprocedure,
    oid.regoper,
    oid.regoperator,
    oid.regclass,
    oid.regtype,
    oid.regnamespace,
    oid.regrole,
    oid.regcollation,
    oid.regconfig,
    oid.regdictionary,
  ].map((type) => [type, regOps(type)] as const),
]);

const derived = new WeakMap<TypeInfo, TypeOps>();

/** How values of a type are read, written and compared. @throws PgError 0A000 for a type that is only known by name */
export function typeOps(catalog: Catalog, typeOid: number): TypeOps {
  const known = base.get(typeOid);
  if (known !== undefined) return known;
  const type = catalog.type(typeOid);
  if (type === undefined) throw new PgError("XX000", `cache lookup failed for type ${typeOid}`);
  let ops = derived.get(type);
  if (ops === undefined) {
    ops = derive(catalog, type);
    derived.set(type, ops);
  }
  return ops;
}

function derive(catalog: Catalog, type: TypeInfo): TypeOps {
  const opsOf = (typeOid: number) => typeOps(catalog, typeOid);
  if (type.oid === oid.record) return recordOps(opsOf, type.oid, undefined);
  if (type.element !== 0 && (type.category === "A" || type.oid === oid.recordArray))
    return arrayOps(opsOf(type.element), type.element, catalog.type(type.element)?.delimiter ?? ",");
  switch (type.kind) {
    case "d":
      return opsOf(type.baseType);
    case "e":
      return enumOps(type);
    case "c": {
      const relation = catalog.get("relation", type.relation);
      const fields = relation?.columns.filter((column) => column.dropped !== true) ?? [];
      return recordOps(opsOf, type.oid, fields);
    }
    case "r":
      return rangeOps(opsOf(type.range!.subtype), type.range!.subtype);
    case "m": {
      for (const range of catalog.all("type"))
        if (range.range?.multirange === type.oid)
          return multirangeOps(opsOf(range.oid), opsOf(range.range.subtype), range.range.subtype);
      throw notSupported(`type ${type.name}`);
    }
    case "p":
      return {
        ...textOps,
        input: () => {
          throw new PgError("0A000", `cannot accept a value of type ${type.name}`);
        },
      };
    default:
      return unsupported(type.name);
  }
}

/** A base type that the catalog knows and nothing else: every use of a value of it is refused. */
function unsupported(name: string): TypeOps {
  const refuse = (): never => {
    throw notSupported(`type ${name}`);
  };
  return { input: refuse, output: refuse, send: refuse, receive: refuse };
}

import type { SqlValue } from "@weftkit/store";
import type { Catalog } from "../catalog/catalog.ts";
import type { TypeInfo } from "../catalog/model.ts";
import type { Datum } from "../types/datum.ts";
import type { Interval } from "../types/interval-value.ts";
import { networkKey, networkOfKey, networkText, parseNetwork } from "../types/network.ts";
import { Numeric, numericTypmod } from "../types/numeric.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import { charLength, formatUuid, trimBlanks } from "../types/texts.ts";
import type { IoContext } from "../types/type-ops.ts";

/** How a column's values are kept in SQLite. */
export interface Codec {
  /** STRICT tables know INTEGER, REAL, TEXT, BLOB and ANY. */
  readonly sqlType: "INTEGER" | "TEXT" | "BLOB" | "ANY";
  encode(value: Datum): SqlValue;
  decode(stored: SqlValue): Datum;
  /** Equal values, and only those, are stored as equal ones, and SQLite's order is PostgreSQL's. */
  readonly isOrdered: boolean;
  /** Values may be beyond 2^53: to be read as bigints. */
  readonly isWide: boolean;
}

/** Texts in storage do not depend on any session's settings. */
export function storageIo(catalog: Catalog): IoContext {
  return {
    catalog,
    searchPath: [],
    timeZone: "UTC",
    dateStyle: "ISO",
    dateOrder: "MDY",
    intervalStyle: "postgres",
    extraFloatDigits: 1,
    byteaOutput: "hex",
    transactionStart: 0n,
  };
}

const asIs = (value: Datum) => value as SqlValue;

const integer: Codec = {
  sqlType: "INTEGER",
  encode: asIs,
  decode: (stored) => (typeof stored === "bigint" ? Number(stored) : stored),
  isOrdered: true,
  isWide: false,
};

const wide: Codec = {
  sqlType: "INTEGER",
  encode: asIs,
  decode: (stored) => (typeof stored === "number" ? BigInt(stored) : stored),
  isOrdered: true,
  isWide: true,
};

const boolean: Codec = {
  sqlType: "INTEGER",
  encode: (value) => (value === null ? null : value === true ? 1 : 0),
  decode: (stored) => (stored === null ? null : Number(stored) === 1),
  isOrdered: true,
  isWide: false,
};

const text: Codec = {
  sqlType: "TEXT",
  encode: asIs,
  decode: (stored) => stored,
  isOrdered: true,
  isWide: false,
};
const blob: Codec = {
  sqlType: "BLOB",
  encode: (value) => (value === null ? null : Buffer.from(value as Uint8Array)),
  decode: (stored) => stored,
  isOrdered: true,
  isWide: false,
};

/** A NaN is a blob, which SQLite sorts behind all numbers, as PostgreSQL does. */
const notANumber = Buffer.from([0xff]);
const float: Codec = {
  sqlType: "ANY",
  encode: (value) => (value === null ? null : Number.isNaN(value) ? notANumber : (value as number)),
  decode: (stored) => (stored === null ? null : typeof stored === "object" ? Number.NaN : Number(stored)),
  isOrdered: true,
  isWide: false,
};

const uuid: Codec = {
  sqlType: "BLOB",
  encode: (value) => (value === null ? null : Buffer.from((value as string).replaceAll("-", ""), "hex")),
  decode: (stored) => (stored === null ? null : formatUuid((stored as Buffer).toString("hex"))),
  isOrdered: true,
  isWide: false,
};

function network(typeName: "inet" | "cidr"): Codec {
  return {
    sqlType: "BLOB",
    encode: (value) => (value === null ? null : networkKey(parseNetwork(value as string, "inet"))),
    decode: (stored) => (stored === null ? null : networkText(networkOfKey(stored as Buffer), typeName)),
    isOrdered: true,
    isWide: false,
  };
}

/** Trailing blanks are not kept: they do not count when comparing, and the length brings them back. */
function bpchar(length: number): Codec {
  return {
    ...text,
    encode: (value) => (value === null ? null : trimBlanks(value as string)),
    decode: (stored) =>
      stored === null
        ? null
        : (stored as string) + " ".repeat(Math.max(0, length - charLength(stored as string))),
  };
}

const scaledMax = 9223372036854775807n;

/** numeric(p, s) of at most 18 digits: a whole number of units of the last decimal. */
function scaled(scale: number): Codec {
  return {
    sqlType: "INTEGER",
    encode: (value) => {
      if (value === null) return null;
      const numeric = value as Numeric;
      return numeric.isNaN ? scaledMax : numeric.digits;
    },
    decode: (stored) => {
      if (stored === null) return null;
      const digits = BigInt(stored as bigint | number);
      return digits === scaledMax ? Numeric.nan : new Numeric(digits, scale);
    },
    isOrdered: true,
    isWide: true,
  };
}

/** Any other numeric: its text. Indexes have a key of their own. */
const decimal: Codec = {
  sqlType: "TEXT",
  encode: (value) => (value === null ? null : (value as Numeric).toString()),
  decode: (stored) => (stored === null ? null : Numeric.parse(stored as string)),
  isOrdered: false,
  isWide: false,
};

/** Bytes whose order is the numbers' order; numbers that are equal have the same. */
export function numericSortKey(value: Numeric): Buffer {
  if (value.special !== undefined)
    return Buffer.from([value.special === "-Infinity" ? 0 : value.special === "Infinity" ? 0xfe : 0xff]);
  if (value.digits === 0n) return Buffer.from([0x80]);
  const negative = value.digits < 0n;
  const digits = (negative ? -value.digits : value.digits).toString();
  const exponent = digits.length - value.scale + 0x8000_0000;
  const trimmed = digits.replace(/0+$/, "");
  const bytes = Buffer.alloc(6 + trimmed.length);
  bytes[0] = negative ? 0x40 : 0xc0;
  bytes.writeUInt32BE(negative ? 0xffff_ffff - exponent : exponent, 1);
  for (let i = 0; i < trimmed.length; i++) {
    const digit = trimmed.charCodeAt(i) - 47;
    bytes[5 + i] = negative ? 0xff - digit : digit;
  }
  bytes[5 + trimmed.length] = negative ? 0xff : 0;
  return bytes;
}

function intervalSortKey(value: Interval): Buffer {
  const shifted = value.span + (1n << 100n);
  return Buffer.from(shifted.toString(16).padStart(32, "0"), "hex");
}

function enumCodec(type: TypeInfo): Codec {
  const byLabel = new Map((type.labels ?? []).map(({ label, oid: id }) => [label, id]));
  const byOid = new Map((type.labels ?? []).map(({ label, oid: id }) => [id, label]));
  return {
    sqlType: "INTEGER",
    encode: (value) => (value === null ? null : (byLabel.get(value as string) ?? null)),
    decode: (stored) => (stored === null ? null : (byOid.get(Number(stored)) ?? null)),
    isOrdered: false,
    isWide: false,
  };
}

function throughText(catalog: Catalog, typeOid: number): Codec {
  const ops = typeOps(catalog, typeOid);
  const io = storageIo(catalog);
  return {
    sqlType: "TEXT",
    encode: (value) => (value === null ? null : ops.output(value, io)),
    decode: (stored) => (stored === null ? null : ops.input(stored as string, -1, io)),
    isOrdered: false,
    isWide: false,
  };
}

const numbers: ReadonlySet<number> = new Set([
  oid.int2,
  oid.int4,
  oid.oid,
  oid.xid,
  oid.cid,
  oid.date,
  oid.time,
  oid.regclass,
  oid.regproc,
  oid.regtype,
  oid.regnamespace,
  oid.regrole,
  oid.regprocedure,
  oid.regoper,
  oid.regoperator,
  oid.regcollation,
  oid.regconfig,
  oid.regdictionary,
]);
const texts: ReadonlySet<number> = new Set([oid.text, oid.varchar, oid.name, oid.refcursor]);
const plainTexts: ReadonlySet<number> = new Set([
  oid.json,
  oid.bit,
  oid.varbit,
  oid.char,
  oid.macaddr,
  oid.macaddr8,
]);

/** How a type's values are stored; domains as what they are made of. */
export function codecOf(catalog: Catalog, typeOid: number, typmod: number): Codec {
  let type = catalog.type(typeOid)!;
  let modifier = typmod;
  while (type.kind === "d") {
    modifier = type.baseTypmod;
    type = catalog.type(type.baseType)!;
  }
  const id = type.oid;
  if (numbers.has(id)) return integer;
  if (texts.has(id)) return text;
  if (plainTexts.has(id)) return id === oid.json ? { ...text, isOrdered: false } : text;
  switch (id) {
    case oid.int8:
    case oid.timestamp:
    case oid.timestamptz:
    case oid.xid8:
      return wide;
    case oid.bool:
      return boolean;
    case oid.float4:
    case oid.float8:
      return float;
    case oid.bytea:
      return blob;
    case oid.uuid:
      return uuid;
    case oid.inet:
      return network("inet");
    case oid.cidr:
      return network("cidr");
    case oid.bpchar:
      return modifier >= 4 ? bpchar(modifier - 4) : { ...text, isOrdered: false };
    case oid.numeric: {
      if (modifier < 4) return decimal;
      const { precision, scale } = numericTypmod(modifier);
      return precision <= 18 && scale >= 0 ? scaled(scale) : decimal;
    }
    default:
      return type.kind === "e" ? enumCodec(type) : throughText(catalog, id);
  }
}

/** The value of an index's key where the stored value would not do: equal keys for equal values. */
export function indexKeyOf(catalog: Catalog, typeOid: number): (value: Datum) => SqlValue {
  let type = catalog.type(typeOid)!;
  while (type.kind === "d") type = catalog.type(type.baseType)!;
  if (type.oid === oid.numeric) return (value) => (value === null ? null : numericSortKey(value as Numeric));
  if (type.oid === oid.interval)
    return (value) => (value === null ? null : intervalSortKey(value as Interval));
  const codec = codecOf(catalog, type.oid, -1);
  if (codec.isOrdered) return (value) => codec.encode(value);
  const { key } = typeOps(catalog, type.oid);
  if (key === undefined) return (value) => codec.encode(value);
  return (value) => (value === null ? null : String(key(value)));
}

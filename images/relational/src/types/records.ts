import { PgError } from "../errors.ts";
import { type Datum, PgRecord } from "./datum.ts";
import type { IoContext, TypeOps } from "./type-ops.ts";

type OpsOf = (typeOid: number) => TypeOps;

export interface RecordField {
  readonly name: string;
  readonly type: number;
  readonly typmod: number;
}

function quoteField(text: string): string {
  if (text !== "" && !/["\\(),\s]/.test(text)) return text;
  return `"${text.replace(/(["\\])/g, "$1$1")}"`;
}

export function formatRecord(record: PgRecord, ops: OpsOf, io: IoContext): string {
  const parts = record.values.map((value, i) =>
    value === null ? "" : quoteField(ops(record.types[i]!).output(value, io)),
  );
  return `(${parts.join(",")})`;
}

export function compareRecords(a: PgRecord, b: PgRecord, ops: OpsOf): number {
  const length = Math.min(a.values.length, b.values.length);
  for (let i = 0; i < length; i++) {
    if (a.types[i] !== b.types[i]) {
      throw new PgError("42804", `cannot compare dissimilar column types at record column ${i + 1}`);
    }
    const x = a.values[i]!;
    const y = b.values[i]!;
    if (x === null || y === null) {
      if (x === null && y === null) continue;
      return x === null ? 1 : -1;
    }
    const { compare } = ops(a.types[i]!);
    if (compare === undefined)
      throw new PgError("42883", "could not identify a comparison function for a record's column");
    const order = compare(x, y);
    if (order !== 0) return order;
  }
  if (a.values.length !== b.values.length)
    throw new PgError("42804", "cannot compare record types with different numbers of columns");
  return 0;
}

/** Splits `(a,"b c",)` into texts; undefined is NULL. */
export function parseRecord(text: string): (string | undefined)[] {
  const malformed = (detail: string) =>
    new PgError("22P02", `malformed record literal: "${text}"`, { detail });
  let at = 0;
  while (/\s/.test(text[at] ?? "")) at++;
  if (text[at] !== "(") throw malformed("Missing left parenthesis.");
  at++;
  const fields: (string | undefined)[] = [];
  while (true) {
    let value = "";
    let quoted = false;
    let inQuotes = false;
    let isEmpty = true;
    for (;;) {
      const character = text[at];
      if (character === undefined) throw malformed("Unexpected end of input.");
      if (!inQuotes && (character === "," || character === ")")) break;
      at++;
      isEmpty = false;
      if (character === "\\") {
        if (text[at] === undefined) throw malformed("Unexpected end of input.");
        value += text[at++];
      } else if (character === '"') {
        quoted = true;
        if (!inQuotes) inQuotes = true;
        else if (text[at] === '"') {
          value += '"';
          at++;
        } else inQuotes = false;
      } else value += character;
    }
    fields.push(isEmpty && !quoted ? undefined : value);
    if (text[at] === ")") {
      at++;
      break;
    }
    at++;
  }
  while (/\s/.test(text[at] ?? "")) at++;
  if (at < text.length) throw malformed("Junk after right parenthesis.");
  return fields;
}

/** A record, or a composite type when its fields are given. */
export function recordOps(ops: OpsOf, typeOid: number, fields: readonly RecordField[] | undefined): TypeOps {
  return {
    input: (text, _typmod, io) => {
      if (fields === undefined)
        throw new PgError("0A000", "input of anonymous composite types is not implemented");
      const parts = parseRecord(text);
      const malformed = (detail: string) =>
        new PgError("22P02", `malformed record literal: "${text}"`, { detail });
      if (fields.length === 0 && parts.length === 1 && parts[0] === undefined) parts.pop();
      if (parts.length < fields.length) throw malformed("Too few columns.");
      if (parts.length > fields.length) throw malformed("Too many columns.");
      const values = parts.map((part, i) =>
        part === undefined ? null : ops(fields[i]!.type).input(part, fields[i]!.typmod, io),
      );
      return new PgRecord(
        values,
        fields.map((f) => f.type),
        fields.map((f) => f.name),
        typeOid,
      );
    },
    output: (value, io) => formatRecord(value as PgRecord, ops, io),
    compare: (a, b) => compareRecords(a as PgRecord, b as PgRecord, ops),
    key: (value) => recordKey(value as PgRecord, ops),
    send: (value, io) => sendRecord(value as PgRecord, ops, io),
    receive: (bytes, _typmod, io) => receiveRecord(bytes, ops, typeOid, fields, io),
  };
}

function recordKey(record: PgRecord, ops: OpsOf): string {
  return record.values
    .map((value, i) => {
      if (value === null) return "N";
      const { key } = ops(record.types[i]!);
      if (key === undefined)
        throw new PgError("42883", "could not identify a hash function for a record's column");
      const text = String(key(value));
      return `${text.length}:${text}`;
    })
    .join("");
}

function sendRecord(record: PgRecord, ops: OpsOf, io: IoContext): Uint8Array {
  const count = Buffer.alloc(4);
  count.writeInt32BE(record.values.length);
  const parts: Uint8Array[] = [count];
  for (const [i, value] of record.values.entries()) {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(record.types[i]!, 0);
    if (value === null) {
      head.writeInt32BE(-1, 4);
      parts.push(head);
      continue;
    }
    const bytes = ops(record.types[i]!).send(value, io);
    head.writeInt32BE(bytes.length, 4);
    parts.push(head, bytes);
  }
  return Buffer.concat(parts);
}

function receiveRecord(
  bytes: Buffer,
  ops: OpsOf,
  typeOid: number,
  fields: readonly RecordField[] | undefined,
  io: IoContext,
): PgRecord {
  const short = () => new PgError("08P01", "insufficient data left in message");
  if (fields === undefined)
    throw new PgError("0A000", "input of anonymous composite types is not implemented");
  if (bytes.length < 4) throw short();
  const count = bytes.readInt32BE(0);
  if (count !== fields.length)
    throw new PgError("42804", `wrong number of columns: ${count}, expected ${fields.length}`);
  const values: Datum[] = [];
  let at = 4;
  for (const field of fields) {
    if (at + 8 > bytes.length) throw short();
    const type = bytes.readUInt32BE(at);
    const length = bytes.readInt32BE(at + 4);
    at += 8;
    if (type !== field.type)
      throw new PgError(
        "42804",
        `binary data has type ${type} instead of expected ${field.type} in record column ${values.length + 1}`,
      );
    if (length < 0) {
      values.push(null);
      continue;
    }
    if (at + length > bytes.length) throw short();
    values.push(ops(type).receive(bytes.subarray(at, at + length), field.typmod, io));
    at += length;
  }
  return new PgRecord(
    values,
    fields.map((f) => f.type),
    fields.map((f) => f.name),
    typeOid,
  );
}

import type { ErrorFields, FieldDescription, TransactionStatus } from "./backend-writer.ts";
import { MessageReader } from "./message-reader.ts";
import { violation } from "./violation.ts";

/** What a server sends, as far as somebody between it and a client looks at it. Buffers are views of the input. */
export type BackendMessage =
  | { readonly type: "authentication"; readonly code: number; readonly body: Buffer }
  | { readonly type: "parameterStatus"; readonly name: string; readonly value: string }
  | { readonly type: "backendKeyData"; readonly processId: number; readonly key: Buffer }
  | { readonly type: "readyForQuery"; readonly status: TransactionStatus }
  | { readonly type: "error" | "notice"; readonly fields: ErrorFields }
  | { readonly type: "rowDescription"; readonly fields: readonly FieldDescription[] }
  | { readonly type: "dataRow"; readonly values: readonly (Buffer | null)[] }
  | { readonly type: "commandComplete"; readonly tag: string }
  | {
      readonly type: "notification";
      readonly processId: number;
      readonly channel: string;
      readonly payload: string;
    }
  | { readonly type: "parameterDescription"; readonly oids: readonly number[] }
  | { readonly type: "negotiateProtocolVersion"; readonly minor: number; readonly options: readonly string[] }
  | { readonly type: "copyData"; readonly data: Buffer }
  | { readonly type: "other"; readonly letter: string; readonly body: Buffer };

/**
 * Reads one whole message, header included.
 *
 * @throws WireError
 */
export function readBackendMessage(bytes: Buffer, at: number, length: number): BackendMessage {
  const letter = String.fromCharCode(bytes[at]!);
  const reader = new MessageReader(bytes, at + 5, at + length);
  const message = readBody(letter, reader);
  reader.done();
  return message;
}

function readBody(letter: string, reader: MessageReader): BackendMessage {
  switch (letter) {
    case "R":
      return { type: "authentication", code: reader.int32(), body: reader.raw(reader.left) };
    case "S":
      return { type: "parameterStatus", name: reader.text(), value: reader.text() };
    case "K":
      return { type: "backendKeyData", processId: reader.int32(), key: reader.raw(reader.left) };
    case "Z":
      return { type: "readyForQuery", status: String.fromCharCode(reader.byte()) as TransactionStatus };
    case "E":
      return { type: "error", fields: readErrorFields(reader) };
    case "N":
      return { type: "notice", fields: readErrorFields(reader) };
    case "T":
      return { type: "rowDescription", fields: reader.list(() => readField(reader)) };
    case "D":
      return { type: "dataRow", values: reader.list(() => reader.value()) };
    case "C":
      return { type: "commandComplete", tag: reader.text() };
    case "A":
      return {
        type: "notification",
        processId: reader.int32(),
        channel: reader.text(),
        payload: reader.text(),
      };
    case "t":
      return { type: "parameterDescription", oids: reader.list(() => reader.int32() >>> 0) };
    case "v": {
      const minor = reader.int32() & 0xffff;
      const count = reader.int32();
      if (count < 0 || count > reader.left) throw violation("invalid message format");
      return {
        type: "negotiateProtocolVersion",
        minor,
        options: Array.from({ length: count }, () => reader.text()),
      };
    }
    case "d":
      return { type: "copyData", data: reader.raw(reader.left) };
    default:
      return { type: "other", letter, body: reader.raw(reader.left) };
  }
}

function readField(reader: MessageReader): FieldDescription {
  const field = {
    name: reader.text(),
    tableOid: reader.int32() >>> 0,
    attributeNumber: reader.int16(),
    typeOid: reader.int32() >>> 0,
    typeLength: reader.int16(),
    typeModifier: reader.int32(),
  };
  reader.int16();
  return field;
}

const namesOfFields: Readonly<Record<string, keyof ErrorFields>> = {
  V: "severity",
  C: "code",
  M: "message",
  D: "detail",
  H: "hint",
  P: "position",
  p: "internalPosition",
  q: "internalQuery",
  W: "where",
  s: "schema",
  t: "table",
  c: "column",
  d: "dataType",
  n: "constraint",
  R: "routine",
};

/** The fields of an error or a notice; those that are not known are left out. */
export function readErrorFields(reader: MessageReader): ErrorFields {
  const fields: Record<string, string | number> = { severity: "ERROR", code: "XX000", message: "" };
  for (;;) {
    const letter = reader.byte();
    if (letter === 0) return fields as unknown as ErrorFields;
    const value = reader.text();
    const name = namesOfFields[String.fromCharCode(letter)];
    if (name === undefined) continue;
    fields[name] = name === "position" || name === "internalPosition" ? Number(value) : value;
  }
}

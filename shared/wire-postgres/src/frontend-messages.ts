import { MessageReader } from "./message-reader.ts";
import { violation } from "./violation.ts";

/** What Describe and Close are about. */
export type Target = "statement" | "portal";

export interface ParseMessage {
  readonly type: "parse";
  readonly name: string;
  readonly query: string;
  /** 0 for one whose type the server is to find. */
  readonly parameterOids: readonly number[];
}

export interface BindMessage {
  readonly type: "bind";
  readonly portal: string;
  readonly statement: string;
  /** 0 is text, 1 is binary: none means text for all, one holds for all. */
  readonly parameterFormats: readonly number[];
  /** Views of the message. */
  readonly parameters: readonly (Buffer | null)[];
  readonly resultFormats: readonly number[];
}

/** What a client sends after its startup (PostgreSQL, protocol-message-formats). Buffers are views of the input. */
export type FrontendMessage =
  | { readonly type: "query"; readonly query: string }
  | ParseMessage
  | BindMessage
  | { readonly type: "describe"; readonly target: Target; readonly name: string }
  | { readonly type: "execute"; readonly portal: string; readonly rowsMax: number }
  | { readonly type: "close"; readonly target: Target; readonly name: string }
  | { readonly type: "sync" }
  | { readonly type: "flush" }
  | { readonly type: "copyData"; readonly data: Buffer }
  | { readonly type: "copyDone" }
  | { readonly type: "copyFail"; readonly reason: string }
  | { readonly type: "password"; readonly body: Buffer }
  | { readonly type: "functionCall" }
  | { readonly type: "terminate" };

/**
 * Reads one whole message, header included.
 *
 * @throws WireError
 */
export function readFrontendMessage(bytes: Buffer, at: number, length: number): FrontendMessage {
  const reader = new MessageReader(bytes, at + 5, at + length);
  const message = readBody(bytes[at]!, reader);
  reader.done();
  return message;
}

function readBody(type: number, reader: MessageReader): FrontendMessage {
  switch (String.fromCharCode(type)) {
    case "Q":
      return { type: "query", query: reader.text() };
    case "P":
      return {
        type: "parse",
        name: reader.text(),
        query: reader.text(),
        parameterOids: reader.list(() => reader.int32() >>> 0),
      };
    case "B":
      return {
        type: "bind",
        portal: reader.text(),
        statement: reader.text(),
        parameterFormats: reader.list(() => formatOf(reader.int16())),
        parameters: reader.list(() => reader.value()),
        resultFormats: reader.list(() => formatOf(reader.int16())),
      };
    case "D":
      return { type: "describe", target: targetOf("DESCRIBE", reader.byte()), name: reader.text() };
    case "E":
      return { type: "execute", portal: reader.text(), rowsMax: Math.max(0, reader.int32()) };
    case "C":
      return { type: "close", target: targetOf("CLOSE", reader.byte()), name: reader.text() };
    case "S":
      return { type: "sync" };
    case "H":
      return { type: "flush" };
    case "d":
      return { type: "copyData", data: reader.raw(reader.left) };
    case "c":
      return { type: "copyDone" };
    case "f":
      return { type: "copyFail", reason: reader.text() };
    case "p":
      return { type: "password", body: reader.raw(reader.left) };
    case "F":
      reader.raw(reader.left);
      return { type: "functionCall" };
    case "X":
      return { type: "terminate" };
    default:
      throw violation(`invalid frontend message type ${type}`);
  }
}

function targetOf(message: string, subtype: number): Target {
  if (subtype === 0x53) return "statement";
  if (subtype === 0x50) return "portal";
  throw violation(`invalid ${message} message subtype ${subtype}`);
}

function formatOf(code: number): number {
  if (code !== 0 && code !== 1) throw violation(`unsupported format code: ${code}`);
  return code;
}

import { bsonTypes, elementValue, fieldName, findField, opCodes } from "@weftkit/wire-mongo";

/** What the first message of a MongoDB client says. */
export interface MongoOpening {
  readonly requestId: number;
  readonly opCode: number;
  /** Of `saslSupportedMechs`, which names the user that is about to log in: "database.user". */
  readonly database: string | undefined;
  readonly user: string | undefined;
}

/** The first of a client's messages is a hello of a few hundred bytes; a longer one tells nothing. */
const firstMessageBytesMax = 16_000;

/**
 * Reads a first message.
 *
 * @returns undefined while it is not whole
 */
export function readMongoOpening(bytes: Buffer): MongoOpening | undefined {
  const length = bytes.readInt32LE(0);
  const opening = {
    requestId: bytes.readInt32LE(4),
    opCode: bytes.readInt32LE(12),
    database: undefined,
    user: undefined,
  };
  if (length > firstMessageBytesMax) return opening;
  if (bytes.length < length) return undefined;
  try {
    const at = documentAt(bytes, opening.opCode);
    const field = at === undefined ? -1 : findField(bytes.subarray(0, length), at, "saslSupportedMechs");
    if (field === -1 || bytes[field] !== bsonTypes.string) return opening;
    const value = elementValue(bytes, field);
    const login = bytes.toString("utf8", value + 4, value + 4 + bytes.readInt32LE(value) - 1);
    const dot = login.indexOf(".");
    if (dot === -1) return opening;
    return { ...opening, database: login.slice(0, dot), user: login.slice(dot + 1) };
  } catch {
    // Bytes that are no document: whoever gets them says so.
    return opening;
  }
}

/** Whether a message asks for the server's own description: `hello`, or one of its older names. */
export function isHello(head: Buffer): boolean {
  try {
    const at = documentAt(head, head.readInt32LE(12));
    if (at === undefined) return false;
    const name = fieldName(head, at + 4);
    return name === "hello" || name.toLowerCase() === "ismaster";
  } catch {
    return false;
  }
}

/** Where the command's document begins in a message; undefined for other kinds of message. */
function documentAt(bytes: Buffer, opCode: number): number | undefined {
  if (opCode === opCodes.msg) return bytes[20] === 0 ? 21 : undefined;
  if (opCode !== opCodes.query) return undefined;
  const nameEnd = bytes.indexOf(0, 20);
  return nameEnd === -1 ? undefined : nameEnd + 1 + 8;
}

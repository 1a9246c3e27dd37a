import {
  bsonTypes,
  headerBytes,
  msgFlags,
  readMessage,
  requireDocument,
  valueLength,
  WireMongoError,
} from "@weftkit/wire-mongo";

/** An element of a document: `bytes[at..end)`, of which the value begins at `value`. */
export interface Element {
  readonly type: number;
  readonly name: string;
  readonly at: number;
  readonly value: number;
  readonly end: number;
}

/**
 * The elements of the document at `at`, one after the other; what is in them is passed over by its length, whatever it is.
 *
 * @throws WireMongoError `invalid_bson`
 */
export function* elementsOf(bytes: Buffer, at: number, limit: number): Generator<Element> {
  const last = at + requireDocument(bytes, at, limit) - 1;
  for (let element = at + 4; element < last; ) {
    const nameEnd = bytes.indexOf(0, element + 1);
    const value = nameEnd + 1;
    if (nameEnd === -1 || value > last) throw cutOff();
    const type = bytes[element]!;
    const end = value + lengthOf(bytes, type, value);
    if (end < value || end > last) throw cutOff();
    yield { type, name: bytes.toString("utf8", element + 1, nameEnd), at: element, value, end };
    element = end;
  }
}

function lengthOf(bytes: Buffer, type: number, at: number): number {
  try {
    return valueLength(bytes, type, at);
  } catch (error) {
    // The length that some values begin with is not there.
    throw error instanceof RangeError ? cutOff() : error;
  }
}

function cutOff(): WireMongoError {
  return new WireMongoError("invalid_bson", "an element that is longer than its document");
}

/** The text of an element; undefined when it is none. */
export function textOf(bytes: Buffer, { type, value, end }: Element): string | undefined {
  return type === bsonTypes.string ? bytes.toString("utf8", value + 4, end - 1) : undefined;
}

/** A whole number of any type; undefined for what is none. */
export function numberOf(bytes: Buffer, { type, value }: Element): bigint | undefined {
  if (type === bsonTypes.long) return bytes.readBigInt64LE(value);
  if (type === bsonTypes.int) return BigInt(bytes.readInt32LE(value));
  if (type !== bsonTypes.double) return undefined;
  const number = bytes.readDoubleLE(value);
  return Number.isSafeInteger(number) ? BigInt(number) : undefined;
}

/** Whether an element is true, or a number other than 0. */
export function isTrue(bytes: Buffer, element: Element): boolean {
  return element.type === bsonTypes.bool ? bytes[element.value] === 1 : numberOf(bytes, element) !== 0n;
}

/** What the pool wants to know of a command before it passes it on. */
export interface MongoCommand {
  readonly requestId: number;
  readonly name: string;
  readonly database: string;
  /** False for writes that nobody wants to hear of (`w: 0`). */
  readonly isAnswered: boolean;
  /** More than one answer may come. */
  readonly isExhaust: boolean;
  readonly body: Buffer;
  /** The elements `lsid` and `txnNumber` as they are. */
  readonly session: Buffer | undefined;
  readonly transaction: Buffer | undefined;
  readonly isInTransaction: boolean;
  readonly startsTransaction: boolean;
  /** Of getMore and killCursors. */
  readonly cursors: readonly bigint[];
  /** Its cursor waits for what is not there yet. */
  readonly isTailing: boolean;
}

/** @throws WireMongoError for what is no OP_MSG with a command in it */
export function readCommand(frame: Buffer): MongoCommand {
  const { body, flags } = bodyOf(frame);
  let [name, database, isInTransaction, startsTransaction, isTailing] = ["", "", false, false, false];
  let [session, transaction]: [Buffer | undefined, Buffer | undefined] = [undefined, undefined];
  let cursors: readonly bigint[] = [];
  for (const element of elementsOf(body, 0, body.length)) {
    if (name === "") {
      name = element.name;
      if (name === "getMore") cursors = [numberOf(body, element) ?? 0n];
      continue;
    }
    switch (element.name) {
      case "$db":
        database = textOf(body, element) ?? "";
        break;
      case "lsid":
        session = body.subarray(element.at, element.end);
        break;
      case "txnNumber":
        transaction = body.subarray(element.at, element.end);
        break;
      case "autocommit":
        isInTransaction = !isTrue(body, element);
        break;
      case "startTransaction":
        startsTransaction = isTrue(body, element);
        break;
      case "tailable":
        isTailing ||= name === "find" && isTrue(body, element);
        break;
      case "pipeline":
        isTailing ||= name === "aggregate" && beginsWithChangeStream(body, element);
        break;
      case "cursors":
        if (name === "killCursors" && element.type === bsonTypes.array)
          cursors = [...elementsOf(body, element.value, element.end)].map((one) => numberOf(body, one) ?? 0n);
        break;
    }
  }
  return {
    requestId: frame.readInt32LE(4),
    name,
    database,
    isAnswered: (flags & msgFlags.moreToCome) === 0,
    isExhaust: (flags & msgFlags.exhaustAllowed) !== 0,
    body,
    session,
    transaction,
    isInTransaction,
    startsTransaction,
    cursors,
    isTailing,
  };
}

/** The document of kind 0, which nearly always comes first. */
function bodyOf(frame: Buffer): { readonly body: Buffer; readonly flags: number } {
  if (frame.length > headerBytes + 5 && frame[headerBytes + 4] === 0) {
    const at = headerBytes + 5;
    const length = requireDocument(frame, at, frame.length);
    return { body: frame.subarray(at, at + length), flags: frame.readUInt32LE(headerBytes) };
  }
  const message = readMessage(frame, 0, frame.length);
  if (message.kind !== "msg") throw new WireMongoError("malformed_message", "the peer sent no OP_MSG");
  return message;
}

function beginsWithChangeStream(body: Buffer, pipeline: Element): boolean {
  if (pipeline.type !== bsonTypes.array) return false;
  const [stage] = elementsOf(body, pipeline.value, pipeline.end);
  if (stage?.type !== bsonTypes.object) return false;
  const [operator] = elementsOf(body, stage.value, stage.end);
  return operator?.name === "$changeStream";
}

/** What the pool wants to know of an answer. */
export interface MongoReply {
  readonly isOk: boolean;
  readonly code: number;
  readonly message: string;
  /** The server has ended the transaction. */
  readonly isTransactionOver: boolean;
  /** Of the cursor in it: 0 when all of it has come. */
  readonly cursor: { readonly id: bigint; readonly namespace: string } | undefined;
  readonly body: Buffer;
}

const noSuchTransaction = 251;

/** @throws WireMongoError */
export function readReply(frame: Buffer): MongoReply {
  const { body } = bodyOf(frame);
  let [isOk, code, message, isTransient] = [false, 0, "", false];
  let cursor: MongoReply["cursor"];
  for (const element of elementsOf(body, 0, body.length)) {
    if (element.name === "ok") isOk = isTrue(body, element);
    else if (element.name === "code") code = Number(numberOf(body, element) ?? 0n);
    else if (element.name === "errmsg") message = textOf(body, element) ?? "";
    else if (element.name === "errorLabels")
      isTransient = body.subarray(element.value, element.end).includes("TransientTransactionError");
    else if (element.name === "cursor" && element.type === bsonTypes.object) {
      let [id, namespace] = [0n, ""];
      for (const part of elementsOf(body, element.value, element.end)) {
        if (part.name === "id") id = numberOf(body, part) ?? 0n;
        else if (part.name === "ns") namespace = textOf(body, part) ?? "";
      }
      cursor = { id, namespace };
    }
  }
  return { isOk, code, message, isTransactionOver: isTransient || code === noSuchTransaction, cursor, body };
}

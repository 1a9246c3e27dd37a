import type { Logger } from "@weftkit/observe";
import type { FramedConnection, FrameEvents } from "@weftkit/sockets";
import {
  type CompressorName,
  compressMessage,
  type Message,
  type MsgMessage,
  msgFlags,
  readMessage,
  requireValidDocument,
  writeMsg,
  writeReply,
} from "@weftkit/wire-mongo";
import { Doc, Double } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { MongoError } from "../errors.ts";
import type { ConnectionState } from "../server/connection-state.ts";
import {
  asMongoError,
  type CommandTable,
  closeConnection,
  dispatch,
  errorReply,
} from "../server/dispatch.ts";
import type { Server } from "../server/server.ts";

/** Replies shorter than this are sent as they are. */
const compressionBytesMin = 256;
/** Commands whose replies are never compressed (OP_COMPRESSED, "Messages not allowed to be compressed"). */
const uncompressed = new Set([
  "hello",
  "ismaster",
  "isMaster",
  "saslStart",
  "saslContinue",
  "getnonce",
  "authenticate",
  "createUser",
  "updateUser",
  "copydbSaslStart",
  "copydbgetnonce",
  "copydb",
]);

export interface ConnectionOptions {
  readonly server: Server;
  readonly commands: CommandTable;
  readonly state: ConnectionState;
  readonly log: Logger;
  closed(): void;
}

/** One client: its messages become commands, one after the other, and their replies go back. */
export class ClientConnection implements FrameEvents {
  readonly #options: ConnectionOptions;
  /** Of the commands whose answers nobody would read any more. */
  readonly #gone = new AbortController();
  #isRunningForReply = false;
  #connection!: FramedConnection;
  #lastRequest = 0;
  #isClosed = false;
  #drained: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  attach(connection: FramedConnection): void {
    this.#connection = connection;
  }

  frame(bytes: Buffer, at: number, length: number): void {
    let message: Message;
    try {
      // The frame's bytes are gone when the command waits, and its documents may be stored.
      message = readMessage(Buffer.from(bytes.subarray(at, at + length)), 0, length);
    } catch (error) {
      this.malformed(error);
      return;
    }
    this.#connection.pause();
    this.#take(message, bytes.readInt32LE(at + 12) === 2012)
      .catch((error: unknown) => {
        this.#options.log.error({ err: error }, "a connection ended by a defect");
        this.#connection.destroy();
      })
      .finally(() => this.#connection.resume());
  }

  malformed(error: unknown): void {
    this.#options.log.info(
      { err: error, remote: this.#options.state.remote },
      "a client sent what is no message",
    );
    this.#connection.end();
  }

  ended(): void {
    this.#connection.end();
  }

  /** A client that waits for an answer and ends its input is gone, as mongod sees it: what runs for it ends. */
  inputEnded(): void {
    if (this.#isRunningForReply) this.#gone.abort();
  }

  drained(): void {
    this.#drained?.();
  }

  closed(): void {
    this.#isClosed = true;
    this.#gone.abort();
    this.#drained?.();
    this.#options.closed();
  }

  async #take(message: Message, isCompressed: boolean): Promise<void> {
    switch (message.kind) {
      case "msg":
        await this.#takeMsg(message, isCompressed);
        return;
      case "query":
        await this.#takeQuery(message);
        return;
      default:
        this.malformed(new MongoError(1, `a message of the kind ${message.kind}`));
    }
  }

  async #takeMsg(message: MsgMessage, isCompressed: boolean): Promise<void> {
    let reply: Doc;
    let body: Doc | undefined;
    const isAnswered = (message.flags & msgFlags.moreToCome) === 0;
    try {
      body = bodyOf(message);
      this.#isRunningForReply = isAnswered && this.#isEndedWithClient(body);
      reply = await dispatch(
        this.#options.server,
        this.#options.commands,
        this.#options.state,
        body,
        this.#gone.signal,
      );
    } catch (error) {
      if (error === closeConnection) {
        this.#connection.destroy();
        return;
      }
      reply = errorReply(asMongoError(this.#options.server, error));
    }
    // A client that wants no answer gets none.
    if (isAnswered) await this.#send(message, body, reply, isCompressed);
    this.#isRunningForReply = false;
  }

  /** Writes go on to their end. */
  #isEndedWithClient({ firstKey = "" }: Doc): boolean {
    return this.#options.commands.get(firstKey)?.takesWriteConcern !== true || firstKey === "aggregate";
  }

  async #send(message: MsgMessage, body: Doc | undefined, reply: Doc, isCompressed: boolean): Promise<void> {
    const isExhaust = (message.flags & msgFlags.exhaustAllowed) !== 0;
    const name = body?.firstKey ?? "";
    let responseTo = message.requestId;
    for (
      let next: Doc | undefined = reply;
      next !== undefined && !this.#isClosed && !this.#gone.signal.aborted;
    ) {
      const again: Doc | undefined =
        isExhaust && body !== undefined ? continuation(name, body, next) : undefined;
      const requestId = ++this.#lastRequest;
      const flags =
        (again === undefined ? 0 : msgFlags.moreToCome) | (message.flags & msgFlags.checksumPresent);
      const bytes = writeMsg({ requestId, responseTo, flags, body: writeDoc(next) });
      const compressor = this.#compressor();
      const isToBeCompressed =
        isCompressed &&
        compressor !== undefined &&
        !uncompressed.has(name) &&
        bytes.length > compressionBytesMin;
      this.#connection.send(isToBeCompressed ? compressMessage(bytes, compressor) : bytes);
      await this.#untilDrained();
      if (again === undefined) return;
      responseTo = requestId;
      next = await dispatch(
        this.#options.server,
        this.#options.commands,
        this.#options.state,
        again,
        this.#gone.signal,
      );
    }
  }

  #compressor(): CompressorName | undefined {
    return this.#options.state.compressor;
  }

  async #untilDrained(): Promise<void> {
    while (this.#connection.unsentBytes > 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
      this.#drained = undefined;
    }
  }

  /** The old form, which drivers say hello in. */
  async #takeQuery(message: Extract<Message, { kind: "query" }>): Promise<void> {
    let reply: Doc;
    try {
      requireValidDocument(message.query, 0, message.query.length);
      const query = Doc.read(message.query);
      const name = query.firstKey ?? "";
      const db = message.collection.replace(/\.\$cmd$/, "");
      if (!message.collection.endsWith(".$cmd")) {
        throw new MongoError(
          5739101,
          "OP_QUERY is no longer supported. The client driver may require an upgrade.",
        );
      }
      if (!["hello", "ismaster", "isMaster"].includes(name)) {
        throw new MongoError(
          352,
          `Unsupported OP_QUERY command: ${name}. The client driver may require an upgrade.`,
        );
      }
      reply = await dispatch(
        this.#options.server,
        this.#options.commands,
        this.#options.state,
        query.copy().set("$db", db),
        this.#gone.signal,
      );
    } catch (error) {
      reply = errorReply(asMongoError(this.#options.server, error));
    }
    this.#connection.send(writeReply(++this.#lastRequest, message.requestId, writeDoc(reply)));
  }
}

/** The command with its sequences as arrays. @throws MongoError 22, WireMongoError */
function bodyOf({ body, sequences }: MsgMessage): Doc {
  requireValidDocument(body, 0, body.length);
  const doc = Doc.read(body);
  for (const { identifier, documents } of sequences) {
    if (doc.has(identifier))
      throw new MongoError(40432, `Duplicate field ${identifier} in the body and in a sequence`);
    for (const one of documents) requireValidDocument(one, 0, one.length);
    doc.set(
      identifier,
      documents.map((one) => Doc.read(one)),
    );
  }
  return doc;
}

/** What is answered next without being asked for, when the client allows it. */
function continuation(name: string, body: Doc, reply: Doc): Doc | undefined {
  const ok = reply.get("ok");
  if (!(ok instanceof Double) || ok.value !== 1) return undefined;
  if (name === "getMore") {
    const cursor = reply.get("cursor");
    return cursor instanceof Doc && cursor.get("id") !== 0n ? body : undefined;
  }
  if (!["hello", "isMaster", "ismaster"].includes(name)) return undefined;
  const topologyVersion = reply.get("topologyVersion");
  if (topologyVersion === undefined || !body.has("maxAwaitTimeMS")) return undefined;
  return body.copy().set("topologyVersion", topologyVersion);
}

import { WeftkitError } from "@weftkit/core";
import { FramedConnection, type SocketGroup, type Transport } from "@weftkit/sockets";
import {
  bsonTypes,
  documentOf,
  doubleElement,
  frameLength,
  opCodes,
  readMessage,
  WireMongoError,
  writeMsg,
  writeReply,
} from "@weftkit/wire-mongo";
import type { Secret } from "../postgres/users-file.ts";
import { ClientLogin, type MongoLogin } from "./client-login.ts";
import { elementsOf, type MongoCommand, numberOf, readCommand, textOf } from "./command.ts";
import { MongoPoolError, mongoErrors } from "./errors.ts";
import { helloDocument } from "./hello.ts";
import type { MongoLink } from "./mongo-link.ts";

/** What a client needs of the front. */
export interface MongoHost {
  readonly sockets: SocketGroup;
  /** Whether clients have to prove who they are. */
  readonly authenticates: boolean;
  readonly messageBytesMax: number;
  secretOf(user: string): Secret | undefined;
  /** A server's own answer to hello. @throws WeftkitError */
  hello(): Promise<Buffer>;
  /** Has a command run at a server. Resolves when its last answer was given to the client. @throws MongoPoolError, WeftkitError */
  run(client: MongoClient, command: MongoCommand, frame: Buffer): Promise<void>;
  gone(client: MongoClient): void;
}

const beforeLoginBytesMax = 64 << 10;
const unsentBytesMax = 1 << 20;
const helloNames = new Set(["hello", "isMaster", "ismaster"]);

/** A client: its commands run one after the other, each wherever the front finds a connection. */
export class MongoClient {
  readonly id: number;
  readonly remote: string;
  readonly #address: string;
  readonly #host: MongoHost;
  readonly #connection: FramedConnection;
  login: MongoLogin | undefined;
  /** Where its command runs, for as long as it does. */
  link: MongoLink | undefined;
  #exchange: ClientLogin | undefined;
  #isProved: boolean;
  #isBusy = false;
  #isEnding = false;
  #requests = 0;
  isClosed = false;

  /** @param address what it knows the pool by */
  constructor(host: MongoHost, transport: Transport, id: number, remote: string, address: string) {
    this.id = id;
    this.remote = remote;
    this.#host = host;
    this.#address = address;
    this.#isProved = !host.authenticates;
    const limit = (bytes: Buffer, at: number, end: number) =>
      frameLength(bytes, at, end, this.#isProved ? host.messageBytesMax : beforeLoginBytesMax);
    this.#connection = new FramedConnection(host.sockets, transport, limit, {
      frame: (bytes, at, length) => this.#frame(Buffer.from(bytes.subarray(at, at + length))),
      malformed: () => this.#connection.end(),
      ended: () => this.#connection.end(),
      inputEnded: () => this.close(),
      drained: () => {
        this.link?.resume();
        if (!this.#isBusy) this.#connection.resume();
      },
      closed: () => this.#closed(),
    });
    this.#connection.start();
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Gives an answer on, as it came; a server that is faster than its client waits. */
  reply(frame: Buffer): void {
    this.#connection.send(frame);
    if (this.#connection.unsentBytes > unsentBytesMax) this.link?.pause();
  }

  /** Closes when what runs was answered. */
  finish(): void {
    this.#isEnding = true;
    if (!this.#isBusy) this.#connection.end();
  }

  close(): void {
    this.#connection.destroy();
    this.#closed();
  }

  #frame(frame: Buffer): void {
    this.#connection.pause();
    this.#isBusy = true;
    this.#take(frame)
      .catch((error: unknown) => {
        // What is no message, or what was begun at a server that is lost: only the client can know what to do then.
        if (error instanceof WireMongoError) this.#connection.end();
        else this.close();
      })
      .finally(() => {
        this.#isBusy = false;
        if (this.#isEnding) this.#connection.end();
        // Who does not take its answers gets no more of them.
        else if (this.#connection.unsentBytes <= unsentBytesMax) this.#connection.resume();
      });
  }

  async #take(frame: Buffer): Promise<void> {
    const opCode = frame.readInt32LE(12);
    if (opCode === opCodes.query) {
      await this.#query(frame);
      return;
    }
    // Compression is offered to nobody.
    if (opCode !== opCodes.msg)
      throw new WireMongoError("malformed_message", `a message of the kind ${opCode}`);
    const command = readCommand(frame);
    try {
      const own = await this.#own(command);
      if (own === undefined) await this.#host.run(this, command, frame);
      else this.#answer(command, own);
    } catch (error) {
      if (error instanceof WireMongoError || !(error instanceof WeftkitError)) throw error;
      if (error.code === "server_lost") throw error;
      const told = error instanceof MongoPoolError ? error : mongoErrors.unreachable(error.message);
      this.#answer(command, told.document(labelsFor(command, told)));
    }
  }

  #answer({ requestId, isAnswered }: MongoCommand, body: Buffer): void {
    if (isAnswered) this.reply(writeMsg({ requestId: ++this.#requests, responseTo: requestId, body }));
  }

  /** OP_QUERY, with which drivers say hello to servers that they do not know. */
  async #query(frame: Buffer): Promise<void> {
    const message = readMessage(frame, 0, frame.length);
    if (message.kind !== "query") throw new WireMongoError("malformed_message", "the peer sent no OP_QUERY");
    const { query, requestId, collection } = message;
    const [first] = elementsOf(query, 0, query.length);
    const isHello = collection.endsWith(".$cmd") && helloNames.has(first?.name ?? "");
    const body = await (isHello ? this.#hello(query) : Promise.reject(mongoErrors.oldQuery())).catch(
      (error: unknown) => {
        if (error instanceof MongoPoolError) return error.document();
        if (error instanceof WireMongoError || !(error instanceof WeftkitError)) throw error;
        return mongoErrors.unreachable(error.message).document();
      },
    );
    this.reply(writeReply(++this.#requests, requestId, body));
  }

  /** The answer to a command that is the pool's to answer. */
  async #own({ name, body, database }: MongoCommand): Promise<Buffer | undefined> {
    if (helloNames.has(name)) return this.#hello(body);
    switch (name) {
      case "saslStart": {
        const exchange = new ClientLogin((user) => this.#host.secretOf(user));
        this.#exchange = undefined;
        const answer = await exchange.start(body, database);
        this.#exchange = exchange;
        return documentOf([...answer, doubleElement("ok", 1)]);
      }
      case "saslContinue":
        return this.#continue(body);
      case "authenticate":
        throw mongoErrors.mechanism("MONGODB-X509");
      case "logout":
        this.login = undefined;
        this.#isProved = !this.#host.authenticates;
        return documentOf([doubleElement("ok", 1)]);
    }
    if (!this.#isProved) throw mongoErrors.unauthorized(name);
    return undefined;
  }

  #continue(body: Buffer): Buffer {
    const exchange = this.#exchange;
    if (exchange === undefined) throw mongoErrors.noLogin();
    // A proof that is wrong is not followed by another try at the same exchange.
    this.#exchange = undefined;
    const answer = exchange.next(body);
    if (exchange.login === undefined) this.#exchange = exchange;
    else {
      this.login = exchange.login;
      this.#isProved = true;
    }
    return documentOf([...answer, doubleElement("ok", 1)]);
  }

  async #hello(body: Buffer): Promise<Buffer> {
    let [isHello, namesMechanisms, waitMs] = [false, false, 0];
    let start: Buffer | undefined;
    for (const [index, element] of [...elementsOf(body, 0, body.length)].entries()) {
      if (index === 0) isHello = element.name === "hello";
      else if (element.name === "saslSupportedMechs") namesMechanisms = textOf(body, element) !== undefined;
      else if (element.name === "maxAwaitTimeMS") waitMs = Number(numberOf(body, element) ?? 0n);
      else if (element.name === "speculativeAuthenticate" && element.type === bsonTypes.object)
        start = body.subarray(element.value, element.end);
    }
    // A topologyVersion that is asked about was another's: there is nothing to wait for.
    if (waitMs < 0) throw new MongoPoolError(31373, "Location31373", "maxAwaitTimeMS must not be negative");
    let login: readonly Buffer[] | undefined;
    if (start !== undefined) {
      const exchange = new ClientLogin((user) => this.#host.secretOf(user));
      try {
        login = await exchange.start(start, "admin");
        this.#exchange = exchange;
      } catch (error) {
        // The client then begins its login in the ordinary way, and is told there.
        if (!(error instanceof MongoPoolError)) throw error;
      }
    }
    return helloDocument(await this.#host.hello(), {
      isHello,
      address: this.#address,
      connectionId: this.id,
      messageBytesMax: this.#host.messageBytesMax,
      namesMechanisms,
      login,
    });
  }

  #closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#host.gone(this);
  }
}

/** As a server has it: what a driver may try again says so. */
function labelsFor(command: MongoCommand, error: MongoPoolError): readonly string[] {
  if (error.number !== 6 && error.number !== 262) return [];
  if (command.isInTransaction)
    return command.name === "commitTransaction"
      ? ["RetryableWriteError", "UnknownTransactionCommitResult"]
      : ["TransientTransactionError"];
  return command.transaction === undefined ? [] : ["RetryableWriteError"];
}

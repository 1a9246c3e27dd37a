import { WeftkitError } from "@weftkit/core";
import type { Transport } from "@weftkit/sockets";
import {
  BackendWriter,
  type ErrorFields,
  FrontendWriter,
  MessageReader,
  MessageStream,
  readErrorFields,
  type TransactionStatus,
  type Verdict,
} from "@weftkit/wire-postgres";
import type { PoolSockets } from "../network/pool-sockets.ts";
import type { Outstanding } from "./outstanding.ts";
import { ParameterSet } from "./parameter-set.ts";
import { type Prepared, renamed } from "./prepared-statements.ts";

/** Who has a server's attention: a client that leases it. */
export interface Leaseholder {
  /** Bytes for the client. */
  answer(bytes: Buffer, start: number, end: number): void;
  /** The server reports another value of a parameter. */
  reported(name: string, value: string): void;
  /** The server has forgotten all prepared statements (DEALLOCATE ALL, DISCARD ALL). */
  forgotten(tag: string): void;
  /** What came in one go was handed over; there may be nothing outstanding any more. */
  settled(): void;
  /** The server is gone. */
  serverLost(error: ErrorFields | undefined): void;
  serverDrained(): void;
}

/** Rows of an internal question, as text. */
export type Rows = readonly (readonly (string | null)[])[];

interface Internal {
  readonly rows: (string | null)[][];
  error: ErrorFields | undefined;
  readonly resolve: (rows: Rows) => void;
  readonly reject: (error: unknown) => void;
}

export interface ServerOptions {
  readonly sockets: PoolSockets;
  readonly transport: Transport;
  readonly processId: number;
  readonly cancelKey: Buffer;
  readonly reported: Map<string, string>;
  readonly address: { readonly host: string; readonly port: number };
  readonly connectedMs: number;
  /** Prepared statements kept at once. */
  readonly statementsMax: () => number;
  /** A statement was prepared there. */
  readonly onParse: () => void;
  readonly messageBytesMax: number;
  /** It is gone. */
  readonly onClosed: (server: ServerSession) => void;
}

const code = (letter: string) => letter.charCodeAt(0);
const [dataRow, copyData] = [code("D"), code("d")];

/** An internal question failed at the server. */
export class ServerError extends WeftkitError {
  readonly fields: ErrorFields;
  constructor(fields: ErrorFields) {
    super("server_error", fields.message);
    this.fields = fields;
  }
}

/**
 * A session at a PostgreSQL server, after its login: what was asked and not answered yet, what it has prepared, and which
 * parameters it was given. 1. idle 2. leased (`holder`), or asked by the pool itself (`ask`) 3. closed
 */
export class ServerSession {
  readonly options: ServerOptions;
  /** Counts up, so that no client is told of by another's number. */
  readonly id: number;
  holder: Leaseholder | undefined;
  status: TransactionStatus = "I";
  /** What it was set to beyond its own defaults. */
  parameters = ParameterSet.empty;
  readonly reported: Map<string, string>;
  /** Messages of the extended protocol since the last Sync. */
  isUnsynced = false;
  isInCopy = false;
  /** The server ignores everything up to the next Sync. */
  isSkipping = false;
  /** Whose statement its unnamed one is. */
  unnamed: Prepared | undefined;
  isClosed = false;
  /** Ends instead of serving somebody else. */
  isToClose: string | undefined;
  /** Cancel requests that are on their way to it. */
  cancels = 0;
  /** Called when the last of them has arrived. */
  onCancelled: (() => void) | undefined;
  idleSinceMs = 0;
  lastError: ErrorFields | undefined;
  readonly #prepared = new Map<string, Prepared>();
  #queue: Outstanding[] = [];
  readonly #stream: MessageStream;
  #internal: Internal | undefined;

  constructor(options: ServerOptions, id: number) {
    this.options = options;
    this.id = id;
    this.reported = options.reported;
    this.#stream = new MessageStream(
      {
        wantsWhole: (type) => (type !== dataRow && type !== copyData) || this.#internal !== undefined,
        whole: (type, bytes, at, length) => this.#message(type, bytes, at, length),
        pass: (bytes, start, end) => this.holder?.answer(bytes, start, end),
      },
      options.messageBytesMax,
    );
  }

  /** Takes the transport's events over after the login. */
  readonly events = {
    data: (bytes: Buffer, start: number, end: number) => {
      try {
        this.#stream.data(bytes, start, end);
      } catch (error) {
        this.lastError ??= {
          severity: "FATAL",
          code: "08P01",
          message: `the server broke the protocol: ${String(error)}`,
        };
        this.close();
        return;
      }
      this.holder?.settled();
    },
    upcoming: () => {},
    unsent: () => {},
    drained: () => this.holder?.serverDrained(),
    ended: () => this.close(),
    closed: () => this.#closed(),
  };

  get prepared(): ReadonlyMap<string, Prepared> {
    return this.#prepared;
  }

  /** Nothing is outstanding, and it could serve another client. */
  get isQuiet(): boolean {
    return this.#queue.length === 0 && !this.isUnsynced && !this.isInCopy && !this.#stream.isInMessage;
  }

  get outstanding(): number {
    return this.#queue.length;
  }

  send(bytes: Buffer, start = 0, end: number = bytes.length): void {
    if (!this.isClosed) this.options.sockets.write(this.options.transport, bytes, start, end);
  }

  /** Notes a request that was sent, or an answer that waits for its turn. */
  expect(request: Outstanding): void {
    if (request.request === "sync" || request.request === "query" || request.request === "function") {
      this.isUnsynced = false;
      this.isSkipping = false;
    } else {
      this.isUnsynced = true;
      if (this.isSkipping) {
        request.undo?.();
        return;
      }
    }
    this.#queue.push(request);
    if (request.answer !== undefined && this.#queue.length === 1) this.#answerReady();
  }

  /** Parses a statement if this server has not; what has not been used for longest is closed when there are too many. */
  require(prepared: Prepared, isHidden: boolean, undo?: () => void): boolean {
    if (this.#prepared.delete(prepared.name)) {
      this.#prepared.set(prepared.name, prepared);
      return false;
    }
    while (this.#prepared.size > 0 && this.#prepared.size >= this.options.statementsMax()) {
      const [oldest] = this.#prepared.values();
      this.#prepared.delete(oldest!.name);
      const writer = new FrontendWriter();
      writer.close("statement", oldest!.name);
      this.send(writer.take());
      this.expect({
        request: "close",
        isHidden: true,
        undo: () => this.#prepared.set(oldest!.name, oldest!),
      });
    }
    this.#prepared.set(prepared.name, prepared);
    this.options.onParse();
    this.send(renamed("P", Buffer.alloc(0), prepared.name, prepared.body));
    this.expect({
      request: "parse",
      isHidden,
      undo: () => {
        this.#prepared.delete(prepared.name);
        undo?.();
      },
    });
    return true;
  }

  /** Parses a client's unnamed statement if another's is there. */
  requireUnnamed(prepared: Prepared): void {
    if (this.unnamed === prepared) return;
    this.unnamed = prepared;
    this.send(renamed("P", Buffer.alloc(0), "", prepared.body));
    this.expect({ request: "parse", isHidden: true, undo: () => this.#forgetUnnamed() });
  }

  forgetPrepared(): void {
    this.#prepared.clear();
    this.unnamed = undefined;
  }

  #forgetUnnamed(): void {
    this.unnamed = undefined;
  }

  /**
   * Asks a question of our own; nothing else may be outstanding.
   *
   * @throws ServerError for what the server answers, WeftkitError `server_lost`
   */
  ask(text: string): Promise<Rows> {
    const { promise, resolve, reject } = Promise.withResolvers<Rows>();
    if (this.isClosed) {
      reject(new WeftkitError("server_lost", "the server is gone"));
      return promise;
    }
    this.#internal = { rows: [], error: undefined, resolve, reject };
    const writer = new FrontendWriter();
    writer.query(text);
    this.unnamed = undefined;
    this.send(writer.take());
    this.options.sockets.handOver();
    return promise;
  }

  /** Ends the session as PostgreSQL wants it. */
  terminate(): void {
    if (this.isClosed) return;
    const writer = new FrontendWriter();
    writer.terminate();
    this.send(writer.take());
    this.options.sockets.handOver();
    this.options.transport.end();
    this.options.sockets.flushSoon();
  }

  close(): void {
    this.options.sockets.handOver();
    this.options.transport.destroy();
    this.#closed();
  }

  #closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const [internal, holder] = [this.#internal, this.holder];
    this.#internal = undefined;
    this.holder = undefined;
    this.#queue = [];
    this.options.onClosed(this);
    internal?.reject(
      this.lastError === undefined
        ? new WeftkitError("server_lost", "the server has closed the connection")
        : new ServerError(this.lastError),
    );
    holder?.serverLost(this.lastError);
  }

  #message(type: number, bytes: Buffer, at: number, length: number): Verdict {
    if (this.#internal !== undefined) return this.#answerInternal(this.#internal, type, bytes, at, length);
    const letter = String.fromCharCode(type);
    switch (letter) {
      case "1":
        return this.#completed("parse", bytes, at, length);
      case "2":
        return this.#completed("bind", bytes, at, length);
      case "3":
        return this.#completed("close", bytes, at, length);
      case "n":
        return this.#completed("describe", bytes, at, length);
      case "T":
        return this.#queue[0]?.request === "describe"
          ? this.#completed("describe", bytes, at, length)
          : "pass";
      case "C":
        this.isInCopy = false;
        if (bytes[at + 5] === 0x44) this.#forget(bytes.toString("latin1", at + 5, at + length - 1));
        return this.#queue[0]?.request === "execute" ? this.#completed("execute", bytes, at, length) : "pass";
      case "I":
      case "s":
        return this.#queue[0]?.request === "execute" ? this.#completed("execute", bytes, at, length) : "pass";
      case "G":
      case "W":
        this.isInCopy = true;
        // While it takes data, it ignores Sync; the one after the data counts.
        if (this.#queue[0]?.request === "execute") {
          this.#queue = this.#queue.filter(({ request }) => request !== "sync");
          this.isUnsynced = true;
        }
        return "pass";
      case "E":
        return this.#failed(bytes, at, length);
      case "Z":
        return this.#ready(bytes, at, length);
      case "S":
        return this.#status(bytes, at, length);
      case "A":
      case "N":
        return this.holder === undefined ? "drop" : "pass";
      default:
        return "pass";
    }
  }

  #completed(request: Outstanding["request"], bytes: Buffer, at: number, length: number): Verdict {
    const [head] = this.#queue;
    if (head?.request !== request) return "pass";
    this.#queue.shift();
    return this.#thenAnswer(head.isHidden === true ? "drop" : "pass", bytes, at, length);
  }

  /** Answers of ours that are due come behind the message that is told. */
  #thenAnswer(verdict: Verdict, bytes: Buffer, at: number, length: number): Verdict {
    if (this.#queue[0]?.answer === undefined) return verdict;
    this.#stream.passPending();
    if (verdict === "pass") this.holder?.answer(bytes, at, at + length);
    this.#answerReady();
    return "drop";
  }

  /** Answers of ours whose turn it is. */
  #answerReady(): void {
    for (let [head] = this.#queue; head?.answer !== undefined; [head] = this.#queue) {
      this.#queue.shift();
      this.holder?.answer(head.answer, 0, head.answer.length);
    }
  }

  #failed(bytes: Buffer, at: number, length: number): Verdict {
    const fields = readFields(bytes, at, length);
    if (fields.severity === "FATAL" || fields.severity === "PANIC") this.lastError = fields;
    this.isInCopy = false;
    const [head] = this.#queue;
    if (head === undefined || head.request === "query" || head.request === "function") return "pass";
    let isFound = false;
    while (this.#queue.length > 0) {
      if (this.#queue[0]!.request === "sync") {
        isFound = true;
        break;
      }
      this.#queue.shift()!.undo?.();
    }
    this.isSkipping = !isFound;
    if (head.replacesError === undefined) return "pass";
    this.#stream.passPending();
    const writer = new BackendWriter();
    writer.error(head.replacesError);
    const error = writer.take();
    this.holder?.answer(error, 0, error.length);
    return "drop";
  }

  #ready(bytes: Buffer, at: number, length: number): Verdict {
    this.status = String.fromCharCode(bytes[at + 5]!) as TransactionStatus;
    this.isInCopy = false;
    const [head] = this.#queue;
    if (head !== undefined && ["query", "sync", "function"].includes(head.request)) this.#queue.shift();
    return this.#thenAnswer("pass", bytes, at, length);
  }

  #status(bytes: Buffer, at: number, length: number): Verdict {
    const reader = new MessageReader(bytes, at + 5, at + length);
    const [name, value] = [reader.text(), reader.text()];
    this.reported.set(name, value);
    this.holder?.reported(name, value);
    return "pass";
  }

  #forget(tag: string): void {
    if (tag !== "DISCARD ALL" && tag !== "DEALLOCATE ALL") return;
    this.forgetPrepared();
    if (tag === "DISCARD ALL") this.parameters = ParameterSet.empty;
    this.holder?.forgotten(tag);
  }

  #answerInternal(internal: Internal, type: number, bytes: Buffer, at: number, length: number): Verdict {
    const reader = new MessageReader(bytes, at + 5, at + length);
    const letter = String.fromCharCode(type);
    if (letter === "D") internal.rows.push(reader.list(() => reader.value()?.toString() ?? null));
    else if (letter === "E") {
      internal.error ??= readFields(bytes, at, length);
      if (internal.error.severity === "FATAL") this.lastError = internal.error;
    } else if (letter === "S") {
      const [name, value] = [reader.text(), reader.text()];
      this.reported.set(name, value);
      this.holder?.reported(name, value);
    } else if (letter === "A") this.holder?.answer(bytes, at, at + length);
    else if (letter === "C") this.#forget(reader.text());
    else if (letter === "Z") {
      this.status = String.fromCharCode(bytes[at + 5]!) as TransactionStatus;
      this.#internal = undefined;
      if (internal.error === undefined) internal.resolve(internal.rows);
      else internal.reject(new ServerError(internal.error));
    }
    return "drop";
  }
}

function readFields(bytes: Buffer, at: number, length: number): ErrorFields {
  return readErrorFields(new MessageReader(bytes, at + 5, at + length));
}

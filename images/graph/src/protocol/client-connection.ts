import { randomUUID } from "node:crypto";
import type { Authenticator, SecurityContext } from "@weftkit/auth";
import type { Peer } from "@weftkit/host";
import type { Logger } from "@weftkit/observe";
import type { FramedConnection, FrameEvents } from "@weftkit/sockets";
import {
  type BoltVersion,
  BoltViolation,
  chunked,
  MessageAssembler,
  PackReader,
  type PackValue,
  PackWriter,
  type RequestName,
  requestName,
  requestTags,
  responseTags,
  Structure,
} from "@weftkit/wire-bolt";
import { CypherError } from "../errors.ts";
import { serverAgent } from "../identity.ts";
import type { GraphDatabase } from "../session/database.ts";
import type { NotificationFilter } from "../session/notifications.ts";
import { toCypherError } from "../session/to-cypher-error.ts";
import { authenticate } from "./authentication.ts";
import { type Opened, Opening } from "./opening.ts";
import { BoltSession, filterOf } from "./session.ts";
import { allowed, type BoltState } from "./state.ts";
import { failure, isAtLeast, packMap } from "./summary.ts";
import { ValueWriter } from "./values.ts";

/** A message has to fit into memory several times over. */
const messageBytesMax = 512 << 20;
/** Before the login nobody sends more. */
const loginMessageBytesMax = 64 << 10;
const loginMs = 30_000;
/** Messages that wait for their turn; a client that sends more is not read until some are done. */
const waitingMax = 1000;
const outputBytes = 64 << 10;

export interface ConnectionOptions {
  readonly authenticator: Authenticator;
  readonly database: GraphDatabase;
  readonly peer: Peer;
  readonly log: Logger;
  /** What ROUTE tells; undefined for whatever the client has connected to. */
  readonly advertisedAddress: string | undefined;
  readonly defaultTimeoutMs: number | undefined;
  closed(): void;
}

/** One client: its bytes become requests, taken one after the other; RESET alone jumps the queue. */
export class ClientConnection implements FrameEvents {
  readonly id = `bolt-${randomUUID().slice(0, 8)}`;
  readonly #options: ConnectionOptions;
  readonly #opening: Opening;
  readonly #waiting: Buffer[] = [];
  #connection!: FramedConnection;
  #opened: Opened | undefined;
  #assembler: MessageAssembler | undefined;
  #state: BoltState = "negotiation";
  #session: BoltSession | undefined;
  #user: SecurityContext | undefined;
  /** The patch "utc", which a client of 4.4 may ask for. */
  #isUtc = false;
  /** RESETs that have come and were not answered: what stands before them is ignored. */
  #interrupts = 0;
  #isBusy = false;
  #output: Buffer[] = [];
  #outputLength = 0;
  #drained: (() => void) | undefined;
  #loginTimer: NodeJS.Timeout | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#opening = new Opening((bytes) => this.#connection.send(bytes));
  }

  attach(connection: FramedConnection): void {
    this.#connection = connection;
    this.#loginTimer = setTimeout(() => connection.destroy(), loginMs);
  }

  // ---- what the connection tells -----------------------------------------------------------------------------------

  frame(bytes: Buffer, at: number, length: number): void {
    if (this.#state === "defunct") return;
    try {
      this.#input(bytes.subarray(at, at + length));
    } catch (error) {
      this.malformed(error);
    }
  }

  #input(bytes: Buffer): void {
    if (this.#opened !== undefined) {
      this.#opened.unwrap(bytes);
      return;
    }
    const opened = this.#opening.add(
      bytes,
      (data) => this.#assembler!.add(data),
      () => this.#end(),
    );
    if (opened === "refused") {
      this.#end();
      return;
    }
    if (opened === undefined) return;
    this.#opened = opened;
    this.#assembler = this.#newAssembler(loginMessageBytesMax);
    if (opened.rest.length > 0) opened.begin(opened.rest);
  }

  #newAssembler(bytesMax: number): MessageAssembler {
    return new MessageAssembler(bytesMax, (message) => this.#arrived(message));
  }

  malformed(error: unknown): void {
    if (!(error instanceof BoltViolation))
      this.#options.log.error({ err: error }, "a connection ended by a defect");
    if (this.#opened !== undefined) {
      this.#fail(
        new CypherError(
          "Neo.ClientError.Request.InvalidFormat",
          error instanceof BoltViolation ? error.message : "internal error",
        ),
        undefined,
      );
    }
    this.#end();
  }

  ended(): void {
    this.#end();
  }

  drained(): void {
    this.#drained?.();
  }

  closed(): void {
    clearTimeout(this.#loginTimer);
    this.#state = "defunct";
    this.#drained?.();
    this.#session?.close();
    this.#options.closed();
  }

  /** The engine is about to end. */
  shutDown(): void {
    this.#session?.close();
    this.#connection.destroy();
  }

  // ---- one request after the other ---------------------------------------------------------------------------------

  #arrived(message: Buffer): void {
    if (message[1] === requestTags.reset && (message[0]! & 0xf0) === 0xb0) {
      this.#interrupts++;
      this.#session?.interrupt();
    }
    this.#waiting.push(message);
    if (this.#waiting.length > waitingMax) this.#connection.pause();
    if (!this.#isBusy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    try {
      for (;;) {
        const message = this.#waiting.shift();
        if (message === undefined || this.#state === "defunct") break;
        if (this.#waiting.length === waitingMax >> 1) this.#connection.resume();
        await this.#take(message);
        if (this.#outputLength > outputBytes) this.#flush();
      }
    } catch (error) {
      this.malformed(error);
    } finally {
      this.#isBusy = false;
      this.#flush();
    }
  }

  async #take(message: Buffer): Promise<void> {
    const reader = new PackReader(message);
    const request = reader.value();
    if (!(request instanceof Structure) || !reader.isAtEnd)
      throw new BoltViolation("a message that is no structure");
    const name = requestName(request.tag);
    if (name === undefined) throw new BoltViolation(`there is no message with the tag ${request.tag}`);
    if (name === "goodbye") {
      this.#end();
      return;
    }
    if (name === "reset") {
      this.#reset();
      return;
    }
    if (this.#interrupts > 0 || this.#state === "failed") {
      this.#respond(responseTags.ignored);
      return;
    }
    if (!allowed[this.#state].includes(name)) {
      this.#fail(
        new CypherError(
          "Neo.ClientError.Request.Invalid",
          `A ${name.toUpperCase()} message cannot be handled by a session in the ${this.#state.toUpperCase().replace(" ", "_")} state.`,
        ),
        undefined,
      );
      this.#end();
      return;
    }
    try {
      await this.#handle(name, request.fields);
    } catch (error) {
      this.#failed(error, name);
    }
  }

  #failed(error: unknown, name: RequestName): void {
    const told = toCypherError(error);
    if (told.code === "Neo.DatabaseError.General.UnknownError")
      this.#options.log.error({ err: error }, "a query failed unexpectedly");
    if (this.#interrupts > 0) {
      this.#respond(responseTags.ignored);
      return;
    }
    this.#fail(told, this.#session?.failedQuery);
    this.#session?.failed();
    if (
      this.#state === "negotiation" ||
      this.#state === "authentication" ||
      name === "hello" ||
      name === "logon"
    )
      this.#end();
    else this.#state = "failed";
  }

  #reset(): void {
    if (this.#interrupts > 0) this.#interrupts--;
    if (this.#session === undefined) throw new BoltViolation("RESET before the login");
    this.#session.reset();
    this.#state = "ready";
    this.#success({});
  }

  // ---- answers -----------------------------------------------------------------------------------------------------

  get #version(): BoltVersion {
    return this.#opened?.version ?? { major: 5, minor: 0 };
  }

  #respond(tag: number, ...fields: readonly PackValue[]): void {
    const writer = new PackWriter();
    writer.structure(tag, fields.length);
    for (const field of fields) writer.value(field);
    this.#send(writer.take());
  }

  #success(metadata: Readonly<Record<string, PackValue | undefined>>): void {
    this.#respond(responseTags.success, packMap(metadata));
  }

  #fail(error: CypherError, query: string | undefined): void {
    this.#respond(responseTags.failure, failure(error, query, this.#version));
  }

  #send(message: Buffer): void {
    const bytes = chunked(message);
    this.#output.push(bytes);
    this.#outputLength += bytes.length;
  }

  #flush(): void {
    if (this.#outputLength === 0) return;
    const bytes = this.#output.length === 1 ? this.#output[0]! : Buffer.concat(this.#output);
    this.#output = [];
    this.#outputLength = 0;
    this.#connection.send(this.#opened?.wrap(bytes) ?? bytes);
  }

  /** Sends what there is, and waits for a client that does not keep up. */
  async #flushAndWait(): Promise<void> {
    this.#flush();
    while (this.#connection.unsentBytes > 0 && this.#state !== "defunct") {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
      this.#drained = undefined;
    }
    if (this.#state === "defunct")
      throw new CypherError("Neo.TransientError.Transaction.Terminated", "the client is gone");
  }

  #end(): void {
    if (this.#state === "defunct") return;
    this.#flush();
    this.#state = "defunct";
    this.#session?.close();
    this.#connection.end();
  }

  // ---- requests ----------------------------------------------------------------------------------------------------

  async #handle(name: RequestName, fields: readonly PackValue[]): Promise<void> {
    switch (name) {
      case "hello":
        await this.#hello(mapField(fields[0]));
        return;
      case "logon":
        await this.#logon(mapField(fields[0]));
        this.#success({});
        return;
      case "logoff":
        this.#session?.close();
        this.#session = undefined;
        this.#state = "authentication";
        this.#success({});
        return;
      case "telemetry":
        this.#success({});
        return;
      case "route":
        this.#success({ rt: this.#session!.route(mapField(fields[0]), fields[2]) });
        return;
      case "begin":
        await this.#session!.begin(mapField(fields[0]));
        this.#state = "tx ready";
        this.#success(isAtLeast(this.#version, 8) ? { db: this.#session!.databaseName } : {});
        return;
      case "commit": {
        const bookmark = await this.#session!.commit();
        this.#state = "ready";
        this.#success({ bookmark });
        return;
      }
      case "rollback":
        this.#session!.rollback();
        this.#state = "ready";
        this.#success({});
        return;
      case "run":
        await this.#run(fields);
        return;
      case "pull":
      case "discard":
        await this.#fetch(name, mapField(fields[0]));
        return;
    }
  }

  async #hello(extra: ReadonlyMap<string, PackValue>): Promise<void> {
    const patches = extra.get("patch_bolt");
    this.#isUtc = this.#version.major >= 5 || (Array.isArray(patches) && patches.includes("utc"));
    this.#filter = filterOf(extra, this.#filter);
    const routing = extra.get("routing");
    const address =
      routing instanceof Map ? (routing as ReadonlyMap<string, PackValue>).get("address") : undefined;
    if (!isAtLeast(this.#version, 1)) await this.#logon(extra);
    else this.#state = "authentication";
    this.#routingAddress = typeof address === "string" ? address : undefined;
    this.#success({
      server: serverAgent,
      connection_id: this.id,
      hints: packMap(isAtLeast(this.#version, 4) ? { "telemetry.enabled": false } : {}),
      patch_bolt: this.#version.major === 4 && this.#isUtc ? ["utc"] : undefined,
    });
  }

  #routingAddress: string | undefined;
  #filter: NotificationFilter = { minimumSeverity: undefined, disabledCategories: [] };

  async #logon(token: ReadonlyMap<string, PackValue>): Promise<void> {
    const { authenticator, peer, database, advertisedAddress, defaultTimeoutMs } = this.#options;
    this.#user = await authenticate(authenticator, peer.identity, token);
    clearTimeout(this.#loginTimer);
    this.#assembler = this.#newAssembler(messageBytesMax);
    this.#session = new BoltSession({
      database,
      user: this.#user,
      version: this.#version,
      address: () => advertisedAddress ?? this.#routingAddress ?? `${peer.address}:7687`,
      defaultTimeoutMs,
      filter: this.#filter,
    });
    this.#state = "ready";
  }

  async #run([query, parameters, extra]: readonly PackValue[]): Promise<void> {
    if (typeof query !== "string") throw new BoltViolation("RUN without a query");
    const isInTransaction = this.#state.startsWith("tx");
    const { columns, qid, firstMs } = await this.#session!.run(
      query,
      mapField(parameters),
      mapField(extra),
      isInTransaction,
    );
    this.#state = isInTransaction ? "tx streaming" : "streaming";
    this.#success({
      fields: columns,
      t_first: BigInt(Math.round(firstMs)),
      qid: isInTransaction ? BigInt(qid) : undefined,
      db: isAtLeast(this.#version, 8) ? this.#session!.databaseName : undefined,
    });
  }

  async #fetch(name: "pull" | "discard", extra: ReadonlyMap<string, PackValue>): Promise<void> {
    const session = this.#session!;
    const n = extra.get("n");
    const qid = extra.get("qid");
    const count = typeof n === "bigint" && n >= 0n ? Number(n) : Number.POSITIVE_INFINITY;
    const result = session.result(typeof qid === "bigint" ? Number(qid) : -1);
    const form = { hasElementIds: this.#version.major >= 5, isUtc: this.#isUtc };
    let left = count;
    while (left > 0) {
      const rows = await result.pull(Math.min(left, 1000));
      left -= rows.length;
      if (name === "pull") {
        for (const row of rows) {
          const writer = new ValueWriter(new PackWriter(), form);
          writer.out.structure(responseTags.record, 1);
          writer.out.list(row.length);
          for (const value of row) writer.value(value);
          this.#send(writer.out.take());
        }
      }
      if (result.isAtEnd || rows.length === 0) break;
      if (this.#outputLength > outputBytes) await this.#flushAndWait();
    }
    if (!result.isAtEnd) {
      this.#success({ has_more: true });
      return;
    }
    const summary = session.finish(result);
    if (!this.#state.startsWith("tx")) this.#state = "ready";
    else if (!session.hasResults) this.#state = "tx ready";
    this.#success(summary);
  }
}

function mapField(value: PackValue | undefined): ReadonlyMap<string, PackValue> {
  if (value === undefined || value === null) return new Map();
  if (value instanceof Map) return value as ReadonlyMap<string, PackValue>;
  throw new BoltViolation("a message with a field that is no map");
}

import type { Logger } from "@weftkit/observe";
import type { Transport, TransportEvents } from "@weftkit/sockets";
import {
  BackendWriter,
  type ErrorFields,
  FrontendWriter,
  MessageStream,
  type StreamHandler,
  type Verdict,
} from "@weftkit/wire-postgres";
import { errors } from "../errors.ts";
import type { PoolSockets } from "../network/pool-sockets.ts";
import { type Classification, classify } from "./classify.ts";
import * as outstanding from "./outstanding.ts";
import { ParameterSet, transition } from "./parameter-set.ts";
import { type Prepared, type PreparedStatements, preparedOf, renamed } from "./prepared-statements.ts";
import type { ServerPool, Waiter } from "./server-pool.ts";
import { type Leaseholder, ServerError, type ServerSession } from "./server-session.ts";
import { leftBehind, questionAfter } from "./session-state.ts";
import type { PoolSettings } from "./settings.ts";

export interface ClientOptions {
  readonly sockets: PoolSockets;
  readonly transport: Transport;
  readonly log: Logger;
  readonly id: number;
  readonly processId: number;
  readonly cancelKey: number;
  readonly user: string;
  readonly database: string;
  readonly address: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly pool: ServerPool;
  readonly settings: () => PoolSettings;
  readonly statements: PreparedStatements;
  /** What it asked for when it logged in. */
  readonly parameters: ParameterSet;
  readonly cancel: (server: ServerSession) => void;
  readonly onClosed: (client: ClientSession) => void;
}

const unsentBytesMax = 1 << 20;
const heldBytesMax = 1 << 20;
const copyData = 0x64;
const none = new Map<string, string>();

/**
 * A client that is logged in. 1. idle: it has no server 2. waiting for one 3. preparing: its parameters are set there 4. active
 * 5. settling: what it has left behind is asked for; then idle, or active for as long as it is pinned 6. closed.
 */
export class ClientSession implements Leaseholder, Waiter, TransportEvents, StreamHandler {
  readonly options: ClientOptions;
  readonly connectedMs = performance.now();
  state: "idle" | "waiting" | "preparing" | "active" | "settling" | "closed" = "idle";
  server: ServerSession | undefined;
  /** Why its server is its own beyond the transaction. */
  pinnedBy: string | undefined;
  parameters: ParameterSet;
  requestMs = performance.now();
  /** When it began to wait, was given its server, or ended its last request. */
  sinceMs = performance.now();
  transactionMs = 0;
  readonly #startup: ParameterSet;
  readonly #stream: MessageStream;
  #statements: Map<string, Prepared> | undefined;
  #unnamed: Prepared | undefined;
  /** What servers have reported during the lease. */
  #changed = none;
  #namesToAsk: Set<string> | undefined;
  #isToAsk = false;
  #isCopyEnded = false;
  #isReadingStopped = false;
  /** An error that stands in for everything up to Sync. */
  #isDiscarding = false;
  /** The request that is told next was cancelled while it waited. */
  #isRefusingNext = false;
  /** It waits since long and was told so. */
  wasNoticed = false;

  constructor(options: ClientOptions) {
    this.options = options;
    this.parameters = options.parameters;
    this.#startup = options.parameters;
    this.#stream = new MessageStream(this, options.settings().messageBytesMax);
  }

  get statements(): number {
    return this.#statements?.size ?? 0;
  }

  // The transport's events, and the stream's: methods, as ten thousand idle clients have no closures then.

  data(bytes: Buffer, start: number, end: number): void {
    if (this.state === "closed") return;
    this.requestMs = performance.now();
    try {
      this.#stream.data(bytes, start, end);
    } catch (error) {
      this.fail(errors.badLogin(error instanceof Error ? error.message : String(error)));
      return;
    }
    if (this.#stream.heldBytes > heldBytesMax && this.#stream.isPaused) this.#stopReading();
    this.settled();
  }

  upcoming(): void {}

  unsent(): void {}

  drained(): void {
    this.server?.options.transport.resume();
  }

  ended(): void {
    this.#closed("client close request");
  }

  closed(): void {
    this.#closed("client unexpected eof");
  }

  wantsWhole(type: number): boolean {
    return type !== copyData;
  }

  whole(type: number, bytes: Buffer, at: number, length: number): Verdict {
    return this.#message(type, bytes, at, length);
  }

  pass(bytes: Buffer, start: number, end: number): void {
    this.#toServer(bytes, start, end);
  }

  // What the client asks.

  #message(type: number, bytes: Buffer, at: number, length: number): Verdict {
    const letter = String.fromCharCode(type);
    if (letter === "X") {
      this.#closed("client close request");
      return "drop";
    }
    if (this.#isDiscarding && letter !== "S") return "drop";
    if (this.#isRefusingNext) return this.#refuseCancelled(letter);
    switch (letter) {
      case "Q":
        return this.#query(bytes, at, length);
      case "S":
        return this.#sync();
      case "H":
        return this.server === undefined ? "drop" : "pass";
      case "c":
      case "f":
        if (this.server === undefined) return "drop";
        this.#isCopyEnded = true;
        return "pass";
      case "P":
      case "B":
      case "D":
      case "E":
      case "C":
      case "F":
        if (!this.#hasServer()) return "hold";
        return this.#extended(letter, bytes, at, length, this.server!);
      default:
        this.fail(errors.badLogin(`invalid frontend message type ${type}`));
        return "drop";
    }
  }

  /** The request that was cancelled while it waited; one of the extended protocol is refused up to its Sync. */
  #refuseCancelled(letter: string): Verdict {
    this.#isRefusingNext = false;
    this.#isDiscarding = letter !== "Q";
    this.#write((writer) => {
      writer.error(errors.cancelled());
      if (letter === "Q") writer.readyForQuery("I");
    });
    return "drop";
  }

  #query(bytes: Buffer, at: number, length: number): Verdict {
    const text = bytes.toString("utf8", at + 5, at + length - 1);
    const classification = classify(text);
    if (this.server === undefined) {
      if (this.#answersItself(classification)) return "drop";
      const refusal = this.#refusal(classification);
      if (refusal !== undefined) {
        this.#write((writer) => {
          writer.error(refusal);
          writer.readyForQuery("I");
        });
        return "drop";
      }
    }
    if (!this.#hasServer()) return "hold";
    const server = this.server!;
    this.#note(classification);
    if (
      classification.deallocates !== undefined &&
      this.#statements?.delete(classification.deallocates) === true
    ) {
      if (server.isQuiet) {
        this.#write((writer) => {
          writer.commandComplete("DEALLOCATE");
          writer.readyForQuery(server.status);
        });
        return "drop";
      }
    }
    this.#unnamed = undefined;
    server.unnamed = undefined;
    this.#isCopyEnded = false;
    server.expect(outstanding.query);
    this.options.pool.counts.queries++;
    return "pass";
  }

  /** DISCARD and DEALLOCATE concern what only we know, unless the client has a server of its own. */
  #answersItself({ virtual, deallocates }: Classification): boolean {
    if (virtual === undefined || this.options.settings().mode === "session") return false;
    if (virtual === "DEALLOCATE") {
      if (deallocates === undefined || this.#statements?.delete(deallocates) !== true) return false;
    } else {
      this.#statements = undefined;
      if (virtual === "DISCARD ALL") this.parameters = this.#startup;
    }
    this.#unnamed = undefined;
    this.#write((writer) => {
      writer.commandComplete(virtual);
      writer.readyForQuery("I");
    });
    return true;
  }

  /** What this pool does not do, outside of a lease. */
  #refusal({ reads, makes, pins }: Classification): ErrorFields | undefined {
    const { mode, sessionFeatures } = this.options.settings();
    if (mode === "session" || this.pinnedBy !== undefined) return undefined;
    if (reads !== undefined) return errors.readsSession(reads);
    const refused = pins ?? makes;
    return sessionFeatures === "refuse" && refused !== undefined ? errors.sessionFeature(refused) : undefined;
  }

  #note(classification: Classification): void {
    const { names, leaves, pins } = classification;
    if (names.length > 0) {
      this.#namesToAsk ??= new Set();
      for (const name of names) this.#namesToAsk.add(name);
    }
    if (leaves) this.#isToAsk = true;
    if (pins !== undefined) this.pinnedBy ??= pins;
  }

  #sync(): Verdict {
    const { server } = this;
    this.#isDiscarding = false;
    if (server === undefined) {
      this.#write((writer) => writer.readyForQuery("I"));
      return "drop";
    }
    // A server that takes COPY's data ignores it.
    if (server.isInCopy && !this.#isCopyEnded) return "pass";
    server.expect(outstanding.sync);
    this.options.pool.counts.queries++;
    return "pass";
  }

  #extended(letter: string, bytes: Buffer, at: number, length: number, server: ServerSession): Verdict {
    const end = at + length;
    switch (letter) {
      case "P":
        return this.#parse(bytes, at, end, server);
      case "B": {
        const portalEnd = nulAfter(bytes, at + 5, end);
        const nameEnd = nulAfter(bytes, portalEnd, end);
        const verdict = this.#useStatement(bytes, portalEnd, nameEnd, server, (name) =>
          renamed("B", bytes.subarray(at + 5, portalEnd), name, bytes.subarray(nameEnd, end)),
        );
        server.expect(outstanding.bind);
        return verdict;
      }
      case "D": {
        if (bytes[at + 5] === 0x50) {
          server.expect(outstanding.describe);
          return "pass";
        }
        const verdict = this.#useStatement(bytes, at + 6, end, server, (name) => {
          const writer = new FrontendWriter();
          writer.describe("statement", name);
          return writer.take();
        });
        server.expect(outstanding.describe);
        return verdict;
      }
      case "E":
        this.#isCopyEnded = false;
        server.expect(outstanding.execute);
        return "pass";
      case "C":
        return this.#close(bytes, at, end, server);
      default:
        server.expect(outstanding.functionCall);
        return "pass";
    }
  }

  #parse(bytes: Buffer, at: number, end: number, server: ServerSession): Verdict {
    const nameEnd = nulAfter(bytes, at + 5, end);
    const body = bytes.subarray(nameEnd, end);
    const isFirst = server.isQuiet && server.status === "I";
    if (nameEnd === at + 6) {
      const prepared = preparedOf("", body);
      const refusal = isFirst ? this.#refusal(prepared.classification) : undefined;
      if (refusal !== undefined) return this.#failInstead(refusal, server);
      this.#unnamed = prepared;
      this.#note(prepared.classification);
      server.unnamed = prepared;
      server.expect({
        request: "parse",
        undo: () => {
          this.#unnamed = undefined;
          server.unnamed = undefined;
        },
      });
      return "pass";
    }
    if (this.options.settings().mode === "session" || this.options.settings().preparedStatementsMax === 0) {
      this.#note(preparedOf("", body).classification);
      server.expect(outstanding.parse);
      return "pass";
    }
    const name = bytes.toString("latin1", at + 5, nameEnd - 1);
    this.#statements ??= new Map();
    const statements = this.#statements;
    if (statements.has(name)) {
      return this.#failInstead(errors.duplicateStatement(Buffer.from(name, "latin1").toString()), server);
    }
    this.options.pool.counts.parses++;
    const prepared = this.options.statements.of(body);
    const refusal = isFirst ? this.#refusal(prepared.classification) : undefined;
    if (refusal !== undefined) return this.#failInstead(refusal, server);
    statements.set(name, prepared);
    const undo = () => {
      if (statements.get(name) === prepared) statements.delete(name);
    };
    this.#stream.passPending();
    if (!server.require(prepared, false, undo)) server.expect(outstanding.parsedBefore(undo));
    return "drop";
  }

  /** Lets the server know the statement whose name is `bytes[from..to)` with its NUL; passes the message, or one with another name. */
  #useStatement(
    bytes: Buffer,
    from: number,
    to: number,
    server: ServerSession,
    withName: (name: string) => Buffer,
  ): Verdict {
    if (to === from + 1) {
      if (this.#unnamed !== undefined && server.unnamed !== this.#unnamed) {
        this.#stream.passPending();
        server.requireUnnamed(this.#unnamed);
      }
      return "pass";
    }
    const prepared = this.#statements?.get(bytes.toString("latin1", from, to - 1));
    if (prepared === undefined) return "pass";
    this.#note(prepared.classification);
    const message = withName(prepared.name);
    this.#stream.passPending();
    if (this.options.settings().preparedStatementsMax === 0) return "pass";
    this.options.pool.counts.binds++;
    server.require(prepared, true);
    this.#toServer(message, 0, message.length);
    return "drop";
  }

  #close(bytes: Buffer, at: number, end: number, server: ServerSession): Verdict {
    if (bytes[at + 5] === 0x53) {
      if (end === at + 7) this.#unnamed = server.unnamed = undefined;
      else if (this.#statements?.delete(bytes.toString("latin1", at + 6, end - 1)) === true) {
        server.expect(outstanding.closedHere);
        return "drop";
      }
    }
    server.expect(outstanding.close);
    return "pass";
  }

  /** The server fails for a reason of ours, so that what follows is skipped there up to Sync, and the client is told the real one. */
  #failInstead(error: ErrorFields, server: ServerSession): Verdict {
    const writer = new FrontendWriter();
    writer.bind("", "weftkit_no_such_statement");
    this.#stream.passPending();
    server.send(writer.take());
    server.expect({ request: "bind", replacesError: error });
    return "drop";
  }

  #toServer(bytes: Buffer, start: number, end: number): void {
    const { server } = this;
    // Data of a COPY that has failed; the server would drop it as well.
    if (server === undefined) return;
    this.options.pool.counts.receivedBytes += end - start;
    server.send(bytes, start, end);
    if (server.options.transport.unsentBytes > unsentBytesMax) this.#stopReading();
  }

  // The lease.

  #hasServer(): boolean {
    if (this.server !== undefined) return true;
    if (this.state !== "idle") return false;
    this.sinceMs = performance.now();
    const server = this.options.pool.acquire(this);
    if (server === undefined) {
      this.state = "waiting";
      this.wasNoticed = false;
      return false;
    }
    this.#take(server);
    return this.#isActive();
  }

  leased(server: ServerSession): void {
    if (this.state !== "waiting") {
      this.options.pool.release(server);
      return;
    }
    this.#take(server);
    if (this.#isActive()) this.#goOn();
  }

  /** Asked where `state` has just been changed by a call. */
  #isActive(): boolean {
    return this.state === "active";
  }

  #take(server: ServerSession): void {
    this.transactionMs = this.sinceMs = performance.now();
    if (server.parameters.key === this.parameters.key) {
      this.#begin(server);
      return;
    }
    this.state = "preparing";
    server.holder = this;
    void this.#prepare(server);
  }

  async #prepare(server: ServerSession): Promise<void> {
    try {
      await server.ask(transition(server.parameters, this.parameters));
    } catch (error) {
      server.isToClose = "parameters could not be set";
      server.holder = undefined;
      server.close();
      if (this.state === "preparing") {
        const fields =
          error instanceof ServerError ? errors.parameterRefused(error.fields) : errors.serverLost(undefined);
        this.fail(fields);
      }
      return;
    }
    server.parameters = this.parameters;
    if (this.state !== "preparing") {
      server.holder = undefined;
      this.options.pool.release(server);
      return;
    }
    this.#begin(server);
    // Servers report values in their own spelling.
    server.parameters = this.parameters = this.#withReported(this.parameters);
    this.#goOn();
  }

  #begin(server: ServerSession): void {
    server.holder = this;
    this.server = server;
    this.state = "active";
  }

  #goOn(): void {
    try {
      this.#stream.resume();
    } catch (error) {
      this.fail(errors.badLogin(error instanceof Error ? error.message : String(error)));
      return;
    }
    this.#readOn();
    this.server?.holder?.settled();
  }

  refused(error: ErrorFields): void {
    if (this.state === "waiting") this.fail(error);
  }

  // What the server answers.

  answer(bytes: Buffer, start: number, end: number): void {
    const { transport, sockets, pool } = this.options;
    if (this.state === "closed") return;
    pool.counts.sentBytes += end - start;
    sockets.write(transport, bytes, start, end);
    if (transport.unsentBytes > unsentBytesMax) this.server?.options.transport.pause();
  }

  serverDrained(): void {
    this.#readOn();
  }

  reported(name: string, value: string): void {
    if (this.#changed === none) this.#changed = new Map();
    this.#changed.set(name.toLowerCase(), value);
    if (this.state !== "preparing" || this.parameters.values.get(name.toLowerCase()) === value) return;
    this.#write((writer) => writer.parameterStatus(name, value));
  }

  #withReported(set: ParameterSet): ParameterSet {
    const changed = new Map([...this.#changed].filter(([name]) => !unset.has(name)));
    this.#changed = none;
    // What was reset to the server's own value is nothing that has to be set.
    if (this.state === "preparing" || changed.size === 0) return set;
    return set.with(
      new Map(
        [...changed].filter(
          ([name, value]) =>
            set.values.has(name) ||
            (this.options.pool.welcome !== undefined &&
              !sameAsWelcome(this.options.pool.welcome, name, value)),
        ),
      ),
    );
  }

  forgotten(tag: string): void {
    this.#statements = undefined;
    this.#unnamed = undefined;
    if (tag !== "DISCARD ALL") return;
    this.parameters = this.#startup;
    this.#changed = none;
    this.#isToAsk = true;
  }

  settled(): void {
    const { server } = this;
    if (server === undefined || this.state !== "active" || !server.isQuiet) return;
    this.sinceMs = performance.now();
    const { mode } = this.options.settings();
    if (server.status !== "I") {
      if (mode === "statement") this.fail(errors.noTransactions());
      return;
    }
    if (this.#stream.isInMessage) return;
    this.options.pool.counts.transactions++;
    if (mode === "session") {
      if (this.#changed !== none) server.parameters = this.parameters = this.#withReported(this.parameters);
      return;
    }
    if (this.#changed !== none) server.parameters = this.parameters = this.#withReported(this.parameters);
    if (this.#namesToAsk !== undefined || this.#isToAsk) {
      this.state = "settling";
      this.#stream.pause();
      void this.#settle(server);
      return;
    }
    if (this.pinnedBy === undefined) this.#release(server);
  }

  /** Asks the server what the transaction has left behind, and keeps or gives it back. */
  async #settle(server: ServerSession): Promise<void> {
    const names = new Set([
      ...(this.#namesToAsk ?? []),
      ...(this.#isToAsk ? this.parameters.values.keys() : []),
    ]);
    const isToAsk = this.#isToAsk;
    this.#namesToAsk = undefined;
    this.#isToAsk = false;
    try {
      const question = questionAfter([...names], isToAsk);
      const [row = []] = await server.ask(question);
      const values = new Map<string, string>();
      [...names].forEach((name, index) => {
        const value = row[index];
        if (value !== null && value !== undefined) values.set(name, value);
      });
      server.parameters = this.parameters = this.parameters.with(values);
      if (isToAsk) this.#pin(leftBehind(row.slice(names.size)));
    } catch (error) {
      if (!(error instanceof ServerError)) return;
      // A server that cannot say keeps its client: what cannot be known must not reach another one.
      this.#pin("session state that the server does not tell");
    }
    if (this.server !== server || this.state !== "settling") {
      if (!server.isClosed) server.close();
      return;
    }
    this.#changed = none;
    this.state = "active";
    if (this.pinnedBy === undefined) this.#release(server);
    this.#goOn();
  }

  #pin(what: string | undefined): void {
    const permanent = this.pinnedBy === "LOAD" || this.pinnedBy?.startsWith("set_config");
    if (what !== undefined)
      this.options.log.debug({ client: this.options.id, what }, "a client was pinned to its server");
    if (permanent !== true) this.pinnedBy = what;
    if (what === undefined || this.options.settings().sessionFeatures !== "refuse") return;
    this.fail(errors.sessionFeature(what));
  }

  #release(server: ServerSession): void {
    this.state = "idle";
    this.server = undefined;
    server.holder = undefined;
    this.options.pool.release(server);
  }

  serverLost(error: ErrorFields | undefined): void {
    this.server = undefined;
    if (this.state === "closed") return;
    // The server's own last words were passed on, if it had some.
    if (error === undefined) this.fail(errors.serverLost(error));
    else this.#end();
  }

  // Its end.

  /** The client's request to be left alone: in the queue it is answered, at a server it is sent on. */
  cancelRequested(): void {
    if (this.state === "waiting") {
      this.options.pool.forget(this);
      this.state = "idle";
      this.#isRefusingNext = true;
      this.#goOn();
    } else if (this.server !== undefined && !this.server.isQuiet) this.options.cancel(this.server);
  }

  notice(fields: ErrorFields): void {
    this.#write((writer) => writer.notice(fields));
  }

  /** Tells the client why, and ends. */
  fail(error: ErrorFields): void {
    if (this.state === "closed") return;
    this.#write((writer) => writer.error(error));
    this.#closed(error.message);
  }

  #end(): void {
    this.#closed("server closed");
  }

  #closed(reason: string): void {
    if (this.state === "closed") return;
    const { transport, sockets, pool, log, id } = this.options;
    const before = this.state;
    this.state = "closed";
    sockets.handOver();
    transport.end();
    sockets.flushSoon();
    if (before === "waiting") pool.forget(this);
    const { server } = this;
    this.server = undefined;
    this.#statements = undefined;
    if (server !== undefined && before !== "preparing") void this.#leave(server, before);
    log.debug({ client: id, reason }, "a client has gone");
    this.options.onClosed(this);
  }

  /** A server in the middle of something is cancelled, brought to rest, rolled back and cleaned; then it serves others. */
  async #leave(server: ServerSession, before: ClientSession["state"]): Promise<void> {
    const { mode, resetQuery } = this.options.settings();
    if (before === "settling" || this.#stream.isInMessage || server.isClosed) {
      server.holder = undefined;
      server.close();
      return;
    }
    const isClean = server.isQuiet && server.status === "I";
    try {
      if (!isClean) await this.#bringToRest(server);
      if (server.status !== "I") await server.ask("ROLLBACK");
      const hasState =
        mode === "session" ||
        this.pinnedBy !== undefined ||
        this.#isToAsk ||
        this.#namesToAsk !== undefined ||
        !isClean;
      if (hasState) {
        if (mode === "session" && resetQuery === "") server.isToClose = undefined;
        else await server.ask(mode === "session" ? resetQuery : "DISCARD ALL");
        server.parameters = ParameterSet.empty;
      }
    } catch {
      // What cannot be cleaned is not used again.
      server.close();
      return;
    }
    server.holder = undefined;
    this.options.pool.release(server);
  }

  #bringToRest(server: ServerSession): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      server.close();
      reject(new Error("it does not come to rest"));
    }, restMsMax);
    const check = () => {
      if (!server.isQuiet) return;
      clearTimeout(timer);
      resolve();
    };
    server.holder = {
      answer: () => {},
      reported: () => {},
      forgotten: () => {},
      serverDrained: () => {},
      settled: check,
      serverLost: () => {
        clearTimeout(timer);
        reject(new Error("it is gone"));
      },
    };
    server.options.transport.resume();
    const writer = new FrontendWriter();
    if (server.isInCopy) writer.copyFail("the client is gone");
    if (server.isUnsynced || server.isInCopy) {
      writer.sync();
      server.isInCopy = false;
      server.expect(outstanding.sync);
    }
    server.send(writer.take());
    if (server.outstanding > 0) this.options.cancel(server);
    check();
    return promise;
  }

  #write(write: (writer: BackendWriter) => void): void {
    const writer = new BackendWriter();
    write(writer);
    const bytes = writer.take();
    if (this.state !== "closed") this.options.sockets.write(this.options.transport, bytes);
  }

  #stopReading(): void {
    if (this.#isReadingStopped) return;
    this.#isReadingStopped = true;
    this.options.transport.pause();
  }

  #readOn(): void {
    if (!this.#isReadingStopped || this.state === "closed" || this.#stream.heldBytes > heldBytesMax) return;
    this.#isReadingStopped = false;
    this.options.transport.resume();
  }
}

const restMsMax = 10_000;
/** Reported, and nothing that can be set. */
const unset = new Set([
  "in_hot_standby",
  "is_superuser",
  "server_version",
  "server_encoding",
  "integer_datetimes",
  "session_authorization",
]);

function sameAsWelcome(welcome: ReadonlyMap<string, string>, name: string, value: string): boolean {
  for (const [known, own] of welcome) if (known.toLowerCase() === name) return own === value;
  return false;
}

/** The position behind the NUL that ends a text. */
function nulAfter(bytes: Buffer, from: number, end: number): number {
  const nul = bytes.indexOf(0, from);
  if (nul < 0 || nul >= end) throw new Error("invalid string in message");
  return nul + 1;
}

import type { Authenticator, SecurityContext } from "@weftkit/auth";
import type { Peer } from "@weftkit/host";
import type { Logger } from "@weftkit/observe";
import type { FramedConnection, FrameEvents } from "@weftkit/sockets";
import {
  BackendWriter,
  type BindMessage,
  type FieldDescription,
  type Format,
  type FrontendMessage,
  frameLength,
  negotiate,
  type ParseMessage,
  readFrontendMessage,
  readStartup,
  type StartupPacket,
  type Target,
} from "@weftkit/wire-postgres";
import { PgError } from "../errors.ts";
import { parseReplication, type ReplicationCommand } from "../replication/grammar.ts";
import type {
  Notice,
  Portal,
  Prepared,
  ResultColumn,
  Session,
  SessionEvents,
  SessionOptions,
} from "../session/types.ts";
import type { CancelKeys } from "./cancel-keys.ts";
import { CopyQueue } from "./copy-queue.ts";
import { errorFields } from "./error-fields.ts";
import { Login, type RoleLogins } from "./login.ts";
import { Portals, Statements } from "./names.ts";
import { isReplication } from "./replication-parameter.ts";
import { WalSender } from "./wal-sender.ts";

/** PostgreSQL's own limit of a message before the login. */
const loginMessageBytesMax = 65_536;
/** So long a client may take from its connection to its login (authentication_timeout). */
const loginMs = 60_000;
/** Replies go out when there are so many bytes of them, or when the client waits for them. */
const outputBytes = 64 << 10;
/** Rows fetched at once when there is no limit: between them the connection looks whether the client keeps up. */
const rowsAtOnce = 500;

/** What a connection is made with. */
export interface ConnectionOptions {
  readonly authenticator: Authenticator;
  readonly roles: RoleLogins;
  readonly peer: Peer;
  /** With TLS: the hash of the server's certificate. */
  readonly channelBinding: Buffer | undefined;
  readonly cancelKeys: CancelKeys;
  readonly log: Logger;
  /** The longest message a client may send, bytes. */
  readonly messageBytesMax: number;
  /** Opens the session of a client that has logged in. @throws PgError, which ends the connection */
  openSession(
    options: Omit<SessionOptions, "database"> & { readonly database: string | undefined },
  ): Promise<Session>;
  /** Told once, when the connection is gone. */
  closed(): void;
}

type State = "startup" | "login" | "ready" | "copy in" | "copy both" | "ended";

/**
 * One client: its bytes become messages, messages become calls of its session, and what those give becomes bytes. Messages are
 * taken one after the other; those that come meanwhile wait unread (protocol-flow).
 */
export class ClientConnection implements FrameEvents, SessionEvents {
  readonly #options: ConnectionOptions;
  readonly #writer = new BackendWriter();
  #connection!: FramedConnection;
  #state: State = "startup";
  #login: Login | undefined;
  #startup: Extract<StartupPacket, { kind: "startup" }> | undefined;
  #keyBytes: 4 | 32 = 4;
  #session: Session | undefined;
  readonly #statements = new Statements();
  readonly #portals = new Portals();
  #copy: CopyQueue | undefined;
  /** Whether its queries may be commands of the replication protocol. */
  #isReplication = false;
  #walSender: WalSender | undefined;
  /** After an error in the extended protocol everything up to the next Sync is left out. */
  #skipsToSync = false;
  #isBusy = false;
  /** The formats that a portal's client wants its columns in. */
  readonly #formats = new WeakMap<Portal, readonly number[]>();
  /** Settings that clients are told of, until they are: with the next ReadyForQuery, each once. */
  readonly #changedSettings = new Map<string, string>();
  #drained: (() => void) | undefined;
  #loginTimer: NodeJS.Timeout | undefined;
  #isGone = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Takes the connection, whose input is cut by `startupLength` first. */
  attach(connection: FramedConnection): void {
    this.#connection = connection;
    this.#loginTimer = setTimeout(() => connection.destroy(), loginMs);
  }

  // ---- what the connection tells -----------------------------------------------------------------------------------

  frame(bytes: Buffer, at: number, length: number): void {
    if (this.#state === "ended") return;
    if (this.#state === "startup") {
      this.#take(() => this.#start(readStartup(bytes.subarray(at, at + length))));
      return;
    }
    const message = readFrontendMessage(bytes, at, length);
    if (this.#state === "copy in") this.#copyMessage(message);
    else if (this.#state === "copy both") this.#senderMessage(message);
    else this.#take(() => this.#message(message));
  }

  malformed(error: unknown): void {
    this.#fatal(error);
  }

  ended(): void {
    // PostgreSQL runs nothing for a client that sends no more; what was asked for before was answered.
    this.#end();
  }

  drained(): void {
    this.#drained?.();
  }

  closed(): void {
    clearTimeout(this.#loginTimer);
    this.#isGone = true;
    this.#state = "ended";
    this.#drained?.();
    this.#copy?.fail(new PgError("08006", "the client is gone"));
    this.#walSender?.stop();
    if (this.#session !== undefined) this.#options.cancelKeys.remove(this.#session.processId);
    this.#session?.close().catch((error: unknown) => {
      this.#options.log.error({ err: error }, "a session failed to close");
    });
    this.#options.closed();
  }

  // ---- what the session tells --------------------------------------------------------------------------------------

  notice({ severity, error }: Notice): void {
    this.#writer.notice({ severity, code: error.code, message: error.message, ...error.details });
    this.#sendWhenIdle();
  }

  parameterStatus(name: string, value: string): void {
    this.#changedSettings.set(name, value);
  }

  notification(processId: number, channel: string, payload: string): void {
    this.#writer.notification(processId, channel, payload);
    this.#sendWhenIdle();
  }

  deallocated(name: string | undefined): void {
    this.#statements.forget(name);
  }

  terminated(error: PgError): void {
    this.#fatal(error);
  }

  /** What comes between statements is not kept until the next one. */
  #sendWhenIdle(): void {
    if (!this.#isBusy) this.#send();
  }

  // ---- one message after the other ---------------------------------------------------------------------------------

  /** Runs what a message asks for; until that is done no other message is told. */
  #take(work: () => Promise<void> | void): void {
    this.#isBusy = true;
    let promise: Promise<void> | void;
    try {
      promise = work();
    } catch (error) {
      this.#fatal(error);
      return;
    }
    if (promise === undefined) {
      this.#isBusy = false;
      return;
    }
    this.#connection.pause();
    promise
      .catch((error: unknown) => this.#fatal(error))
      .finally(() => {
        this.#isBusy = false;
        this.#connection.resume();
      });
  }

  #send(): void {
    if (this.#writer.length > 0) this.#connection.send(this.#writer.take());
  }

  /** Sends, and waits for a client that does not keep up. */
  async #sendAndWait(): Promise<void> {
    this.#send();
    while (this.#connection.unsentBytes > 0 && this.#state !== "ended") {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
      this.#drained = undefined;
    }
    if (this.#state === "ended") throw new PgError("08006", "the client is gone");
  }

  /** Tells the client why it is not served any further, and ends the connection. */
  #fatal(error: unknown): void {
    if (this.#state === "ended") return;
    const fields = errorFields(error, "FATAL");
    if (fields === undefined) this.#options.log.error({ err: error }, "a connection ended by a defect");
    this.#writer.error(fields ?? { severity: "FATAL", code: "XX000", message: "internal error" });
    this.#end();
  }

  #end(): void {
    this.#send();
    this.#state = "ended";
    this.#connection.end();
  }

  // ---- start and login ---------------------------------------------------------------------------------------------

  #start(packet: StartupPacket): Promise<void> | void {
    switch (packet.kind) {
      case "ssl":
      case "gss":
        // TLS, where there is a certificate, is settled before the connection comes here.
        this.#writer.letter("N");
        this.#send();
        return;
      case "cancel":
        this.#options.cancelKeys.cancel(packet.processId, packet.key);
        this.#end();
        return;
      case "startup":
        return this.#beginLogin(packet);
    }
  }

  #beginLogin(packet: Extract<StartupPacket, { kind: "startup" }>): Promise<void> | void {
    const { minor, reply } = negotiate(packet);
    if (reply !== undefined) this.#writer.negotiateProtocolVersion(reply.minor, reply.options);
    this.#keyBytes = minor === 2 ? 32 : 4;
    this.#startup = packet;
    const user = packet.parameters.get("user") ?? "";
    if (user === "") throw new PgError("28000", "no PostgreSQL user name specified in startup packet");
    const { authenticator, roles, peer, channelBinding } = this.#options;
    this.#login = new Login(
      { authenticator, user, roles, identity: peer.identity, channelBinding },
      this.#writer,
    );
    this.#state = "login";
    this.#connection.frameLength = (bytes, at, end) => frameLength(bytes, at, end, loginMessageBytesMax);
    const context = this.#login.begin();
    if (context !== undefined) return this.#loggedIn(context);
    this.#send();
  }

  async #password(body: Buffer): Promise<void> {
    const context = await this.#login!.password(Buffer.from(body));
    if (context === undefined) this.#send();
    else await this.#loggedIn(context);
  }

  async #loggedIn(user: SecurityContext): Promise<void> {
    clearTimeout(this.#loginTimer);
    this.#login = undefined;
    const { cancelKeys, messageBytesMax } = this.#options;
    const { parameters } = this.#startup!;
    const userName = parameters.get("user")!;
    this.#isReplication = isReplication(parameters.get("replication"));
    if (!user.can("connect") && user.scope("connect") === "none") {
      throw new PgError("28000", `role "${userName}" is not permitted to log in`);
    }
    this.#writer.authenticationOk();
    const { peer } = this.#options;
    const session = await this.#options.openSession({
      user,
      database: parameters.get("database"),
      settings: Object.fromEntries(settingsOf(parameters)),
      events: this,
      clientAddress: peer.address,
      clientPort: peer.port,
    });
    if (this.#isGone) {
      // The client went while its session was opened: nobody would close it any more.
      await session.close();
      return;
    }
    this.#session = session;
    if (this.#isReplication) session.requireSender();
    const { processId } = session;
    const key = cancelKeys.add(processId, session, this.#keyBytes);
    for (const [name, value] of session.reportedSettings()) this.#writer.parameterStatus(name, value);
    this.#writer.backendKeyData(processId, key);
    this.#writer.readyForQuery("I");
    this.#connection.frameLength = (bytes, at, end) => frameLength(bytes, at, end, messageBytesMax);
    this.#state = "ready";
    this.#send();
  }

  // ---- messages ----------------------------------------------------------------------------------------------------

  #message(message: FrontendMessage): Promise<void> | void {
    if (this.#state === "login") {
      if (message.type !== "password")
        throw new PgError("08P01", `expected password response, got message type ${message.type}`);
      return this.#password(message.body);
    }
    if (message.type === "terminate") {
      this.#end();
      return;
    }
    if (this.#skipsToSync && message.type !== "sync") return;
    switch (message.type) {
      case "query":
        return this.#query(message.query);
      case "parse":
        return this.#extended(() => this.#parse(message));
      case "bind":
        return this.#extended(() => this.#bind(message));
      case "describe":
        return this.#extended(() => this.#describe(message.target, message.name));
      case "execute":
        return this.#extended(() => this.#execute(message.portal, message.rowsMax));
      case "close":
        return this.#extended(() => this.#close(message.target, message.name));
      case "sync":
        return this.#sync();
      case "flush":
        this.#send();
        return;
      case "functionCall":
        return this.#query("", new PgError("0A000", "the function call protocol is not supported"));
      case "copyData":
      case "copyDone":
      case "copyFail":
        // What a client still sends after its COPY has failed (protocol-flow, COPY operations).
        return;
      case "password":
        throw new PgError("08P01", "a password was not asked for");
    }
  }

  /** Tells the error of a statement; what it belongs to is undone. */
  async #failed(error: unknown): Promise<void> {
    let fields = errorFields(error);
    if (fields === undefined || fields.code === "XX000") {
      this.#options.log.error({ err: error }, "a statement failed unexpectedly");
      fields ??= { severity: "ERROR", code: "XX000", message: "internal error" };
    }
    await this.#session!.fail();
    this.#writer.error(fields);
  }

  async #ready(): Promise<void> {
    const session = this.#session!;
    try {
      await session.finish();
    } catch (error) {
      await this.#failed(error);
    }
    // Portals live as long as their transaction.
    if (session.status === "I") this.#portals.clear();
    for (const [name, value] of this.#changedSettings) this.#writer.parameterStatus(name, value);
    this.#changedSettings.clear();
    this.#writer.readyForQuery(session.status);
    this.#send();
  }

  // ---- the simple protocol -----------------------------------------------------------------------------------------

  async #query(text: string, refusal?: PgError): Promise<void> {
    const session = this.#session!;
    try {
      if (refusal !== undefined) throw refusal;
      const command = this.#isReplication ? parseReplication(text) : undefined;
      if (command !== undefined) {
        await this.#replicate(command);
        await this.#ready();
        return;
      }
      const statements = session.parse(text);
      if (statements.length === 0) this.#writer.emptyQueryResponse();
      for (const statement of statements) {
        const prepared = await session.prepare(statement, [], text);
        if (prepared.parameterOids.length > 0) throw new PgError("42P02", "there is no parameter $1");
        if (prepared.copy === undefined) await this.#runSimple(prepared);
        else await this.#copyWith(prepared);
      }
    } catch (error) {
      await this.#failed(error);
    }
    await this.#ready();
  }

  // ---- the replication protocol ------------------------------------------------------------------------------------

  async #replicate(command: ReplicationCommand): Promise<void> {
    const session = this.#session!;
    const result = await session.replicate(command);
    if (result.kind === "stream") {
      await this.#stream(
        new WalSender(result.stream, {
          writer: this.#writer,
          send: () => this.#send(),
          flush: () => this.#sendAndWait(),
        }),
      );
      // Both are what PostgreSQL sends, and libpq expects, at the end of a stream.
      this.#writer.commandComplete("COPY 0");
      this.#writer.commandComplete("START_REPLICATION");
      return;
    }
    if (result.kind === "rows") {
      const { columns, row } = result;
      this.#columns(columns, []);
      this.#writer.dataRow(columns.length, (index) =>
        session.encode(columns[index]!.typeOid, row[index]!, 0),
      );
    }
    this.#writer.commandComplete(result.tag);
  }

  async #stream(sender: WalSender): Promise<void> {
    this.#walSender = sender;
    this.#state = "copy both";
    this.#connection.resume();
    try {
      await sender.run();
    } finally {
      this.#walSender = undefined;
      this.#connection.pause();
      if (this.#state === "copy both") this.#state = "ready";
    }
  }

  #senderMessage(message: FrontendMessage): void {
    if (message.type === "terminate") {
      this.#walSender?.stop();
      this.#end();
      return;
    }
    this.#walSender!.message(message);
    // What comes after it belongs to the next command.
    if (message.type === "copyDone") this.#connection.pause();
  }

  async #runSimple(prepared: Prepared): Promise<void> {
    const portal = await this.#session!.bind(prepared, [], []);
    const { columns } = portal;
    if (columns !== undefined) this.#columns(columns, []);
    await this.#run(portal, 0, []);
    portal.close();
  }

  // ---- the extended protocol ---------------------------------------------------------------------------------------

  async #extended(work: () => Promise<void> | void): Promise<void> {
    try {
      if (this.#isReplication)
        throw new PgError("08P01", "extended query protocol not supported in a replication connection");
      await work();
    } catch (error) {
      this.#skipsToSync = true;
      await this.#failed(error);
      // A Flush is left out as well now: who waits for it before sending Sync would wait forever.
      this.#send();
    }
    if (this.#writer.length > outputBytes) await this.#sendAndWait();
  }

  async #sync(): Promise<void> {
    this.#skipsToSync = false;
    await this.#ready();
  }

  async #parse({ name, query, parameterOids }: ParseMessage): Promise<void> {
    const session = this.#session!;
    const statements = session.parse(query);
    if (statements.length > 1) {
      throw new PgError("42601", "cannot insert multiple commands into a prepared statement");
    }
    this.#statements.requireFree(name, session);
    const prepared = await session.prepare(statements[0], parameterOids, query);
    this.#statements.keep(name, prepared);
    this.#writer.parseComplete();
  }

  async #bind(message: BindMessage): Promise<void> {
    const session = this.#session!;
    const prepared = this.#statements.named(message.statement, session);
    const { parameters, parameterFormats, resultFormats } = message;
    if (parameterFormats.length > 1 && parameterFormats.length !== parameters.length) {
      throw new PgError(
        "08P01",
        `bind message has ${parameterFormats.length} parameter formats but ${parameters.length} parameters`,
      );
    }
    if (parameters.length !== prepared.parameterOids.length) {
      throw new PgError(
        "08P01",
        `bind message supplies ${parameters.length} parameters, but prepared statement "${message.statement}" requires ${prepared.parameterOids.length}`,
      );
    }
    const columns = prepared.columns?.length ?? 0;
    if (resultFormats.length > 1 && resultFormats.length !== columns) {
      throw new PgError(
        "08P01",
        `bind message has ${resultFormats.length} result formats but query has ${columns} columns`,
      );
    }
    this.#portals.requireFree(message.portal);
    // The message's bytes are gone when this waits.
    const values = parameters.map((value) => (value === null ? null : Buffer.from(value)));
    const portal = await session.bind(prepared, values, parameterFormats);
    this.#portals.open(message.portal, portal);
    this.#formats.set(portal, resultFormats);
    this.#writer.bindComplete();
  }

  #describe(target: Target, name: string): void {
    if (target === "statement") {
      const prepared = this.#statements.named(name, this.#session!);
      this.#writer.parameterDescription(prepared.parameterOids);
      this.#columns(prepared.columns, []);
    } else {
      const portal = this.#portals.named(name);
      this.#columns(portal.columns, this.#formats.get(portal) ?? []);
    }
  }

  #columns(columns: readonly ResultColumn[] | undefined, formats: readonly number[]): void {
    if (columns === undefined) this.#writer.noData();
    else this.#writer.rowDescription(columns.map(fieldOf), formatPerColumn(columns.length, formats));
  }

  async #execute(name: string, rowsMax: number): Promise<void> {
    const portal = this.#portals.named(name);
    if (portal.prepared.copy !== undefined) await this.#copyWith(portal.prepared);
    else await this.#run(portal, rowsMax, this.#formats.get(portal) ?? []);
  }

  #close(target: Target, name: string): void {
    if (target === "statement") this.#statements.forget(name);
    else this.#portals.close(name);
    this.#writer.closeComplete();
  }

  // ---- running -----------------------------------------------------------------------------------------------------

  /** Fetches from a portal and sends its rows, then how it ended. */
  async #run(portal: Portal, rowsMax: number, resultFormats: readonly number[]): Promise<void> {
    const session = this.#session!;
    const columns = portal.columns ?? [];
    const formats = formatPerColumn(columns.length, resultFormats);
    let count = 0;
    for (;;) {
      const wanted = rowsMax === 0 ? rowsAtOnce : Math.min(rowsMax - count, rowsAtOnce);
      const { rows, done, tag } = await portal.fetch(wanted);
      for (const row of rows) {
        this.#writer.dataRow(columns.length, (index) =>
          session.encode(columns[index]!.typeOid, row[index]!, formats[index]!),
        );
      }
      count += rows.length;
      if (this.#writer.length > outputBytes) await this.#sendAndWait();
      if (done) {
        if (portal.prepared.isEmpty) this.#writer.emptyQueryResponse();
        else this.#writer.commandComplete(countedTag(tag ?? "", count));
        return;
      }
      if (rowsMax > 0 && count >= rowsMax) {
        this.#writer.portalSuspended();
        return;
      }
    }
  }

  async #copyWith(prepared: Prepared): Promise<void> {
    const tag = await (prepared.copy === "in" ? this.#copyIn(prepared) : this.#copyOut(prepared));
    this.#writer.commandComplete(tag);
  }

  async #copyOut(prepared: Prepared): Promise<string> {
    const { format, columnCount, chunks } = await this.#session!.copyOut(prepared);
    this.#writer.copyOutResponse(format, Array(columnCount).fill(format));
    const all = chunks();
    for (let step = await all.next(); ; step = await all.next()) {
      if (step.done === true) {
        this.#writer.copyDone();
        return step.value;
      }
      this.#writer.copyData(step.value);
      if (this.#writer.length > outputBytes) await this.#sendAndWait();
    }
  }

  async #copyIn(prepared: Prepared): Promise<string> {
    const copy = await this.#session!.copyIn(prepared);
    const queue = new CopyQueue(() => this.#connection.resume());
    this.#writer.copyInResponse(copy.format, Array(copy.columnCount).fill(copy.format));
    this.#send();
    this.#copy = queue;
    this.#state = "copy in";
    this.#connection.resume();
    try {
      for await (const chunk of queue) await copy.write(chunk);
      return await copy.finish();
    } catch (error) {
      // What the client gave up is told to the statement; other errors come from it.
      const { failure } = queue;
      if (failure !== undefined && error === failure) throw await copy.fail(failure.message);
      throw error;
    } finally {
      this.#copy = undefined;
      this.#connection.pause();
      if (this.#state === "copy in") this.#state = "ready";
    }
  }

  /** A message while COPY ... FROM STDIN runs. */
  #copyMessage(message: FrontendMessage): void {
    const copy = this.#copy!;
    switch (message.type) {
      case "copyData":
        if (!copy.push(message.data)) this.#connection.pause();
        return;
      case "copyDone":
        copy.done();
        this.#connection.pause();
        return;
      case "copyFail":
        copy.fail(new PgError("57014", message.reason));
        this.#connection.pause();
        return;
      case "flush":
      case "sync":
        // Allowed, so that a client may send them without looking, and without meaning here.
        return;
      case "terminate":
        this.#end();
        return;
      default:
        copy.fail(new PgError("08P01", `unexpected message type ${message.type} during COPY from stdin`));
    }
  }
}

function fieldOf({ name, tableOid, attnum, typeOid, typlen, typmod }: ResultColumn): FieldDescription {
  return { name, tableOid, attributeNumber: attnum, typeOid, typeLength: typlen, typeModifier: typmod };
}

/** A SELECT's tag counts what one Execute gave, in however many fetches. */
function countedTag(tag: string, count: number): string {
  return tag.startsWith("SELECT ") ? `SELECT ${count}` : tag;
}

/** None means text for all, one holds for all. */
function formatPerColumn(columns: number, formats: readonly number[]): readonly Format[] {
  return Array.from(
    { length: columns },
    (_, index) => (formats.length === 1 ? formats[0] : (formats[index] ?? 0)) as Format,
  );
}

/** The settings of a start-up packet: its own parameters, and `-c name=value` and `--name=value` in `options`. */
function settingsOf(parameters: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (["user", "database", "options", "replication"].includes(name) || name.startsWith("_pq_.")) continue;
    settings.set(name, value);
  }
  const words = (parameters.get("options") ?? "").match(/(?:\\.|\S)+/g) ?? [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!.replace(/\\(.)/g, "$1");
    const assignment =
      word === "-c" ? words[++i]?.replace(/\\(.)/g, "$1") : /^(?:-c|--)(.+)$/.exec(word)?.[1];
    const match = /^([^=]+)=(.*)$/s.exec(assignment ?? "");
    if (match === null) {
      throw new PgError("42601", `invalid command-line argument for server process: ${word}`);
    }
    settings.set(match[1]!.replaceAll("-", "_"), match[2]!);
  }
  return settings;
}

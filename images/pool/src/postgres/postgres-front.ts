import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { addressOf, type Backends, type BackendTls, connect } from "@weftkit/backends";
import type { Config } from "@weftkit/config";
import { listen, WeftkitError } from "@weftkit/core";
import type { ServiceTls } from "@weftkit/host";
import type { Logger } from "@weftkit/observe";
import { type ErrorFields, FrontendWriter, isWireError } from "@weftkit/wire-postgres";
import { errors } from "../errors.ts";
import type { PoolSockets } from "../network/pool-sockets.ts";
import { type Arrival, arrive, ClientDialogue, prove, Refusal, settleVersion } from "./client-login.ts";
import { ClientSession } from "./client-session.ts";
import { ConsoleSession } from "./console-session.ts";
import { literal, ParameterSet, transition } from "./parameter-set.ts";
import { PreparedStatements } from "./prepared-statements.ts";
import type { ScramSecret } from "./scram-client.ts";
import { logIn, type ServerCredentials } from "./server-login.ts";
import { type Opened, ServerPool } from "./server-pool.ts";
import type { ServerSession } from "./server-session.ts";
import type { DatabaseEntry, PoolSettings } from "./settings.ts";
import { beyondDefaults, startupParameters, welcomeFor } from "./startup-parameters.ts";
import { automaticDatabase, readTables, type Tables } from "./tables.ts";
import { readUsersFile, Secret } from "./users-file.ts";

export interface FrontOptions {
  readonly section: Config["pool"];
  readonly bind: string;
  readonly backends: Backends;
  readonly backendTls: BackendTls;
  readonly tls: ServiceTls | undefined;
  readonly sockets: PoolSockets;
  readonly log: Logger;
  readonly version: string;
}

const maintenanceMs = 100;
const backlog = 4096;
const cancelTimeoutMs = 10_000;

/** The clients of PostgreSQL's protocol, the pools of servers, and what is known of databases and users. */
export class PostgresFront {
  readonly options: FrontOptions;
  readonly clients = new Set<ClientSession>();
  readonly consoles = new Set<ConsoleSession>();
  readonly pools = new Map<string, ServerPool>();
  readonly statements = new PreparedStatements();
  readonly disabled = new Set<string>();
  readonly startedMs = Date.now();
  /** As configured, with what the console has set since. */
  section: Config["pool"];
  tables: Tables;
  users: ReadonlyMap<string, Secret>;
  isDraining = false;
  /** Everything, or these databases. */
  readonly paused = new Set<string>();
  #automatic = new Map<string, DatabaseEntry>();
  readonly #proved = new Map<string, ScramSecret>();
  readonly #byProcessId = new Map<number, ClientSession>();
  readonly #logins = new Set<Socket>();
  readonly #server: Server;
  readonly #tlsServer: ReturnType<typeof createTlsServer> | undefined;
  readonly #securing = new Map<string, (socket: TLSSocket) => void>();
  readonly #timer: NodeJS.Timeout;
  #ids = 0;
  #refused = 0;

  /** @throws ConfigError for mistakes in the tables */
  constructor(options: FrontOptions) {
    this.options = options;
    this.section = options.section;
    this.tables = readTables(options.section.databases_file);
    this.users = this.#readUsers();
    const { tls } = options;
    if (tls !== undefined) {
      this.#tlsServer = createTlsServer({ ...tls.material, ALPNProtocols: ["postgresql"] });
      tls.follow(this.#tlsServer);
      this.#tlsServer.on("secureConnection", (socket) => this.#securing.get(nameOf(socket))?.(socket));
    }
    this.#server = createServer(
      { pauseOnConnect: true, noDelay: true, keepAlive: true },
      (socket) => void this.#accept(socket),
    );
    this.#timer = setInterval(() => this.#maintain(), maintenanceMs);
  }

  open(): Promise<number> {
    const { bind, section } = this.options;
    return listen(this.#server, { bind, port: section.port, backlog });
  }

  get refused(): number {
    return this.#refused;
  }

  /** Reads the tables again; what is wrong leaves the old ones. @throws ConfigError */
  reload(): void {
    const tables = readTables(this.options.section.databases_file);
    const users = this.#readUsers();
    const before = this.tables;
    this.tables = tables;
    this.users = users;
    this.#automatic = new Map();
    for (const pool of this.pools.values()) {
      const { name } = pool.options.database;
      const [old, now] = [before.databases.get(name), this.databaseOf(name)];
      if (now === undefined || (old !== undefined && isElsewhere(old, now))) {
        pool.reconnect("its database has changed");
        this.pools.delete(keyOf(name, pool.options.user));
      }
    }
  }

  /** Changes a key of the section until the end, or until it is changed again. */
  set(key: string, value: unknown): void {
    this.section = { ...this.section, [key]: value };
  }

  #readUsers(): ReadonlyMap<string, Secret> {
    const { users_file, user, password } = this.options.section;
    const users = users_file === undefined ? new Map<string, Secret>() : readUsersFile(users_file);
    if (user !== undefined) users.set(user, new Secret(password ?? ""));
    return users;
  }

  /** The database of a name; undefined when there is none. */
  databaseOf(name: string): DatabaseEntry | undefined {
    const listed = this.tables.databases.get(name);
    if (listed !== undefined) return listed;
    const template = this.tables.databases.get("*");
    if (template === undefined && this.tables.databases.size > 0) return undefined;
    let automatic = this.#automatic.get(name);
    if (automatic === undefined) {
      automatic = automaticDatabase(name, template);
      if (this.#automatic.size < automaticMax) this.#automatic.set(name, automatic);
    }
    return automatic;
  }

  settingsOf(database: DatabaseEntry, user: string): PoolSettings {
    const { section } = this;
    return {
      mode: section.pool_mode,
      size: section.default_pool_size,
      minSize: section.min_pool_size,
      reserveSize: section.reserve_pool_size,
      reserveTimeoutMs: section.reserve_pool_timeout,
      databaseConnectionsMax: section.max_db_connections,
      userConnectionsMax: section.max_user_connections,
      queryWaitTimeoutMs: section.query_wait_timeout,
      queryTimeoutMs: section.query_timeout,
      serverIdleTimeoutMs: section.server_idle_timeout,
      serverLifetimeMs: section.server_lifetime,
      serverConnectTimeoutMs: section.server_connect_timeout,
      serverLoginRetryMs: section.server_login_retry,
      idleTransactionTimeoutMs: section.idle_transaction_timeout,
      transactionTimeoutMs: section.transaction_timeout,
      clientIdleTimeoutMs: section.client_idle_timeout,
      waitNoticeMs: section.wait_notice,
      preparedStatementsMax: section.max_prepared_statements,
      messageBytesMax: section.message_bytes_max,
      sessionFeatures: section.session_features,
      resetQuery: section.server_reset_query,
      serverTls: section.server_tls,
      ...database.settings,
      ...this.tables.users.get(user)?.settings,
    };
  }

  /** The pool of a database and of whom it is logged in as. */
  poolOf(database: DatabaseEntry, user: string): ServerPool {
    const key = keyOf(database.name, user);
    let pool = this.pools.get(key);
    if (pool === undefined) {
      let cached: PoolSettings | undefined;
      let of: Tables | undefined;
      let inSection: Config["pool"] | undefined;
      pool = new ServerPool({
        database,
        user,
        role: "primary",
        settings: () => {
          if (of !== this.tables || inSection !== this.section || cached === undefined) {
            cached = this.settingsOf(this.databaseOf(database.name) ?? database, user);
            of = this.tables;
            inSection = this.section;
          }
          return cached;
        },
        sockets: this.options.sockets,
        log: this.options.log,
        open: (its) => this.#openServer(its),
        mayGrow: (its) => this.#mayGrow(its),
        nextId: () => ++this.#ids,
      });
      pool.isPaused = this.paused.has("*") || this.paused.has(database.name);
      this.pools.set(key, pool);
    }
    return pool;
  }

  #mayGrow(pool: ServerPool): boolean {
    const { databaseConnectionsMax, userConnectionsMax } = pool.options.settings();
    if (databaseConnectionsMax === 0 && userConnectionsMax === 0) return true;
    let [ofDatabase, ofUser] = [0, 0];
    for (const other of this.pools.values()) {
      if (other.options.database.name === pool.options.database.name) ofDatabase += other.total;
      if (other.options.user === pool.options.user) ofUser += other.total;
    }
    const hasDatabaseRoom = databaseConnectionsMax === 0 || ofDatabase < databaseConnectionsMax;
    return hasDatabaseRoom && (userConnectionsMax === 0 || ofUser < userConnectionsMax);
  }

  async #openServer(pool: ServerPool): Promise<Opened> {
    const { backends, backendTls, sockets } = this.options;
    const { database, user } = pool.options;
    const { serverTls, serverConnectTimeoutMs } = pool.options.settings();
    const base = {
      sockets,
      tls: backendTls,
      user,
      database: database.database,
      credentials: this.#credentialsOf(database, user),
      timeoutMs: serverConnectTimeoutMs,
    };
    if (database.address !== undefined) {
      const opened = await logIn({ ...base, backend: database.address, tlsMode: serverTls });
      return { ...opened, address: database.address, release: () => {} };
    }
    const except = new Set<string>();
    for (;;) {
      const place = backends.acquire({
        engine: "relational",
        group: database.group,
        role: pool.options.role,
        except,
      });
      if (place === undefined) {
        throw new WeftkitError("no_backend", `no server of relational/${database.group} is there`);
      }
      try {
        const opened = await logIn({
          ...base,
          backend: place.backend,
          tlsMode: place.backend.tls ? "require" : serverTls,
        });
        place.succeeded();
        return { ...opened, address: place.backend, release: () => place.release() };
      } catch (error) {
        place.release();
        const isUnreachable =
          error instanceof WeftkitError && ["connect_failed", "connect_timeout"].includes(error.code);
        if (!isUnreachable) throw error;
        place.failed(error.message);
        except.add(place.backend.id);
        const hasOther = backends.table
          .of({ engine: "relational", group: database.group })
          .some(({ id }) => !except.has(id));
        if (!hasOther) throw error;
      }
    }
  }

  #credentialsOf(database: DatabaseEntry, user: string): ServerCredentials {
    const text = database.password ?? this.users.get(user)?.text;
    const secret = text === undefined || text === "" ? undefined : new Secret(text);
    if (secret?.kind === "password") return { kind: "secret", secret: { password: secret.text } };
    if (secret?.kind === "md5") return { kind: "md5", hash: secret.text };
    const proved = this.#proved.get(user);
    return proved === undefined ? { kind: "none" } : { kind: "secret", secret: proved };
  }

  // Clients come.

  async #accept(socket: Socket): Promise<void> {
    const { log, sockets } = this.options;
    const { section } = this;
    socket.on("error", () => {});
    const { remoteAddress = "", remotePort = 0 } = socket;
    this.#logins.add(socket);
    const timer = setTimeout(() => socket.destroy(), section.client_login_timeout);
    let dialogue: ClientDialogue | undefined;
    try {
      const arrival = await arrive(
        socket,
        this.#tlsServer === undefined ? undefined : (plain) => this.#startTls(plain),
      );
      if (arrival.packet.kind === "cancel") {
        this.#cancelRequested(arrival.packet.processId, arrival.packet.key);
        arrival.socket.destroy();
        return;
      }
      dialogue = new ClientDialogue(sockets, arrival.socket, arrival.rest);
      await this.#logIn(arrival, dialogue, { address: remoteAddress, port: remotePort });
    } catch (error) {
      const fields =
        error instanceof Refusal
          ? error.fields
          : isWireError(error)
            ? { ...errors.badLogin(error.message), code: error.code }
            : undefined;
      if (fields === undefined && !(error instanceof WeftkitError))
        log.error({ err: error }, "a login failed");
      if (fields !== undefined) {
        this.#refused++;
        log.info({ address: remoteAddress, reason: fields.message }, "a login was refused");
      }
      if (dialogue === undefined) socket.destroy();
      else dialogue.refuse(fields ?? errors.badLogin("the login failed"));
    } finally {
      clearTimeout(timer);
      this.#logins.delete(socket);
    }
  }

  #startTls(plain: Socket): Promise<Socket> {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const name = nameOf(plain);
    const failed = () => reject(new WeftkitError("tls_failed", "the TLS handshake failed"));
    this.#securing.set(name, (socket) => {
      plain.off("close", failed);
      socket.on("error", () => {});
      resolve(socket.pause());
    });
    plain.once("close", failed);
    this.#tlsServer!.emit("connection", plain);
    return promise.finally(() => this.#securing.delete(name));
  }

  async #logIn(
    arrival: Arrival,
    dialogue: ClientDialogue,
    peer: { address: string; port: number },
  ): Promise<void> {
    const { packet } = arrival;
    if (packet.kind !== "startup") return;
    const { section } = this;
    settleVersion(packet, dialogue);
    const user = packet.parameters.get("user") ?? "";
    if (user === "") throw new Refusal(errors.noUser());
    const name = packet.parameters.get("database") || user;
    if (!["", "off", "false", "0", "no"].includes(packet.parameters.get("replication") ?? ""))
      throw new Refusal(errors.replication());
    if (this.isDraining) throw new Refusal(errors.shutdown());
    const isConsole = name === "pgbouncer" || name === "weftkit";
    if (!isConsole && this.clients.size >= section.max_connections)
      throw new Refusal(errors.tooManyClients());
    const database = isConsole ? undefined : this.databaseOf(name);
    const secret = await this.#secretOf(user, database);
    const { secret: proved } = await prove(dialogue, user, secret, section.auth_type);
    if (proved !== undefined) this.#proved.set(user, proved);
    if (isConsole) {
      this.#openConsole(dialogue, user, packet.parameters);
      return;
    }
    if (database === undefined) throw new Refusal(errors.noSuchDatabase(name));
    if (this.disabled.has(name)) throw new Refusal(errors.disabled(name));
    this.#requireRoom(database, user);
    const pool = this.poolOf(database, database.user ?? user);
    dialogue.proved();
    pool.clients++;
    try {
      const welcome = pool.welcome ?? (await this.#welcome(pool, dialogue));
      this.#admit({ arrival, dialogue, peer, user, database, pool, welcome });
    } catch (error) {
      pool.clients--;
      throw error;
    }
  }

  /** Connections per database and user are counted with those that are let in now. */
  #requireRoom(database: DatabaseEntry, user: string): void {
    const { max_db_client_connections, max_user_client_connections } = this.section;
    const ofUser = this.tables.users.get(user)?.clientConnectionsMax || max_user_client_connections;
    const ofDatabase = database.clientConnectionsMax || max_db_client_connections;
    if (ofDatabase === 0 && ofUser === 0) return;
    let [inDatabase, byUser] = [0, 0];
    for (const { options } of this.clients) {
      if (options.database === database.name) inDatabase++;
      if (options.user === user) byUser++;
    }
    if (ofDatabase > 0 && inDatabase >= ofDatabase)
      throw new Refusal(errors.tooManyOf("max_db_client_connections"));
    if (ofUser > 0 && byUser >= ofUser) throw new Refusal(errors.tooManyOf("max_user_client_connections"));
  }

  /** The first client of a pool waits for its first server, which says what it is like. */
  async #welcome(pool: ServerPool, dialogue: ClientDialogue): Promise<ReadonlyMap<string, string>> {
    const server = await this.#borrow(pool, (gone) => {
      dialogue.onGone = gone;
    });
    pool.release(server);
    return pool.welcome!;
  }

  #borrow(pool: ServerPool, onGone: (gone: () => void) => void = () => {}): Promise<ServerSession> {
    const { promise, resolve, reject } = Promise.withResolvers<ServerSession>();
    const waiter = {
      leased: (server: ServerSession) => {
        clearTimeout(timer);
        resolve(server);
      },
      refused: (fields: ErrorFields) => {
        clearTimeout(timer);
        reject(new Refusal(fields));
      },
    };
    const give = (error: unknown) => {
      pool.forget(waiter);
      reject(error);
    };
    const { queryWaitTimeoutMs } = pool.options.settings();
    const timer = setTimeout(
      () => give(new Refusal(errors.queryWaitTimeout())),
      queryWaitTimeoutMs || 2 ** 31 - 1,
    );
    onGone(() => {
      clearTimeout(timer);
      give(new WeftkitError("client_gone", "the client has gone"));
    });
    const server = pool.acquire(waiter, true);
    if (server !== undefined) waiter.leased(server);
    return promise;
  }

  #admit(come: {
    arrival: Arrival;
    dialogue: ClientDialogue;
    peer: { address: string; port: number };
    user: string;
    database: DatabaseEntry;
    pool: ServerPool;
    welcome: ReadonlyMap<string, string>;
  }): void {
    const { arrival, dialogue, peer, user, database, pool, welcome } = come;
    if (arrival.packet.kind !== "startup") return;
    const { log, sockets } = this.options;
    const { section } = this;
    if (this.clients.size >= section.max_connections) throw new Refusal(errors.tooManyClients());
    this.#requireRoom(database, user);
    const wanted = startupParameters(arrival.packet.parameters);
    const processId = this.#newProcessId();
    const key = randomBytes(4);
    const cancelKey = key.readInt32BE();
    const client = new ClientSession({
      sockets,
      transport: dialogue.transport,
      log,
      id: ++this.#ids,
      processId,
      cancelKey,
      user,
      database: database.name,
      address: peer.address,
      port: peer.port,
      isTls: arrival.isTls,
      pool,
      settings: pool.options.settings,
      statements: this.statements,
      parameters: beyondDefaults(wanted, welcome),
      cancel: this.#cancelServer,
      onClosed: this.#clientGone,
    });
    this.clients.add(client);
    this.#byProcessId.set(processId, client);
    dialogue.send((writer) => {
      writer.authenticationOk();
      for (const [name, value] of welcomeFor(welcome, wanted)) writer.parameterStatus(name, value);
      writer.backendKeyData(processId, key);
      writer.readyForQuery("I");
    });
    dialogue.handOver(client);
  }

  // One for all: a function made at a login would keep all that the login has seen.
  readonly #clientGone = (client: ClientSession): void => {
    client.options.pool.clients--;
    this.clients.delete(client);
    this.#byProcessId.delete(client.options.processId);
  };

  readonly #cancelServer = (server: ServerSession): void => void this.#cancel(server);

  #openConsole(dialogue: ClientDialogue, user: string, parameters: ReadonlyMap<string, string>): void {
    const { section } = this;
    const isAdmin = section.admin_users.includes(user);
    if (!isAdmin && !section.stats_users.includes(user))
      throw new Refusal(errors.badLogin("not allowed: the console is for admin_users and stats_users"));
    const session = new ConsoleSession(this, dialogue.transport, isAdmin, user, ++this.#ids, () =>
      this.consoles.delete(session),
    );
    this.consoles.add(session);
    dialogue.send((writer) => {
      writer.authenticationOk();
      const told = {
        server_version: `${this.options.version}/weftkit`,
        client_encoding: "UTF8",
        standard_conforming_strings: "on",
        DateStyle: "ISO",
        TimeZone: "GMT",
        server_encoding: "UTF8",
        application_name: parameters.get("application_name") ?? "",
      };
      for (const [name, value] of Object.entries(told)) writer.parameterStatus(name, value);
      writer.backendKeyData(this.#newProcessId(), randomBytes(4));
      writer.readyForQuery("I");
    });
    dialogue.handOver(session.events);
  }

  #newProcessId(): number {
    for (;;) {
      const id = randomBytes(4).readInt32BE() & 0x7fffffff;
      if (id !== 0 && !this.#byProcessId.has(id)) return id;
    }
  }

  /** A user's secret from the list, or from the database by `auth_query`; undefined when there is no such user. */
  async #secretOf(user: string, database: DatabaseEntry | undefined): Promise<Secret | undefined> {
    const { section } = this;
    const listed = this.users.get(user);
    if (listed !== undefined) return listed;
    if (section.auth_type === "trust" && this.users.size === 0) return new Secret("");
    const authUser = database?.authUser ?? section.auth_user;
    if (authUser === undefined || database === undefined) return undefined;
    const name = database.authDatabase ?? section.auth_database;
    const asked = name === undefined ? database : this.databaseOf(name);
    if (asked === undefined) throw new Refusal(errors.noSuchDatabase(name ?? ""));
    const pool = this.poolOf(asked, authUser);
    const server = await this.#borrow(pool);
    try {
      // What another client has set (its search_path above all) must not change what the question means.
      if (server.parameters !== ParameterSet.empty) {
        await server.ask(transition(server.parameters, ParameterSet.empty));
        server.parameters = ParameterSet.empty;
      }
      const question = database.authQuery ?? section.auth_query;
      const [row] = await server.ask(question.replaceAll("$1", () => literal(user)));
      pool.release(server);
      const [, password] = row ?? [];
      // Who has no password may come in where none is asked for.
      return row === undefined || row[0] !== user ? undefined : new Secret(password ?? "");
    } catch (error) {
      server.close();
      throw new Refusal(
        errors.badLogin(`auth_query failed: ${error instanceof Error ? error.message : String(error)}`),
      );
    }
  }

  // Cancelling.

  #cancelRequested(processId: number, key: Buffer): void {
    const client = this.#byProcessId.get(processId);
    if (client !== undefined && key.length === 4 && client.options.cancelKey === key.readInt32BE())
      client.cancelRequested();
  }

  /** Sends a cancel to a server, which serves nobody else before it has arrived. */
  async #cancel(server: ServerSession): Promise<void> {
    const { address, processId, cancelKey } = server.options;
    server.cancels++;
    try {
      const socket = await connect(address, { timeoutMs: cancelTimeoutMs });
      socket.on("error", () => {});
      const timer = setTimeout(() => socket.destroy(), cancelTimeoutMs);
      // The query has ended meanwhile.
      if (server.isQuiet) socket.destroy();
      else {
        const writer = new FrontendWriter();
        writer.cancelRequest(processId, cancelKey);
        socket.write(writer.take());
        socket.resume();
        // PostgreSQL closes when the signal was sent.
        if (!socket.destroyed) await once(socket, "close");
      }
      clearTimeout(timer);
    } catch (error) {
      this.options.log.warn({ err: error, server: addressOf(address) }, "a cancel request could not be sent");
    } finally {
      server.cancels--;
      if (server.cancels === 0) {
        const then = server.onCancelled;
        server.onCancelled = undefined;
        then?.();
      }
    }
  }

  // Timeouts.

  #maintain(): void {
    const nowMs = performance.now();
    if (this.#prepopulated !== this.tables) this.#prepopulate();
    for (const pool of this.pools.values()) pool.maintain(nowMs);
    for (const client of this.clients) this.#lookAfter(client, nowMs);
  }

  /** Databases with a user of their own have their least number of servers before a client comes. */
  #prepopulate(): void {
    this.#prepopulated = this.tables;
    for (const database of this.tables.databases.values()) {
      if (database.user === undefined || database.name === "*") continue;
      if (this.settingsOf(database, database.user).minSize > 0) this.poolOf(database, database.user);
    }
  }

  #prepopulated: Tables | undefined;

  #lookAfter(client: ClientSession, nowMs: number): void {
    const settings = client.options.settings();
    const sinceMs = nowMs - client.sinceMs;
    const isOver = (limitMs: number, ms: number) => limitMs > 0 && ms > limitMs;
    switch (client.state) {
      case "idle":
        if (isOver(settings.clientIdleTimeoutMs, nowMs - client.requestMs)) client.fail(errors.clientIdle());
        return;
      case "waiting":
        if (isOver(settings.queryWaitTimeoutMs, sinceMs)) client.fail(errors.queryWaitTimeout());
        else if (!client.wasNoticed && isOver(settings.waitNoticeMs, sinceMs)) {
          client.wasNoticed = true;
          client.notice({
            severity: "NOTICE",
            code: "00000",
            message: "No server connection available in postgres backend, client being queued",
            hint: "all connections of the pool are busy; see SHOW POOLS in the console",
          });
        }
        return;
      case "active": {
        const server = client.server;
        if (server === undefined) return;
        const isIdle = server.isQuiet && server.status !== "I";
        if (isOver(settings.queryTimeoutMs, nowMs - client.requestMs) && !server.isQuiet)
          client.fail(errors.queryTimeout());
        else if (isIdle && isOver(settings.idleTransactionTimeoutMs, sinceMs))
          client.fail(errors.idleTransaction());
        else if (server.status !== "I" && isOver(settings.transactionTimeoutMs, nowMs - client.transactionMs))
          client.fail(errors.transactionTimeout());
        return;
      }
      default:
    }
  }

  // The end.

  /** Lets transactions end, then closes all; `signal` ends the patience. */
  async close(signal: AbortSignal): Promise<void> {
    this.isDraining = true;
    if (this.#server.listening) this.#server.close();
    for (const socket of this.#logins) socket.destroy();
    const over = () => {
      for (const client of [...this.clients]) client.fail(errors.shutdown());
    };
    signal.addEventListener("abort", over, { once: true });
    while (this.clients.size > 0 && !signal.aborted) {
      for (const client of [...this.clients]) if (client.state === "idle") client.fail(errors.shutdown());
      const isSession = (client: ClientSession) =>
        client.server?.isQuiet === true && client.server.status === "I";
      for (const client of [...this.clients]) if (isSession(client)) client.fail(errors.shutdown());
      if (this.clients.size > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    over();
    clearInterval(this.#timer);
    for (const session of [...this.consoles]) session.close();
    for (const pool of this.pools.values()) pool.kill("shutdown");
    this.#tlsServer?.close();
  }
}

const automaticMax = 10_000;

function keyOf(database: string, user: string): string {
  return `${database}\0${user}`;
}

function isElsewhere(old: DatabaseEntry, now: DatabaseEntry): boolean {
  const where = ({ group, address, database, user, password, connectQuery }: DatabaseEntry) =>
    JSON.stringify([group, address, database, user, password, connectQuery]);
  return where(old) !== where(now);
}

function nameOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

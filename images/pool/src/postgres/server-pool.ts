import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { ErrorFields } from "@weftkit/wire-postgres";
import type { PoolSockets } from "../network/pool-sockets.ts";
import { ParameterSet } from "./parameter-set.ts";
import type { LoggedIn } from "./server-login.ts";
import { ServerError, ServerSession } from "./server-session.ts";
import type { DatabaseEntry, PoolSettings } from "./settings.ts";

/** A client that waits for a server. */
export interface Waiter {
  leased(server: ServerSession): void;
  /** It will not get one. */
  refused(error: ErrorFields): void;
}

interface Waiting {
  readonly waiter: Waiter;
  readonly sinceMs: number;
  /** It waits to be let in, and is not yet a client: a server that cannot be reached ends it. */
  readonly isLogin: boolean;
}

export interface Opened extends LoggedIn {
  readonly address: { readonly host: string; readonly port: number };
  /** Gives the place at the backend back. */
  readonly release: () => void;
}

export interface ServerPoolOptions {
  readonly database: DatabaseEntry;
  /** Whom it is logged in as. */
  readonly user: string;
  readonly role: "primary" | "replica";
  readonly settings: () => PoolSettings;
  readonly sockets: PoolSockets;
  readonly log: Logger;
  open(pool: ServerPool): Promise<Opened>;
  /** Whether other limits (of the database, of the user) let it have one more. */
  mayGrow(pool: ServerPool): boolean;
  nextId(): number;
}

/** What has happened in a pool. */
export interface PoolCounts {
  transactions: number;
  queries: number;
  receivedBytes: number;
  sentBytes: number;
  waitMs: number;
  assignments: number;
  parses: number;
  serverParses: number;
  binds: number;
}

/** The servers of one database and user, and the clients that wait for one of them, first come first served. */
export class ServerPool {
  readonly options: ServerPoolOptions;
  /** The one used last is at the end, and is used next: what is not needed becomes idle. */
  readonly idle: ServerSession[] = [];
  readonly busy = new Set<ServerSession>();
  readonly counts: PoolCounts = {
    transactions: 0,
    queries: 0,
    receivedBytes: 0,
    sentBytes: 0,
    waitMs: 0,
    assignments: 0,
    parses: 0,
    serverParses: 0,
    binds: 0,
  };
  /** What servers reported when they were logged in to. */
  welcome: ReadonlyMap<string, string> | undefined;
  isPaused = false;
  clients = 0;
  #waiting: (Waiting | undefined)[] = [];
  #firstWaiting = 0;
  #waitingCount = 0;
  connecting = 0;
  #retryAtMs = 0;
  lastFailure: ErrorFields | undefined;
  #onQuiet: (() => void)[] = [];

  constructor(options: ServerPoolOptions) {
    this.options = options;
  }

  get waiting(): number {
    return this.#waitingCount;
  }

  get total(): number {
    return this.idle.length + this.busy.size + this.connecting;
  }

  /** How long the first one waits, milliseconds. */
  get longestWaitMs(): number {
    const first = this.#first();
    return first === undefined ? 0 : performance.now() - first.sinceMs;
  }

  /** A server at once; undefined when the client has to wait, and is told by `leased` or `refused`. */
  acquire(waiter: Waiter, isLogin = false): ServerSession | undefined {
    if (!this.isPaused && this.#waitingCount === 0) {
      const server = this.#takeIdle();
      if (server !== undefined) {
        this.counts.assignments++;
        return server;
      }
    }
    this.#waiting.push({ waiter, sinceMs: performance.now(), isLogin });
    this.#waitingCount++;
    if (
      isLogin &&
      this.lastFailure !== undefined &&
      this.total === 0 &&
      performance.now() < this.#retryAtMs
    ) {
      const failure = this.lastFailure;
      this.forget(waiter);
      queueMicrotask(() => waiter.refused(failure));
      return undefined;
    }
    this.grow();
    return undefined;
  }

  /** A client that waits no more. */
  forget(waiter: Waiter): void {
    const at = this.#waiting.findIndex((entry) => entry?.waiter === waiter);
    if (at < 0) return;
    this.#waiting[at] = undefined;
    this.#waitingCount--;
  }

  /** A server that has nothing outstanding, is in no transaction, and is clean (or says with which parameters). */
  release(server: ServerSession): void {
    if (server.isClosed) return;
    server.holder = undefined;
    if (server.cancels > 0) {
      // One that arrives late would hit the next client's query.
      server.onCancelled = () => this.release(server);
      return;
    }
    if (server.isToClose !== undefined || this.isTooOld(server)) {
      this.busy.delete(server);
      this.#end(server);
      this.grow();
      this.#tellQuiet();
      return;
    }
    if (!this.isPaused) {
      const next = this.#shift();
      if (next !== undefined) {
        this.#lease(next, server);
        return;
      }
    }
    this.busy.delete(server);
    server.idleSinceMs = performance.now();
    this.idle.push(server);
    this.#tellQuiet();
  }

  isTooOld(server: ServerSession): boolean {
    const { serverLifetimeMs } = this.options.settings();
    return serverLifetimeMs > 0 && performance.now() - server.options.connectedMs > serverLifetimeMs;
  }

  /** Makes connections for those who wait, as far as the limits let it. */
  grow(): void {
    if (this.isPaused) return;
    while (this.#waitingCount > 0) {
      const server = this.#takeIdle();
      if (server === undefined) break;
      this.#lease(this.#shift()!, server);
    }
    const { size, reserveSize, reserveTimeoutMs } = this.options.settings();
    if (performance.now() < this.#retryAtMs) return;
    while (this.#waitingCount > this.connecting) {
      const isReserve = reserveSize > 0 && this.longestWaitMs >= reserveTimeoutMs;
      if (this.total >= size + (isReserve ? reserveSize : 0) || !this.options.mayGrow(this)) return;
      void this.#connect();
    }
  }

  /** Called a few times a second: timeouts of servers, the least number of them, the reserve. */
  maintain(nowMs: number): void {
    const { serverIdleTimeoutMs, minSize, size } = this.options.settings();
    for (const server of [...this.idle]) {
      const isIdle = serverIdleTimeoutMs > 0 && nowMs - server.idleSinceMs > serverIdleTimeoutMs;
      const isSpare = this.total > Math.min(minSize, size);
      if ((isIdle && isSpare) || this.isTooOld(server) || server.isToClose !== undefined) {
        this.idle.splice(this.idle.indexOf(server), 1);
        this.#end(server);
      }
    }
    if (this.#waitingCount > 0) this.grow();
    const isWanted = this.clients > 0 || this.options.database.user !== undefined;
    if (isWanted && !this.isPaused && nowMs >= this.#retryAtMs) {
      while (this.total < Math.min(minSize, size) && this.options.mayGrow(this)) void this.#connect();
    }
  }

  /** All servers are closed as soon as they are not needed. */
  reconnect(reason: string): void {
    for (const server of this.busy) server.isToClose ??= reason;
    for (const server of this.idle.splice(0)) this.#end(server);
    this.#retryAtMs = 0;
    this.grow();
  }

  /** Resolves when no client has a server; none gets one until `resume`. */
  pause(): Promise<void> {
    this.isPaused = true;
    const quiet = new Promise<void>((resolve) => this.#onQuiet.push(resolve));
    this.#tellQuiet();
    return quiet.then(() => {
      for (const server of this.idle.splice(0)) this.#end(server);
    });
  }

  resume(): void {
    this.isPaused = false;
    for (const resolve of this.#onQuiet.splice(0)) resolve();
    this.grow();
  }

  /** Resolves when no client has a server. */
  quiet(): Promise<void> {
    const quiet = new Promise<void>((resolve) => this.#onQuiet.push(resolve));
    this.#tellQuiet();
    return quiet;
  }

  refuseWaiting(error: ErrorFields): void {
    for (let entry = this.#shift(); entry !== undefined; entry = this.#shift()) entry.waiter.refused(error);
  }

  /** Ends all servers, leased or not. */
  kill(reason: string): void {
    for (const server of this.idle.splice(0)) this.#end(server);
    for (const server of [...this.busy]) {
      server.isToClose = reason;
      server.close();
    }
  }

  #end(server: ServerSession): void {
    server.terminate();
  }

  #takeIdle(): ServerSession | undefined {
    for (let server = this.idle.pop(); server !== undefined; server = this.idle.pop()) {
      if (server.isClosed) continue;
      if (server.isToClose !== undefined || this.isTooOld(server)) {
        this.#end(server);
        continue;
      }
      this.busy.add(server);
      return server;
    }
    return undefined;
  }

  #lease(entry: Waiting, server: ServerSession): void {
    this.busy.add(server);
    this.counts.assignments++;
    this.counts.waitMs += performance.now() - entry.sinceMs;
    entry.waiter.leased(server);
  }

  #first(): Waiting | undefined {
    while (this.#firstWaiting < this.#waiting.length && this.#waiting[this.#firstWaiting] === undefined) {
      this.#firstWaiting++;
    }
    if (this.#firstWaiting > 64 && this.#firstWaiting * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#firstWaiting);
      this.#firstWaiting = 0;
    }
    return this.#waiting[this.#firstWaiting];
  }

  #shift(): Waiting | undefined {
    const first = this.#first();
    if (first === undefined) return undefined;
    this.#waiting[this.#firstWaiting++] = undefined;
    this.#waitingCount--;
    return first;
  }

  #tellQuiet(): void {
    if (this.busy.size > 0) return;
    for (const resolve of this.#onQuiet.splice(0)) resolve();
  }

  async #connect(): Promise<void> {
    const { log, settings, database, user, sockets } = this.options;
    this.connecting++;
    let opened: Opened;
    try {
      opened = await this.options.open(this);
    } catch (error) {
      this.connecting--;
      this.#connectFailed(error);
      return;
    }
    this.connecting--;
    this.lastFailure = undefined;
    this.#retryAtMs = 0;
    this.welcome = new Map(opened.reported);
    const { messageBytesMax } = settings();
    const server = new ServerSession(
      {
        ...opened,
        sockets,
        connectedMs: performance.now(),
        statementsMax: () => settings().preparedStatementsMax,
        onParse: () => this.counts.serverParses++,
        messageBytesMax,
        onClosed: (closed) => {
          opened.release();
          this.#closed(closed);
        },
      },
      this.options.nextId(),
    );
    this.busy.add(server);
    opened.handOver(server.events);
    log.debug({ database: database.name, user, server: server.id }, "a server connection was opened");
    if (database.connectQuery !== undefined) {
      try {
        await server.ask(database.connectQuery);
      } catch (error) {
        server.lastError = error instanceof ServerError ? error.fields : undefined;
        server.close();
        this.#connectFailed(error);
        return;
      }
    }
    this.release(server);
  }

  #connectFailed(error: unknown): void {
    const { log, database, user, settings } = this.options;
    const reason = error instanceof Error ? error.message : String(error);
    const fields: ErrorFields =
      error instanceof ServerError
        ? { ...error.fields, severity: "FATAL" }
        : {
            severity: "FATAL",
            code: "08001",
            message: `cannot connect to a server of ${database.name}: ${reason}`,
          };
    log.warn({ database: database.name, user, reason }, "a server connection could not be opened");
    this.lastFailure = fields;
    this.#retryAtMs = performance.now() + settings().serverLoginRetryMs;
    if (this.idle.length + this.busy.size > 0) return;
    // What the server itself refuses will be refused again; what cannot be reached may come back, and clients that are in wait for it.
    const isFinal = error instanceof ServerError && !/^(57P|53)/.test(error.fields.code);
    const isUnable =
      error instanceof WeftkitError && (error.code === "no_password" || error.code === "tls_failed");
    for (let at = this.#firstWaiting; at < this.#waiting.length; at++) {
      const entry = this.#waiting[at];
      if (entry === undefined || !(entry.isLogin || isFinal || isUnable)) continue;
      this.#waiting[at] = undefined;
      this.#waitingCount--;
      entry.waiter.refused(fields);
    }
  }

  #closed(server: ServerSession): void {
    this.busy.delete(server);
    const at = this.idle.indexOf(server);
    if (at >= 0) this.idle.splice(at, 1);
    server.parameters = ParameterSet.empty;
    this.grow();
    this.#tellQuiet();
  }
}

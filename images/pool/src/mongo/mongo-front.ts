import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type Backends, type BackendTls, connect, secure } from "@weftkit/backends";
import { listen, WeftkitError } from "@weftkit/core";
import type { ServiceTls } from "@weftkit/host";
import type { PoolSockets } from "../network/pool-sockets.ts";
import type { Secret } from "../postgres/users-file.ts";
import type { MongoLogin } from "./client-login.ts";
import { type MongoCommand, type MongoReply, readReply } from "./command.ts";
import { Cursors, killCommand } from "./cursors.ts";
import { MongoPoolError, mongoErrors } from "./errors.ts";
import { LinkPool } from "./link-pool.ts";
import { MongoClient, type MongoHost } from "./mongo-client.ts";
import { MongoLink } from "./mongo-link.ts";
import { greet, logIn, request } from "./server-login.ts";
import { type Transaction, Transactions } from "./transactions.ts";

export interface MongoFrontOptions {
  readonly bind: string;
  readonly port: number;
  /** What clients reach the pool by, when it is not what they have connected to. */
  readonly advertise: string | undefined;
  readonly clientsMax: number;
  /** Connections that clients share, for each user. */
  readonly linksMax: number;
  /** More of them, for cursors that wait for what is new; for each user. */
  readonly tailingMax: number;
  readonly connectTimeoutMs: number;
  readonly waitMs: number;
  readonly idleMs: number;
  /** How long a transaction may be idle; 0 is as long as servers let it. */
  readonly idleTransactionMs: number;
  readonly messageBytesMax: number;
  readonly authenticates: boolean;
  readonly secretOf: (user: string) => Secret | undefined;
  readonly login: MongoLogin | undefined;
  readonly backends: Backends;
  readonly backendTls: BackendTls;
  readonly tls: ServiceTls | undefined;
  readonly sockets: PoolSockets;
}

const target = { engine: "document", group: "default" } as const;
/** transactionLifetimeLimitSeconds of a server, unless it was told another. */
const transactionMsMax = 60_000;
const sweepMs = 1000;

/** A user's connections: those that are given back after each answer, and those on which one is waited for. */
interface Links {
  readonly shared: LinkPool;
  readonly tailing: LinkPool;
}

/** The clients of MongoDB's protocol and the connections to servers that they share. */
export class MongoFront implements MongoHost {
  readonly sockets: PoolSockets;
  readonly clients = new Set<MongoClient>();
  readonly transactions: Transactions;
  readonly cursors = new Cursors();
  readonly #options: MongoFrontOptions;
  readonly #server: Server;
  readonly #links = new Map<string, Links>();
  readonly #open = new Set<MongoLink>();
  #hello: Buffer | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #ids = 0;

  constructor(options: MongoFrontOptions) {
    this.#options = options;
    this.sockets = options.sockets;
    this.transactions = new Transactions(options.idleTransactionMs || transactionMsMax);
    const accept = (socket: Socket) => this.#accept(socket);
    if (options.tls === undefined)
      this.#server = createServer({ pauseOnConnect: true, noDelay: true, keepAlive: true }, accept);
    else {
      const server = createTlsServer({ ...options.tls.material, noDelay: true }, (socket) =>
        accept(socket.pause()),
      );
      options.tls.follow(server);
      this.#server = server;
    }
  }

  get authenticates(): boolean {
    return this.#options.authenticates;
  }

  get messageBytesMax(): number {
    return this.#options.messageBytesMax;
  }

  get servers(): number {
    return this.#open.size;
  }

  get waiting(): number {
    let waiting = 0;
    for (const { shared, tailing } of this.#links.values()) waiting += shared.waiting + tailing.waiting;
    return waiting;
  }

  secretOf(user: string): Secret | undefined {
    return this.#options.secretOf(user);
  }

  async open(): Promise<number> {
    const { bind, port, idleMs } = this.#options;
    const opened = await listen(this.#server, {
      bind,
      port,
      backlog: 4096,
      who: "MongoDB's port",
      remedy: "set WEFTKIT_POOL_MONGO_PORT to another",
    });
    this.#sweep = setInterval(() => {
      const sinceMs = performance.now() - idleMs;
      for (const { shared, tailing } of this.#links.values())
        for (const links of [shared, tailing]) links.closeIdle(sinceMs);
    }, sweepMs);
    return opened;
  }

  /** Lets what runs be answered, then closes all. */
  async close(signal: AbortSignal): Promise<void> {
    if (this.#server.listening) this.#server.close();
    for (const client of [...this.clients]) client.finish();
    while (this.clients.size > 0 && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const client of [...this.clients]) client.close();
    clearInterval(this.#sweep);
    this.transactions.close();
    for (const { shared, tailing } of this.#links.values())
      for (const links of [shared, tailing]) links.close();
    for (const link of [...this.#open]) link.destroy();
  }

  /** The last one that a server has given; the first time it is asked for. */
  async hello(): Promise<Buffer> {
    if (this.#hello === undefined) (await this.#connect(undefined, undefined, () => {})).destroy();
    return this.#hello!;
  }

  async run(client: MongoClient, command: MongoCommand, frame: Buffer): Promise<void> {
    const login = client.login ?? this.#options.login;
    const key = keyOf(login);
    const sessionKey = `${key} ${command.session?.toString("latin1") ?? ""}`;
    const known = command.isInTransaction ? this.transactions.get(sessionKey) : undefined;
    if (known?.isBusy) throw mongoErrors.busyTransaction();
    let transaction =
      known !== undefined && (command.startsTransaction || known.number.equals(command.transaction!))
        ? known
        : undefined;
    const [cursorId] = command.cursors;
    const cursor = cursorId === undefined ? undefined : this.cursors.get(key, cursorId);
    const links = this.#linksOf(key, login);
    const waits = command.isExhaust || (command.name === "getMore" && cursor?.isTailing === true);
    const pool = waits ? links.tailing : links.shared;
    if (transaction !== undefined) this.transactions.busy(transaction, client);
    const link = transaction?.link ?? (await pool.take(cursor?.backend));
    if (client.isClosed) {
      if (transaction === undefined) pool.giveBack(link);
      return;
    }
    if (transaction !== undefined && command.startsTransaction) transaction.number = command.transaction!;
    if (transaction === undefined && command.startsTransaction && command.session !== undefined) {
      transaction = {
        key: sessionKey,
        session: command.session,
        number: command.transaction ?? Buffer.alloc(0),
        link,
        pool,
        client,
        isBusy: true,
        timer: undefined,
      };
      this.transactions.add(transaction);
    }
    await this.#exchange(client, link, command, frame, transaction, (reply) => {
      if (command.name === "killCursors") for (const id of command.cursors) this.cursors.delete(key, id);
      if (reply?.cursor === undefined) return;
      const { id, namespace } = reply.cursor;
      if (id === 0n) {
        if (cursorId !== undefined) this.cursors.delete(key, cursorId);
        return;
      }
      const isTailing = cursor?.isTailing ?? command.isTailing;
      this.cursors.add({
        id,
        login: key,
        backend: link.backend,
        namespace,
        isTailing,
        peer: peerOf(key, client),
      });
    }).finally(() => {
      if (transaction === undefined) pool.giveBack(link);
    });
  }

  gone(client: MongoClient): void {
    this.clients.delete(client);
    const login = client.login ?? this.#options.login;
    const key = keyOf(login);
    this.transactions.abortOf(client);
    // What runs for nobody is ended with its connection; in a transaction its answer is waited for, as it is to be aborted.
    const { link } = client;
    if (link !== undefined) link.destroy();
    const peer = peerOf(key, client);
    for (const other of this.clients)
      if (peerOf(keyOf(other.login ?? this.#options.login), other) === peer) return;
    for (const cursor of this.cursors.takeOf(peer)) void this.#kill(cursor, this.#linksOf(key, login).shared);
  }

  /** Ends a cursor whose client has gone; a server that cannot be reached does it by itself in time. */
  async #kill(cursor: Parameters<typeof killCommand>[0], pool: LinkPool): Promise<void> {
    const { elements, database } = killCommand(cursor);
    try {
      const link = await pool.take(cursor.backend);
      await link.ask(request(elements, database));
      pool.giveBack(link);
    } catch (error) {
      if (!(error instanceof WeftkitError)) throw error;
    }
  }

  /** Sends a command and gives its answers to the client. */
  #exchange(
    client: MongoClient,
    link: MongoLink,
    command: MongoCommand,
    frame: Buffer,
    transaction: Transaction | undefined,
    answered: (reply: MongoReply | undefined) => void,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (!command.isAnswered) {
      link.send(frame, undefined);
      answered(undefined);
      if (transaction !== undefined) this.transactions.idle(transaction);
      resolve();
      return promise;
    }
    // In a transaction the answer is waited for though the client has gone.
    client.link = transaction === undefined ? link : undefined;
    link.send(frame, {
      reply: (bytes, isLast) => {
        let reply: MongoReply;
        try {
          reply = readReply(bytes);
        } catch {
          link.destroy();
          reject(new WeftkitError("server_lost", "the server has sent what is no answer"));
          return;
        }
        answered(reply);
        // After its last answer the link is another's, and not held back for this client.
        if (isLast) client.link = undefined;
        client.reply(bytes);
        if (!isLast) return;
        if (transaction !== undefined) this.#afterCommand(transaction, command, reply, client);
        resolve();
      },
      lost: () => {
        client.link = undefined;
        if (transaction !== undefined) this.transactions.lost(transaction);
        reject(new WeftkitError("server_lost", "the server has closed the connection"));
      },
    });
    return promise;
  }

  #afterCommand(
    transaction: Transaction,
    { name }: MongoCommand,
    reply: MongoReply,
    client: MongoClient,
  ): void {
    const isOver = name === "commitTransaction" || name === "abortTransaction" || reply.isTransactionOver;
    if (isOver) this.transactions.end(transaction);
    else if (client.isClosed) this.transactions.abort(transaction);
    else this.transactions.idle(transaction);
  }

  #linksOf(key: string, login: MongoLogin | undefined): Links {
    const known = this.#links.get(key);
    if (known !== undefined) return known;
    const { linksMax, tailingMax, waitMs } = this.#options;
    const open = (backend: string | undefined, onClosed: (link: MongoLink) => void) =>
      this.#connect(backend, login, onClosed);
    const links = {
      shared: new LinkPool({ linksMax, waitMs, open }),
      tailing: new LinkPool({ linksMax: tailingMax, waitMs, open }),
    };
    this.#links.set(key, links);
    return links;
  }

  #accept(socket: Socket): void {
    socket.on("error", () => {});
    // Drivers know of no refusal before their hello: they see a connection that is closed, and try again later.
    if (this.clients.size >= this.#options.clientsMax) {
      socket.destroy();
      return;
    }
    const { remoteAddress = "", localAddress = "", localPort = 0 } = socket;
    const host = localAddress.replace(/^::ffff:/, "");
    const address = this.#options.advertise ?? `${host.includes(":") ? `[${host}]` : host}:${localPort}`;
    this.clients.add(new MongoClient(this, this.sockets.take(socket), ++this.#ids, remoteAddress, address));
  }

  /** A connection to a server that has said hello, logged in. @throws MongoPoolError, WeftkitError */
  async #connect(
    wanted: string | undefined,
    login: MongoLogin | undefined,
    onClosed: (link: MongoLink) => void,
  ): Promise<MongoLink> {
    const { backends, backendTls, connectTimeoutMs: timeoutMs } = this.#options;
    const all = backends.table.of(target);
    const except = new Set(wanted === undefined ? [] : all.map(({ id }) => id).filter((id) => id !== wanted));
    for (;;) {
      const place = backends.acquire({ ...target, except });
      if (place === undefined) throw new WeftkitError("no_backend", "no server of document is there");
      let link: MongoLink | undefined;
      try {
        const plain = await connect(place.backend, { timeoutMs });
        const socket = place.backend.tls
          ? await secure(plain, place.backend, { timeoutMs, tls: backendTls })
          : plain;
        link = new MongoLink(this.sockets, this.sockets.take(socket), place.backend.id, (closed) => {
          this.#open.delete(closed);
          place.release();
          onClosed(closed);
        });
        this.#open.add(link);
        await this.#prepare(link, login, timeoutMs);
        place.succeeded();
        return link;
      } catch (error) {
        if (link === undefined) place.release();
        else link.destroy();
        if (error instanceof MongoPoolError) throw error;
        place.failed(error instanceof Error ? error.message : String(error));
        except.add(place.backend.id);
        if (except.size >= all.length) throw new WeftkitError("no_backend", (error as Error).message);
      }
    }
  }

  async #prepare(link: MongoLink, login: MongoLogin | undefined, timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => link.destroy(), timeoutMs);
    try {
      this.#hello = await greet(link);
      if (login !== undefined) await logIn(link, login);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Connections are shared by those who are the same to servers. */
function keyOf(login: MongoLogin | undefined): string {
  return login === undefined ? "" : `${login.database}.${login.user}`;
}

function peerOf(key: string, { remote }: MongoClient): string {
  return `${remote} ${key}`;
}

import {
  Backends,
  type BackendTls,
  fileSource,
  mayLeadTo,
  protocolProbe,
  readBackendTls,
  readSources,
} from "@weftkit/backends";
import { ConfigError } from "@weftkit/config";
import { type Deadline, watchFiles } from "@weftkit/core";
import type { Service, ServiceContext } from "@weftkit/host";
import { messageBytesMax as mongoMessageBytesMax } from "@weftkit/wire-mongo";
import { registerMetrics, registerMongoMetrics } from "./metrics.ts";
import { MongoFront } from "./mongo/mongo-front.ts";
import { PoolSockets } from "./network/pool-sockets.ts";
import { PostgresFront } from "./postgres/postgres-front.ts";
import { RespFront } from "./resp/resp-front.ts";

/** Many clients on few connections of servers: see docs/pool.md. */
export class Pool implements Service<"pool"> {
  #backends: Backends | undefined;
  #sockets: PoolSockets | undefined;
  #postgres: PostgresFront | undefined;
  #resp: RespFront | undefined;
  #mongo: MongoFront | undefined;
  #stopWatching = () => {};
  /** The port that it listens on for PostgreSQL. */
  port = 0;
  /** And for RESP; 0 when it does not. */
  respPort = 0;
  /** And for MongoDB's protocol; 0 when it does not. */
  mongoPort = 0;

  async open(ctx: ServiceContext<"pool">): Promise<void> {
    const { section, log, config, watchIntervalMs } = ctx;
    requireSense(section);
    const backendTls = readBackendTls(
      "pool",
      { ca: section.backend_tls_ca_file },
      section.backend_tls_verify,
    );
    const sources = readSources(section.backends, "pool.backends", ctx);
    if (section.backends_file !== undefined)
      sources.push(fileSource(section.backends_file, log, watchIntervalMs));
    this.#backends = new Backends({ sources, log, probe: protocolProbe(backendTls) });
    await this.#backends.open();
    this.#sockets = new PoolSockets();
    const bind = section.bind ?? config.server.bind;
    const front = new PostgresFront({
      section,
      bind,
      backends: this.#backends,
      backendTls,
      tls: ctx.tls,
      sockets: this.#sockets,
      log,
      version: ctx.version,
    });
    this.#postgres = front;
    const files = [section.users_file, section.databases_file].filter((file) => file !== undefined);
    this.#stopWatching = watchFiles(
      files,
      () => {
        try {
          front.reload();
          log.info({ files }, "databases and users were read again");
        } catch (error) {
          log.error(
            { err: error, files },
            "databases and users have changed, but cannot be used; the old ones stay",
          );
        }
      },
      watchIntervalMs,
    );
    registerMetrics(ctx.metrics, front);
    this.#backends.register(ctx.metrics);
    this.port = await front.open();
    const resp = { engine: "inmemory", group: "default" } as const;
    if (this.#backends.table.of(resp).length > 0 || mayLeadTo(section.backends, resp))
      await this.#openResp(ctx, bind, backendTls, front);
    const document = { engine: "document", group: "default" } as const;
    if (this.#backends.table.of(document).length > 0 || mayLeadTo(section.backends, document))
      await this.#openMongo(ctx, bind, backendTls, front);
    log.info({ port: this.port, native: this.#sockets.isNative }, "listening for PostgreSQL");
  }

  async #openResp(
    ctx: ServiceContext<"pool">,
    bind: string,
    backendTls: BackendTls,
    front: PostgresFront,
  ): Promise<void> {
    const { section, log } = ctx;
    const { user, password } = section;
    this.#resp = new RespFront({
      bind,
      port: section.resp_port,
      clientsMax: section.max_connections,
      sharedMax: section.resp_connections,
      dedicatedMax: section.resp_dedicated_max,
      timeoutMs: section.server_connect_timeout,
      authenticates: section.auth_type !== "trust",
      // Clients that name nobody are the one user that the section names, as they are with an engine.
      secretOf: (name) =>
        front.users.get(name) ??
        (name === "default" && user !== undefined ? front.users.get(user) : undefined),
      login: user === undefined || password === undefined ? undefined : { user, password },
      backends: this.#backends!,
      backendTls,
      tls: ctx.tls,
      sockets: this.#sockets!,
      log,
    });
    this.respPort = await this.#resp.open();
    log.info({ port: this.respPort }, "listening for RESP");
  }

  async #openMongo(
    ctx: ServiceContext<"pool">,
    bind: string,
    backendTls: BackendTls,
    front: PostgresFront,
  ): Promise<void> {
    const { section, log } = ctx;
    const { user, password } = section;
    this.#mongo = new MongoFront({
      bind,
      port: section.mongo_port,
      advertise: section.mongo_advertise,
      clientsMax: section.max_connections,
      linksMax: section.mongo_connections,
      tailingMax: section.mongo_dedicated_max,
      connectTimeoutMs: section.server_connect_timeout,
      waitMs: section.query_wait_timeout,
      idleMs: section.server_idle_timeout || Number.POSITIVE_INFINITY,
      idleTransactionMs: section.idle_transaction_timeout,
      messageBytesMax: Math.min(mongoMessageBytesMax, section.message_bytes_max),
      authenticates: section.auth_type !== "trust",
      secretOf: (name) => front.users.get(name),
      login:
        user === undefined || password === undefined
          ? undefined
          : { user, database: "admin", secret: { password } },
      backends: this.#backends!,
      backendTls,
      tls: ctx.tls,
      sockets: this.#sockets!,
    });
    registerMongoMetrics(ctx.metrics, this.#mongo);
    this.mongoPort = await this.#mongo.open();
    log.info({ port: this.mongoPort }, "listening for MongoDB's protocol");
  }

  async close(deadline: Deadline): Promise<void> {
    this.#stopWatching();
    await Promise.all([
      this.#postgres?.close(deadline.signal),
      this.#resp?.close(deadline.signal),
      this.#mongo?.close(deadline.signal),
    ]);
    this.#backends?.close();
    this.#sockets?.end();
  }

  status(): Record<string, unknown> {
    const front = this.#postgres;
    if (front === undefined) return {};
    return {
      port: this.port,
      clients: front.clients.size,
      pools: [...front.pools.values()].map((pool) => ({
        database: pool.options.database.name,
        user: pool.options.user,
        mode: pool.options.settings().mode,
        clients: pool.clients,
        waiting: pool.waiting,
        servers: { idle: pool.idle.length, busy: pool.busy.size, connecting: pool.connecting },
      })),
      ...(this.#resp !== undefined && {
        resp: { port: this.respPort, clients: this.#resp.clients.size, servers: this.#resp.servers },
      }),
      ...(this.#mongo !== undefined && {
        mongo: {
          port: this.mongoPort,
          clients: this.#mongo.clients.size,
          waiting: this.#mongo.waiting,
          servers: this.#mongo.servers,
          transactions: this.#mongo.transactions.count,
          cursors: this.#mongo.cursors.count,
        },
      }),
      backends: this.#backends
        ?.states()
        .map(({ backend, state, connections }) => ({ id: backend.id, state, connections })),
    };
  }
}

/** @throws ConfigError for what the keys say together */
function requireSense(section: ServiceContext<"pool">["section"]): void {
  const { auth_type, users_file, user, password, auth_user, backends, backends_file, databases_file } =
    section;
  const mistakes = [];
  if (backends.length === 0 && backends_file === undefined && databases_file === undefined) {
    mistakes.push({
      where: "pool.backends",
      message: 'no servers: set backends = ["relational=host:5432"], backends_file or databases_file',
    });
  }
  if (auth_type !== "trust" && users_file === undefined && user === undefined && auth_user === undefined) {
    mistakes.push({
      where: "pool.users_file",
      message: 'nobody could log in: set users_file, user and password, or auth_user; or auth_type = "trust"',
    });
  }
  if (user !== undefined && password === undefined && auth_type !== "trust") {
    mistakes.push({ where: "pool.password", message: `the user ${user} needs a password` });
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
}

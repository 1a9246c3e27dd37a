import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Duplex } from "node:stream";
import { ConfigError } from "@weftkit/config";
import type { Deadline } from "@weftkit/core";
import type { Engine, EngineContext, Peer, Refusal } from "@weftkit/host";
import type { Logger } from "@weftkit/observe";
import { LogStream, type Stream } from "@weftkit/persist";
import type { StateFile } from "@weftkit/persist/snapshot";
import { NativeSockets, StreamTransport, socketsSupport } from "@weftkit/sockets";
import { AclFile } from "./acl/file.ts";
import { CommandChanges, changeForm } from "./changes/change-of-command.ts";
import { LogChanges, type LogChangesLimits } from "./changes/log-changes.ts";
import { Registry } from "./command-table/registry.ts";
import { commandFamilies } from "./commands/index.ts";
import { ClientConnection } from "./network/client-connection.ts";
import { Tick } from "./network/tick.ts";
import { AppendOnlyFile } from "./persistence/append-only-file.ts";
import { LogFiles } from "./persistence/log-files.ts";
import { loadLogFolder } from "./persistence/log-folder.ts";
import { LogKeeper } from "./persistence/log-keeper.ts";
import type { WriteObserver } from "./persistence/read-log.ts";
import { snapshotOfLog } from "./persistence/snapshot-of-log.ts";
import { Following, transferFolder } from "./replication/following.ts";
import { Cluster } from "./server/cluster.ts";
import { Cron } from "./server/cron.ts";
import { registerMetrics } from "./server/metrics.ts";
import { parseNotifyClasses } from "./server/notifications.ts";
import { replayFile } from "./server/replay.ts";
import { Server } from "./server/server.ts";
import { defaultSettings } from "./settings.ts";
import { memorySupport } from "./storage/segment-pool.ts";

/** Beneath the data dir. */
const logFolder = "appendonlydir";

export interface InmemoryOptions {
  /** False serves all clients through Node's own streams, as where the native sockets are not built. */
  readonly hasNativeSockets?: boolean;
  /** What is kept for those who follow the changes. */
  readonly changes?: Partial<LogChangesLimits>;
}

/** The Redis-compatible in-memory engine, as the host runs it. */
export class InmemoryEngine implements Engine<"inmemory"> {
  readonly #options: InmemoryOptions;
  #server!: Server;
  #tick!: Tick;
  #following: Following | undefined;
  #sockets: NativeSockets | undefined;
  #log!: AppendOnlyFile;
  #keeper!: LogKeeper;
  #changes!: LogChanges;
  #cron!: Cron;
  #files: LogFiles | undefined;
  readonly #connections = new Set<ClientConnection>();

  constructor(options: InmemoryOptions = {}) {
    this.#options = options;
  }

  streams(dataDir: string): readonly Stream[] {
    this.#files = new LogFiles(join(dataDir, logFolder));
    return [new LogStream("log", this.#files)];
  }

  snapshot(): AsyncIterable<StateFile> {
    return snapshotOfLog("log", this.#files!);
  }

  async open(ctx: EngineContext<"inmemory">): Promise<void> {
    const { section } = ctx;
    const server = new Server({
      registry: new Registry(commandFamilies),
      authenticator: ctx.auth,
      settings: settingsOf(section),
    });
    this.#server = server;
    if (section.acl_file !== undefined) loadAclFile(server, resolve(ctx.dataDir, section.acl_file));
    const folder = join(ctx.dataDir, logFolder);
    const started = performance.now();
    server.isLoading = true;
    const commands = new CommandChanges(server.registry, server.settings.databases);
    this.#changes = new LogChanges(folder, commands, ctx.log, this.#options.changes);
    const replay = (path: string, onWrite?: WriteObserver) => replayFile(server, path, onWrite);
    const loaded = loadLogFolder(folder, ctx.log, replay, this.#changes);
    server.isLoading = false;
    ctx.log.info(
      { commands: loaded.commands, ms: Math.round(performance.now() - started) },
      "the append-only file is loaded",
    );
    this.#log = new AppendOnlyFile(
      folder,
      loaded.manifest,
      server.settings.appendFsync,
      ctx.log,
      loaded.sizes,
      {
        refused: (why) => {
          server.refuseWrites(why);
          ctx.readiness.set("append-only file", why === undefined, why);
        },
        lost: (error) => ctx.fatal(error),
      },
      loaded.stamp,
    );
    await this.#changes.attach(this.#log);
    ctx.serveChanges(this.#changes, changeForm);
    this.#files ??= new LogFiles(folder);
    this.#files.attach(this.#log);
    server.propagation.journal = this.#log;
    this.#keeper = new LogKeeper(this.#log, server.settings, ctx.log, () => server.usedMemory);
    server.log = this.#keeper;
    server.dataDirectory = ctx.dataDir;
    server.localAddress = `${section.bind}:${section.port}`;
    server.onDefect = (error, command) =>
      ctx.log.error({ err: error, command }, "a command failed unexpectedly");
    server.onScriptLog = (level, message) => {
      const write = (["debug", "debug", "info", "warn"] as const)[level] ?? "info";
      ctx.log[write]({ from: "script" }, message);
    };
    server.limitConnections = (max) => ctx.limitConnections(max);
    server.onShutdown = () => process.kill(process.pid, "SIGTERM");
    registerMetrics(server, ctx.metrics);
    this.#sockets = this.#options.hasNativeSockets === false ? undefined : NativeSockets.open();
    if (section.cluster_enabled) {
      requireOneDatabase(server);
      const { cluster_announce_host: host, cluster_announce_port: port } = section;
      server.cluster = new Cluster({ host, port });
    }
    server.multiplexing = this.#sockets === undefined ? "libuv" : "epoll";
    sayWhatIsMissing(ctx.log);
    this.#tick = new Tick(server, this.#log, this.#sockets);
    // Of a replica that was killed.
    rmSync(join(ctx.dataDir, transferFolder), { recursive: true, force: true });
    const replica = { server, tick: this.#tick, folder: ctx.dataDir, log: ctx.log };
    server.onFollow = (primary) => {
      this.#following?.stop();
      this.#following = primary === undefined ? undefined : new Following(primary, replica);
      server.following = this.#following;
      ctx.log.info({ primary }, primary === undefined ? "is no replica any more" : "becomes a replica");
    };
    this.#log.onPending = () => this.#tick.schedule();
    this.#cron = new Cron(server, () => {
      this.#closeIdle();
      this.#keeper.rewriteIfGrown();
    });
  }

  accept(socket: Duplex, peer: Peer): void {
    const session = this.#server.createSession(peer);
    if (this.#server.cluster !== undefined) session.connectedTo = localAddressOf(socket);
    if (peer.identity === undefined) this.#server.admit(session);
    else session.authenticate(peer.identity);
    this.#server.statistics.connectionsReceived++;
    const transport = this.#sockets?.take(socket) ?? new StreamTransport(socket);
    this.#connections.add(
      new ClientConnection(session, transport, this.#tick, (connection) => {
        this.#connections.delete(connection);
        this.#server.closeSession(session);
        peer.released();
      }),
    );
  }

  refuse(socket: Duplex, reason: Refusal): void {
    if (reason === "max_connections") this.#server.statistics.connectionsRejected++;
    socket.end("-ERR max number of clients reached\r\n");
  }

  async close(_deadline: Deadline): Promise<void> {
    this.#following?.stop();
    this.#cron.stop();
    this.#server.scripts.stop();
    this.#server.functions.stop();
    this.#server.pausing.stop();
    for (const connection of this.#connections) connection.destroy();
    this.#sockets?.end();
    await this.#keeper.stop();
    await this.#changes.close();
    this.#log.close();
  }

  status(): Record<string, unknown> {
    const server = this.#server;
    return {
      clients: this.#connections.size,
      keys: server.databases.reduce((sum, db) => sum + db.size, 0),
      usedMemoryBytes: server.slab.usedBytes,
      appendOnlyFileBytes: this.#log.sizeBytes,
    };
  }

  /** Closes clients that said nothing for `timeout` seconds; not those that wait or listen. */
  #closeIdle(): void {
    const { settings, now } = this.#server;
    if (settings.timeoutSeconds === 0) return;
    const limit = now - settings.timeoutSeconds * 1000;
    for (const connection of this.#connections) {
      const { session } = connection;
      if (
        connection.lastActiveAt < limit &&
        session.blocked === undefined &&
        session.subscriptionCount === 0
      ) {
        connection.destroy();
      }
    }
  }
}

/** Brings the users of an ACL file in. */
function loadAclFile(server: Server, path: string): void {
  const file = new AclFile(path, server.acl);
  server.aclFile = file;
  try {
    file.load();
  } catch (error) {
    throw new ConfigError([{ where: "inmemory.acl_file", message: (error as Error).message }]);
  }
}

function settingsOf(section: EngineContext<"inmemory">["section"]) {
  const defaults = defaultSettings();
  return {
    databases: section.databases,
    maxClients: section.max_connections,
    maxMemory: section.max_memory_bytes,
    evictionPolicy: section.eviction_policy,
    appendFsync: section.appendfsync,
    notifyClasses: parseNotifyClasses(section.notify_keyspace_events) ?? 0,
    timeoutSeconds: section.timeout_seconds,
    isDebugEnabled: section.enable_debug_command,
    queryBufferLimitBytes: section.client_query_buffer_limit,
    bulkLimitBytes: section.proto_max_bulk_len,
    outputLimits: {
      normal: { ...defaults.outputLimits.normal, hardBytes: section.client_output_buffer_limit_normal },
      pubsub: { ...defaults.outputLimits.pubsub, hardBytes: section.client_output_buffer_limit_pubsub },
    },
  };
}

/** In a cluster nobody could reach what is in the other databases. */
function requireOneDatabase({ databases }: Server): void {
  const other = databases.find((db) => db.index > 0 && db.size > 0);
  if (other === undefined) return;
  throw new ConfigError([
    {
      where: "inmemory.cluster_enabled",
      message: `a cluster has database 0 alone, and database ${other.index} has ${other.size} keys: move or delete them first, with cluster_enabled = false`,
    },
  ]);
}

/** What a client has connected to. */
function localAddressOf(socket: Duplex): { host: string; port: number } | undefined {
  const { localAddress, localPort } = socket as { localAddress?: string; localPort?: number };
  if (localAddress === undefined || localPort === undefined) return undefined;
  return { host: localAddress.replace(/^::ffff:/, ""), port: localPort };
}

/** What is compiled may be missing, and is done without: that is said once. */
function sayWhatIsMissing(log: Logger): void {
  const sockets = socketsSupport();
  if (!sockets.available)
    log.info({ why: sockets.why }, "clients are served through Node's own streams, which costs more");
  const memory = memorySupport();
  if (!memory.available)
    log.info({ why: memory.why }, "unused memory is given back by garbage collections only");
}

import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { StoreChanges } from "@weftkit/changes";
import type { Deadline } from "@weftkit/core";
import type { Engine, EngineContext, Peer } from "@weftkit/host";
import type { Logger } from "@weftkit/observe";
import type { Stream } from "@weftkit/persist";
import { EngineStore } from "@weftkit/persist/pages";
import type { StateFile } from "@weftkit/persist/snapshot";
import { FramedConnection, SocketGroup } from "@weftkit/sockets";
import { statement } from "@weftkit/store";
import { frameLength } from "@weftkit/wire-mongo";
import "./accumulators/all.ts";
import "./expressions/all.ts";
import "./stages/all.ts";
import { allCommands, commandTable } from "./commands/registry.ts";
import { applicationId } from "./identity.ts";
import { ClientConnection } from "./protocol/client-connection.ts";
import type { ConnectionState } from "./server/connection-state.ts";
import { Server } from "./server/server.ts";
import { serverStage } from "./server/server-stages.ts";
import { migrations } from "./storage/schema.ts";
import { changeForm } from "./streams/change-form.ts";

/** The database, in the data folder. */
export const databaseFile = "document.db";

/** So much of the changes is kept for change streams that are resumed. */
const changesBytes = 64 << 20;

/** How often idle cursors, old sessions and expired documents are looked for. */
const upkeepMs = 10_000;

/** The document engine, as the host runs it. */
export class DocumentEngine implements Engine<"document"> {
  readonly #engineStore = new EngineStore(databaseFile);
  readonly #sockets = new SocketGroup();
  readonly #connections = new Set<FramedConnection>();
  #context!: EngineContext<"document">;
  #server!: Server;
  #changes!: StoreChanges;
  #upkeep: NodeJS.Timeout | undefined;

  streams(dataDir: string, log: Logger): readonly Stream[] {
    return [this.#engineStore.stream(dataDir, log)];
  }

  snapshot(scratch: string): AsyncIterable<StateFile> {
    return this.#engineStore.snapshot(scratch);
  }

  async open(ctx: EngineContext<"document">): Promise<void> {
    this.#context = ctx;
    const { log, metrics, readiness, section } = ctx;
    const store = await this.#engineStore.open({
      dataDir: ctx.dataDir,
      applicationId,
      migrations,
      walFsync: section.wal_fsync,
      log,
      metrics,
      readiness,
      fatal: (error) => ctx.fatal(error),
    });
    const hasStreams = await store.read(
      (db) =>
        statement(db, "SELECT 1 FROM settings WHERE name = 'has_change_streams'", { pluck: true }).get() ===
        1,
    );
    this.#changes = await StoreChanges.open({
      store,
      log,
      isAlwaysOn: hasStreams,
      windowBytes: changesBytes,
    });
    ctx.serveChanges(this.#changes, changeForm);
    this.#server = new Server({
      store,
      changes: this.#changes,
      log,
      authenticator: ctx.auth,
      advertisedAddress: section.advertised_address,
      allowsFailPoints: section.fail_points,
      commands: allCommands,
      serverStages: (name, spec, context) => serverStage(this.#server, name, spec, context),
    });
    this.#server.hasStreams = hasStreams;
    await this.#server.load();
    this.#upkeep = setInterval(() => {
      this.#server.expire();
      void this.#server.deleteExpired();
    }, upkeepMs);
  }

  accept(socket: Duplex, peer: Peer): void {
    const server = this.#server;
    const state: ConnectionState = {
      id: server.nextConnection(),
      remote: `${peer.address}:${peer.port}`,
      local: localAddress(socket, this.#context.section.port),
      isTls: peer.tls,
      startedMs: Date.now(),
      certificate: peer.identity,
      user: undefined,
      userDb: "",
      login: undefined,
      client: undefined,
      compressor: undefined,
    };
    server.connections++;
    server.connectionsCreated++;
    const client = new ClientConnection({
      server,
      commands: commandTable,
      state,
      log: this.#context.log,
      closed: () => {
        server.connections--;
        this.#connections.delete(connection);
        peer.released();
      },
    });
    const connection = new FramedConnection(
      this.#sockets,
      this.#sockets.take(socket),
      (bytes, at, end) => frameLength(bytes, at, end),
      client,
    );
    this.#connections.add(connection);
    client.attach(connection);
    connection.start();
  }

  async close(deadline: Deadline): Promise<void> {
    clearInterval(this.#upkeep);
    for (const connection of this.#connections) connection.destroy();
    for (const session of this.#server.sessions.all()) session.transaction?.abort();
    this.#server.pointReads.close();
    await deadline.race(this.#changes.close());
    this.#sockets.end();
  }

  dispose(): Promise<void> {
    return this.#engineStore.close();
  }

  status(): Record<string, unknown> {
    const server = this.#server;
    return {
      connections: server.connections,
      cursors: server.cursors.size,
      sessions: server.sessions.size,
      transactions: server.writes.openTransactions,
    };
  }
}

/** The address that a client has reached this server at. */
function localAddress(socket: Duplex, port: number): string {
  if (!(socket instanceof Socket)) return `localhost:${port}`;
  const { localAddress: address = "localhost", localPort = port } = socket;
  const plain = address.replace(/^::ffff:/, "");
  return plain.includes(":") ? `[${plain}]:${localPort}` : `${plain}:${localPort}`;
}

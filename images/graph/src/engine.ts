import type { Duplex } from "node:stream";
import { jsonTexts, StoreChanges } from "@weftkit/changes";
import type { Deadline } from "@weftkit/core";
import type { Engine, EngineContext, Peer } from "@weftkit/host";
import { Counter, Gauge, type Logger } from "@weftkit/observe";
import type { Stream } from "@weftkit/persist";
import { EngineStore } from "@weftkit/persist/pages";
import type { StateFile } from "@weftkit/persist/snapshot";
import { FramedConnection, SocketGroup } from "@weftkit/sockets";
import { ClientConnection } from "./protocol/client-connection.ts";
import { GraphDatabase } from "./session/database.ts";
import { graphApplicationId, graphMigrations } from "./storage/migrations.ts";

/** The graph, in the data folder. */
export const databaseFile = "graph.db";

/** The graph engine, as the host runs it. */
export class GraphEngine implements Engine<"graph"> {
  readonly #engineStore = new EngineStore(databaseFile);
  readonly #sockets = new SocketGroup();
  readonly #clients = new Set<ClientConnection>();
  #context!: EngineContext<"graph">;
  #database!: GraphDatabase;
  #changes!: StoreChanges;

  streams(dataDir: string, log: Logger): readonly Stream[] {
    return [this.#engineStore.stream(dataDir, log)];
  }

  snapshot(scratch: string): AsyncIterable<StateFile> {
    return this.#engineStore.snapshot(scratch);
  }

  async open(ctx: EngineContext<"graph">): Promise<void> {
    this.#context = ctx;
    const store = await this.#engineStore.open({
      dataDir: ctx.dataDir,
      applicationId: graphApplicationId,
      migrations: graphMigrations,
      walFsync: ctx.section.wal_fsync,
      log: ctx.log,
      metrics: ctx.metrics,
      readiness: ctx.readiness,
      fatal: (error) => ctx.fatal(error),
    });
    this.#changes = await StoreChanges.open({ store, log: ctx.log });
    ctx.serveChanges(this.#changes, jsonTexts);
    this.#database = await GraphDatabase.open(store, { importFolder: ctx.section.import_dir });
    this.#addMetrics(ctx);
  }

  #addMetrics({ metrics }: EngineContext<"graph">): void {
    const queries = new Counter({
      name: "weftkit_graph_queries_total",
      help: "Queries that were run, by what they do: r reads, w writes, rw both, s schema and administration",
      labelNames: ["type"],
      registers: [metrics],
    });
    this.#database.onQuery = (type) => queries.inc({ type });
    const open = () => this.#database.transactions.size;
    new Gauge({
      name: "weftkit_graph_open_transactions",
      help: "Transactions that are open",
      registers: [metrics],
      collect() {
        this.set(open());
      },
    });
  }

  accept(socket: Duplex, peer: Peer): void {
    const client = new ClientConnection({
      authenticator: this.#context.auth,
      database: this.#database,
      peer,
      log: this.#context.log,
      advertisedAddress: this.#context.section.advertised_address,
      defaultTimeoutMs: undefined,
      closed: () => {
        this.#clients.delete(client);
        peer.released();
      },
    });
    // Whatever has come is a frame: chunks are put together by the connection, behind a WebSocket or not.
    const connection = new FramedConnection(
      this.#sockets,
      this.#sockets.take(socket),
      (_bytes, at, end) => end - at,
      client,
    );
    this.#clients.add(client);
    client.attach(connection);
    connection.start();
  }

  async close(deadline: Deadline): Promise<void> {
    for (const client of this.#clients) client.shutDown();
    await deadline.race(this.#database.store.transactionsEnded());
    await this.#changes.close();
    this.#sockets.end();
  }

  dispose(): Promise<void> {
    return this.#engineStore.close();
  }

  status(): Record<string, unknown> {
    return { connections: this.#clients.size, transactions: this.#database.transactions.size };
  }
}

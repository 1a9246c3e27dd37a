import { join } from "node:path";
import type { Duplex } from "node:stream";
import { jsonTexts, StoreChanges } from "@weftkit/changes";
import type { Deadline } from "@weftkit/core";
import type { Engine, EngineContext, Peer } from "@weftkit/host";
import { Gauge, Histogram, type Logger } from "@weftkit/observe";
import type { Stream } from "@weftkit/persist";
import { EngineStore } from "@weftkit/persist/pages";
import type { StateFile } from "@weftkit/persist/snapshot";
import { CollectionSnapshots } from "./collections/collection-snapshots.ts";
import { VectorDatabase } from "./collections/vector-database.ts";
import { applicationId, qdrantVersion } from "./identity.ts";
import { GrpcServer } from "./protocol/grpc-server.ts";
import { healthService } from "./protocol/health.ts";
import { HttpFace, tooLarge } from "./protocol/http/http-face.ts";
import { HttpServer } from "./protocol/http/http-server.ts";
import { JsonService } from "./protocol/http/json-service.ts";
import { Identify } from "./protocol/identify.ts";
import { readProto } from "./protocol/proto-files.ts";
import { CollectionsApi } from "./protocol/qdrant/collections-api.ts";
import { collectionsService } from "./protocol/qdrant/grpc-collections.ts";
import { pointsService } from "./protocol/qdrant/grpc-points.ts";
import { snapshotsService } from "./protocol/qdrant/grpc-snapshots.ts";
import { PointsApi } from "./protocol/qdrant/points-api.ts";
import type { Apis } from "./protocol/qdrant/rest-routes.ts";
import { SnapshotsApi } from "./protocol/qdrant/snapshots-api.ts";
import { Reflection } from "./protocol/reflection.ts";
import { settleProtocol } from "./protocol/settle-protocol.ts";
import { VectorService } from "./protocol/weftkit/service.ts";
import { migrations } from "./storage/schema.ts";

/** The database, in the data folder. */
export const databaseFile = "vector.db";

const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Vector search, as the host runs it. */
export class VectorEngine implements Engine<"vector"> {
  /** Clients of both protocols are told theirs. */
  readonly alpn = ["h2", "http/1.1"];
  readonly #engineStore = new EngineStore(databaseFile);
  /** By the client's address and port, as gRPC's calls know it. */
  readonly #peers = new Map<string, Peer>();
  readonly #sockets = new Set<Duplex>();
  #database!: VectorDatabase;
  #changes!: StoreChanges;
  #grpc!: GrpcServer;
  #http!: HttpServer;
  #isClosing = false;

  streams(dataDir: string, log: Logger): readonly Stream[] {
    return [this.#engineStore.stream(dataDir, log)];
  }

  snapshot(scratch: string): AsyncIterable<StateFile> {
    return this.#engineStore.snapshot(scratch);
  }

  async open(ctx: EngineContext<"vector">): Promise<void> {
    const { log, metrics, readiness } = ctx;
    const store = await this.#engineStore.open({
      dataDir: ctx.dataDir,
      applicationId,
      migrations,
      walFsync: ctx.section.wal_fsync,
      log,
      metrics,
      readiness,
      fatal: (error) => ctx.fatal(error),
    });
    this.#changes = await StoreChanges.open({ store, log });
    ctx.serveChanges(this.#changes, jsonTexts);
    this.#database = new VectorDatabase({
      store,
      log,
      folder: join(ctx.dataDir, "indexes"),
      indexBytesMax: ctx.section.max_index_bytes,
    });
    await this.#database.open();
    this.#addMetrics(ctx);
    const identify = new Identify(ctx.auth, ctx.section.rate_limit);
    const duration = new Histogram({
      name: "weftkit_grpc_call_duration_seconds",
      help: "From a call's message to its answer.",
      labelNames: ["method", "code"],
      buckets,
      registers: [metrics],
    });
    this.#grpc = new GrpcServer({
      log,
      identify: (authorization, address) =>
        identify.caller(authorization, this.#peers.get(address) ?? { address }),
      finished: (method, code, seconds) => duration.observe({ method, code }, seconds),
    });
    const apis: Apis = {
      points: new PointsApi(this.#database),
      collections: new CollectionsApi(this.#database),
      snapshots: new SnapshotsApi(
        this.#database,
        new CollectionSnapshots(this.#database, join(ctx.dataDir, "snapshots")),
      ),
    };
    const face = new HttpFace({
      apis,
      service: this.#addServices(apis),
      log,
      identify: ({ authorization, peer }) => identify.caller(authorization, peer ?? { address: "" }),
      finished: (method, code, seconds) => duration.observe({ method, code }, seconds),
      isServing: () => !this.#isClosing,
      version: { title: "weftkit/vector", version: qdrantVersion, weftkit: ctx.version },
    });
    this.#http = new HttpServer({ handle: (request) => face.handle(request), tooLarge });
  }

  #addServices({ points, collections, snapshots }: Apis): JsonService {
    const reflection = new Reflection();
    const own = readProto("weftkit_vec.proto");
    const services = [
      "weftkit.vector.v1.VectorService",
      "qdrant.Points",
      "qdrant.Collections",
      "qdrant.Qdrant",
    ];
    const handlers = new VectorService(this.#database).handlers();
    reflection.add(own);
    this.#grpc.add(own, services[0]!, handlers);
    const qdrant = readProto("qdrant.proto");
    reflection.add(qdrant);
    this.#grpc.add(qdrant, "qdrant.Points", pointsService(points, collections));
    this.#grpc.add(qdrant, "qdrant.Collections", collectionsService(collections));
    this.#grpc.add(qdrant, "qdrant.Snapshots", snapshotsService(snapshots));
    this.#grpc.add(qdrant, "qdrant.Qdrant", {
      open: { HealthCheck: () => ({ title: "weftkit/vector", version: qdrantVersion }) },
    });
    const health = readProto("health.proto");
    reflection.add(health);
    this.#grpc.add(
      health,
      "grpc.health.v1.Health",
      healthService(services, () => !this.#isClosing),
    );
    for (const version of ["v1", "v1alpha"] as const) {
      const file = readProto(`reflection_${version}.proto`);
      reflection.add(file);
      this.#grpc.add(file, `grpc.reflection.${version}.ServerReflection`, reflection.handlers());
    }
    return new JsonService(own, services[0]!, handlers);
  }

  #addMetrics({ metrics }: EngineContext<"vector">): void {
    const database = this.#database;
    const gauges: [name: string, help: string, value: () => number][] = [
      ["weftkit_vector_collections", "Collections.", () => database.size],
      ["weftkit_vector_index_bytes", "Memory that indexes take.", () => database.budget.used],
      ["weftkit_vector_points", "Points in all collections.", () => sum(database, ({ points }) => points)],
      [
        "weftkit_vector_unlinked",
        "Vectors that wait to be linked into a graph.",
        () => sum(database, ({ waiting }) => waiting),
      ],
    ];
    for (const [name, help, value] of gauges) {
      new Gauge({
        name,
        help,
        registers: [metrics],
        collect() {
          this.set(value());
        },
      });
    }
  }

  accept(socket: Duplex, peer: Peer): void {
    const name = `${peer.address}:${peer.port}`;
    this.#sockets.add(socket);
    this.#peers.set(name, peer);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      this.#sockets.delete(socket);
      if (this.#peers.get(name) === peer) this.#peers.delete(name);
    });
    void settleProtocol(socket).then((protocol) => {
      if (protocol === "http2") this.#grpc.accept(socket);
      else if (protocol === "http1") this.#http.accept(socket, peer);
    });
  }

  async close(deadline: Deadline): Promise<void> {
    this.#isClosing = true;
    await Promise.all([this.#grpc.close(deadline), this.#http.close(deadline)]);
    for (const socket of this.#sockets) socket.destroy();
    await this.#changes.close();
    await this.#database.close();
  }

  dispose(): Promise<void> {
    return this.#engineStore.close();
  }

  status(): Record<string, unknown> {
    const database = this.#database;
    return {
      connections: this.#sockets.size,
      collections: database.size,
      points: sum(database, ({ points }) => points),
      unlinked: sum(database, ({ waiting }) => waiting),
      indexBytes: database.budget.used,
    };
  }
}

function sum(
  database: VectorDatabase,
  of: (collection: { points: number; waiting: number }) => number,
): number {
  let total = 0;
  for (const collection of database.all()) total += of(collection);
  return total;
}

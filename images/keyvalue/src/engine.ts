import type { Duplex } from "node:stream";
import { jsonTexts, StoreChanges } from "@weftkit/changes";
import { type Deadline, systemClock } from "@weftkit/core";
import type { Engine, EngineContext, Peer } from "@weftkit/host";
import { AwsError, RequestVerifier, RpcServer } from "@weftkit/http-aws";
import type { Logger } from "@weftkit/observe";
import type { Stream } from "@weftkit/persist";
import { EngineStore } from "@weftkit/persist/pages";
import type { StateFile } from "@weftkit/persist/snapshot";
import { GroupedReads, GroupedWrites, type Store, statement } from "@weftkit/store";
import { Background } from "./background.ts";
import { CopyToBackup } from "./backups/copy-to-backup.ts";
import { FillFromBackup } from "./backups/fill-from-backup.ts";
import { applicationId } from "./identity.ts";
import { Dispatcher } from "./protocol/dispatcher.ts";
import type { Services } from "./services.ts";
import { forgetTokens } from "./storage/client-tokens.ts";
import { migrations } from "./storage/schema.ts";
import { ItemWriter } from "./storage/write-item.ts";
import { WriteRoom } from "./storage/write-room.ts";
import { StreamLog } from "./streams/stream-log.ts";
import { TrimStreams } from "./streams/trim-streams.ts";
import { Backfill } from "./tables/backfill.ts";
import { Catalog } from "./tables/catalog.ts";
import { dropAbandoned } from "./tables/drop-abandoned.ts";
import { Expire } from "./tables/expire.ts";
import { SaveCounts } from "./tables/save-counts.ts";

/** The database, in the data folder. */
export const databaseFile = "keyvalue.db";

/** Of a request, as on AWS: the largest is a batch of 25 items. */
const bodyBytesMax = 16 * 1024 * 1024;

/** Works that are refused have changed nothing. */
const isAnswer = (error: unknown) => error instanceof AwsError;

/** The item store, as the host runs it. */
export class KeyValueEngine implements Engine<"keyvalue"> {
  #store!: Store;
  #changes!: StoreChanges;
  #http!: RpcServer;
  #background!: Background;
  readonly #catalog = new Catalog();
  readonly #engineStore = new EngineStore(databaseFile);

  streams(dataDir: string, log: Logger): readonly Stream[] {
    return [this.#engineStore.stream(dataDir, log)];
  }

  snapshot(scratch: string): AsyncIterable<StateFile> {
    return this.#engineStore.snapshot(scratch);
  }

  async open(ctx: EngineContext<"keyvalue">): Promise<void> {
    const { log, metrics, readiness } = ctx;
    const store = await this.#engineStore.open({
      dataDir: ctx.dataDir,
      applicationId,
      migrations,
      walFsync: ctx.section.wal_fsync,
      keepsReserve: true,
      log,
      metrics,
      readiness,
      fatal: (error) => ctx.fatal(error),
    });
    this.#store = store;
    this.#changes = await StoreChanges.open({ store, log });
    ctx.serveChanges(this.#changes, jsonTexts);
    const catalog = this.#catalog;
    const streams = new StreamLog();
    const tokenKey = await store.read((db) => {
      catalog.reload(db);
      streams.open(db);
      return statement(db, "SELECT value FROM settings WHERE name = 'token_key'", {
        pluck: true,
      }).get() as Buffer;
    });
    const writer = new ItemWriter(streams);
    const room = new WriteRoom(store, this.#engineStore.reserve);
    this.#background = new Background({
      store,
      log,
      clock: systemClock,
      tasks: [
        dropAbandoned,
        new Backfill(catalog),
        new CopyToBackup(catalog),
        new FillFromBackup(catalog, writer),
        new Expire(catalog, writer),
        new TrimStreams(streams),
        forgetTokens,
        new SaveCounts(catalog),
      ],
      room,
      afterFailure: () => store.read((db) => catalog.reload(db)),
    });
    const services: Services = {
      store,
      writes: new GroupedWrites(store, isAnswer),
      reads: new GroupedReads(store, isAnswer),
      catalog,
      writer,
      streams,
      background: this.#background,
      room,
      log,
      tokenKey,
    };
    const verifier = new RequestVerifier({ auth: ctx.auth, service: "dynamodb" });
    const dispatcher = new Dispatcher(services, verifier, systemClock, ctx.section.rate_limit);
    this.#http = new RpcServer({
      context: ctx,
      handle: (request) => dispatcher.handle(request),
      bodyBytesMax,
    });
    this.#background.wake();
  }

  accept(socket: Duplex, peer: Peer): void {
    this.#http.accept(socket, peer);
  }

  refuse(socket: Duplex): void {
    this.#http.refuse(socket);
  }

  async close(deadline: Deadline): Promise<void> {
    await this.#http.close(deadline);
    await this.#background.stop();
    await this.#changes.close();
    await this.#store.write((db) => this.#catalog.saveCounts(db));
  }

  dispose(): Promise<void> {
    return this.#engineStore.close();
  }

  status(): Record<string, unknown> {
    return {
      requests: this.#http.requests,
      tables: this.#catalog.size,
      walBytes: this.#store.walBytes,
    };
  }
}

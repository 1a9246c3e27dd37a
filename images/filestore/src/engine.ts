import { openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Duplex } from "node:stream";
import { jsonTexts, StoreChanges } from "@weftkit/changes";
import { type Deadline, systemClock } from "@weftkit/core";
import type { Engine, EngineContext, Peer } from "@weftkit/host";
import { Cursors, descriptionPages, HttpServer, Problem } from "@weftkit/http";
import type { Logger } from "@weftkit/observe";
import type { Stream } from "@weftkit/persist";
import { BlobFolder, BlobsStream } from "@weftkit/persist/blobs";
import { EngineStore } from "@weftkit/persist/pages";
import { readFileOf, type StateFile, type StatePlaces } from "@weftkit/persist/snapshot";
import { GroupedReads, GroupedWrites, type Store, statement } from "@weftkit/store";
import { Accounts } from "./access/accounts.ts";
import { S3Error } from "./errors.ts";
import { applicationId } from "./identity.ts";
import { Lifecycle } from "./lifecycle/lifecycle.ts";
import type { Services } from "./objects/services.ts";
import { info, prefix, routesOf } from "./rest/routes.ts";
import { S3Server } from "./s3/server.ts";
import { ContentStore } from "./storage/content-store.ts";
import { MasterKey, masterKeyOf } from "./storage/encryption.ts";
import { migrations } from "./storage/schema.ts";
import { Sweeper } from "./storage/sweeper.ts";
import { VersionSequence } from "./storage/versions.ts";

/** The database, in the data folder. */
const databaseFile = "filestore.db";

/** The file store, as the host runs it. */
export class FilestoreEngine implements Engine<"filestore"> {
  #store!: Store;
  #changes!: StoreChanges;
  #http!: HttpServer;
  #s3!: S3Server;
  #sweeper!: Sweeper;
  #lifecycle!: Lifecycle;
  #contents!: ContentStore;
  #blobs: BlobsStream | undefined;
  readonly #engineStore = new EngineStore(databaseFile);

  streams(dataDir: string, log: Logger, section: EngineContext<"filestore">["section"]): readonly Stream[] {
    this.#blobs = new BlobsStream({ name: "blobs", folder: folderOf(dataDir, section.storage), log });
    return [this.#engineStore.stream(dataDir, log), this.#blobs];
  }

  places(dataDir: string, section: EngineContext<"filestore">["section"]): StatePlaces {
    return { pages: join(dataDir, databaseFile), blobs: folderOf(dataDir, section.storage) };
  }

  async *snapshot(scratch: string): AsyncGenerator<StateFile> {
    // What the database names must still be there when its turn comes.
    const resume = await this.#sweeper.pause();
    try {
      yield* this.#engineStore.snapshot(scratch);
      const { folder } = this.#contents;
      for await (const { sha256, bytes } of folder.list()) {
        const path = `${sha256.slice(0, 2)}/${sha256}`;
        const read = () => readFileOf(openSync(folder.pathOf(sha256), "r"), bytes);
        yield { place: "blobs", path, bytes, read };
      }
    } finally {
      resume();
    }
  }

  async open(ctx: EngineContext<"filestore">): Promise<void> {
    const { section, log, metrics, readiness, dataDir } = ctx;
    const store = await this.#engineStore.open({
      dataDir,
      applicationId,
      migrations,
      walFsync: section.wal_fsync,
      keepsReserve: true,
      log,
      metrics,
      readiness,
      fatal: (error) => ctx.fatal(error),
    });
    this.#store = store;
    this.#changes = await StoreChanges.open({ store, log });
    ctx.serveChanges(this.#changes, jsonTexts);
    const folderPath = folderOf(dataDir, section.storage);
    await mkdir(folderPath, { recursive: true, mode: 0o700 });
    const folder = await BlobFolder.open(folderPath, this.#blobs);
    this.#contents = new ContentStore(folder, store, log);
    const sequence = new VersionSequence();
    const { cursorKey, ownKey } = await store.read((db) => {
      sequence.open(db);
      const setting = statement(db, "SELECT value FROM settings WHERE name = ?", { pluck: true });
      return {
        cursorKey: setting.get("cursor_key") as Buffer,
        ownKey: setting.get("encryption_key") as Buffer,
      };
    });
    const { reserve } = this.#engineStore;
    const retentionMs = section.multipart_retention;
    this.#sweeper = new Sweeper({ store, reserve, contents: this.#contents, log, retentionMs });
    const { encryption_key: given } = section;
    const reads = new GroupedReads(store, isRefusal);
    const writes = new GroupedWrites(store, isRefusal);
    const services: Services = {
      store,
      contents: this.#contents,
      sequence,
      sweeper: this.#sweeper,
      accounts: new Accounts(section.accounts),
      masterKey: new MasterKey(given === undefined ? ownKey : masterKeyOf(given)),
      clock: systemClock,
      log,
      region: section.region,
      bytesMax: section.max_size,
      lifecycleDayMs: section.lifecycle_day,
      read: (work) => reads.read(work),
      reserve,
      write: (work) => writes.write(work),
      free: (work) => reserve.withReserve(() => writes.write(work)),
    };
    this.#lifecycle = new Lifecycle(services);
    this.#s3 = new S3Server({
      services,
      auth: ctx.auth,
      metrics,
      domains: section.domains,
      ratePerSecond: section.rate_limit,
    });
    const routes = routesOf({ services, cursors: new Cursors(cursorKey) });
    this.#http = new HttpServer({
      context: ctx,
      routes,
      prefix,
      pages: descriptionPages(routes, info),
      ratePerSecond: section.rate_limit,
      corsOrigins: section.cors_origins,
      // Objects of any size, over lines of any speed; each body is watched while it comes.
      requestTimeoutMs: 0,
      beside: {
        takes: (url) => !(url.startsWith(`${prefix}/`) || url === prefix),
        handle: (message, response, peer) => this.#s3.handle(message, response, peer),
      },
    });
    await this.#http.open();
  }

  accept(socket: Duplex, peer: Peer): void {
    this.#http.accept(socket, peer);
  }

  refuse(socket: Duplex): void {
    this.#http.refuse(socket);
  }

  async close(deadline: Deadline): Promise<void> {
    // The connections are closed with the other one.
    await this.#s3.close(deadline);
    await this.#http.close(deadline);
    await this.#lifecycle.stop();
    await this.#sweeper.stop();
    await this.#changes.close();
  }

  async dispose(): Promise<void> {
    await this.#blobs?.close();
    await this.#engineStore.close();
  }

  status(): Record<string, unknown> {
    return {
      requests: this.#http.requests + this.#s3.requests,
      damagedContents: this.#contents.damaged,
      walBytes: this.#store.walBytes,
    };
  }
}

/** Works that are refused have changed nothing. */
const isRefusal = (error: unknown) => error instanceof S3Error || error instanceof Problem;

/** Where the contents are. */
function folderOf(dataDir: string, storage: string | undefined): string {
  return storage === undefined ? join(dataDir, "files") : resolve(storage);
}

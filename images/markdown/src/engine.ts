import type { Duplex } from "node:stream";
import { StoreChanges } from "@weftkit/changes";
import type { Deadline } from "@weftkit/core";
import type { Engine, EngineContext, Peer } from "@weftkit/host";
import { Cursors, descriptionPages, HttpServer } from "@weftkit/http";
import type { Logger } from "@weftkit/observe";
import type { Stream } from "@weftkit/persist";
import { EngineStore } from "@weftkit/persist/pages";
import type { StateFile } from "@weftkit/persist/snapshot";
import { type Store, statement } from "@weftkit/store";
import type { ApiContext } from "./api/context.ts";
import { info, prefix, routesOf } from "./api/routes.ts";
import { changeForm } from "./storage/changes.ts";
import { databaseFile, openDocuments } from "./storage/open-documents.ts";
import { Sweeper } from "./storage/sweeper.ts";
import { TextWorkers } from "./text/text-workers.ts";
import { Deliveries } from "./webhooks/deliveries.ts";

/** So much of the change log is kept to go on from: some hundred thousand changes. */
const windowBytes = 32 * 1024 * 1024;

/** The content store, as the host runs it. */
export class MarkdownEngine implements Engine<"markdown"> {
  #store!: Store;
  #http!: HttpServer;
  #sweeper!: Sweeper;
  #texts!: TextWorkers;
  #changes!: StoreChanges;
  #deliveries!: Deliveries;
  readonly #engineStore = new EngineStore(databaseFile);

  streams(dataDir: string, log: Logger): readonly Stream[] {
    return [this.#engineStore.stream(dataDir, log)];
  }

  snapshot(scratch: string): AsyncIterable<StateFile> {
    return this.#engineStore.snapshot(scratch);
  }

  async open(ctx: EngineContext<"markdown">): Promise<void> {
    const { section } = ctx;
    const store = await openDocuments(ctx, this.#engineStore);
    this.#store = store;
    // Its own clients may come at any time and ask what has happened.
    this.#changes = await StoreChanges.open({ store, log: ctx.log, isAlwaysOn: true, windowBytes });
    ctx.serveChanges(this.#changes, changeForm);
    this.#deliveries = new Deliveries({
      store,
      changes: this.#changes,
      log: ctx.log,
      attemptsMax: section.webhook_attempts,
      retryAfterMs: section.webhook_retry_after,
      allowsPrivate: section.webhook_private_addresses,
    });
    await this.#deliveries.startAll();
    const cursorKey = await store.read(
      (db) =>
        statement(db, "SELECT value FROM settings WHERE name = 'cursor_key'", {
          pluck: true,
        }).get() as Buffer,
    );
    this.#sweeper = new Sweeper(store, ctx.log, section.trash_retention);
    this.#texts = new TextWorkers({ log: ctx.log });
    const api: ApiContext = {
      store,
      dataDir: ctx.dataDir,
      texts: this.#texts,
      cursors: new Cursors(cursorKey),
      changes: this.#changes,
      deliveries: this.#deliveries,
      limits: {
        documentBytesMax: section.max_document_bytes,
        attachmentBytesMax: section.max_attachment_bytes,
        importBytesMax: section.max_import_bytes,
        versionsMax: section.max_versions,
        allowsPrivateWebhooks: section.webhook_private_addresses,
      },
      write: (work, signal) => store.write(work, signal === undefined ? {} : { signal }),
      writeInSlices: (work, signal) => store.writeInSlices(work, signal === undefined ? {} : { signal }),
      sweep: () => this.#sweeper.sweep(),
    };
    const routes = routesOf(api);
    this.#http = new HttpServer({
      context: ctx,
      routes,
      prefix,
      pages: descriptionPages(routes, info),
      ratePerSecond: section.rate_limit,
      corsOrigins: section.cors_origins,
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
    // Streams of changes end first: they would never end by themselves.
    await this.#deliveries.close();
    await this.#changes.close();
    await this.#http.close(deadline);
    await this.#texts.close();
    await this.#sweeper.stop();
  }

  dispose(): Promise<void> {
    return this.#engineStore.close();
  }

  status(): Record<string, unknown> {
    return {
      requests: this.#http.requests,
      webhooks: this.#deliveries.size,
      followers: this.#changes.followers,
      textsWaiting: this.#texts.waiting,
      walBytes: this.#store.walBytes,
    };
  }
}

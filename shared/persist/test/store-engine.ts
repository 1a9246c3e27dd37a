import { mkdirSync } from "node:fs";
import { Deadline } from "@weftkit/core";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import type { Store } from "@weftkit/store";
import { openPersistence, type Persistence } from "../src/index.ts";
import { EngineStore } from "../src/pages/index.ts";
import { type CountingOptions, persistConfig } from "./counting-engine.ts";

const applicationId = 0x7e57;

/** The numbers 1, 2, 3 as rows of an SQLite database, each with some bulk, and with the persistence of a real engine. */
export class StoreEngine {
  readonly store: Store;
  readonly persistence: Persistence;
  readonly fenced: Promise<Error>;
  /** Resolves when another engine is to take its place. */
  readonly handedOver: Promise<void>;
  readonly #engineStore: EngineStore;
  #next: number;

  private constructor(
    engineStore: EngineStore,
    store: Store,
    persistence: Persistence,
    fenced: Promise<Error>,
    handedOver: Promise<void>,
    next: number,
  ) {
    this.#engineStore = engineStore;
    this.store = store;
    this.persistence = persistence;
    this.fenced = fenced;
    this.handedOver = handedOver;
    this.#next = next;
  }

  static async start({ dataDir, url, config, signal }: CountingOptions): Promise<StoreEngine> {
    mkdirSync(dataDir, { recursive: true });
    const log = createLogger({ level: "error", image: "test", node: "test", stream: { write: () => {} } });
    const metrics = createMetrics({ image: "test", processMetrics: false });
    const readiness = new ReadinessRegistry(log);
    const { promise: fenced, resolve } = Promise.withResolvers<Error>();
    const handedOver = Promise.withResolvers<void>();
    const engineStore = new EngineStore("numbers.db");
    const persistence = await openPersistence({
      config: persistConfig(url, config),
      engine: "numbers",
      dataDir,
      streams: [engineStore.stream(dataDir, log)],
      log,
      metrics,
      readiness,
      fenced: resolve,
      handover: handedOver.resolve,
      renewsInThread: false,
      connection: { retry: { attemptsMax: 3, firstWaitMsMax: 5, waitMsMax: 5 }, timeoutMs: 2000 },
      ...(signal !== undefined && { signal }),
    });
    const store = await engineStore.open({
      dataDir,
      applicationId,
      migrations: [
        {
          name: "create numbers",
          apply: (db) => db.exec("CREATE TABLE numbers (number INTEGER PRIMARY KEY, bulk BLOB)"),
        },
      ],
      log,
      metrics,
      readiness,
      fatal: resolve,
    });
    const last = await store.read((db) => db.prepare("SELECT max(number) FROM numbers").pluck().get());
    return new StoreEngine(
      engineStore,
      store,
      persistence,
      fenced,
      handedOver.promise,
      Number(last ?? 0) + 1,
    );
  }

  /** Writes the next number; resolves to it when it is on the disk. */
  async write(): Promise<number> {
    const number = this.#next++;
    await this.store.write((db) =>
      db.prepare("INSERT INTO numbers VALUES (?, randomblob(?))").run(number, (number * 37) % 900),
    );
    return number;
  }

  numbers(): Promise<number[]> {
    return this.store.read(
      (db) => db.prepare("SELECT number FROM numbers ORDER BY 1").pluck().all() as number[],
    );
  }

  /** What SQLite finds wrong with the file: "ok". */
  check(): Promise<unknown> {
    return this.store.read((db) => db.pragma("integrity_check", { simple: true }));
  }

  async stop(): Promise<void> {
    using deadline = Deadline.after(10_000);
    try {
      await this.persistence.stop(deadline);
    } finally {
      await this.#engineStore.close();
    }
  }

  /** Ends without a last push. */
  async abandon(): Promise<void> {
    await this.persistence.abandon();
    await this.#engineStore.close();
  }
}

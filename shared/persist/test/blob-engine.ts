import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Deadline } from "@weftkit/core";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import type { Store } from "@weftkit/store";
import { BlobFolder, BlobsStream } from "../src/blobs/index.ts";
import { openPersistence, type Persistence } from "../src/index.ts";
import { EngineStore } from "../src/pages/index.ts";
import { type CountingOptions, persistConfig } from "./counting-engine.ts";

const applicationId = 0x7e58;

/** Files by name: the names in an SQLite database, the contents as blobs, with the persistence of a real engine. */
export class BlobEngine {
  readonly store: Store;
  readonly blobs: BlobFolder;
  readonly persistence: Persistence;
  readonly fenced: Promise<Error>;
  readonly errors: string[];
  readonly #engineStore: EngineStore;
  readonly #stream: BlobsStream;

  private constructor(
    parts: Pick<BlobEngine, "store" | "blobs" | "persistence" | "fenced" | "errors">,
    engineStore: EngineStore,
    stream: BlobsStream,
  ) {
    this.store = parts.store;
    this.blobs = parts.blobs;
    this.persistence = parts.persistence;
    this.fenced = parts.fenced;
    this.errors = parts.errors;
    this.#engineStore = engineStore;
    this.#stream = stream;
  }

  static async start({ dataDir, url, config, signal }: CountingOptions): Promise<BlobEngine> {
    mkdirSync(dataDir, { recursive: true });
    const errors: string[] = [];
    const write = (line: string) => errors.push(line);
    const log = createLogger({ level: "error", image: "test", node: "test", stream: { write } });
    const metrics = createMetrics({ image: "test", processMetrics: false });
    const readiness = new ReadinessRegistry(log);
    const { promise: fenced, resolve } = Promise.withResolvers<Error>();
    const engineStore = new EngineStore("files.db");
    const folder = join(dataDir, "blobs");
    const stream = new BlobsStream({ name: "blobs", folder, log });
    let persistence: Persistence | undefined;
    try {
      persistence = await openPersistence({
        config: persistConfig(url, config),
        engine: "files",
        dataDir,
        // Before the database: the order in which an engine names them does not matter.
        streams: [stream, engineStore.stream(dataDir, log)],
        log,
        metrics,
        readiness,
        fenced: resolve,
        connection: { retry: { attemptsMax: 3, firstWaitMsMax: 5, waitMsMax: 5 }, timeoutMs: 2000 },
        ...(signal !== undefined && { signal }),
      });
      const store = await engineStore.open({
        dataDir,
        applicationId,
        migrations: [
          {
            name: "create files",
            apply: (db) =>
              db.exec(
                "CREATE TABLE file (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL); CREATE INDEX file_sha256 ON file (sha256)",
              ),
          },
        ],
        log,
        metrics,
        readiness,
        fatal: resolve,
      });
      const blobs = await BlobFolder.open(folder, stream);
      return new BlobEngine({ store, blobs, persistence, fenced, errors }, engineStore, stream);
    } catch (error) {
      await persistence?.abandon();
      await stream.close();
      await engineStore.close();
      throw error;
    }
  }

  /** Resolves to the content's SHA-256 when name and content are on the disk. */
  async write(name: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
    for (;;) {
      const { sha256 } = await this.blobs.put(content instanceof Uint8Array ? oneChunk(content) : content);
      const before = await this.store.write((db) => {
        // Whoever has just removed it did so before this transaction.
        if (!this.blobs.has(sha256)) return undefined;
        const old = db.prepare("SELECT sha256 FROM file WHERE name = ?").pluck().get(name) ?? "";
        db.prepare("INSERT OR REPLACE INTO file VALUES (?, ?)").run(name, sha256);
        return old as string;
      });
      if (before === undefined) continue;
      await this.#removeUnnamed(before);
      return sha256;
    }
  }

  async remove(name: string): Promise<void> {
    const sha256 = await this.store.write((db) =>
      db.prepare("DELETE FROM file WHERE name = ? RETURNING sha256").pluck().get(name),
    );
    await this.#removeUnnamed(sha256 as string);
  }

  /** Every file's content by its name; a content that is missing or damaged rejects. */
  async contents(): Promise<Map<string, Buffer>> {
    const contents = new Map<string, Buffer>();
    for (const [name, sha256] of await this.names()) {
      const file = await this.blobs.openBlob(sha256, { verify: true });
      contents.set(name, await file.readFile());
      await file.close();
    }
    return contents;
  }

  names(): Promise<[string, string][]> {
    return this.store.read((db) =>
      db.prepare("SELECT name, sha256 FROM file ORDER BY name").raw().all(),
    ) as Promise<[string, string][]>;
  }

  async stop(): Promise<void> {
    using deadline = Deadline.after(10_000);
    try {
      await this.persistence.stop(deadline);
    } finally {
      await this.#close();
    }
  }

  /** Ends without a last push. */
  async abandon(): Promise<void> {
    await this.persistence.abandon();
    await this.#close();
  }

  async #removeUnnamed(sha256: string): Promise<void> {
    if (sha256 === "") return;
    await this.store.exclusively(async (db) => {
      const isNamed = db.prepare("SELECT 1 FROM file WHERE sha256 = ?").get(sha256) !== undefined;
      if (!isNamed) await this.blobs.remove(sha256);
    });
  }

  async #close(): Promise<void> {
    await this.#stream.close();
    await this.#engineStore.close();
  }
}

async function* oneChunk(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

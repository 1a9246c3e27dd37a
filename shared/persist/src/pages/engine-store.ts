import { openSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@weftkit/observe";
import { openStore, type Store, type StoreOptions } from "@weftkit/store";
import { copyDatabase, DiskReserve, type Maintenance, startMaintenance } from "@weftkit/store/wal";
import { readFileOf } from "../snapshot/read-file.ts";
import type { StateFile } from "../snapshot/state-file.ts";
import { guardedStore } from "./guarded-store.ts";
import { PagesStream } from "./pages-stream.ts";

export interface EngineStoreOptions extends Omit<StoreOptions, "file"> {
  readonly dataDir: string;
  /** Whether room is kept for what frees space on a full volume: see `reserve`. Default: no. */
  readonly keepsReserve?: boolean;
}

/** The stream of an engine's database, and the folder of its own notes. */
const streamName = "pages";

/**
 * The durable store of one engine together with whoever moves its write-ahead log into the database: the `pages` stream
 * where the engine is persisted outside of its container, a maintenance worker where it is not. There is always exactly
 * one of them.
 *
 * Life of one: `stream` before a restore, when there is persistence; `open`; `close`, after the last capture.
 */
export class EngineStore {
  readonly #fileName: string;
  #stream: PagesStream | undefined;
  #maintenance: Maintenance | undefined;
  #store: Store | undefined;
  #reserve: DiskReserve | undefined;

  /** `fileName` is the database's, in the data dir. */
  constructor(fileName: string) {
    this.#fileName = fileName;
  }

  /** What `Engine.streams` returns for a database. */
  stream(dataDir: string, log: Logger): PagesStream {
    this.#stream = new PagesStream({
      name: streamName,
      file: join(dataDir, this.#fileName),
      stateFolder: join(dataDir, "pages"),
      log,
    });
    return this.#stream;
  }

  async open({ dataDir, keepsReserve = false, ...options }: EngineStoreOptions): Promise<Store> {
    const { log } = options;
    const reserveFile = join(dataDir, `${this.#fileName}-reserve`);
    if (keepsReserve) DiskReserve.makeRoom(reserveFile);
    const store = await openStore({ ...options, file: join(dataDir, this.#fileName) });
    this.#store = store;
    if (this.#stream === undefined) {
      const passFailed = () => void this.#reserve?.spend();
      this.#maintenance = startMaintenance(store, { log, passFailed });
    } else await this.#stream.attach(store);
    if (keepsReserve) {
      // What a capture has not taken cannot be started over: there the reserve alone is the room for the log.
      const startOver = async () => this.#maintenance?.startOver();
      this.#reserve = new DiskReserve({ file: reserveFile, log, startOver });
    }
    const gate = this.#stream?.gate;
    return gate === undefined ? store : guardedStore(store, gate);
  }

  /** Of an open store with `keepsReserve`. */
  get reserve(): DiskReserve {
    return this.#reserve!;
  }

  /** The database as it is now, for a snapshot; a copy of it is in `scratch` meanwhile. */
  async *snapshot(scratch: string): AsyncGenerator<StateFile> {
    const copy = join(scratch, this.#fileName);
    try {
      await copyDatabase(this.#store!.file, copy);
      const { size: bytes } = statSync(copy);
      yield { place: streamName, path: "", bytes, read: () => readFileOf(openSync(copy, "r"), bytes) };
    } finally {
      await rm(copy, { force: true });
    }
  }

  /** Closes everything; harmless when nothing is open. */
  async close(): Promise<void> {
    await this.#reserve?.close();
    await this.#maintenance?.stop();
    await this.#store?.close();
    this.#stream?.detach();
    await this.#stream?.close();
  }
}

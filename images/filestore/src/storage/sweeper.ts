import type { Logger } from "@weftkit/observe";
import type { Store } from "@weftkit/store";
import type { DiskReserve } from "@weftkit/store/wal";
import type { ContentStore } from "./content-store.ts";
import { forgetContent, isKnownContent, unusedContents } from "./contents.ts";
import { forgetCompleted, removeUpload, staleUploads } from "./uploads.ts";

const batch = 50;
const intervalMs = 3_600_000;
/** How long a completion that is sent again is known. */
const completedMs = 86_400_000;
const scanBatch = 200;

export interface SweeperOptions {
  readonly store: Store;
  readonly reserve: DiskReserve;
  readonly contents: ContentStore;
  readonly log: Logger;
  /** How long an upload may be left alone; 0 is for ever. */
  readonly retentionMs: number;
}

/**
 * Removes in the background what nothing names: contents that are not used any more, files that a crash left, uploads
 * that were given up.
 */
export class Sweeper {
  readonly #store: Store;
  readonly #reserve: DiskReserve;
  readonly #contents: ContentStore;
  readonly #log: Logger;
  readonly #multipartRetentionMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #startedMs = Date.now();
  #running: Promise<void> | undefined;
  #isWanted = false;
  #isStopped = false;
  #pauses = 0;
  #orphansAreSwept = false;
  /** Files that were written for nothing. */
  readonly #abandoned = new Set<string>();
  /** Something is to be removed once it is not read any more. */
  #isWaiting = false;

  constructor({ store, reserve, contents, log, retentionMs }: SweeperOptions) {
    this.#store = store;
    this.#reserve = reserve;
    this.#contents = contents;
    this.#log = log;
    this.#multipartRetentionMs = retentionMs;
    this.#timer = setInterval(() => this.sweep(), intervalMs).unref();
    contents.onReleased = () => {
      if (this.#isWaiting) this.sweep();
    };
    this.sweep();
  }

  /** Begins to sweep, or lets a sweep that is under way look once more. */
  sweep(): void {
    if (this.#isStopped) return;
    this.#isWanted = true;
    if (this.#pauses > 0) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** A file was written, and nothing came to name it: it is removed, unless something else does. */
  abandon(sha256: string): void {
    this.#abandoned.add(sha256);
    this.sweep();
  }

  /** Resolves when nothing is removed any more, until the function is called to which it does. */
  async pause(): Promise<() => void> {
    this.#pauses++;
    if (this.#running !== undefined) this.#isWanted = true;
    await this.#running;
    return () => {
      this.#pauses--;
      if (this.#isWanted) this.sweep();
    };
  }

  /** Resolves when nothing is left that could be removed now. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Ends after the batch that is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  get #mayGoOn(): boolean {
    return !this.#isStopped && this.#pauses === 0;
  }

  async #run(): Promise<void> {
    try {
      while (this.#isWanted && this.#mayGoOn) {
        this.#isWanted = false;
        await this.#reserve.withReserve(() => this.#giveUpUploads());
        await this.#reserve.withReserve(() => this.#removeUnused());
        await this.#removeAbandoned();
        if (!this.#orphansAreSwept) await this.#removeOrphans();
      }
    } catch (error) {
      // The next sweep goes on where this one stopped.
      this.#log.warn({ err: error }, "contents that nothing names could not be removed");
    }
  }

  async #giveUpUploads(): Promise<void> {
    const now = Date.now();
    await this.#store.write((db) => forgetCompleted(db, now - completedMs));
    if (this.#multipartRetentionMs === 0) return;
    const before = now - this.#multipartRetentionMs;
    for (let count = batch; count === batch && this.#mayGoOn; ) {
      count = await this.#store.write((db) => {
        const uploads = staleUploads(db, before, batch);
        for (const upload of uploads) removeUpload(db, upload);
        return uploads.length;
      });
    }
  }

  async #removeUnused(): Promise<void> {
    this.#isWaiting = false;
    for (let after = 0; this.#mayGoOn; ) {
      const found = await this.#store.read((db) => unusedContents(db, after, batch));
      if (found.length === 0) return;
      after = found.at(-1)!.row;
      const names = await this.#store.write((db) =>
        found.flatMap(({ row, sha256 }) => {
          // What is being read is removed when it was: then this is called again.
          if (!this.#contents.isPinned(sha256)) return forgetContent(db, row) ? [sha256] : [];
          this.#isWaiting = true;
          return [];
        }),
      );
      await this.#removeFiles(names);
    }
  }

  async #removeAbandoned(): Promise<void> {
    // One that is being written once more by another request is that one's to keep or to abandon.
    const names = [...this.#abandoned].filter((name) => !this.#contents.isPinned(name));
    this.#abandoned.clear();
    await this.#removeFiles(names);
  }

  /** Files that were there when this process began, and that no content names: a crash came before the commit. */
  async #removeOrphans(): Promise<void> {
    let names: string[] = [];
    const flush = async () => {
      const known = names;
      names = [];
      const orphans = await this.#store.read((db) => known.filter((name) => !isKnownContent(db, name)));
      await this.#removeFiles(orphans);
    };
    for await (const { sha256, putAtMs } of this.#contents.folder.list()) {
      if (!this.#mayGoOn) return;
      if (putAtMs >= this.#startedMs) continue;
      names.push(sha256);
      if (names.length === scanBatch) await flush();
    }
    if (names.length > 0) await flush();
    this.#orphansAreSwept = true;
  }

  async #removeFiles(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await this.#store.exclusively(async (writer) => {
      for (const name of names) if (!isKnownContent(writer, name)) await this.#contents.folder.remove(name);
    });
  }
}

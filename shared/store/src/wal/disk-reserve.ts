import { randomFillSync } from "node:crypto";
import { rmSync, statfsSync, statSync } from "node:fs";
import { type FileHandle, open, rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Database } from "better-sqlite3";
import { pageSize } from "../identity.ts";

/** More than a pass of the log into the database makes it grow, and the log of many deletions. */
const reserveBytesMax = 8 * 1024 * 1024;
/** Of a small volume the reserve takes less. */
const shareOfVolume = 1 / 8;
/** With less free than this a database may not even open: the index of its log is a file, too. */
const openBytes = 256 * 1024;
/** So much more than the reserve is free before it is made again. */
const slackBytes = 1024 * 1024;
const retryMs = 1000;
const chunkBytes = 1024 * 1024;

export interface DiskReserveOptions {
  /** In the folder of the database, for itself. */
  readonly file: string;
  readonly log: Logger;
  /** Moves the log into the database, so that its file is written from its beginning again. */
  startOver(): Promise<void>;
}

/**
 * A file of nothing that keeps room on the volume. A write-ahead log needs room for a deletion, too: on a full volume the
 * file is given up for what frees space, and made again once there is room for it. Until then nothing else may be added
 * but what fits into pages that the database has free.
 *
 * Life of one: `makeRoom` before the database is opened; `new`; `withReserve` and `admits` as often as needed; `close`.
 */
export class DiskReserve {
  readonly #options: DiskReserveOptions;
  readonly #bytes: number;
  readonly #closing = new AbortController();
  readonly #making: Promise<void>;
  #isSpent = false;
  #wake = Promise.withResolvers<void>();
  #spending: Promise<void> | undefined;

  /** Makes the file in the background when it is not there. */
  constructor(options: DiskReserveOptions) {
    this.#options = options;
    const { blocks, bsize } = statfsSync(dirname(options.file));
    this.#bytes = Math.min(
      reserveBytesMax,
      Math.floor((blocks * bsize * shareOfVolume) / pageSize) * pageSize,
    );
    this.#making = this.#keep();
  }

  /** Gives the reserve of an engine that has ended on a full volume up, so that its database can be opened. */
  static makeRoom(file: string): void {
    const { bavail, bsize } = statfsSync(dirname(file));
    if (bavail * bsize < openBytes) rmSync(file, { force: true });
  }

  /** Whether the volume is full: what adds to it should be refused. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** Whether so much may be added to the database, in a transaction: on a full volume only into its free pages. */
  admits(db: Database, bytes: number): boolean {
    if (!this.#isSpent) return true;
    const free = db.pragma("freelist_count", { simple: true }) as number;
    return free * pageSize >= bytes + slackBytes;
  }

  /** Does what frees space; when the volume is full, once more with the room of the reserve. */
  async withReserve<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    await this.spend();
    return await work();
  }

  /** Gives the reserve up, and lets the log begin anew. */
  spend(): Promise<void> {
    this.#spending ??= this.#spend().finally(() => {
      this.#spending = undefined;
    });
    return this.#spending;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake.resolve();
    await this.#making;
    await this.#spending;
  }

  async #spend(): Promise<void> {
    if (!this.#isSpent) {
      this.#isSpent = true;
      await rm(this.#options.file, { force: true });
      this.#options.log.warn(
        "the volume is full: only what frees space is written until there is room again",
      );
      this.#wake.resolve();
    }
    await this.#options.startOver();
  }

  /** Makes the file, and makes it again whenever it was spent, until this is closed. */
  async #keep(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      if (await this.#make()) {
        if (this.#isSpent) this.#options.log.info("there is room on the volume again");
        this.#isSpent = false;
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
      } else {
        this.#isSpent = true;
        await wait(retryMs, undefined, { signal, ref: false }).catch(() => {});
      }
    }
  }

  /** Returns whether there is the whole file. */
  async #make(): Promise<boolean> {
    const { file } = this.#options;
    if (statSync(file, { throwIfNoEntry: false })?.size === this.#bytes) return true;
    try {
      const { bavail, bsize } = await statfs(dirname(file));
      if (bavail * bsize < this.#bytes + slackBytes) return false;
      const handle = await open(file, "w", 0o600);
      try {
        await this.#fill(handle);
      } finally {
        await handle.close();
      }
      // It may have been spent while it was made.
      return statSync(file, { throwIfNoEntry: false }) !== undefined;
    } catch (error) {
      await rm(file, { force: true });
      const isExpected = this.#closing.signal.aborted || isFull(error);
      if (!isExpected) this.#options.log.warn({ err: error }, "no room could be reserved on the volume");
      return false;
    }
  }

  /** With what no file system can make smaller; on the disk, as some find out only then that there is no room. */
  async #fill(handle: FileHandle): Promise<void> {
    const chunk = Buffer.alloc(Math.min(chunkBytes, this.#bytes));
    for (let at = 0; at < this.#bytes; at += chunk.length) {
      this.#closing.signal.throwIfAborted();
      await handle.writeFile(randomFillSync(chunk).subarray(0, this.#bytes - at));
    }
    await handle.sync();
  }
}

function isFull(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "ENOSPC" || code === "EDQUOT" || (error instanceof WeftkitError && code === "disk_full");
}

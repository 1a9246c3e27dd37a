import { randomFillSync } from "node:crypto";
import { open, rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import { type Store, statement } from "@weftkit/store";

const mebibyte = 1024 * 1024;
/** What deleting needs until the write-ahead log has been moved into the database several times over. */
const bytesMax = 16 * mebibyte;
/** It takes no more than this part of what is free. */
const partMax = 1 / 8;
const lookAgainMs = 5000;

export interface SpaceReserveOptions {
  readonly store: Store;
  readonly file: string;
  readonly log: Logger;
}

/**
 * Room on the volume for deleting when the volume is full: a delete has to be written, too. A file holds it until a delete
 * finds the disk full; from then on only what makes room is written, until there is room again: on the volume, for
 * the file, or in the database, whose free pages are used before it grows.
 */
export class SpaceReserve {
  readonly #store: Store;
  readonly #file: string;
  readonly #log: Logger;
  #state: "none" | "held" | "released" = "none";
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #making: Promise<void> | undefined;
  #isStopped = false;

  constructor({ store, file, log }: SpaceReserveOptions) {
    this.#store = store;
    this.#file = file;
    this.#log = log;
  }

  /** Makes the file, while requests are served already. */
  start(): void {
    this.#making = this.#make().catch((error: unknown) => {
      this.#log.warn({ err: error }, "no room could be reserved for deleting on a full volume");
    });
  }

  /** Leaves the file where it is: the next start needs no other. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#making;
  }

  /**
   * Does a write. One that frees space is done again in the reserve where the disk was full; others are refused while that is in
   * use.
   *
   * @throws WeftkitError `disk_full`
   */
  run<T>(frees: boolean, write: () => T | Promise<T>): T | Promise<T> {
    if (!frees) return this.#state === "released" ? this.#whenThereIsRoom(write) : write();
    const written = write();
    if (!(written instanceof Promise)) return written;
    return written.catch(async (error: unknown) => {
      if (!isDiskFull(error) || !(await this.#release())) throw error;
      return write();
    });
  }

  async #whenThereIsRoom<T>(write: () => T | Promise<T>): Promise<T> {
    if ((await this.#freeBytes()) >= this.#bytes / 2) return write();
    throw new WeftkitError(
      "disk_full",
      "the volume is full: until something is deleted, nothing else is written",
    );
  }

  /** In the database: pages that are used before it grows. */
  #freeBytes(): Promise<number> {
    return this.#store.read((db) => {
      const pages = statement(db, "PRAGMA freelist_count", { pluck: true }).get() as number;
      return pages * (statement(db, "PRAGMA page_size", { pluck: true }).get() as number);
    });
  }

  /** Returns whether there is room now that was not there. */
  async #release(): Promise<boolean> {
    if (this.#state === "released") return true;
    if (this.#state === "none") return false;
    this.#state = "released";
    await rm(this.#file, { force: true });
    this.#log.warn("the volume is full: only what makes room is written until there is some");
    this.#lookAgain();
    return true;
  }

  #lookAgain(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#making = this.#remake().finally(() => {
        if (this.#state === "released") this.#lookAgain();
      });
    }, lookAgainMs).unref();
  }

  async #remake(): Promise<void> {
    try {
      await this.#make();
      if (this.#state === "held") this.#log.info("there is room on the volume again");
    } catch (error) {
      this.#log.debug({ err: error }, "there is no room for the reserve yet");
    }
  }

  async #make(): Promise<void> {
    const { bavail, bsize } = await statfs(dirname(this.#file));
    const file = await open(this.#file, "a");
    try {
      const { size } = await file.stat();
      const free = bavail * bsize + size;
      // After it was used, there must be twice of it: with less, the volume is as good as full.
      if (this.#state === "released" && free < 2 * this.#bytes) return;
      const bytes = this.#bytes || Math.floor(Math.min(bytesMax, free * partMax) / mebibyte) * mebibyte;
      // What compresses well, or is a hole, would keep no room.
      const block = randomFillSync(Buffer.alloc(mebibyte));
      for (let written = size; written < bytes && !this.#isStopped; written += block.length)
        await file.write(block);
      if (bytes === 0) return;
      this.#bytes = bytes;
      this.#state = "held";
    } catch (error) {
      await rm(this.#file, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof WeftkitError && error.code === "disk_full";
}

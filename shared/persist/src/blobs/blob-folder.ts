import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFile, syncFolder, WeftkitError } from "@weftkit/core";
import { isSha256 } from "../contract/names.ts";
import { KeyLock } from "./key-lock.ts";
import { layout, shardName } from "./layout.ts";
import { writeFile } from "./write-blob.ts";

/** What a piece can say of a blob: 2^20 parts of 4 MiB. */
export const blobBytesCeiling = 2 ** 42;

/** Who is told what becomes of the blobs, and keeps the file of a removed one for as long as it is needed. */
export interface BlobKeeper {
  /** Takes the folder over; its blobs may be added and removed from then on. */
  attach(folder: BlobFolder): Promise<void>;
  /** A blob is there, again perhaps; resolves when that is on the disk. */
  added(sha256: string, bytes: number): Promise<void>;
  /**
   * Nothing names the blob any more. Resolves to whether its file is still needed; then the keeper calls `discard` when
   * it is not.
   */
  removed(sha256: string): Promise<boolean>;
  isRemoved(sha256: string): boolean;
}

export interface PutOptions {
  /** More is refused with `blob_too_large`. */
  readonly bytesMax?: number;
}

/**
 * Files named by the SHA-256 of their content, which never change. Each is whole and on the disk, or not there.
 *
 * For a database that names blobs, so that it never names one that is missing: put the blob first, then name it, and
 * look once more with `has` in the transaction that does; remove it only after the last name is gone for good, and
 * where no such transaction can come in between (`Store.exclusively`). A crash between the two leaves a blob that
 * nothing names, and so may a restore: find those with `list`, leaving out young ones, which may be about to be named.
 */
export class BlobFolder {
  readonly path: string;
  readonly #keeper: BlobKeeper | undefined;
  readonly #shards = new Set<string>();
  /** Of one blob, only one of put, remove and discard changes something at a time. */
  readonly #lock = new KeyLock();

  private constructor(path: string, keeper: BlobKeeper | undefined) {
    this.path = path;
    this.#keeper = keeper;
  }

  /** Opens the folder, which is made when it is missing, after a restore that may be due. */
  static async open(path: string, keeper?: BlobKeeper): Promise<BlobFolder> {
    await rm(layout.incoming(path), { recursive: true, force: true });
    await mkdir(layout.incoming(path), { recursive: true, mode: 0o700 });
    await syncFolder(dirname(path));
    const folder = new BlobFolder(path, keeper);
    if (keeper !== undefined) await keeper.attach(folder);
    // A catalog that does not hear of what is put from here on would be wrong; a new one is made from the files.
    else for (const suffix of ["", "-wal", "-shm"]) await rm(layout.catalog(path) + suffix, { force: true });
    return folder;
  }

  /**
   * Stores a content; of one that is there already, nothing is written. It is on the disk when this resolves.
   *
   * @throws WeftkitError `blob_too_large`; what the source fails with
   */
  async put(
    source: AsyncIterable<Uint8Array>,
    { bytesMax = blobBytesCeiling }: PutOptions = {},
  ): Promise<{ sha256: string; bytes: number }> {
    const limit = Math.min(bytesMax, blobBytesCeiling);
    const incoming = layout.incoming(this.path);
    const { path, sha256, bytes } = await writeFile(incoming, source, { bytesMax: limit, sync: false });
    try {
      await this.#lock.run(sha256, async () => {
        const found = await stat(this.pathOf(sha256)).catch(() => undefined);
        if (found?.size === bytes) {
          // Young again: whoever looks for blobs that nothing names leaves it alone.
          const now = new Date();
          await utimes(this.pathOf(sha256), now, now);
        } else {
          await syncFile(path);
          await this.#ensureShard(sha256);
          await rename(path, this.pathOf(sha256));
          await syncFolder(layout.shard(this.path, sha256));
        }
        await this.#keeper?.added(sha256, bytes);
      });
    } finally {
      await rm(path, { force: true });
    }
    return { sha256, bytes };
  }

  /** Whether the blob is there. Synchronous, so that it can be asked in a transaction. */
  has(sha256: string): boolean {
    return isSha256(sha256) && this.#keeper?.isRemoved(sha256) !== true && existsSync(this.pathOf(sha256));
  }

  /**
   * Opens a blob to be read; the caller closes it. It can be read to its end also when it is removed meanwhile. With
   * `verify` all of it is read and compared with its name before.
   *
   * @throws WeftkitError `blob_missing` or `blob_damaged`
   */
  async openBlob(
    sha256: string,
    { verify = false }: { readonly verify?: boolean } = {},
  ): Promise<FileHandle> {
    if (!this.has(sha256)) throw blobMissing(sha256);
    const file = await open(this.pathOf(sha256), "r").catch((error: NodeJS.ErrnoException) => {
      throw error.code === "ENOENT" ? blobMissing(sha256) : error;
    });
    try {
      if (verify && (await hashOf(file)) !== sha256) throw blobDamaged(sha256);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Removes a blob that nothing names any more; harmless when it is not there. */
  async remove(sha256: string): Promise<void> {
    await this.#lock.run(sha256, async () => {
      if (!this.has(sha256)) return;
      const isNeeded = await this.#keeper?.removed(sha256);
      if (isNeeded !== true) await rm(this.pathOf(sha256), { force: true });
    });
  }

  /** All blobs, in no order, and when each was put last (Unix milliseconds). */
  async *list(): AsyncGenerator<{ sha256: string; bytes: number; putAtMs: number }> {
    for await (const file of filesOf(this.path)) if (this.has(file.sha256)) yield file;
  }

  /** For the keeper: deletes a removed blob's file, if `isDue` still says so when its turn has come, and calls `gone`. */
  async discard(sha256: string, isDue: () => Promise<boolean>, gone: () => void): Promise<void> {
    await this.#lock.run(sha256, async () => {
      if (!(await isDue())) return;
      await rm(this.pathOf(sha256), { force: true });
      gone();
    });
  }

  /**
   * For the keeper: a file that is not what its name says is moved aside, so that a put replaces it, and forgotten.
   * False when it is as it should be.
   */
  async setAside(sha256: string, forget: () => Promise<void>): Promise<boolean> {
    return await this.#lock.run(sha256, async () => {
      const file = await open(this.pathOf(sha256), "r").catch(ignoreAbsent);
      try {
        if (file !== undefined && (await hashOf(file)) === sha256) return false;
      } finally {
        await file?.close();
      }
      if (file !== undefined) {
        await mkdir(layout.damaged(this.path), { recursive: true, mode: 0o700 });
        await rename(this.pathOf(sha256), join(layout.damaged(this.path), sha256));
      }
      await forget();
      return true;
    });
  }

  pathOf(sha256: string): string {
    return layout.blob(this.path, sha256);
  }

  async #ensureShard(sha256: string): Promise<void> {
    const shard = layout.shard(this.path, sha256);
    if (this.#shards.has(shard)) return;
    await mkdir(shard, { recursive: true, mode: 0o700 });
    // Also when it was there: a crash may have come before its maker synced the folder.
    await syncFolder(this.path);
    this.#shards.add(shard);
  }
}

/** The blobs' files in a folder, one shard's names in memory at a time. */
export async function* filesOf(
  path: string,
): AsyncGenerator<{ sha256: string; bytes: number; putAtMs: number }> {
  for (const shard of (await readdir(path).catch(ignoreAbsent)) ?? []) {
    if (!shardName.test(shard)) continue;
    for (const name of await readdir(`${path}/${shard}`)) {
      if (!isSha256(name)) continue;
      const found = await stat(layout.blob(path, name)).catch(ignoreAbsent);
      if (found !== undefined) yield { sha256: name, bytes: found.size, putAtMs: found.mtimeMs };
    }
  }
}

export async function hashOf(file: FileHandle): Promise<string> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return hash.digest("hex");
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

export function blobMissing(sha256: string): WeftkitError {
  return new WeftkitError("blob_missing", `blob ${sha256} is not there`);
}

export function blobDamaged(sha256: string): WeftkitError {
  return new WeftkitError(
    "blob_damaged",
    `blob ${sha256} is damaged: its file does not hash to its name; put the content again, or restore it`,
  );
}

function ignoreAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}

import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { type FileHandle, open, readFile, stat, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { WeftkitError } from "@weftkit/core";
import { sha256 } from "../../contract/signing.ts";
import type { ObjectFacts, ObjectStore, PutCondition, StoredObject } from "../object-store.ts";
import { DurableFolder } from "./durable-folder.ts";
import { ExclusiveLock } from "./exclusive-lock.ts";

/** Tells this store's folder from an empty one in its place, such as a mount point without its volume. */
const markerName = ".weftkit-store";
const lockName = ".weftkit-store.lock";
const scratchName = ".weftkit-store.writing";

/**
 * Objects as files of one folder, on a local disk or a shared volume with working record locks (NFSv4 has them).
 * Several processes may use the folder at the same time. An object's ETag is the SHA-256 of its content.
 */
export class FolderStore implements ObjectStore {
  readonly #root: string;
  readonly #folder: DurableFolder;
  readonly #lock: ExclusiveLock;
  readonly #id: string;

  private constructor(root: string, folder: DurableFolder, lock: ExclusiveLock, id: string) {
    this.#root = root;
    this.#folder = folder;
    this.#lock = lock;
    this.#id = id;
  }

  /**
   * Opens the folder, which is made when it is missing.
   *
   * @throws WeftkitError `store_unusable`
   */
  static async open(path: string): Promise<FolderStore> {
    const root = resolve(path);
    let lock: ExclusiveLock | undefined;
    try {
      mkdirSync(root, { recursive: true, mode: 0o700 });
      const folder = new DurableFolder(join(root, scratchName));
      await folder.open();
      lock = new ExclusiveLock(join(root, lockName));
      const marker = join(root, markerName);
      const id = await lock.hold(async () => {
        const found = await readFile(marker, "utf8").catch(absentAs(undefined));
        if (found !== undefined) return found;
        const made = `${randomUUID()}\n`;
        await folder.write(marker, Buffer.from(made));
        return made;
      });
      return new FolderStore(root, folder, lock, id);
    } catch (error) {
      lock?.close();
      const reason = error instanceof Error ? error.message : String(error);
      const message = `the folder ${root} cannot keep state (${reason}); it must be a folder this user may write to`;
      throw new WeftkitError("store_unusable", message, { cause: error });
    }
  }

  async get(key: string, bytesMax: number): Promise<StoredObject | undefined> {
    const file = await open(this.#path(key), "r").catch(absentAs(undefined));
    if (file === undefined) return await this.#absent();
    try {
      const body = await readAtMost(file, bytesMax, key);
      return { body, etag: sha256(body) };
    } finally {
      await file.close();
    }
  }

  async put(
    key: string,
    body: Uint8Array,
    condition?: PutCondition,
  ): Promise<{ readonly etag: string } | undefined> {
    if (condition === undefined) return await this.#write(key, body);
    return await this.#lock.hold(async () => {
      const there = await readFile(this.#path(key)).catch(absentAs(undefined));
      const expected = "ifMatch" in condition ? condition.ifMatch : undefined;
      const actual = there === undefined ? await this.#absent() : sha256(there);
      return actual === expected ? await this.#write(key, body) : undefined;
    });
  }

  async head(key: string): Promise<ObjectFacts | undefined> {
    const found = await stat(this.#path(key)).catch(absentAs(undefined));
    if (found === undefined) return await this.#absent();
    return { bytes: found.size, modifiedMs: found.mtimeMs };
  }

  async delete(key: string): Promise<void> {
    await unlink(this.#path(key)).catch(absentAs(undefined));
  }

  /** Call it when no request is under way any more. */
  close(): void {
    this.#lock.close();
  }

  async #write(key: string, body: Uint8Array): Promise<{ readonly etag: string }> {
    await this.#requireSameFolder();
    await this.#folder.write(this.#path(key), body);
    return { etag: sha256(body) };
  }

  /** "Not there" is only true while the folder is the one that was opened. */
  async #absent(): Promise<undefined> {
    await this.#requireSameFolder();
    return undefined;
  }

  async #requireSameFolder(): Promise<void> {
    const id = await readFile(join(this.#root, markerName), "utf8").catch(absentAs(undefined));
    if (id === this.#id) return;
    const message = `the folder ${this.#root} is not the one that was opened any more; is its volume still mounted?`;
    throw new WeftkitError("store_gone", message);
  }

  /** Keys come from checked names; this holds whoever calls. */
  #path(key: string): string {
    const isSafe = key.split("/").every((part) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(part));
    if (!isSafe) throw new WeftkitError("bad_object_key", `"${key}" cannot be an object's key`);
    return join(this.#root, key);
  }
}

async function readAtMost(file: FileHandle, bytesMax: number, key: string): Promise<Uint8Array> {
  const { size } = await file.stat();
  if (size > bytesMax) {
    throw new WeftkitError("object_too_large", `${key} has ${size} bytes; ${bytesMax} were expected at most`);
  }
  return await file.readFile();
}

/** For catch(): a file that is not there is `value`; any other failure stays one. */
function absentAs<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return value;
    throw error;
  };
}

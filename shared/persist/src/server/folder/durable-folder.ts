import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFolder, writeSynced } from "@weftkit/core";

/** What a crash left of writes that were under way; nobody writes for longer than this. */
const leftoverAgeMs = 3_600_000;
/** So many folders are remembered before all are forgotten; each is then synced once more. */
const durableMax = 10_000;

/** Writes files so that each is whole and on the disk, or not there: to the side, synced, renamed, folder synced. */
export class DurableFolder {
  readonly #scratch: string;
  /** Folders whose entries in their parents are on the disk. */
  readonly #durable = new Set<string>();

  /** `scratch` is a folder on the same file system for what is not whole yet. */
  constructor(scratch: string) {
    this.#scratch = scratch;
  }

  /** Makes the scratch folder and removes what a crash has left in it. */
  async open(): Promise<void> {
    await mkdir(this.#scratch, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#scratch)) {
      const path = join(this.#scratch, name);
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined && Date.now() - found.mtimeMs > leftoverAgeMs) await rm(path, { force: true });
    }
  }

  async write(path: string, body: Uint8Array): Promise<void> {
    const temporary = join(this.#scratch, randomUUID());
    try {
      await writeSynced(temporary, body);
      await this.#ensure(dirname(path));
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
  }

  /** Makes a folder whose name is on the disk when this resolves. */
  async #ensure(folder: string): Promise<void> {
    if (this.#durable.has(folder)) return;
    const made = await makeFolder(folder);
    if (made === "no parent") {
      await this.#ensure(dirname(folder));
      await makeFolder(folder);
    }
    // Also when it was there: a crash may have come before its maker synced the parent.
    await syncFolder(dirname(folder));
    if (this.#durable.size >= durableMax) this.#durable.clear();
    this.#durable.add(folder);
  }
}

async function makeFolder(folder: string): Promise<"made" | "was there" | "no parent"> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return "made";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return "was there";
    if (code === "ENOENT") return "no parent";
    throw error;
  }
}

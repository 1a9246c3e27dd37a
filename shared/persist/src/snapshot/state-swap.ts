import { createWriteStream, existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { replaceFile, syncFile, syncFolder, WeftkitError } from "@weftkit/core";
import { damaged, type EntryHeader, type SnapshotHeader } from "./format.ts";
import { readSnapshot } from "./read-snapshot.ts";
import type { StatePlaces } from "./state-file.ts";

/** What SQLite keeps beside a database. They go first and come back first: a database is never in place without its log. */
const beside = ["-wal", "-shm", "-journal"];

const noteName = "restoring-snapshot.json";

/** How far the exchange is, on the disk. */
type Phase = "swapping" | "swapped" | "clearing" | "returning";

interface Place {
  readonly path: string;
  /** Whether the snapshot has anything for it. */
  readonly hasNew: boolean;
}

interface Note {
  readonly phase: Phase;
  readonly places: readonly Place[];
  /** The durable consumers of the changes of the state that was replaced: they are told. */
  readonly consumers: readonly string[];
}

/**
 * The exchange of an engine's whole state for another, on its volume:
 *
 * 1. `stage`: the other state is written beside the one in place, which is used meanwhile
 * 2. `swap`, once nothing has the state open: from the first step on that it notes, the other state counts
 * 3. the engine is opened; `rollBack` if it cannot be, which brings the earlier state back
 * 4. `finish`: the earlier state is removed
 *
 * After a crash at any moment `recover` brings the volume to the one state or the other, whole.
 */
export class StateSwap {
  readonly #dataDir: string;
  readonly #paths: readonly string[];
  readonly #staged = new Set<string>();
  #note: Note | undefined;

  private constructor(dataDir: string, paths: readonly string[]) {
    this.#dataDir = dataDir;
    this.#paths = paths;
  }

  /**
   * Writes the state of a snapshot beside the one in place, durably.
   *
   * @throws WeftkitError with a `SnapshotErrorCode`, or what the disk says; nothing is left then
   */
  static async stage(
    dataDir: string,
    places: StatePlaces,
    source: AsyncIterable<Uint8Array>,
    options: { readonly engine: string; readonly version: string; readonly signal?: AbortSignal },
  ): Promise<{ swap: StateSwap; header: SnapshotHeader }> {
    const swap = new StateSwap(dataDir, Object.values(places));
    try {
      await swap.#removeStaged();
      const { signal, ...reader } = options;
      const folders = new Set<string>();
      const file = (entry: EntryHeader, content: AsyncIterable<Uint8Array>) =>
        swap.#write(places, entry, content, folders);
      const header = await readSnapshot(source, { ...reader, file }, signal);
      for (const folder of folders) await syncFolder(folder);
      return { swap, header };
    } catch (error) {
      await swap.discard();
      throw error;
    }
  }

  /**
   * Brings the volume in order after the end of a process, before anything is opened. Resolves to the exchange where one has
   * come as far as that the other state is in place; it is to be finished, or rolled back, once the engine was opened.
   */
  static async recover(dataDir: string, places: StatePlaces): Promise<StateSwap | undefined> {
    const paths = Object.values(places);
    const note = readNote(dataDir);
    const swap = new StateSwap(dataDir, note?.places.map(({ path }) => path) ?? paths);
    if (note === undefined) {
      await swap.#removeStaged();
      await swap.#removeOld();
      return undefined;
    }
    swap.#note = note;
    if (note.phase === "clearing" || note.phase === "returning") {
      await swap.rollBack();
      return undefined;
    }
    if (note.phase === "swapping") await swap.#exchange();
    return swap;
  }

  /** The consumers that are to be told. */
  get consumers(): readonly string[] {
    return this.#note?.consumers ?? [];
  }

  /** Puts the other state in place. Nothing may have the state open. */
  async swap(consumers: readonly string[]): Promise<void> {
    await this.#removeOld();
    const places = this.#paths.map((path) => ({ path, hasNew: this.#staged.has(path) }));
    // From here on the other state counts, wherever this process ends.
    await this.#put({ phase: "swapping", places, consumers });
    await this.#exchange();
  }

  /** Brings the earlier state back. Nothing may have the state open. */
  async rollBack(): Promise<void> {
    const note = this.#note!;
    // Two steps, as what is in place in the second may be of the earlier state already.
    if (note.phase !== "returning") {
      await this.#put({ ...note, phase: "clearing" });
      for (const { path } of note.places) {
        for (const suffix of [...beside, ""]) await rm(path + suffix, { recursive: true, force: true });
      }
      await this.#put({ ...note, phase: "returning" });
    }
    for (const { path } of note.places) await moveAll(oldPath(path), path);
    await this.finish();
  }

  /** The state in place is the one that stays. */
  async finish(): Promise<void> {
    await rm(join(this.#dataDir, noteName), { force: true });
    await syncFolder(this.#dataDir);
    this.#note = undefined;
    await this.#removeStaged();
    await this.#removeOld();
  }

  /** What was staged is not wanted. */
  async discard(): Promise<void> {
    await this.#removeStaged();
  }

  async #exchange(): Promise<void> {
    const note = this.#note!;
    for (const { path, hasNew } of note.places) {
      const isDone = hasNew && !existsSync(newPath(path));
      if (isDone) continue;
      await moveAll(path, oldPath(path));
      if (hasNew) await rename(newPath(path), path);
      await syncFolder(dirname(path));
    }
    await this.#put({ ...note, phase: "swapped" });
  }

  async #write(
    places: StatePlaces,
    { place, path }: EntryHeader,
    content: AsyncIterable<Uint8Array>,
    folders: Set<string>,
  ): Promise<void> {
    const root = Object.hasOwn(places, place) ? places[place]! : undefined;
    if (root === undefined) throw damaged(`this engine has no place ${JSON.stringify(place)}`);
    if (!isPlain(path)) throw damaged(`${JSON.stringify(path)} is no name of a file`);
    this.#staged.add(root);
    const target = path === "" ? newPath(root) : join(newPath(root), path);
    for (let folder = dirname(target); !folders.has(folder); folder = dirname(folder)) {
      folders.add(folder);
      if (folder === dirname(root)) break;
    }
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    try {
      await pipeline(content, createWriteStream(target, { flags: "wx", mode: 0o600 }));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") throw damaged(`${path} is in it twice`, error);
      throw error;
    }
    await syncFile(target);
  }

  async #put(note: Note): Promise<void> {
    await replaceFile(join(this.#dataDir, noteName), JSON.stringify(note));
    this.#note = note;
  }

  async #removeStaged(): Promise<void> {
    for (const path of this.#paths) await rm(newPath(path), { recursive: true, force: true });
    this.#staged.clear();
  }

  async #removeOld(): Promise<void> {
    for (const path of this.#paths) {
      for (const suffix of ["", ...beside])
        await rm(oldPath(path) + suffix, { recursive: true, force: true });
    }
  }
}

function newPath(path: string): string {
  return `${path}.snapshot-new`;
}

function oldPath(path: string): string {
  return `${path}.snapshot-old`;
}

async function moveAll(from: string, to: string): Promise<void> {
  for (const suffix of [...beside, ""]) {
    if (existsSync(from + suffix)) await rename(from + suffix, to + suffix);
  }
  await syncFolder(dirname(to));
}

/** Of letters, digits and dots, without a way out of its folder. */
function isPlain(path: string): boolean {
  return path === "" || path.split("/").every((name) => /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(name));
}

function readNote(dataDir: string): Note | undefined {
  const path = join(dataDir, noteName);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const note = JSON.parse(text) as Note;
    if (Array.isArray(note.places) && Array.isArray(note.consumers)) return note;
  } catch {
    // It is replaced in one step: told below.
  }
  throw new WeftkitError(
    "restore_refused",
    `${path} is damaged: a snapshot was being restored, and it does not say how far that is; restore the volume from a backup`,
  );
}

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile, syncFolder, writeSynced } from "@weftkit/core";
import type { Part } from "../contract/manifest.ts";
import type { Substitute } from "../stream.ts";

/** A base or a compacted piece that waits to be stored, and then to be put in the place of what it stands for. */
export interface WaitingSubstitute {
  readonly version: 1;
  readonly piece: Substitute;
  /** Unix time in milliseconds of the capture. */
  readonly time: number;
  /** Its parts, once all of them are stored; and the key that they are encrypted with. */
  readonly stored?: { readonly parts: readonly Part[]; readonly keyName: string | undefined };
}

const noteFile = "substitute.json";
const draftName = "draft";

/**
 * Substitutes on the volume, at most one of each stream: `substitutes/<stream>/` with the piece and what is known of it.
 * They are never needed: each can be lost or given up at any time, and is made again later.
 */
export class Substitutes {
  readonly #folder: string;
  readonly #waiting = new Map<string, WaitingSubstitute>();

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) {
      const waiting = name === draftName ? undefined : read(join(folder, name));
      if (waiting === undefined) rmSync(join(folder, name), { recursive: true, force: true });
      else this.#waiting.set(name, waiting);
    }
  }

  get all(): ReadonlyMap<string, WaitingSubstitute> {
    return this.#waiting;
  }

  get bytes(): number {
    return [...this.#waiting.values()].reduce((sum, { piece }) => sum + piece.bytes, 0);
  }

  pathOf(stream: string, { piece }: WaitingSubstitute): string {
    return join(this.#folder, stream, piece.file);
  }

  /** An empty folder to capture to; what an earlier attempt has left there is removed. */
  async draft(): Promise<string> {
    const folder = join(this.#folder, draftName);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    return folder;
  }

  /** Takes a captured piece out of the draft. */
  async keep(stream: string, piece: Substitute, time: number): Promise<void> {
    const draft = join(this.#folder, draftName);
    const folder = join(this.#folder, `${stream}.new`);
    const waiting: WaitingSubstitute = { version: 1, piece, time };
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    await rename(join(draft, piece.file), join(folder, piece.file));
    await writeSynced(join(folder, noteFile), JSON.stringify(waiting));
    await syncFolder(folder);
    await this.remove(stream);
    await rename(folder, join(this.#folder, stream));
    await syncFolder(this.#folder);
    this.#waiting.set(stream, waiting);
  }

  /** All of its parts are stored. */
  async noteStored(stream: string, parts: readonly Part[], keyName: string | undefined): Promise<void> {
    const waiting = { ...this.#waiting.get(stream)!, stored: { parts, keyName } };
    await replaceFile(join(this.#folder, stream, noteFile), JSON.stringify(waiting));
    this.#waiting.set(stream, waiting);
  }

  async remove(stream: string): Promise<void> {
    this.#waiting.delete(stream);
    await rm(join(this.#folder, stream), { recursive: true, force: true });
  }

  async clear(): Promise<void> {
    for (const stream of [...this.#waiting.keys()]) await this.remove(stream);
  }
}

function read(folder: string): WaitingSubstitute | undefined {
  try {
    const waiting = JSON.parse(readFileSync(join(folder, noteFile), "utf8")) as WaitingSubstitute;
    return waiting.version === 1 && existsSync(join(folder, waiting.piece.file)) ? waiting : undefined;
  } catch {
    // Half of one, as after a crash: it is made again.
    return undefined;
  }
}

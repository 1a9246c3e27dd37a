import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile, syncFolder, WeftkitError, writeSynced } from "@weftkit/core";
import type { StreamKind } from "../contract/manifest.ts";
import type { CapturedPiece, Cursor } from "../stream.ts";

/** What one capture took of one stream. */
export interface OutboxStream {
  readonly kind: StreamKind;
  readonly piece: CapturedPiece | undefined;
  readonly replaces: number;
  readonly cursor: Cursor;
}

/** One capture of all streams, one consistent state, waiting to be pushed. */
export interface OutboxEntry {
  readonly version: 1;
  readonly seq: number;
  readonly epoch: number;
  /** Unix time in milliseconds of the capture. */
  readonly time: number;
  readonly streams: Readonly<Record<string, OutboxStream>>;
}

/** Whether an entry stands alone: every stream that it has is a base. */
export function isBaseEntry({ streams }: OutboxEntry): boolean {
  const pieces = Object.values(streams).flatMap(({ piece }) => piece ?? []);
  return pieces.length > 0 && pieces.every(({ kind }) => kind === "base");
}

const entryFile = "entry.json";
const manifestFile = "manifest.json";
const draftName = "draft";

/**
 * Captures on the volume until the function has confirmed them: `outbox/<seq>/` with the pieces, `entry.json` and,
 * once a push was tried, the manifest it was tried with. One rename makes an entry, pieces and cursors at once.
 */
export class Outbox {
  readonly #folder: string;
  #entries: OutboxEntry[];

  /**
   * Opens the outbox. Entries up to `acknowledgedSeq` were confirmed just before a crash; they are removed.
   *
   * @throws WeftkitError `outbox_damaged`
   */
  constructor(folder: string, acknowledgedSeq = 0) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const isWaiting = (name: string) => /^\d+$/.test(name) && Number(name) > acknowledgedSeq;
    const [names, leftovers] = partition(readdirSync(folder), isWaiting);
    for (const name of leftovers) rmSync(join(folder, name), { recursive: true, force: true });
    this.#entries = names.map((name) => this.#read(name)).sort((one, other) => one.seq - other.seq);
  }

  /** Oldest first. */
  get entries(): readonly OutboxEntry[] {
    return this.#entries;
  }

  get bytes(): number {
    return this.#entries.reduce((sum, entry) => sum + this.bytesOf(entry), 0);
  }

  bytesOf({ streams }: OutboxEntry): number {
    return Object.values(streams).reduce((sum, { piece }) => sum + (piece?.bytes ?? 0), 0);
  }

  /** The entry that is being pushed, which stays where it is until that has ended. */
  pushing: OutboxEntry | undefined;

  pathOf(entry: OutboxEntry, piece: CapturedPiece): string {
    return join(this.#folder, String(entry.seq), piece.file);
  }

  /** An empty folder for the next entry's pieces; what an earlier attempt has left there is removed. */
  async draft(): Promise<string> {
    const folder = join(this.#folder, draftName);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    return folder;
  }

  /** Makes the draft an entry, durably. */
  async add(entry: OutboxEntry): Promise<void> {
    const draft = join(this.#folder, draftName);
    await writeSynced(join(draft, entryFile), JSON.stringify(entry));
    await syncFolder(draft);
    await rename(draft, join(this.#folder, String(entry.seq)));
    await syncFolder(this.#folder);
    this.#entries.push(entry);
  }

  async discardDraft(): Promise<void> {
    await rm(join(this.#folder, draftName), { recursive: true, force: true });
  }

  /** The manifest that an entry was last tried to be pushed with: an unknown outcome is settled by it. */
  triedManifest(entry: OutboxEntry): string | undefined {
    const path = join(this.#folder, String(entry.seq), manifestFile);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  }

  async noteManifest(entry: OutboxEntry, manifest: string): Promise<void> {
    await replaceFile(join(this.#folder, String(entry.seq), manifestFile), manifest);
  }

  /** Removes entries, oldest first, so that a crash in between leaves the newer ones. */
  async remove(entries: readonly OutboxEntry[]): Promise<void> {
    for (const entry of entries) {
      // An entry is whole or not an entry: it loses its name before its files.
      const removed = join(this.#folder, `removed-${entry.seq}`);
      await rename(join(this.#folder, String(entry.seq)), removed);
      await rm(removed, { recursive: true, force: true });
      this.#entries = this.#entries.filter((kept) => kept !== entry);
    }
  }

  #read(name: string): OutboxEntry {
    const path = join(this.#folder, name, entryFile);
    try {
      const entry = JSON.parse(readFileSync(path, "utf8")) as OutboxEntry;
      if (entry.version === 1 && entry.seq === Number(name) && typeof entry.streams === "object")
        return entry;
    } catch {
      // Falls through to the error: an entry is whole before it has its name.
    }
    throw new WeftkitError(
      "outbox_damaged",
      `${path} is damaged: move ${join(this.#folder, name)} away; the next push then starts from a new base`,
    );
  }
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}

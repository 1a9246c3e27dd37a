import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncFolder, WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import { linkOf } from "../contract/manifest.ts";
import type {
  BuiltState,
  Capture,
  CapturedPiece,
  CaptureRequest,
  PartSource,
  RestorePiece,
  Stream,
  Substitute,
} from "../stream.ts";
import { type BlobFolder, type BlobKeeper, filesOf } from "./blob-folder.ts";
import { BlobParts } from "./blob-parts.ts";
import { BlobSet } from "./blob-set.ts";
import { Catalog } from "./catalog.ts";
import type { Span } from "./catalog-view.ts";
import { type BlobsCursor, readBlobsCursor } from "./cursor.ts";
import { layout } from "./layout.ts";
import { buildBlobs, installBlobs } from "./restore-blobs.ts";
import { type IndexToWrite, isBaseDue, writeIndex } from "./write-index.ts";

export interface BlobsStreamOptions {
  /** 1 to 64 of a-z, 0-9, ".", "_" and "-"; the same at every start. */
  readonly name: string;
  /** What `BlobFolder.open` is given as well; it must not be below another stream's folder. */
  readonly folder: string;
  readonly log: Logger;
}

const scanBatch = 500;
const cutBatch = 100;

/**
 * The `blobs` stream: a folder of content-addressed files. Pieces say which blobs there are and in which parts each is
 * stored; the parts themselves are sent beside them.
 *
 * Life of one: `restore` or `park` while the folder is not open; `BlobFolder.open(folder, stream)`; captures; `close`.
 */
export class BlobsStream implements Stream, BlobKeeper {
  readonly kind = "blobs";
  readonly name: string;
  readonly referenced: BlobParts;
  onPressure: () => void = () => {};
  captureNow: () => Promise<void> = async () => {};
  readonly #options: BlobsStreamOptions;
  #catalog: Promise<Catalog> | undefined;
  #folder: BlobFolder | undefined;
  readonly #removed = new Set<string>();
  /**
   * Removals up to here were made before the last capture ended, so that no state which is captured from now on names
   * these blobs. Later ones may have been made after another stream of this capture was read: they wait for the next.
   */
  #removalsSeen = 0;
  #addedBytes = 0;
  #capturedBytes = 0;

  constructor(options: BlobsStreamOptions) {
    this.name = options.name;
    this.#options = options;
    this.referenced = new BlobParts({
      log: options.log,
      catalog: () => this.#openCatalog(),
      set: () => this.#set(),
      discarded: (sha256) => this.#removed.delete(sha256),
    });
  }

  // ---- the folder's keeper ---------------------------------------------------------------------------------------

  async attach(folder: BlobFolder): Promise<void> {
    await rm(layout.restoring(folder.path), { recursive: true, force: true });
    const catalog = await this.#openCatalog();
    if (!catalog.isScanned) await scan(folder.path, catalog);
    for (const name of await catalog.removedNames()) this.#removed.add(name);
    this.#folder = folder;
    this.referenced.attached();
  }

  async added(sha256: string, bytes: number): Promise<void> {
    const catalog = await this.#openCatalog();
    const isNew = (await catalog.add([{ sha256, bytes }])) > 0;
    this.#removed.delete(sha256);
    if (!isNew) return;
    this.#addedBytes += bytes;
    this.referenced.wake();
  }

  async removed(sha256: string): Promise<boolean> {
    this.#removed.add(sha256);
    let isKept = false;
    try {
      const catalog = await this.#openCatalog();
      isKept = await catalog.markRemoved(sha256);
      return isKept;
    } finally {
      if (!isKept) this.#removed.delete(sha256);
    }
  }

  isRemoved(sha256: string): boolean {
    return this.#removed.has(sha256);
  }

  // ---- the stream ------------------------------------------------------------------------------------------------

  async isEmpty(): Promise<boolean> {
    const { folder } = this.#options;
    if (!existsSync(folder)) return true;
    return (await readdir(folder)).every((name) => name === basename(layout.incoming(folder)));
  }

  lagBytes(): number {
    return Math.max(0, this.#addedBytes - this.#capturedBytes);
  }

  async capture(request: CaptureRequest): Promise<Capture> {
    const set = await this.#set();
    const { catalog } = set;
    const { cipher } = this.referenced.remote;
    const addedBytes = this.#addedBytes;
    const removed = this.#removalsSeen;
    // Most are cut already; of the others as many as possible before the view, which keeps the catalog's log.
    const soFar = { added: await catalog.changes(), removed };
    for (let rows = await catalog.uncut(soFar, cutBatch); rows.length > 0; ) {
      for (const row of rows) await set.partsOf(row, cipher);
      rows = await catalog.uncut(soFar, cutBatch);
    }
    const view = await catalog.view();
    try {
      const to: Span = { added: view.changes, removed };
      const before = this.#following(request, catalog);
      const offset = before?.to ?? 0;
      const cut = (row: Parameters<typeof set.partsOf>[0]) => set.partsOf(row, cipher);
      const index = { name: this.name, view, to, cut };
      const written = await writeIndex(request, { ...index, from: before, offset });
      const substitute = await this.#substitute(
        request,
        { ...index, from: undefined, offset: 0 },
        written?.piece,
      );
      this.#removalsSeen = view.changes;
      const { lineage } = catalog;
      const cursor: BlobsCursor | undefined =
        written === undefined
          ? before
          : { ...to, lineage, to: offset + written.bytes, piece: written.piece.sha256 };
      return {
        piece: written?.piece,
        replaces: written?.piece.kind === "base" ? request.pieces.length : 0,
        substitute,
        cursor: { ...cursor },
        more: false,
        settle: async () => {
          this.#capturedBytes = addedBytes;
        },
        abandon: async () => {},
      };
    } finally {
      view.release();
    }
  }

  /** The whole index beside a delta, where the chain has grown long enough. */
  async #substitute(
    request: CaptureRequest,
    index: IndexToWrite,
    delta: CapturedPiece | undefined,
  ): Promise<Substitute | undefined> {
    const { substituteFolder: folder, pieces, time } = request;
    if (folder === undefined || delta?.kind !== "delta" || !isBaseDue(pieces, time)) return undefined;
    const written = await writeIndex({ ...request, folder }, index);
    return written && { ...written.piece, standsFor: delta.sha256 };
  }

  async build(pieces: AsyncIterable<RestorePiece>, parts: PartSource): Promise<BuiltState> {
    const { folder, log } = this.#options;
    const built = await buildBlobs(folder, this.name, pieces, parts, log);
    return {
      install: async () => {
        await this.#closeCatalog();
        await installBlobs(folder);
        const { lineage, changes, to, piece } = built;
        return { lineage, added: changes, removed: changes, to, piece } satisfies BlobsCursor;
      },
      // What was fetched is not fetched again by the next attempt.
      discard: async () => {},
    };
  }

  async park(folder: string): Promise<void> {
    await this.#closeCatalog();
    const { folder: path } = this.#options;
    await rename(path, join(folder, basename(path)));
    await syncFolder(folder);
    await syncFolder(dirname(path));
  }

  /** Ends what runs in the background. The folder must not be used any more. */
  async close(): Promise<void> {
    await this.referenced.quiet();
    this.#folder = undefined;
    await this.#closeCatalog();
  }

  /** The cursor, where it is that of the chain's last piece and of this catalog. */
  #following({ cursor, pieces }: CaptureRequest, { lineage }: Catalog): BlobsCursor | undefined {
    const known = readBlobsCursor(cursor);
    const isFollowing =
      known?.lineage === lineage && pieces.length > 0 && known.piece === linkOf(pieces.at(-1)!);
    return isFollowing ? known : undefined;
  }

  async #set(): Promise<BlobSet> {
    if (this.#folder === undefined) {
      throw new WeftkitError("not_attached", `${this.name}: no folder of blobs is open to capture`);
    }
    return new BlobSet(this.#folder, await this.#openCatalog(), this.#options.log);
  }

  #openCatalog(): Promise<Catalog> {
    this.#catalog ??= this.#open().catch((error: unknown) => {
      this.#catalog = undefined;
      throw error;
    });
    return this.#catalog;
  }

  async #open(): Promise<Catalog> {
    const { folder, log } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await syncFolder(dirname(folder));
    const catalog = await Catalog.open(layout.catalog(folder), log);
    this.#removalsSeen = await catalog.changes();
    return catalog;
  }

  async #closeCatalog(): Promise<void> {
    const catalog = this.#catalog;
    this.#catalog = undefined;
    await (await catalog)?.close();
  }
}

/** Takes the files that are in the folder into a catalog that is new. */
async function scan(folder: string, catalog: Catalog): Promise<void> {
  let batch: { sha256: string; bytes: number }[] = [];
  for await (const file of filesOf(folder)) {
    batch.push(file);
    if (batch.length < scanBatch) continue;
    await catalog.add(batch);
    batch = [];
  }
  await catalog.add(batch);
  await catalog.scanned();
}

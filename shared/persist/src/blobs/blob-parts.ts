import { Slots, WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Manifest } from "../contract/manifest.ts";
import { partBytesCeiling } from "../contract/parse-messages.ts";
import { partsOfFile } from "../engine/pieces-on-disk.ts";
import type { Cursor, PartsRemote, ReferencedParts } from "../stream.ts";
import { BackgroundSender } from "./background-sender.ts";
import type { BlobSet } from "./blob-set.ts";
import type { Catalog } from "./catalog.ts";
import { readBlobsCursor } from "./cursor.ts";
import { dropUsed, pruneOrphans } from "./prune-orphans.ts";
import { decodeParts } from "./records.ts";
import { sendIndexed } from "./send-index.ts";

/** So many are sent before something else may have its turn. */
const partsPerTurn = 64;

/** What the parts are found by. */
export interface BlobSource {
  readonly log: Logger;
  catalog(): Promise<Catalog>;
  /** @throws WeftkitError `not_attached` as long as no folder is open */
  set(): Promise<BlobSet>;
  /** The file of a removed blob is deleted. */
  discarded(sha256: string): void;
}

/** The parts of a folder's blobs: sent when they are written, at the latest before a commit that needs them. */
export class BlobParts implements ReferencedParts {
  readonly #source: BlobSource;
  #remote: PartsRemote | undefined;
  #background: BackgroundSender | undefined;
  #isQuiet = false;
  #isAttached = false;
  /** Parts are sent, or deleted: never both at once, as what is deleted could be what is sent. */
  readonly #turn = new Slots(1);

  constructor(source: BlobSource) {
    this.#source = source;
  }

  /** @throws WeftkitError `not_connected` */
  get remote(): PartsRemote {
    if (this.#remote === undefined) {
      throw new WeftkitError("not_connected", "the blobs are captured before their subtree is known");
    }
    return this.#remote;
  }

  async connect(remote: PartsRemote): Promise<void> {
    const catalog = await this.#source.catalog();
    const { subtree, cipher } = remote;
    const partBytesMax = remote.partBytesMax ?? catalog.cutRule?.partBytesMax ?? partBytesCeiling;
    const sealedFor = cipher === undefined ? null : `${subtree} ${cipher.keyName}`;
    await catalog.cutBy({ partBytesMax, sealedFor }, remote.isNew);
    this.#remote = remote;
    this.#startBackground();
  }

  /** The folder is open. */
  attached(): void {
    this.#isAttached = true;
    this.#startBackground();
  }

  /** A blob was added. */
  wake(): void {
    this.#background?.wake();
  }

  async quiet(): Promise<void> {
    this.#isQuiet = true;
    await this.#background?.stop();
  }

  async send(piece: string, namesMax: number, signal?: AbortSignal) {
    const { folder, catalog } = await this.#source.set();
    const what = { folder, catalog, remote: this.remote };
    return await this.#turn.run(() => sendIndexed(piece, what, namesMax, signal));
  }

  async acknowledged(seq: number, cursor: Cursor): Promise<void> {
    const { folder, catalog } = await this.#source.set();
    const span = readBlobsCursor(cursor);
    // Numbers of another lineage say nothing here; the push after the next base tells.
    if (span?.lineage !== catalog.lineage) return;
    await catalog.confirm(span);
    for (;;) {
      const names = await catalog.removedUpTo(span.removed);
      if (names.length === 0) return;
      const discard = (name: string) =>
        folder.discard(
          name,
          () => catalog.orphan(name, seq),
          () => this.#source.discarded(name),
        );
      await Promise.all(names.map(discard));
    }
  }

  async unused(names: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const unused = new Set(names);
    await dropUsed(await this.#source.catalog(), unused);
    return unused;
  }

  async prune(
    manifest: Manifest,
    nowMs: number,
    remove: (parts: readonly string[]) => Promise<readonly string[]>,
  ): Promise<void> {
    const catalog = await this.#source.catalog();
    await this.#turn.run(() => pruneOrphans(catalog, manifest, nowMs, remove));
  }

  #startBackground(): void {
    const isReady = this.#isAttached && this.#remote?.partBytesMax !== undefined && !this.#isQuiet;
    if (!isReady) return;
    this.#background ??= new BackgroundSender({
      log: this.#source.log,
      step: (limit, signal) => this.#sendSome(limit, signal),
    });
    this.#background.wake();
  }

  async #sendSome(limit: number, signal: AbortSignal): Promise<boolean> {
    const set = await this.#source.set();
    const { folder, catalog } = set;
    const { cipher } = this.remote;
    const rows = await catalog.unsent(limit);
    for (const row of rows) {
      signal.throwIfAborted();
      const encoded = await set.partsOf(row, cipher);
      if (encoded === undefined) continue;
      const sha256 = row.sha256.toString("hex");
      const file = { sha256, bytes: row.bytes };
      const parts = partsOfFile(folder.pathOf(sha256), file, decodeParts(encoded), cipher);
      for (let at = 0; at < parts.length; at += partsPerTurn) {
        await this.#turn.run(() => this.remote.send(parts.slice(at, at + partsPerTurn), signal));
      }
    }
    await catalog.markSent(rows.map((row) => row.sha256));
    return rows.length === limit;
  }
}

import { existsSync } from "node:fs";
import { mkdir, open, rename, rm, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { Slots, syncFolder, WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import { bytesOfChain } from "../bytes-chain.ts";
import type { PartSource, RestorePiece } from "../stream.ts";
import { filesOf, hashOf } from "./blob-folder.ts";
import { Catalog } from "./catalog.ts";
import type { CatalogRow } from "./catalog-view.ts";
import { layout } from "./layout.ts";
import { decodeParts, type IndexRecord, readRecords } from "./records.ts";
import { writeFile } from "./write-blob.ts";

/** Blobs, and parts of all of them together, that are on their way at the same time. */
const blobsAtOnce = 4;
const partsAtOnce = 4;
/** Parts of one blob that are fetched before they are written. */
const partsAhead = 2;
const recordsAtOnce = 500;

/** Where a restore has ended. */
export interface RestoredIndex {
  readonly lineage: string;
  readonly changes: number;
  /** Bytes of the stream, and the SHA-256 of its last piece. */
  readonly to: number;
  readonly piece: string;
}

/**
 * Builds the folder beside its place: the set of blobs from the pieces, then each blob from its parts, compared with its
 * name. Blobs that an earlier attempt has brought are not fetched again.
 *
 * @throws WeftkitError `chain_broken`, or `piece_damaged` with the blob's name
 */
export async function buildBlobs(
  path: string,
  name: string,
  pieces: AsyncIterable<RestorePiece>,
  source: PartSource,
  log: Logger,
): Promise<RestoredIndex> {
  const building = layout.restoring(path);
  for (const suffix of ["", "-wal", "-shm"]) await rm(layout.catalog(building) + suffix, { force: true });
  await rm(layout.incoming(building), { recursive: true, force: true });
  await mkdir(layout.incoming(building), { recursive: true, mode: 0o700 });
  const catalog = await Catalog.open(layout.catalog(building), log);
  const state = { to: 0, piece: "" };
  let restored: RestoredIndex;
  try {
    const runs = bytesOfChain(pieces, { kind: "blobs", name }, state);
    for await (const records of inBatches(readRecords(runs))) await catalog.apply(records);
    await removeOthers(building, catalog);
    const shards = await fetchAll(building, catalog, source);
    for (const shard of shards) await syncFolder(shard);
    await catalog.scanned();
    restored = { lineage: catalog.lineage, changes: await catalog.changes(), ...state };
  } finally {
    await catalog.close();
  }
  await syncFolder(building);
  return restored;
}

/** Puts the folder that was built in place in one step. */
export async function installBlobs(path: string): Promise<void> {
  // The stream is empty, but its folder may be there.
  await rm(layout.incoming(path), { recursive: true, force: true });
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  await rename(layout.restoring(path), path);
  await syncFolder(dirname(path));
}

async function* inBatches(records: AsyncIterable<IndexRecord>): AsyncGenerator<readonly IndexRecord[]> {
  let batch: IndexRecord[] = [];
  for await (const record of records) {
    batch.push(record);
    if (batch.length < recordsAtOnce) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

/** What an earlier attempt has brought for another state. */
async function removeOthers(building: string, catalog: Catalog): Promise<void> {
  for await (const { sha256 } of filesOf(building)) {
    const known = await catalog.find([sha256]);
    if (!known.has(sha256)) await rm(layout.blob(building, sha256));
  }
}

/** Resolves to the folders that the blobs are in. */
async function fetchAll(
  building: string,
  catalog: Catalog,
  source: PartSource,
): Promise<ReadonlySet<string>> {
  const shards = new Set<string>();
  const slots = new Slots(partsAtOnce);
  const view = await catalog.view();
  const coming = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const row of view.added({ added: view.changes, removed: 0 })) {
      const shard = layout.shard(building, row.sha256.toString("hex"));
      if (!shards.has(shard)) await mkdir(shard, { recursive: true, mode: 0o700 });
      shards.add(shard);
      const fetched: Promise<void> = fetchBlob(building, row, source, slots)
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => coming.delete(fetched));
      coming.add(fetched);
      if (coming.size >= blobsAtOnce) await Promise.race(coming);
      if (failure !== undefined) break;
    }
  } finally {
    await Promise.all(coming);
    view.release();
  }
  if (failure !== undefined) throw failure.error;
  return shards;
}

async function fetchBlob(building: string, row: CatalogRow, source: PartSource, slots: Slots): Promise<void> {
  const sha256 = row.sha256.toString("hex");
  const target = layout.blob(building, sha256);
  if (await isThere(target, sha256)) return;
  const parts = decodeParts(row.parts!);
  const plain = async function* () {
    const coming: Promise<Uint8Array>[] = [];
    const start = (index: number) => {
      const part = parts[index]!;
      const fetched = slots.run(() =>
        source.fetch(sha256, index, part).catch((error: Error) => {
          throw partFailed(sha256, index, part.sha256, error);
        }),
      );
      // It is awaited when its turn comes; until then a failure must not count as unhandled.
      fetched.catch(() => {});
      coming.push(fetched);
    };
    for (let index = 0; index < parts.length; index++) {
      while (coming.length < partsAhead && index + coming.length < parts.length) start(index + coming.length);
      yield await coming.shift()!;
    }
  };
  const written = await writeFile(layout.incoming(building), plain(), { bytesMax: row.bytes, sync: true });
  if (written.sha256 !== sha256) {
    await rm(written.path);
    throw new WeftkitError(
      "piece_damaged",
      `blob ${sha256} is damaged: its parts make ${written.sha256}; restore an earlier state`,
    );
  }
  await rename(written.path, target);
}

/** Whether an earlier attempt has brought it; then it is made durable. */
async function isThere(path: string, sha256: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  const file = await open(path, "r");
  try {
    if ((await hashOf(file)) !== sha256) return false;
    await file.sync();
    return true;
  } finally {
    await file.close();
  }
}

/** An outage stays one, so that it is tried again. */
function partFailed(blob: string, index: number, part: string, error: Error): Error {
  const { code } = error as { code?: string };
  if (code === undefined) return error;
  return new WeftkitError(code, `part ${index} of blob ${blob} (${part}) cannot be had: ${error.message}`, {
    cause: error,
  });
}

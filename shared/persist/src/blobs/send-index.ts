import { setImmediate } from "node:timers/promises";
import { WeftkitError } from "@weftkit/core";
import { partsOfFile } from "../engine/pieces-on-disk.ts";
import { PieceReader } from "../piece/index.ts";
import type { PartsRemote, SendablePart } from "../stream.ts";
import type { BlobFolder } from "./blob-folder.ts";
import type { Catalog } from "./catalog.ts";
import { type BlobRecord, encodeParts, readRecords } from "./records.ts";

/** Blobs that are looked up, and parts that are sent, at once. */
const blobsAtOnce = 500;
const partsAtOnce = 256;

/**
 * Sends the parts of those blobs that a piece adds and no confirmed push names. The function is asked about each part:
 * what was sent in the background long ago may be too old to be counted on.
 *
 * @throws WeftkitError `content_changed`
 */
export async function sendIndexed(
  path: string,
  { folder, catalog, remote }: { folder: BlobFolder; catalog: Catalog; remote: PartsRemote },
  namesMax: number,
  signal: AbortSignal | undefined,
): Promise<{ bytes: number; names: string[] }> {
  const names: string[] = [];
  let bytes = 0;
  let blobs: BlobRecord[] = [];
  let parts: SendablePart[] = [];
  const send = async () => {
    if (parts.length > 0) bytes += await remote.send(parts, signal);
    parts = [];
  };
  const lookUp = async () => {
    const known = await catalog.find(blobs.map(({ sha256 }) => sha256));
    for (const blob of blobs) {
      const row = known.get(blob.sha256);
      const isAsCut = row?.parts?.equals(encodeParts(blob.parts)) === true;
      if (isAsCut && row!.confirmed === 1) continue;
      if (!isAsCut) throw contentChanged(blob.sha256);
      for (const part of partsOfFile(folder.pathOf(blob.sha256), blob, blob.parts, remote.cipher)) {
        if (names.length < namesMax) names.push(part.sha256);
        parts.push({ ...part, read: () => readOrSay(part, blob.sha256) });
        if (parts.length >= partsAtOnce) await send();
      }
    }
    blobs = [];
    // Where nothing is to be sent, nothing else would let others have a turn.
    await setImmediate();
  };
  const reader = await PieceReader.open(path);
  try {
    for await (const record of readRecords(reader.contents())) {
      if (record.type === "added") blobs.push(record);
      if (blobs.length >= blobsAtOnce) await lookUp();
    }
    await lookUp();
    await send();
    return { bytes, names };
  } finally {
    await reader.close();
  }
}

async function readOrSay(part: SendablePart, blob: string): Promise<Uint8Array> {
  try {
    return await part.read();
  } catch (error) {
    throw contentChanged(blob, error);
  }
}

function contentChanged(blob: string, cause?: unknown): WeftkitError {
  return new WeftkitError(
    "content_changed",
    `blob ${blob} is not on the volume any more as it was captured; what is there is captured anew`,
    { cause },
  );
}

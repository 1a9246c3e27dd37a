import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { WeftkitError } from "@weftkit/core";

/** A file that was written, not yet under its name. */
export interface WrittenFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Writes what `source` gives to a new file of `folder`, holding one chunk of it in memory. Nothing is left when the
 * source fails. It is on the disk only when `sync` says so.
 *
 * @throws WeftkitError `blob_too_large`
 */
export async function writeFile(
  folder: string,
  source: AsyncIterable<Uint8Array>,
  { bytesMax, sync }: { readonly bytesMax: number; readonly sync: boolean },
): Promise<WrittenFile> {
  const path = join(folder, randomUUID());
  const hash = createHash("sha256");
  let bytes = 0;
  const file = await open(path, "wx", 0o600);
  try {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        throw new WeftkitError("blob_too_large", `the content is longer than ${bytesMax} bytes`);
      }
      hash.update(chunk);
      await writeAll(file, chunk);
    }
    if (sync) await file.sync();
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
  await file.close();
  return { path, sha256: hash.digest("hex"), bytes };
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, at, chunk.length - at);
    at += bytesWritten;
  }
}

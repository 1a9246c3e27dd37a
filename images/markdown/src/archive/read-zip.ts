import { randomUUID } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { formatBytes, WeftkitError } from "@weftkit/core";
import { problems } from "@weftkit/http";
import { type Entry, fromFdPromise, getFileNameLowLevel, type ZipFile } from "yauzl";
import { invalidArchive } from "../problems.ts";
import { notAFile, type ReadFile, type ReadOther } from "./read-file.ts";
import { exportComment } from "./tar-format.ts";
import { fileTypes } from "./zip-format.ts";

export interface ZipLimits {
  /** Of one file: a larger one is passed over. */
  readonly fileBytesMax: number;
  /** Of all files, unpacked: some hundred bytes can be written to become gigabytes. */
  readonly bytesMax: number;
}

/** What a file without content costs, as a block of a tar archive does. */
const fileBytesMin = 512;

/**
 * Reads a zip archive: one file at a time is in memory. Its directory is at its end, so that all of it is kept in a file
 * without a name in `folder` first. Folders are passed over.
 *
 * @throws Problem `invalid-archive`, `body-too-large`; WeftkitError `disk_full`; what `source` throws
 */
export async function* readZip(
  source: AsyncIterable<Buffer>,
  folder: string,
  { fileBytesMax, bytesMax }: ZipLimits,
): AsyncGenerator<ReadFile | ReadOther> {
  const file = await kept(source, folder);
  try {
    // Names stay bytes, as a single odd one would end the whole reading.
    const zip = await fromFdPromise(file.fd, { decodeStrings: false, autoClose: false });
    const isExported = String(zip.comment) === exportComment;
    let bytes = 0;
    for await (const entry of zip.eachEntry()) {
      const path = getFileNameLowLevel(
        entry.generalPurposeBitFlag,
        entry.fileNameRaw,
        entry.extraFields,
        false,
      );
      const isTooLarge = entry.uncompressedSize > fileBytesMax;
      bytes += isTooLarge ? fileBytesMin : Math.max(entry.uncompressedSize, fileBytesMin);
      if (bytes > bytesMax)
        throw problems.bodyTooLarge(`unpacked, at most ${formatBytes(bytesMax)} are taken here`);
      if (path.endsWith("/")) continue;
      const reason = reasonAgainst(entry);
      if (reason !== undefined) yield { path, reason, isExported };
      else {
        yield {
          path,
          sizeBytes: entry.uncompressedSize,
          content: isTooLarge ? undefined : await contentOf(zip, entry),
          mediaType: entry.fileCommentRaw.length === 0 ? undefined : entry.fileCommentRaw.toString(),
          isExported,
        };
      }
    }
  } catch (error) {
    throw readError(error);
  } finally {
    await file.close();
  }
}

/** The archive in a file whose name is gone at once: it ends with its last reader, also when that is killed. */
async function kept(source: AsyncIterable<Buffer>, folder: string): Promise<FileHandle> {
  const path = join(folder, `import-${randomUUID()}`);
  const file = await open(path, "wx+", 0o600);
  try {
    await unlink(path);
    await file.writeFile(source);
    return file;
  } catch (error) {
    await file.close();
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOSPC" && code !== "EDQUOT") throw error;
    throw new WeftkitError("disk_full", `no space left in ${folder} to keep an archive while it is read`, {
      cause: error,
    });
  }
}

function reasonAgainst(entry: Entry): string | undefined {
  const isOfUnix = entry.versionMadeBy >>> 8 === 3;
  const type = (entry.externalFileAttributes >>> 16) & fileTypes.mask;
  if (isOfUnix && type !== 0 && type !== fileTypes.file) return notAFile;
  if (entry.isEncrypted()) return "it is encrypted";
  return entry.canDecodeFileData() ? undefined : "it is compressed in another way than by deflate";
}

async function contentOf(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // It throws when more or less comes out than the directory says.
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
  const content = Buffer.concat(chunks);
  if (crc32(content) !== entry.crc32) throw invalidArchive("a file of the archive is damaged");
  return content;
}

/** What the reader of zip archives throws about them has no code, and what inflates them one of its own. */
function readError(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined && !code.startsWith("Z_")) return error;
  if (!(error instanceof Error) || error.constructor !== Error) return error;
  return invalidArchive(`the body is not a zip archive, or a damaged one: ${message}`, { cause: error });
}

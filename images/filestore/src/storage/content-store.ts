import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { BlobFolder } from "@weftkit/persist/blobs";
import type { Store } from "@weftkit/store";
import { type StoredContent, sumsOf, sumsPerRow, type WrittenContent } from "./contents.ts";
import { PieceSums, pieceBytes } from "./pieces.ts";

/** Up to this size a content is in the database: one commit writes it, and many share a flush. */
export const inlineBytesMax = 32 * 1024;

/** So much of a file is read at once. */
const readBytes = 8 * pieceBytes;

/** Where contents are: small ones in the database, the others in files named by their hash. */
export class ContentStore {
  readonly folder: BlobFolder;
  readonly #store: Store;
  readonly #log: Logger;
  /** Files that are being read; they are not removed meanwhile. */
  readonly #pinned = new Map<string, number>();
  /** Called when a file is not read any more. */
  onReleased: () => void = () => {};
  #damaged = 0;

  constructor(folder: BlobFolder, store: Store, log: Logger) {
    this.folder = folder;
    this.#store = store;
    this.#log = log;
  }

  /** How often what was read was not what had been written. */
  get damaged(): number {
    return this.#damaged;
  }

  readonly hasFile = (sha256: string): boolean => this.folder.has(sha256);

  /**
   * Writes what `source` gives; it is on the disk when this resolves, but for what goes into the database. Undefined for an
   * empty one. Nothing is left when the source fails.
   */
  async write(source: AsyncIterable<Buffer>): Promise<WrittenContent | undefined> {
    const iterator = source[Symbol.asyncIterator]();
    const first: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const { done, value } = await iterator.next();
      if (done === true) return bytes === 0 ? undefined : smallContent(Buffer.concat(first, bytes));
      first.push(value);
      bytes += value.length;
      if (bytes > inlineBytesMax) break;
    }
    const sums = new PieceSums();
    const all = async function* (): AsyncGenerator<Buffer> {
      try {
        for (const chunk of first.splice(0)) {
          sums.update(chunk);
          yield chunk;
        }
        for (;;) {
          const { done, value } = await iterator.next();
          if (done === true) return;
          sums.update(value);
          yield value;
        }
      } finally {
        await iterator.return?.();
      }
    };
    const { sha256, bytes: size } = await this.folder.put(all());
    return { sha256, size, data: undefined, sums: sums.end() };
  }

  /** Whether a file is being read, or written and not yet named. */
  isPinned(sha256: string): boolean {
    return this.#pinned.has(sha256);
  }

  /** Keeps the files of these contents until the function that it returns is called. */
  pin(contents: readonly StoredContent[]): () => void {
    return this.pinFiles(
      contents.filter(({ data }) => data === null).map(({ sha256 }) => sha256.toString("hex")),
    );
  }

  /** As `pin`, by their names. */
  pinFiles(names: string[]): () => void {
    for (const name of names) this.#pinned.set(name, (this.#pinned.get(name) ?? 0) + 1);
    return () => {
      for (const name of names.splice(0)) {
        const count = this.#pinned.get(name)! - 1;
        if (count > 0) this.#pinned.set(name, count);
        else {
          this.#pinned.delete(name);
          this.onReleased();
        }
      }
    };
  }

  /**
   * The bytes of a content from `start` to before `end`. What comes out has been compared with what was written: bytes that
   * are not as they were are never given.
   *
   * @throws WeftkitError `content_damaged` or `content_missing`
   */
  async *read(content: StoredContent, start: number, end: number): AsyncGenerator<Buffer> {
    if (content.data !== null) {
      yield this.small(content.data, content).subarray(start, end);
      return;
    }
    const file = await this.#open(content);
    try {
      let sums: Buffer | undefined;
      let sumsPart = -1;
      for (let at = Math.floor(start / pieceBytes) * pieceBytes; at < end; ) {
        const wanted = Math.min(
          readBytes,
          content.size - at,
          Math.ceil((end - at) / pieceBytes) * pieceBytes,
        );
        const bytes = await readWhole(file, at, wanted);
        if (bytes.length !== wanted) throw this.#damage(content, "its file is too short");
        for (let offset = 0; offset < wanted; offset += pieceBytes) {
          const piece = (at + offset) / pieceBytes;
          const part = Math.floor(piece / sumsPerRow);
          if (part !== sumsPart) {
            sums = await this.#store.read((db) => sumsOf(db, content.row, part));
            sumsPart = part;
          }
          const found = crc32(bytes.subarray(offset, offset + pieceBytes));
          if (sums === undefined || found !== sums.readUInt32LE((piece % sumsPerRow) * 4)) {
            throw this.#damage(content, `bytes ${at + offset} to ${at + offset + pieceBytes} have changed`);
          }
        }
        yield bytes.subarray(Math.max(0, start - at), Math.min(wanted, end - at));
        at += wanted;
      }
    } finally {
      await file.close();
    }
  }

  /** A content of the database, after it was compared with its hash. @throws WeftkitError `content_damaged` */
  small(data: Buffer, content: StoredContent): Buffer {
    const isGood = createHash("sha256").update(data).digest().equals(content.sha256);
    if (!isGood) throw this.#damage(content, "it does not hash to its name");
    return data;
  }

  async #open(content: StoredContent): Promise<FileHandle> {
    const sha256 = content.sha256.toString("hex");
    try {
      return await this.folder.openBlob(sha256);
    } catch (error) {
      if ((error as { code?: string }).code !== "blob_missing") throw error;
      this.#damaged++;
      this.#log.error({ sha256 }, "the file of a content is missing; restore it, or put the object again");
      throw new WeftkitError("content_missing", `the content ${sha256} is not on the volume`, {
        cause: error,
      });
    }
  }

  #damage({ sha256 }: StoredContent, what: string): WeftkitError {
    this.#damaged++;
    const name = sha256.toString("hex");
    const error = new WeftkitError("content_damaged", `the content ${name} is damaged: ${what}`);
    this.#log.error(
      { err: error, sha256: name },
      "a content is damaged; restore it, or put the object again",
    );
    return error;
  }
}

export function smallContent(data: Buffer): WrittenContent {
  const sha256 = createHash("sha256").update(data).digest("hex");
  return { sha256, size: data.length, data, sums: undefined };
}

async function readWhole(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled === length ? bytes : bytes.subarray(0, filled);
}

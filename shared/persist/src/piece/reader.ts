import { createHash } from "node:crypto";
import { readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { WeftkitError } from "@weftkit/core";
import { type BlockHeader, decodeBlockHeader, unpackBlock } from "./block.ts";
import {
  BLOCK_HEADER_BYTES,
  contentBytes,
  decodeHeader,
  decodeTrailer,
  HEADER_BYTES,
  NAME_BYTES_MAX,
  type PieceHeader,
  pieceDamaged,
  SHA256_BYTES,
  TRAILER_BYTES,
} from "./format.ts";

const CHUNK_BYTES = 1 << 20;

/** What the manifest says of the file. */
export interface ExpectedFile {
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** A block as it is stored, its bounds checked. */
export interface StoredBlock extends BlockHeader {
  /** The table of pages, where the block has pages. */
  readonly table: Buffer;
  readonly stored: Buffer;
}

/**
 * Reads one WKD1 file. `open` reads it once and compares the hashes before anything in it is believed; what is read
 * from the body afterwards is bounded all the same, as the writer could have been wrong.
 */
export class PieceReader {
  readonly header: PieceHeader;
  /** `DatabaseChecksum` after this piece; zero for bytes. */
  readonly checksum: bigint;
  /** Length and SHA-256 of the file. */
  readonly bytes: number;
  readonly sha256: string;
  readonly #file: FileHandle;
  readonly #bodyFrom: number;
  readonly #bodyTo: number;

  private constructor(file: FileHandle, bytes: number, head: Buffer, trailer: Buffer, sha256: string) {
    const { header, length } = decodeHeader(head);
    const { bodyBytes, checksum } = decodeTrailer(trailer);
    this.#file = file;
    this.header = header;
    this.checksum = checksum;
    this.bytes = bytes;
    this.sha256 = sha256;
    this.#bodyFrom = length;
    this.#bodyTo = bytes - TRAILER_BYTES;
    if (this.#bodyTo - this.#bodyFrom !== bodyBytes) {
      throw pieceDamaged(`its body has ${this.#bodyTo - this.#bodyFrom} bytes and not ${bodyBytes}`);
    }
    const { body } = header;
    // Every page takes 4 bytes in a table: more pages than that are a lie, told to make a reader allocate.
    if (body.stream === "pages" && body.pageCount * 4 > bodyBytes) {
      throw pieceDamaged(`it says that ${body.pageCount} pages are in ${bodyBytes} bytes`);
    }
  }

  /**
   * Opens `path` and verifies its hash, and that it is the file which `expected` describes.
   *
   * @throws WeftkitError `piece_damaged` or `piece_unsupported`
   */
  static async open(path: string, expected?: ExpectedFile): Promise<PieceReader> {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (expected !== undefined && size !== expected.bytes) {
        throw pieceDamaged(`it is ${size} bytes long and not ${expected.bytes}`);
      }
      if (size < HEADER_BYTES + TRAILER_BYTES) throw pieceDamaged(`it is only ${size} bytes long`);
      const { sealed, whole } = await hashFile(file, size);
      const head = await readAt(file, 0, Math.min(size, HEADER_BYTES + NAME_BYTES_MAX));
      const trailer = await readAt(file, size - TRAILER_BYTES, TRAILER_BYTES);
      if (!sealed.equals(decodeTrailer(trailer).sha256)) throw pieceDamaged("its hash does not match");
      if (expected !== undefined && whole !== expected.sha256) {
        throw pieceDamaged(`its SHA-256 is ${whole} and not ${expected.sha256}`);
      }
      return new PieceReader(file, size, head, trailer, whole);
    } catch (error) {
      await file.close();
      if (error instanceof WeftkitError) {
        throw new WeftkitError(error.code, `${path}: ${error.message}`, { cause: error });
      }
      throw error;
    }
  }

  /**
   * The content of a body of bytes, in runs of at most a mebibyte, in order.
   *
   * @throws WeftkitError `piece_damaged`
   */
  *contents(): Generator<Buffer> {
    for (const block of this.blocks()) {
      if (block.pageCount !== 0) throw pieceDamaged("a block of bytes has a table of pages");
      yield unpackBlock(block, block.stored);
    }
  }

  /**
   * The blocks of the body as they are stored; what is yielded is overwritten by the next step.
   *
   * @throws WeftkitError `piece_damaged` when they are not exactly the body, or not as much as the header says
   */
  *blocks(): Generator<StoredBlock> {
    const body = new BodyBytes(this.#file.fd, this.#bodyFrom, this.#bodyTo);
    let content = 0;
    let pages = 0;
    while (body.left > 0) {
      const header = decodeBlockHeader(body.take(BLOCK_HEADER_BYTES));
      const table = this.#takeTable(body, header);
      content += header.contentBytes;
      pages += header.pageCount;
      yield { ...header, table, stored: body.take(header.storedBytes) };
    }
    const expected = this.header.body;
    if (content !== contentBytes(expected) || (expected.stream === "pages" && pages !== expected.pageCount)) {
      throw pieceDamaged(`its body holds ${content} bytes and not ${contentBytes(expected)}`);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Mask of the pages with a dictionary, page numbers, hashes of the pages in the dictionary. */
  #takeTable(body: BodyBytes, { pageCount, contentBytes }: BlockHeader): Buffer {
    const { body: expected } = this.header;
    if (expected.stream !== "pages") return Buffer.alloc(0);
    if (pageCount === 0 || contentBytes !== pageCount * expected.pageSize) {
      throw pieceDamaged(`a block has ${pageCount} pages in ${contentBytes} bytes`);
    }
    const mask = Buffer.from(body.take(8));
    let set = 0;
    for (let bits = mask.readBigUInt64LE(0); bits !== 0n; bits >>= 1n) set += Number(bits & 1n);
    return Buffer.concat([mask, body.take(pageCount * 4 + set * 8)]);
  }
}

/** The body's bytes in order, read ahead. */
class BodyBytes {
  readonly #fd: number;
  readonly #to: number;
  #at: number;
  #buffer: Buffer = Buffer.alloc(0);
  #used = 0;

  constructor(fd: number, from: number, to: number) {
    this.#fd = fd;
    this.#at = from;
    this.#to = to;
  }

  get left(): number {
    return this.#to - this.#at + this.#buffer.length - this.#used;
  }

  /** Valid until a call that reads ahead. */
  take(bytes: number): Buffer {
    if (bytes > this.left) throw pieceDamaged("a block ends behind the body");
    if (bytes > this.#buffer.length - this.#used) this.#readAhead(bytes);
    const taken = this.#buffer.subarray(this.#used, this.#used + bytes);
    this.#used += bytes;
    return taken;
  }

  /** The buffer is new each time, so that what was taken before stays as it is. */
  #readAhead(bytes: number): void {
    const rest = this.#buffer.subarray(this.#used);
    const length = Math.min(this.#to - this.#at, Math.max(bytes, CHUNK_BYTES));
    const buffer = Buffer.allocUnsafe(rest.length + length);
    buffer.set(rest, 0);
    for (let at = rest.length; at < buffer.length; ) {
      const read = readSync(this.#fd, buffer, at, buffer.length - at, this.#at);
      if (read === 0) throw pieceDamaged("it has become shorter while it was read");
      at += read;
      this.#at += read;
    }
    this.#buffer = buffer;
    this.#used = 0;
  }
}

/** The hash of all that is before the hash in the trailer, and the hash of the whole. */
async function hashFile(file: FileHandle, size: number): Promise<{ sealed: Buffer; whole: string }> {
  const hash = createHash("sha256");
  const sealedBytes = size - SHA256_BYTES;
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, sealedBytes));
  for (let at = 0; at < sealedBytes; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, sealedBytes - at), at);
    if (bytesRead === 0) throw pieceDamaged("it has become shorter while it was read");
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  const sealed = hash.copy().digest();
  hash.update(await readAt(file, sealedBytes, SHA256_BYTES));
  return { sealed, whole: hash.digest("hex") };
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead !== length) throw pieceDamaged("it has become shorter while it was read");
  return buffer;
}

import { createHash, type Hash } from "node:crypto";
import { closeSync, fsync, openSync, rmSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { WeftkitError } from "@weftkit/core";
import { encodeBlockHeader, type PackedBlock, packBlock } from "./block.ts";
import {
  BLOCK_CONTENT_BYTES_MAX,
  contentBytes,
  encodeHeader,
  encodeTrailer,
  type PieceHeader,
} from "./format.ts";

/** Blocks are gathered up to this before they are written. */
const BUFFER_BYTES = 1 << 20;

/**
 * Writes one WKD1 file, block by block, with one block and one buffer in memory.
 *
 * Calls that write are synchronous, each at most a block's work (a few milliseconds); `finish` waits for the disk.
 * Exactly one of `finish` and `discard` ends it.
 */
export class PieceWriter {
  readonly header: PieceHeader;
  readonly #path: string;
  #fd: number | undefined;
  readonly #hash: Hash = createHash("sha256");
  readonly #headerBytes: number;
  #buffer: Buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #buffered = 0;
  /** Written and buffered. */
  #bytes = 0;
  #contentBytes = 0;
  #pageCount = 0;
  /** Bytes of a body of bytes that do not fill a block yet. */
  readonly #partial: Uint8Array[] = [];
  #partialBytes = 0;

  private constructor(path: string, header: PieceHeader) {
    this.header = header;
    this.#path = path;
    const bytes = encodeHeader(header);
    this.#headerBytes = bytes.length;
    this.#fd = openSync(path, "wx", 0o600);
    this.#put(bytes);
  }

  /**
   * Creates the file, which must not exist.
   *
   * @throws WeftkitError `piece_invalid` when the header has no place in the format
   */
  static create(path: string, header: PieceHeader): PieceWriter {
    return new PieceWriter(path, header);
  }

  /** Adds to a body of bytes; `bytes` may be of any length and is not kept. */
  append(bytes: Uint8Array): void {
    if (this.header.body.stream === "pages") throw misuse("bytes are appended to a body of pages");
    for (let at = 0; at < bytes.length; ) {
      const taken = bytes.subarray(at, at + BLOCK_CONTENT_BYTES_MAX - this.#partialBytes);
      this.#partial.push(Buffer.from(taken));
      this.#partialBytes += taken.length;
      at += taken.length;
      if (this.#partialBytes === BLOCK_CONTENT_BYTES_MAX) this.#flushPartial();
    }
  }

  /** Adds a block of a body of pages, with its table of pages. */
  appendPages(pageCount: number, table: Uint8Array, contentBytes: number, packed: PackedBlock): void {
    if (this.header.body.stream !== "pages") throw misuse("pages are appended to a body of bytes");
    this.#pageCount += pageCount;
    this.#appendBlock(pageCount, table, contentBytes, packed);
  }

  /**
   * Writes the trailer and waits until the disk has the file (its name is made durable by the caller, with the
   * folder's). `checksum` is that of the database after this piece, for pages.
   *
   * @throws WeftkitError `piece_invalid` when the body is not what the header says
   */
  async finish(checksum = 0n): Promise<{ bytes: number; sha256: string }> {
    if (this.#partialBytes > 0) this.#flushPartial();
    const { body } = this.header;
    const isWhole =
      this.#contentBytes === contentBytes(body) &&
      (body.stream !== "pages" || this.#pageCount === body.pageCount);
    if (!isWhole) throw misuse(`its body has ${this.#contentBytes} bytes of ${contentBytes(body)}`);
    this.#put(encodeTrailer({ bodyBytes: this.#bytes - this.#headerBytes, checksum }));
    this.#write();
    this.#put(this.#hash.copy().digest());
    this.#write();
    const sha256 = this.#hash.digest("hex");
    await promisify(fsync)(this.#fd!);
    this.#close();
    return { bytes: this.#bytes, sha256 };
  }

  /** Removes what was written. */
  discard(): void {
    this.#close();
    rmSync(this.#path, { force: true });
  }

  #flushPartial(): void {
    const content = this.#partial.length === 1 ? this.#partial[0]! : Buffer.concat(this.#partial);
    this.#partial.length = 0;
    this.#partialBytes = 0;
    this.#appendBlock(0, new Uint8Array(0), content.length, packBlock(content));
  }

  #appendBlock(
    pageCount: number,
    table: Uint8Array,
    contentBytes: number,
    { codec, stored }: PackedBlock,
  ): void {
    this.#contentBytes += contentBytes;
    this.#put(encodeBlockHeader({ storedBytes: stored.length, contentBytes, codec, pageCount }));
    this.#put(table);
    this.#put(stored);
  }

  #put(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#buffered + bytes.length > this.#buffer.length) this.#write();
    if (bytes.length > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(bytes.length);
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  #write(): void {
    const bytes = this.#buffer.subarray(0, this.#buffered);
    this.#buffered = 0;
    this.#hash.update(bytes);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd!, bytes, at);
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function misuse(what: string): WeftkitError {
  return new WeftkitError("piece_invalid", `a piece cannot be written: ${what}`);
}

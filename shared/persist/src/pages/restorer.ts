import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { syncFolderSync, WeftkitError } from "@weftkit/core";
import { checkDatabase } from "@weftkit/store/wal";
import { linkOf } from "../contract/manifest.ts";
import {
  hashPage,
  lockPage,
  type PageBlock,
  type PagesBody,
  type PieceHeader,
  PieceReader,
  pageBlocks,
  pieceDamaged,
} from "../piece/index.ts";
import type { ChainPiece, RestorePiece } from "../stream.ts";
import { ChangedPages } from "./changed-pages.ts";
import { formatChecksum, type PagesCursor } from "./cursor.ts";
import { identityOf } from "./database-file.ts";
import { PageHashes } from "./page-hashes.ts";
import { VolumeNotes } from "./volume-note.ts";

/** So much is read at once when the finished file is read back. */
const READ_BACK_BYTES = 1 << 20;

export interface RestorerOptions {
  readonly name: string;
  /** Where the database goes; neither it nor its log exists. */
  readonly file: string;
  readonly stateFolder: string;
  /** Lets SQLite check the finished file: seconds for each gigabyte. */
  readonly check: "none" | "quick_check" | "integrity_check";
}

/** What a restore has done when it is finished. */
export interface Restored {
  readonly cursor: PagesCursor;
  readonly pageCount: number;
}

/**
 * Builds a database from its pieces in a file beside its place, and puts it there in one step. A crash before leaves
 * that file only, which counts for nothing and is overwritten by the next restore.
 */
export class Restorer {
  readonly #options: RestorerOptions;
  readonly #path: string;
  readonly #fd: number;
  readonly #lists: ChangedPages;
  #hashes: PageHashes | undefined;
  #pageSize = 0;
  #last: (ChainPiece & { epoch: number }) | undefined;
  #isOpen = true;

  constructor(options: RestorerOptions) {
    this.#options = options;
    this.#path = temporaryPath(options.file);
    this.#fd = openSync(this.#path, "w+", 0o600);
    this.#lists = new ChangedPages(options.stateFolder);
    this.#lists.keepOnly([]);
  }

  /**
   * Applies the next piece.
   *
   * @throws WeftkitError `piece_damaged` or `chain_broken`; then nothing can be applied any more
   */
  async apply(piece: RestorePiece): Promise<void> {
    const reader = await PieceReader.open(piece.path, piece);
    try {
      const body = this.#checkChain(reader.header, piece);
      const hashes = this.#hashes!;
      const pagesBefore = hashes.pageCount;
      hashes.resize(body.pagesAfter);
      ftruncateSync(this.#fd, body.pagesAfter * body.pageSize);
      const touched: number[] = [];
      let added = 0;
      for (const block of pageBlocks(reader)) {
        this.#applyBlock(block, piece);
        for (const page of block.numbers) if (page > pagesBefore) added++;
        if (piece.kind === "delta") touched.push(...block.numbers);
      }
      if (added !== countPages(pagesBefore, body)) {
        throw chainBroken(piece, "it enlarges the database without all of the new pages");
      }
      if (hashes.checksum !== reader.checksum) {
        throw chainBroken(piece, "the database does not have its checksum afterwards");
      }
      if (piece.kind === "delta") this.#lists.write(piece.sha256, touched);
      else this.#lists.keepOnly([]);
      this.#last = { ...piece, epoch: reader.header.epoch };
    } finally {
      await reader.close();
    }
  }

  /** Reads the file back, makes it durable and puts it in place. */
  finish(): Restored {
    this.seal();
    return this.install();
  }

  /** Reads the file back and makes it durable; nothing can be applied any more. */
  seal(): void {
    if (this.#hashes === undefined) {
      throw new WeftkitError("chain_broken", `${this.#options.name}: there is no piece to restore from`);
    }
    this.#readBack(this.#hashes);
    fsyncSync(this.#fd);
    this.#close();
    this.#checkBySqlite();
  }

  /** Puts the sealed file in place; neither a database nor a log is there. */
  install(): Restored {
    const last = this.#last!;
    const hashes = this.#hashes!;
    const { file, stateFolder } = this.#options;
    refuseExisting(file);
    renameSync(this.#path, file);
    syncFolderSync(dirname(file));
    const cursor: PagesCursor = {
      version: 1,
      piece: linkOf(last),
      pageSize: this.#pageSize,
      pageCount: hashes.pageCount,
      checksum: formatChecksum(hashes.checksum),
      wal: null,
    };
    const identity = identityOf(statSync(file, { bigint: true }));
    new VolumeNotes(stateFolder).write({ cursor, completeAt: 0, file: identity });
    return { cursor, pageCount: hashes.pageCount };
  }

  /** Removes what was built; nothing happens after `finish`. */
  abort(): void {
    this.#close();
    rmSync(this.#path, { force: true });
  }

  /** Whether the piece follows the one before it; prepares for the first. */
  #checkChain(header: PieceHeader, piece: RestorePiece): PagesBody {
    const { body } = header;
    const last = this.#last;
    const wrong = (why: string) => chainBroken(piece, why);
    if (body.stream !== "pages" || header.name !== this.#options.name) {
      throw wrong(`it belongs to the ${body.stream} stream "${header.name}"`);
    }
    if (header.kind !== piece.kind || header.seqFrom !== piece.seqFrom || header.seqTo !== piece.seqTo) {
      throw wrong(`it is a ${header.kind} of the pushes ${header.seqFrom} to ${header.seqTo}`);
    }
    if ((last === undefined) !== (header.kind === "base"))
      throw wrong("a chain is one base and what follows it");
    if (last === undefined) {
      this.#pageSize = body.pageSize;
      this.#hashes = new PageHashes(body.pageSize);
      return body;
    }
    if (header.previous !== linkOf(last)) throw wrong("it builds on another piece than the one before it");
    if (header.seqFrom !== last.seqTo + 1) throw wrong(`the pushes after ${last.seqTo} are missing`);
    if (header.epoch < last.epoch) throw wrong(`its epoch goes back from ${last.epoch} to ${header.epoch}`);
    if (body.pageSize !== this.#pageSize) throw wrong("its page size differs");
    return body;
  }

  #applyBlock({ numbers, bases, decode }: PageBlock, piece: RestorePiece): void {
    const hashes = this.#hashes!;
    const earlier: Buffer[] = [];
    numbers.forEach((page, index) => {
      const base = bases[index];
      if (base === undefined) return;
      const { low, high } = hashes.get(page);
      if (base.low !== low || base.high !== high) {
        throw chainBroken(piece, `page ${page} builds on another version than the one before it`);
      }
      earlier.push(this.#readPage(page));
    });
    const content = decode(earlier);
    const pageSize = this.#pageSize;
    numbers.forEach((page, index) => {
      hashes.set(page, hashPage(content.subarray(index * pageSize, (index + 1) * pageSize)));
    });
    // Neighbours are written together.
    for (let from = 0; from < numbers.length; ) {
      let to = from + 1;
      while (to < numbers.length && numbers[to] === numbers[to - 1]! + 1) to++;
      writeAll(this.#fd, content.subarray(from * pageSize, to * pageSize), (numbers[from]! - 1) * pageSize);
      from = to;
    }
  }

  #readPage(page: number): Buffer {
    const content = Buffer.allocUnsafe(this.#pageSize);
    readAll(this.#fd, content, (page - 1) * this.#pageSize);
    return content;
  }

  /** What was written must be what the file has, page by page. */
  #readBack(hashes: PageHashes): void {
    const pageSize = this.#pageSize;
    const perRun = READ_BACK_BYTES / pageSize;
    const run = Buffer.allocUnsafe(READ_BACK_BYTES);
    for (let first = 1; first <= hashes.pageCount; first += perRun) {
      const count = Math.min(perRun, hashes.pageCount - first + 1);
      readAll(this.#fd, run.subarray(0, count * pageSize), (first - 1) * pageSize);
      for (let index = 0; index < count; index++) {
        const page = first + index;
        if (page === lockPage(pageSize)) continue;
        const { low, high } = hashPage(run.subarray(index * pageSize, (index + 1) * pageSize));
        const expected = hashes.get(page);
        if (low !== expected.low || high !== expected.high) {
          throw pieceDamaged(`page ${page} does not read back from ${this.#path} as it was written`);
        }
      }
    }
  }

  #checkBySqlite(): void {
    const { check } = this.#options;
    if (check === "none") return;
    const found = checkDatabase(this.#path, check);
    if (found !== "ok") throw pieceDamaged(`the database it leads to fails SQLite's ${check}: ${found}`);
  }

  #close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }
}

/** The file that a restore builds. */
export function temporaryPath(file: string): string {
  return `${file}.restoring`;
}

/** The pages between the old end and the new one, where the database grows. */
function countPages(pagesBefore: number, { pagesAfter, pageSize }: PagesBody): number {
  const lock = lockPage(pageSize);
  const hasLock = pagesBefore < lock && lock <= pagesAfter;
  return Math.max(0, pagesAfter - pagesBefore - (hasLock ? 1 : 0));
}

function refuseExisting(file: string): void {
  for (const path of [file, `${file}-wal`]) {
    if (!existsSync(path) || statSync(path).size === 0) continue;
    throw new WeftkitError(
      "not_empty",
      `${path} exists already: it must be parked before a restore replaces it`,
    );
  }
}

function chainBroken({ seqFrom, seqTo, sha256 }: ChainPiece, why: string): WeftkitError {
  return new WeftkitError(
    "chain_broken",
    `the piece of the pushes ${seqFrom} to ${seqTo} (${sha256.slice(0, 12)}) does not fit to those before it: ${why}; restore an earlier state`,
  );
}

function readAll(fd: number, target: Buffer, position: number): void {
  for (let at = 0; at < target.length; ) {
    const read = readSync(fd, target, at, target.length - at, position + at);
    if (read === 0) throw pieceDamaged("the file that is being built is shorter than it was written");
    at += read;
  }
}

function writeAll(fd: number, content: Buffer, position: number): void {
  for (let at = 0; at < content.length; ) {
    at += writeSync(fd, content, at, content.length - at, position + at);
  }
}

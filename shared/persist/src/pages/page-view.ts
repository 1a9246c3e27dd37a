import type { WalFile, WalHeader } from "@weftkit/store/wal";
import { DatabaseChecksum, hashPage, lockPage } from "../piece/index.ts";
import type { DatabaseFile } from "./database-file.ts";

/** So much of the database file is read at once when all of it is. */
const RUN_BYTES = 1 << 18;

/** Frames of the log that stand before the database file: page number to frame. */
export interface FrameLayer {
  readonly wal: WalFile;
  readonly header: WalHeader;
  readonly frames: ReadonlyMap<number, number>;
}

/** The pages of one state of a database: those in the frames of the log, and the database file's under them. */
export class PageView {
  readonly pageSize: number;
  readonly pageCount: number;
  readonly #file: DatabaseFile;
  readonly #layer: FrameLayer | undefined;

  constructor(file: DatabaseFile, layer: FrameLayer | undefined, pageSize: number, pageCount: number) {
    this.#file = file;
    this.#layer = layer;
    this.pageSize = pageSize;
    this.pageCount = pageCount;
  }

  /** The content of a page, in a buffer of its own. */
  page(page: number): Buffer {
    const content = Buffer.allocUnsafe(this.pageSize);
    const frame = this.#layer?.frames.get(page);
    if (frame === undefined) this.#file.read(page, 1, this.pageSize, content);
    else this.#layer!.wal.readPage(this.#layer!.header, frame, content);
    return content;
  }

  /** All pages but the lock page, ascending. */
  *all(): Generator<{ page: number; content: Buffer }> {
    const perRun = RUN_BYTES / this.pageSize;
    for (let first = 1; first <= this.pageCount; first += perRun) {
      const count = Math.min(perRun, this.pageCount - first + 1);
      const run = Buffer.allocUnsafe(count * this.pageSize);
      this.#file.read(first, count, this.pageSize, run);
      for (let index = 0; index < count; index++) {
        const page = first + index;
        if (page === lockPage(this.pageSize)) continue;
        const isInLog = this.#layer?.frames.has(page) === true;
        const content = run.subarray(index * this.pageSize, (index + 1) * this.pageSize);
        yield { page, content: isInLog ? this.page(page) : content };
      }
    }
  }

  /** Reads everything: about 1.2 s for a gigabyte. */
  checksum(): bigint {
    const checksum = new DatabaseChecksum();
    for (const { page, content } of this.all()) checksum.add(page, hashPage(content));
    return checksum.value;
  }
}

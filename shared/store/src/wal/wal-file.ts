import { closeSync, fdatasyncSync, openSync, readSync } from "node:fs";
import { WeftkitError } from "@weftkit/core";
import type { NewestFrames } from "./newest-frames.ts";
import {
  decodeFrameHeader,
  decodeWalHeader,
  FRAME_HEADER_BYTES,
  type FrameHeader,
  frameChecksum,
  WAL_HEADER_BYTES,
  type WalChecksum,
  type WalHeader,
} from "./wal-format.ts";

/** How much is read at once. */
const CHUNK_BYTES = 1 << 20;

/**
 * Reads the -wal file beside SQLite. That is allowed because SQLite holds no POSIX lock on it: closing a descriptor of
 * the database or of the -shm file would drop the locks of the whole process.
 *
 * Frames are numbered from 1, as SQLite does. What is read stays as it is only while a reader pins it.
 */
export class WalFile {
  readonly path: string;
  readonly #fd: number;

  /** @throws Error with code ENOENT when the database has no log: it is there while a connection is open. */
  constructor(database: string) {
    this.path = `${database}-wal`;
    this.#fd = openSync(this.path, "r");
  }

  /** Makes durable what was written until now. Blocks. */
  sync(): void {
    fdatasyncSync(this.#fd);
  }

  /** Undefined while nothing was written since the log was made. */
  header(): WalHeader | undefined {
    const bytes = Buffer.alloc(WAL_HEADER_BYTES);
    return readSync(this.#fd, bytes, 0, bytes.length, 0) < bytes.length ? undefined : decodeWalHeader(bytes);
  }

  /** The header of a frame, or undefined where the file ends before it or it belongs to an earlier use of the log. */
  frameHeader(header: WalHeader, frame: number): FrameHeader | undefined {
    const bytes = Buffer.alloc(FRAME_HEADER_BYTES);
    const position = framePosition(header.pageSize, frame);
    if (readSync(this.#fd, bytes, 0, bytes.length, position) < bytes.length) return undefined;
    const found = decodeFrameHeader(bytes, 0);
    return found.salt1 === header.salt1 && found.salt2 === header.salt2 ? found : undefined;
  }

  /** Copies the page of a frame to the start of `page`. */
  readPage(header: WalHeader, frame: number, page: Buffer): void {
    const position = framePosition(header.pageSize, frame) + FRAME_HEADER_BYTES;
    if (readSync(this.#fd, page, 0, header.pageSize, position) < header.pageSize) {
      throw walDamaged(this.path, frame, "the file ends before it");
    }
  }

  /**
   * Reads the frames after `from` up to `to`, which ends a commit, verifies the salts and the running checksum of each
   * (`checksum` is the one at `from`) and adds them to `frames`. Returns the checksum at `to`.
   *
   * @throws WeftkitError `wal_damaged` when one is not what SQLite must have written
   */
  scan(
    header: WalHeader,
    from: number,
    to: number,
    checksum: WalChecksum,
    frames: NewestFrames,
  ): WalChecksum {
    const frameBytes = FRAME_HEADER_BYTES + header.pageSize;
    const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / frameBytes));
    const chunk = Buffer.from(new ArrayBuffer(perChunk * frameBytes));
    let running = checksum;
    let isCommitted = true;
    for (let first = from + 1; first <= to; first += perChunk) {
      const count = Math.min(perChunk, to - first + 1);
      const wanted = count * frameBytes;
      if (readSync(this.#fd, chunk, 0, wanted, framePosition(header.pageSize, first)) < wanted) {
        throw walDamaged(this.path, first, "the file ends before it");
      }
      for (let index = 0; index < count; index++) {
        const bytes = chunk.subarray(index * frameBytes, (index + 1) * frameBytes);
        const frame = decodeFrameHeader(bytes, 0);
        running = frameChecksum(running, bytes, header.isBigEndian);
        if (!isPartOf(frame, header, running))
          throw walDamaged(this.path, first + index, "its checksum is wrong");
        frames.add(first + index, frame.page, frame.pagesAfterCommit);
        isCommitted = frame.pagesAfterCommit !== 0;
      }
    }
    if (!isCommitted) throw walDamaged(this.path, to, "it does not end a commit");
    return running;
  }

  /** The running checksum at a frame that was verified before; the header's at 0. */
  checksumAt(header: WalHeader, frame: number): WalChecksum {
    const checksum = frame === 0 ? header.checksum : this.frameHeader(header, frame)?.checksum;
    if (checksum === undefined) throw walDamaged(this.path, frame, "the log was started over");
    return checksum;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function framePosition(pageSize: number, frame: number): number {
  return WAL_HEADER_BYTES + (frame - 1) * (FRAME_HEADER_BYTES + pageSize);
}

function isPartOf(frame: FrameHeader, header: WalHeader, running: WalChecksum): boolean {
  return (
    frame.salt1 === header.salt1 &&
    frame.salt2 === header.salt2 &&
    frame.checksum.first === running.first &&
    frame.checksum.second === running.second
  );
}

function walDamaged(path: string, frame: number, why: string): WeftkitError {
  return new WeftkitError(
    "wal_damaged",
    `${path}: frame ${frame} cannot be used, ${why}: look at the disk; the next start goes on from what is on it`,
  );
}

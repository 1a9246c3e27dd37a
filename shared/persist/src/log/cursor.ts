import { readSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { Cursor } from "../stream.ts";

/** So many bytes before the cursor must be those that were captured. */
const tailBytesMax = 4096;

/** How far a log was captured: up to `offset` of the file `file`. */
export interface LogCursor {
  /** The base that was captured; "" when the log had none. */
  readonly base: string;
  readonly file: string;
  readonly offset: number;
  /** CRC-32 of the last bytes before the offset, at most 4096. */
  readonly tail: number;
  /** Bytes of the stream so far: where the next delta begins. */
  readonly to: number;
  /** SHA-256 of the last piece. */
  readonly piece: string;
}

/** Reads a cursor; undefined when it is none of a log. */
export function readLogCursor(cursor: Cursor | undefined): LogCursor | undefined {
  const { base, file, offset, tail, to, piece } = (cursor ?? {}) as Partial<LogCursor>;
  if (typeof base !== "string" || typeof file !== "string" || typeof piece !== "string") return undefined;
  if (![offset, tail, to].every(Number.isSafeInteger)) return undefined;
  return { base, file, offset: offset!, tail: tail!, to: to!, piece };
}

/** The check of the bytes before `offset` in an open file; undefined when the file is shorter. */
export function tailChecksum(fd: number, offset: number): number | undefined {
  const bytes = Buffer.alloc(Math.min(tailBytesMax, offset));
  for (let read = 0; read < bytes.length; ) {
    const count = readSync(fd, bytes, read, bytes.length - read, offset - bytes.length + read);
    if (count === 0) return undefined;
    read += count;
  }
  return crc32(bytes);
}

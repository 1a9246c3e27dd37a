import type { Cursor } from "../stream.ts";

/** A frame of one use of the write-ahead log, and the checksum that proves it and all before it. */
export interface WalPosition {
  readonly checkpointSequence: number;
  readonly salt1: number;
  readonly salt2: number;
  /** From 1. */
  readonly frame: number;
  readonly first: number;
  readonly second: number;
}

/** How far a database was captured. */
export interface PagesCursor {
  readonly version: 1;
  /** SHA-256 of the last piece's file. */
  readonly piece: string;
  readonly pageSize: number;
  readonly pageCount: number;
  /** `DatabaseChecksum` of the captured state, 16 hexadecimal digits. */
  readonly checksum: string;
  /** The last frame that was captured; null where the log was empty and the database file alone was the state. */
  readonly wal: WalPosition | null;
}

const walFields = ["checkpointSequence", "salt1", "salt2", "frame", "first", "second"] as const;

/** The cursor, or undefined when it is not one of ours: then nothing can be continued. */
export function parseCursor(cursor: Cursor | undefined): PagesCursor | undefined {
  if (cursor === undefined || cursor.version !== 1) return undefined;
  const { piece, pageSize, pageCount, checksum, wal } = cursor;
  if (!isHex(piece, 64) || !isHex(checksum, 16) || !isCount(pageSize) || !isCount(pageCount))
    return undefined;
  const position = wal === null ? null : parsePosition(wal);
  if (position === undefined) return undefined;
  return { version: 1, piece, pageSize, pageCount, checksum, wal: position };
}

export function isSameCursor(one: PagesCursor, other: PagesCursor): boolean {
  return JSON.stringify(parseCursor({ ...one })) === JSON.stringify(parseCursor({ ...other }));
}

export function formatChecksum(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}

function parsePosition(value: unknown): WalPosition | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const fields = value as Record<string, unknown>;
  const entries = walFields.map((name) => [name, fields[name]] as const);
  if (!entries.every(([, field]) => isCount(field))) return undefined;
  return Object.fromEntries(entries) as unknown as WalPosition;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isHex(value: unknown, digits: number): value is string {
  return typeof value === "string" && value.length === digits && /^[0-9a-f]+$/.test(value);
}

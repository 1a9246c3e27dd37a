import { WeftkitError } from "@weftkit/core";

// A snapshot file (WKS1):
//
//   magic "WKSN" | format version u16 | length of the header u32 | header, JSON
//   body, one zstd frame: for each file  length u32 | entry, JSON | its bytes;  at the end a length of 0
//   SHA-256 of everything before it
//
// Numbers are little-endian.

export const magic = Buffer.from("WKSN");
export const formatVersion = 1;
export const digestBytes = 32;
export const headerBytesMax = 64 * 1024;
export const entryBytesMax = 8 * 1024;

/** What a snapshot says of itself. */
export interface SnapshotHeader {
  readonly engine: string;
  /** The version of the program that wrote it. */
  readonly version: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

export interface EntryHeader {
  readonly place: string;
  readonly path: string;
  readonly bytes: number;
}

/**
 * Why a snapshot is not restored; nothing has changed then.
 *
 * - `snapshot_damaged`: it is no snapshot, or not whole, or not as it was written
 * - `snapshot_of_another_engine`
 * - `snapshot_newer`: a later version has written it
 */
export type SnapshotErrorCode = "snapshot_damaged" | "snapshot_of_another_engine" | "snapshot_newer";

export function snapshotError(code: SnapshotErrorCode, message: string, cause?: unknown): WeftkitError {
  return new WeftkitError(code, message, cause === undefined ? {} : { cause });
}

export function damaged(why: string, cause?: unknown): WeftkitError {
  return snapshotError("snapshot_damaged", `this is no whole snapshot (${why}): take another one`, cause);
}

/** Compares versions of three numbers; what follows a "-" is not looked at. */
export function isNewer(version: string, than: string): boolean {
  const [one, other] = [version, than].map((text) => text.split("-")[0]!.split(".").map(Number));
  for (let index = 0; index < 3; index++) {
    const difference = (one![index] ?? 0) - (other![index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

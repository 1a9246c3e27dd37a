import { readSync } from "node:fs";
import { type PieceHeader, PieceWriter } from "../piece/index.ts";

/** A piece to write: runs of log files that somebody has opened. */
export interface LogPieceRequest {
  readonly path: string;
  readonly header: PieceHeader;
  readonly runs: readonly { readonly fd: number; readonly from: number; readonly to: number }[];
}

export interface LogPieceResult {
  readonly bytes: number;
  readonly sha256: string;
}

const chunkBytes = 1 << 20;

/** Packs runs of log files into one piece. Synchronous but for the end: a few milliseconds for each mebibyte. */
export async function writeLogPiece({ path, header, runs }: LogPieceRequest): Promise<LogPieceResult> {
  const writer = PieceWriter.create(path, header);
  try {
    const bytes = runs.reduce((sum, { from, to }) => sum + to - from, 0);
    const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, bytes));
    for (const { fd, from, to } of runs) {
      for (let at = from; at < to; ) {
        const count = readSync(fd, chunk, 0, Math.min(chunk.length, to - at), at);
        if (count === 0) throw new Error("a log file is shorter than it was");
        writer.append(chunk.subarray(0, count));
        at += count;
      }
    }
    return await writer.finish();
  } catch (error) {
    writer.discard();
    throw error;
  }
}

import { readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { type PieceHeader, PieceWriter } from "../piece/index.ts";

/** What the capturing worker is given: runs of files that the main thread has opened. */
export interface LogCaptureRequest {
  readonly path: string;
  readonly header: PieceHeader;
  readonly runs: readonly { readonly fd: number; readonly from: number; readonly to: number }[];
}

/** What it answers. */
export interface LogCaptureResult {
  readonly bytes: number;
  readonly sha256: string;
}

const chunkBytes = 1 << 20;

/** Packs runs of log files into one piece, beside the main thread. */
const { path, header, runs } = workerData as LogCaptureRequest;
const writer = PieceWriter.create(path, header);
try {
  const chunk = Buffer.allocUnsafeSlow(chunkBytes);
  for (const { fd, from, to } of runs) {
    for (let at = from; at < to; ) {
      const count = readSync(fd, chunk, 0, Math.min(chunk.length, to - at), at);
      if (count === 0) throw new Error("a log file is shorter than it was");
      writer.append(chunk.subarray(0, count));
      at += count;
    }
  }
  parentPort!.postMessage((await writer.finish()) satisfies LogCaptureResult);
} catch (error) {
  writer.discard();
  throw error;
}

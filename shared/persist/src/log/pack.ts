import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type LogPieceRequest, type LogPieceResult, writeLogPiece } from "./write-piece.ts";

/** A smaller piece is packed in less time than a worker takes to start. */
const inPlaceBytesMax = 1 << 20;

/** The worker beside this module: TypeScript in the source tree, its bundle in the image. */
const workerFile = import.meta.url.endsWith(".ts")
  ? new URL("./log-worker.ts", import.meta.url)
  : new URL("./log-worker.mjs", import.meta.url);

/** Packs runs of open files into one piece, a large one in a worker thread; the files stay open until it has settled. */
export async function packRuns(
  request: LogPieceRequest,
  bytes: number,
  signal?: AbortSignal,
): Promise<LogPieceResult> {
  if (bytes <= inPlaceBytesMax) return await writeLogPiece(request);
  const worker = new Worker(workerFile, { workerData: request });
  try {
    // A failure in the worker arrives as its "error" event, which `once` turns into a rejection.
    const [result] = (await once(worker, "message", signal && { signal })) as [LogPieceResult];
    return result;
  } finally {
    await worker.terminate();
  }
}

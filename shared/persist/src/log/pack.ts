import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { LogCaptureRequest, LogCaptureResult } from "./worker.ts";

/** The worker beside this module: TypeScript in the source tree, its bundle in the image. */
const workerFile = import.meta.url.endsWith(".ts")
  ? new URL("./worker.ts", import.meta.url)
  : new URL("./log-worker.mjs", import.meta.url);

/** Packs runs of open files into one piece in a worker thread; the files stay open until this has settled. */
export async function packRuns(request: LogCaptureRequest): Promise<LogCaptureResult> {
  const worker = new Worker(workerFile, { workerData: request });
  try {
    // A failure in the worker arrives as its "error" event, which `once` turns into a rejection.
    const [result] = (await once(worker, "message")) as [LogCaptureResult];
    return result;
  } finally {
    await worker.terminate();
  }
}

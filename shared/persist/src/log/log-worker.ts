import { parentPort, workerData } from "node:worker_threads";
import { type LogPieceRequest, writeLogPiece } from "./write-piece.ts";

// Packs a large piece beside the main thread; files that it has opened are open here too.
parentPort!.postMessage(await writeLogPiece(workerData as LogPieceRequest));

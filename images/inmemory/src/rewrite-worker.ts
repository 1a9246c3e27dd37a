import { rmSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { writeBaseFile } from "./persistence/base-file.ts";
import type { RewriteRequest, RewriteResult } from "./persistence/log-keeper.ts";
import { replayFile } from "./persistence/replay.ts";
import { Server } from "./server.ts";

/** Replays finished log files into a server of its own and writes the state as a new base. */
const { folder, files, target, databases } = workerData as RewriteRequest;
const server = new Server({ settings: { databases } });
server.isLoading = true;
for (const name of files) replayFile(server, join(folder, name));
rmSync(target, { force: true });
const result: RewriteResult = { bytes: writeBaseFile(server, target) };
parentPort!.postMessage(result);

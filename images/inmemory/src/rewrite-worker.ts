import { rmSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { Registry } from "./command-table/registry.ts";
import { commandFamilies } from "./commands/index.ts";
import { writeBaseFile } from "./persistence/base-file.ts";
import type { RewriteRequest, RewriteResult } from "./persistence/log-keeper.ts";
import { replayFile } from "./server/replay.ts";
import { Server } from "./server/server.ts";

/** Replays finished log files into a server of its own and writes the state as a new base. */
const { folder, files, target, databases } = workerData as RewriteRequest;
const server = new Server({ registry: new Registry(commandFamilies), settings: { databases } });
server.isLoading = true;
for (const name of files) replayFile(server, join(folder, name));
rmSync(target, { force: true });
const result: RewriteResult = { bytes: writeBaseFile(server.databases, server.libraryCode, target) };
parentPort!.postMessage(result);

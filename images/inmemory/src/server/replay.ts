import { WeftkitError } from "@weftkit/core";
import { type ReplayResult, readLog, type WriteObserver } from "../persistence/read-log.ts";
import type { Args } from "../protocol/args.ts";
import type { Server } from "./server.ts";

/** Runs a log file's commands on a server that is being loaded. */
export function replayFile(server: Server, path: string, onWrite?: WriteObserver): ReplayResult {
  const session = server.createReplaySession();
  try {
    const run = (args: Args) => {
      session.args.loadFrom(args);
      server.reply.length = 0;
      const errors = server.reply.errors;
      server.execute(session);
      if (server.reply.errors !== errors) {
        const reply = server.reply.buffer.toString("utf8", 1, server.reply.length).trim();
        throw new WeftkitError(
          "AOF_COMMAND",
          `${path}: the logged command '${args.latin1(0)}' was refused: ${reply}. The file was written by a newer version, or is damaged`,
        );
      }
    };
    return readLog(path, run, onWrite);
  } finally {
    server.closeSession(session);
    server.reply.length = 0;
  }
}

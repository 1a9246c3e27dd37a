import { WeftkitError } from "@weftkit/core";
import { ConfigMistakes } from "@weftkit/persist/server";
import { type RunningFunction, start } from "./start.ts";

/** By sysexits(3), as the images end. */
const exitCodes = { ok: 0, unavailable: 69, software: 70, config: 78 } as const;
/** Platforms give 30 seconds or less between SIGTERM and SIGKILL. */
const drainBudgetMs = 25_000;

let running: RunningFunction | undefined;
let isStopping = false;

async function stop(signal: NodeJS.Signals): Promise<void> {
  if (isStopping) process.exit(exitCodes.ok);
  isStopping = true;
  // Before it serves there is nothing to end.
  if (running === undefined) process.exit(exitCodes.ok);
  running.log.info({ signal }, "shutting down");
  await running.stop(drainBudgetMs);
  process.exit(exitCodes.ok);
}

process.on("SIGTERM", stop).on("SIGINT", stop);

try {
  running = await start(process.env);
} catch (error) {
  const message =
    error instanceof WeftkitError ? error.message : error instanceof Error ? error.stack : error;
  process.stderr.write(`weftkit node-s3: ${message}\n`);
  if (error instanceof ConfigMistakes) process.exit(exitCodes.config);
  process.exit(error instanceof WeftkitError ? exitCodes.unavailable : exitCodes.software);
}

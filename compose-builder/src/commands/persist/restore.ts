import { Command } from "commander";
import { openSubtree } from "../../persist/endpoint.ts";
import { advised } from "../../persist/failure.ts";
import { atOption, type SubtreeOptions, withSubtreeOptions } from "../../persist/options.ts";
import { restoreState } from "../../persist/restore.ts";
import { type RestoreTarget, refuseExisting, restoreTargets } from "../../persist/restore-target.ts";
import { askForState, cipherFor, type State, stateBytes } from "../../persist/state.ts";
import { interruptible } from "../../terminal/interrupt.ts";
import { paint } from "../../terminal/paint.ts";
import { startProgress } from "../../terminal/progress.ts";
import { readableBytes, readableTime } from "../../terminal/quantities.ts";

interface Options extends SubtreeOptions {
  readonly to: string;
  readonly at?: string;
  readonly force?: true;
}

/** `weftkit persist restore` */
export function restoreCommand(): Command {
  const command = new Command("restore").description("fetch a state and write it to files here");
  return withSubtreeOptions(command)
    .requiredOption("--to <path>", "a file, or a folder (existing, or written with a / at its end)")
    .addOption(atOption("the newest state at or before this push or ISO 8601 time (default: the newest)"))
    .option("--force", "replace what is there")
    .addHelpText(
      "after",
      `
What is written depends on the engine: an SQLite database for one that keeps pages; for inmemory a folder
appendonlydir inside --to, ready for an engine whose data dir is --to, or one file when --to ends in .aof.
An engine that is to go back to an earlier state needs none of this: start it with WEFTKIT_PERSIST_RESTORE_AT.

Examples:
  weftkit persist restore --engine inmemory --to restored/
  weftkit up inmemory --data-dir restored-state    # with the folder moved to restored-state/inmemory/appendonlydir
  weftkit persist restore --engine inmemory --at 42 --to push-42.aof`,
    )
    .action(restore);
}

async function restore(options: Options): Promise<void> {
  await advised(() => interruptible((signal) => run(options, signal)));
}

async function run(options: Options, signal: AbortSignal): Promise<void> {
  const target = await openSubtree(options);
  try {
    const { state } = await askForState(target, options.at, signal);
    cipherFor(target, state);
    const targets = restoreTargets(state, options.to);
    if (!options.force) refuseExisting(targets);
    const totalBytes = stateBytes(state.manifest);
    const progress = startProgress("restoring", totalBytes, options.json === true);
    try {
      await restoreState(target, state, targets, progress.add, signal);
    } finally {
      progress.end();
    }
    if (options.json) printJson(target.subtree, state, targets);
    else print(state, targets, totalBytes);
  } finally {
    target.client.close();
  }
}

function print({ manifest }: State, targets: readonly RestoreTarget[], bytes: number): void {
  const { seq, time, engine } = manifest;
  process.stdout.write(
    `Restored push ${seq} of ${engine}, of ${readableTime(time)} (${readableBytes(bytes)} fetched):\n`,
  );
  for (const { form, path } of targets) {
    process.stdout.write(`  ${paint(process.stdout, "green", path)}  ${form}\n`);
  }
  if (targets.length === 0) process.stdout.write("  nothing: the state is empty\n");
}

function printJson(subtree: string, { manifest, name }: State, files: readonly RestoreTarget[]): void {
  const { seq, time, engine } = manifest;
  const document = { subtree, engine, seq, time: new Date(time).toISOString(), manifest: name, files };
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

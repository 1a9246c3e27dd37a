import type { RestorePoint } from "@weftkit/persist/contract";
import { restorePointsOf } from "@weftkit/persist/inspection";
import { Command, Option } from "commander";
import { exitCodes } from "../../exit-codes.ts";
import { openSubtree } from "../../persist/endpoint.ts";
import { advised } from "../../persist/failure.ts";
import { atOption, type SubtreeOptions, withSubtreeOptions } from "../../persist/options.ts";
import { askForState, cipherFor } from "../../persist/state.ts";
import { bytesToRead, fetchCandidates, type VerifiedState, verifyStates } from "../../persist/verify.ts";
import { interruptible } from "../../terminal/interrupt.ts";
import { paint } from "../../terminal/paint.ts";
import { startProgress } from "../../terminal/progress.ts";
import { counted, readableBytes, readableTime } from "../../terminal/quantities.ts";

interface Options extends SubtreeOptions {
  readonly at?: string;
  readonly all?: true;
}

/** `weftkit persist verify` */
export function verifyCommand(exit: (code: number) => void): Command {
  const command = new Command("verify").description(
    "read a state back, every part of it, and check hashes, files and the chain",
  );
  return withSubtreeOptions(command)
    .addOption(atOption("the newest state at or before this push or ISO 8601 time (default: the newest)"))
    .addOption(
      new Option("--all", "every state that can be restored; what they share is read once").conflicts("at"),
    )
    .addHelpText(
      "after",
      "\nThe exit code is 1 when anything is damaged. Pages of a database are checked one by one when it is restored.\n\nExamples:\n  weftkit persist verify --engine inmemory\n  weftkit persist verify --engine inmemory --all --json",
    )
    .action((options: Options) => verify(options, exit));
}

async function verify(options: Options, exit: (code: number) => void): Promise<void> {
  const results = await advised(() => interruptible((signal) => run(options, signal)));
  if (results.some(({ problems }) => problems.length > 0)) exit(exitCodes.failed.code);
}

async function run(options: Options, signal: AbortSignal): Promise<readonly VerifiedState[]> {
  const target = await openSubtree(options);
  try {
    const { state } = await askForState(target, options.at, signal);
    // A missing key is no damage, and is told about before anything is read.
    cipherFor(target, state);
    const points = restorePointsOf({ manifest: state.manifest, text: "", sha256: state.name });
    const candidates = await fetchCandidates(target, options.all ? points : points.slice(0, 1), signal);
    const totalBytes = bytesToRead(candidates);
    const progress = startProgress("verifying", totalBytes, options.json === true);
    const results: VerifiedState[] = [];
    try {
      const on = {
        bytes: progress.add,
        state: (verified: VerifiedState) => {
          results.push(verified);
          if (!options.json) for (const line of linesOf(verified)) progress.print(line);
        },
      };
      await verifyStates(target, candidates, on, signal);
    } finally {
      progress.end();
    }
    if (options.json) printJson(target.subtree, results);
    else printSummary(results, totalBytes);
    return results;
  } finally {
    target.client.close();
  }
}

function linesOf({ point, pieces, problems }: VerifiedState): string[] {
  const mark =
    problems.length === 0
      ? paint(process.stdout, "green", "whole  ")
      : paint(process.stdout, "red", "DAMAGED");
  const head = `${mark}  push ${point.seq}, of ${readableTime(point.time)}, ${counted(pieces, "piece")}`;
  return [head, ...problems.map((problem) => `         ${problem}`)];
}

function printSummary(results: readonly VerifiedState[], bytes: number): void {
  const damaged = results.filter(({ problems }) => problems.length > 0);
  const print = (line: string) => process.stdout.write(`\n${line}\n`);
  if (damaged.length === 0) {
    print(
      `${results.length === 1 ? "The state is" : `All ${results.length} states are`} whole; ${readableBytes(bytes)} were read back.`,
    );
    return;
  }
  print(
    `${damaged.length} of ${counted(results.length, "state")} ${damaged.length === 1 ? "is" : "are"} damaged. ${advice(results)}`,
  );
}

function advice(results: readonly VerifiedState[]): string {
  const whole = results.find(({ problems }) => problems.length === 0)?.point;
  if (whole !== undefined)
    return `The newest whole one is push ${whole.seq}: weftkit persist restore --at ${whole.seq}.`;
  return results.length === 1
    ? "An earlier one may be whole: weftkit persist verify --all."
    : "None is whole. An engine that runs still has its state on its volume: POST /v1/persist/flush pushes it again.";
}

function printJson(subtree: string, results: readonly VerifiedState[]): void {
  const states = results.map(({ point, pieces, problems }) => ({
    ...describePoint(point),
    pieces,
    problems,
  }));
  const whole = results.every(({ problems }) => problems.length === 0);
  process.stdout.write(`${JSON.stringify({ subtree, whole, states }, null, 2)}\n`);
}

function describePoint({ seq, time, manifest }: RestorePoint) {
  return { seq, time: new Date(time).toISOString(), manifest };
}

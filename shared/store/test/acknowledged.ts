import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Store } from "@weftkit/store";
import { nodeOptions } from "@weftkit/testing/program";
import { onTestFinished } from "vitest";
import { notes } from "./open-for-test.ts";

const child = join(import.meta.dirname, "writing-child.ts");

export interface Writing {
  readonly process: ChildProcess;
  /** The transactions it has said to be written, in that order. */
  readonly acknowledged: number[];
  /** Calls back with every line: a number, or the code of an error. */
  onLine: (line: string) => void;
  /** Resolves when it has ended and everything it said was read. */
  readonly ended: Promise<void>;
}

/** Starts a process that writes to `file` for ever, its transactions numbered from `first`. */
export function startWriting(file: string, first = 0, command: readonly string[] = []): Writing {
  const [program, ...args] = [...command, process.execPath, ...nodeOptions, child, file, String(first)];
  const running = spawn(program!, args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void running.kill("SIGKILL"));
  const lines = createInterface(running.stdout);
  const acknowledged: number[] = [];
  const writing: Writing = {
    process: running,
    acknowledged,
    onLine: () => {},
    ended: new Promise((resolve) => lines.once("close", resolve)),
  };
  lines.on("line", (line) => {
    if (/^\d+$/.test(line)) acknowledged.push(Number(line));
    writing.onLine(line);
  });
  return writing;
}

/** What is wrong with what a store holds, given what was acknowledged: nothing, one hopes. */
export async function faults(store: Store, acknowledged: Iterable<number>): Promise<string[]> {
  const halves = new Map<number, number>();
  for (const body of await notes(store)) {
    const number = Number.parseInt(body, 10);
    halves.set(number, (halves.get(number) ?? 0) + 1);
  }
  const found: string[] = [];
  for (const number of acknowledged) if (!halves.has(number)) found.push(`transaction ${number} is lost`);
  for (const [number, count] of halves) if (count !== 2) found.push(`half of transaction ${number} is there`);
  const integrity = await store.read((db) => db.pragma("integrity_check", { simple: true }));
  if (integrity !== "ok") found.push(String(integrity));
  return found;
}

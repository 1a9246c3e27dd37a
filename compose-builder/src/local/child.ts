import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { LocalProgram } from "./plan.ts";

/** A process of an engine or the playground. */
export interface LocalProcess {
  readonly plan: LocalProgram;
  /** Resolves with the exit code when the process has ended and its log is written; never rejects. */
  readonly exited: Promise<number>;
  /** Resolves with true when it serves, with false when it ended before. */
  ready(): Promise<boolean>;
  /** SIGTERM asks it to save everything and end; SIGKILL does not ask. */
  stop(signal: "SIGTERM" | "SIGKILL"): void;
}

const pollMs = 50;

/** Starts a program. Its log goes to its file, and line by line to `onLine`. */
export function startProgram(plan: LocalProgram, onLine: (line: string) => void): LocalProcess {
  const folder = dirname(plan.logFile);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, ".gitignore"), "*\n");
  // A group of its own: ctrl-C on the terminal is for this process, which tells its children in order.
  const child = spawn(process.execPath, [plan.bundle], {
    env: plan.environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const log = createWriteStream(plan.logFile, { flags: "a" });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      log.write(`${line}\n`);
      onLine(line);
    });
  }
  const exited = exitOf(child).then(async (code) => {
    log.end();
    await finished(log);
    return code;
  });
  return {
    plan,
    exited,
    ready: () => waitUntilReady(plan, exited),
    stop: (signal) => child.kill(signal),
  };
}

/** A process that a signal ended has 128 + the signal's number, as in a shell. */
function exitOf(child: ChildProcess): Promise<number> {
  const signals: Readonly<Record<string, number>> = { SIGKILL: 137, SIGTERM: 143, SIGINT: 130 };
  return new Promise((resolve) => {
    child.once("error", () => resolve(1));
    child.once("close", (code, signal) => resolve(code ?? signals[signal ?? ""] ?? 1));
  });
}

async function waitUntilReady({ admin }: LocalProgram, exited: Promise<number>): Promise<boolean> {
  let ended = false;
  const end = exited.then(() => {
    ended = true;
  });
  const url = `http://${admin.host.includes(":") ? `[${admin.host}]` : admin.host}:${admin.port}/readyz`;
  while (!ended) {
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return !ended;
    await Promise.race([end, wait(pollMs)]);
  }
  return false;
}

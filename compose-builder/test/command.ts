import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

/** The program as npm links it. */
export const program = join(import.meta.dirname, "../bin/weftkit.mjs");

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `weftkit` to its end in a folder, with no variables but PATH and those given. */
export function weftkit(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  return outcome(start(folder, args, env));
}

/** Starts `weftkit`; killed when the test ends. */
export function start(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** What a program printed and how it ended. */
export async function outcome(child: ChildProcess): Promise<Outcome> {
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout!), text(child.stderr!), closed]);
  return { code, stdout, stderr };
}

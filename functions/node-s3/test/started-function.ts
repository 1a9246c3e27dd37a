import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const main = join(import.meta.dirname, "..", "src", "main.ts");

export const secret = "a secret of enough length";

export interface StartedFunction {
  readonly process: ChildProcess;
  readonly url: string;
  readonly log: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Runs the function as its own process, on a free port, and waits until it serves. */
export async function startFunction(env: Readonly<Record<string, string>>): Promise<StartedFunction> {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, WKP_PORT: "0", WKP_SECRET: secret, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk;
  });
  const log: string[] = [];
  const lines = createInterface({ input: child.stdout });
  const port = await new Promise<number>((resolve, reject) => {
    lines.on("line", (line) => {
      log.push(line);
      const { msg, port: bound } = JSON.parse(line) as { msg: string; port: number };
      if (msg === "serving WKP-1") resolve(bound);
    });
    child.once("exit", (code) => reject(new Error(`the function has ended with ${code}: ${errors}`)));
  });
  const scheme = env.WKP_TLS_CERT === undefined ? "http" : "https";
  return {
    process: child,
    url: `${scheme}://127.0.0.1:${port}`,
    log,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Runs the function until it ends by itself; its exit code and what it wrote to standard error. */
export async function runFunction(
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; errors: string }> {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk;
  });
  const [code] = (await once(child, "close")) as [number];
  return { code, errors };
}

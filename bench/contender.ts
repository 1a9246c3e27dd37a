import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@weftkit/testing/free-ports";
import { builtBundle } from "./built-bundle.ts";

/** A server under test. */
export interface Contender {
  readonly name: string;
  readonly port: number;
  /** From its start to its first answer. */
  readonly readyMs: number;
  residentBytes(): number;
  stop(): Promise<void>;
}

/** How a program is started that listens on a port and keeps its data in a folder. */
export interface Start {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Resolves when a server answers a request; rejects while it does not. */
export type Ask = (port: number) => Promise<unknown>;

/** An engine from its bundle, as the image runs it. @throws Error that says how to build it */
export function startEngine(
  engine: string,
  ask: Ask,
  env: Readonly<Record<string, string>> = { WEFTKIT_AUTH: "none" },
): Promise<Contender> {
  const bundle = builtBundle(engine);
  return startContender("weftkit", process.execPath, ask, (port, folder) => ({
    args: [bundle],
    env: {
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_PORT: String(port),
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_DATA_DIR: folder,
      WEFTKIT_LOG_LEVEL: "error",
      ...env,
    },
  }));
}

/** Starts a program and waits until it answers. `BENCH_FOLDER` says where its folder is made. */
export async function startContender(
  name: string,
  program: string,
  ask: Ask,
  settings: (port: number, folder: string) => Start,
): Promise<Contender> {
  const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), `bench-${name}-`));
  const port = await freePort();
  const { args, env } = settings(port, folder);
  const startedMs = performance.now();
  const child = spawn(program, args, { stdio: "ignore", env: { PATH: process.env.PATH, ...env } });
  const failed = once(child, "error").then(([error]) => Promise.reject(error));
  await Promise.race([answering(name, port, child, ask), failed]);
  failed.catch(() => {});
  const readyMs = performance.now() - startedMs;
  return {
    name,
    port,
    readyMs,
    residentBytes: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))![1]) * 1024,
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      if (child.exitCode === null) await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answering(name: string, port: number, child: ChildProcess, ask: Ask): Promise<void> {
  while (child.exitCode === null) {
    try {
      await ask(port);
      return;
    } catch {
      // It does not listen yet.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  throw new Error(`${name} ended before it answered`);
}

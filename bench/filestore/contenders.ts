import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@weftkit/testing/free-ports";
import { builtBundle } from "../built-bundle.ts";
import { accessKey, secretKey } from "./signed-request.ts";

/** A server under test. */
export interface Contender {
  readonly name: string;
  readonly port: number;
  /** From its start to its first answer. */
  readonly readyMs: number;
  residentBytes(): number;
  stop(): Promise<void>;
}

/** weftkit/filestore from its bundle, as the image runs it: a write is on the disk before it is answered. */
export async function startWeftkit(): Promise<Contender> {
  const bundle = builtBundle("filestore");
  return start("weftkit", process.execPath, (port, folder) => ({
    args: [bundle],
    env: {
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_PORT: String(port),
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_USER: accessKey,
      WEFTKIT_PASSWORD: secretKey,
      WEFTKIT_DATA_DIR: folder,
      WEFTKIT_LOG_LEVEL: "error",
    },
  }));
}

/** versitygw on a folder; it does not wait for the disk. `program` is its binary. */
export function startVersitygw(program: string): Promise<Contender> {
  return start("versitygw", program, (port, folder) => {
    mkdirSync(join(folder, "data"));
    return {
      args: ["--port", `127.0.0.1:${port}`, "--quiet", "posix", join(folder, "data")],
      env: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey, HOME: folder },
    };
  });
}

async function start(
  name: string,
  program: string,
  settings: (port: number, folder: string) => { args: string[]; env: Record<string, string> },
): Promise<Contender> {
  const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), `bench-${name}-`));
  const port = await freePort();
  const { args, env } = settings(port, folder);
  const startedMs = performance.now();
  const child = spawn(program, args, { stdio: "ignore", env: { PATH: process.env.PATH, ...env } });
  await untilAnswering(port, child, name);
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
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilAnswering(port: number, child: ChildProcess, name: string): Promise<void> {
  while (child.exitCode === null) {
    try {
      await fetch(`http://127.0.0.1:${port}/`);
      return;
    } catch {
      // It does not listen yet.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  throw new Error(`${name} ended before it answered`);
}

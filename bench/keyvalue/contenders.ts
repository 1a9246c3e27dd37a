import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@weftkit/testing/free-ports";
import { builtBundle } from "../built-bundle.ts";
import { Connection } from "./connection.ts";
import { requestBytes } from "./requests.ts";

/** A server under test. */
export interface Contender {
  readonly name: string;
  readonly port: number;
  /** From its start to its first answer. */
  readonly readyMs: number;
  residentBytes(): number;
  stop(): Promise<void>;
}

/** weftkit/keyvalue from its bundle, as the image runs it: a write is on the disk before it is answered. */
export async function startWeftkit(): Promise<Contender> {
  const bundle = builtBundle("keyvalue");
  return start("weftkit", process.execPath, (port, folder) => ({
    args: [bundle],
    env: {
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_PORT: String(port),
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_AUTH: "none",
      WEFTKIT_DATA_DIR: folder,
      WEFTKIT_LOG_LEVEL: "error",
    },
  }));
}

/** dynoxide on a file; `program` is its binary. */
export function startDynoxide(program: string): Promise<Contender> {
  return start("dynoxide", program, (port, folder) => ({
    args: ["serve", "--port", String(port), "--db-path", join(folder, "items.db")],
    env: {},
  }));
}

/** dynalite in memory, its fastest; `program` is its cli.js. */
export function startDynalite(program: string): Promise<Contender> {
  return start("dynalite", process.execPath, (port) => ({
    args: [program, "--port", String(port), "--createTableMs", "0", "--deleteTableMs", "0"],
    env: {},
  }));
}

async function start(
  name: string,
  program: string,
  settings: (port: number, folder: string) => { args: string[]; env: Record<string, string> },
): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), `bench-${name}-`));
  const port = await freePort();
  const { args, env } = settings(port, folder);
  const startedMs = performance.now();
  const child = spawn(program, args, {
    stdio: "ignore",
    env: { PATH: process.env.PATH, ...env },
  });
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
    const connection = new Connection(port);
    try {
      await connection.ask(requestBytes(port, "ListTables", {}));
      return;
    } catch {
      // It does not listen yet.
      await new Promise((resolve) => setTimeout(resolve, 5));
    } finally {
      connection.close();
    }
  }
  throw new Error(`${name} ended before it answered`);
}

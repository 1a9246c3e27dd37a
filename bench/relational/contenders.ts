import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "@weftkit/testing/free-ports";
import pg from "pg";
import { builtBundle } from "../built-bundle.ts";
import { startCluster } from "../postgres.ts";

/** A server under test. */
export interface Contender {
  readonly name: "postgres" | "weftkit";
  readonly port: number;
  /** From its start to its first answer. */
  readonly readyMs: number;
  /** Memory of the server and of all its processes; what they share counts once. */
  residentBytes(): number;
  /** A client of node-postgres, connected. */
  client(): Promise<pg.Client>;
  stop(): Promise<void>;
}

/** The same on both sides: user, and the name of the database. */
export const login = { user: "postgres", database: "postgres" } as const;

/** weftkit/relational from its bundle, as the image runs it: a commit is on the disk before it is answered. */
export async function startWeftkit(): Promise<Contender> {
  const bundle = builtBundle("relational");
  const folder = mkdtempSync(join(tmpdir(), "bench-relational-"));
  const port = await freePort();
  const startedMs = performance.now();
  const child = spawn(process.execPath, [bundle], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env.PATH,
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_PORT: String(port),
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_AUTH: "none",
      WEFTKIT_DATA_DIR: folder,
      WEFTKIT_LOG_LEVEL: "error",
    },
  });
  await answering(port, child);
  const readyMs = performance.now() - startedMs;
  return contender("weftkit", port, child, readyMs, async () => {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    if (child.exitCode === null) await ended;
    rmSync(folder, { recursive: true, force: true });
  });
}

/** PostgreSQL as it is installed, with its own defaults: durable, and 128 MB of shared buffers. */
export async function startPostgres(): Promise<Contender> {
  const port = await freePort();
  const { child, readyMs, stop } = await startCluster(port, { max_wal_size: "4GB" }, answering);
  return contender("postgres", port, child, readyMs, stop);
}

function contender(
  name: Contender["name"],
  port: number,
  child: ChildProcess,
  readyMs: number,
  stop: () => Promise<void>,
): Contender {
  return {
    name,
    port,
    readyMs,
    residentBytes: () => proportionalBytes(child.pid!),
    client: () => connect(port),
    stop,
  };
}

async function connect(port: number): Promise<pg.Client> {
  const client = new pg.Client({ host: "127.0.0.1", port, ...login });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** Resolves when a server answers a query. */
async function answering(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    try {
      const client = await connect(port);
      await client.query("SELECT 1");
      await client.end();
      return;
    } catch {
      // It does not listen yet, or is not ready.
      await delay(5);
    }
  }
  throw new Error(`it has ended with ${child.exitCode}`);
}

/** The proportional set size of a process and its children: PostgreSQL's processes share their buffers. */
function proportionalBytes(pid: number): number {
  let kilobytes = 0;
  for (const process of [pid, ...childrenOf(pid)]) {
    try {
      const rollup = readFileSync(`/proc/${process}/smaps_rollup`, "utf8");
      kilobytes += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
    } catch {
      // A process of a session that has just ended.
    }
  }
  return kilobytes * 1024;
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { listening } from "./listening.ts";

const binaries = globSync("/usr/lib/postgresql/*/bin").sort().at(-1);

/** A program of PostgreSQL. */
export function postgresProgram(name: string): string {
  if (binaries === undefined) throw new Error("PostgreSQL is needed: apt-get install postgresql");
  return join(binaries, name);
}

/** PostgreSQL and pgbouncer do not run as root. */
export function unprivileged(): { uid?: number; gid?: number } {
  if (userInfo().uid !== 0) return {};
  const id = (option: string) => Number(spawnSync("id", [option, "postgres"], { encoding: "utf8" }).stdout);
  return { uid: id("-u"), gid: id("-g") };
}

/** A PostgreSQL in a folder of its own, that lets "postgres" in without a password. */
export interface PostgresCluster {
  readonly child: ChildProcess;
  /** From the start of its program until it was ready. */
  readonly readyMs: number;
  /** Ends it at once, and removes the folder. */
  stop(): Promise<void>;
}

/** Makes a cluster and starts it with these settings (`{ fsync: "off" }`), until it is `ready`. */
export async function startCluster(
  port: number,
  settings: Readonly<Record<string, string>>,
  ready: (port: number, child: ChildProcess) => Promise<void> = listening,
): Promise<PostgresCluster> {
  const as = unprivileged();
  const data = mkdtempSync(join(tmpdir(), "weftkit-bench-postgres-"));
  if (as.uid !== undefined) chownSync(data, as.uid, as.gid!);
  const options = { ...as, cwd: "/tmp", stdio: "ignore" as const };
  const made = spawnSync(
    postgresProgram("initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    options,
  );
  if (made.status !== 0) throw new Error(`initdb has ended with ${made.status}`);
  const all = { listen_addresses: "127.0.0.1", unix_socket_directories: "", ...settings };
  const args = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const startedMs = performance.now();
  const child = spawn(postgresProgram("postgres"), ["-D", data, "-p", String(port), ...args], options);
  await ready(port, child);
  return {
    child,
    readyMs: performance.now() - startedMs,
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGQUIT");
      if (child.exitCode === null) await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

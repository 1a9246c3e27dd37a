import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { listening } from "../listening.ts";
import { startCluster, unprivileged } from "../postgres.ts";

/** Something that speaks PostgreSQL on a port. */
export interface Contender {
  readonly name: string;
  readonly port: number;
  readonly child: ChildProcess;
}

const root = resolve(import.meta.dirname, "../..");
export async function startPostgres(port: number): Promise<Contender> {
  const { child } = await startCluster(port, { fsync: "off" });
  return { name: "PostgreSQL alone", port, child };
}

export async function startPool(port: number, postgresPort: number): Promise<Contender> {
  const child = spawn(process.execPath, [join(root, "images/pool/src/main.ts")], {
    stdio: "ignore",
    env: {
      PATH: process.env.PATH,
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_POOL_PORT: String(port),
      WEFTKIT_POOL_BACKENDS: `relational=127.0.0.1:${postgresPort}`,
      WEFTKIT_POOL_AUTH_TYPE: "trust",
      WEFTKIT_POOL_MAX_CONNECTIONS: "20000",
      WEFTKIT_LOG_LEVEL: "warn",
    },
  });
  await listening(port, child);
  return { name: "weftkit/pool", port, child };
}

/** Undefined where it is not installed. */
export async function startPgbouncer(port: number, postgresPort: number): Promise<Contender | undefined> {
  if (spawnSync("pgbouncer", ["--version"]).status !== 0) return undefined;
  const as = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), "weftkit-bench-pgbouncer-"));
  if (as.uid !== undefined) chownSync(folder, as.uid, as.gid!);
  writeFileSync(join(folder, "users"), '"postgres" ""\n');
  const ini = `[databases]
* = host=127.0.0.1 port=${postgresPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, "users")}
pool_mode = transaction
max_client_conn = 20000
default_pool_size = 20
ignore_startup_parameters = extra_float_digits
`;
  writeFileSync(join(folder, "pgbouncer.ini"), ini);
  const child = spawn("pgbouncer", ["-q", join(folder, "pgbouncer.ini")], { ...as, stdio: "ignore" });
  await listening(port, child);
  return { name: "pgbouncer", port, child };
}

export async function stop(contender: Contender): Promise<void> {
  contender.child.kill("SIGKILL");
  if (contender.child.exitCode === null) await once(contender.child, "exit");
}

/** What a process has used so far: processor seconds, and memory in bytes. */
export function usageOf({ child }: Contender): {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
} {
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  const ticks = Number(stat[11]) + Number(stat[12]);
  const pages = Number(readFileSync(`/proc/${child.pid}/statm`, "utf8").split(" ")[1]);
  return { cpuSeconds: ticks / 100, residentBytes: pages * 4096 };
}

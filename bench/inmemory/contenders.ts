import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, freePorts } from "@weftkit/testing/free-ports";
import { RespClient } from "./resp-client.ts";

/** A server under test. */
export interface Contender {
  readonly name: string;
  readonly port: number;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

const repository = join(import.meta.dirname, "..", "..");

/** Makes sure that redis-server and redis-benchmark are there; installs them where that needs no questions. */
export function requireRedis(): void {
  try {
    execFileSync("redis-benchmark", ["--version"], { stdio: "ignore" });
  } catch {
    if (process.getuid?.() !== 0) {
      throw new Error(
        "redis-server and redis-benchmark are not installed: install the packages redis-server and redis-tools",
      );
    }
    execFileSync("apt-get", ["-qq", "update"], { stdio: "inherit" });
    execFileSync("apt-get", ["-qq", "install", "-y", "redis-server", "redis-tools"], {
      stdio: "inherit",
      env: { ...process.env, RUNLEVEL: "1" },
    });
  }
}

export function redisVersion(): string {
  return /v=(\S+)/.exec(execFileSync("redis-server", ["--version"], { encoding: "utf8" }))?.[1] ?? "?";
}

/** Starts the real Redis with the same durability. */
export async function startRedis(appendfsync: string): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), "bench-redis-"));
  const port = await freePort();
  const options = ["--appendonly", appendfsync === "off" ? "no" : "yes", "--save", "", "--dir", folder];
  if (appendfsync !== "off") options.push("--appendfsync", appendfsync);
  const child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", ...options], {
    stdio: "ignore",
  });
  return running("redis", port, child, folder);
}

/** Starts weftkit/inmemory from its bundle, as the image does. */
export async function startWeftkit(appendfsync: string): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), "bench-weftkit-"));
  const { port, adminPort } = await freePorts("port", "adminPort");
  const child = spawn(process.execPath, [join(repository, "images/inmemory/dist/main.mjs")], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...process.env,
      WEFTKIT_AUTH: "none",
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_PORT: String(port),
      WEFTKIT_ADMIN_PORT: String(adminPort),
      WEFTKIT_DATA_DIR: folder,
      WEFTKIT_LOG_LEVEL: "error",
      WEFTKIT_INMEMORY_APPENDFSYNC: appendfsync === "off" ? "no" : appendfsync,
    },
  });
  return running("weftkit", port, child, folder);
}

/** Resident memory of a contender, in bytes. */
export function residentBytes(contender: Contender): number {
  const status = readFileSync(`/proc/${contender.process.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

async function running(name: string, port: number, child: ChildProcess, folder: string): Promise<Contender> {
  const exited = once(child, "exit");
  await RespClient.connectWhenReady(port, exited).then((client) => client.close());
  return {
    name,
    port,
    process: child,
    async stop() {
      child.kill("SIGKILL");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

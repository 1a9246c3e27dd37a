import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { freePort } from "@weftkit/testing/free-ports";
import { Link } from "./link.ts";

const BINARY = process.env.WEFTKIT_TEST_REDIS_SERVER ?? "redis-server";

const isInstalled = spawnSync(BINARY, ["--version"]).status === 0;

/**
 * Whether tests that need a real redis-server are left out: where there is none, except in CI, where its absence
 * fails them. `apt-get install redis-server` brings one; WEFTKIT_TEST_REDIS_SERVER names another binary.
 */
export const isOracleMissing = !isInstalled && !process.env.CI;

/** A real Redis as a child process. */
export class RedisServer {
  readonly port: number;
  /** Such as `7.0.15`. */
  readonly version: string;
  readonly #process: ChildProcess;

  private constructor(port: number, version: string, process: ChildProcess) {
    this.port = port;
    this.version = version;
    this.#process = process;
  }

  /** Starts one in a folder, with nothing saved unless the options (`--appendonly yes`) say so. */
  static async start(folder: string, options: readonly string[] = []): Promise<RedisServer> {
    const port = await freePort();
    const server = spawn(
      BINARY,
      ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", ...DEBUG, ...options],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let output = "";
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) =>
        reject(new Error(`${BINARY} is needed as the oracle and does not start`, { cause: error })),
      );
      server.once("exit", () => reject(new Error(`${BINARY} ended at once:\n${output}`)));
      server.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes("Ready to accept connections")) resolve();
      });
    });
    const link = await Link.open(port);
    const info = await link.call("INFO", "server");
    link.close();
    const version = /redis_version:(\S+)/.exec(info.text)![1]!;
    return new RedisServer(port, version, server);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill("SIGKILL");
    await once(this.#process, "exit");
  }
}

/** So that DEBUG can be compared too. */
const DEBUG = ["--enable-debug-command", "yes"];

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { freePort } from "./free-ports.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const binary = process.env.WEFTKIT_TEST_REDIS_SERVER ?? "redis-server";

/**
 * Whether tests that need a real redis-server are left out: where there is none, except in CI, where its absence fails
 * them. `apt-get install redis-server` brings one; WEFTKIT_TEST_REDIS_SERVER names another binary.
 */
export const isRedisMissing = spawnSync(binary, ["--version"]).status !== 0 && !process.env.CI;

/** A real Redis at a port and on a folder that stay, so that it comes back with what is on its disk; killed when the test has finished. */
export class RealRedis {
  readonly port: number;
  readonly #folder: string;
  readonly #options: readonly string[];
  #server!: ChildProcess;

  private constructor(port: number, folder: string, options: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    this.#options = options;
  }

  /** Starts one with nothing kept on the disk unless the options (`--appendonly yes`) say so. */
  static async start(options: readonly string[] = []): Promise<RealRedis> {
    const redis = new RealRedis(await freePort(), temporaryFolder(), options);
    onTestFinished(() => redis.kill());
    await redis.start();
    return redis;
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    const own = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.#folder, "--save", ""];
    const server = spawn(binary, [...own, ...this.#options], { stdio: ["ignore", "pipe", "inherit"] });
    this.#server = server;
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => reject(new Error(`${binary} does not start`, { cause })));
      server.once("exit", () => reject(new Error(`${binary} ended at once:\n${lines.join("\n")}`)));
      createInterface(server.stdout!).on("line", (line) => {
        lines.push(line);
        if (line.includes("Ready to accept connections")) resolve();
      });
    });
  }

  /** Kills it, as by `kill -9`. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  }
}

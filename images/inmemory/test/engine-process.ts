import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { WireClient } from "./wire-client.ts";

const program = join(import.meta.dirname, "../src/main.ts");

/** A line of the engine's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** The engine as its image runs it: a process of its own, on free ports, killed when the test has finished. */
export class EngineProcess {
  readonly child: ChildProcess;
  /** Resolves to the exit code; null after a signal. */
  readonly exited: Promise<number | null>;
  readonly log: LogLine[] = [];
  port = 0;
  #stderr = "";
  readonly #onLine = new Set<() => void>();

  private constructor(environment: Record<string, string>, file: string) {
    const child = spawn(process.execPath, [file], {
      env: {
        PATH: process.env.PATH ?? "",
        WEFTKIT_BIND: "127.0.0.1",
        WEFTKIT_PORT: "0",
        WEFTKIT_ADMIN_PORT: "0",
        WEFTKIT_AUTH: "none",
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    onTestFinished(() => void child.kill("SIGKILL"));
    child.stderr.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    createInterface(child.stdout).on("line", (line) => {
      this.log.push(JSON.parse(line));
      for (const look of [...this.#onLine]) look();
    });
    this.exited = once(child, "close").then(([code]) => code as number | null);
  }

  /** Starts it without waiting; for starts that are meant to fail. */
  static launch(dataDir: string, environment: Record<string, string> = {}, file = program): EngineProcess {
    return new EngineProcess({ WEFTKIT_DATA_DIR: dataDir, ...environment }, file);
  }

  /** Starts it and waits until it serves. */
  static async start(
    dataDir: string,
    environment: Record<string, string> = {},
    file = program,
  ): Promise<EngineProcess> {
    const engine = EngineProcess.launch(dataDir, environment, file);
    const ready = await engine.logged("ready");
    engine.port = ready.port as number;
    return engine;
  }

  /** The first log line with this message; rejects when the process ends before it comes. */
  async logged(message: string): Promise<LogLine> {
    const found = Promise.withResolvers<LogLine>();
    const look = () => {
      const line = this.log.find(({ msg }) => msg === message);
      if (line !== undefined) found.resolve(line);
    };
    this.#onLine.add(look);
    look();
    const ended = this.exited.then((code) => {
      throw new Error(`ended with ${code} before logging "${message}": ${this.output}`);
    });
    try {
      return await Promise.race([found.promise, ended]);
    } finally {
      this.#onLine.delete(look);
      ended.catch(() => {});
    }
  }

  /** Everything it said. */
  get output(): string {
    return `${this.#stderr}${this.log.map((line) => JSON.stringify(line)).join("\n")}`;
  }

  async client(): Promise<WireClient> {
    const client = await WireClient.connect(this.port);
    onTestFinished(() => client.destroy());
    return client;
  }

  /** Ends it as a power failure would, but for the disk. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exited;
  }

  /** Asks it to end; resolves to the exit code. */
  terminate(): Promise<number | null> {
    this.child.kill("SIGTERM");
    return this.exited;
  }
}

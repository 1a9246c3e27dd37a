import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

const program = join(import.meta.dirname, "../src/main.ts");

/** The engine as its image runs it: a process of its own, on free ports, killed when the test has finished. */
export class EngineProcess {
  readonly child: ChildProcess;
  /** Resolves to the exit code; null after a signal. */
  readonly exited: Promise<number | null>;
  port = 0;
  #output = "";

  private constructor(child: ChildProcess) {
    this.child = child;
    onTestFinished(() => void child.kill("SIGKILL"));
    this.exited = once(child, "close").then(([code]) => code as number | null);
  }

  /** Starts it and waits until it serves. */
  static async start(dataDir: string, environment: Record<string, string> = {}): Promise<EngineProcess> {
    const child = spawn(process.execPath, [program], {
      env: {
        PATH: process.env.PATH ?? "",
        WEFTKIT_BIND: "127.0.0.1",
        WEFTKIT_PORT: "0",
        WEFTKIT_ADMIN_PORT: "0",
        WEFTKIT_AUTH: "none",
        WEFTKIT_DATA_DIR: dataDir,
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const engine = new EngineProcess(child);
    engine.port = await engine.#ready();
    return engine;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1`;
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

  async #ready(): Promise<number> {
    const ready = Promise.withResolvers<number>();
    this.child.stderr!.on("data", (chunk: Buffer) => {
      this.#output += chunk.toString();
    });
    createInterface(this.child.stdout!).on("line", (line) => {
      this.#output += `${line}\n`;
      const { msg, port } = JSON.parse(line) as { msg: string; port?: number };
      if (msg === "ready" && port !== undefined) ready.resolve(port);
    });
    const ended = this.exited.then((code) => {
      throw new Error(`ended with ${code} before it was ready: ${this.#output}`);
    });
    ended.catch(() => {});
    return Promise.race([ready.promise, ended]);
  }
}

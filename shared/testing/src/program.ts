import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

export interface ProgramOptions {
  readonly args?: readonly string[];
  /** Its variables; beside them it has PATH only. */
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  readonly cwd?: string;
}

/** A line of a program's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** What vitest.config.ts gives to Node: programs whose workers are TypeScript need it as well. */
export const nodeOptions: readonly string[] = process.execArgv.filter((option) =>
  option.startsWith("--wasm-"),
);

/** The bundle of a main file, which starts in a third of the time, where the tests run on what was just built. */
function built(file: string): string {
  if (process.env.WEFTKIT_TEST_BUNDLES === undefined) return file;
  const bundle = file.replace(/\/src\/main\.ts$/, "/dist/main.mjs");
  return existsSync(bundle) ? bundle : file;
}

/** A program of ours as a process of its own, and what it says; killed when the test has finished. */
export class Program {
  readonly child: ChildProcess;
  /** Resolves when it has ended and all that it said was read: to the exit code; null after a signal. */
  readonly exited: Promise<number | null>;
  /** Of its standard output, so far. */
  readonly lines: string[] = [];
  /** Its standard error, so far. */
  errors = "";
  readonly #listeners = new Set<(line: string) => void>();

  /** Starts a TypeScript file or a bundle, without waiting. */
  constructor(file: string, { args = [], env = {}, cwd }: ProgramOptions = {}) {
    const child = spawn(process.execPath, [...nodeOptions, built(file), ...args], {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    onTestFinished(() => this.kill());
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.errors += text;
    });
    createInterface(child.stdout).on("line", (line) => {
      this.lines.push(line);
      for (const listener of [...this.#listeners]) listener(line);
    });
    this.exited = once(child, "close").then(([code]) => code as number | null);
  }

  /** Everything it said. */
  get output(): string {
    return `${this.errors}${this.lines.join("\n")}`;
  }

  /** Calls back with every line that it says from now on. */
  onLine(listener: (line: string) => void): void {
    this.#listeners.add(listener);
  }

  /**
   * What `find` makes of the first line, of all that it says, for which that is not undefined.
   *
   * @throws Error with all that it said when it ends before
   */
  async said<T>(what: string, find: (line: string) => T | undefined): Promise<T> {
    for (const line of this.lines) {
      const found = find(line);
      if (found !== undefined) return found;
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const listener = (line: string) => {
      const found = find(line);
      if (found !== undefined) resolve(found);
    };
    this.#listeners.add(listener);
    this.exited.then((code) => reject(new Error(`ended with ${code} before saying ${what}: ${this.output}`)));
    return promise.finally(() => this.#listeners.delete(listener));
  }

  /**
   * The first line of its log with this message.
   *
   * @throws Error with all that it said when it ends before
   * @example const { port } = await program.logged<{ port: number }>("ready");
   */
  logged<Fields extends object = object>(message: string): Promise<LogLine & Fields> {
    return this.said(`"${message}"`, (line) => {
      const record = JSON.parse(line) as LogLine & Fields;
      return record.msg === message ? record : undefined;
    });
  }

  /** Ends it as a power failure would, but for the disk. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  /** Asks it to end; resolves to the exit code. */
  terminate(): Promise<number | null> {
    this.child.kill("SIGTERM");
    return this.exited;
  }
}

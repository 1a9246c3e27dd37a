import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { exitCodes } from "@weftkit/host/exit-codes";

const childMain = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "child-main.ts" : "child-main.mjs", import.meta.url),
);

/** One of several programs: a process with this one's arguments, output and errors. */
export class ChildProgram {
  /** Resolves to the exit code, however it ends. */
  readonly exited: Promise<number>;
  /** The same, once it has ended. */
  code: number | undefined;
  readonly #signal: (signal: NodeJS.Signals) => void;

  constructor(program: URL, env: NodeJS.ProcessEnv) {
    const args = [...process.execArgv, childMain, fileURLToPath(program), ...process.argv.slice(2)];
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#signal = (signal) => void child.kill(signal);
    this.exited = once(child, "exit").then(
      ([code]) => (code as number | null) ?? exitCodes.software,
      () => exitCodes.unavailable,
    );
    this.exited.then((code) => {
      this.code = code;
    });
  }

  /** Asks it to end, with all that it has saved; resolves to the exit code. */
  end(): Promise<number> {
    if (this.code === undefined) this.#signal("SIGTERM");
    return this.exited;
  }
}

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { freePort } from "./free-ports.ts";

/** Where the real PostgreSQL's programs are, the newest first. */
const binaries = (
  process.env.WEFTKIT_TEST_POSTGRES === undefined
    ? globSync("/usr/lib/postgresql/*/bin").sort().reverse()
    : [process.env.WEFTKIT_TEST_POSTGRES]
).filter((folder) => spawnSync(join(folder, "initdb"), ["--version"]).status === 0);

/**
 * Whether tests that need the real PostgreSQL are left out: where there is none, except in CI, where its absence fails
 * them. `apt-get install postgresql` brings one; WEFTKIT_TEST_POSTGRES names another folder of its programs.
 */
export const isPostgresMissing = binaries.length === 0 && !process.env.CI;

/** PostgreSQL refuses to run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (userInfo().uid !== 0) return undefined;
  const id = (option: string) => {
    const { status, stdout } = spawnSync("id", [option, "postgres"], { encoding: "utf8" });
    // "nobody" where the package made no user.
    return status === 0 ? Number(stdout) : 65_534;
  };
  return { uid: id("-u"), gid: id("-g") };
}

/** A real PostgreSQL of the test's own, ended and removed when the test has finished. Any user may log in without a password. */
export class RealPostgres {
  readonly port: number;
  readonly #start: () => ChildProcess;
  #server!: ChildProcess;

  private constructor(port: number, start: () => ChildProcess) {
    this.port = port;
    this.#start = start;
  }

  /** Starts one with these settings (`{ deadlock_timeout: "10ms" }`). */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<RealPostgres> {
    const [folder] = binaries;
    if (folder === undefined)
      throw new Error("PostgreSQL is needed as the oracle: apt-get install postgresql");
    const as = unprivileged();
    const data = mkdtempSync("/tmp/weftkit-postgres-");
    onTestFinished(() => rmSync(data, { recursive: true, force: true }));
    chmodSync(data, 0o700);
    if (as !== undefined) chownSync(data, as.uid, as.gid);
    const options = { ...as, cwd: "/tmp", env: { PATH: process.env.PATH ?? "", LC_ALL: "C" } };
    const made = spawnSync(
      join(folder, "initdb"),
      ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
      { ...options, encoding: "utf8" },
    );
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
    const port = await freePort();
    const all: Readonly<Record<string, string>> = {
      listen_addresses: "127.0.0.1",
      port: String(port),
      unix_socket_directories: "",
      fsync: "off",
      ...settings,
    };
    const args = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const postgres = new RealPostgres(port, () =>
      spawn(join(folder, "postgres"), ["-D", data, ...args], {
        ...options,
        stdio: ["ignore", "ignore", "pipe"],
      }),
    );
    onTestFinished(() => postgres.#end("SIGQUIT"));
    await postgres.start();
    return postgres;
  }

  /** Again, after `kill`. */
  async start(): Promise<void> {
    const server = this.#start();
    this.#server = server;
    let said = "";
    const lines = createInterface(server.stderr!);
    await new Promise<void>((resolve, reject) => {
      lines.on("line", (line) => {
        said += `${line}\n`;
        if (line.includes("ready to accept connections")) resolve();
      });
      server.once("exit", () => reject(new Error(`PostgreSQL does not start: ${said}`)));
    });
  }

  /** Ends it and all that it has started, as a power failure would, but for the disk. */
  async kill(): Promise<void> {
    const { pid } = this.#server;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
    await this.#end("SIGKILL");
    for (const child of children) {
      try {
        process.kill(Number(child), "SIGKILL");
      } catch {
        // It has ended with the one that started it.
      }
    }
    // Its memory is free for the next one when none of them is left.
    while (children.some((child) => existsSync(`/proc/${child}/fd/0`))) await delay(10);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#server.exitCode !== null || this.#server.signalCode !== null) return;
    const exited = once(this.#server, "exit");
    this.#server.kill(signal);
    await exited;
  }
}

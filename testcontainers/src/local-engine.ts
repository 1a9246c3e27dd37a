import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { EngineState } from "./engine-state.ts";
import { connectionUriOf, type EngineSettings, environmentOf, filesOf } from "./settings.ts";
import type { EngineName, StartedEngine } from "./started-engine.ts";

/** How an engine is started without Docker. */
export interface LocalOptions {
  /** The folder of the engines' programs, `<engine>/main.mjs`. Default: WEFTKIT_PROGRAMS, else those of this package. */
  readonly programs?: string;
  /** Gets the lines of its log. Default: they are left out. */
  readonly onLog?: (line: string) => void;
}

const host = "127.0.0.1";
/** Of its last words, for the error when it does not start. */
const linesKept = 20;

interface Ports {
  readonly port: number;
  readonly adminPort: number;
}

/** @throws Error with what it said when it does not start */
export async function startLocalEngine(
  settings: EngineSettings,
  environment: Readonly<Record<string, string>>,
  options: LocalOptions,
): Promise<StartedEngine> {
  const program = programOf(settings.engine, options.programs ?? process.env.WEFTKIT_PROGRAMS);
  const folder = await mkdtemp(join(tmpdir(), `weftkit-${settings.engine}-`));
  const files: Record<string, string> = {};
  for (const { variable, name, content } of filesOf(settings)) {
    files[variable] = join(folder, name);
    await writeFile(join(folder, name), content, { mode: 0o600 });
  }
  const child = spawn(process.execPath, [program], {
    env: {
      PATH: process.env.PATH,
      ...environment,
      WEFTKIT_BIND: host,
      WEFTKIT_ADMIN_BIND: host,
      WEFTKIT_PORT: "0",
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_DATA_DIR: join(folder, "data"),
      ...environmentOf(settings),
      ...files,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const engine = new LocalEngine(settings, child, folder);
  try {
    await engine.ready(options.onLog);
    return engine;
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

/** In the package they are beside it, in the repository where they are built. */
function programOf(engine: EngineName, programs: string | undefined): string {
  const places =
    programs === undefined
      ? [
          join(import.meta.dirname, "../engines", engine, "main.mjs"),
          join(import.meta.dirname, "../../images", engine, "dist/main.mjs"),
        ]
      : [join(programs, engine, "main.mjs"), join(programs, engine, "dist/main.mjs")];
  const found = places.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Error(
    `there is no program of ${engine} at ${places.join(" or ")}: run npm run build, or set WEFTKIT_PROGRAMS`,
  );
}

/** A process, which ends with this one at the latest. */
class LocalEngine implements StartedEngine {
  readonly host = host;
  readonly #settings: EngineSettings;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<unknown>;
  readonly #kill = () => void this.#child.kill("SIGKILL");
  #ports: Ports = { port: 0, adminPort: 0 };
  #state!: EngineState;

  constructor(settings: EngineSettings, child: ChildProcess, folder: string) {
    this.#settings = settings;
    this.#child = child;
    this.#folder = folder;
    this.#ended = once(child, "close");
    process.once("exit", this.#kill);
  }

  /** Resolves when it serves. */
  async ready(onLog: ((line: string) => void) | undefined): Promise<void> {
    const said: string[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<Ports>();
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      createInterface(stream).on("line", (line) => {
        said.push(line);
        if (said.length > linesKept) said.shift();
        onLog?.(line);
        const ports = portsIn(line);
        if (ports !== undefined) resolve(ports);
      });
    }
    this.#ended.then(
      () => reject(new Error(`weftkit/${this.#settings.engine} has ended:\n${said.join("\n")}`)),
      reject,
    );
    this.#ports = await promise;
    this.#state = new EngineState(this.adminUrl, this.#settings.adminToken);
  }

  get connectionUri(): string {
    return connectionUriOf(this.#settings, host, this.port);
  }

  get port(): number {
    return this.#ports.port;
  }

  get username(): string {
    return this.#settings.accounts[0]?.username ?? "";
  }

  get password(): string {
    return this.#settings.accounts[0]?.password ?? "";
  }

  get adminUrl(): string {
    return `http://${host}:${this.#ports.adminPort}`;
  }

  get adminToken(): string {
    return this.#settings.adminToken;
  }

  get certificate(): string | undefined {
    return this.#settings.certificate?.cert;
  }

  snapshot(): Promise<Uint8Array> {
    return this.#state.snapshot();
  }

  restore(snapshot?: Uint8Array | string): Promise<void> {
    return this.#state.restore(snapshot);
  }

  saveSnapshot(file: string): Promise<void> {
    return this.#state.save(file);
  }

  /** At once: nothing of it is kept. */
  async stop(): Promise<void> {
    this.#kill();
    await this.#ended.catch(() => {});
    process.off("exit", this.#kill);
    await rm(this.#folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

function portsIn(line: string): Ports | undefined {
  try {
    const { msg, port, adminPort } = JSON.parse(line) as { msg?: string } & Ports;
    return msg === "ready" ? { port, adminPort } : undefined;
  } catch {
    // Not a line of its log.
    return undefined;
  }
}

import { createAuthenticator, type OpenAuthenticator } from "@weftkit/auth";
import { type Config, ConfigError, type EngineName, type Environment, loadConfig } from "@weftkit/config";
import { createLogger, type Logger } from "@weftkit/observe";
import type { ImageDefinition } from "./engine.ts";
import { Image } from "./image.ts";
import { readTls, type TlsMaterial } from "./tls.ts";

/** How an image is started inside another program. */
export interface StartOptions {
  /** Values as they would stand in weftkit.toml: `{ inmemory: { port: 0 }, auth: { method: "none" } }`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Variables to read, `WEFTKIT_*` and those that `env:NAME` names. Default: none. */
  readonly env?: Environment;
  /** The configuration file. Default: none. */
  readonly file?: string;
  /** Where log lines go. Default: nowhere. */
  readonly logStream?: { write(line: string): void };
  /** How often users, roles and certificates are looked at for changes. Default: every second. */
  readonly watchIntervalMs?: number;
}

/** An image that serves. */
export interface RunningImage {
  /** The data port really listened on (the configured one, or the system's choice for 0). */
  readonly port: number;
  readonly adminPort: number;
  /** Resolves to the error when the engine reported one that it cannot go on from. */
  readonly failed: Promise<unknown>;
  /** Resolves when another engine is to take this one's place (`[persist]`): to be stopped. */
  readonly handedOver: Promise<void>;
  /**
   * Shuts down in the order of SIGTERM, within `budgetMs` (default: `persist.shutdown_budget`); rejects with code
   * `unsaved` when something is not saved. Calling again gives the same promise.
   */
  stop(budgetMs?: number): Promise<void>;
}

/** What only the owner of the process decides. */
export interface ProcessOptions extends Omit<StartOptions, "logStream" | "file"> {
  /** Default: `WEFTKIT_CONFIG`, else where weftkit.toml is usually. */
  readonly file?: string | false | undefined;
  /** Default: standard output. */
  readonly logStream?: StartOptions["logStream"];
  readonly processMetrics: boolean;
  /** Aborts a start that takes long; the engine is told by `ctx.signal`. */
  readonly signal?: AbortSignal;
  /** Called as soon as there is a log. */
  onLog?(log: Logger): void;
}

/**
 * Starts an image inside this process, for tests and embedding: no exit, no signal handlers, port 0 allowed.
 *
 * @throws ConfigError for mistakes of the configuration, WeftkitError for what the surroundings refuse.
 */
export function startImage<Name extends EngineName>(
  definition: ImageDefinition<Name>,
  options: StartOptions = {},
): Promise<RunningImage> {
  return startInProcess(definition, {
    logStream: { write: () => {} },
    file: false,
    ...options,
    processMetrics: false,
  });
}

/** Reads the configuration and what it points to, then boots. Everything that can be wrong is, before anything opens. */
export async function startInProcess<Name extends EngineName>(
  definition: ImageDefinition<Name>,
  options: ProcessOptions,
): Promise<RunningImage> {
  const { env = {}, watchIntervalMs, processMetrics, logStream } = options;
  const { name } = definition;
  const { config } = loadConfig({ env, image: name, file: options.file, values: options.config ?? {} });
  const log = createLogger({
    level: config.server.log_level,
    image: name,
    node: config.server.name,
    ...(logStream !== undefined && { stream: logStream }),
  });
  options.onLog?.(log);
  const { tls, auth } = await readCredentials(config, env, log, watchIntervalMs);
  const image = new Image({ definition, config, log, auth, tls, processMetrics, watchIntervalMs });
  await image.start(options.signal);
  return image;
}

/** The mistakes of certificates and of users are reported together. */
async function readCredentials(
  config: Config,
  env: Environment,
  log: Logger,
  watchIntervalMs: number | undefined,
): Promise<{ tls: TlsMaterial | undefined; auth: OpenAuthenticator }> {
  const [tls, auth] = await Promise.allSettled([
    (async () => readTls(config))(),
    createAuthenticator({ config: config.auth, log, env, watchIntervalMs }),
  ]);
  if (tls.status === "fulfilled" && auth.status === "fulfilled") return { tls: tls.value, auth: auth.value };
  if (auth.status === "fulfilled") auth.value.close();
  const errors = [tls, auth].flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  );
  const unexpected = errors.find((error) => !(error instanceof ConfigError));
  if (unexpected !== undefined) throw unexpected;
  throw new ConfigError(errors.flatMap((error) => (error as ConfigError).mistakes));
}

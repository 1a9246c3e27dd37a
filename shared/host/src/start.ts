import { createAuthenticator, type OpenAuthenticator } from "@weftkit/auth";
import {
  type Config,
  type EngineName,
  type Environment,
  loadConfig,
  type ProgramName,
  type ServiceName,
} from "@weftkit/config";
import { createLogger, type Logger } from "@weftkit/observe";
import { allOrMistakes, checkPersistence } from "./check-config.ts";
import { type DiscoveryLink, openDiscoveryLink } from "./discovery-link.ts";
import type { ImageDefinition } from "./engine.ts";
import { clientsMax } from "./open-files.ts";
import type { Service, ServiceDefinition } from "./service.ts";
import { ServiceHost } from "./service-host.ts";
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

/** A service that serves. */
export interface RunningService<S>
  extends Pick<RunningImage, "adminPort" | "failed" | "handedOver" | "stop"> {
  /** What was created, with what it says of itself: the ports that it listens on. */
  readonly service: S;
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
  const { env = {}, watchIntervalMs, processMetrics } = options;
  const { config, log } = readConfig(definition.name, options);
  type Opened = [TlsMaterial | undefined, OpenAuthenticator, DiscoveryLink | undefined, undefined];
  const [tls, auth, discovery] = await allOrMistakes<Opened>(
    () => readTls(config),
    () => createAuthenticator({ config: config.auth, log, env, watchIntervalMs }),
    () => openDiscoveryLink(config, definition.name, log),
    () => checkPersistence(config, definition.name),
  );
  // Read when an engine starts: services have no state, and would keep the code of what saves it in memory.
  const { Image } = await import("./image.ts");
  const image = new Image({ definition, config, log, auth, tls, discovery, processMetrics, watchIntervalMs });
  await image.start(options.signal);
  return image;
}

/**
 * Starts a service inside this process, for tests and embedding: no exit, no signal handlers.
 *
 * @throws ConfigError for mistakes of the configuration, WeftkitError for what the surroundings refuse.
 */
export function startService<Name extends ServiceName, S extends Service<Name>>(
  definition: ServiceDefinition<Name, S>,
  options: StartOptions = {},
): Promise<RunningService<S>> {
  return startServiceInProcess(definition, {
    logStream: { write: () => {} },
    file: false,
    ...options,
    processMetrics: false,
  });
}

/** As `startInProcess`, for a service. */
export async function startServiceInProcess<Name extends ServiceName, S extends Service<Name>>(
  definition: ServiceDefinition<Name, S>,
  options: ProcessOptions,
): Promise<RunningService<S>> {
  const { env = {}, watchIntervalMs, processMetrics } = options;
  const { config, log } = readConfig(definition.name, options);
  type Opened = [TlsMaterial | undefined, OpenAuthenticator | undefined, DiscoveryLink | undefined];
  const [tls, auth, discovery] = await allOrMistakes<Opened>(
    () => readTls(config),
    () =>
      definition.authenticates
        ? createAuthenticator({ config: config.auth, log, env, watchIntervalMs })
        : undefined,
    () => openDiscoveryLink(config, definition.name, log),
  );
  const host = new ServiceHost({
    definition,
    config,
    log,
    auth,
    tls,
    discovery,
    processMetrics,
    watchIntervalMs,
  });
  await host.start(options.signal);
  return host;
}

function readConfig(name: ProgramName, options: ProcessOptions): { config: Config; log: Logger } {
  const { env = {}, logStream } = options;
  const { config: wanted } = loadConfig({
    env,
    image: name,
    file: options.file,
    values: options.config ?? {},
  });
  const { max_connections } = wanted[name];
  const possible = clientsMax(max_connections);
  const config = { ...wanted, [name]: { ...wanted[name], max_connections: possible } };
  const log = createLogger({
    level: config.server.log_level,
    image: name,
    node: config.server.name,
    ...(logStream !== undefined && { stream: logStream }),
  });
  options.onLog?.(log);
  if (possible < max_connections) {
    log.warn(
      { max_connections, possible },
      "fewer clients are let in than max_connections says, as this process may not open more files: raise the limit (ulimit -n, docker run --ulimit nofile=)",
    );
  }
  return { config, log };
}

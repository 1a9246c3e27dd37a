import type { OpenAuthenticator } from "@weftkit/auth";
import { type Config, type ServiceName, services, withoutSecrets } from "@weftkit/config";
import type { ServiceDescription } from "@weftkit/config/service-description";
import { Deadline, systemClock, WeftkitError } from "@weftkit/core";
import { createMetrics, type Logger, ReadinessRegistry, type Registry } from "@weftkit/observe";
import { AdminServer } from "./admin-server.ts";
import { requireEngine } from "./data-dir-engine.ts";
import { type DataDirLock, lockDataDir } from "./data-dir-lock.ts";
import type { DiscoveryLink } from "./discovery-link.ts";
import type { Service, ServiceContext, ServiceDefinition, ServiceTls } from "./service.ts";
import { followTls, type TlsMaterial } from "./tls.ts";

/** Everything that is known before anything is opened. */
export interface ServiceParts<Name extends ServiceName, S extends Service<Name>> {
  readonly definition: ServiceDefinition<Name, S>;
  readonly config: Config;
  readonly log: Logger;
  readonly auth: OpenAuthenticator | undefined;
  readonly tls: TlsMaterial | undefined;
  readonly discovery: DiscoveryLink | undefined;
  readonly processMetrics: boolean;
  readonly watchIntervalMs: number | undefined;
}

/** One service, from its boot to its shutdown. */
export class ServiceHost<Name extends ServiceName, S extends Service<Name>> {
  readonly service: S;
  readonly #parts: ServiceParts<Name, S>;
  readonly #metrics: Registry;
  readonly #readiness: ReadinessRegistry;
  readonly #admin: AdminServer;
  readonly #stopping = new AbortController();
  readonly #failure = Promise.withResolvers<unknown>();
  readonly #startedMs = systemClock.monotonicMs();
  readonly #following: (() => void)[] = [];
  #lock: DataDirLock | undefined;
  #isOpen = false;
  #stopped: Promise<void> | undefined;
  #adminPort = 0;

  constructor(parts: ServiceParts<Name, S>) {
    const { definition, config, log } = parts;
    this.#parts = parts;
    this.#metrics = createMetrics({ image: definition.name, processMetrics: parts.processMetrics });
    this.#readiness = new ReadinessRegistry(log);
    this.service = definition.create();
    this.#admin = new AdminServer({
      bind: config.server.admin_bind,
      port: config.server.admin_port,
      token: config.server.admin_token,
      readiness: this.#readiness,
      metrics: () => [this.#metrics],
      status: () => this.#status(),
      changes: () => undefined,
      operations: () => this.service.operations ?? {},
      flush: async () => {
        throw new WeftkitError("persistence_disabled", `weftkit/${definition.name} pushes nothing`);
      },
    });
  }

  get adminPort(): number {
    return this.#adminPort;
  }

  /** Resolves to the error that the service cannot go on from. */
  get failed(): Promise<unknown> {
    return this.#failure.promise;
  }

  /** Never resolves: nobody else takes a service's place. */
  readonly handedOver = new Promise<void>(() => {});

  /** The boot: lock, admin port, service, ready. A failure closes what was opened. */
  async start(signal: AbortSignal | undefined): Promise<void> {
    const { definition, config, log, tls } = this.#parts;
    const abort = () => this.#stopping.abort();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      if (this.#keepsState) {
        this.#lock = lockDataDir(config.server.data_dir, definition.name);
        requireEngine(config.server.data_dir, definition.name);
      }
      this.#readiness.set("service", false, "starting");
      this.#adminPort = await this.#admin.open();
      this.#isOpen = true;
      await this.service.open(this.#context());
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    this.#readiness.set("service", true);
    this.#parts.discovery?.register(config[definition.name].port);
    log.info({ adminPort: this.#adminPort, version: definition.version, tls: tls !== undefined }, "ready");
  }

  /**
   * The shutdown: not ready, close the service within the budget, close the rest. Calling again gives the same promise.
   *
   * @throws WeftkitError `unsaved` when the service failed to close or was late
   */
  stop(budgetMs: number = this.#parts.config.persist.shutdown_budget): Promise<void> {
    this.#stopped ??= this.#shutDown(budgetMs);
    return this.#stopped;
  }

  get #keepsState(): boolean {
    const all: Readonly<Record<string, ServiceDescription>> = services;
    return all[this.#parts.definition.name]?.keepsState === true;
  }

  async #shutDown(budgetMs: number): Promise<void> {
    const { discovery } = this.#parts;
    this.#readiness.set("shutdown", false, "shutting down");
    if (discovery !== undefined) await discovery.drain();
    this.#stopping.abort();
    try {
      await this.#close(budgetMs);
    } finally {
      await discovery?.leave();
      for (const stop of this.#following) stop();
      this.#parts.auth?.close();
      await this.#admin.close();
    }
    this.#parts.log.info("stopped");
  }

  async #close(budgetMs: number): Promise<void> {
    using deadline = Deadline.after(budgetMs);
    const closing = (async () => {
      if (this.#isOpen) await this.service.close(deadline);
    })().finally(() => this.#lock?.release());
    try {
      await deadline.race(closing);
    } catch (error) {
      const reason = deadline.signal.aborted
        ? `the shutdown's ${budgetMs} ms are over`
        : error instanceof Error
          ? error.message
          : String(error);
      throw new WeftkitError("unsaved", `weftkit/${this.#parts.definition.name} did not close: ${reason}`, {
        cause: error,
      });
    }
  }

  #context(): ServiceContext<Name> {
    const { definition, config, log, auth, watchIntervalMs } = this.#parts;
    return {
      name: definition.name,
      version: definition.version,
      section: config[definition.name],
      config: withoutSecrets(config),
      dataDir: this.#keepsState ? config.server.data_dir : undefined,
      log,
      metrics: this.#metrics,
      auth,
      tls: this.#tls(),
      discovery: this.#parts.discovery?.client,
      readiness: this.#readiness,
      watchIntervalMs,
      fatal: (error) => this.#failure.resolve(error),
      signal: this.#stopping.signal,
    };
  }

  #tls(): ServiceTls | undefined {
    const { tls, config, log, watchIntervalMs } = this.#parts;
    if (tls === undefined) return undefined;
    const servers = new Set<{ setSecureContext(material: TlsMaterial): void }>();
    let material = tls;
    const all = {
      setSecureContext: (changed: TlsMaterial) => {
        material = changed;
        for (const server of servers) server.setSecureContext(changed);
      },
    };
    this.#following.push(followTls(all, config, log, watchIntervalMs));
    return {
      get material() {
        return material;
      },
      follow: (server) => servers.add(server),
    };
  }

  #status(): Record<string, unknown> {
    const { definition, config } = this.#parts;
    return {
      name: definition.name,
      version: definition.version,
      node: config.server.name,
      ready: this.#readiness.ready,
      components: this.#readiness.components(),
      uptimeMs: Math.round(systemClock.monotonicMs() - this.#startedMs),
      ...(this.#parts.discovery !== undefined && { isRegistered: this.#parts.discovery.isRegistered }),
      ...(this.#isOpen && { service: this.service.status?.() ?? {} }),
    };
  }
}

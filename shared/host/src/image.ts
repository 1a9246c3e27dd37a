import type { OpenAuthenticator } from "@weftkit/auth";
import type { ChangeLog } from "@weftkit/changes";
import { type Config, ConfigError, type EngineName, withoutSecrets } from "@weftkit/config";
import { Deadline, systemClock, WeftkitError } from "@weftkit/core";
import { createMetrics, type Logger, ReadinessRegistry, type Registry } from "@weftkit/observe";
import { openPersistence, type Persistence } from "@weftkit/persist";
import { AdminServer } from "./admin-server.ts";
import { requireEngine } from "./data-dir-engine.ts";
import { type DataDirLock, lockDataDir } from "./data-dir-lock.ts";
import type { Engine, EngineContext, ImageDefinition } from "./engine.ts";
import { Listener } from "./listener.ts";
import { followTls, type TlsMaterial } from "./tls.ts";

/** Everything that is known before anything is opened. */
export interface ImageParts<Name extends EngineName> {
  readonly definition: ImageDefinition<Name>;
  readonly config: Config;
  readonly log: Logger;
  readonly auth: OpenAuthenticator;
  readonly tls: TlsMaterial | undefined;
  readonly processMetrics: boolean;
  readonly watchIntervalMs: number | undefined;
}

/** One image, from its boot to its shutdown: owns the lock, the engine and the two servers. */
export class Image<Name extends EngineName> {
  readonly #parts: ImageParts<Name>;
  readonly #metrics: Registry;
  readonly #readiness: ReadinessRegistry;
  readonly #engine: Engine<Name>;
  readonly #listener: Listener;
  readonly #admin: AdminServer;
  readonly #stopping = new AbortController();
  readonly #failure = Promise.withResolvers<unknown>();
  readonly #handedOver = Promise.withResolvers<void>();
  readonly #startedMs = systemClock.monotonicMs();
  #changes: ChangeLog | undefined;
  #lock: DataDirLock | undefined;
  #persistence: Persistence | undefined;
  #engineIsOpen = false;
  #stopFollowingTls = () => {};
  #stopped: Promise<void> | undefined;
  #port = 0;
  #adminPort = 0;

  constructor(parts: ImageParts<Name>) {
    const { definition, config, log, auth, tls } = parts;
    const { name } = definition;
    this.#parts = parts;
    this.#metrics = createMetrics({ image: name, processMetrics: parts.processMetrics });
    this.#readiness = new ReadinessRegistry(log);
    this.#engine = definition.create();
    this.#listener = new Listener({
      bind: config[name].bind,
      port: config[name].port,
      connectionsMax: config[name].max_connections,
      tls,
      // The listener calls accept and refuse, which are the same for every engine.
      engine: this.#engine as Engine,
      auth,
      log,
      metrics: this.#metrics,
    });
    this.#admin = new AdminServer({
      bind: config.server.admin_bind,
      port: config.server.admin_port,
      token: config.server.admin_token,
      readiness: this.#readiness,
      metrics: this.#metrics,
      status: () => this.#status(),
      changes: () => this.#changes,
      flush: () => this.#flush(),
    });
  }

  /** The data port; 0 when the engine accepts no connections. */
  get port(): number {
    return this.#port;
  }

  get adminPort(): number {
    return this.#adminPort;
  }

  /** Resolves to the error that the engine cannot go on from. */
  get failed(): Promise<unknown> {
    return this.#failure.promise;
  }

  /** Resolves when another engine is to take this one's place: the image ends then, with everything pushed. */
  get handedOver(): Promise<void> {
    return this.#handedOver.promise;
  }

  /**
   * The boot: lock, admin port, restore, engine, data port, ready. The admin port answers before the engine is open, so
   * that a long recovery is alive and not ready rather than dead. A failure closes what was opened.
   */
  async start(signal: AbortSignal | undefined): Promise<void> {
    const { definition, config, log, tls, auth, watchIntervalMs } = this.#parts;
    const abort = () => this.#stopping.abort();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      this.#lock = lockDataDir(config.server.data_dir, definition.name);
      requireEngine(config.server.data_dir, definition.name);
      this.#readiness.set("engine", false, "starting");
      this.#adminPort = await this.#admin.open();
      this.#persistence = await this.#openPersistence();
      await this.#engine.open(this.#context());
      this.#engineIsOpen = true;
      if (this.#engine.accept !== undefined) this.#port = await this.#listener.open();
      if (tls !== undefined) {
        this.#stopFollowingTls = followTls(this.#listener, config, log, watchIntervalMs);
      }
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    this.#persistence?.start();
    this.#readiness.set("engine", true);
    const { version } = definition;
    log.info(
      { port: this.#port, adminPort: this.#adminPort, version, tls: tls !== undefined, auth: auth.method },
      "ready",
    );
  }

  /**
   * The shutdown: not ready, accept no more, close the engine and push for the last time within the budget, close the
   * rest.
   *
   * @throws WeftkitError `unsaved` when the engine failed to close or was late, or not everything was pushed.
   */
  stop(budgetMs: number = this.#parts.config.persist.shutdown_budget): Promise<void> {
    this.#stopped ??= this.#shutDown(budgetMs);
    return this.#stopped;
  }

  async #shutDown(budgetMs: number): Promise<void> {
    this.#readiness.set("shutdown", false, "shutting down");
    this.#persistence?.hurry();
    this.#stopping.abort();
    this.#listener.close();
    this.#stopFollowingTls();
    try {
      await this.#closeEngine(budgetMs);
    } finally {
      this.#parts.auth.close();
      await this.#admin.close();
    }
    this.#parts.log.info("stopped");
  }

  async #closeEngine(budgetMs: number): Promise<void> {
    using deadline = Deadline.after(budgetMs);
    const release = () => this.#lock?.release();
    // What is late may still be writing: nobody else gets the data dir before it has ended.
    const closing = this.#save(deadline).finally(release);
    try {
      await deadline.race(closing);
    } catch (error) {
      throw new WeftkitError("unsaved", this.#unsavedMessage(error, deadline, budgetMs), { cause: error });
    }
  }

  #unsavedMessage(error: unknown, deadline: Deadline, budgetMs: number): string {
    const reason = error instanceof Error ? error.message : String(error);
    if (!deadline.signal.aborted) return `not everything is saved: ${reason}`;
    const { outbox } = this.#persistence?.status() ?? {};
    const late = `not everything is saved within the shutdown's ${budgetMs} ms`;
    if (outbox === undefined) return `${late}: the engine has not closed yet`;
    const unsaved = `${outbox.entries} captures (${outbox.bytes} bytes) are not pushed and stay in the outbox on the volume`;
    return `${late}: ${unsaved}; the persistence function is away or slow`;
  }

  /** Closes the engine, then pushes what it wrote; when closing fails, what it wrote until then. */
  async #save(deadline: Deadline): Promise<void> {
    if (!this.#engineIsOpen) {
      await this.#persistence?.abandon();
      await this.#engine.dispose?.();
      return;
    }
    try {
      await this.#engine.close(deadline);
    } finally {
      try {
        await this.#persistence?.stop(deadline);
      } finally {
        await this.#engine.dispose?.();
      }
    }
  }

  async #openPersistence(): Promise<Persistence | undefined> {
    const { definition, config, log } = this.#parts;
    if (config.persist.mode === "disabled") return undefined;
    const dataDir = config.server.data_dir;
    const streams = this.#engine.streams?.(dataDir, log, config[definition.name]) ?? [];
    if (streams.length === 0) {
      const message = `weftkit/${definition.name} has no state to persist: leave WEFTKIT_PERSIST_MODE out`;
      throw new ConfigError([{ where: "persist.mode", message }]);
    }
    return await openPersistence({
      config: config.persist,
      engine: definition.name,
      dataDir,
      streams,
      log,
      metrics: this.#metrics,
      readiness: this.#readiness,
      fenced: (error) => this.#failure.resolve(error),
      handover: () => this.#handedOver.resolve(),
      signal: this.#stopping.signal,
    });
  }

  async #flush(): Promise<unknown> {
    if (this.#persistence === undefined) {
      throw new WeftkitError("persistence_disabled", "nothing is pushed: WEFTKIT_PERSIST_MODE is disabled");
    }
    const pushed = await this.#persistence.flush(this.#stopping.signal);
    return {
      pushed: pushed.map(({ seq, bytes, pieces }) => ({ seq, bytes, pieces })),
      ...this.#persistence.status(),
    };
  }

  #context(): EngineContext<Name> {
    const { definition, config, log, auth } = this.#parts;
    return {
      name: definition.name,
      version: definition.version,
      section: config[definition.name],
      config: withoutSecrets(config),
      dataDir: config.server.data_dir,
      log,
      metrics: this.#metrics,
      auth,
      readiness: this.#readiness,
      serveChanges: (log) => {
        this.#changes = log;
      },
      fatal: (error) => this.#failure.resolve(error),
      signal: this.#stopping.signal,
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
      connections: { open: this.#listener.connections, max: config[definition.name].max_connections },
      ...(this.#persistence !== undefined && { persistence: this.#persistence.status() }),
      ...(this.#engineIsOpen && { engine: this.#engine.status?.() ?? {} }),
    };
  }
}

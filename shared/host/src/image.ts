import { type Cdc, consumerName, openCdc } from "@weftkit/cdc";
import { ConfigError, type EngineName } from "@weftkit/config";
import { Deadline, systemClock, WeftkitError } from "@weftkit/core";
import { createMetrics, ReadinessRegistry, type Registry } from "@weftkit/observe";
import { openPersistence, type Persistence } from "@weftkit/persist";
import { AdminServer } from "./admin-server.ts";
import { requireEngine } from "./data-dir-engine.ts";
import { type DataDirLock, lockDataDir } from "./data-dir-lock.ts";
import type { Engine } from "./engine.ts";
import { EngineRun } from "./engine-run.ts";
import { EngineSlot } from "./engine-slot.ts";
import type { ImageParts } from "./image-parts.ts";
import { Listener } from "./listener.ts";
import { clientsMax } from "./open-files.ts";
import { Snapshots } from "./snapshots.ts";
import { followTls } from "./tls.ts";

/** One image, from its boot to its shutdown: owns the lock, the engine and the two servers. */
export class Image<Name extends EngineName> {
  readonly #parts: ImageParts<Name>;
  readonly #metrics: Registry;
  readonly #readiness: ReadinessRegistry;
  readonly #slot: EngineSlot;
  readonly #snapshots: Snapshots<Name>;
  readonly #listener: Listener;
  readonly #admin: AdminServer;
  readonly #stopping = new AbortController();
  readonly #failure = Promise.withResolvers<unknown>();
  readonly #handedOver = Promise.withResolvers<void>();
  readonly #startedMs = systemClock.monotonicMs();
  #run: EngineRun<Name>;
  #cdc: Cdc | undefined;
  #lock: DataDirLock | undefined;
  #persistence: Persistence | undefined;
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
    this.#run = this.#createRun();
    // The listener calls accept and refuse, which are the same for every engine.
    this.#slot = new EngineSlot(this.#run.engine as Engine);
    this.#snapshots = new Snapshots({
      parts,
      slot: this.#slot,
      readiness: this.#readiness,
      stopping: this.#stopping.signal,
      run: () => this.#run,
      next: () => {
        // What the last engine asked for has ended with it.
        this.#listener.connectionsMax = config[name].max_connections;
        this.#run = this.#createRun();
        return this.#run;
      },
      persistence: () => this.#persistence,
      closeFollowers: async () => this.#cdc?.close(),
      openFollowers: async () => {
        this.#cdc = await this.#openCdc();
      },
      fatal: (error) => this.#failure.resolve(error),
    });
    this.#listener = new Listener({
      bind: config[name].bind,
      port: config[name].port,
      connectionsMax: config[name].max_connections,
      tls,
      engine: this.#slot,
      auth,
      log,
      metrics: this.#metrics,
    });
    this.#admin = new AdminServer({
      bind: config.server.admin_bind,
      port: config.server.admin_port,
      token: config.server.admin_token,
      readiness: this.#readiness,
      metrics: () => [this.#metrics, this.#run.metrics],
      status: () => this.#status(),
      changes: () => this.#run.changes,
      flush: () => this.#flush(),
      snapshots: this.#snapshots,
    });
  }

  #createRun(): EngineRun<Name> {
    return new EngineRun(this.#parts, {
      readiness: this.#readiness,
      stopping: this.#stopping.signal,
      limitConnections: (max) => {
        const possible = clientsMax(max);
        if (possible === max) this.#listener.connectionsMax = max;
        return possible;
      },
      fatal: (error) => this.#failure.resolve(error),
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
      const swap = await this.#snapshots.recover();
      this.#persistence = await this.#openPersistence();
      await this.#snapshots.open(swap);
      this.#cdc = await this.#openCdc();
      if (this.#run.engine.accept !== undefined) this.#port = await this.#listener.open();
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
    this.#parts.discovery?.register(this.#port);
    const { version } = definition;
    log.info(
      { port: this.#port, adminPort: this.#adminPort, version, tls: tls !== undefined, auth: auth.method },
      "ready",
    );
  }

  /**
   * The shutdown: not ready, told to discovery, accept no more, close the engine and push for the last time within the budget, close the
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
    if (this.#parts.discovery !== undefined) await this.#parts.discovery.drain();
    this.#stopping.abort();
    this.#listener.close();
    this.#stopFollowingTls();
    await this.#snapshots.settled();
    try {
      await this.#closeEngine(budgetMs);
    } finally {
      await this.#parts.discovery?.leave();
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
    const run = this.#run;
    if (!run.isOpen) {
      await this.#persistence?.abandon();
      await run.dispose();
      return;
    }
    await this.#cdc?.close();
    try {
      await run.close(deadline);
    } finally {
      try {
        await this.#persistence?.stop(deadline);
      } finally {
        await run.dispose();
      }
    }
  }

  async #openPersistence(): Promise<Persistence | undefined> {
    const { definition, config, log } = this.#parts;
    if (config.persist.mode === "disabled") return undefined;
    const dataDir = config.server.data_dir;
    const streams = this.#run.streams();
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

  /** Before the first client: what it writes is sent. */
  async #openCdc(): Promise<Cdc | undefined> {
    const { definition, config, log } = this.#parts;
    const { changes, changeForm, metrics } = this.#run;
    if (!config.cdc.enabled) {
      // Nothing is kept any more for what was switched off.
      const consumers = (await changes?.consumers()) ?? [];
      if (consumers.some(({ name }) => name === consumerName)) await changes!.forget(consumerName);
      return undefined;
    }
    if (changes === undefined) {
      const message = `weftkit/${definition.name} has no change log yet that could be sent; set cdc.enabled = false`;
      throw new ConfigError([{ where: "cdc.enabled", message }]);
    }
    return await openCdc({
      config: config.cdc,
      engine: definition.name,
      nodeName: config.server.name,
      version: definition.version,
      dataDir: config.server.data_dir,
      changes,
      form: changeForm,
      log,
      metrics,
      readiness: this.#readiness,
      fatal: (error) => this.#failure.resolve(error),
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

  #status(): Record<string, unknown> {
    const { definition, config } = this.#parts;
    return {
      name: definition.name,
      version: definition.version,
      node: config.server.name,
      ready: this.#readiness.ready,
      components: this.#readiness.components(),
      uptimeMs: Math.round(systemClock.monotonicMs() - this.#startedMs),
      connections: { open: this.#listener.connections, max: this.#listener.connectionsMax },
      ...(this.#persistence !== undefined && { persistence: this.#persistence.status() }),
      ...(this.#cdc !== undefined && { cdc: this.#cdc.status() }),
      ...(this.#parts.discovery !== undefined && { isRegistered: this.#parts.discovery.isRegistered }),
      ...(this.#run.isOpen && { engine: this.#run.engine.status?.() ?? {} }),
    };
  }
}

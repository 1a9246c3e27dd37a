import { ConfigError, type Mistake } from "@weftkit/config";
import type { Deadline } from "@weftkit/core";
import type { AdminOperation, Service, ServiceContext } from "@weftkit/host";
import { Counter, Gauge } from "@weftkit/observe";
import { isKeyId, type SigningKey } from "@weftkit/persist/contract";
import { HttpServer } from "@weftkit/persist/http-server";
import { EngineStore } from "@weftkit/persist/pages";
import { createHandler } from "@weftkit/persist/server";
import type { Store } from "@weftkit/store";
import { type Central, openCentral } from "./keeping/central.ts";
import { Keeper } from "./keeping/keeper.ts";
import { passingTables } from "./keeping/passing-log.ts";
import { syncTables, writtenTable } from "./sync/journal.ts";
import { type OpenSync, openSync } from "./sync/open-sync.ts";
import { readSyncOptions } from "./sync/options.ts";
import type { SyncOptions } from "./sync/protocol.ts";

/** "WKsc" */
const applicationId = 0x574b7363;
/** So short a secret can be guessed. */
const secretLengthMin = 16;
const readyLookMs = 5000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Keeps the states of engines on a volume, and passes them on (docs/persistence-sidecar.md); keeps the database of an engine
 * equal with a remote one (docs/sync.md). Either of them, or both.
 */
export class Sidecar implements Service<"persistence"> {
  readonly #env: Environment;
  readonly #database = new EngineStore("sidecar.db");
  #keeper: Keeper | undefined;
  #server: HttpServer | undefined;
  #central: string | undefined;
  #looking: NodeJS.Timeout | undefined;
  #sync: OpenSync | undefined;
  /** Where engines reach it. */
  port = 0;

  /** `env` has the variables of AWS, when the central copy is in a bucket. */
  constructor(env: Environment) {
    this.#env = env;
  }

  async open(ctx: ServiceContext<"persistence">): Promise<void> {
    const { section, log, metrics, readiness } = ctx;
    const { keys, sync } = readSection(section);
    const central = await openCentral(section, this.#env, log);
    this.#central = central?.where;
    const database = await this.#database.open({
      dataDir: ctx.dataDir!,
      applicationId,
      migrations: [passingTables, syncTables, writtenTable],
      log,
      metrics,
      readiness,
      fatal: ctx.fatal,
    });
    if (keys !== undefined) await this.#serve(ctx, keys, database, central);
    if (sync !== undefined) this.#sync = await openSync(ctx, database, sync);
  }

  /** The container mode: engines push to the volume. */
  async #serve(
    ctx: ServiceContext<"persistence">,
    keys: readonly SigningKey[],
    database: Store,
    central: Central | undefined,
  ): Promise<void> {
    const { section, log, readiness, tls, config } = ctx;
    const count = centralMetrics(ctx, () => this.#keeper);
    this.#keeper = await Keeper.open({
      dataDir: ctx.dataDir!,
      database: central && database,
      central,
      waitingBytesMax: section.central_max_waiting,
      logger: log,
      passed: count,
    });
    const keeper = this.#keeper;
    const handler = createHandler({ store: keeper.store, keys, log, limits: { leaseMs: section.lease } });
    const bind = section.bind ?? config.server.bind;
    const server = new HttpServer({
      bind,
      port: section.port,
      tls: tls?.material,
      remedy: "set persistence.bind or persistence.port",
      connectionsMax: section.max_connections,
      handler,
      isReady: () => keeper.isReady(),
      log,
    });
    this.port = await server.open();
    this.#server = server;
    tls?.follow(server);
    const look = async () => {
      const isReady = await keeper.isReady();
      readiness.set("volume", isReady, isReady ? undefined : "the volume does not answer");
    };
    await look();
    this.#looking = setInterval(look, readyLookMs);
    log.info({ bind, port: this.port, tls: tls !== undefined, central: this.#central }, "serving WKP-1");
  }

  async close(deadline: Deadline): Promise<void> {
    clearInterval(this.#looking);
    await this.#sync?.synchroniser.close();
    await this.#server?.close(Math.max(0, deadline.remainingMs() - 2000));
    await this.#keeper?.close();
    await this.#database.close();
  }

  status(): Record<string, unknown> {
    return {
      port: this.port,
      ...(this.#central !== undefined && {
        central: {
          url: this.#central,
          waitingBytes: this.#keeper?.waitingBytes,
          subtrees: this.#keeper?.states(),
        },
      }),
      ...(this.#sync !== undefined && { sync: this.#sync.synchroniser.status() }),
    };
  }

  get operations(): Readonly<Record<string, AdminOperation>> {
    return this.#sync?.operations.byPath ?? {};
  }
}

type Section = ServiceContext<"persistence">["section"];

/** Which of the two is to be done, and how. @throws ConfigError */
function readSection(section: Section): {
  readonly keys: readonly SigningKey[] | undefined;
  readonly sync: SyncOptions | undefined;
} {
  const mistakes: Mistake[] = [];
  const sync = readSyncOptions(section, mistakes);
  const keys = readKeys(section, mistakes);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return { keys, sync };
}

/** Undefined where no states are kept, which is for a sidecar that synchronises only. */
function readKeys(section: Section, mistakes: Mistake[]): SigningKey[] | undefined {
  const { secret, secret_previous, key_id, key_id_previous = key_id } = section;
  if (secret === undefined && section.remote_endpoint !== undefined) return undefined;
  if (secret === undefined) {
    const message = "is missing: set it or secret_file, for example to `openssl rand -hex 32`";
    mistakes.push({ where: "persistence.secret", message });
  }
  for (const [name, value] of Object.entries({ secret, secret_previous })) {
    if (value === undefined || value.length >= secretLengthMin) continue;
    mistakes.push({
      where: `persistence.${name}`,
      message: `is shorter than ${secretLengthMin} characters; use \`openssl rand -hex 32\``,
    });
  }
  for (const [name, value] of Object.entries({ key_id, key_id_previous })) {
    if (isKeyId(value)) continue;
    mistakes.push({
      where: `persistence.${name}`,
      message: 'at most 63 letters, digits, ".", "_" and "-", the first a letter or digit',
    });
  }
  if (secret === undefined) return undefined;
  return [
    { id: key_id, secret },
    ...(secret_previous === undefined ? [] : [{ id: key_id_previous, secret: secret_previous }]),
  ];
}

/** Returns what is told of each push that was passed on. */
function centralMetrics(
  { metrics }: ServiceContext<"persistence">,
  keeper: () => Keeper | undefined,
): (bytes: number, commits: number) => void {
  const registers = [metrics];
  new Gauge({
    name: "weftkit_central_waiting_bytes",
    help: "Bytes of parts that are not in the central copy yet.",
    registers,
    collect() {
      this.set(keeper()?.waitingBytes ?? 0);
    },
  });
  new Gauge({
    name: "weftkit_central_behind_pushes",
    help: "Pushes that the central copy does not have, of all subtrees.",
    registers,
    collect() {
      this.set((keeper()?.states() ?? []).reduce((sum, { behind }) => sum + behind, 0));
    },
  });
  new Gauge({
    name: "weftkit_central_stopped_subtrees",
    help: "Subtrees that are not passed on at the moment; /v1/status and the log say why.",
    registers,
    collect() {
      this.set((keeper()?.states() ?? []).filter(({ why }) => why !== undefined).length);
    },
  });
  const bytesTotal = new Counter({
    name: "weftkit_central_bytes_total",
    help: "Bytes sent to the central copy.",
    registers,
  });
  const commitsTotal = new Counter({
    name: "weftkit_central_pushes_total",
    help: "Pushes that were passed on.",
    registers,
  });
  return (bytes, commits) => {
    bytesTotal.inc(bytes);
    commitsTotal.inc(commits);
  };
}

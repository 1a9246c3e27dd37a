import { hostname } from "node:os";
import { join } from "node:path";
import { type Config, ConfigError, type Mistake } from "@weftkit/config";
import { systemClock, type WeftkitError } from "@weftkit/core";
import type { Logger, Readiness, Registry } from "@weftkit/observe";
import { EndpointClient } from "../client/endpoint-client.ts";
import type { EndpointClientOptions } from "../client/options.ts";
import { parseEndpointUrl } from "../client/url-rules.ts";
import { createPartCipher, requireEncryptionKey } from "../contract/encryption.ts";
import { isKeyId, subtreeOf } from "../contract/names.ts";
import type { SigningKey } from "../contract/signing.ts";
import type { Stream } from "../stream.ts";
import { Chain } from "./chain.ts";
import type { PersistSettings } from "./context.ts";
import { LeaseGate } from "./lease-gate.ts";
import { newOwner, ownersPath, readOwners } from "./owners.ts";
import { Persistence } from "./persistence.ts";
import { statefulSetOrdinal } from "./replica.ts";
import { parseRetention, type RetentionRule } from "./retention.ts";
import { scheduleMistake } from "./schedule.ts";

type PersistConfig = Config["persist"];

/** What a host gives the persistence of one engine. */
export interface PersistenceOptions {
  readonly config: PersistConfig;
  readonly engine: string;
  readonly dataDir: string;
  readonly streams: readonly Stream[];
  readonly log: Logger;
  readonly metrics: Registry;
  readonly readiness: Readiness;
  /** Another owner has the subtree: nothing may be written any more. */
  fenced(error: WeftkitError): void;
  /** Aborts a boot that waits or restores. */
  readonly signal?: AbortSignal;
  /** Another engine has asked for the place: end, with a last push. */
  handover?(): void;
  /** Whether the lease is renewed in a thread of its own, which takes a moment to start. Default: true. */
  readonly renewsInThread?: boolean;
  /** How the endpoint is called, where the usual patience does not fit. */
  readonly connection?: Pick<EndpointClientOptions, "retry" | "timeoutMs">;
}

/** What both sides' limits of time are made for. */
const bandwidthMin = 32_000;

/** The readiness component of the persistence. */
const component = "persistence";
/** Of what is stored remotely. */
const remoteComponent = "remote state";

/**
 * Opens the persistence of an engine as `[persist]` says: claims the subtree, restores where that is due.
 *
 * @throws ConfigError for mistakes in `[persist]`
 */
export async function openPersistence(options: PersistenceOptions): Promise<Persistence> {
  const { config, engine, dataDir, streams, log, readiness, metrics, signal } = options;
  const settings = readSettings(config, engine);
  const keys = signingKeys(config);
  const chain = new Chain(join(dataDir, "persist"));
  const context = {
    engine,
    dataDir,
    settings,
    streams,
    chain,
    owner: newOwner(),
    knownOwners: readOwners(ownersPath(dataDir)),
    ownersPath: ownersPath(dataDir),
    gate: new LeaseGate(settings.prefersAvailability),
    log,
    clock: systemClock,
    connect: (subtree: string) =>
      new EndpointClient({
        url: config.url!,
        subtree,
        keys,
        log,
        bandwidthBytesPerSecond: config.bandwidth,
        ...options.connection,
      }),
    leaseConnection: (subtree: string) => {
      const { timeoutMs } = options.connection ?? {};
      const connection = { url: config.url!, subtree, keys, ...(timeoutMs !== undefined && { timeoutMs }) };
      return options.renewsInThread === false ? undefined : connection;
    },
    cipherOf: async (subtree: string) => {
      const { encryption_key: key } = config;
      const cipher = key === undefined ? undefined : await createPartCipher(key, subtree);
      chain.keyName = cipher?.keyName;
      return cipher;
    },
    damaged: (why: string | undefined) => readiness.set(remoteComponent, why === undefined, why),
    waiting: (why: string | undefined) => readiness.set(component, why === undefined, why),
  };
  const handlers = { fenced: options.fenced, handover: () => options.handover?.() };
  return await Persistence.open(context, handlers, metrics, signal);
}

/**
 * Reads and checks what in `[persist]` has a form of its own; that url and secret are there is checked before.
 *
 * @throws ConfigError with all mistakes
 */
export function readSettings(config: PersistConfig, engine: string): PersistSettings {
  const mistakes: Mistake[] = [];
  const check = <T>(key: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      mistakes.push({ where: `persist.${key}`, message: (error as Error).message });
      return undefined;
    }
  };
  const fault = (key: string, message: string) => mistakes.push({ where: `persist.${key}`, message });
  check("url", () => parseEndpointUrl(config.url!));
  if (!isKeyId(config.key_id)) fault("key_id", "a key id is 1 to 63 letters, digits, dots and dashes");
  const schedule = scheduleMistake(config.schedule);
  if (schedule !== undefined) fault("schedule", `"${config.schedule}" is no cron expression: ${schedule}`);
  const retention = check<readonly RetentionRule[]>("retention", () => parseRetention(config.retention));
  const { encryption_key: key } = config;
  if (key !== undefined) check("encryption_key", () => requireEncryptionKey(key));
  if (config.bandwidth !== undefined && config.bandwidth < bandwidthMin) {
    fault(
      "bandwidth",
      `${config.bandwidth} bytes/s are too few to push anything in time: at least ${bandwidthMin}`,
    );
  }
  const ordinal = statefulSetOrdinal(hostname(), process.env);
  const replica = config.replica === "auto" ? ordinal : config.replica;
  check("replica", () => subtreeOf(config.namespace, engine, replica ?? "0"));
  if (config.restore_at !== undefined && !isPointInTime(config.restore_at)) {
    fault("restore_at", `"${config.restore_at}" is neither a sequence number nor an ISO 8601 time`);
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return {
    namespace: config.namespace,
    replica,
    replicas: config.replicas,
    asksForHandover: config.handover === "ask",
    prefersAvailability: config.prefer === "availability",
    schedule: config.schedule,
    lagBytesMax: config.max_lag,
    restoreOnBoot: config.restore_on_boot,
    restoreAt: config.restore_at,
    retention: retention!,
    bandwidth: config.bandwidth,
  };
}

function isPointInTime(text: string): boolean {
  return /^\d+$/.test(text) || !Number.isNaN(Date.parse(text));
}

/** The key that signs, and the one before it while they rotate. */
function signingKeys(config: PersistConfig): readonly SigningKey[] {
  const { key_id: id } = config;
  return [config.secret, config.secret_previous]
    .filter((secret) => secret !== undefined)
    .map((secret) => ({ id, secret }));
}

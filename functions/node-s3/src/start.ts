import { systemClock } from "@weftkit/core";
import { createLogger, type Logger } from "@weftkit/observe";
import { FolderStore } from "@weftkit/persist/folder-store";
import { HttpServer } from "@weftkit/persist/http-server";
import { checkConditions, createS3Store } from "@weftkit/persist/s3-store";
import { createHandler, type ObjectStore } from "@weftkit/persist/server";
import { type FunctionConfig, readConfig, type StoreConfig } from "./config.ts";

/** How often the store is asked for /readyz, at most. */
const readyForMs = 5000;
/** Need not be there. */
const readinessKey = "weftkit-probe/ready";

/** A function that serves. */
export interface RunningFunction {
  readonly port: number;
  readonly log: Logger;
  /** Ends what is under way within `budgetMs`, then closes everything. */
  stop(budgetMs: number): Promise<void>;
}

interface OpenStore {
  readonly store: ObjectStore;
  close(): void;
}

/**
 * Starts the function from its variables.
 *
 * @throws ConfigMistakes, or WeftkitError for what the surroundings refuse
 */
export async function start(
  env: Readonly<Record<string, string | undefined>>,
  logStream?: { write(line: string): void },
): Promise<RunningFunction> {
  const config = readConfig(env);
  const log = createLogger({
    level: config.logLevel,
    image: "node-s3",
    ...(logStream !== undefined && { stream: logStream }),
  });
  const opened = await openStore(config.store);
  try {
    const server = await listen(config, opened.store, log);
    return {
      port: server.port,
      log,
      async stop(budgetMs) {
        await server.close(budgetMs);
        opened.close();
      },
    };
  } catch (error) {
    opened.close();
    throw error;
  }
}

async function listen(
  { bind, port, tls, keys, leaseMs, store: kind }: FunctionConfig,
  store: ObjectStore,
  log: Logger,
) {
  const handler = createHandler({ store, keys, log, limits: { leaseMs } });
  const server = new HttpServer({
    bind,
    port,
    tls,
    remedy: "set WKP_BIND or WKP_PORT",
    handler,
    isReady: readiness(store, log),
    log,
  });
  const bound = await server.open();
  const where = kind.kind === "folder" ? kind.path : `${kind.bucket}/${kind.prefix}`;
  log.info({ bind, port: bound, tls: tls !== undefined, store: kind.kind, where }, "serving WKP-1");
  return { port: bound, close: (budgetMs: number) => server.close(budgetMs) };
}

async function openStore(config: StoreConfig): Promise<OpenStore> {
  if (config.kind === "folder") {
    const store = await FolderStore.open(config.path);
    return { store, close: () => store.close() };
  }
  const store = createS3Store(config);
  await checkConditions(store);
  return { store, close: () => {} };
}

/** Asks the store whether it answers, and remembers for a while what it said: anybody may ask for /readyz. */
function readiness(store: ObjectStore, log: Logger): () => Promise<boolean> {
  let asked: { readonly atMs: number; readonly isReady: Promise<boolean> } | undefined;
  const ask = async () => {
    try {
      await store.head(readinessKey);
      return true;
    } catch (error) {
      log.warn({ err: error }, "the store does not answer");
      return false;
    }
  };
  return () => {
    const now = systemClock.monotonicMs();
    if (asked === undefined || now - asked.atMs > readyForMs) asked = { atMs: now, isReady: ask() };
    return asked.isReady;
  };
}

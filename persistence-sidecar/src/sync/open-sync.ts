import type { ServiceContext } from "@weftkit/host";
import { Counter, Gauge } from "@weftkit/observe";
import type { Store } from "@weftkit/store";
import { ConflictLog } from "./conflict-log.ts";
import { Journal } from "./journal.ts";
import { SyncOperations } from "./operations.ts";
import type { SyncOptions } from "./protocol.ts";
import { lastWriteWins, mergeColumns } from "./resolution.ts";
import type { SideName } from "./side.ts";
import { Synchroniser } from "./synchroniser.ts";

export interface OpenSync {
  readonly synchroniser: Synchroniser;
  readonly operations: SyncOperations;
}

/** Begins to synchronise. */
export async function openSync(
  { log, metrics }: Pick<ServiceContext<"persistence">, "log" | "metrics">,
  database: Store,
  options: SyncOptions,
): Promise<OpenSync> {
  const conflicts = new ConflictLog(database);
  const journal = await Journal.open(database, conflicts, options.site);
  const { id } = journal;
  const sides = options.protocol.open(options, journal);
  // What is merged at one side is another version than what is merged at the other, with what has come until then.
  const resolutionAt = (side: SideName) =>
    options.kindOf === undefined ? lastWriteWins : mergeColumns(options.kindOf, `${id}.${side}`);
  const count = syncMetrics(metrics, journal);
  const synchroniser = new Synchroniser({
    journal,
    sides,
    intervalMs: options.intervalMs,
    queueBytesMax: options.queueBytesMax,
    bandwidth: options.bandwidth,
    resolution: { local: resolutionAt("local"), remote: resolutionAt("remote") },
    log,
    applied: count.applied,
    conflicting(conflict) {
      const { id, how, name, key, winner, loser, reason } = conflict;
      log.warn({ conflict: id, how, name, key, winner, loser, reason }, "conflict");
      count.conflicting(how);
    },
  });
  synchroniser.start();
  log.info({ id, remote: withoutPassword(options.remoteEndpoint) }, "synchronising");
  return { synchroniser, operations: new SyncOperations(journal, synchroniser) };
}

function syncMetrics(metrics: ServiceContext["metrics"], journal: Journal) {
  const registers = [metrics];
  new Gauge({
    name: "weftkit_sync_waiting_bytes",
    help: "Bytes of changes that wait to be applied at a side.",
    labelNames: ["target"],
    registers,
    collect() {
      for (const target of ["local", "remote"] as const) this.set({ target }, journal.waitingBytes(target));
    },
  });
  const applied = new Counter({
    name: "weftkit_sync_applied_total",
    help: "Changes that were applied at a side, or decided there.",
    labelNames: ["target"],
    registers,
  });
  const conflicting = new Counter({
    name: "weftkit_sync_conflicts_total",
    help: "Conflicts, and rows that a side has refused; `weftkit sync conflicts` shows them.",
    labelNames: ["how"],
    registers,
  });
  return {
    applied: (target: SideName, changes: number) => applied.inc({ target }, changes),
    conflicting: (how: string) => conflicting.inc({ how }),
  };
}

function withoutPassword(endpoint: string): string {
  const url = new URL(endpoint);
  url.username = "";
  url.password = "";
  return url.href;
}

import { Counter, Gauge, type Registry } from "@weftkit/observe";
import type { Server } from "./server.ts";

/** What Prometheus reads of the engine, taken when it asks: the hot path counts nothing twice. */
export function registerMetrics(server: Server, registry: Registry): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `weftkit_inmemory_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name: `weftkit_inmemory_${name}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });

  gauge("used_memory_bytes", "Memory in use by keys and values.", () => server.usedMemory);
  gauge("max_memory_bytes", "The memory limit; 0 is none.", () => server.settings.maxMemory);
  gauge("blocked_clients", "Clients that wait for a key.", () => server.blocking.count);
  gauge("log_bytes", "Size of the append-only file.", () => server.log.status.sizeBytes);
  gauge(
    "log_pending_bytes",
    "Bytes not yet written to the append-only file.",
    () => server.log.status.pendingBytes,
  );
  gauge("log_rewriting", "1 while the append-only file is being compacted.", () =>
    server.log.status.isRewriting ? 1 : 0,
  );
  gauge("writes_refused", "1 while the disk refuses writes.", () =>
    server.writesRefused === undefined ? 0 : 1,
  );
  new Gauge({
    name: "weftkit_inmemory_keys",
    help: "Keys by database.",
    labelNames: ["db"],
    registers,
    collect() {
      this.reset();
      for (const db of server.databases) if (db.size > 0) this.set({ db: String(db.index) }, db.size);
    },
  });
  counter("commands", "Commands run.", () => server.statistics.commandsProcessed);
  counter("keyspace_hits", "Reads of keys that were there.", () => server.statistics.keyspaceHits);
  counter("keyspace_misses", "Reads of keys that were not there.", () => server.statistics.keyspaceMisses);
  counter("expired_keys", "Keys removed because their time was over.", () => server.statistics.expiredKeys);
  counter("evicted_keys", "Keys removed because memory was full.", () => server.statistics.evictedKeys);
  counter("input_bytes", "Bytes received from clients.", () => server.statistics.inputBytes);
  counter("output_bytes", "Bytes sent to clients.", () => server.statistics.outputBytes);
  new Counter({
    name: "weftkit_inmemory_errors_total",
    help: "Error replies by their code.",
    labelNames: ["code"],
    registers,
    collect() {
      this.reset();
      for (const [code, count] of server.statistics.errorReplies) this.inc({ code }, count);
    },
  });
}

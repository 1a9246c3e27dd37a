import { Counter, Gauge, Histogram, type Registry } from "@weftkit/observe";

/** From a fast local disk (0.1 ms) to one that is about to fail. */
const secondsBuckets = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30,
];

/** What the store tells Prometheus. */
export interface StoreMetrics {
  readonly commits: Counter;
  readonly commitSeconds: Histogram;
  readonly groupCommits: Histogram;
  readonly lockWaitSeconds: Histogram;
  readonly syncSeconds: Histogram;
  readonly reads: Counter;
  readonly walBytes: Gauge;
  readonly snapshots: Gauge;
  readonly transactions: Gauge;
  readonly parks: Counter;
}

/** Registers the metrics, or takes those that an earlier store of this process has registered. */
export function storeMetrics(registry: Registry): StoreMetrics {
  const registers = [registry];
  const counter = (name: string, help: string) =>
    (registry.getSingleMetric(name) as Counter | undefined) ?? new Counter({ name, help, registers });
  const gauge = (name: string, help: string) =>
    (registry.getSingleMetric(name) as Gauge | undefined) ?? new Gauge({ name, help, registers });
  const histogram = (name: string, help: string, buckets = secondsBuckets) =>
    (registry.getSingleMetric(name) as Histogram | undefined) ??
    new Histogram({ name, help, registers, buckets });
  return {
    commits: counter("weftkit_store_commits_total", "Transactions committed"),
    commitSeconds: histogram(
      "weftkit_store_commit_seconds",
      "From the call of a write until it is committed and on the disk",
    ),
    groupCommits: histogram(
      "weftkit_store_group_commits",
      "Commits that shared one sync of the write-ahead log",
      [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
    ),
    lockWaitSeconds: histogram("weftkit_store_lock_wait_seconds", "How long writes waited for their turn"),
    syncSeconds: histogram(
      "weftkit_store_fsync_seconds",
      "How long the disk took to sync the write-ahead log",
    ),
    reads: counter("weftkit_store_reads_total", "Read transactions"),
    walBytes: gauge(
      "weftkit_store_wal_bytes",
      "Bytes in the write-ahead log that are not yet in the database file",
    ),
    snapshots: gauge("weftkit_store_snapshots", "Snapshots held open"),
    transactions: gauge("weftkit_store_transactions", "Transactions begun and not ended"),
    parks: counter(
      "weftkit_store_parks_total",
      "How often a transaction gave the writer away to others before its end",
    ),
  };
}

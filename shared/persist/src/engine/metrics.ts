import { Counter, Gauge, type Registry } from "@weftkit/observe";

/** What the metrics are read from when they are scraped. */
export interface PersistState {
  readonly lagBytes: number;
  readonly lagSeconds: number;
  readonly outboxEntries: number;
  readonly outboxBytes: number;
  readonly epoch: number;
  readonly hasLease: boolean;
  readonly isRemoteDamaged: boolean;
}

/** The metrics of one engine's persistence. */
export class PersistMetrics {
  readonly pushes: Counter<"result">;
  readonly pieces: Counter;
  readonly sentBytes: Counter;
  readonly lastPush: Gauge;

  constructor(registry: Registry, read: () => PersistState) {
    const registers = [registry];
    this.pushes = new Counter({
      name: "weftkit_persist_pushes_total",
      help: "Pushes that were tried, by how they ended",
      labelNames: ["result"],
      registers,
    });
    for (const result of ["ok", "failed"]) this.pushes.inc({ result }, 0);
    this.pieces = new Counter({
      name: "weftkit_persist_pieces_total",
      help: "Pieces that were pushed",
      registers,
    });
    this.sentBytes = new Counter({
      name: "weftkit_persist_sent_bytes_total",
      help: "Bytes of parts that were sent",
      registers,
    });
    this.lastPush = new Gauge({
      name: "weftkit_persist_last_push_timestamp_seconds",
      help: "Unix time of the last confirmed push; 0 before the first",
      registers,
    });
    for (const [name, help, value] of gauges) {
      new Gauge({
        name: `weftkit_persist_${name}`,
        help,
        registers,
        collect() {
          this.set(value(read()));
        },
      });
    }
  }
}

const gauges: readonly (readonly [string, string, (state: PersistState) => number])[] = [
  ["lag_bytes", "Bytes that would be lost with the volume", ({ lagBytes }) => lagBytes],
  ["lag_seconds", "How long ago the oldest of them was written", ({ lagSeconds }) => lagSeconds],
  ["outbox_entries", "Captures that wait to be pushed", ({ outboxEntries }) => outboxEntries],
  ["outbox_bytes", "Bytes of the captures that wait to be pushed", ({ outboxBytes }) => outboxBytes],
  ["epoch", "The epoch of this owner; 0 before the lease is claimed", ({ epoch }) => epoch],
  [
    "remote_damaged",
    "1 while the stored state is known to be damaged",
    ({ isRemoteDamaged }) => Number(isRemoteDamaged),
  ],
  ["lease_held", "1 while the lease has not run out", ({ hasLease }) => Number(hasLease)],
];

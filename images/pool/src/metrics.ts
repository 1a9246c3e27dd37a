import { Gauge, type Registry } from "@weftkit/observe";
import type { MongoFront } from "./mongo/mongo-front.ts";
import type { PostgresFront } from "./postgres/postgres-front.ts";
import type { ServerPool } from "./postgres/server-pool.ts";

const perPool: Readonly<Record<string, [help: string, value: (pool: ServerPool) => number]>> = {
  clients: ["Clients that are logged in.", (pool) => pool.clients],
  clients_waiting: ["Clients that wait for a server.", (pool) => pool.waiting],
  longest_wait_seconds: ["How long the first one has waited.", (pool) => pool.longestWaitMs / 1000],
  servers_idle: ["Server connections that serve nobody.", (pool) => pool.idle.length],
  servers_busy: ["Server connections that serve a client.", (pool) => pool.busy.size],
  transactions_total: ["Transactions.", (pool) => pool.counts.transactions],
  queries_total: [
    "Statements of the simple protocol, and Syncs of the extended one.",
    (pool) => pool.counts.queries,
  ],
  received_bytes_total: ["From clients to servers.", (pool) => pool.counts.receivedBytes],
  sent_bytes_total: ["From servers to clients.", (pool) => pool.counts.sentBytes],
  wait_seconds_total: ["What clients have waited for servers.", (pool) => pool.counts.waitMs / 1000],
};

/** What a pool is doing, by database and user. */
export function registerMetrics(metrics: Registry, front: PostgresFront): void {
  for (const [name, [help, value]] of Object.entries(perPool)) {
    new Gauge({
      name: `weftkit_pool_${name}`,
      help,
      labelNames: ["database", "user"],
      registers: [metrics],
      collect() {
        this.reset();
        for (const pool of front.pools.values()) {
          this.set({ database: pool.options.database.name, user: pool.options.user }, value(pool));
        }
      },
    });
  }
  new Gauge({
    name: "weftkit_pool_refused_logins_total",
    help: "Logins that were refused.",
    registers: [metrics],
    collect() {
      this.set(front.refused);
    },
  });
}

const ofMongo: Readonly<Record<string, [help: string, value: (front: MongoFront) => number]>> = {
  clients: ["Clients of MongoDB's protocol.", (front) => front.clients.size],
  clients_waiting: ["Those that wait for a server.", (front) => front.waiting],
  servers: ["Connections to servers.", (front) => front.servers],
  transactions_open: [
    "Transactions that have a connection of their own.",
    (front) => front.transactions.count,
  ],
  cursors_open: ["Cursors that servers keep open.", (front) => front.cursors.count],
};

export function registerMongoMetrics(metrics: Registry, front: MongoFront): void {
  for (const [name, [help, value]] of Object.entries(ofMongo)) {
    new Gauge({
      name: `weftkit_pool_mongo_${name}`,
      help,
      registers: [metrics],
      collect() {
        this.set(value(front));
      },
    });
  }
}

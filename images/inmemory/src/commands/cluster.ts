import { type Cluster, NO_CLUSTER, SLOTS, slotOf } from "../server/cluster.ts";
import type { ClientSession } from "../server/server.ts";
import type { Command } from "./definition.ts";
import { helpCommand } from "./help.ts";

const LAST_SLOT = SLOTS - 1;

/** Runs a handler where the engine is a cluster of one node; answers as Redis does where it is none. */
function inCluster(run: (session: ClientSession, cluster: Cluster) => void) {
  return (session: ClientSession): void => {
    const { cluster } = session.server;
    if (cluster === undefined) session.reply.error(NO_CLUSTER);
    else run(session, cluster);
  };
}

const addressOf = (session: ClientSession, cluster: Cluster) => cluster.addressFor(session.connectedTo);

function info({ reply }: ClientSession): void {
  const lines = [
    "cluster_enabled:1",
    "cluster_state:ok",
    `cluster_slots_assigned:${SLOTS}`,
    `cluster_slots_ok:${SLOTS}`,
    "cluster_slots_pfail:0",
    "cluster_slots_fail:0",
    "cluster_known_nodes:1",
    "cluster_size:1",
    "cluster_current_epoch:1",
    "cluster_my_epoch:1",
    "cluster_stats_messages_sent:0",
    "cluster_stats_messages_received:0",
    "total_cluster_links_buffer_limit_exceeded:0",
  ];
  reply.verbatim(`${lines.join("\r\n")}\r\n`);
}

function slots(session: ClientSession, cluster: Cluster): void {
  const { reply } = session;
  const { host, port } = addressOf(session, cluster);
  reply.array(1);
  reply.array(3);
  reply.integer(0);
  reply.integer(LAST_SLOT);
  reply.array(4);
  reply.bulkText(host);
  reply.integer(port);
  reply.bulkText(cluster.id);
  reply.array(0);
}

function shards(session: ClientSession, cluster: Cluster): void {
  const { reply } = session;
  const { host, port } = addressOf(session, cluster);
  reply.array(1);
  reply.map(2);
  reply.bulkText("slots");
  reply.array(2);
  reply.integer(0);
  reply.integer(LAST_SLOT);
  reply.bulkText("nodes");
  reply.array(1);
  const fields: readonly (readonly [string, string | number])[] = [
    ["id", cluster.id],
    ["port", port],
    ["ip", host],
    ["endpoint", host],
    ["role", "master"],
    ["replication-offset", 0],
    ["health", "online"],
  ];
  reply.map(fields.length);
  for (const [name, value] of fields) {
    reply.bulkText(name);
    if (typeof value === "number") reply.integer(value);
    else reply.bulkText(value);
  }
}

function nodes(session: ClientSession, cluster: Cluster): void {
  const { host, port } = addressOf(session, cluster);
  session.reply.verbatim(
    `${cluster.id} ${host}:${port}@${port + 10_000} myself,master - 0 0 1 connected 0-${LAST_SLOT}\n`,
  );
}

function keyslot({ args, reply }: ClientSession): void {
  reply.integer(slotOf(args.buffer, args.offsets[2]!, args.lengths[2]!));
}

/** A slot at argument 2; undefined after an error was answered. */
function readSlot(session: ClientSession): number | undefined {
  const slot = session.args.integer(2);
  if (slot >= 0 && slot <= LAST_SLOT) return slot;
  session.reply.error("ERR Invalid slot");
  return undefined;
}

/** Calls `each` with the keys of a slot, until it returns false. */
function forKeysOf(session: ClientSession, slot: number, each: (key: Buffer) => boolean): void {
  const { db } = session;
  db.visitAll((entry) => {
    const key = db.keyOf(entry);
    return slotOf(key, 0, key.length) !== slot || each(key);
  });
}

function countkeysinslot(session: ClientSession): void {
  const slot = readSlot(session);
  if (slot === undefined) return;
  let count = 0;
  forKeysOf(session, slot, () => {
    count++;
    return true;
  });
  session.reply.integer(count);
}

function getkeysinslot(session: ClientSession): void {
  const { args, reply } = session;
  const slot = readSlot(session);
  if (slot === undefined) return;
  const limit = args.integer(3);
  if (!(limit >= 0)) {
    reply.error("ERR Invalid slot or number of keys");
    return;
  }
  const keys: Buffer[] = [];
  if (limit > 0) forKeysOf(session, slot, (key) => keys.push(Buffer.from(key)) < limit);
  reply.array(keys.length);
  for (const key of keys) reply.bulkBuffer(key);
}

function refuse({ args, reply }: ClientSession): void {
  reply.error(
    `ERR CLUSTER ${args.latin1(1).toUpperCase()} is not supported: this is a cluster of one node, and stays one`,
  );
}

/** READONLY, READWRITE, ASKING: there are no replicas and no migrations, so that nothing changes. */
function accept({ reply }: ClientSession): void {
  reply.ok();
}

const BASE = { group: "cluster", since: "3.0.0", complexity: "O(1)" } as const;
const READ = { ...BASE, flags: ["stale"] } as const;
const CHANGE = {
  ...BASE,
  arity: -2,
  flags: ["admin", "stale", "noscript"],
  summary: "Refused: the cluster has one node.",
  syntax: "[arg [arg ...]]",
  handler: inCluster(refuse),
} as const;
/** What changes a cluster of several nodes. */
const CHANGES = [
  "addslots",
  "addslotsrange",
  "bumpepoch",
  "delslots",
  "delslotsrange",
  "failover",
  "flushslots",
  "forget",
  "meet",
  "replicate",
  "reset",
  "saveconfig",
  "set-config-epoch",
  "setslot",
];

export const clusterCommands: Command[] = [
  {
    ...BASE,
    name: "cluster",
    arity: -2,
    flags: [],
    complexity: "Depends on the subcommand",
    summary: "Tells of the cluster of one node that the engine is with `cluster_enabled`.",
    subcommands: [
      {
        ...READ,
        name: "info",
        arity: 2,
        summary: "Returns the state of the cluster.",
        handler: inCluster(info),
      },
      {
        ...READ,
        name: "myid",
        arity: 2,
        summary: "Returns the node's id.",
        handler: inCluster(({ reply }, { id }) => reply.bulkText(id)),
      },
      {
        ...READ,
        name: "myshardid",
        arity: 2,
        since: "7.2.0",
        summary: "Returns the shard's id.",
        handler: inCluster(({ reply }, { id }) => reply.bulkText(id)),
      },
      {
        ...READ,
        name: "slots",
        arity: 2,
        summary: "Returns the node with its slots: all of them.",
        handler: inCluster(slots),
      },
      {
        ...READ,
        name: "shards",
        arity: 2,
        since: "7.0.0",
        summary: "Returns the shard with its slots and its node.",
        handler: inCluster(shards),
      },
      {
        ...READ,
        name: "nodes",
        arity: 2,
        summary: "Describes the node in a line.",
        handler: inCluster(nodes),
      },
      {
        ...READ,
        name: "links",
        arity: 2,
        since: "7.0.0",
        summary: "Lists links to other nodes, of which there are none.",
        handler: inCluster(({ reply }) => reply.array(0)),
      },
      {
        ...READ,
        name: "replicas",
        arity: 3,
        since: "5.0.0",
        summary: "Lists replicas, of which there are none.",
        syntax: "node-id",
        handler: inCluster(({ reply }) => reply.array(0)),
      },
      {
        ...READ,
        name: "keyslot",
        arity: 3,
        summary: "Returns the slot of a key.",
        syntax: "key",
        handler: inCluster(keyslot),
      },
      {
        ...READ,
        name: "countkeysinslot",
        arity: 3,
        complexity: "O(N) where N is the number of keys",
        summary: "Counts the keys of a slot.",
        syntax: "slot",
        handler: inCluster(countkeysinslot),
      },
      {
        ...READ,
        name: "getkeysinslot",
        arity: 4,
        complexity: "O(N) where N is the number of keys",
        summary: "Returns keys of a slot.",
        syntax: "slot count",
        handler: inCluster(getkeysinslot),
      },
      ...CHANGES.map((name) => ({ ...CHANGE, name })),
      helpCommand("cluster", "5.0.0"),
    ],
  },
  ...(["readonly", "readwrite", "asking"] as const).map((name) => ({
    ...BASE,
    name,
    arity: 1,
    flags: ["loading", "stale", "fast"] as const,
    summary: "Changes nothing: the cluster has no replicas and moves no slots.",
    handler: inCluster(accept),
  })),
];

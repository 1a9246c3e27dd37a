import { freemem, totalmem } from "node:os";
import { serverVersion, weftkitVersion } from "../identity.ts";
import type { ClientSession, Server } from "../server/server.ts";
import type { Command } from "./definition.ts";

type Lines = [name: string, value: string | number][];

/** The sections of INFO in Redis's order; fields that have no meaning here are left out. */
const SECTIONS: readonly { name: string; isDefault: boolean; lines: (server: Server) => Lines }[] = [
  { name: "Server", isDefault: true, lines: serverLines },
  { name: "Clients", isDefault: true, lines: clientLines },
  { name: "Memory", isDefault: true, lines: memoryLines },
  { name: "Persistence", isDefault: true, lines: persistenceLines },
  { name: "Stats", isDefault: true, lines: statisticsLines },
  { name: "Replication", isDefault: true, lines: replicationLines },
  { name: "CPU", isDefault: true, lines: cpuLines },
  { name: "Modules", isDefault: true, lines: () => [] },
  { name: "Commandstats", isDefault: false, lines: commandLines },
  { name: "Errorstats", isDefault: true, lines: errorLines },
  { name: "Latencystats", isDefault: false, lines: latencyLines },
  {
    name: "Cluster",
    isDefault: true,
    lines: ({ cluster }) => [["cluster_enabled", cluster === undefined ? 0 : 1]],
  },
  { name: "Keyspace", isDefault: true, lines: keyspaceLines },
];

function serverLines(server: Server): Lines {
  const uptime = Math.floor((server.now - server.statistics.startedAt) / 1000);
  return [
    ["redis_version", serverVersion],
    ["weftkit_version", weftkitVersion],
    ["redis_mode", server.cluster === undefined ? "standalone" : "cluster"],
    ["os", `${process.platform} ${process.arch}`],
    ["arch_bits", 64],
    ["multiplexing_api", server.multiplexing],
    ["process_id", process.pid],
    ["run_id", server.runId],
    ["tcp_port", server.localAddress.split(":").at(-1)!],
    ["server_time_usec", server.now * 1000],
    ["uptime_in_seconds", uptime],
    ["uptime_in_days", Math.floor(uptime / 86_400)],
    ["hz", 10],
    ["node_version", process.version],
  ];
}

function clientLines(server: Server): Lines {
  const clients = [...server.sessions.values()].filter(({ connection }) => connection !== undefined);
  return [
    ["connected_clients", clients.length],
    ["maxclients", server.settings.maxClients],
    [
      "blocked_clients",
      clients.filter(({ blocked }) => blocked !== undefined).length + server.pausing.heldCount,
    ],
    ["pubsub_clients", clients.filter(({ type }) => type === "pubsub").length],
    ["watching_clients", clients.filter(({ watched }) => watched.length > 0).length],
    ["tracking_clients", server.tracking.count],
    ["total_blocking_keys", server.blocking.keyCount],
    ["total_blocking_keys_on_nokey", server.blocking.keyCountOnDelete],
  ];
}

function memoryLines(server: Server): Lines {
  const { rss } = process.memoryUsage();
  const used = server.usedMemory;
  return [
    ["used_memory", used],
    ["used_memory_human", human(used)],
    ["used_memory_rss", rss],
    ["used_memory_rss_human", human(rss)],
    ["used_memory_peak", Math.max(used, server.statistics.peakMemory)],
    ["used_memory_dataset", server.slab.usedBytes],
    ["used_memory_vm_eval", server.scripts.usedBytes],
    ["used_memory_lua", server.scripts.usedBytes],
    ["number_of_cached_scripts", server.scripts.count],
    ["used_memory_vm_functions", server.functions.usedBytes],
    ["number_of_functions", server.functions.functionCount],
    ["number_of_libraries", server.functions.libraries.length],
    ["total_system_memory", totalmem()],
    ["free_system_memory", freemem()],
    ["maxmemory", server.settings.maxMemory],
    ["maxmemory_human", human(server.settings.maxMemory)],
    ["maxmemory_policy", server.settings.evictionPolicy],
    ["mem_not_counted_for_evict", 0],
    ["allocator_allocated", server.slab.usedBytes],
    ["allocator_resident", server.slab.residentBytes],
    ["mem_fragmentation_ratio", (rss / Math.max(used, 1)).toFixed(2)],
    ["mem_allocator", "weftkit-slab"],
    ["lazyfree_pending_objects", server.lazyFree.pending],
    ["lazyfreed_objects", server.lazyFree.freedObjects],
  ];
}

function persistenceLines(server: Server): Lines {
  const log = server.log.status;
  return [
    ["loading", server.isLoading ? 1 : 0],
    ["async_loading", 0],
    ["rdb_changes_since_last_save", server.dirty],
    ["rdb_bgsave_in_progress", 0],
    ["rdb_last_save_time", Math.floor(server.lastSaveAt / 1000)],
    ["rdb_last_bgsave_status", "ok"],
    ["aof_enabled", server.propagation.journal === undefined ? 0 : 1],
    ["aof_rewrite_in_progress", log.isRewriting ? 1 : 0],
    ["aof_rewrite_scheduled", 0],
    ["aof_last_rewrite_time_sec", log.lastRewriteSeconds],
    ["aof_last_bgrewrite_status", log.lastRewriteFailed ? "err" : "ok"],
    ["aof_last_write_status", server.writesRefused === undefined ? "ok" : "err"],
    ["aof_current_size", log.sizeBytes],
    ["aof_base_size", log.baseBytes],
    ["aof_buffer_length", log.pendingBytes],
  ];
}

function statisticsLines(server: Server): Lines {
  const { statistics } = server;
  return [
    ["total_connections_received", statistics.connectionsReceived],
    ["total_commands_processed", statistics.commandsProcessed],
    ["instantaneous_ops_per_sec", statistics.operationsPerSecond],
    ["total_net_input_bytes", statistics.inputBytes],
    ["total_net_output_bytes", statistics.outputBytes],
    ["rejected_connections", statistics.connectionsRejected],
    ["expired_keys", statistics.expiredKeys],
    ["evicted_keys", statistics.evictedKeys],
    ["keyspace_hits", statistics.keyspaceHits],
    ["keyspace_misses", statistics.keyspaceMisses],
    ["tracking_total_keys", server.tracking.keyCount],
    ["tracking_total_items", server.tracking.itemCount],
    ["tracking_total_prefixes", server.tracking.prefixCount],
    ["pubsub_channels", server.pubsub.channels.size],
    ["pubsub_patterns", server.pubsub.patterns.size],
    ["pubsubshard_channels", server.pubsub.shardChannels.size],
    ["unexpected_error_replies", 0],
    ["total_error_replies", [...statistics.errorReplies.values()].reduce((sum, count) => sum + count, 0)],
    ["acl_access_denied_auth", statistics.authenticationFailures],
    ["acl_access_denied_cmd", statistics.denied.command],
    ["acl_access_denied_key", statistics.denied.key],
    ["acl_access_denied_channel", statistics.denied.channel],
    ["client_query_buffer_limit_disconnections", statistics.queryBufferLimitDisconnections],
    ["client_output_buffer_limit_disconnections", statistics.outputBufferLimitDisconnections],
  ];
}

function replicationLines(server: Server): Lines {
  const { following } = server;
  const end: Lines = [
    ["connected_slaves", 0],
    ["master_failover_state", "no-failover"],
    ...(following === undefined ? [] : ([["master_replid", following.history]] as Lines)),
    ["master_repl_offset", following?.offset ?? 0],
  ];
  if (following === undefined) return [["role", "master"], ...end];
  const { primary, state, offset, heardAt, transfer, downSince } = following;
  const secondsSince = (time: number) => Math.max(0, Math.floor((server.now - time) / 1000));
  const isUp = state === "connected";
  const isSyncing = state === "sync";
  return [
    ["role", "slave"],
    ["master_host", primary.host],
    ["master_port", primary.port],
    ["master_link_status", isUp ? "up" : "down"],
    ["master_last_io_seconds_ago", heardAt === undefined ? -1 : secondsSince(heardAt)],
    ["master_sync_in_progress", isSyncing ? 1 : 0],
    ["slave_read_repl_offset", offset],
    ["slave_repl_offset", offset],
    ...(transfer === undefined
      ? []
      : ([
          ["master_sync_total_bytes", transfer.total],
          ["master_sync_read_bytes", transfer.received],
          ["master_sync_left_bytes", transfer.total - transfer.received],
        ] as Lines)),
    ...(isUp ? [] : ([["master_link_down_since_seconds", secondsSince(downSince)]] as Lines)),
    ["slave_priority", 100],
    ["slave_read_only", 1],
    ["replica_announced", 1],
    ...end,
  ];
}

function cpuLines(): Lines {
  const { system, user } = process.cpuUsage();
  return [
    ["used_cpu_sys", (system / 1e6).toFixed(6)],
    ["used_cpu_user", (user / 1e6).toFixed(6)],
  ];
}

function commandLines(server: Server): Lines {
  return server.dispatcher.registry.all
    .filter(({ calls, rejectedCalls, failedCalls }) => calls + rejectedCalls + failedCalls > 0)
    .map(({ fullName, calls, microseconds, rejectedCalls, failedCalls }) => [
      `cmdstat_${fullName}`,
      `calls=${calls},usec=${Math.round(microseconds)},usec_per_call=${(microseconds / Math.max(calls, 1)).toFixed(2)},rejected_calls=${rejectedCalls},failed_calls=${failedCalls}`,
    ]);
}

function latencyLines({ dispatcher, settings }: Server): Lines {
  if (!dispatcher.timer.isTracking) return [];
  return dispatcher.registry.all.flatMap(({ fullName, latencies }): Lines => {
    if (latencies === undefined) return [];
    const values = settings.latencyPercentiles.map(
      (percent) => `p${percent}=${latencies.percentile(percent).toFixed(3)}`,
    );
    return [[`latency_percentiles_usec_${fullName}`, values.join(",")]];
  });
}

function errorLines(server: Server): Lines {
  return [...server.statistics.errorReplies].map(([code, count]) => [`errorstat_${code}`, `count=${count}`]);
}

function keyspaceLines(server: Server): Lines {
  return server.databases
    .filter((db) => db.size > 0)
    .map((db) => [`db${db.index}`, `keys=${db.size},expires=${db.expiringCount},avg_ttl=0`]);
}

function human(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  const exponent = Math.min(Math.floor(Math.log2(bytes) / 10), 4);
  return `${(bytes / 1024 ** exponent).toFixed(2)}${"BKMGT"[exponent]}`;
}

/** The text of INFO with the named sections; none is the default ones. */
export function infoText(server: Server, names: readonly string[]): string {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const isAll = wanted.has("all") || wanted.has("everything");
  const isDefault = wanted.size === 0 || wanted.has("default");
  return SECTIONS.filter(
    (section) => isAll || (isDefault && section.isDefault) || wanted.has(section.name.toLowerCase()),
  )
    .map(({ name, lines }) => [`# ${name}`, ...lines(server).map(([field, value]) => `${field}:${value}`)])
    .map((lines) => `${lines.join("\r\n")}\r\n`)
    .join("\r\n");
}

function info(session: ClientSession): void {
  const { args, reply, server } = session;
  const names = Array.from({ length: args.count - 1 }, (_, index) => args.latin1(index + 1));
  reply.verbatim(infoText(server, names));
}

export const infoCommands: Command[] = [
  {
    name: "info",
    arity: -1,
    flags: ["loading", "stale"],
    categories: ["dangerous"],
    group: "server",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Describes the engine in sections of name and value.",
    syntax: "[section [section ...]]",
    handler: info,
  },
];

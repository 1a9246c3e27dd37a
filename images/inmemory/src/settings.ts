/** What goes when memory is full (Redis, maxmemory-policy). */
export const EVICTION_POLICIES = [
  "noeviction",
  "allkeys-lru",
  "allkeys-lfu",
  "allkeys-random",
  "volatile-lru",
  "volatile-lfu",
  "volatile-random",
  "volatile-ttl",
] as const;
export type EvictionPolicy = (typeof EVICTION_POLICIES)[number];

/** When the append-only file reaches the disk: before the reply, once a second, or when the system likes. */
export type AppendFsync = "always" | "everysec" | "no";

/** How much output may wait for a client (client-output-buffer-limit); 0 is no limit. */
export interface OutputLimit {
  hardBytes: number;
  softBytes: number;
  softSeconds: number;
}

/**
 * What CONFIG GET and SET reach, with Redis's meaning of each; the defaults are Redis 7.2's, but for the normal output limit, which it leaves
 * open: one client that does not read must not take all memory.
 */
export interface Settings {
  databases: number;
  maxClients: number;
  /** Bytes; 0 is no limit. */
  maxMemory: number;
  evictionPolicy: EvictionPolicy;
  evictionSamples: number;
  lfuLogFactor: number;
  lfuDecayMinutes: number;
  appendFsync: AppendFsync;
  /** Growth of the append-only file in percent that starts a rewrite; 0 never. */
  rewritePercentage: number;
  rewriteMinBytes: number;
  notifyClasses: number;
  timeoutSeconds: number;
  tcpKeepaliveSeconds: number;
  queryBufferLimitBytes: number;
  bulkLimitBytes: number;
  outputLimits: { normal: OutputLimit; pubsub: OutputLimit };
  hashPackedEntriesMax: number;
  hashPackedValueMax: number;
  setIntsetEntriesMax: number;
  setPackedEntriesMax: number;
  setPackedValueMax: number;
  zsetPackedEntriesMax: number;
  zsetPackedValueMax: number;
  /** Elements when positive, a size class when negative (-2: 8 KiB), as list-max-listpack-size. */
  listPackedSize: number;
  streamNodeBytesMax: number;
  streamNodeEntriesMax: number;
  /** A script that has run for so long lets others be answered BUSY (busy-reply-threshold); 0 never. */
  busyReplyMs: number;
  /** Memory of all scripts together, and of all functions together, in bytes; at most 2 GiB. */
  scriptMemoryBytes: number;
  /** Keys that are remembered for clients which cache them (tracking-table-max-keys); 0 without a bound. */
  trackingKeysMax: number;
  /** Bytes up to which a HyperLogLog stays in its sparse form (hll-sparse-max-bytes). */
  hllSparseBytesMax: number;
  /** Who a replica logs in as at its primary (masteruser, masterauth); empty for nobody. */
  primaryUser: string;
  primaryPassword: string;
  slowlogMicroseconds: number;
  /** Commands that take so long or longer are events of LATENCY; 0 for none. */
  latencyMonitorMs: number;
  /** What INFO latencystats tells of each command. */
  latencyPercentiles: readonly number[];
  slowlogLength: number;
  /** Entries of ACL LOG that are kept (acllog-max-len). */
  aclLogLength: number;
  /** Whether users that ACL SETUSER makes may use all channels at first (acl-pubsub-default). */
  isPubsubOpenByDefault: boolean;
  /** Whether DEBUG may be used. */
  isDebugEnabled: boolean;
}

export function defaultSettings(): Settings {
  return {
    databases: 16,
    maxClients: 10_000,
    maxMemory: 0,
    evictionPolicy: "noeviction",
    evictionSamples: 5,
    lfuLogFactor: 10,
    lfuDecayMinutes: 1,
    appendFsync: "everysec",
    rewritePercentage: 100,
    rewriteMinBytes: 64 << 20,
    notifyClasses: 0,
    timeoutSeconds: 0,
    tcpKeepaliveSeconds: 300,
    queryBufferLimitBytes: 1 << 30,
    bulkLimitBytes: 512 << 20,
    outputLimits: {
      normal: { hardBytes: 256 << 20, softBytes: 0, softSeconds: 0 },
      pubsub: { hardBytes: 32 << 20, softBytes: 8 << 20, softSeconds: 60 },
    },
    hashPackedEntriesMax: 512,
    hashPackedValueMax: 64,
    setIntsetEntriesMax: 512,
    setPackedEntriesMax: 128,
    setPackedValueMax: 64,
    zsetPackedEntriesMax: 128,
    zsetPackedValueMax: 64,
    listPackedSize: -2,
    streamNodeBytesMax: 4096,
    streamNodeEntriesMax: 100,
    busyReplyMs: 5000,
    hllSparseBytesMax: 3000,
    trackingKeysMax: 1_000_000,
    scriptMemoryBytes: 1 << 30,
    primaryUser: "",
    primaryPassword: "",
    slowlogMicroseconds: 10_000,
    latencyMonitorMs: 0,
    latencyPercentiles: [50, 99, 99.9],
    slowlogLength: 128,
    aclLogLength: 128,
    isPubsubOpenByDefault: false,
    isDebugEnabled: false,
  };
}

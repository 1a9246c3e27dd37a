import {
  bytes,
  choice,
  type EngineDescription,
  engineKeys,
  flag,
  integer,
  text,
} from "@weftkit/config/engine-description";

const keys = {
  ...engineKeys(6379),
  max_memory_bytes: bytes(
    "How much memory the data may take before `eviction_policy` applies; 0 is no limit, as in Redis. In a container set it to about two fifths of the memory limit: while the log is compacted, the data is in memory twice.",
    0,
    { example: "1073741824" },
  ),
  eviction_policy: choice(
    "What to do when `max_memory_bytes` is reached: refuse writes with `OOM` (`noeviction`), or remove keys. `lru` is `allkeys-lru`, `lfu` is `allkeys-lfu`.",
    [
      "noeviction",
      "allkeys-lru",
      "allkeys-lfu",
      "allkeys-random",
      "volatile-lru",
      "volatile-lfu",
      "volatile-random",
      "volatile-ttl",
    ],
    "noeviction",
    { synonyms: { lru: "allkeys-lru", lfu: "allkeys-lfu" } },
  ),
  appendfsync: choice(
    "When the append-only file is flushed to the disk: before every reply (`always`), once a second, or when the system does.",
    ["always", "everysec", "no"],
    "everysec",
  ),
  wal_fsync: flag('true means `appendfsync = "always"`; the name that all engines share.', undefined, {
    fallbackDoc: "true when `appendfsync` is `always`",
  }),
  databases: integer("How many databases `SELECT` can choose from.", 16, { min: 1, max: 65_536 }),
  notify_keyspace_events: text(
    "Which keyspace events are published, in Redis's letters (`KEA` is all); empty is none.",
    { fallback: "", form: { pattern: "[Ag$lszxeKEtmdn]*", text: "letters of Ag$lszxeKEtmdn" } },
  ),
  cluster_enabled: flag(
    "Whether the engine answers as a Redis cluster of one node, which has all slots, so that clients of clusters connect. As there, only database 0 is used, and the keys of a command must be of one slot.",
    false,
  ),
  cluster_announce_host: text(
    "The host that clients of the cluster are told; without one it is the address that is listened on.",
    { fallback: "", example: "cache.example.com" },
  ),
  cluster_announce_port: integer(
    "The port that they are told, where it is another one outside; 0 is the engine's own.",
    0,
    { max: 65_535 },
  ),
  acl_file: text(
    "A file of users as Redis's `aclfile`, beside those of the configuration: read at the start and by ACL LOAD, written by ACL SAVE. A path from the data folder on, or an absolute one; the file must be there, and is not part of what persistence pushes.",
    { example: "users.acl" },
  ),
  timeout_seconds: integer("Close a connection that was idle this long; 0 is never.", 0, { max: 2_147_483 }),
  enable_debug_command: flag("Whether administrators may use DEBUG, which can hold the engine up.", false),
  client_query_buffer_limit: bytes(
    "The most bytes of unread commands a client may have; then it is closed.",
    1024 ** 3,
    {
      min: 1024 ** 2,
    },
  ),
  proto_max_bulk_len: bytes("The longest single string in a command.", 512 * 1024 ** 2, {
    min: 1024 ** 2,
    max: 2 ** 31 - 1,
  }),
  client_output_buffer_limit_normal: bytes(
    "The most bytes of unread replies a client may have; then it is closed. 0 is no limit.",
    1024 ** 3,
  ),
  client_output_buffer_limit_pubsub: bytes(
    "The same for a client that has subscribed to channels.",
    32 * 1024 ** 2,
  ),
};

/** See `EngineDescription`. */
export const inmemory = {
  title: "in memory, Redis protocol",
  doc: "Redis commands over RESP2 and RESP3.",
  protocol: "Redis RESP2 and RESP3",
  protocols: ["redis", "resp", "resp3"],
  port: 6379,
  keys,
  deployment: {
    memoryBytes: 1024 ** 3,
    // Two fifths for the data, which is in memory twice while the append-only file is rewritten; the rest for buffers.
    environment: (memoryBytes: number) => ({
      WEFTKIT_INMEMORY_MAX_MEMORY_BYTES: String(Math.floor((memoryBytes * 2) / 5)),
    }),
    connection: {
      schemes: ["redis", "rediss"],
      path: "/0",
      // The bare form, without a user name, is the one every Redis client knows; it means the configured user.
      login: (_user: string, password: string) => `:${password}@`,
    },
    streams: { log: "appendonlydir" },
    links:
      "[guide](inmemory.md), [commands](commands/inmemory.md), [compatibility](compatibility/inmemory.md)",
  },
} satisfies EngineDescription;

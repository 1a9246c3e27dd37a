import { bytes, choice, duration, flag, integer, port, text } from "./key.ts";
import type { Section } from "./schema.ts";

/** What every engine's section has. */
function engineKeys(defaultPort: number) {
  return {
    enabled: flag("Whether this engine may run; its image refuses to start when false.", true),
    port: port("The port it listens on.", defaultPort),
    bind: text("The address it listens on.", { fallbackDoc: "the value of `server.bind`" }),
    max_connections: integer("How many clients may be connected at once; more are refused.", 10_000, {
      min: 1,
    }),
  };
}

const walFsync = flag(
  "Whether a write is on the disk before it is acknowledged. Writes that arrive together share one flush.",
  true,
);

const inmemory = {
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
    { fallback: "" },
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
} satisfies Section["keys"];

const relational = {
  ...engineKeys(5432),
  max_memory_bytes: bytes("How much memory the engine may use; 0 is no limit.", 0, { example: "4294967296" }),
  wal_fsync: walFsync,
} satisfies Section["keys"];

const vector = {
  ...engineKeys(50_051),
  max_index_bytes: bytes("How much memory indexes may take; 0 is no limit.", 0, { example: "8589934592" }),
} satisfies Section["keys"];

/** What every engine that is reached over HTTP has. */
const httpKeys = {
  rate_limit: integer(
    "How many requests a second each user may make (without a login: each address), with bursts of twice that; more are answered 429. 0 is no limit.",
    0,
    { max: 1_000_000 },
  ),
};

const markdown = {
  ...engineKeys(8080),
  ...httpKeys,
  wal_fsync: walFsync,
  max_document_bytes: bytes("The longest document, front matter included.", 1024 ** 2, {
    min: 1024,
    max: 64 * 1024 ** 2,
  }),
  max_attachment_bytes: bytes("The largest attachment.", 16 * 1024 ** 2, {
    min: 1024,
    max: 256 * 1024 ** 2,
  }),
  max_import_bytes: bytes("The largest archive that a collection can be imported from.", 1024 ** 3, {
    min: 1024,
  }),
  max_versions: integer(
    "How many versions of a document are kept; older ones are removed. 0 keeps all.",
    1000,
  ),
  trash_retention: duration("How long a deleted document can be restored; 0 is for ever.", 30 * 86_400_000, {
    max: 3650 * 86_400_000,
  }),
} satisfies Section["keys"];

const filestore = {
  ...engineKeys(8081),
  storage: text("Where objects are stored.", { fallbackDoc: "`files` in `server.data_dir`" }),
  max_size: bytes("How much may be stored in all; 0 is no limit.", 0, { example: '"100GB"' }),
} satisfies Section["keys"];

/** The section of each engine; its name is also the image's. */
export const engineSections = {
  relational: { doc: "SQL over the PostgreSQL protocol.", keys: relational },
  document: { doc: "Documents over the MongoDB protocol.", keys: engineKeys(27_017) },
  keyvalue: { doc: "Items over the DynamoDB API.", keys: engineKeys(8000) },
  graph: { doc: "Cypher over Bolt.", keys: engineKeys(7687) },
  inmemory: { doc: "Redis commands over RESP2 and RESP3.", keys: inmemory },
  vector: { doc: "Vector search over gRPC.", keys: vector },
  markdown: { doc: "Structured text over REST.", keys: markdown },
  filestore: { doc: "Objects over the S3 API.", keys: filestore },
} satisfies Record<string, Section>;

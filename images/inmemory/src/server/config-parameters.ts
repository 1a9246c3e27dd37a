import type { OutputLimit, Settings } from "../settings.ts";
import { EVICTION_POLICIES, type EvictionPolicy } from "../settings.ts";
import { formatNotifyClasses, parseNotifyClasses } from "./notifications.ts";
import { fixed, type Parameter } from "./parameter.ts";
import { parametersWithoutEffect } from "./parameters-without-effect.ts";
import type { Server } from "./server.ts";

type NumberKey = { [K in keyof Settings]: Settings[K] extends number ? K : never }[keyof Settings];

const UNITS: Record<string, number> = {
  "": 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3,
};

/** A memory size as Redis writes it: `100mb`, `1g`; undefined when it is none. */
export function parseMemory(text: string): number | undefined {
  const match = /^(\d+)([a-z]*)$/i.exec(text);
  const unit = match === null ? undefined : UNITS[match[2]!.toLowerCase()];
  return unit === undefined ? undefined : Number(match![1]) * unit;
}

function integer(name: string, key: NumberKey, min: number, max: number): Parameter {
  return {
    name,
    get: (server) => String(server.settings[key]),
    set: (server, value) => {
      if (!/^-?\d+$/.test(value)) return "argument couldn't be parsed into an integer";
      const number = Number(value);
      if (number < min || number > max) return `argument must be between ${min} and ${max} inclusive`;
      server.settings[key] = number;
      return undefined;
    },
  };
}

function trackingKeys(): Parameter {
  const plain = integer("tracking-table-max-keys", "trackingKeysMax", 0, Number.MAX_SAFE_INTEGER);
  return {
    ...plain,
    set: (server, value) => {
      const refused = plain.set!(server, value);
      if (refused === undefined) server.tracking.limit();
      return refused;
    },
  };
}

function memory(name: string, key: NumberKey, min = 0): Parameter {
  return {
    name,
    get: (server) => String(server.settings[key]),
    set: (server, value) => {
      const bytes = parseMemory(value);
      if (bytes === undefined) return "argument must be a memory value";
      if (bytes < min) return `argument must be at least ${min}`;
      server.settings[key] = bytes;
      return undefined;
    },
  };
}

const INT_MAX = 2 ** 31 - 1;
const LONG_MAX = Number.MAX_SAFE_INTEGER;

const maxmemoryPolicy: Parameter = {
  name: "maxmemory-policy",
  get: (server) => server.settings.evictionPolicy,
  set: (server, value) => {
    const policy = value.toLowerCase();
    if (!(EVICTION_POLICIES as readonly string[]).includes(policy)) {
      return `argument(s) must be one of the following: ${EVICTION_POLICIES.join(", ")}`;
    }
    server.setEvictionPolicy(policy as EvictionPolicy);
    return undefined;
  },
};

const notifyKeyspaceEvents: Parameter = {
  name: "notify-keyspace-events",
  get: (server) => formatNotifyClasses(server.settings.notifyClasses),
  set: (server, value) => {
    const classes = parseNotifyClasses(value);
    if (classes === undefined) return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
    server.settings.notifyClasses = classes;
    return undefined;
  },
};

const appendfsync: Parameter = {
  name: "appendfsync",
  get: (server) => server.settings.appendFsync,
  set: (server, value) => {
    const policy = value.toLowerCase();
    if (policy !== "always" && policy !== "everysec" && policy !== "no") {
      return "argument(s) must be one of the following: everysec, always, no";
    }
    server.settings.appendFsync = policy;
    server.log.setPolicy(policy);
    return undefined;
  },
};

const appendonly: Parameter = {
  name: "appendonly",
  get: () => "yes",
  set: (_server, value) => (value === "yes" ? undefined : "the append-only file is always on"),
};

const LIMIT_CLASSES = ["normal", "slave", "pubsub"] as const;

const outputBufferLimit: Parameter = {
  name: "client-output-buffer-limit",
  get: ({ settings }) =>
    LIMIT_CLASSES.map((name) => {
      const limit =
        name === "slave" ? { hardBytes: 0, softBytes: 0, softSeconds: 0 } : settings.outputLimits[name];
      return `${name} ${limit.hardBytes} ${limit.softBytes} ${limit.softSeconds}`;
    }).join(" "),
  set: ({ settings }, value) => {
    const words = value.split(" ").filter(Boolean);
    if (words.length === 0 || words.length % 4 !== 0)
      return "Wrong number of arguments in buffer limit configuration.";
    const limits: { [name: string]: OutputLimit } = {};
    for (let i = 0; i < words.length; i += 4) {
      const name = words[i] === "replica" ? "slave" : words[i]!;
      const [hardBytes, softBytes] = [parseMemory(words[i + 1]!), parseMemory(words[i + 2]!)];
      const softSeconds = /^\d+$/.test(words[i + 3]!) ? Number(words[i + 3]) : undefined;
      if (!(LIMIT_CLASSES as readonly string[]).includes(name))
        return "Invalid client class specified in buffer limit configuration.";
      if (hardBytes === undefined || softBytes === undefined || softSeconds === undefined) {
        return "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
      }
      limits[name] = { hardBytes, softBytes, softSeconds };
    }
    settings.outputLimits.normal = limits.normal ?? settings.outputLimits.normal;
    settings.outputLimits.pubsub = limits.pubsub ?? settings.outputLimits.pubsub;
    return undefined;
  },
};

const maxmemory: Parameter = {
  ...memory("maxmemory", "maxMemory"),
  set: (server, value) => {
    const bytes = parseMemory(value);
    if (bytes === undefined) return "argument must be a memory value";
    server.setMaxMemory(bytes);
    return undefined;
  },
};

/** The password of the user `default`, whom everybody is where no users are configured. */
const requirepass: Parameter = {
  name: "requirepass",
  get: ({ requiredPassword }) => requiredPassword,
  set: (server, value) => {
    if (server.acl.defaultUser === undefined)
      return "users are configured: their passwords are in weftkit.toml or its variables";
    server.acl.set("default", value === "" ? ["nopass"] : ["resetpass", `>${value}`]);
    server.requiredPassword = value;
    return undefined;
  },
};

const aclPubsubDefault: Parameter = {
  name: "acl-pubsub-default",
  get: ({ settings }) => (settings.isPubsubOpenByDefault ? "allchannels" : "resetchannels"),
  set: ({ settings }, value) => {
    const word = value.toLowerCase();
    if (word !== "allchannels" && word !== "resetchannels")
      return "argument(s) must be one of the following: allchannels, resetchannels";
    settings.isPubsubOpenByDefault = word === "allchannels";
    return undefined;
  },
};

function maxclients(): Parameter {
  const plain = integer("maxclients", "maxClients", 1, 2 ** 32 - 1);
  return {
    ...plain,
    set: (server, value) => {
      const before = server.settings.maxClients;
      const refused = plain.set!(server, value);
      if (refused !== undefined) return refused;
      const possible = server.limitConnections(server.settings.maxClients);
      if (possible >= server.settings.maxClients) return undefined;
      server.settings.maxClients = before;
      return `The operating system is not able to handle the specified number of clients, try with ${possible}`;
    },
  };
}

function loginAtPrimary(name: string, key: "primaryUser" | "primaryPassword"): Parameter {
  return {
    name,
    get: ({ settings }) => settings[key],
    set: ({ settings }, value) => {
      settings[key] = value;
      return undefined;
    },
  };
}

function primaryText({ following }: Server): string {
  return following === undefined ? "" : `${following.primary.host} ${following.primary.port}`;
}

const latencyTracking: Parameter = {
  name: "latency-tracking",
  get: ({ dispatcher }) => (dispatcher.timer.isTracking ? "yes" : "no"),
  set: ({ dispatcher }, value) => {
    if (!/^(?:yes|no)$/i.test(value)) return "argument must be 'yes' or 'no'";
    dispatcher.timer.isTracking = value.toLowerCase() === "yes";
    return undefined;
  },
};

const latencyPercentiles: Parameter = {
  name: "latency-tracking-info-percentiles",
  get: ({ settings }) => settings.latencyPercentiles.join(" "),
  set: ({ settings }, value) => {
    const words = value.split(" ").filter(Boolean);
    if (words.some((word) => !/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(word)))
      return "Invalid latency-tracking-info-percentiles parameters";
    const percentiles = words.map(Number);
    if (percentiles.some((percent) => percent < 0 || percent > 100))
      return "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
    settings.latencyPercentiles = percentiles;
    return undefined;
  },
};

/** All parameters; old names are entries of their own, as in Redis, and share the setting. */
export const parameters: readonly Parameter[] = [
  maxmemory,
  maxmemoryPolicy,
  integer("maxmemory-samples", "evictionSamples", 1, 64),
  integer("lfu-log-factor", "lfuLogFactor", 0, INT_MAX),
  integer("lfu-decay-time", "lfuDecayMinutes", 0, INT_MAX),
  appendonly,
  appendfsync,
  integer("auto-aof-rewrite-percentage", "rewritePercentage", 0, INT_MAX),
  memory("auto-aof-rewrite-min-size", "rewriteMinBytes"),
  notifyKeyspaceEvents,
  integer("timeout", "timeoutSeconds", 0, INT_MAX),
  maxclients(),
  memory("client-query-buffer-limit", "queryBufferLimitBytes", 1024 ** 2),
  memory("proto-max-bulk-len", "bulkLimitBytes", 1024 ** 2),
  outputBufferLimit,
  ...["hash-max-listpack-entries", "hash-max-ziplist-entries"].map((name) =>
    integer(name, "hashPackedEntriesMax", 0, LONG_MAX),
  ),
  ...["hash-max-listpack-value", "hash-max-ziplist-value"].map((name) => memory(name, "hashPackedValueMax")),
  integer("set-max-intset-entries", "setIntsetEntriesMax", 0, LONG_MAX),
  integer("set-max-listpack-entries", "setPackedEntriesMax", 0, LONG_MAX),
  integer("set-max-listpack-value", "setPackedValueMax", 0, LONG_MAX),
  ...["zset-max-listpack-entries", "zset-max-ziplist-entries"].map((name) =>
    integer(name, "zsetPackedEntriesMax", 0, LONG_MAX),
  ),
  ...["zset-max-listpack-value", "zset-max-ziplist-value"].map((name) => memory(name, "zsetPackedValueMax")),
  ...["list-max-listpack-size", "list-max-ziplist-size"].map((name) =>
    integer(name, "listPackedSize", -INT_MAX, INT_MAX),
  ),
  memory("stream-node-max-bytes", "streamNodeBytesMax"),
  integer("stream-node-max-entries", "streamNodeEntriesMax", 0, LONG_MAX),
  integer("slowlog-log-slower-than", "slowlogMicroseconds", -1, LONG_MAX),
  integer("latency-monitor-threshold", "latencyMonitorMs", 0, LONG_MAX),
  latencyTracking,
  latencyPercentiles,
  integer("slowlog-max-len", "slowlogLength", 0, LONG_MAX),
  fixed("databases", ({ settings }) => String(settings.databases)),
  fixed("enable-debug-command", ({ settings }) => (settings.isDebugEnabled ? "yes" : "no")),
  // A payload is always looked at in depth before it is stored.
  fixed("sanitize-dump-payload", () => "yes"),
  fixed("port", (server) => server.localAddress.split(":").at(-1)!),
  fixed("bind", (server) => server.localAddress.split(":").slice(0, -1).join(":")),
  fixed("dir", (server) => server.dataDirectory),
  fixed("appenddirname", () => "appendonlydir"),
  fixed("appendfilename", () => "appendonly.aof"),
  requirepass,
  fixed("aclfile", ({ aclFile }) => aclFile?.path ?? ""),
  aclPubsubDefault,
  integer("acllog-max-len", "aclLogLength", 0, LONG_MAX),
  fixed("cluster-enabled", ({ cluster }) => (cluster === undefined ? "no" : "yes")),
  fixed("daemonize", () => "no"),
  fixed("supervised", () => "no"),
  fixed("io-threads", () => "1"),
  fixed("io-threads-do-reads", () => "no"),
  ...["replicaof", "slaveof"].map((name) => fixed(name, primaryText)),
  loginAtPrimary("masteruser", "primaryUser"),
  loginAtPrimary("masterauth", "primaryPassword"),
  fixed("aof-use-rdb-preamble", () => "no"),
  fixed("tcp-keepalive", ({ settings }) => String(settings.tcpKeepaliveSeconds)),
  trackingKeys(),
  memory("hll-sparse-max-bytes", "hllSparseBytesMax"),
  integer("lua-time-limit", "busyReplyMs", 0, Number.MAX_SAFE_INTEGER),
  integer("busy-reply-threshold", "busyReplyMs", 0, Number.MAX_SAFE_INTEGER),
  ...parametersWithoutEffect,
];

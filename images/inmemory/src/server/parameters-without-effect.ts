import { fixed, type Parameter } from "./parameter.ts";

/**
 * A parameter that clients set out of habit and that has no meaning here: the value is kept and shown, nothing more. What asks for
 * something that is not done is refused.
 */
function inert(name: string, initial: string, pattern: RegExp): Parameter {
  return {
    name,
    isInert: true,
    get: (server) => server.inertParameters.get(name) ?? initial,
    set: (server, value) => {
      if (!pattern.test(value)) return "argument(s) must be one of the values that Redis accepts";
      server.inertParameters.set(name, value);
      return undefined;
    },
  };
}

const YES_NO = /^(?:yes|no)$/i;
const NUMBER = /^-?\d+$/;
const ZERO = /^0$/;

/** Of Redis's defragmentation, forks, replicas and clusters of several nodes: on or off. */
const switches: Readonly<Record<string, string>> = {
  activerehashing: "yes",
  "aof-rewrite-incremental-fsync": "yes",
  "cluster-allow-pubsubshard-when-down": "yes",
  "cluster-allow-reads-when-down": "no",
  "cluster-allow-replica-migration": "yes",
  "cluster-replica-no-failover": "no",
  "cluster-require-full-coverage": "yes",
  "cluster-slave-no-failover": "no",
  "crash-log-enabled": "yes",
  "crash-memcheck-enabled": "yes",
  "dynamic-hz": "yes",
  "lazyfree-lazy-eviction": "yes",
  "lazyfree-lazy-expire": "yes",
  "lazyfree-lazy-server-del": "yes",
  "lazyfree-lazy-user-del": "yes",
  "lazyfree-lazy-user-flush": "yes",
  "no-appendfsync-on-rewrite": "no",
  "rdb-del-sync-files": "no",
  "rdb-save-incremental-fsync": "yes",
  rdbchecksum: "yes",
  rdbcompression: "yes",
  "repl-disable-tcp-nodelay": "no",
  "repl-diskless-sync": "yes",
  "replica-announced": "yes",
  "replica-ignore-disk-write-errors": "no",
  "replica-ignore-maxmemory": "yes",
  "replica-lazy-flush": "no",
  "replica-serve-stale-data": "yes",
  "set-proc-title": "yes",
  "slave-ignore-maxmemory": "yes",
  "slave-lazy-flush": "no",
  "slave-serve-stale-data": "yes",
  "stop-writes-on-bgsave-error": "yes",
};

/** Of the same: numbers. */
const numbers: Readonly<Record<string, string>> = {
  "active-defrag-cycle-max": "25",
  "active-defrag-cycle-min": "1",
  "active-defrag-ignore-bytes": "104857600",
  "active-defrag-max-scan-fields": "1000",
  "active-defrag-threshold-lower": "10",
  "active-defrag-threshold-upper": "100",
  "cluster-link-sendbuf-limit": "0",
  "cluster-migration-barrier": "1",
  "cluster-node-timeout": "15000",
  "cluster-replica-validity-factor": "10",
  "cluster-slave-validity-factor": "10",
  hz: "10",
  "list-compress-depth": "0",
  "maxmemory-eviction-tenacity": "10",
  "min-replicas-max-lag": "10",
  "min-slaves-max-lag": "10",
  "repl-backlog-size": "1048576",
  "repl-backlog-ttl": "3600",
  "repl-diskless-sync-delay": "5",
  "repl-diskless-sync-max-replicas": "0",
  "repl-ping-replica-period": "10",
  "repl-ping-slave-period": "10",
  "repl-timeout": "60",
  "replica-announce-port": "0",
  "replica-priority": "100",
  "shutdown-timeout": "10",
  "slave-announce-port": "0",
  "slave-priority": "100",
};

/** What Redis reads at its start, or what says where files and certificates are, which weftkit.toml does here. */
const unchangeable: Readonly<Record<string, string>> = {
  "always-show-logo": "no",
  aof_rewrite_cpulist: "",
  bgsave_cpulist: "",
  "bind-source-addr": "",
  bio_cpulist: "",
  "cluster-announce-bus-port": "0",
  "cluster-announce-hostname": "",
  "cluster-announce-human-nodename": "",
  "cluster-announce-ip": "",
  "cluster-announce-port": "0",
  "cluster-announce-tls-port": "0",
  "cluster-config-file": "",
  "cluster-port": "0",
  "cluster-preferred-endpoint-type": "ip",
  dbfilename: "dump.rdb",
  "disable-thp": "no",
  "enable-module-command": "no",
  "enable-protected-configs": "no",
  "ignore-warnings": "",
  "jemalloc-bg-thread": "no",
  "locale-collate": "",
  logfile: "",
  "oom-score-adj": "no",
  "oom-score-adj-values": "0 200 800",
  pidfile: "",
  "proc-title-template": "{title} {listen-addr} {server-mode}",
  "propagation-error-behavior": "ignore",
  "protected-mode": "no",
  "repl-diskless-load": "disabled",
  "replica-announce-ip": "",
  server_cpulist: "",
  "shutdown-on-sigint": "default",
  "shutdown-on-sigterm": "default",
  "slave-announce-ip": "",
  "socket-mark-id": "0",
  "syslog-enabled": "no",
  "syslog-facility": "local0",
  "syslog-ident": "redis",
  "tcp-backlog": "511",
  "tls-auth-clients": "yes",
  "tls-ca-cert-dir": "",
  "tls-ca-cert-file": "",
  "tls-cert-file": "",
  "tls-ciphers": "",
  "tls-ciphersuites": "",
  "tls-client-cert-file": "",
  "tls-client-key-file": "",
  "tls-client-key-file-pass": "",
  "tls-cluster": "no",
  "tls-dh-params-file": "",
  "tls-key-file": "",
  "tls-key-file-pass": "",
  "tls-port": "0",
  "tls-prefer-server-ciphers": "no",
  "tls-protocols": "",
  "tls-replication": "no",
  "tls-session-cache-size": "20480",
  "tls-session-cache-timeout": "300",
  "tls-session-caching": "yes",
  unixsocket: "",
  unixsocketperm: "0",
};

/** Parameters of Redis that mean nothing here, so that who asks for them gets an answer. */
export const parametersWithoutEffect: readonly Parameter[] = [
  ...Object.entries(switches).map(([name, initial]) => inert(name, initial, YES_NO)),
  ...Object.entries(numbers).map(([name, initial]) => inert(name, initial, NUMBER)),
  ...Object.entries(unchangeable).map(([name, value]) => fixed(name, () => value)),
  ...["replica-read-only", "slave-read-only"].map((name) => inert(name, "yes", /^yes$/i)),
  // Writes that wait for replicas would wait for ever.
  ...["min-replicas-to-write", "min-slaves-to-write"].map((name) => inert(name, "0", ZERO)),
  inert("save", "", /^(?:\d+ \d+(?: \d+ \d+)*)?$/),
  inert("maxmemory-clients", "0", /^0%?$/),
  inert("aof-timestamp-enabled", "no", /^no$/i),
  inert("active-expire-effort", "1", /^(?:10|[1-9])$/),
  inert("activedefrag", "no", /^no$/i),
  inert("aof-load-truncated", "yes", /^yes$/i),
  inert("loglevel", "notice", /^(?:debug|verbose|notice|warning|nothing)$/i),
];

import { PgError } from "../errors.ts";
import { slotsMax } from "../replication/slots.ts";
import { parseInterval } from "../types/interval-text.ts";
import { parseBoolean } from "../types/texts.ts";
import { findZone } from "../types/time-zones.ts";

/** Parameters that SET, SHOW and startup packets know: data, from which checks and texts are made. */

interface Definition {
  readonly initial: string;
  readonly kind: "string" | "bool" | "int" | "real" | "enum" | "time" | "memory";
  readonly options?: readonly string[];
  /** Told to clients as ParameterStatus. */
  readonly isReported?: true;
  /** Fixed for the server. */
  readonly isReadOnly?: true;
  readonly isHidden?: true;
  readonly min?: number;
  readonly max?: number;
  /** As SHOW spells the name. */
  readonly name?: string;
  /** Others may read it only. */
  readonly isForSuperusers?: boolean;
}

const bool = (initial: "on" | "off"): Definition => ({ initial, kind: "bool" });
const int = (initial: string, min = -1, max = 2147483647): Definition => ({ initial, kind: "int", min, max });
const text = (initial: string): Definition => ({ initial, kind: "string" });
const fixed = (initial: string): Definition => ({ initial, kind: "string", isReadOnly: true });
const time = (initial: string): Definition => ({ initial, kind: "time", min: 0, max: 2147483647 });
const memory = (initial: string): Definition => ({ initial, kind: "memory" });
const oneOf = (initial: string, ...options: string[]): Definition => ({ initial, kind: "enum", options });
const real = (initial: string): Definition => ({ initial, kind: "real" });

const levels = [
  "debug5",
  "debug4",
  "debug3",
  "debug2",
  "debug1",
  "log",
  "notice",
  "warning",
  "error",
  "fatal",
  "panic",
  "info",
];

export const serverVersion = "18.4";
export const serverVersionNumber = "180004";

export const settingDefinitions: Readonly<Record<string, Definition>> = {
  application_name: { initial: "", kind: "string", isReported: true },
  client_encoding: { initial: "UTF8", kind: "string", isReported: true },
  client_min_messages: oneOf("notice", ...levels),
  datestyle: { initial: "ISO, MDY", kind: "string", isReported: true, name: "DateStyle" },
  timezone: { initial: "UTC", kind: "string", isReported: true, name: "TimeZone" },
  intervalstyle: {
    ...oneOf("postgres", "postgres", "postgres_verbose", "sql_standard", "iso_8601"),
    isReported: true,
    name: "IntervalStyle",
  },
  search_path: { initial: '"$user", public', kind: "string", isReported: true },
  standard_conforming_strings: { initial: "on", kind: "bool", isReported: true },
  default_transaction_read_only: { ...bool("off"), isReported: true },
  in_hot_standby: { ...fixed("off"), isReported: true },
  integer_datetimes: { ...fixed("on"), isReported: true },
  is_superuser: { ...fixed("off"), isReported: true },
  scram_iterations: { ...int("4096", 1), isReported: true },
  server_encoding: { ...fixed("UTF8"), isReported: true },
  server_version: { ...fixed(serverVersion), isReported: true },
  session_authorization: { initial: "", kind: "string", isReported: true },
  server_version_num: fixed(serverVersionNumber),
  role: text("none"),
  bytea_output: oneOf("hex", "hex", "escape"),
  extra_float_digits: int("1", -15, 3),
  statement_timeout: time("0"),
  lock_timeout: time("0"),
  idle_in_transaction_session_timeout: time("60000"),
  idle_session_timeout: time("0"),
  transaction_timeout: time("0"),
  deadlock_timeout: time("1000"),
  default_transaction_isolation: oneOf(
    "read committed",
    "serializable",
    "repeatable read",
    "read committed",
    "read uncommitted",
  ),
  default_transaction_deferrable: bool("off"),
  transaction_isolation: oneOf(
    "read committed",
    "serializable",
    "repeatable read",
    "read committed",
    "read uncommitted",
  ),
  transaction_read_only: bool("off"),
  transaction_deferrable: bool("off"),
  escape_string_warning: bool("on"),
  backslash_quote: oneOf("safe_encoding", "safe_encoding", "on", "off"),
  check_function_bodies: bool("on"),
  default_tablespace: text(""),
  temp_tablespaces: text(""),
  default_table_access_method: text("heap"),
  default_toast_compression: oneOf("pglz", "pglz", "lz4"),
  default_text_search_config: text("pg_catalog.english"),
  default_with_oids: bool("off"),
  xmloption: oneOf("content", "content", "document"),
  xmlbinary: oneOf("base64", "base64", "hex"),
  row_security: bool("on"),
  synchronize_seqscans: bool("on"),
  synchronous_commit: oneOf("on", "on", "off", "local", "remote_write", "remote_apply"),
  quote_all_identifiers: bool("off"),
  transform_null_equals: bool("off"),
  array_nulls: bool("on"),
  lo_compat_privileges: bool("off"),
  operator_precedence_warning: bool("off"),
  session_replication_role: { ...oneOf("origin", "origin", "replica", "local"), isForSuperusers: true },
  restrict_nonsystem_relation_kind: text(""),
  createrole_self_grant: text(""),
  event_triggers: bool("on"),
  work_mem: memory("4096"),
  maintenance_work_mem: memory("65536"),
  temp_buffers: int("1024"),
  effective_cache_size: memory("4194304"),
  shared_buffers: { ...memory("131072"), isReadOnly: true },
  random_page_cost: real("4"),
  seq_page_cost: real("1"),
  cpu_tuple_cost: real("0.01"),
  cpu_index_tuple_cost: real("0.005"),
  cpu_operator_cost: real("0.0025"),
  jit: bool("on"),
  jit_above_cost: real("100000"),
  enable_seqscan: bool("on"),
  enable_indexscan: bool("on"),
  enable_indexonlyscan: bool("on"),
  enable_bitmapscan: bool("on"),
  enable_hashjoin: bool("on"),
  enable_mergejoin: bool("on"),
  enable_nestloop: bool("on"),
  enable_hashagg: bool("on"),
  enable_sort: bool("on"),
  enable_material: bool("on"),
  enable_memoize: bool("on"),
  enable_gathermerge: bool("on"),
  enable_partition_pruning: bool("on"),
  enable_partitionwise_join: bool("off"),
  enable_partitionwise_aggregate: bool("off"),
  enable_parallel_append: bool("on"),
  enable_parallel_hash: bool("on"),
  enable_tidscan: bool("on"),
  enable_incremental_sort: bool("on"),
  enable_presorted_aggregate: bool("on"),
  enable_async_append: bool("on"),
  max_parallel_workers_per_gather: int("2", 0),
  max_parallel_workers: int("8", 0),
  parallel_setup_cost: real("1000"),
  parallel_tuple_cost: real("0.1"),
  min_parallel_table_scan_size: int("1024"),
  from_collapse_limit: int("8", 1),
  join_collapse_limit: int("8", 1),
  geqo: bool("on"),
  geqo_threshold: int("12", 2),
  constraint_exclusion: oneOf("partition", "partition", "on", "off"),
  cursor_tuple_fraction: real("0.1"),
  plan_cache_mode: oneOf("auto", "auto", "force_generic_plan", "force_custom_plan"),
  default_statistics_target: int("100", 1, 10000),
  log_statement: oneOf("none", "none", "ddl", "mod", "all"),
  log_min_duration_statement: int("-1"),
  log_min_messages: oneOf("warning", ...levels),
  log_duration: bool("off"),
  log_lock_waits: bool("off"),
  log_error_verbosity: oneOf("default", "terse", "default", "verbose"),
  log_parser_stats: bool("off"),
  track_activities: bool("on"),
  track_counts: bool("on"),
  track_functions: oneOf("none", "none", "pl", "all"),
  track_io_timing: bool("off"),
  debug_print_plan: bool("off"),
  vacuum_cost_delay: real("0"),
  gin_fuzzy_search_limit: int("0"),
  tcp_keepalives_idle: int("0"),
  tcp_keepalives_interval: int("0"),
  tcp_keepalives_count: int("0"),
  tcp_user_timeout: int("0"),
  client_connection_check_interval: time("0"),
  lc_collate: fixed("C"),
  lc_ctype: fixed("C"),
  lc_messages: text("C"),
  lc_monetary: text("C"),
  lc_numeric: text("C"),
  lc_time: text("C"),
  max_connections: fixed("100"),
  max_identifier_length: fixed("63"),
  max_index_keys: fixed("32"),
  max_prepared_transactions: fixed("0"),
  max_locks_per_transaction: fixed("64"),
  max_function_args: fixed("100"),
  block_size: fixed("8192"),
  segment_size: fixed("131072"),
  wal_level: fixed("logical"),
  max_replication_slots: fixed(String(slotsMax)),
  max_wal_senders: fixed("100"),
  fsync: fixed("on"),
  full_page_writes: fixed("on"),
  hot_standby: fixed("on"),
  port: fixed("5432"),
  listen_addresses: fixed("*"),
  data_directory: fixed("/data"),
  data_directory_mode: fixed("0700"),
  ssl: fixed("off"),
  password_encryption: oneOf("scram-sha-256", "scram-sha-256", "md5"),
  data_checksums: fixed("on"),
  wal_segment_size: fixed("16MB"),
  autovacuum: fixed("on"),
  allow_system_table_mods: bool("off"),
  seed: real("0"),
  weftkit_pushdown: { ...bool("on"), name: "weftkit.pushdown" },
};

const aliases: Readonly<Record<string, string>> = {
  "weftkit.pushdown": "weftkit_pushdown",
  "time zone": "timezone",
};

export function settingKey(name: string): string {
  const lower = name.toLowerCase();
  return aliases[lower] ?? lower;
}

const units: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const memoryUnits: Readonly<Record<string, number>> = {
  B: 1 / 1024,
  kB: 1,
  MB: 1024,
  GB: 1048576,
  TB: 1073741824,
};

function invalid(name: string, value: string, hint?: string): PgError {
  return new PgError("22023", `invalid value for parameter "${name}": "${value}"`, { hint });
}

/** A value as it is kept. @throws PgError 22023, 55P02 */
export function normalizeSetting(key: string, given: string): string {
  const definition = settingDefinitions[key];
  if (definition === undefined) return given;
  const name = definition.name ?? key;
  switch (definition.kind) {
    case "bool": {
      const value = parseBoolean(given);
      if (value === undefined) throw new PgError("22023", `parameter "${name}" requires a Boolean value`);
      return value ? "on" : "off";
    }
    case "enum": {
      const found = definition.options!.find((option) => option === given.toLowerCase());
      if (found === undefined)
        throw invalid(name, given, `Available values: ${definition.options!.join(", ")}.`);
      return found;
    }
    case "int": {
      if (!/^\s*[+-]?\d+\s*$/.test(given)) throw invalid(name, given);
      return checkRange(name, Number(given), definition, String(Number(given)));
    }
    case "real": {
      if (!Number.isFinite(Number(given)) || given.trim() === "") throw invalid(name, given);
      return String(Number(given));
    }
    case "time": {
      const match = /^\s*([+-]?\d+(?:\.\d+)?)\s*([a-z]+)?\s*$/.exec(given);
      const factor = match?.[2] === undefined ? 1 : units[match[2]];
      if (match === null || factor === undefined)
        throw invalid(
          name,
          given,
          match === null
            ? undefined
            : 'Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".',
        );
      const value = Math.round(Number(match[1]) * factor);
      return checkRange(name, value, definition, String(value), " ms");
    }
    case "memory": {
      const match = /^\s*(\d+)\s*([kMGT]?B)?\s*$/.exec(given);
      if (match === null) throw invalid(name, given);
      return String(Math.round(Number(match[1]) * (match[2] === undefined ? 1 : memoryUnits[match[2]]!)));
    }
    default:
      return special(key, name, given);
  }
}

function checkRange(name: string, value: number, { min, max }: Definition, shown: string, unit = ""): string {
  if ((min !== undefined && value < min) || (max !== undefined && value > max))
    throw new PgError(
      "22023",
      `${value}${unit} is outside the valid range for parameter "${name}" (${min}${unit} .. ${max}${unit})`,
    );
  return shown;
}

function special(key: string, name: string, given: string): string {
  if (key === "timezone") return zoneName(given);
  if (key === "client_encoding") {
    const plain = given.replace(/[^A-Za-z0-9]/g, "").toUpperCase();
    if (plain === "UTF8" || plain === "UNICODE") return "UTF8";
    if (plain === "SQLASCII" || plain === "LATIN1" || plain.startsWith("ISO") || plain.startsWith("WIN"))
      throw new PgError("0A000", `client_encoding ${given} is not supported`);
    throw invalid(name, given);
  }
  if (key === "datestyle") return given;
  return given;
}

function zoneName(given: string): string {
  const interval = /^interval\s*'(.*)'/i.exec(given);
  const number = /^[+-]?\d+(\.\d+)?$/.exec(given);
  if (interval !== null || number !== null) {
    const seconds =
      number === null
        ? Number(parseInterval(interval![1]!, -1).micros / 1_000_000n)
        : Math.round(Number(given) * 3600);
    const size = Math.abs(seconds);
    const hours = String(Math.floor(size / 3600)).padStart(2, "0");
    const minutes = Math.floor(size / 60) % 60;
    const shown = `${hours}${minutes === 0 ? "" : `:${String(minutes).padStart(2, "0")}`}`;
    return `<${seconds < 0 ? "-" : "+"}${shown}>${seconds < 0 ? "+" : "-"}${shown}`;
  }
  const zone = findZone(given);
  if (zone === undefined) throw invalid("TimeZone", given);
  return zone.name;
}

/** DateStyle after a change: style and order may be given alone. @throws PgError 22023 */
export function mergeDateStyle(current: string, given: string): string {
  let [style = "ISO", order = "MDY"] = current.split(", ");
  for (const part of given.split(",").map((word) => word.trim().toUpperCase())) {
    if (part === "ISO" || part === "SQL") style = part;
    else if (part.startsWith("POSTGRES")) style = "Postgres";
    else if (part === "GERMAN") style = "German";
    else if (part === "MDY" || part === "US" || part.startsWith("NONEURO")) order = "MDY";
    else if (part === "DMY" || part.startsWith("EURO")) order = "DMY";
    else if (part === "YMD") order = "YMD";
    else if (part !== "DEFAULT") throw invalid("DateStyle", given);
  }
  return `${style}, ${order}`;
}

/** As SHOW writes a value. */
export function showSetting(key: string, value: string): string {
  const definition = settingDefinitions[key];
  if (definition?.kind === "time") {
    const ms = Number(value);
    if (ms === 0) return "0";
    for (const [unit, size] of [
      ["d", 86_400_000],
      ["h", 3_600_000],
      ["min", 60_000],
      ["s", 1000],
    ] as const)
      if (ms % size === 0) return `${ms / size}${unit}`;
    return `${ms}ms`;
  }
  if (definition?.kind === "memory") {
    const kb = Number(value);
    for (const [unit, size] of [
      ["TB", 1073741824],
      ["GB", 1048576],
      ["MB", 1024],
    ] as const)
      if (kb !== 0 && kb % size === 0) return `${kb / size}${unit}`;
    return `${kb}kB`;
  }
  return value;
}

import { catalogNamespace } from "../catalog/model.ts";
import { temporaryPrefix } from "../catalog/namespaces.ts";
import { PgError } from "../errors.ts";
import { type Datum, PgArray, PgRecord } from "../types/datum.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import { formatType, parseTypeName, splitQualified } from "../types/type-text.ts";
import { type CallContext, define, defineSet, defineWith } from "./registry.ts";

export const versionText = "PostgreSQL 18.4 (WeftKit) on x86_64-pc-linux-gnu, 64-bit";

defineWith("pgsql_version", () => versionText);
defineWith("current_database", (call) => call.run.session.database);
defineWith("current_schema", (call) => schemas(call, false)[0] ?? null);
defineWith("current_schemas", (call, withImplicit: boolean) => new PgArray(schemas(call, withImplicit)));
function schemas(call: CallContext, withImplicit: boolean): string[] {
  const { io, catalog } = call.run;
  return io.searchPath
    .filter((id) => withImplicit || id !== catalogNamespace)
    .map((id) => catalog.get("namespace", id)?.name)
    .filter((name) => name !== undefined && (withImplicit || !name.startsWith(temporaryPrefix)))
    .filter((name) => name !== undefined);
}
defineWith("current_user", (call) => call.run.session.user);
defineWith("session_user", (call) => call.run.session.sessionUser);
defineWith("pg_backend_pid", (call) => call.run.session.processId);
define("pg_is_in_recovery", () => false);
define("inet_server_addr inet_client_addr inet_server_port inet_client_port", () => null);
define(
  "pg_postmaster_start_time pg_conf_load_time",
  () => BigInt(Math.round(performance.timeOrigin * 1000)) - 946_684_800_000_000n,
);
define("pg_my_temp_schema", () => 0);
define("pg_is_other_temp_schema", () => false);
define("PG_encoding_to_char", (encoding: number) =>
  encoding === 6 ? "UTF8" : encoding === 0 ? "SQL_ASCII" : "",
);
define("PG_char_to_encoding", (name: string) => (/^utf-?8$/i.test(name) ? 6 : -1));
define("pg_client_encoding", () => "UTF8");
define("getdatabaseencoding", () => "UTF8");
define("pg_collation_for", () => '"default"');
define("pg_stat_get_numscans pg_stat_get_live_tuples", () => 0n);
define("txid_current pg_current_xact_id", () => BigInt(Date.now()));
define("pg_current_xact_id_if_assigned txid_current_if_assigned", () => null);
define("pg_trigger_depth", () => 0);
define("pg_jit_available", () => false);
define("pg_get_keywords", () => null);
define("pg_column_size", (value: Datum) =>
  value === null ? null : typeof value === "string" ? Buffer.byteLength(value) + 1 : 8,
);

defineWith("show_config_by_name", (call, name: string) => {
  const value = call.run.session.setting(name);
  if (value === undefined) throw new PgError("42704", `unrecognized configuration parameter "${name}"`);
  return value;
});
defineWith("show_config_by_name_missing_ok", (call, name: string, missingOk: boolean) => {
  const value = call.run.session.setting(name);
  if (value === undefined && !missingOk)
    throw new PgError("42704", `unrecognized configuration parameter "${name}"`);
  return value ?? null;
});
defineWith(
  "set_config_by_name",
  (call, name: string | null, value: string | null, isLocal: boolean | null) => {
    if (name === null) throw new PgError("22004", "SET requires parameter name");
    return call.run.session.setSetting(name, value ?? "", isLocal === true);
  },
);
defineWith("pg_typeof", (call) => call.argTypes[0]!);
defineWith("format_type", (call, type: number | null, typmod: number | null) =>
  type === null ? null : formatType(call.catalog, type, typmod ?? -1, call.run.io.searchPath),
);

// sequences
defineWith("nextval_oid", (call, sequence: number, isOwn?: boolean) => call.run.nextval(sequence, isOwn));
defineWith("currval_oid", (call, sequence: number) => call.run.currval(sequence));
defineWith("lastval", (call) => call.run.lastval());
defineWith("setval_oid", (call, sequence: number, value: bigint) => call.run.setval(sequence, value, true));
defineWith("setval3_oid", (call, sequence: number, value: bigint, isCalled: boolean) =>
  call.run.setval(sequence, value, isCalled),
);
defineWith("pg_get_serial_sequence", (call, table: string, column: string) => {
  const { catalog, io } = call.run;
  const parts = splitQualified(table);
  const name = parts.at(-1)!;
  const namespaces = parts.length > 1 ? [catalog.namespaceByName(parts.at(-2)!)?.oid ?? 0] : io.searchPath;
  const relation = namespaces
    .map((namespace) => catalog.relationByName(namespace, name))
    .find((found) => found !== undefined);
  if (relation === undefined) throw new PgError("42P01", `relation "${table}" does not exist`);
  const found = relation.columns.find((c) => c.name === column && c.dropped !== true);
  if (found === undefined)
    throw new PgError("42703", `column "${column}" of relation "${relation.name}" does not exist`);
  for (const sequence of catalog.all("sequence")) {
    if (sequence.ownedBy?.relation !== relation.oid || sequence.ownedBy.attnum !== found.attnum) continue;
    const own = catalog.get("relation", sequence.oid)!;
    const quote = (text: string) =>
      /^[a-z_][a-z0-9_$]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
    return `${quote(catalog.get("namespace", own.namespace)!.name)}.${quote(own.name)}`;
  }
  return null;
});

// visibility
defineWith("pg_table_is_visible", (call, id: number) => {
  const relation = call.run.catalog.get("relation", id);
  if (relation === undefined) return null;
  const first = call.run.io.searchPath.find(
    (ns) => call.run.catalog.relationByName(ns, relation.name) !== undefined,
  );
  return first === relation.namespace;
});
defineWith("pg_type_is_visible", (call, id: number) => {
  const type = call.run.catalog.type(id);
  if (type === undefined) return null;
  return (
    call.run.io.searchPath.find((ns) => call.run.catalog.typeByName(ns, type.name) !== undefined) ===
    type.namespace
  );
});
define(
  "pg_function_is_visible pg_operator_is_visible pg_opclass_is_visible pg_collation_is_visible pg_conversion_is_visible pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible pg_statistics_obj_is_visible pg_opfamily_is_visible",
  () => true,
);

// descriptions
defineWith("obj_description(26,19)", (call, id: number, catalogName: string) => {
  const classOid = call.run.catalog.relationByName(catalogNamespace, catalogName)?.oid ?? 0;
  return call.run.catalog.comment(id, classOid, 0) ?? null;
});
defineWith(
  "obj_description(26)",
  (call, id: number) =>
    [1259, 1247, 1255, 2615]
      .map((c) => call.run.catalog.comment(id, c, 0))
      .find((text) => text !== undefined) ?? null,
);
defineWith(
  "col_description(26,23)",
  (call, id: number, attnum: number) => call.run.catalog.comment(id, 1259, attnum) ?? null,
);
define("shobj_description(26,19)", () => null);

// sizes
defineWith("pg_relation_size", (call, id: number) => BigInt(call.run.relationSize(id)));
defineWith("pg_table_size pg_total_relation_size", (call, id: number) => BigInt(call.run.relationSize(id)));
defineWith("pg_relation_size(2205)", (call, id: number) => BigInt(call.run.relationSize(id)));
define(
  "pg_indexes_size pg_database_size_name pg_database_size_oid pg_tablespace_size_name pg_tablespace_size_oid",
  () => 0n,
);
const pretty = (bytes: bigint): string => {
  const units = ["bytes", "kB", "MB", "GB", "TB", "PB"];
  let size = bytes < 0n ? -bytes : bytes;
  const sign = bytes < 0n ? "-" : "";
  if (size < 10240n) return `${sign}${size} bytes`;
  let unit = 0;
  size *= 2n;
  while (unit < units.length - 1 && (unit === 0 ? size >= 20480n : size >= 20479n)) {
    size = unit === 0 ? size / 1024n : size / 1024n;
    unit++;
  }
  return `${sign}${(size + 1n) / 2n} ${units[unit]}`;
};
define("pg_size_pretty", pretty);
define("pg_size_pretty_numeric", (bytes: { round(scale: number): { digits: bigint } }) =>
  pretty(bytes.round(0).digits),
);
define("pg_size_bytes", (text: string) => {
  const match = /^\s*([+-]?[\d.]+)\s*([a-zA-Z]*)\s*$/.exec(text);
  const factor = {
    "": 1,
    bytes: 1,
    b: 1,
    kb: 1024,
    mb: 1048576,
    gb: 1073741824,
    tb: 1099511627776,
    pb: 1125899906842624,
  }[(match?.[2] ?? "?").toLowerCase()];
  if (match === null || factor === undefined) throw new PgError("22023", `invalid size: "${text}"`);
  return BigInt(Math.round(Number(match[1]) * factor));
});

// names to OIDs, NULL when there is none
const orNull = (call: CallContext, type: number, text: string): number | null => {
  try {
    return typeOps(call.catalog, type).input(text, -1, call.run.io) as number;
  } catch (error) {
    if (error instanceof PgError && !error.code.startsWith("XX")) return null;
    throw error;
  }
};
defineWith("to_regclass", (call, text: string) => orNull(call, oid.regclass, text));
defineWith("to_regtype", (call, text: string) => {
  try {
    return parseTypeName(text, call.run.io);
  } catch {
    return null;
  }
});
defineWith("to_regproc", (call, text: string) => orNull(call, oid.regproc, text));
defineWith("to_regprocedure", (call, text: string) => orNull(call, oid.regprocedure, text));
defineWith("to_regnamespace", (call, text: string) => orNull(call, oid.regnamespace, text));
defineWith("to_regrole", (call, text: string) => orNull(call, oid.regrole, text));
defineWith("text_regclass", (call, text: string) =>
  typeOps(call.catalog, oid.regclass).input(text, -1, call.run.io),
);
define("parse_ident", (text: string) => new PgArray(splitQualified(text)));
defineWith("pg_notify", (call, channel: string | null, payload: string | null) => {
  if (channel === null || channel === "") throw new PgError("22023", "channel name cannot be empty");
  call.run.session.notify(channel, payload ?? "");
  return "";
});
defineSet("pg_listening_channels", () => []);
defineWith("pg_sequence_last_value", (call, sequence: number) => {
  const { last, isCalled } = call.run.sequenceValue(sequence);
  return isCalled ? last : null;
});
defineWith("pg_get_sequence_data", (call, sequence: number) => {
  const { last, isCalled } = call.run.sequenceValue(sequence);
  return new PgRecord([last, isCalled], [oid.int8, oid.bool], ["last_value", "is_called"]);
});
defineSet("pg_options_to_table", function* (_call, options: PgArray) {
  for (const option of options.elements) {
    const [name = "", ...value] = String(option).split("=");
    yield [name, value.join("=")];
  }
});
defineSet("information_schema_pg_expandarray", function* (_call, array: PgArray) {
  const lower = array.lowerBounds[0] ?? 1;
  for (const [i, element] of array.elements.entries()) yield [element, i + lower - lower + 1];
});
for (const name of ["pg_cancel_backend", "pg_terminate_backend"])
  defineWith(name, (call, ...args: Datum[]) => call.run.session.backend(name, args, call.run));
for (const name of [
  "pg_advisory_lock_int8",
  "pg_advisory_lock_int4",
  "pg_advisory_lock_shared_int8",
  "pg_advisory_lock_shared_int4",
  "pg_try_advisory_lock_int8",
  "pg_try_advisory_lock_int4",
  "pg_try_advisory_lock_shared_int8",
  "pg_try_advisory_lock_shared_int4",
  "pg_advisory_unlock_int8",
  "pg_advisory_unlock_int4",
  "pg_advisory_unlock_shared_int8",
  "pg_advisory_unlock_shared_int4",
  "pg_advisory_unlock_all",
  "pg_advisory_xact_lock_int8",
  "pg_advisory_xact_lock_int4",
  "pg_try_advisory_xact_lock_int8",
  "pg_try_advisory_xact_lock_int4",
  "pg_advisory_xact_lock_shared_int8",
  "pg_advisory_xact_lock_shared_int4",
  "pg_sleep",
  "pg_export_snapshot",
])
  defineWith(name, (call, ...args: Datum[]) => call.run.session.backend(name, args, call.run));
const nulls = (call: CallContext, values: readonly Datum[]): readonly Datum[] =>
  call.variadic && values.length === 1 && values[0] instanceof PgArray ? values[0].elements : values;
defineWith(
  "pg_num_nulls",
  (call, ...values: Datum[]) => nulls(call, values).filter((value) => value === null).length,
);
defineWith(
  "pg_num_nonnulls",
  (call, ...values: Datum[]) => nulls(call, values).filter((value) => value !== null).length,
);
defineWith("pg_input_is_valid", (call, text: string, type: string) => {
  const id = parseTypeName(type, call.run.io);
  try {
    typeOps(call.catalog, id).input(text, -1, call.run.io);
    return true;
  } catch (error) {
    if (error instanceof PgError) return false;
    throw error;
  }
});

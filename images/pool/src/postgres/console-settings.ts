import { parseDurationMs } from "@weftkit/core";
import { pool } from "../description.ts";
import { ConsoleError } from "./console-host.ts";

/** What is fixed when the pool has started. */
const fixed = new Set([
  "port",
  "bind",
  "backends",
  "backends_file",
  "databases_file",
  "users_file",
  "user",
  "password",
  "backend_tls_ca_file",
  "backend_tls_verify",
]);

/** pgbouncer's names for the same. */
const synonyms: Readonly<Record<string, string>> = {
  max_client_conn: "max_connections",
  query_wait_notify: "wait_notice",
  auth_dbname: "auth_database",
  server_tls_sslmode: "server_tls",
};

/** pgbouncer's words for values; what a certificate must be is said by `backend_tls_verify`. */
const valueSynonyms: Readonly<Record<string, string>> = { disable: "off", allow: "prefer" };

type Value = string | number | boolean | readonly string[];

/**
 * Reads `SET key = value` of the console; it holds until the pool ends. A duration without a unit is in seconds, as pgbouncer's.
 *
 * @throws ConsoleError
 */
export function readSetting(command: string): readonly [key: string, value: Value] {
  const match = /^set\s+(\w+)\s*(?:=|\s+to\s+)\s*(?:'((?:[^']|'')*)'|"([^"]*)"|(.*?))\s*$/is.exec(command);
  if (match === null)
    throw new ConsoleError("42601", "SET needs a key and a value: SET pool_mode = 'session'");
  const written = match[1]!.toLowerCase();
  const name = synonyms[written] ?? written;
  const text = (match[2]?.replaceAll("''", "'") ?? match[3] ?? match[4] ?? "").trim();
  const key = (
    pool.keys as Readonly<Record<string, { kind: string; choices?: readonly string[]; min?: number }>>
  )[name];
  if (key === undefined) throw new ConsoleError("42704", `unknown configuration parameter "${written}"`);
  if (fixed.has(name)) throw new ConsoleError("55P02", `"${name}" cannot be changed without a restart`);
  return [name, read(name, key, text)];
}

function read(
  name: string,
  key: { kind: string; choices?: readonly string[]; min?: number },
  text: string,
): Value {
  const refuse = () => new ConsoleError("22023", `"${text}" is no value for ${name}`);
  if (key.kind === "integer" || key.kind === "bytes") {
    const value = Number(text);
    if (text === "" || !Number.isSafeInteger(value) || value < (key.min ?? 0)) throw refuse();
    return value;
  }
  if (key.kind === "duration") {
    const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : parseDurationMs(text);
    if (ms === undefined || Number.isNaN(ms)) throw refuse();
    return ms;
  }
  if (key.kind === "choice") {
    const same = valueSynonyms[text];
    if (same !== undefined && key.choices!.includes(same)) return same;
    if (!key.choices!.includes(text)) throw refuse();
    return text;
  }
  if (key.kind === "list")
    return text
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  return text;
}

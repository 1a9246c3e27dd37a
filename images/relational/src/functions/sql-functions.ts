import { PgError } from "../errors.ts";
import { joinTimestamp } from "../types/calendar.ts";
import type { Interval } from "../types/interval-value.ts";
import { logNumeric, Numeric } from "../types/numeric.ts";
import { compareText } from "../types/texts.ts";
import { localToUtc, requireZone } from "../types/time-zones.ts";
import { compileRegex } from "./patterns.ts";
import { define, defineWith } from "./registry.ts";

/** Functions that PostgreSQL itself has in SQL, or that differ from others only by what they leave out. */
define("round(1700)", (value: Numeric) => value.round(0));
define("trunc(1700)", (value: Numeric) => value.truncate(0));
define("log(1700) log10(1700)", (value: Numeric) => logNumeric(new Numeric(10n, 0), value));
define("bit_length(25)", (text: string) => Buffer.byteLength(text) * 8);
define("bit_length(17)", (bytes: Uint8Array) => bytes.length * 8);
define("bit_length(1560)", (bits: string) => bits.length);
define("booltext", (value: boolean) => (value ? "true" : "false"));
defineWith("timestamptz(1082,1083)", (call, days: number, micros: number) =>
  localToUtc(joinTimestamp(days, micros), requireZone(call.run.io.timeZone)),
);
define("int8larger", (a: bigint, b: bigint) => (a > b ? a : b));
define("int8smaller", (a: bigint, b: bigint) => (a < b ? a : b));
define("time_larger", (a: number, b: number) => Math.max(a, b));
define("time_smaller", (a: number, b: number) => Math.min(a, b));
define("bpchar_larger", (a: string, b: string) => (compareText(a, b) > 0 ? a : b));
define("dcotd", (value: number) => 1 / Math.tan((value * Math.PI) / 180));
define("byteaoverlay", (bytes: Uint8Array, by: Uint8Array, start: number, length: number) => {
  if (start <= 0) throw new PgError("22011", "negative substring length not allowed");
  return Buffer.concat([bytes.slice(0, start - 1), by, bytes.slice(start - 1 + length)]);
});
define("byteaoverlay_no_len", (bytes: Uint8Array, by: Uint8Array, start: number) =>
  Buffer.concat([bytes.slice(0, start - 1), by, bytes.slice(start - 1 + by.length)]),
);
define("byteaGetBit", (bytes: Uint8Array, at: bigint) => {
  const i = Number(at);
  if (i < 0 || i >= bytes.length * 8)
    throw new PgError("2202E", `index ${at} out of valid range, 0..${bytes.length * 8 - 1}`);
  return (bytes[i >> 3]! >> (i & 7)) & 1;
});
define("byteaSetBit", (bytes: Uint8Array, at: bigint, value: number) => {
  const i = Number(at);
  if (i < 0 || i >= bytes.length * 8)
    throw new PgError("2202E", `index ${at} out of valid range, 0..${bytes.length * 8 - 1}`);
  const copy = Buffer.from(bytes);
  copy[i >> 3] = value === 1 ? copy[i >> 3]! | (1 << (i & 7)) : copy[i >> 3]! & ~(1 << (i & 7));
  return copy;
});
define("bytea_bit_count", (bytes: Uint8Array) =>
  BigInt([...bytes].reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0)),
);
/** substring(text from pattern for escape) */
define("substring(25,25,25)", (text: string, pattern: string, escapeBy: string) => {
  const [before = "", inside = "", after = ""] = pattern.split(`${escapeBy}"`);
  const part = (source: string) => source.replaceAll("%", "[^]*").replaceAll("_", "[^]");
  const match = compileRegex(`^(?:${part(before)})(${part(inside)})(?:${part(after)})$`, "").exec(text);
  return match?.[1] ?? null;
});
define("interval_cmp", (a: Interval, b: Interval) => (a.span < b.span ? -1 : a.span > b.span ? 1 : 0));
define("pg_encoding_max_length_sql", () => 4);
define("length_in_encoding", (bytes: Uint8Array) => [...Buffer.from(bytes).toString()].length);
define("pg_convert", (bytes: Uint8Array) => bytes);
defineWith("current_query", (call) => call.run.session.setting("application_name") ?? null);

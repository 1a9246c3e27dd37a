import { writeExact } from "@weftkit/cdc/exact-json";
import { type Row, rowItself } from "../rows.ts";
import { listOf, scoreText, sortedWords, valueTypes, type Words } from "./value-types.ts";
import { fieldBytes } from "./words.ts";

/**
 * A value as a row: its type (`rowItself`), when it expires (`expires`, milliseconds), and `value`, `items`, `members`, or a column
 * for each field or member with a score. So a hash is merged field by field, and what both sides have put into a set is in.
 */
export function rowOf(type: string, reply: unknown, expiresMs: number): Row | undefined {
  const columns = valueTypes[type]!.columns(reply);
  if (columns === undefined) return undefined;
  return { [rowItself]: type, ...(expiresMs >= 0 && { expires: expiresMs }), ...columns };
}

/** A row as it comes back when it was written: undefined when nothing of it is left, or its time is over. */
export function asStored(row: Row | undefined, nowMs: number): Row | undefined {
  if (row === undefined) return undefined;
  const type = row[rowItself];
  const { expires } = row;
  if (typeof expires === "number" && expires <= nowMs) return undefined;
  const kept = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  const stored = Object.fromEntries(
    kept.map(([column, value]) => {
      if (column === "members") return [column, sortedWords(listOf(value))];
      if (fieldBytes(column) === undefined && column !== "value") return [column, value];
      const word = typeof value === "object" || typeof value === "string" ? value : writeExact(value);
      return [column, type === "zset" ? scoreText(String(word)) : word];
    }),
  );
  const isEmpty = {
    list: () => listOf(stored.items).length === 0,
    set: () => listOf(stored.members).length === 0,
    hash: () => !hasFields(stored),
    zset: () => !hasFields(stored),
    string: () => stored.value === undefined,
  }[String(type)];
  return isEmpty?.() === false ? stored : undefined;
}

/** The commands that make one row of another. */
export function commandsFor(key: Buffer, from: Row | undefined, to: Row | undefined): Words[] {
  if (to === undefined) return from === undefined ? [] : [["DEL", key]];
  const type = String(to[rowItself]);
  const isOther = from !== undefined && from[rowItself] !== type;
  const before = isOther ? undefined : from;
  const written = valueTypes[type]!.write(key, before, to);
  return [...(isOther ? [["DEL", key]] : []), ...written, ...expiry(key, before, to, written)];
}

function expiry(key: Buffer, before: Row | undefined, to: Row, written: readonly Words[]): Words[] {
  // These make the key anew.
  const isNew = before === undefined || written.some(([name]) => name === "SET" || name === "DEL");
  const expires = isNew ? undefined : before.expires;
  if (to.expires === expires) return [];
  return to.expires === undefined ? [["PERSIST", key]] : [["PEXPIREAT", key, String(to.expires)]];
}

function hasFields(row: Row): boolean {
  return Object.keys(row).some((column) => fieldBytes(column) !== undefined);
}

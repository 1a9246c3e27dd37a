import { isUtf8 } from "node:buffer";
import { parseExact, writeExact } from "@weftkit/cdc/exact-json";
import type { Row } from "../rows.ts";

/** Bytes in a row, as the engine's change log writes them: a text where they are one, else in base64. */
export type Word = string | { readonly base64: string };

export function wordOf(bytes: Buffer): Word {
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString("base64") };
}

/** Numbers, as a merged counter is one, are their texts. */
export function bytesOf(word: unknown): Buffer {
  if (typeof word === "string") return Buffer.from(word);
  const { base64 } = word as { readonly base64?: unknown };
  return typeof base64 === "string" ? Buffer.from(base64, "base64") : Buffer.from(writeExact(word));
}

/** A key of a database as the key of a row. */
export function keyOf(bytes: Buffer): string {
  return writeExact({ key: wordOf(bytes) });
}

export function keyBytes(key: string): Buffer {
  return bytesOf((parseExact(key) as Row).key);
}

/** A field, or a member of a sorted set, as a column of its key's row. */
export function columnOf(field: Buffer): string {
  return isUtf8(field) ? `f:${field.toString()}` : `b:${field.toString("base64")}`;
}

/** Undefined for a column that is no field. */
export function fieldBytes(column: string): Buffer | undefined {
  const rest = column.slice(2);
  if (column.startsWith("f:")) return Buffer.from(rest);
  return column.startsWith("b:") ? Buffer.from(rest, "base64") : undefined;
}

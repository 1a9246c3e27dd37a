import { createHash } from "node:crypto";
import { keyOf } from "./key-bytes.ts";
import { exactInt64, toDouble } from "./numbers.ts";
import { isNumeric } from "./types.ts";
import type { Value } from "./values.ts";

/** The 64 bits of a hashed index. Integers and whole doubles hash alike. */
export function hashOfValue(value: Value): bigint {
  const normal = isNumeric(value) ? (exactInt64(value) ?? BigInt(Math.trunc(toDouble(value)) || 0)) : value;
  return createHash("md5").update(keyOf(normal)).digest().readBigInt64LE(0);
}

import type { RedisReply } from "../../api.ts";
import { toBytes } from "../bytes.ts";

const bytesMax = 64 * 1024;
const itemsMax = 1000;
/** All of one reply. */
const totalBytesMax = 2 * 1024 ** 2;

/** A reply as the page takes it; long ones are cut and say so. */
export function toReply(value: unknown): RedisReply {
  const budget = { bytes: totalBytesMax };
  return convert(value, budget);
}

function convert(value: unknown, budget: { bytes: number }): RedisReply {
  if (value === null || value === undefined) return { kind: "nil" };
  if (Array.isArray(value)) {
    const items: RedisReply[] = [];
    for (const item of value.slice(0, itemsMax)) {
      if (budget.bytes <= 0) break;
      items.push(convert(item, budget));
    }
    return { kind: "list", items, ...(items.length < value.length && { cutFrom: value.length }) };
  }
  if (Buffer.isBuffer(value)) {
    const kept = Math.max(0, Math.min(value.length, bytesMax, budget.bytes));
    budget.bytes -= kept + 16;
    const isCut = kept < value.length;
    return {
      kind: "bytes",
      value: toBytes(value.subarray(0, kept)),
      ...(isCut && { cutFrom: value.length }),
    };
  }
  budget.bytes -= 16;
  // An error inside of a list, of EXEC.
  if (value instanceof Error) return { kind: "bytes", value: `(error) ${value.message}` };
  return { kind: "integer", value: String(value) };
}

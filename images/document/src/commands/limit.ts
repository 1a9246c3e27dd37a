import { exactInt64, truncated } from "../bson/numbers.ts";
import { isNumeric } from "../bson/types.ts";
import type { Doc } from "../bson/values.ts";
import { flagField } from "../server/fields.ts";

/** How many documents a find gives; a negative limit is one of a single batch. 0 is all. */
export function limitOf(body: Doc): { limit: number; isSingleBatch: boolean } {
  const value = body.get("limit");
  const isSingleBatch = flagField(body, "singleBatch");
  if (!isNumeric(value)) return { limit: 0, isSingleBatch };
  const whole = exactInt64(value) ?? truncated(value) ?? 0n;
  return whole < 0n
    ? { limit: Number(-whole), isSingleBatch: true }
    : { limit: Number(whole), isSingleBatch };
}

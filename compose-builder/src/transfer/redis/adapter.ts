import type { Adapter } from "../course/adapter.ts";
import type { Destination } from "./destination.ts";
import type { Source } from "./parts.ts";

/** Keys from a server or an RDB file to another, in one go: SCAN has no place to go on from. */
export function redisAdapter(source: Source, destination: Destination): Adapter {
  return {
    unit: source.unit,
    prepare: async () => [{ name: "keys", units: source.total, copiedUnits: 0, isCopied: false }],
    async *copy() {
      for await (const { part, units } of source.parts()) {
        await destination.add(part);
        yield units;
      }
    },
    complete: () => destination.end(),
    abandon: () => destination.abandon(),
  };
}

import type { Doc } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { type DocSource, pause, type Run } from "../exec/run.ts";
import type { Call } from "./command.ts";
import { throwIfEnded } from "./deadline.ts";

/** A batch's documents; a reply is a document too, and has its limit. */
const batchBytesMax = 16 * 1024 * 1024;

export interface Batch {
  readonly docs: Doc[];
  readonly isAtEnd: boolean;
  /** What came from the source and did not fit. */
  readonly held: Doc | undefined;
}

/** Takes up to `count` documents from a source, in turns. */
export async function fillBatch(call: Call, source: DocSource, count: number, held?: Doc): Promise<Batch> {
  const docs: Doc[] = [];
  let bytes = 0;
  let rest: Doc | undefined = held;
  let state: "more" | "full" | "end" = count === 0 ? "full" : "more";
  while (state === "more") {
    throwIfEnded(call.signal);
    state = await call.read((run: Run) => {
      for (;;) {
        if (docs.length >= count) return "full";
        const next = rest ?? source.next(run);
        rest = undefined;
        if (next === undefined) return "end";
        if (next === pause) return "more";
        const size = writeDoc(next).length;
        if (docs.length > 0 && bytes + size > batchBytesMax) {
          rest = next;
          return "full";
        }
        bytes += size;
        docs.push(next);
      }
    });
    // Others have their turn.
    if (state === "more") await new Promise(setImmediate);
  }
  return { docs, isAtEnd: state === "end", held: rest };
}

import type { Database, SlicedWork } from "@weftkit/store";
import { type PreparedDocument, prepareDocument } from "../text/prepare.ts";
import { inPlaceMax } from "../text/text-workers.ts";
import type { ApiContext } from "./context.ts";

/** Reads all that is kept of a text, as `prepareDocument` does. To be called before anything is written. */
export type Prepare = (id: string, text: string, bytesMax: number) => PreparedDocument;

/** After so many texts that were others when they were to be written, the next is prepared in the transaction. */
const attemptsMax = 4;

class NotPrepared extends Error {
  readonly id: string;
  readonly text: string;
  readonly bytesMax: number;

  constructor(id: string, text: string, bytesMax: number) {
    super(`the text of ${id} is to be prepared elsewhere`);
    this.id = id;
    this.text = text;
    this.bytesMax = bytesMax;
  }
}

/**
 * A write of a text that depends on what is stored. A long one is prepared by a worker, between two runs of `work`: the
 * second finds it ready, unless the text has become another meanwhile.
 */
export async function writePrepared<T>(
  api: ApiContext,
  work: (db: Database, prepare: Prepare) => SlicedWork<T>,
  signal: AbortSignal,
): Promise<T> {
  let ready: PreparedDocument | undefined;
  for (let attempt = 1; ; attempt++) {
    const prepare: Prepare = (id, text, bytesMax) => {
      if (ready?.id === id && ready.text === text) return ready;
      if (text.length >= inPlaceMax && attempt <= attemptsMax) throw new NotPrepared(id, text, bytesMax);
      return prepareDocument(id, text, bytesMax);
    };
    const done = await api.writeInSlices(function* (db) {
      try {
        return { value: yield* work(db, prepare) };
      } catch (error) {
        // Nothing was written yet, and it is no failure of the store.
        if (error instanceof NotPrepared) return error;
        throw error;
      }
    }, signal);
    if (!(done instanceof NotPrepared)) return done.value;
    const { id, text, bytesMax } = done;
    ready = await api.texts.run("prepare", { id, text, bytesMax }, text.length, signal);
  }
}

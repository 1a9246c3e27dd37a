import type { Journal } from "./journal.ts";
import { type Observer, observe } from "./observe.ts";
import { Forgotten, type Observed, type RowName, type Side } from "./side.ts";

/** So many rows are read at once. */
const rowsAtOnce = 200;

/**
 * Reads rows of a side that tells only which were written, and takes in what they are. To be called in the side's turn: what the
 * applier has written there is seen already, so that everything else is somebody else's.
 */
export async function takePresent(
  journal: Journal,
  side: Side,
  rows: readonly RowName[],
  observer: Observer,
  stamps?: Observed["stamps"],
): Promise<void> {
  const confirmed = await journal.confirmed(side.side);
  for (let at = 0; at < rows.length; at += rowsAtOnce) {
    for await (const part of side.present!(rows.slice(at, at + rowsAtOnce))) {
      const { applied } = part;
      if (applied !== undefined && applied < confirmed) throw lost(side, applied, confirmed);
      await journal.write((write) =>
        observe(write, stamps === undefined ? part : { ...part, stamps }, observer),
      );
    }
  }
}

/** A side that has gone back behind what it had confirmed. */
export function lost({ side }: Side, applied: number, confirmed: number): Forgotten {
  return new Forgotten(side, `it has lost what it had confirmed (${applied} < ${confirmed})`);
}

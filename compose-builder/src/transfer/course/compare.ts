import { Failure } from "../../terminal/failure.ts";
import { startProgress } from "../../terminal/progress.ts";
import type { Adapter, CourseOptions, Place } from "./adapter.ts";

const shownPlaces = 10;

/** Compares what both sides hold of each place. @throws Failure with the places that differ */
export async function mustBeEqual(
  adapter: Adapter,
  places: readonly Place[],
  { isSilent, signal }: CourseOptions,
): Promise<void> {
  const total = places.reduce((sum, { units }) => sum + units, 0);
  const progress = startProgress("comparing", total, isSilent, adapter.unit);
  const different: string[] = [];
  try {
    for (const place of places) {
      signal.throwIfAborted();
      const { source, target } = await adapter.tallies!(place);
      if (source.count !== target.count)
        different.push(`${place.name} (${source.count} ${adapter.unit} there, ${target.count} here)`);
      else if (source.checksum !== target.checksum)
        different.push(`${place.name} (${source.count} ${adapter.unit}, not the same)`);
      progress.add(place.units);
    }
  } finally {
    progress.end();
  }
  if (different.length === 0) return;
  const shown = different.slice(0, shownPlaces).join(", ");
  throw new Failure(
    "failed",
    `both sides differ in ${shown}${different.length > shownPlaces ? " ..." : ""}`,
    "What was written while it was copied is not there. Stop the writers and copy into an empty target, or let weftkit/persistence bring both up to date.",
  );
}

import { startProgress } from "../../terminal/progress.ts";
import type { Adapter, CourseOptions, Place } from "./adapter.ts";
import { mustBeEqual } from "./compare.ts";

/**
 * Runs a copy from its beginning, or from where an earlier one was interrupted, to the comparison at its end; returns what was copied.
 *
 * @throws Failure when the sides differ at the end
 */
export async function runCourse(adapter: Adapter, options: CourseOptions): Promise<readonly Place[]> {
  try {
    const places = await adapter.prepare();
    await copyPlaces(adapter, places, options);
    if (adapter.tallies !== undefined) await mustBeEqual(adapter, places, options);
    await adapter.finish?.();
    return places;
  } catch (error) {
    adapter.abandon();
    throw error;
  }
}

async function copyPlaces(
  adapter: Adapter,
  places: readonly Place[],
  { what, isSilent, signal }: CourseOptions,
): Promise<void> {
  const total = places.reduce((sum, { units }) => sum + units, 0);
  const progress = startProgress(what, total, isSilent, adapter.unit);
  try {
    progress.passOver(places.reduce((sum, { copiedUnits }) => sum + copiedUnits, 0));
    for (const place of places) {
      if (place.isCopied) continue;
      for await (const units of adapter.copy(place)) {
        progress.add(units);
        signal.throwIfAborted();
      }
    }
    signal.throwIfAborted();
    await adapter.complete();
  } finally {
    progress.end();
  }
}

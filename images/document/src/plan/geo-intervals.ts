import type { Filter } from "../query/filter.ts";
import type { Interval } from "./intervals.ts";

export function geoIntervals(_filter: Filter, _kind: string): readonly Interval[] | undefined {
  return undefined;
}

import { argumentError } from "../errors.ts";
import { nanosPerSecond } from "./calendar.ts";
import { localSeconds, normalized } from "./temporal.ts";

const formats = new Map<string, Intl.DateTimeFormat>();
/** What JavaScript's dates can hold; beyond, the offset is that of the last one. */
const secondsMax = 8.64e12;

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        timeZoneName: "longOffset",
        year: "numeric",
      });
    } catch (error) {
      throw argumentError(`Unknown time zone '${zone}': ${error instanceof Error ? error.message : ""}`);
    }
    formats.set(zone, format);
  }
  return format;
}

/** Whether there is a time zone of this name. */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    // The only thing that can be wrong with a name is that nothing is called so.
    return false;
  }
}

/** The offset of a zone at an instant, seconds east of UTC. @throws CypherError when there is no such zone */
export function offsetAt(zone: string, epochSeconds: number): number {
  const clamped = Math.max(-secondsMax, Math.min(secondsMax, epochSeconds));
  const parts = formatOf(zone).formatToParts(clamped * 1000);
  const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? "GMT";
  return parseGmtOffset(name);
}

function parseGmtOffset(name: string): number {
  const match = /^GMT(?:([+-−])(\d{1,2}):?(\d{2})?(?::?(\d{2}))?)?$/.exec(name);
  if (match?.[1] === undefined) return 0;
  const seconds = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0);
  return match[1] === "+" ? seconds : -seconds;
}

/**
 * Where a local date and time is in a zone: in the hour that a clock leaves out it is moved on by what is left out; of two possible
 * offsets it has the earlier one (as java.time does).
 */
export function resolveLocal(
  zone: string,
  days: number,
  nanos: number,
): { readonly days: number; readonly nanos: number; readonly offset: number } {
  const seconds = localSeconds(days, nanos);
  const before = offsetAt(zone, seconds - 86_400);
  const after = offsetAt(zone, seconds + 86_400);
  if (before === after) {
    const at = offsetAt(zone, seconds - before);
    if (at === before) return { days, nanos, offset: before };
    return { days, nanos, offset: at };
  }
  if (offsetAt(zone, seconds - before) === before) return { days, nanos, offset: before };
  if (offsetAt(zone, seconds - after) === after) return { days, nanos, offset: after };
  const moved = normalized(days, nanos + (after - before) * nanosPerSecond);
  return { ...moved, offset: after };
}

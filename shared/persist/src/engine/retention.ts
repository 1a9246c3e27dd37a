import { parseDurationMs, WeftkitError } from "@weftkit/core";
import type { RestorePoint } from "../contract/manifest.ts";

/** How long restore points are kept, and how many of them: `all`, or the newest of each hour, day or week. */
export interface RetentionRule {
  readonly ageMs: number;
  readonly every: keyof typeof periodsMs;
}

const periodsMs = { all: 0, hourly: 3_600_000, daily: 86_400_000, weekly: 604_800_000 } as const;

/** More restore points than this are thinned out from the oldest on, so that a manifest stays small. */
export const restorePointsMax = 1000;

/**
 * Reads a retention: rules as "24h all, 7d daily, 8d weekly", separated by commas.
 *
 * @throws WeftkitError `bad_retention`
 */
export function parseRetention(text: string): readonly RetentionRule[] {
  return text.split(",").map((part) => {
    const [age = "", every = "", ...rest] = part.trim().split(/\s+/);
    const ageMs = parseDurationMs(age);
    if (ageMs === undefined || !Object.hasOwn(periodsMs, every) || rest.length > 0) {
      throw new WeftkitError(
        "bad_retention",
        `"${part.trim()}" is no retention rule: write a duration and one of ${Object.keys(periodsMs).join(", ")}, as in "24h all, 7d daily"`,
      );
    }
    return { ageMs, every: every as RetentionRule["every"] };
  });
}

/** So many of the newest verified restore points stay, whatever their age. */
export const verifiedKept = 2;

/**
 * The restore points that the rules keep at the time `nowMs`; both lists are newest first. A point is never taken for
 * older than one before it, whatever a clock said when it was made.
 */
export function retain(
  points: readonly RestorePoint[],
  rules: readonly RetentionRule[],
  nowMs: number,
): readonly RestorePoint[] {
  const timesMs = plausibleTimes(points);
  const verified = points.filter((point) => point.verified).slice(0, verifiedKept);
  const kept = points.filter(
    (point, index) =>
      verified.includes(point) ||
      rules.some(({ ageMs, every }) => {
        if (nowMs - timesMs[index]! > ageMs) return false;
        const newer = points[index - 1];
        return every === "all" || newer === undefined || !isSamePeriod(point, newer, periodsMs[every]);
      }),
  );
  return thinOut(kept);
}

function plausibleTimes(points: readonly RestorePoint[]): readonly number[] {
  let latest = 0;
  return points
    .toReversed()
    .map(({ time }) => {
      latest = Math.max(latest, time);
      return latest;
    })
    .toReversed();
}

function isSamePeriod(one: RestorePoint, other: RestorePoint, periodMs: number): boolean {
  return Math.floor(one.time / periodMs) === Math.floor(other.time / periodMs);
}

/** Leaves out every second one of the older half until there are few enough. */
function thinOut(points: readonly RestorePoint[]): readonly RestorePoint[] {
  if (points.length <= restorePointsMax) return points;
  const half = points.length >> 1;
  return thinOut(points.filter((_, index) => index < half || (index - half) % 2 === 0));
}

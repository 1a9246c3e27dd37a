import type { LifecycleRule } from "../storage/lifecycle-rule.ts";
import type { Version } from "../storage/versions.ts";

const dayMs = 86_400_000;

/** When something of that age in days is due: at the midnight after, in UTC; days that are shorter have none. */
export function dueAt(sinceMs: number, days: number, lengthMs: number): number {
  const due = sinceMs + days * lengthMs;
  return lengthMs < dayMs ? due : Math.ceil(due / dayMs) * dayMs;
}

export function applies(rule: LifecycleRule, { key, size, details, isMarker }: Version): boolean {
  const { prefix = "", tags, sizeAbove, sizeBelow } = rule;
  if (!rule.isEnabled || !key.startsWith(prefix)) return false;
  if (tags !== undefined) {
    if (isMarker) return false;
    for (const [name, value] of Object.entries(tags)) if (details.tags?.[name] !== value) return false;
  }
  return (sizeAbove === undefined || size > sizeAbove) && (sizeBelow === undefined || size < sizeBelow);
}

/** When the newest version of an object expires, and by which rule; undefined when none says so. */
export function expirationOf(
  rules: readonly LifecycleRule[],
  version: Version,
  lengthMs: number,
): { readonly at: number; readonly rule: LifecycleRule } | undefined {
  let first: { at: number; rule: LifecycleRule } | undefined;
  if (version.isMarker) return undefined;
  for (const rule of rules) {
    const { days, date } = rule.expiration ?? {};
    if ((days === undefined && date === undefined) || !applies(rule, version)) continue;
    const at = date ?? dueAt(version.modifiedAt, days!, lengthMs);
    if (first === undefined || at < first.at) first = { at, rule };
  }
  return first;
}

/** A version among the others of its key. */
export interface Standing {
  /** When it ceased to be the newest; undefined for the newest. */
  readonly noncurrentSince: number | undefined;
  /** How many versions that are not the newest are newer than it. */
  readonly newerNoncurrent: number;
  /** Whether it is all that there is of its key. */
  readonly isOnly: boolean;
}

export type Verdict =
  | { readonly kind: "keep" }
  /** As a client would delete the object: with versions it gets a marker. */
  | { readonly kind: "expire" }
  /** For good. */
  | { readonly kind: "remove" }
  | { readonly kind: "move"; readonly storageClass: string };

const keep: Verdict = { kind: "keep" };

/** What the rules say about a version now. */
export function decide(
  rules: readonly LifecycleRule[],
  version: Version,
  { noncurrentSince, newerNoncurrent, isOnly }: Standing,
  nowMs: number,
  lengthMs: number,
): Verdict {
  const isDue = (since: number, days: number) => dueAt(since, days, lengthMs) <= nowMs;
  if (noncurrentSince === undefined && version.isMarker) {
    const isLonely =
      isOnly &&
      rules.some((rule) => {
        const { lonelyMarkers, days } = rule.expiration ?? {};
        return (
          (lonelyMarkers === true || (days !== undefined && isDue(version.modifiedAt, days))) &&
          applies(rule, version)
        );
      });
    return isLonely ? { kind: "remove" } : keep;
  }
  if (noncurrentSince === undefined) {
    const expiration = expirationOf(rules, version, lengthMs);
    if (expiration !== undefined && expiration.at <= nowMs) return { kind: "expire" };
  } else {
    const isOver = rules.some(({ noncurrentExpiration: rule, ...whole }) => {
      if (rule === undefined || newerNoncurrent < (rule.newerKept ?? 0)) return false;
      return isDue(noncurrentSince, rule.days) && applies(whole, version);
    });
    if (isOver) return { kind: "remove" };
  }
  if (version.isMarker) return keep;
  let moved: { at: number; storageClass: string } | undefined;
  for (const rule of rules) {
    const transitions = noncurrentSince === undefined ? rule.transitions : rule.noncurrentTransitions;
    for (const { days, date, storageClass } of transitions ?? []) {
      const at = date ?? dueAt(noncurrentSince ?? version.modifiedAt, days ?? 0, lengthMs);
      if (at > nowMs || !applies(rule, version)) continue;
      if (moved === undefined || at >= moved.at) moved = { at, storageClass };
    }
  }
  if (moved === undefined || moved.storageClass === version.details.storageClass) return keep;
  return { kind: "move", storageClass: moved.storageClass };
}

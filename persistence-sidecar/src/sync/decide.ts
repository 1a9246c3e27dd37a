import { areEqual, digestOf, type Row } from "./rows.ts";
import type { ColumnVersions, Conflict, Mark, QueuedChange, Seen } from "./side.ts";
import { isInitial, noVersion, type Version } from "./versions.ts";

/** A row as it is at the side where a change is to be applied. */
export interface Current {
  readonly row: Row | undefined;
  readonly mark: Mark | undefined;
  readonly seen: Seen | undefined;
}

export interface Decision {
  /** "write" the row, only its "version", or nothing. */
  readonly action: "write" | "version" | "none";
  /** What the row becomes; undefined: it is deleted. */
  readonly row: Row | undefined;
  readonly version: Version;
  readonly columns?: ColumnVersions | undefined;
  readonly replaced: Version;
  readonly conflict?: Conflict;
}

/** The versions of the row that is there, and of its columns. */
export interface CurrentVersions {
  readonly at: Version;
  readonly columns: ColumnVersions;
}

/** Undefined when they are not known, as a client has written the row since. */
export function versionsOf({ row, mark, seen }: Current): CurrentVersions | undefined {
  const digest = digestOf(row);
  const marked = mark?.digest === digest ? mark : undefined;
  const known = seen?.digest === digest ? seen : undefined;
  if (marked === undefined && known === undefined)
    return row === undefined && mark === undefined && seen === undefined
      ? { at: noVersion, columns: {} }
      : undefined;
  const isMarkNewer = (marked?.version ?? noVersion) >= (known?.version ?? noVersion);
  const newer = isMarkNewer ? marked : known;
  return { at: newer?.version ?? noVersion, columns: newer?.columns ?? {} };
}

/** What all ways have in common: undefined when the two writes did not know of each other. */
export function decideInOrder(
  change: QueuedChange,
  at: Version,
  isFirstCopyOrdered = true,
): Decision | undefined {
  const { version, base, columns } = change;
  const of = { row: change.row, version, columns, replaced: at };
  if (at === version) return { ...of, action: "none" };
  const follows = at === base || (isFirstCopyOrdered && isInitial(at) && isInitial(base));
  if (change.isSame === true) return { ...of, action: follows ? "version" : "none" };
  if (follows) return { ...of, action: "write" };
  return undefined;
}

/** Last write wins: what becomes of a change at a row of version `at`. */
export function decideByTime(change: QueuedChange, row: Row | undefined, at: Version): Decision {
  const { name, key, version, columns } = change;
  const inOrder = decideInOrder(change, at);
  if (inOrder !== undefined) return inOrder;
  const of = { row: change.row, version, columns, replaced: at };
  const isNewer = version > at;
  if (areEqual(change.row, row)) {
    const isWorthIt = isNewer && !isInitial(version);
    return { ...of, action: isWorthIt ? "version" : "none" };
  }
  const [winner, loser] = isNewer ? [version, at] : [at, version];
  const [winnerRow, loserRow] = isNewer ? [change.row, row] : [row, change.row];
  const conflict: Conflict = { how: "lww", name, key, winner, loser, winnerRow, loserRow };
  // Where nothing was, nothing is lost.
  const isConflict = at !== noVersion;
  return { ...of, action: isNewer ? "write" : "none", ...(isConflict && { conflict }) };
}

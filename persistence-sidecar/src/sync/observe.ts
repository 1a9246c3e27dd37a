import { writeExact } from "@weftkit/cdc/exact-json";
import { record } from "./conflict-log.ts";
import type { JournalWrite } from "./journal.ts";
import { areEqual, digestOf, type Row, rowId, rowItself, rowNameOf } from "./rows.ts";
import {
  type ColumnVersions,
  type Mark,
  type Observed,
  otherSide,
  type QueuedChange,
  type RowName,
  type Seen,
  type SeenRow,
  type SideName,
} from "./side.ts";
import { initialVersion, nextVersion, noVersion, remoteWriter, type Version } from "./versions.ts";

/** Emptied tables are queued in parts of so many rows. */
const truncationPart = 1000;

export interface Observer {
  readonly side: SideName;
  /** The journal's name, in its marks and versions. */
  readonly id: string;
  /** What is seen is a snapshot's: when its rows were written is not known. */
  readonly isCopy: boolean;
  /** Rows are as they are now, and may have been written again since they were marked. */
  readonly isPresent?: boolean;
  /** The other side has lost what it had: what is known is told once more. */
  readonly isResent?: boolean;
  /** Columns have versions of their own, and what a row was is kept. */
  readonly isMerged: boolean;
}

/**
 * Takes in a transaction of one side: each row's version is noted in the order in which the side has committed, and what the
 * other side does not have is queued for it.
 *
 * A row with a mark was written by a sidecar: its version is the mark's. It was written on the row that the sidecar had seen;
 * where clients have written in between (and back to the same content, else the sidecar would have noticed), what the sidecar
 * wrote counts as written after them.
 */
export function observe(write: JournalWrite, observed: Observed, observer: Observer): void {
  const { side, id } = observer;
  const target = otherSide[side];
  const round = write.round(side);
  for (const name of observed.truncated) truncate(write, name, observed, observer);
  const isOwn = observed.writers.includes(id);
  const queued: QueuedChange[] = [];
  const told = new Set<string>();
  for (const row of observed.rows) {
    const of = rowId(row.name, row.key);
    told.add(of);
    const stamp = observed.stamps?.get(of) ?? observed.stamp;
    const change = observeRow(write, row, observed.marks.get(of), isOwn, stamp, observer, round);
    if (change !== undefined) queued.push(change);
  }
  // Marks of rows whose content stayed the same.
  for (const [of, mark] of observed.marks) {
    if (told.has(of)) continue;
    const { name, key } = rowNameOf(of);
    const seen = write.seen(side, name, key);
    if (seen === undefined || seen.digest !== mark.digest || seen.version >= mark.version) continue;
    const { version, digest, columns } = mark;
    write.see(side, { name, key }, { ...seen, version, digest, columns }, round);
    if (isOwn) continue;
    const change = { name, key, version, base: seen.version };
    const { row } = seen;
    if (columns === undefined) queued.push({ ...change, row: undefined, isSame: true });
    else queued.push({ ...change, row, columns, from: row, fromColumns: seen.columns });
  }
  // What was not written together need not be applied together.
  if (observer.isPresent === true) for (const change of queued) write.enqueue(target, [change]);
  else write.enqueue(target, queued);
}

function observeRow(
  write: JournalWrite,
  seenRow: SeenRow,
  mark: Mark | undefined,
  isOwn: boolean,
  stamp: bigint,
  { side, id, isCopy, isPresent = false, isResent = false, isMerged }: Observer,
  round: number,
): QueuedChange | undefined {
  const { name, key, row } = seenRow;
  const writer = side === "remote" ? remoteWriter : id;
  const before = write.seen(side, name, key);
  const base = before?.version ?? noVersion;
  const digest = digestOf(row);
  // A mark says what a sidecar has written; in a snapshot the row may have been written again since.
  const isMarked = mark !== undefined && (!(isCopy || isPresent) || mark.digest === digest);
  if (before !== undefined && isKnown(before, digest, isMarked ? mark : undefined, isPresent)) {
    write.see(side, seenRow, { ...before, digest }, round);
    if (!isResent || (row === undefined && base === noVersion)) return undefined;
    const columns = isMerged && before.columns !== undefined ? { columns: before.columns } : {};
    return { name, key, row, version: base, base: noVersion, ...columns };
  }
  const isUnnoticed = isMarked && !isCopy && base > mark.replaced;
  let version = isMarked
    ? mark.version
    : isCopy && base === noVersion
      ? initialVersion(side, writer)
      : nextVersion(base, stamp, writer);
  if (isUnnoticed && base > version) version = nextVersion(base, stamp, writer);
  if (isMerged) {
    const columns = isMarked && mark.columns ? mark.columns : writtenColumns(before, row, version);
    const restated = isUnnoticed ? overwritten(before!, row, columns, version) : undefined;
    write.see(side, seenRow, { version, digest, row, columns: restated ?? columns }, round);
    if (restated !== undefined)
      return { name, key, row, version, base, columns: restated, from: row, fromColumns: columns };
    if (isMarked && isOwn) return undefined;
    return { name, key, row, version, base, columns, from: before?.row, fromColumns: before?.columns };
  }
  write.see(side, seenRow, { version, digest }, round);
  if (isUnnoticed && seenRow.before !== undefined && !areEqual(seenRow.before, row)) {
    const [winnerRow, loserRow] = [row, seenRow.before];
    const conflict = { how: "lww", name, key, winner: version, loser: base, winnerRow, loserRow } as const;
    record(write.db, side, conflict, null);
  }
  const isTold = !isMarked || !isOwn || version !== mark.version;
  return isTold ? { name, key, row, version, base } : undefined;
}

function isKnown(before: Seen, digest: string, mark: Mark | undefined, isPresent: boolean): boolean {
  if (mark === undefined) return before.digest === digest;
  // What was read later may have been restated: then the mark is the older one.
  return isPresent
    ? before.digest === digest && mark.version <= before.version
    : mark.version === before.version;
}

/** A client has written the row: its columns that are new, or gone, have the write's version. */
function writtenColumns(before: Seen | undefined, row: Row | undefined, version: Version): ColumnVersions {
  const columns = new Set([
    ...Object.keys(row ?? {}),
    ...(row === undefined ? [] : Object.keys(before?.row ?? {})),
  ]);
  const changed = [...columns].filter(
    (column) =>
      column !== rowItself &&
      (before?.row === undefined || writeExact(before.row[column]) !== writeExact(row![column])),
  );
  // What has become something else is another row.
  const isOther = before?.row === undefined || row === undefined || before.row[rowItself] !== row[rowItself];
  const written = Object.fromEntries(changed.map((column) => [column, version]));
  return isOther ? { ...written, [rowItself]: version } : { ...before.columns, ...written };
}

/** Columns that a sidecar has overwritten without noticing a later write count as written again. */
function overwritten(
  before: Seen,
  row: Row | undefined,
  columns: ColumnVersions,
  version: Version,
): ColumnVersions | undefined {
  if (before.columns?.[rowItself] !== columns[rowItself]) return undefined;
  const lost = Object.keys(row ?? {}).filter(
    (column) =>
      (before.columns?.[column] ?? noVersion) > (columns[column] ?? noVersion) &&
      writeExact(before.row?.[column]) !== writeExact(row![column]),
  );
  if (lost.length === 0) return undefined;
  return { ...columns, ...Object.fromEntries(lost.map((column) => [column, version])) };
}

function truncate(write: JournalWrite, name: string, { stamp }: Observed, observer: Observer): void {
  const rows = write.present(observer.side, name).map(({ key, version }) => ({ name, key, version }));
  for (let at = 0; at < rows.length; at += truncationPart)
    observeGone(write, rows.slice(at, at + truncationPart), stamp, observer);
}

/** After the last part of a snapshot: rows that were there and are not any more. Returns whether there are more of them. */
export function observeMissing(write: JournalWrite, stamp: bigint, observer: Observer, max: number): boolean {
  const missed = write.missed(observer.side, write.round(observer.side), max);
  observeGone(write, missed, stamp, observer);
  return missed.length === max;
}

/** Rows that a client has deleted. */
function observeGone(
  write: JournalWrite,
  rows: readonly (RowName & { readonly version: Version })[],
  stamp: bigint,
  { side, id, isMerged }: Observer,
): void {
  const writer = side === "remote" ? remoteWriter : id;
  const round = write.round(side);
  const changes = rows.map(({ name, key, version: base }): QueuedChange => {
    const version = nextVersion(base, stamp, writer);
    const merged = isMerged ? { columns: { [rowItself]: version } } : {};
    write.see(side, { name, key }, { version, digest: "", ...merged }, round);
    return { name, key, row: undefined, version, base, ...merged };
  });
  write.enqueue(otherSide[side], changes);
}

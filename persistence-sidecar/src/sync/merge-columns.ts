import { parseExact, writeExact } from "@weftkit/cdc/exact-json";
import { minus, readDecimal, writeDecimal, zero } from "../crdt/decimal.ts";
import { type FieldKind, type FieldMapState, type FieldState, fieldMap } from "../crdt/field-map.ts";
import { lwwRegister } from "../crdt/lww-register.ts";
import { orSet } from "../crdt/or-set.ts";
import { pnCounter } from "../crdt/pn-counter.ts";
import { type Decision, decideInOrder } from "./decide.ts";
import type { Target } from "./resolution.ts";
import { areEqual, hasOwnColumns, type Row, rowItself } from "./rows.ts";
import type { ColumnVersions, Conflict, QueuedChange } from "./side.ts";
import { newest, nextVersion, noVersion, type Version } from "./versions.ts";

/** The three who have written a column, as writers of a state. */
const [common, theirs, ours] = ["common", "change", "target"] as const;

/**
 * Merges a change into the row of its target, column by column: a row is a map whose fields are registers, counters and sets. Both
 * sides' states are made from the row that the change was written on, and joined: what was added to a counter, or put
 * into a set, at either side is in the result. Each change comes to each side once, so that nothing is counted twice.
 *
 * A row that was deleted and inserted again is another one, and so are two that were inserted at both sides: of those the later one
 * stays as it is, and what is written of the other has lost.
 */
export function decideByColumns(
  change: QueuedChange,
  target: Target,
  kindOf: (column: string) => FieldKind,
  writer: string,
): Decision {
  const { at } = target;
  const [theirBirth, ourBirth] = [
    change.columns?.[rowItself] ?? noVersion,
    target.columns[rowItself] ?? noVersion,
  ];
  const isSameRow = theirBirth === ourBirth;
  const columns = isSameRow ? newestOfEach(change.columns ?? {}, target.columns) : (change.columns ?? {});
  const inOrder = decideInOrder(change, at, false);
  if (inOrder !== undefined) return { ...inOrder, columns };
  const of = { version: nextVersion(newest(at, change.version), 0n, writer), replaced: at };
  if (!isSameRow || change.row === undefined || target.row === undefined)
    return theirBirth > ourBirth ? theirsStays(change, target, of) : oursStays(change, target, of);
  const row = { ...target.row, ...mergedRow(change, change.row, target, target.row, kindOf) };
  const lost = lostRow(change, target, row, kindOf);
  const conflict =
    lost === undefined ? {} : { conflict: conflictOf(change, newestFirst(change.version, at), row, lost) };
  return { ...of, action: areEqual(row, target.row) ? "version" : "write", row, columns, ...conflict };
}

type Outcome = Pick<Decision, "version" | "replaced">;

function theirsStays(change: QueuedChange, { row, at }: Target, of: Outcome): Decision {
  const decision = { ...of, row: change.row, columns: change.columns };
  if (areEqual(change.row, row)) return { ...decision, action: "version" };
  // Where nothing was, nothing is lost.
  const conflict =
    at === noVersion ? {} : { conflict: conflictOf(change, [change.version, at], change.row, row) };
  return { ...decision, action: "write", ...conflict };
}

function oursStays(change: QueuedChange, { row, at, columns }: Target, of: Outcome): Decision {
  const decision = { ...of, action: "none", row, columns } as const;
  if (areEqual(change.row, row)) return decision;
  return { ...decision, conflict: conflictOf(change, [at, change.version], row, change.row) };
}

function newestFirst(a: Version, b: Version): readonly [Version, Version] {
  return a > b ? [a, b] : [b, a];
}

function mergedRow(
  change: QueuedChange,
  changed: Row,
  target: Target,
  row: Row,
  kindOf: (column: string) => FieldKind,
): Row {
  const left: [string, FieldState][] = [];
  const right: [string, FieldState][] = [];
  for (const column of columnsOf(change, changed)) {
    const before = change.from?.[column];
    const kind = change.from === undefined ? "register" : kindOf(column);
    left.push([
      column,
      fieldOf(kind, before, changed[column], theirs, change.columns?.[column] ?? noVersion),
    ]);
    // A column of its own that the row had is one that was taken away here.
    if (column in row || (before !== undefined && hasOwnColumns(changed)))
      right.push([column, fieldOf(kind, before, row[column], ours, target.columns[column] ?? noVersion)]);
  }
  const states: [FieldMapState, FieldMapState] = [Object.fromEntries(left), Object.fromEntries(right)];
  const merged = fieldMap.merge(...states);
  return Object.fromEntries(
    Object.entries(merged).map(([column, field]) => [column, cellOf(field, change.from?.[column])]),
  );
}

/** The columns of a changed row, and those of its own that were taken away. */
function columnsOf({ from }: QueuedChange, changed: Row): string[] {
  if (from === undefined || !hasOwnColumns(changed)) return Object.keys(changed);
  return [...new Set([...Object.keys(changed), ...Object.keys(from)])];
}

/** The state that a column has come to from `before`, by one writer. What is no number, or no list, is a register. */
function fieldOf(
  kind: FieldKind,
  before: unknown,
  after: unknown,
  writer: string,
  version: Version,
): FieldState {
  if (kind === "counter") {
    const [from, to] = [numberOf(before), numberOf(after)];
    if (from !== undefined && to !== undefined) {
      const base = pnCounter.add(pnCounter.empty, common, from);
      return { kind, state: pnCounter.add(base, writer, minus(to, from)) };
    }
  }
  if (kind === "set" && isList(before) && isList(after)) {
    const [from, to] = [(before ?? []).map(writeExact), (after ?? []).map(writeExact)];
    let state = from.reduce((set, element) => orSet.add(set, common, element), orSet.empty);
    for (const element of from) if (!to.includes(element)) state = orSet.remove(state, element);
    for (const element of to) if (!from.includes(element)) state = orSet.add(state, writer, element);
    return { kind, state };
  }
  return { kind: "register", state: lwwRegister.set(lwwRegister.empty, version, after ?? null) };
}

/** A column's value of a state; `before` says how numbers are written. */
function cellOf(field: FieldState, before: unknown): unknown {
  switch (field.kind) {
    case "register":
      return lwwRegister.value(field.state);
    case "set":
      return orSet.value(field.state).map(parseExact);
    case "counter": {
      const text = writeDecimal(pnCounter.value(field.state));
      return typeof before === "string" ? text : parseExact(text);
    }
  }
}

/** Null counts as nothing, in a counter as in a set. */
function numberOf(value: unknown) {
  if (value === null || value === undefined) return zero;
  return readDecimal(typeof value === "string" ? value : writeExact(value));
}

function isList(value: unknown): value is readonly unknown[] | null | undefined {
  return value === null || value === undefined || Array.isArray(value);
}

function newestOfEach(a: ColumnVersions, b: ColumnVersions): ColumnVersions {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries(
    [...names].map((name) => [name, newest(a[name] ?? noVersion, b[name] ?? noVersion)]),
  );
}

/** The columns of a register whose value was overwritten without having been seen: undefined when there are none. */
function lostRow(
  change: QueuedChange,
  target: Target,
  merged: Row,
  kindOf: (column: string) => FieldKind,
): Row | undefined {
  const valueIn = (row: Row, column: string) => writeExact(row[column] ?? null);
  const lost = columnsOf(change, change.row!).filter((column) => {
    const isChanged =
      (change.columns?.[column] ?? noVersion) !== (change.fromColumns?.[column] ?? noVersion) ||
      change.from === undefined;
    const isMoved = (target.columns[column] ?? noVersion) !== (change.fromColumns?.[column] ?? noVersion);
    const isRegister = change.from === undefined || kindOf(column) === "register";
    const differs = valueIn(change.row!, column) !== valueIn(target.row!, column);
    return isRegister && isChanged && (isMoved || change.from === undefined) && differs;
  });
  if (lost.length === 0) return undefined;
  return Object.fromEntries(
    lost.map((column) => {
      const isTheirs = valueIn(merged, column) === valueIn(change.row!, column);
      return [column, (isTheirs ? target.row![column] : change.row![column]) ?? null];
    }),
  );
}

function conflictOf(
  { name, key }: QueuedChange,
  [winner, loser]: readonly [Version, Version],
  winnerRow: Row | undefined,
  loserRow: Row | undefined,
): Conflict {
  return { how: "crdt", name, key, winner, loser, winnerRow, loserRow };
}

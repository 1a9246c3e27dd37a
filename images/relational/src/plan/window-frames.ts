import type { WindowFrame } from "../analyse/expr.ts";
import type { Datum, Row } from "../types/datum.ts";

export interface FrameRow {
  readonly keys: Row;
  readonly row: Row;
}

/** How RANGE finds its bounds in the ordering column. */
export interface RangeShift {
  readonly keyOf: (at: number) => Datum;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly compare: (a: Datum, b: Datum) => number;
  readonly add: (value: Datum, offset: Datum) => Datum;
  readonly subtract: (value: Datum, offset: Datum) => Datum;
}

/** The frame of each row of one partition; positions from 0, the end not included. */
export class FrameReader {
  readonly #frame: WindowFrame;
  readonly #size: number;
  readonly #isPeer: (a: number, b: number) => boolean;
  readonly #offsets: { readonly start: Datum; readonly end: Datum };
  readonly #shift: RangeShift | undefined;
  /** Where each peer group begins, ascending. */
  #groups: number[] | undefined;

  constructor(
    frame: WindowFrame,
    size: number,
    isPeer: (a: number, b: number) => boolean,
    offsets: { readonly start: Datum; readonly end: Datum },
    shift: RangeShift | undefined,
  ) {
    this.#frame = frame;
    this.#size = size;
    this.#isPeer = isPeer;
    this.#offsets = offsets;
    this.#shift = shift;
  }

  get excludes(): boolean {
    return this.#frame.exclude !== "none";
  }

  boundsOf(at: number): { start: number; end: number } {
    const start = Math.max(0, this.#bound(at, true));
    const end = Math.min(this.#size, this.#bound(at, false));
    return { start, end: Math.max(start, end) };
  }

  rowsOf(at: number): number[] {
    const { start, end } = this.boundsOf(at);
    const rows: number[] = [];
    const { exclude } = this.#frame;
    for (let i = start; i < end; i++) {
      if (exclude === "current" && i === at) continue;
      if (exclude === "group" && this.#isPeer(i, at)) continue;
      if (exclude === "ties" && i !== at && this.#isPeer(i, at)) continue;
      rows.push(i);
    }
    return rows;
  }

  #starts(): number[] {
    if (this.#groups === undefined) {
      this.#groups = [];
      for (let i = 0; i < this.#size; i++) if (i === 0 || !this.#isPeer(i - 1, i)) this.#groups.push(i);
    }
    return this.#groups;
  }

  #groupOf(at: number): number {
    const starts = this.#starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #groupStart(group: number): number {
    if (group < 0) return 0;
    return this.#starts()[group] ?? this.#size;
  }

  #bound(at: number, isStart: boolean): number {
    const { mode } = this.#frame;
    const bound = isStart ? this.#frame.start : this.#frame.end;
    switch (bound.kind) {
      case "unboundedPreceding":
        return 0;
      case "unboundedFollowing":
        return this.#size;
      case "current": {
        if (mode === "rows") return isStart ? at : at + 1;
        const group = this.#groupOf(at);
        return isStart ? this.#groupStart(group) : this.#groupStart(group + 1);
      }
      default: {
        const offset = isStart ? this.#offsets.start : this.#offsets.end;
        const sign = bound.kind === "preceding" ? -1 : 1;
        if (mode === "range") return this.#rangeBound(at, isStart, sign, offset);
        const distance = Number(offset) * sign;
        if (mode === "rows") return at + distance + (isStart ? 0 : 1);
        const group = this.#groupOf(at) + distance;
        return isStart ? this.#groupStart(group) : group < 0 ? 0 : this.#groupStart(group + 1);
      }
    }
  }

  #rangeBound(at: number, isStart: boolean, sign: number, offset: Datum): number {
    const shift = this.#shift!;
    const key = shift.keyOf(at);
    if (key === null) {
      const group = this.#groupOf(at);
      return isStart ? this.#groupStart(group) : this.#groupStart(group + 1);
    }
    const isDown = sign < 0 !== shift.descending;
    const limit = isDown ? shift.subtract(key, offset) : shift.add(key, offset);
    // The first position at or after the limit, or the first behind it, in the order of the partition.
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >> 1;
      const value = shift.keyOf(middle);
      let order: number;
      if (value === null) order = shift.nullsFirst ? -1 : 1;
      else order = shift.compare(value, limit) * (shift.descending ? -1 : 1);
      if (isStart ? order < 0 : order <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

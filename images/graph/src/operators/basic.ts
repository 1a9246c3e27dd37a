import { CypherError } from "../errors.ts";
import {
  type Evaluate,
  isTrue,
  type Operator,
  type Pause,
  pause,
  type Row,
  type Rows,
  type RunContext,
} from "../runtime/context.ts";
import { compareValues, equivalenceKey } from "../values/compare.ts";
import { textOf } from "../values/text.ts";
import type { Value } from "../values/types.ts";

/** The row that a plan is opened with. */
export class Argument implements Operator {
  readonly name = "Argument";
  readonly children = [];

  open(_ctx: RunContext, argument: Row): Rows {
    let isTaken = false;
    return {
      next: () => {
        if (isTaken) return undefined;
        isTaken = true;
        return argument;
      },
    };
  }
}

/** No row at all. */
export const noRows: Rows = { next: () => undefined };

export class Filter implements Operator {
  readonly name = "Filter";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #condition: Evaluate;

  constructor(source: Operator, condition: Evaluate) {
    this.#source = source;
    this.children = [source];
    this.#condition = condition;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const rows = this.#source.open(ctx, argument);
    const condition = this.#condition;
    return {
      next: () => {
        for (;;) {
          const row = rows.next();
          if (row === undefined || row === pause) return row;
          if (isTrue(condition(row, ctx))) return row;
          if (ctx.isSliceOver()) return pause;
        }
      },
    };
  }
}

export interface Assignment {
  readonly slot: number;
  readonly evaluate: Evaluate;
}

/** Puts values into places of each row. */
export class Project implements Operator {
  readonly name = "Projection";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #assignments: readonly Assignment[];

  constructor(source: Operator, assignments: readonly Assignment[]) {
    this.#source = source;
    this.children = [source];
    this.#assignments = assignments;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const rows = this.#source.open(ctx, argument);
    const assignments = this.#assignments;
    return {
      next: () => {
        const row = rows.next();
        if (row === undefined || row === pause) return row;
        const made = row.slice();
        for (const { slot, evaluate } of assignments) made[slot] = evaluate(row, ctx);
        return made;
      },
    };
  }
}

export class Unwind implements Operator {
  readonly name = "Unwind";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #list: Evaluate;
  readonly #slot: number;
  /** `UNWIND range(a, b)` makes no list. */
  readonly #range: readonly [Evaluate, Evaluate] | undefined;

  constructor(
    source: Operator,
    list: Evaluate,
    slot: number,
    range: readonly [Evaluate, Evaluate] | undefined,
  ) {
    this.#source = source;
    this.children = [source];
    this.#list = list;
    this.#slot = slot;
    this.#range = range;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const rows = this.#source.open(ctx, argument);
    const slot = this.#slot;
    let row: Row | undefined;
    let items: Iterator<Value> | undefined;
    return {
      next: () => {
        for (;;) {
          if (ctx.isSliceOver()) return pause;
          if (items === undefined) {
            const given = rows.next();
            if (given === undefined || given === pause) return given;
            row = given;
            items = this.#items(row, ctx);
          }
          const { value, done } = items.next();
          if (done === true) {
            items = undefined;
            continue;
          }
          const made = row!.slice();
          made[slot] = value;
          return made;
        }
      },
    };
  }

  #items(row: Row, ctx: RunContext): Iterator<Value> {
    if (this.#range !== undefined) {
      const [from, to] = this.#range.map((evaluate) => evaluate(row, ctx));
      if (typeof from === "bigint" && typeof to === "bigint") return counting(from, to);
    }
    const list = this.#list(row, ctx);
    if (list === null) return [][Symbol.iterator]();
    return (Array.isArray(list) ? (list as readonly Value[]) : [list])[Symbol.iterator]();
  }
}

function* counting(from: bigint, to: bigint): Generator<Value> {
  for (let i = from; i <= to; i++) yield i;
}

export class Distinct implements Operator {
  readonly name = "Distinct";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #slots: readonly number[];

  constructor(source: Operator, slots: readonly number[]) {
    this.#source = source;
    this.children = [source];
    this.#slots = slots;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const rows = this.#source.open(ctx, argument);
    const seen = new Set<string>();
    return {
      next: () => {
        for (;;) {
          const row = rows.next();
          if (row === undefined || row === pause) return row;
          const key = keyOf(row, this.#slots);
          if (!seen.has(key)) {
            seen.add(key);
            return row;
          }
          if (ctx.isSliceOver()) return pause;
        }
      },
    };
  }
}

/** A key that rows share when their values in these places are the same. */
export function keyOf(row: Row, slots: readonly number[]): string {
  let key = "";
  for (const slot of slots) key += `${equivalenceKey(row[slot] ?? null)};`;
  return key;
}

export interface SortKey {
  readonly evaluate: Evaluate;
  readonly isDescending: boolean;
}

/** Takes all rows of a source, a slice at a time: false while there are more to come. */
export function collector(rows: Rows, take: (row: Row) => void, ctx: RunContext): () => boolean {
  let isDone = false;
  return () => {
    while (!isDone) {
      const row = rows.next();
      if (row === pause) return false;
      if (row === undefined) {
        isDone = true;
        break;
      }
      take(row);
      if (ctx.isSliceOver()) return false;
    }
    return true;
  };
}

/** ORDER BY; with a bound only so many rows are kept. */
export class Sort implements Operator {
  readonly name: string;
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #keys: readonly SortKey[];
  readonly #bound: Evaluate | undefined;

  constructor(source: Operator, keys: readonly SortKey[], bound: Evaluate | undefined) {
    this.name = bound === undefined ? "Sort" : "Top";
    this.#source = source;
    this.children = [source];
    this.#keys = keys;
    this.#bound = bound;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const keys = this.#keys;
    let kept: { row: Row; values: Value[]; number: number }[] = [];
    const bound = this.#bound === undefined ? Number.POSITIVE_INFINITY : Number(this.#bound(argument, ctx));
    const order = (a: (typeof kept)[number], b: (typeof kept)[number]): number => {
      for (let i = 0; i < keys.length; i++) {
        const compared = compareValues(a.values[i]!, b.values[i]!);
        if (compared !== 0) return keys[i]!.isDescending ? -compared : compared;
      }
      return a.number - b.number;
    };
    let number = 0;
    const collect = collector(
      this.#source.open(ctx, argument),
      (row) => {
        kept.push({ row, values: keys.map(({ evaluate }) => evaluate(row, ctx)), number: number++ });
        if (kept.length > 2 * bound + 1000) kept = kept.sort(order).slice(0, bound);
      },
      ctx,
    );
    let at = -1;
    return {
      next: () => {
        if (at === -1) {
          if (!collect()) return pause;
          kept.sort(order);
          at = 0;
        }
        return kept[at++]?.row;
      },
    };
  }
}

function boundOf(evaluate: Evaluate, row: Row, ctx: RunContext): number {
  const value = evaluate(row, ctx);
  if (typeof value !== "bigint" || value < 0n)
    throw new CypherError(
      "Neo.ClientError.Statement.SyntaxError",
      `Invalid input. '${textOf(value) ?? "null"}' is not a valid value. Must be a non-negative integer.`,
    );
  return Number(value);
}

export class Skip implements Operator {
  readonly name = "Skip";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #count: Evaluate;

  constructor(source: Operator, count: Evaluate) {
    this.#source = source;
    this.children = [source];
    this.#count = count;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const rows = this.#source.open(ctx, argument);
    let left = boundOf(this.#count, argument, ctx);
    return {
      next: () => {
        for (;;) {
          const row = rows.next();
          if (row === undefined || row === pause || left === 0) return row;
          left--;
        }
      },
    };
  }
}

export class Limit implements Operator {
  readonly name = "Limit";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #count: Evaluate;
  /** What the source writes is written although nobody wants its rows. */
  readonly #sourceWrites: boolean;

  constructor(source: Operator, count: Evaluate, sourceWrites: boolean) {
    this.#source = source;
    this.children = [source];
    this.#count = count;
    this.#sourceWrites = sourceWrites;
  }

  open(ctx: RunContext, argument: Row): Rows {
    let left = boundOf(this.#count, argument, ctx);
    if (left === 0 && !this.#sourceWrites) return { next: () => undefined };
    const rows = this.#source.open(ctx, argument);
    let hasBegun = false;
    return {
      next: () => {
        if (left === 0 && (hasBegun || !this.#sourceWrites)) return undefined;
        const row = rows.next();
        if (row === undefined || row === pause) return row;
        hasBegun = true;
        if (left === 0) return undefined;
        left--;
        return row;
      },
    };
  }
}

/** Keeps rows until the source has ended: what comes after sees none of what the source had yet to do. */
export class Eager implements Operator {
  readonly name = "Eager";
  readonly children: readonly Operator[];
  readonly #source: Operator;

  constructor(source: Operator) {
    this.#source = source;
    this.children = [source];
  }

  open(ctx: RunContext, argument: Row): Rows {
    const kept: Row[] = [];
    const collect = collector(this.#source.open(ctx, argument), (row) => void kept.push(row), ctx);
    let at = 0;
    return { next: () => (collect() ? kept[at++] : pause) };
  }
}

/** Rows of several plans, their columns put into the same places. */
export class Union implements Operator {
  readonly name = "Union";
  readonly children: readonly Operator[];
  readonly #mappings: readonly (readonly (readonly [from: number, to: number])[])[];

  constructor(
    children: readonly Operator[],
    mappings: readonly (readonly (readonly [from: number, to: number])[])[],
  ) {
    this.children = children;
    this.#mappings = mappings;
  }

  open(ctx: RunContext, argument: Row): Rows {
    let index = 0;
    let rows: Rows | undefined;
    return {
      next: () => {
        for (;;) {
          if (index === this.children.length) return undefined;
          rows ??= this.children[index]!.open(ctx, argument);
          const row = rows.next();
          if (row === pause) return pause;
          if (row === undefined) {
            index++;
            rows = undefined;
            continue;
          }
          const made = argument.slice();
          for (const [from, to] of this.#mappings[index]!) made[to] = row[from];
          return made;
        }
      },
    };
  }
}

/** Runs a plan for each row of another; the rows of both, with what the inner one returns. */
export class Apply implements Operator {
  readonly name: string;
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #inner: Operator;
  /** What is taken over of the inner rows; undefined for all. */
  readonly #returned: readonly number[] | undefined;
  /** OPTIONAL: places that are null when the inner plan gives nothing. */
  readonly #optional: readonly number[] | undefined;
  /** What the inner plan cannot see. */
  readonly #hidden: (argument: Row) => Row;

  constructor(
    source: Operator,
    inner: Operator,
    options: {
      readonly returned?: readonly number[] | undefined;
      readonly optional?: readonly number[] | undefined;
      readonly hidden?: (argument: Row) => Row;
    } = {},
  ) {
    this.name = options.optional === undefined ? "Apply" : "Optional";
    this.#source = source;
    this.#inner = inner;
    this.children = [source, inner];
    this.#returned = options.returned;
    this.#optional = options.optional;
    this.#hidden = options.hidden ?? ((row) => row);
  }

  open(ctx: RunContext, argument: Row): Rows {
    const rows = this.#source.open(ctx, argument);
    const returned = this.#returned;
    let outer: Row | undefined;
    let inner: Rows | undefined;
    let hasRows = false;
    return {
      next: () => {
        for (;;) {
          if (ctx.isSliceOver()) return pause;
          if (inner === undefined) {
            const row = rows.next();
            if (row === undefined || row === pause) return row;
            outer = row;
            hasRows = false;
            inner = this.#inner.open(ctx, this.#hidden(row));
          }
          const row = inner.next();
          if (row === pause) return pause;
          if (row !== undefined) {
            hasRows = true;
            if (returned === undefined) return row;
            const made = outer!.slice();
            for (const slot of returned) made[slot] = row[slot];
            return made;
          }
          inner = undefined;
          if (hasRows || this.#optional === undefined) continue;
          const made = outer!.slice();
          for (const slot of this.#optional) made[slot] = null;
          return made;
        }
      },
    };
  }
}

/** Runs a plan for what it does: once for each row, which goes on as it was. */
export class ForEachRow implements Operator {
  readonly name: string;
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #inner: Operator;

  constructor(name: string, source: Operator, inner: Operator) {
    this.name = name;
    this.#source = source;
    this.#inner = inner;
    this.children = [source, inner];
  }

  open(ctx: RunContext, argument: Row): Rows {
    const kept: Row[] = [];
    const collect = collector(this.#source.open(ctx, argument), (row) => void kept.push(row), ctx);
    let running = 0;
    let inner: Rows | undefined;
    let at = 0;
    return {
      next: () => {
        if (!collect()) return pause;
        while (running < kept.length) {
          inner ??= this.#inner.open(ctx, kept[running]!);
          const row = inner.next();
          if (row === pause) return pause;
          if (row !== undefined) continue;
          inner = undefined;
          running++;
          if (ctx.isSliceOver()) return pause;
        }
        return kept[at++];
      },
    };
  }
}

/** Runs a plan to its end and gives no row. */
export class Exhaust implements Operator {
  readonly name = "EmptyResult";
  readonly children: readonly Operator[];
  readonly #source: Operator;

  constructor(source: Operator) {
    this.#source = source;
    this.children = [source];
  }

  open(ctx: RunContext, argument: Row): Rows {
    const rows = this.#source.open(ctx, argument);
    return {
      next: (): undefined | Pause => {
        for (;;) {
          const row = rows.next();
          if (row === undefined || row === pause) return row;
        }
      },
    };
  }
}

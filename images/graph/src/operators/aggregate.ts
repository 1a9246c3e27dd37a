import type { Accumulator, AggregateDefinition } from "../functions/aggregates.ts";
import {
  type Evaluate,
  type Operator,
  pause,
  type Row,
  type Rows,
  type RunContext,
} from "../runtime/context.ts";
import { equivalenceKey } from "../values/compare.ts";
import type { Value } from "../values/types.ts";
import { type Assignment, collector } from "./basic.ts";

export interface AggregateCall {
  readonly slot: number;
  /** Undefined for `count(*)`. */
  readonly definition: AggregateDefinition | undefined;
  readonly isDistinct: boolean;
  readonly args: readonly Evaluate[];
}

interface Group {
  readonly row: Row;
  readonly accumulators: (Accumulator | undefined)[];
  readonly counts: number[];
  readonly seen: (Set<string> | undefined)[];
}

/** Groups rows by keys; without keys there is one group, also of no rows. */
export class Aggregate implements Operator {
  readonly name = "EagerAggregation";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #keys: readonly Assignment[];
  readonly #calls: readonly AggregateCall[];

  constructor(source: Operator, keys: readonly Assignment[], calls: readonly AggregateCall[]) {
    this.#source = source;
    this.children = [source];
    this.#keys = keys;
    this.#calls = calls;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const groups = new Map<string, Group>();
    const keys = this.#keys;
    if (keys.length === 0) groups.set("", this.#newGroup(argument.slice()));
    const collect = collector(
      this.#source.open(ctx, argument),
      (row) => this.#add(groups, argument, row, ctx),
      ctx,
    );
    let results: Iterator<Group> | undefined;
    return {
      next: () => {
        if (results === undefined) {
          if (!collect()) return pause;
          results = groups.values();
        }
        const { value: group, done } = results.next();
        if (done === true) return undefined;
        for (const [index, { slot, definition }] of this.#calls.entries())
          group.row[slot] =
            definition === undefined ? BigInt(group.counts[index]!) : group.accumulators[index]!.result();
        return group.row;
      },
    };
  }

  #newGroup(row: Row): Group {
    return {
      row,
      accumulators: this.#calls.map(({ definition }) => definition?.create()),
      counts: this.#calls.map(() => 0),
      seen: this.#calls.map(({ isDistinct }) => (isDistinct ? new Set() : undefined)),
    };
  }

  #add(groups: Map<string, Group>, argument: Row, row: Row, ctx: RunContext): void {
    let key = "";
    const values: Value[] = [];
    for (const { evaluate } of this.#keys) {
      const value = evaluate(row, ctx);
      values.push(value);
      key += `${equivalenceKey(value)};`;
    }
    let group = groups.get(key);
    if (group === undefined) {
      const made = argument.slice();
      for (const [index, { slot }] of this.#keys.entries()) made[slot] = values[index]!;
      group = this.#newGroup(made);
      groups.set(key, group);
    }
    for (let i = 0; i < this.#calls.length; i++) {
      const { definition, args } = this.#calls[i]!;
      if (definition === undefined) {
        group.counts[i]!++;
        continue;
      }
      const value = args[0]!(row, ctx);
      if (value === null) {
        if (definition.name !== "collect") ctx.notifications.add("null in aggregate");
        continue;
      }
      const seen = group.seen[i];
      if (seen !== undefined) {
        const valueKey = equivalenceKey(value);
        if (seen.has(valueKey)) continue;
        seen.add(valueKey);
      }
      group.accumulators[i]!.add(value, args[1]?.(row, ctx) ?? null);
    }
  }
}

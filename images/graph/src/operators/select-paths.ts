import { type Operator, pause, type Row, type Rows, type RunContext } from "../runtime/context.ts";
import type { PathValue } from "../values/types.ts";
import { collector } from "./basic.ts";

/** How many paths between each two ends are wanted: the first ones by length, whole groups of one length, or any. */
export interface PathChoice {
  readonly count: number;
  readonly isGroups: boolean;
  readonly isAny: boolean;
}

/** SHORTEST k, SHORTEST k GROUPS and ANY k: chooses among the paths of a plan. */
export class SelectPaths implements Operator {
  readonly name = "StatefulShortestPath";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #slot: number;
  readonly #choice: PathChoice;

  constructor(source: Operator, slot: number, choice: PathChoice) {
    this.#source = source;
    this.children = [source];
    this.#slot = slot;
    this.#choice = choice;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const partitions = new Map<string, Row[]>();
    const path = (row: Row) => row[this.#slot] as PathValue;
    const collect = collector(
      this.#source.open(ctx, argument),
      (row) => {
        const { nodes } = path(row);
        const key = `${nodes[0]!.id},${nodes.at(-1)!.id}`;
        const known = partitions.get(key);
        if (known === undefined) partitions.set(key, [row]);
        else known.push(row);
      },
      ctx,
    );
    let chosen: Row[] | undefined;
    let at = 0;
    return {
      next: () => {
        if (chosen === undefined) {
          if (!collect()) return pause;
          chosen = [...partitions.values()].flatMap((rows) =>
            this.#choose(rows, (row) => path(row).rels.length),
          );
        }
        return chosen[at++];
      },
    };
  }

  #choose(rows: Row[], lengthOf: (row: Row) => number): Row[] {
    const { count, isGroups } = this.#choice;
    const sorted = rows.sort((a, b) => lengthOf(a) - lengthOf(b));
    if (!isGroups) return sorted.slice(0, count);
    const lengths = [...new Set(sorted.map(lengthOf))].slice(0, count);
    return sorted.filter((row) => lengths.includes(lengthOf(row)));
  }
}

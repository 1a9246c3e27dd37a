import { type Operator, pause, type Row, type Rows, type RunContext } from "../runtime/context.ts";
import { collector } from "./basic.ts";

/** Changes the graph for one row, and puts what it made into it. */
export type Update = (row: Row, ctx: RunContext) => void;

/**
 * A clause that writes: first all of its rows come, so that nothing that was matched before sees the changes, then all changes are made,
 * so that everything that is matched later sees them.
 */
export class UpdateRows implements Operator {
  readonly name: string;
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #updates: readonly Update[];

  constructor(name: string, source: Operator, updates: readonly Update[]) {
    this.name = name;
    this.#source = source;
    this.children = [source];
    this.#updates = updates;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const kept: Row[] = [];
    const collect = collector(this.#source.open(ctx, argument), (row) => void kept.push(row.slice()), ctx);
    let changed = 0;
    let at = 0;
    return {
      next: () => {
        if (!collect()) return pause;
        while (changed < kept.length) {
          const row = kept[changed++]!;
          for (const update of this.#updates) update(row, ctx);
          if (ctx.isSliceOver()) return pause;
        }
        return kept[at++];
      },
    };
  }
}

/** MERGE: for each row the matches there are, or one that is made. */
export class Merge implements Operator {
  readonly name = "Merge";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #match: Operator;
  readonly #check: Update;
  readonly #create: Update;
  readonly #onCreate: readonly Update[];
  readonly #onMatch: readonly Update[];

  constructor(
    source: Operator,
    match: Operator,
    updates: {
      /** Refuses what cannot be merged, before anything is looked for. */
      readonly check: Update;
      readonly create: Update;
      readonly onCreate: readonly Update[];
      readonly onMatch: readonly Update[];
    },
  ) {
    this.#source = source;
    this.#match = match;
    this.children = [source, match];
    this.#check = updates.check;
    this.#create = updates.create;
    this.#onCreate = updates.onCreate;
    this.#onMatch = updates.onMatch;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const waiting: Row[] = [];
    const results: Row[] = [];
    const collect = collector(this.#source.open(ctx, argument), (row) => void waiting.push(row), ctx);
    let index = 0;
    let matches: Rows | undefined;
    let found: Row[] = [];
    let at = 0;
    return {
      next: () => {
        if (!collect()) return pause;
        while (index < waiting.length) {
          const row = waiting[index]!;
          if (matches === undefined) {
            this.#check(row, ctx);
            matches = this.#match.open(ctx, row);
            found = [];
          }
          const match = matches.next();
          if (match === pause) return pause;
          if (match !== undefined) {
            found.push(match.slice());
            continue;
          }
          matches = undefined;
          index++;
          if (found.length === 0) {
            const made = row.slice();
            this.#create(made, ctx);
            for (const update of this.#onCreate) update(made, ctx);
            results.push(made);
          } else {
            for (const matched of found) for (const update of this.#onMatch) update(matched, ctx);
            results.push(...found);
          }
          if (ctx.isSliceOver()) return pause;
        }
        return results[at++];
      },
    };
  }
}

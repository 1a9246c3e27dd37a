import { type Operator, pause, type Row, type Rows, type RunContext } from "../runtime/context.ts";
import type { Value } from "../values/types.ts";

/** A loop of an expression, and where its value goes. */
export interface Loop {
  readonly slot: number;
  readonly steps: (row: Row, ctx: RunContext) => Generator<void, Value>;
}

/** Computes the loops of the expressions that come next for each row: unlike an expression, this can be paused. */
export class Loops implements Operator {
  readonly name = "Projection";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #loops: readonly Loop[];

  constructor(source: Operator, loops: readonly Loop[]) {
    this.#source = source;
    this.children = [source];
    this.#loops = loops;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const rows = this.#source.open(ctx, argument);
    const loops = this.#loops;
    let row: Row | undefined;
    let running: Generator<void, Value> | undefined;
    let at = 0;
    return {
      next: () => {
        if (row === undefined) {
          const given = rows.next();
          if (given === undefined || given === pause) return given;
          row = given.slice();
          at = 0;
        }
        while (at < loops.length) {
          running ??= loops[at]!.steps(row, ctx);
          const { done, value } = running.next();
          if (done !== true) return pause;
          row[loops[at]!.slot] = value;
          running = undefined;
          at++;
        }
        const computed = row;
        row = undefined;
        return computed;
      },
    };
  }
}

import type { ProcedureDefinition } from "../procedures/definition.ts";
import {
  type Evaluate,
  type Operator,
  pause,
  type Row,
  type Rows,
  type RunContext,
} from "../runtime/context.ts";
import type { Value } from "../values/types.ts";

/** CALL of a procedure for each row. */
export class ProcedureCall implements Operator {
  readonly name = "ProcedureCall";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #procedure: ProcedureDefinition;
  readonly #args: readonly Evaluate[];
  /** Which of the procedure's columns go where. */
  readonly #places: readonly (readonly [column: number, slot: number])[];
  readonly #isOptional: boolean;

  constructor(
    source: Operator,
    procedure: ProcedureDefinition,
    args: readonly Evaluate[],
    places: readonly (readonly [column: number, slot: number])[],
    isOptional: boolean,
  ) {
    this.#source = source;
    this.children = [source];
    this.#procedure = procedure;
    this.#args = args;
    this.#places = places;
    this.#isOptional = isOptional;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const rows = this.#source.open(ctx, argument);
    let row: Row | undefined;
    let results: Iterator<readonly Value[]> | undefined;
    let isEmpty = true;
    return {
      next: () => {
        for (;;) {
          if (ctx.isSliceOver()) return pause;
          if (results === undefined) {
            const given = rows.next();
            if (given === undefined || given === pause) return given;
            row = given;
            const args = this.#args.map((evaluate) => evaluate(given, ctx));
            results = this.#procedure.call(args, ctx)[Symbol.iterator]();
            isEmpty = true;
            // One without columns is called for what it does.
            if (this.#procedure.columns.length === 0) {
              while (results.next().done !== true) ctx.tick();
              results = undefined;
              return row;
            }
          }
          const { value, done } = results.next();
          if (done === true) {
            results = undefined;
            if (!isEmpty || !this.#isOptional) continue;
            const made = row!.slice();
            for (const [, slot] of this.#places) made[slot] = null;
            return made;
          }
          isEmpty = false;
          const made = row!.slice();
          for (const [column, slot] of this.#places) made[slot] = value[column] ?? null;
          return made;
        }
      },
    };
  }
}

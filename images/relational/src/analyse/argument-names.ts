import type { AnalyseContext, Variables } from "./context.ts";
import type { Expr } from "./expr.ts";
import { selectField } from "./fields.ts";

/** The arguments of a routine in SQL, as names in its body: alone, or behind the routine's own name. */
export class ArgumentNames implements Variables {
  readonly onConflict = "column";
  readonly #label: string;
  readonly #names: readonly string[];
  readonly #types: readonly number[];

  constructor(label: string, names: readonly string[], types: readonly number[]) {
    this.#label = label;
    this.#names = names;
    this.#types = types;
  }

  resolve(ctx: AnalyseContext, names: readonly string[]): Expr | undefined {
    const [first, second] = names;
    const at = this.#names.indexOf(first!);
    if (at >= 0 && first !== "") return this.#argument(ctx, at, names.slice(1));
    if (first !== this.#label || second === undefined || second === "") return undefined;
    const qualified = this.#names.indexOf(second);
    return qualified < 0 ? undefined : this.#argument(ctx, qualified, names.slice(2));
  }

  #argument(ctx: AnalyseContext, index: number, fields: readonly string[]): Expr | undefined {
    const type = this.#types[index]!;
    let expr: Expr | undefined = {
      kind: "param",
      index,
      type,
      typmod: -1,
      collation: ctx.catalog.type(type)?.collation ?? 0,
    };
    for (const field of fields)
      expr = expr === undefined ? undefined : selectField(ctx, expr, field, undefined);
    return expr;
  }
}

import type { Relation } from "../catalog/model.ts";
import type { Level } from "./context.ts";
import type { Expr } from "./expr.ts";
import type { Analyser } from "./from.ts";

/** What INSERT, UPDATE and DELETE need of the definitions: the expressions of defaults, read from their text. */
export interface DefaultSource {
  defaultOf(relation: Relation, attnum: number): Expr | undefined;
  /** An expression over a table that the catalog keeps as text. */
  expressionOf(relation: Relation, text: string, level?: Level): Expr;
}

export type ModifyAnalyser = Analyser & DefaultSource;

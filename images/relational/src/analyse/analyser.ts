import type { Node } from "../parse/ast.ts";
import type { AnalyseContext, Level } from "./context.ts";
import type { Expr, Query } from "./expr.ts";

/** What expressions need of the rest of the analyser: how a subquery in one is analysed. */
export interface Analyser {
  readonly ctx: AnalyseContext;
  subquery(node: Node, parent: Level): Query;
}

/** How an expression is analysed; handed on to the files that analyse its parts. */
export type AnalyseExpr = (a: Analyser, level: Level, node: Node) => Expr;

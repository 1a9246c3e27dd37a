import type { Cte, FromNode, Query } from "../analyse/expr.ts";
import { children, type Expr } from "../analyse/expr.ts";
import { expressionsOf, subqueriesOf } from "../analyse/grouping.ts";
import { visitQuery } from "./conjuncts.ts";

/** So deep may queries stand in each other. */
const depthMax = 200;

/** Whether a query reads anything of the queries around it, be it through a CTE of theirs. */
export function isCorrelated(query: Query): boolean {
  let found = false;
  for (let depth = 1; depth < depthMax && !found; depth++)
    visitQuery(query, depth, () => {
      found = true;
    });
  return found || [...outerCtes(query)].some((cte) => isCorrelatedCte(cte));
}

const known = new WeakMap<Cte, boolean>();

/** Whether a CTE has other rows for other rows of the queries around the one that it belongs to. */
export function isCorrelatedCte(cte: Cte): boolean {
  let is = known.get(cte);
  if (is === undefined) {
    // Its own working table is nothing from outside.
    known.set(cte, false);
    is = isCorrelated(cte.query);
    known.set(cte, is);
  }
  return is;
}

/** The CTEs that a query reads, and that are not its own or of a query in it. */
function outerCtes(query: Query): Set<Cte> {
  const read = new Set<Cte>();
  const own = new Set<Cte>();
  const tree = (node: FromNode): void => {
    if (node.kind === "join") {
      tree(node.left);
      tree(node.right);
    } else if (node.entry.cte !== undefined) read.add(node.entry.cte);
  };
  const inExpr = (expr: Expr): void => {
    if (expr.kind === "sublink") inQuery(expr.query);
    for (const child of children(expr)) inExpr(child);
  };
  const inQuery = (inner: Query): void => {
    for (const cte of inner.ctes) own.add(cte);
    if (inner.command === "merge") tree(inner.source);
    else if (inner.command !== "insert") for (const node of inner.from) tree(node);
    if (inner.command === "select") {
      if (inner.setOperation !== undefined)
        for (const side of [inner.setOperation.left, inner.setOperation.right]) inQuery(side);
      for (const aggregate of inner.aggregates) inExpr(aggregate);
    }
    for (const expr of expressionsOf(inner)) inExpr(expr);
    for (const subquery of subqueriesOf(inner)) inQuery(subquery);
  };
  inQuery(query);
  for (const cte of own) read.delete(cte);
  return read;
}

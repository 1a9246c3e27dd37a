import type { FromNode, Query } from "../analyse/expr.ts";

export interface ExplainLine {
  readonly node: string;
  readonly text: string;
}

/** The operators of a query, the last one first; `rows` is what it gave when it was run. */
export function explainPlan(query: Query, rows: number | undefined, elapsedMs: number): ExplainLine[] {
  const lines: ExplainLine[] = [];
  const add = (depth: number, node: string, more = "") => {
    const actual =
      lines.length === 0 && rows !== undefined
        ? ` (actual time=0.000..${elapsedMs.toFixed(3)} rows=${rows}.00 loops=1)`
        : "";
    lines.push({
      node,
      text: `${depth === 0 ? "" : `${"  ".repeat(depth * 3 - 2)}->  `}${node}${more}${actual}`,
    });
  };
  const tree = (node: FromNode, depth: number): void => {
    if (node.kind === "join") {
      add(depth, "Join", ` (${node.type})`);
      tree(node.left, depth + 1);
      tree(node.right, depth + 1);
      return;
    }
    const { entry } = node;
    switch (entry.kind) {
      case "table":
        add(
          depth,
          "Seq Scan",
          ` on ${entry.relation?.name}${entry.alias === entry.relation?.name ? "" : ` ${entry.alias}`}`,
        );
        return;
      case "subquery":
        add(depth, "Subquery Scan", ` on ${entry.alias}`);
        visit(entry.query!, depth + 1);
        return;
      case "function":
        add(depth, "Function Scan", ` on ${entry.alias}`);
        return;
      case "values":
        add(depth, "Values Scan", ` on "${entry.alias}"`);
        return;
      default:
        add(depth, "CTE Scan", ` on ${entry.alias}`);
    }
  };
  const visit = (of: Query, start: number): void => {
    let depth = start;
    if (of.command !== "select") {
      add(depth, of.command.charAt(0).toUpperCase() + of.command.slice(1), ` on ${of.relation.name}`);
      if (of.command === "insert") {
        if (of.source !== undefined) visit(of.source, depth + 1);
        else add(depth + 1, "Result");
      } else if (of.command === "merge") tree(of.source, depth + 1);
      else {
        add(depth + 1, "Seq Scan", ` on ${of.relation.name}`);
        for (const node of of.from) tree(node, depth + 1);
      }
      return;
    }
    if (of.limit !== undefined || of.offset !== undefined) add(depth++, "Limit");
    if (of.orderBy.length > 0) add(depth++, "Sort");
    if (of.distinct !== undefined) add(depth++, "Unique");
    if (of.windows.length > 0) add(depth++, "WindowAgg");
    if (of.grouped) add(depth++, of.groupBy.length > 0 ? "HashAggregate" : "Aggregate");
    if (of.setOperation !== undefined) {
      add(depth, of.setOperation.op === "union" ? "Append" : "SetOp");
      visit(of.setOperation.left, depth + 1);
      visit(of.setOperation.right, depth + 1);
      return;
    }
    if (of.from.length === 0) add(depth, "Result");
    for (const node of of.from) tree(node, depth);
  };
  visit(query, 0);
  if (rows !== undefined) lines.push({ node: "", text: `Execution Time: ${elapsedMs.toFixed(3)} ms` });
  return lines;
}

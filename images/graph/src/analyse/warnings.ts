import type { LabelExpr, PathPattern } from "../parse/ast.ts";
import { patternVariables } from "./walk.ts";

/** Something about a query that its author may not have meant; whether a name is unknown is looked at when it runs. */
export interface Warning {
  readonly kind: "label" | "type" | "key" | "cartesian product" | "deprecated function" | "deprecated import";
  /** What is unknown, deprecated, or not connected. */
  readonly name: string;
  readonly at: number;
}

/** Names in an expression of labels or types. */
export function labelNames(labels: LabelExpr | undefined): { readonly name: string; readonly at: number }[] {
  if (labels === undefined) return [];
  switch (labels.kind) {
    case "name":
      return [labels];
    case "not":
      return labelNames(labels.operand);
    case "and":
    case "or":
      return [...labelNames(labels.left), ...labelNames(labels.right)];
  }
  return [];
}

/** Variables of patterns that nothing connects with the first one; none when all are connected. */
export function disconnected(patterns: readonly PathPattern[]): string[] {
  const [first, ...rest] = patterns;
  if (first === undefined || rest.length === 0) return [];
  const reached = new Set(patternVariables(first));
  let left = rest;
  for (;;) {
    const connected = left.filter((pattern) => patternVariables(pattern).some((name) => reached.has(name)));
    if (connected.length === 0) break;
    for (const pattern of connected) for (const name of patternVariables(pattern)) reached.add(name);
    left = left.filter((pattern) => !connected.includes(pattern));
  }
  return left.flatMap((pattern) =>
    patternVariables(pattern)
      .slice(0, 1)
      .concat(patternVariables(pattern).length === 0 ? [""] : []),
  );
}

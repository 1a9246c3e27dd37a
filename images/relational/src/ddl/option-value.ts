import { type Node, stringOf, strings } from "../parse/ast.ts";

/** The value of WITH (name = value), as pg_class keeps it; a name alone is true. */
export function optionValue(node: Node | undefined): string {
  if (node?.TypeName !== undefined) return strings(node.TypeName.names as Node[]).at(-1) ?? "";
  return node === undefined
    ? "true"
    : node.Integer !== undefined
      ? String(node.Integer.ival ?? 0)
      : (node.Float?.fval ?? stringOf(node));
}

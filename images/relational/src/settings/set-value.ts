import type { Node } from "../parse/ast.ts";

/** The value that SET is given. */
export function settingText(name: string, args: readonly Node[]): string {
  return args.map((arg) => (name === "search_path" ? quotePath(valueText(arg)) : valueText(arg))).join(", ");
}

function valueText(node: Node): string {
  const constant = node.A_Const ?? (node.TypeCast?.arg as Node | undefined)?.A_Const;
  if (constant?.ival !== undefined) return String(constant.ival.ival ?? 0);
  if (constant?.fval !== undefined) return constant.fval.fval ?? "";
  if (constant?.boolval !== undefined) return constant.boolval.boolval === true ? "true" : "false";
  const text = constant?.sval?.sval ?? "";
  return node.TypeCast === undefined ? text : `INTERVAL '${text}'`;
}

function quotePath(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

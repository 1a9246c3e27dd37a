import type { FuncExpr } from "../analyse/expr.ts";
import type { Catalog } from "../catalog/catalog.ts";

/** The columns that a function's row has. */
export function fieldNames(catalog: Catalog, expr: FuncExpr): { types: number[]; names: string[] } {
  const { allArguments, modes, argumentNames } = expr.proc;
  const types: number[] = [];
  const names: string[] = [];
  if (modes !== "") {
    allArguments.forEach((type, i) => {
      if (!"obt".includes(modes[i] ?? "i")) return;
      types.push(type);
      names.push(argumentNames[i] ?? `f${types.length}`);
    });
    return { types, names };
  }
  const relation = catalog.get("relation", catalog.type(expr.type)?.relation ?? 0);
  for (const column of relation?.columns ?? []) {
    if (column.dropped === true) continue;
    types.push(column.type);
    names.push(column.name);
  }
  return { types, names };
}

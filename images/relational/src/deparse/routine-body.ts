import { StatementAnalyser } from "../analyse/analyse.ts";
import { ArgumentNames } from "../analyse/argument-names.ts";
import { AnalyseContext } from "../analyse/context.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { catalogNamespace, type Proc } from "../catalog/model.ts";
import { sqlTexts } from "../parse/parse.ts";
import type { IoContext } from "../types/type-ops.ts";
import { deparseQuery, deparseReturn } from "./query.ts";

/** RETURN or BEGIN ATOMIC as pg_get_function_sqlbody() writes it. */
export function shownBody(catalog: Catalog, io: IoContext, proc: Proc): string | null {
  const { body } = proc;
  if (body === undefined) return null;
  const modes = proc.modes === "" ? "" : proc.modes;
  const names = proc.argumentNames.filter((_, i) => "ibv".includes(modes[i] ?? "i"));
  const routine = { name: proc.name, arguments: names };
  const shown = body.statements.map((text) => {
    const ctx = new AnalyseContext({ ...io, catalog, searchPath: [catalogNamespace] }, proc.arguments, false);
    ctx.variables = new ArgumentNames(body.label, names, proc.arguments);
    const query = new StatementAnalyser(ctx, sqlTexts).statement(sqlTexts.query(text));
    if (query.command !== "select" || query.ctes.some((cte) => cte.query.command !== "select"))
      return ` ${text}`;
    const own = { ...io, catalog };
    return body.isReturn
      ? deparseReturn(catalog, own, query.targets[0]!.expr, routine)
      : deparseQuery(catalog, own, query, undefined, false, routine).replace(/;$/, "");
  });
  return body.isReturn
    ? `RETURN ${shown[0]}`
    : `BEGIN ATOMIC\n${shown.map((text) => `${text};\n`).join("")}END`;
}

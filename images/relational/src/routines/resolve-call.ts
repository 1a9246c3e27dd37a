import { StatementAnalyser } from "../analyse/analyse.ts";
import { coerce } from "../analyse/coerce.ts";
import { AnalyseContext, Level, type Variables } from "../analyse/context.ts";
import type { Expr } from "../analyse/expr.ts";
import { analyseExpr } from "../analyse/expressions.ts";
import { procsOf, resolveFunction, signature } from "../analyse/resolve-function.ts";
import type { Proc } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import { at, type Node, strings } from "../parse/ast.ts";
import { sqlTexts } from "../parse/parse.ts";
import type { SessionState } from "../session/state.ts";
import type { ResultColumn } from "../session/types.ts";

export interface ResolvedCall {
  readonly proc: Proc;
  readonly args: readonly Expr[];
  /** Its OUT and INOUT arguments. */
  readonly columns: readonly ResultColumn[];
  /** What was given for them. */
  readonly outputs: readonly (Node | undefined)[];
  readonly parameterOids: readonly number[];
}

/** The procedure that a CALL means, and its arguments. @throws PgError 42883, 42809 */
export function resolveCall(
  session: SessionState,
  node: Node,
  within?: { readonly types: readonly number[]; readonly variables: Variables },
): ResolvedCall {
  const call = node.CallStmt!.funccall!;
  const ctx = new AnalyseContext(session.io, within?.types ?? [], within === undefined);
  ctx.variables = within?.variables;
  const analyser = new StatementAnalyser(ctx, sqlTexts);
  const level = new Level();
  level.place = "CALL";
  const names = strings(call.funcname as Node[]);
  const nodes = (call.args ?? []) as Node[];
  const exprs = nodes.map((arg) => analyseExpr(analyser, level, arg));
  const procs = procsOf(ctx, names.at(-2), names.at(-1)!);
  // OUT parameters are given too, and not looked at.
  const asCalled = procs.map((proc): Proc => {
    if (proc.kind !== "p" || !proc.modes.includes("o")) return proc;
    return { ...proc, arguments: proc.allArguments };
  });
  const shape = { types: exprs.map((expr) => expr.type), names: [], variadic: false };
  const found = resolveFunction(ctx, asCalled, shape, undefined);
  const location = at(call.location);
  if (found.kind !== "found") {
    const shown = signature(ctx, names, shape);
    throw new PgError(
      "42883",
      `procedure ${shown} does not exist`,
      {
        hint: "No procedure matches the given name and argument types. You might need to add explicit type casts.",
      },
      location,
    );
  }
  const { candidate } = found;
  const proc = session.catalog.get("proc", candidate.proc.oid);
  if (proc === undefined || proc.kind !== "p")
    throw new PgError(
      "42809",
      `${signature(ctx, names, shape)} is not a procedure`,
      {
        hint: "To call a function, use SELECT.",
      },
      location,
    );
  const args: Expr[] = [];
  const columns: ResultColumn[] = [];
  const outputs: (Node | undefined)[] = [];
  const firstDefault = candidate.proc.arguments.length - proc.defaultCount;
  candidate.proc.arguments.forEach((type, i) => {
    const mode = proc.allArguments.length === candidate.proc.arguments.length ? (proc.modes[i] ?? "i") : "i";
    const from = candidate.order[i];
    if ("ob".includes(mode)) outputs.push(from === undefined ? undefined : nodes[from]);
    if (mode === "o") return;
    const given =
      from === undefined
        ? analyser.constantExpression(sqlTexts.expression(proc.defaults[i - firstDefault]!))
        : exprs[from]!;
    args.push(given.type === type ? given : coerce(ctx, given, type, -1, "implicit"));
  });
  proc.allArguments.forEach((type, i) => {
    if (!"ob".includes(proc.modes[i] ?? "i")) return;
    const typlen = session.catalog.type(type)?.length ?? -1;
    columns.push({
      name: proc.argumentNames[i] || `column${columns.length + 1}`,
      tableOid: 0,
      attnum: 0,
      typeOid: type,
      typlen,
      typmod: -1,
    });
  });
  return { proc, args, columns, outputs, parameterOids: ctx.params };
}

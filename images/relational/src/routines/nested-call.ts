import { PgError } from "../errors.ts";
import { type Node, strings } from "../parse/ast.ts";
import { parse } from "../parse/parse.ts";
import { makePlanContext } from "../plan/planner.ts";
import type { RoutineCall } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import { nestedExec } from "../session/exec.ts";
import { requireExecute } from "../session/privileges.ts";
import type { Datum } from "../types/datum.ts";
import type { InnerSql, OutputColumn } from "./inner-sql.ts";
import type { Target } from "./plpgsql/ast.ts";
import { type Frame, type NameScope, StatementVariables } from "./plpgsql/variables.ts";
import { resolveCall } from "./resolve-call.ts";

export interface PreparedCall {
  readonly call: RoutineCall;
  /** The variables that its OUT and INOUT arguments go to. */
  readonly targets: readonly { readonly to: Target; readonly column: OutputColumn }[];
}

/** CALL in a body in PL/pgSQL: its arguments may be variables, which it may set. @throws PgError 42601, 42883, 42809 */
export function prepareCall(sql: InnerSql, text: string, scope: NameScope, frame: Frame): PreparedCall {
  const { session, block, argumentTypes } = sql;
  const variables = new StatementVariables(scope, frame, argumentTypes.length, "error");
  const { node } = parse(text)[0]!;
  const { proc, args, columns, outputs } = resolveCall(session, node, { types: argumentTypes, variables });
  requireExecute(session, proc);
  const targets = columns.map(({ name, typeOid, typmod }, i) => {
    const names = strings(outputs[i]?.ColumnRef?.fields as Node[] | undefined);
    if (names.length === 0 || scope.resolve(names) === undefined)
      throw new PgError(
        "42601",
        `procedure parameter "${name}" is an output parameter but corresponding argument is not writable`,
      );
    return { to: { names, rest: [] }, column: { name, type: typeOid, typmod } };
  });
  const { compiler } = makePlanContext({ catalog: session.catalog, pushdown: true, systemRows: () => [] });
  const exec = nestedExec(session, block, sql.exec, variables.values(frame));
  const values = args.map((arg) =>
    compiler.compile(arg, new Scope(undefined))([], { exec, row: [], outer: undefined }),
  );
  const argTypes = args.map(({ type }) => type);
  return { call: { proc, argTypes, resultType: proc.result, args: values }, targets };
}

/** Runs it in the transaction of the body that calls it, which it may not end. */
export function runCall(sql: InnerSql, call: RoutineCall): readonly Datum[] {
  const exec = nestedExec(sql.session, sql.block, sql.exec, []);
  return exec.routines.call(call, exec);
}

import type { Node } from "../parse/ast.ts";
import { parse } from "../parse/parse.ts";
import { makePlanContext } from "../plan/planner.ts";
import type { Exec, RoutineCall } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import type { Block } from "../session/block.ts";
import { nestedExec } from "../session/exec.ts";
import { requireExecute } from "../session/privileges.ts";
import type { Limits } from "../session/running.ts";
import type { SessionState } from "../session/state.ts";
import type { Utility } from "../session/utility-types.ts";
import { runOnWriter, runWithin } from "../session/write.ts";
import type { Datum, Row } from "../types/datum.ts";
import { beginBlock, beginProcedure, runBlock } from "./call.ts";
import { runNonAtomic } from "./non-atomic.ts";
import { type ResolvedCall, resolveCall } from "./resolve-call.ts";

/** CALL: a procedure, its INOUT and OUT arguments as one row. @throws PgError 42883, 42809 */
export function callProcedure(session: SessionState, node: Node): Utility {
  const resolved = resolveCall(session, node);
  return {
    columns: resolved.columns.length === 0 ? undefined : resolved.columns,
    parameterOids: resolved.parameterOids,
    run: async (params, limits) => {
      requireExecute(session, resolved.proc);
      const block = session.transactions.current();
      block.hasQueried = true;
      const values = isAlone(session, block)
        ? await callAlone(session, block, resolved, params, limits)
        : await runOnWriter(session, block, params, function* (exec) {
            const call = evaluated(session, resolved, exec);
            yield;
            return exec.routines.call(call, exec);
          });
      return { rows: resolved.columns.length === 0 ? [] : [[...values]], tag: "CALL" };
    },
  };
}

/** DO: as a procedure without arguments. */
export async function doBlock(session: SessionState, source: string, limits: Limits): Promise<void> {
  const block = session.transactions.current();
  block.hasQueried = true;
  const begun = isAlone(session, block)
    ? await runWithin(session, block, [], limits, function* (exec) {
        yield;
        return beginBlock(session, block, exec, source);
      })
    : undefined;
  if (begun === undefined)
    await runOnWriter(session, block, [], (exec) => runBlock(session, block, exec, source));
  else await runNonAtomic(session, limits, begun.interpreter.run());
}

/** CALL in what EXECUTE or a function in SQL runs: in the transaction around it. */
export function callWithin(
  session: SessionState,
  block: Block,
  outer: Exec,
  node: Node,
  params: readonly Datum[],
): readonly Row[] | undefined {
  const resolved = resolveCall(session, node);
  requireExecute(session, resolved.proc);
  const exec = nestedExec(session, block, outer, params);
  const values = exec.routines.call(evaluated(session, resolved, exec), exec);
  return resolved.columns.length === 0 ? undefined : [[...values]];
}

/** Whether the statement's transaction is its own: nobody began it, and no other statement came in the same text. */
function isAlone(session: SessionState, block: Block): boolean {
  return !block.isExplicit && parse(session.currentQuery).length <= 1;
}

async function callAlone(
  session: SessionState,
  block: Block,
  resolved: ResolvedCall,
  params: readonly Datum[],
  limits: Limits,
): Promise<readonly Datum[]> {
  const { begun, values } = await runWithin(session, block, params, limits, function* (exec) {
    const call = evaluated(session, resolved, exec);
    const begun = beginProcedure(session, block, exec, call);
    yield;
    return { begun, values: begun === undefined ? exec.routines.call(call, exec) : [] };
  });
  if (begun === undefined) return values;
  await runNonAtomic(session, limits, begun.interpreter.run());
  return begun.out();
}

function evaluated(session: SessionState, { proc, args }: ResolvedCall, exec: Exec): RoutineCall {
  const { compiler } = makePlanContext({ catalog: session.catalog, pushdown: true, systemRows: () => [] });
  const values = args.map((arg) =>
    compiler.compile(arg, new Scope(undefined))([], { exec, row: [], outer: undefined }),
  );
  return { proc, argTypes: args.map((arg) => arg.type), resultType: proc.result, args: values };
}

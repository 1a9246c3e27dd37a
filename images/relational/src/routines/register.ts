import { useBodyCheck } from "../ddl/routines.ts";
import { PgError } from "../errors.ts";
import { useUserFunctions } from "../functions/calls.ts";
import { useUserSets } from "../functions/set-calls.ts";
import type { Node } from "../parse/ast.ts";
import { stringOf, strings } from "../parse/ast.ts";
import type { Exec } from "../run/exec.ts";
import { useRoutines } from "../session/exec.ts";
import { defineInner, defineUtility } from "../session/utility.ts";
import { callRoutine, requireLanguage, runBlock } from "./call.ts";
import { checkPlpgsql } from "./plpgsql/check.ts";
import { callProcedure, callWithin, doBlock } from "./procedures.ts";
import { fireTrigger } from "./triggers.ts";

useBodyCheck(checkPlpgsql);

useRoutines((session, block) => ({
  call: (call, exec) => callRoutine(session, block, exec, call),
  fire: (firing, exec) => fireTrigger(session, block, exec, firing),
}));

useUserFunctions((_catalog, { proc, argTypes, type }) => {
  if (proc.returnsSet)
    throw new PgError("0A000", "set-valued function called in context that cannot accept a set");
  return (args, run) => {
    const exec = run as Exec;
    return exec.routines.call({ proc, argTypes, resultType: type, args }, exec)[0] ?? null;
  };
});

useUserSets((_catalog, { proc, args: exprs, type }) => {
  const argTypes = exprs.map((expr) => expr.type);
  return (args, run) => {
    if (proc.strict && args.includes(null)) return [];
    const exec = run as Exec;
    const values = exec.routines.call({ proc, argTypes, resultType: type, args }, exec);
    return values;
  };
});

function bodyOf(node: Node): string {
  const options = ((node.DoStmt?.args ?? []) as Node[]).map((option) => option.DefElem!);
  const language = options.find(({ defname }) => defname === "language");
  if (language !== undefined && requireLanguage(stringOf(language.arg as Node)) !== "plpgsql")
    throw new PgError("0A000", `language "sql" does not support inline code execution`);
  const text = options.find(({ defname }) => defname === "as");
  const arg = text?.arg as Node | undefined;
  return arg?.List === undefined ? stringOf(arg) : (strings(arg.List.items as Node[])[0] ?? "");
}

defineUtility("DoStmt", (session, node) => {
  const source = bodyOf(node);
  return {
    columns: undefined,
    run: async (_params, limits) => {
      await doBlock(session, source, limits);
      return { rows: [], tag: "DO" };
    },
  };
});

defineInner("DoStmt", (session, block, exec, node) => {
  const steps = runBlock(session, block, exec, bodyOf(node));
  while (steps.next().done !== true) exec.check();
  return undefined;
});

defineInner("CallStmt", callWithin);

defineUtility("CallStmt", (session, node) => callProcedure(session, node));

import type { FuncExpr } from "../analyse/expr.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { notSupported } from "../errors.ts";
import type { Datum } from "../types/datum.ts";
import { contextOf, registeredOf, shapeOf } from "./calls.ts";
import type { CallContext, FunctionRun } from "./registry.ts";

export type SetCall = (args: readonly Datum[], run: FunctionRun) => Iterable<Datum | readonly Datum[]>;

export type UserSetCaller = (catalog: Catalog, expr: FuncExpr) => SetCall;
let userSets: UserSetCaller = (_catalog, { proc }) => {
  throw notSupported(`function ${proc.name}`);
};
export function useUserSets(caller: UserSetCaller): void {
  userSets = caller;
}

/** How a function that returns a set is called. @throws PgError 0A000 */
export function callSet(catalog: Catalog, expr: FuncExpr, columns?: CallContext["columns"]): SetCall {
  if (expr.proc.language !== undefined) return userSets(catalog, expr);
  const registered = registeredOf(expr.proc);
  if (registered === undefined || !registered.isSet) throw notSupported(`function ${expr.proc.name}`);
  const fn = registered.fn as (
    call: CallContext,
    ...args: readonly Datum[]
  ) => Iterable<Datum | readonly Datum[]>;
  const shape = shapeOf(expr);
  const { strict } = expr.proc;
  return (args, run) => {
    if (strict && args.includes(null)) return [];
    return fn({ ...contextOf(catalog, shape), ...(columns === undefined ? {} : { columns }), run }, ...args);
  };
}

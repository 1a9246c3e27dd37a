import type { StaticType } from "../functions/definition.ts";
import type { RunContext } from "../runtime/context.ts";
import { isMap, type Value } from "../values/types.ts";

export interface ProcedureArgument {
  readonly name: string;
  /** As `SHOW PROCEDURES` writes it: `STRING`, `LIST<STRING>`. */
  readonly type: string;
  /** What an argument that is left out is. */
  readonly fallback?: Value;
}

export interface ProcedureColumn {
  readonly name: string;
  readonly type: string;
  readonly static: StaticType;
}

/** Something that CALL runs. */
export interface ProcedureDefinition {
  readonly name: string;
  readonly description: string;
  readonly mode: "READ" | "WRITE" | "SCHEMA" | "DBMS";
  readonly args: readonly ProcedureArgument[];
  readonly columns: readonly ProcedureColumn[];
  /** Gives rows of the columns' values. */
  readonly call: (args: readonly Value[], ctx: RunContext) => Iterable<readonly Value[]>;
}

/** How a query finds its procedures: those of the engine, and in tests those that a suite declares. */
export type FindProcedure = (name: string) => ProcedureDefinition | undefined;

/** An entry of a map of options; null when it is missing. */
export function option(value: Value | undefined, name: string): Value {
  return value !== undefined && isMap(value) ? (value.get(name) ?? null) : null;
}

import type { ProcedureDefinition } from "./definition.ts";

/** The procedures of APOC that frameworks call. */
export const apocProcedures: readonly ProcedureDefinition[] = [];

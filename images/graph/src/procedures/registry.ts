import { apocProcedures } from "./apoc-procedures.ts";
import { databaseProcedures } from "./database-procedures.ts";
import type { ProcedureDefinition } from "./definition.ts";
import { fullTextProcedures } from "./full-text-procedures.ts";
import { schemaProcedures } from "./schema-procedures.ts";
import { showProcedures } from "./show-procedures.ts";
import { visualizationProcedures } from "./visualization.ts";

/** Every procedure that can be called by name. */
export const procedures: readonly ProcedureDefinition[] = [
  ...databaseProcedures,
  ...schemaProcedures,
  ...fullTextProcedures,
  ...visualizationProcedures,
  ...apocProcedures,
];

const byName = new Map(
  [...procedures, ...showProcedures(procedures)].map((definition) => [definition.name, definition]),
);

export function findProcedure(name: string): ProcedureDefinition | undefined {
  return byName.get(name);
}

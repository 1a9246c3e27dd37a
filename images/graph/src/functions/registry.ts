import type { FunctionDefinition } from "./definition.ts";
import { graphFunctions } from "./graph-functions.ts";
import { mathFunctions } from "./math-functions.ts";
import { scalarFunctions } from "./scalar-functions.ts";
import { spatialFunctions } from "./spatial-functions.ts";
import { stringFunctions } from "./string-functions.ts";
import { temporalFunctions } from "./temporal-functions.ts";

/** Every function that is no aggregate. */
export const functions: readonly FunctionDefinition[] = [
  ...graphFunctions,
  ...scalarFunctions,
  ...stringFunctions,
  ...mathFunctions,
  ...temporalFunctions,
  ...spatialFunctions,
];

const byName = new Map(functions.map((definition) => [definition.name.toLowerCase(), definition]));

/** Names of functions are the same in any case. */
export function findFunction(name: string): FunctionDefinition | undefined {
  return byName.get(name.toLowerCase());
}

import { serviceNames } from "@weftkit/config";
import { nearestName } from "@weftkit/core";
import { builtEngineNames, type EngineName, plannedImages } from "./images.ts";
import { Failure } from "./terminal/failure.ts";

/** An engine and how many independent instances of it are wanted. */
export interface WantedEngine {
  readonly engine: EngineName;
  readonly replicas: number;
}

const replicasMax = 32;

/**
 * Reads `inmemory` or `inmemory:2,relational`.
 *
 * @throws Failure for names that do not exist or are not built yet, and for counts that make no sense.
 */
export function parseEngineList(text: string): WantedEngine[] {
  const wanted = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(parseWanted);
  const twice = wanted.find(
    ({ engine }, index) => wanted.findIndex((other) => other.engine === engine) < index,
  );
  if (twice !== undefined) {
    throw new Failure("usage", `${twice.engine} is named twice`, `For two of them write ${twice.engine}:2.`);
  }
  if (wanted.length === 0) throw new Failure("usage", "no engine is named", availableHint());
  return wanted;
}

function parseWanted(part: string): WantedEngine {
  const [name = "", count = "1", ...rest] = part.split(":");
  const replicas = Number(count);
  if (rest.length > 0 || !Number.isInteger(replicas) || replicas < 1 || replicas > replicasMax) {
    throw new Failure(
      "usage",
      `"${part}" is not an engine with a count from 1 to ${replicasMax}`,
      "For example inmemory:2.",
    );
  }
  return { engine: requireBuilt(name), replicas };
}

/** The engine of that name, if it can be run today. */
export function requireBuilt(name: string): EngineName {
  const isService = serviceNames.some((service) => service === name);
  if (isService) throw new Failure("usage", `${name} is no engine`, `Write --with ${name}.`);
  const engine = builtEngineNames.find((built) => built === name);
  if (engine !== undefined) return engine;
  if (Object.hasOwn(plannedImages, name)) {
    throw new Failure("usage", `${name} (${plannedImages[name]}) is not built yet`, availableHint());
  }
  const near = nearestName(name, [...builtEngineNames, ...Object.keys(plannedImages)]);
  throw new Failure(
    "usage",
    `there is no engine "${name}"`,
    near === undefined ? availableHint() : `Did you mean ${near}?`,
  );
}

function availableHint(): string {
  return `Available: ${builtEngineNames.join(", ")}.`;
}

import { nearestName } from "@weftkit/core";
import { type FrontName, frontNames, hasUse } from "./deployment/front.ts";
import type { WantedEngine } from "./engine-list.ts";
import { plannedImages } from "./images.ts";
import { Failure } from "./terminal/failure.ts";

/**
 * Reads `gateway,pool`.
 *
 * @throws Failure for names that do not exist or are not built yet, and for services that have nothing to do before these engines.
 */
export function parseServiceList(text: string | undefined, engines: readonly WantedEngine[]): FrontName[] {
  const names = (text ?? "").split(",").map((part) => part.trim());
  const wanted = [...new Set(names.filter((name) => name !== ""))].map(requireService);
  const useless = wanted.find((service) => !hasUse(service, engines));
  if (useless === undefined) return wanted;
  throw new Failure(
    "usage",
    `${useless} speaks the protocol of none of these engines`,
    "Leave it out of --with.",
  );
}

function requireService(name: string): FrontName {
  const service = frontNames.find((one) => one === name);
  if (service !== undefined) return service;
  const hint = `Available: ${frontNames.join(", ")}.`;
  if (Object.hasOwn(plannedImages, name)) {
    throw new Failure("usage", `${name} (${plannedImages[name]}) is not built yet`, hint);
  }
  const near = nearestName(name, [...frontNames]);
  throw new Failure(
    "usage",
    `there is no service "${name}"`,
    near === undefined ? hint : `Did you mean ${near}?`,
  );
}

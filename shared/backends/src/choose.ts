import type { Backend } from "./backend.ts";

/** Which of several backends gets the next connection. */
export const policies = ["least_connections", "weighted", "first"] as const;

/**
 * - `least_connections`: the one with the fewest connections for its weight;
 * - `weighted`: by chance, in proportion to the weights;
 * - `first`: the first of the list that is in, so that the others are its stand-ins.
 */
export type Policy = (typeof policies)[number];

/** Who may be chosen: `replica` is a wish, a primary does as well when there is none; `any` is both. */
export type RoleWanted = "primary" | "replica" | "any";

/** A backend with what is known of it. */
export interface Candidate {
  readonly backend: Backend;
  readonly connections: number;
}

/** Those with the role; what they were before when a replica is wished for and there is none. */
export function withRole<C extends Candidate>(candidates: readonly C[], role: RoleWanted): readonly C[] {
  if (role === "any") return candidates;
  const found = candidates.filter(({ backend }) => backend.role === role);
  return found.length === 0 && role === "replica" ? candidates : found;
}

/**
 * The one to connect to; undefined when there is none to choose from.
 *
 * @param random from 0 up to, not including, 1
 */
export function choose<C extends Candidate>(
  candidates: readonly C[],
  policy: Policy,
  random: () => number,
): C | undefined {
  if (policy === "first" || candidates.length < 2) return candidates[0];
  if (policy === "weighted") return byWeight(candidates, random);
  let best: C[] = [];
  let bestLoad = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const load = (candidate.connections + 1) / candidate.backend.weight;
    if (load > bestLoad) continue;
    if (load < bestLoad) best = [];
    bestLoad = load;
    best.push(candidate);
  }
  // Equals by chance: several gateways would all begin with the same one otherwise.
  return best[Math.floor(random() * best.length)];
}

function byWeight<C extends Candidate>(candidates: readonly C[], random: () => number): C | undefined {
  let left = random() * candidates.reduce((sum, { backend }) => sum + backend.weight, 0);
  for (const candidate of candidates) {
    left -= candidate.backend.weight;
    if (left < 0) return candidate;
  }
  return candidates.at(-1);
}

import type { Difference } from "./peer-client.ts";

/** A difference from a peer that was looked up: what AWS does, and where that is said. */
interface Decision {
  readonly operation?: RegExp;
  readonly ours: RegExp;
  readonly peers: RegExp;
  readonly why: string;
}

/** From dynoxide 3.2.0; the list is in docs/compatibility/keyvalue.md as well. */
const decisions: readonly Decision[] = [];

export function isDecided({ operation, ours, peers }: Difference): boolean {
  return decisions.some(
    (decision) =>
      (decision.operation === undefined || decision.operation.test(operation)) &&
      decision.ours.test(ours) &&
      decision.peers.test(peers),
  );
}

/** How members look after each other. Times are of the member's own clock; nothing is compared between clocks. */
export interface SwimPolicy {
  /** Each member makes two probes in this time: one of its neighbour on the ring, one of another member. */
  readonly periodMs: number;
  /** A probe is sent again after this time, and others are asked to probe as well. */
  readonly probeTimeoutMs: number;
  /** How many others are asked. */
  readonly indirectProbes: number;
  /** How often news is sent while there is some, and to how many members each time. */
  readonly gossipMs: number;
  readonly gossipFanOut: number;
  /** Each piece of news is sent this often, times the decimal logarithm of the number of members. */
  readonly retransmitFactor: number;
  /** The shortest suspicion, in periods times the decimal logarithm of the number of members, and at least `suspicionPeriodsMin`. */
  readonly suspicionFactor: number;
  readonly suspicionPeriodsMin: number;
  /** A suspicion that nobody confirms takes so many times as long. */
  readonly suspicionStretch: number;
  /** After so many confirmations by others it is the shortest. */
  readonly confirmationsMax: number;
  /** How often all that is known is exchanged with one other member. */
  readonly exchangeMs: number;
  /** How often a seed, or a member that failed, is tried that is not there. */
  readonly reconnectMs: number;
  /** How long members that failed or left are remembered. */
  readonly rememberMs: number;
}

export const defaultSwimPolicy: SwimPolicy = {
  periodMs: 1000,
  probeTimeoutMs: 200,
  indirectProbes: 3,
  gossipMs: 100,
  gossipFanOut: 3,
  retransmitFactor: 4,
  suspicionFactor: 0.25,
  suspicionPeriodsMin: 0.75,
  suspicionStretch: 4,
  confirmationsMax: 3,
  exchangeMs: 30_000,
  reconnectMs: 5000,
  rememberMs: 600_000,
};

/** So many members are known at most; more are not let in. */
export const membersMax = 5000;

/** How often one piece of news is sent by each member. */
export function transmitsMax(policy: SwimPolicy, members: number): number {
  return policy.retransmitFactor * Math.ceil(Math.log10(members + 1));
}

/**
 * How long a member is suspected before it has failed (Lifeguard's formula): it shrinks from the longest to the shortest time as
 * others confirm that they cannot reach it either. Among few members there are few who could confirm.
 */
export function suspicionMs(policy: SwimPolicy, members: number, confirmations: number): number {
  const factor = Math.max(
    policy.suspicionPeriodsMin,
    policy.suspicionFactor * Math.log10(Math.max(1, members)),
  );
  const minMs = factor * policy.periodMs;
  const maxMs = minMs * policy.suspicionStretch;
  const wanted = Math.max(0, Math.min(policy.confirmationsMax, members - 2));
  if (wanted === 0) return minMs;
  const share = Math.log(confirmations + 1) / Math.log(wanted + 1);
  return Math.max(minMs, maxMs - (maxMs - minMs) * share);
}

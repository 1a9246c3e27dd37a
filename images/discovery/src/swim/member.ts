/** Where a member's datagrams go. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What is said of a member. `left` went by itself, `failed` did not. */
export type MemberState = "alive" | "suspect" | "failed" | "left";

/**
 * One statement about one member, as it travels. Only the member itself raises its incarnation, to contradict what is said of it; a
 * member that has started anew begins with a higher one.
 */
export interface Update {
  readonly state: MemberState;
  readonly name: string;
  readonly incarnation: number;
  readonly address: Address;
  /** Of a suspicion: hashes of the names of those who could not reach it. */
  readonly accusers: readonly number[];
}

export interface Member {
  readonly name: string;
  /** Its place on the ring. */
  readonly hash: number;
  address: Address;
  incarnation: number;
  state: MemberState;
  /** While it is suspected. */
  suspicion: Suspicion | undefined;
  /** When it was said to have failed or left. */
  goneAtMs: number;
}

export interface Suspicion {
  readonly sinceMs: number;
  /** Hashes of names. */
  readonly accusers: Set<number>;
  deadlineMs: number;
}

/** FNV-1a with a last mix, so that names that differ in a digit lie far apart. */
export function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function isSameAddress(one: Address, other: Address): boolean {
  return one.port === other.port && one.host === other.host;
}

/** Whether a member takes part: suspected ones do, until they have failed. */
export function isPresent({ state }: Pick<Member, "state">): boolean {
  return state === "alive" || state === "suspect";
}

/** Whether a statement says more than what is known: the order in which statements replace each other. */
export function supersedes(
  update: Pick<Update, "state" | "incarnation">,
  known: Pick<Member, "state" | "incarnation">,
): boolean {
  if (update.incarnation !== known.incarnation) return update.incarnation > known.incarnation;
  return rank[update.state] > rank[known.state];
}

const rank: Readonly<Record<MemberState, number>> = { alive: 0, suspect: 1, failed: 2, left: 3 };

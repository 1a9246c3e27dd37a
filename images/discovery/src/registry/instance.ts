/** What an instance of an image says of itself. It never changes: another one takes its place. */
export interface Instance {
  /** What tells it from all others, over restarts: `inmemory-0`. */
  readonly id: string;
  /** The image: `relational`, `gateway`. */
  readonly engine: string;
  /** What it speaks, for those who do not know the engine: `postgresql`, `http`. */
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  /** The sets of instances that it belongs to; at least one. */
  readonly groups: readonly string[];
  readonly role: Role;
  /** Its share of connections beside others'. */
  readonly weight: number;
  /** Whether it is spoken to in TLS. */
  readonly tls: boolean;
  /** It goes soon: it gets no new connections. */
  readonly draining: boolean;
  /** Higher with each start of the instance, as a rule the time of it in milliseconds: what an older start says counts no more. */
  readonly epoch: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export const roles = ["primary", "replica"] as const;
export type Role = (typeof roles)[number];

/** The group of an instance that names none. */
export const defaultGroup = "default";

/** Bounds of what an instance may say; a record of all of them at once is still bounded by `recordBytesMax`. */
export const bounds = {
  nameCharsMax: 63,
  idCharsMax: 128,
  hostCharsMax: 253,
  groupsMax: 8,
  weightMax: 1000,
  metadataMax: 16,
  metadataKeyCharsMax: 63,
  metadataValueCharsMax: 255,
} as const;

/** What names may be made of: a group is a label of DNS as well. */
export const idPattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$";
export const groupPattern = "^[A-Za-z0-9_.-]{1,63}$";
export const wordPattern = "^[a-z0-9][a-z0-9_.-]{0,31}$";

/**
 * How an instance is. `passing`: it is heard of; `suspect`: not lately; `failed`: not for long; `left`: it went by itself. Draining is
 * no state: who drains is well.
 */
export const instanceStates = ["passing", "suspect", "failed", "left"] as const;
export type InstanceState = (typeof instanceStates)[number];

/** Whether it may be there. */
export function isPresent({ state }: { readonly state: InstanceState }): boolean {
  return state === "passing" || state === "suspect";
}

/** What all nodes know of an instance: the last of all statements about it. It never changes: another one takes its place. */
export interface InstanceRecord {
  readonly instance: Instance;
  readonly state: InstanceState;
  /** Which statement about this start of the instance it is. */
  readonly sequence: number;
  /** The node that hears of the instance, and so decides how it is. */
  readonly home: string;
}

/**
 * Whether one statement takes the place of another. It is a total order, so that all nodes end with the same one, whatever they
 * heard first: the later start of the instance; then the later statement; then the worse state; then the name of the node.
 */
export function supersedes(one: InstanceRecord, other: InstanceRecord): boolean {
  if (one.instance.epoch !== other.instance.epoch) return one.instance.epoch > other.instance.epoch;
  if (one.sequence !== other.sequence) return one.sequence > other.sequence;
  const [rank, otherRank] = [instanceStates.indexOf(one.state), instanceStates.indexOf(other.state)];
  if (rank !== otherRank) return rank > otherRank;
  return one.home > other.home;
}

/** Whether two statements say the same of an instance, whoever made them. */
export function isSameInstance(one: Instance, other: Instance): boolean {
  return JSON.stringify(textForm(one)) === JSON.stringify(textForm(other));
}

/** In the order of its members, which are those of the type. */
function textForm(instance: Instance): unknown[] {
  const { id, engine, protocol, host, port, groups, role, weight, tls, draining, epoch, metadata } = instance;
  const entries = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return [id, engine, protocol, host, port, groups, role, weight, tls, draining, epoch, entries];
}

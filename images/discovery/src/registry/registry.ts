import { ChangeRing } from "./change-ring.ts";
import {
  type Instance,
  type InstanceRecord,
  type InstanceState,
  isPresent,
  isSameInstance,
  supersedes,
} from "./instance.ts";

/** How long silence may last. Times are of this node's own clock; nothing is compared between clocks. */
export interface RegistryPolicy {
  readonly heartbeatMs: number;
  /** After so long without a heartbeat an instance is suspected, and after so long it has failed. */
  readonly suspectMs: number;
  readonly failMs: number;
  /** How long those that failed or left are remembered. */
  readonly rememberMs: number;
  readonly instancesMax: number;
}

export interface RegistryOptions {
  /** This node's name. */
  readonly node: string;
  readonly policy: RegistryPolicy;
  /** Whether another node takes part. */
  isNodePresent(node: string): boolean;
  /** Tells the other nodes. */
  tell(record: InstanceRecord): void;
}

/** Why a registration is not taken. */
export type Refusal =
  /** A later start of the instance is known, or another instance has its id. */
  | { readonly reason: "older_epoch" | "id_taken"; readonly known: InstanceRecord }
  | { readonly reason: "full" };

interface Tracked {
  record: InstanceRecord;
  /** From when on silence counts; Infinity while another node listens. */
  heardAtMs: number;
  /** When it got into its state, as far as this node knows; of this node's wall clock, for people. */
  sinceMs: number;
  /** As `sinceMs`, of the clock that never jumps. */
  changedAtMs: number;
}

/** So many changes can be caught up with. */
const ringSize = 4096;
/** Silence is counted anew when this node itself stood still for so long. */
const lateMsMax = 500;

/**
 * Who is there. Each instance has one home, the node that it sends its heartbeats to: that one decides how the instance is, and tells
 * the others when that changes. When a home is gone, every node counts the silence of its instances by itself, until they
 * have found another home.
 *
 * It is a state machine: time comes in with every call. Nothing is on disk; a node that starts knows what others tell, and what
 * heartbeats say.
 */
export class Registry {
  readonly changes = new ChangeRing(ringSize);
  readonly #options: RegistryOptions;
  readonly #byId = new Map<string, Tracked>();
  /** Those that are present, by group in lower case. */
  readonly #byGroup = new Map<string, Map<string, InstanceRecord>>();
  /** Groups in their order, until they change. */
  readonly #sorted = new Map<string, readonly InstanceRecord[]>();
  /** Ends of groups' names, from after a dot on, until there are other groups. */
  #ends: ReadonlySet<string> | undefined;
  readonly #startedMs: number;
  #sweptAtMs: number;
  #heartbeats = 0;
  #dropped = 0;

  constructor(options: RegistryOptions, nowMs: number) {
    this.#options = options;
    this.#startedMs = nowMs;
    this.#sweptAtMs = nowMs;
  }

  /** How many are known, those that are gone included. */
  get size(): number {
    return this.#byId.size;
  }

  /** Heartbeats and registrations, since the start. */
  get heartbeats(): number {
    return this.#heartbeats;
  }

  /** Records of other nodes that there was no room for. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether all who are there had the time to say so: before, that nothing is known of an instance says nothing. */
  isSettled(nowMs: number): boolean {
    return nowMs - this.#startedMs >= 2 * this.#options.policy.heartbeatMs;
  }

  get(id: string): { record: InstanceRecord; sinceMs: number } | undefined {
    return this.#byId.get(id);
  }

  all(): { record: InstanceRecord; sinceMs: number }[] {
    return [...this.#byId.values()];
  }

  /** All records, to be told to another node. */
  *records(): Iterable<InstanceRecord> {
    for (const { record } of this.#byId.values()) yield record;
  }

  /** Those of a group that are passing or suspected, by id. The case of the group's letters does not count, as in DNS. */
  ofGroup(group: string): readonly InstanceRecord[] {
    const key = group.toLowerCase();
    const members = this.#byGroup.get(key);
    if (members === undefined) return [];
    let sorted = this.#sorted.get(key);
    if (sorted === undefined) {
      sorted = [...members.values()].sort((one, other) => (one.instance.id < other.instance.id ? -1 : 1));
      this.#sorted.set(key, sorted);
    }
    return sorted;
  }

  /** The groups with somebody in them, in lower case. */
  groups(): string[] {
    return [...this.#byGroup.keys()].sort();
  }

  /** Whether the name of a group with somebody in it ends in a dot and this one, which is in lower case. */
  isAboveGroup(name: string): boolean {
    this.#ends ??= new Set([...this.#byGroup.keys()].flatMap(endsOf));
    return this.#ends.has(name);
  }

  /** An instance says what it is; it counts as a heartbeat. */
  register(instance: Instance, nowMs: number): InstanceRecord | Refusal {
    const known = this.#byId.get(instance.id);
    const { node, policy } = this.#options;
    if (known === undefined) {
      if (this.#byId.size >= policy.instancesMax) return { reason: "full" };
      return this.#hear({ instance, state: "passing", sequence: 1, home: node }, nowMs, true);
    }
    const { record } = known;
    if (instance.epoch < record.instance.epoch) return { reason: "older_epoch", known: record };
    if (instance.epoch > record.instance.epoch) {
      return this.#hear({ instance, state: "passing", sequence: 1, home: node }, nowMs, true);
    }
    const { host, port } = record.instance;
    const isElsewhere = host !== instance.host || port !== instance.port;
    if (isElsewhere && isPresent(record)) return { reason: "id_taken", known: record };
    const isNews =
      record.state !== "passing" || record.home !== node || !isSameInstance(instance, record.instance);
    if (!isNews) return this.#hear(record, nowMs, false);
    return this.#hear({ instance, state: "passing", sequence: record.sequence + 1, home: node }, nowMs, true);
  }

  /** An instance is still there. @returns undefined when it has to register first */
  heartbeat(id: string, epoch: number, nowMs: number): InstanceRecord | Refusal | undefined {
    const record = this.#byId.get(id)?.record;
    if (record === undefined || record.state === "left" || epoch > record.instance.epoch) return undefined;
    if (epoch < record.instance.epoch) return { reason: "older_epoch", known: record };
    return this.register(record.instance, nowMs);
  }

  /** An instance goes. @returns false when it is not known; an older start of it says nothing */
  deregister(id: string, epoch: number | undefined, nowMs: number): boolean {
    const known = this.#byId.get(id);
    if (known === undefined || known.record.state === "left") return false;
    const { record } = known;
    if (epoch !== undefined && epoch !== record.instance.epoch) return false;
    const { node } = this.#options;
    this.#accept({ ...record, state: "left", sequence: record.sequence + 1, home: node }, nowMs, true);
    return true;
  }

  /** Another node says something. @returns whether it was news, which is told on */
  merge(record: InstanceRecord, nowMs: number): boolean {
    const known = this.#byId.get(record.instance.id);
    if (known === undefined) {
      // Who has gone before it was heard of is of no interest, and would come back for ever from those who forget later.
      if (!isPresent(record)) return false;
      if (this.#byId.size >= this.#options.policy.instancesMax) {
        this.#dropped++;
        return false;
      }
    } else {
      if (!supersedes(record, known.record)) return false;
      if (this.#isContradicted(record, known, nowMs)) return false;
    }
    this.#accept(record, nowMs, false);
    return true;
  }

  /** Who listens to this node's instances has changed: another node came, or is gone. */
  nodeChanged(node: string, nowMs: number): void {
    for (const tracked of this.#byId.values()) {
      if (tracked.record.home === node) tracked.heardAtMs = this.#silenceFrom(tracked.record, nowMs, tracked);
    }
  }

  /** Looks who has not been heard of. To be called often: who calls late has not heard what came meanwhile either. */
  sweep(nowMs: number): void {
    const { suspectMs, failMs, rememberMs } = this.#options.policy;
    const lateMs = nowMs - this.#sweptAtMs;
    this.#sweptAtMs = nowMs;
    for (const tracked of this.#byId.values()) {
      if (lateMs > lateMsMax) tracked.heardAtMs += lateMs;
      const { record, heardAtMs, changedAtMs } = tracked;
      if (!isPresent(record)) {
        if (nowMs - changedAtMs >= rememberMs) this.#forget(tracked);
      } else if (nowMs - heardAtMs >= failMs) this.#judge(record, "failed", nowMs);
      else if (nowMs - heardAtMs >= suspectMs && record.state === "passing")
        this.#judge(record, "suspect", nowMs);
    }
  }

  /** Those who may be there, counted by state. */
  counts(): Record<InstanceState, number> {
    const counts = { passing: 0, suspect: 0, failed: 0, left: 0 };
    for (const { record } of this.#byId.values()) counts[record.state]++;
    return counts;
  }

  /** The home of an instance that is not its home any more decides in the same words as every other node. */
  #judge(record: InstanceRecord, state: InstanceState, nowMs: number): void {
    const { heardAtMs } = this.#byId.get(record.instance.id)!;
    this.#accept({ ...record, state, sequence: record.sequence + 1 }, nowMs, true);
    this.#byId.get(record.instance.id)!.heardAtMs = heardAtMs;
  }

  /** Something was heard of an instance, here. */
  #hear(record: InstanceRecord, nowMs: number, isNews: boolean): InstanceRecord {
    this.#heartbeats++;
    if (isNews) this.#accept(record, nowMs, true);
    this.#byId.get(record.instance.id)!.heardAtMs = nowMs;
    return record;
  }

  /** What others say of an instance that was heard of here a moment ago, and is not so, is put right. */
  #isContradicted(record: InstanceRecord, known: Tracked, nowMs: number): boolean {
    const { node, policy } = this.#options;
    const own = known.record;
    const isHeard =
      own.home === node && own.state === "passing" && nowMs - known.heardAtMs < policy.suspectMs;
    if (!isHeard || record.state === "left" || record.instance.epoch !== own.instance.epoch) return false;
    // It has moved to another home, or is there with the same words.
    if (record.home !== node && record.state === "passing") return false;
    if (record.state === "passing" && isSameInstance(record.instance, own.instance)) return false;
    const { heardAtMs } = known;
    this.#accept({ ...own, sequence: record.sequence + 1 }, nowMs, true);
    known.heardAtMs = heardAtMs;
    return true;
  }

  #accept(record: InstanceRecord, nowMs: number, isTold: boolean): void {
    const { id } = record.instance;
    const known = this.#byId.get(id);
    const before = known?.record;
    const isOtherState = before?.state !== record.state;
    const tracked: Tracked = known ?? { record, heardAtMs: 0, sinceMs: 0, changedAtMs: 0 };
    tracked.record = record;
    tracked.heardAtMs = this.#silenceFrom(record, nowMs, undefined);
    if (isOtherState) {
      tracked.sinceMs = Date.now();
      tracked.changedAtMs = nowMs;
    }
    this.#byId.set(id, tracked);
    this.#index(record, before);
    if (isOtherState || before === undefined || !isSameInstance(before.instance, record.instance)) {
      this.changes.push(record, before);
    }
    if (isTold) this.#options.tell(record);
  }

  /** From when on an instance's silence counts here. */
  #silenceFrom(record: InstanceRecord, nowMs: number, tracked: Tracked | undefined): number {
    const { node } = this.#options;
    if (record.home !== node && this.#options.isNodePresent(record.home)) return Number.POSITIVE_INFINITY;
    return tracked === undefined || tracked.heardAtMs === Number.POSITIVE_INFINITY
      ? nowMs
      : tracked.heardAtMs;
  }

  #index(record: InstanceRecord | undefined, before: InstanceRecord | undefined): void {
    for (const group of before?.instance.groups ?? []) {
      const members = this.#byGroup.get(group.toLowerCase());
      this.#sorted.delete(group.toLowerCase());
      members?.delete(before!.instance.id);
      if (members?.size === 0) {
        this.#byGroup.delete(group.toLowerCase());
        this.#ends = undefined;
      }
    }
    if (record === undefined || !isPresent(record)) return;
    for (const group of record.instance.groups) {
      const key = group.toLowerCase();
      this.#sorted.delete(key);
      const members = this.#byGroup.get(key);
      if (members === undefined) {
        this.#byGroup.set(key, new Map([[record.instance.id, record]]));
        this.#ends = undefined;
      } else members.set(record.instance.id, record);
    }
  }

  #forget({ record }: Tracked): void {
    this.#byId.delete(record.instance.id);
    this.#index(undefined, record);
    this.changes.push(undefined, record);
  }
}

/** `b.c` and `c` of `a.b.c`. */
function endsOf(name: string): string[] {
  const labels = name.split(".");
  return labels.slice(1).map((_, index) => labels.slice(index + 1).join("."));
}

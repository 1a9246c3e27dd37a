import { randomNumbers } from "@weftkit/testing/random-numbers";
import { Codec } from "../../src/swim/codec.ts";
import type { Address, Member, MemberState, Update } from "../../src/swim/member.ts";
import { defaultSwimPolicy, type SwimPolicy } from "../../src/swim/policy.ts";
import { Swim } from "../../src/swim/swim.ts";

export interface SimulationOptions {
  readonly members: number;
  readonly seed: number;
  /** The share of datagrams that are lost. */
  readonly loss?: number;
  /** By how much clocks run faster or slower, at most: 0.01 is one in a hundred. */
  readonly skew?: number;
  readonly policy?: SwimPolicy;
  /** Whether everybody knows everybody from the start; else they join through the first. */
  readonly isFormed?: boolean;
}

export interface SimulatedMember {
  readonly name: string;
  readonly swim: Swim;
  isUp: boolean;
  /** Datagrams and bytes that it sent. */
  sent: number;
  bytesSent: number;
  side: number;
  stalledUntilMs: number;
}

/** What a member came to think of another one, in the simulation's own time. */
export interface Opinion {
  readonly atMs: number;
  readonly by: string;
  readonly of: string;
  readonly state: MemberState;
}

/** Members in virtual time, over a network that loses, delays and cuts. The same for the same seed. */
export class Simulation {
  readonly members: SimulatedMember[] = [];
  readonly opinions: Opinion[] = [];
  /** Called with each opinion that is new. */
  longestDatagram = 0;
  readonly #options: SimulationOptions;
  readonly #random: () => number;
  readonly #events = new EventHeap();
  readonly #byName = new Map<string, SimulatedMember>();
  #nowMs = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#random = randomNumbers(options.seed);
    for (let i = 0; i < options.members; i++) this.add(`member-${i}`, i === 0 ? [] : [addressOf("member-0")]);
    if (options.isFormed === true) {
      const all = this.members.map(({ name }): Update => {
        return { name, address: addressOf(name), incarnation: 1, state: "alive", accusers: [] };
      });
      for (const member of this.members)
        member.swim.know(
          all.filter(({ name }) => name !== member.name),
          0,
        );
      this.opinions.length = 0;
    }
    for (const member of this.members) this.#begin(member);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  add(name: string, seeds: readonly Address[], incarnation = 1): SimulatedMember {
    const rate = 1 + (this.#random() * 2 - 1) * (this.#options.skew ?? 0);
    const offsetMs = (this.#options.skew ?? 0) === 0 ? 0 : this.#random() * 1e9;
    const swim = new Swim({
      name,
      address: addressOf(name),
      incarnation,
      seeds: this.#options.isFormed === true ? [] : seeds,
      policy: this.#options.policy ?? defaultSwimPolicy,
      codec,
      random: this.#random,
      output: {
        datagram: (to, bytes) => this.#datagram(member, to, bytes),
        exchange: (to, bytes) => this.#exchange(member, to, bytes),
        changed: (about) => this.#changed(member, about),
        conflict: () => {
          throw new Error(`two members have the name ${name}`);
        },
        note: () => false,
        notes: () => [],
      },
    });
    const clock = (nowMs: number) => nowMs * rate + offsetMs;
    const member: RunningMember = {
      name,
      swim,
      isUp: true,
      sent: 0,
      bytesSent: 0,
      side: 0,
      stalledUntilMs: 0,
      clock,
      virtual: (ownMs) => (ownMs - offsetMs) / rate,
      wakesAtMs: Number.POSITIVE_INFINITY,
    };
    this.members.push(member);
    this.#byName.set(name, member);
    return member;
  }

  start(member: SimulatedMember): void {
    this.#begin(member);
  }

  /** It stops, as by a power cut. */
  kill(member: SimulatedMember): void {
    member.isUp = false;
  }

  /** Nothing passes between members of different sides. */
  partition(sideOf: (index: number) => number): void {
    for (const [index, member] of this.members.entries()) member.side = sideOf(index);
  }

  run(forMs: number): void {
    const endMs = this.#nowMs + forMs;
    for (;;) {
      const event = this.#events.peek();
      if (event === undefined || event.atMs > endMs) break;
      this.#events.pop();
      this.#nowMs = event.atMs;
      event.happen();
    }
    this.#nowMs = endMs;
  }

  /** Runs until something holds. @returns how long that took; Infinity when it did not in time */
  runUntil(holds: () => boolean, maxMs: number, stepMs = 50): number {
    const startMs = this.#nowMs;
    while (!holds()) {
      if (this.#nowMs - startMs >= maxMs) return Number.POSITIVE_INFINITY;
      this.run(stepMs);
    }
    return this.#nowMs - startMs;
  }

  #begin(member: SimulatedMember): void {
    const running = member as RunningMember;
    running.swim.start(running.clock(this.#nowMs));
    this.#schedule(running);
  }

  #schedule(member: RunningMember): void {
    const atMs = Math.max(this.#nowMs, member.stalledUntilMs, member.virtual(member.swim.nextMs) + 0.001);
    if (member.wakesAtMs <= atMs) return;
    member.wakesAtMs = atMs;
    this.#events.push(atMs, () => {
      if (member.wakesAtMs !== atMs || !member.isUp) return;
      member.wakesAtMs = Number.POSITIVE_INFINITY;
      if (member.stalledUntilMs <= this.#nowMs && member.clock(this.#nowMs) >= member.swim.nextMs) {
        member.swim.wake(member.clock(this.#nowMs));
      }
      this.#schedule(member);
    });
  }

  #datagram(sender: SimulatedMember, to: Address, bytes: Buffer): void {
    sender.sent++;
    sender.bytesSent += bytes.length;
    this.longestDatagram = Math.max(this.longestDatagram, bytes.length);
    if (this.#random() < (this.#options.loss ?? 0)) return;
    this.#deliver(sender, to, (receiver) => {
      receiver.swim.receive(codec.decode(bytes), addressOf(sender.name), receiver.clock(this.#nowMs));
    });
  }

  #exchange(sender: SimulatedMember, to: Address, bytes: Buffer): void {
    this.#deliver(sender, to, (receiver) => {
      const reply = receiver.swim.exchanged(codec.decode(bytes), receiver.clock(this.#nowMs));
      if (reply === undefined) return;
      this.#deliver(receiver, addressOf(sender.name), (asker) => {
        asker.swim.exchanged(codec.decode(reply), asker.clock(this.#nowMs));
      });
    });
  }

  #deliver(sender: SimulatedMember, to: Address, work: (receiver: RunningMember) => void): void {
    const receiver = this.#byName.get(to.host) as RunningMember | undefined;
    if (receiver === undefined) return;
    const arrive = () => {
      if (!receiver.isUp || receiver.side !== sender.side) return;
      // What arrives while it is stalled is read afterwards, behind its timers, as an event loop does.
      if (receiver.stalledUntilMs > this.#nowMs) {
        this.#events.push(receiver.stalledUntilMs + 1, arrive);
        return;
      }
      work(receiver);
      this.#schedule(receiver);
    };
    this.#events.push(this.#nowMs + 0.2 + this.#random() * 10, arrive);
  }

  #changed(by: SimulatedMember, { name, state }: Readonly<Member>): void {
    this.opinions.push({ atMs: this.#nowMs, by: by.name, of: name, state });
  }
}

interface RunningMember extends SimulatedMember {
  /** The member's own time. */
  clock(nowMs: number): number;
  virtual(ownMs: number): number;
  wakesAtMs: number;
}

const codec = new Codec("a secret of the simulation", "test");

export function addressOf(name: string): Address {
  return { host: name, port: 7946 };
}

interface SimulatedEvent {
  readonly atMs: number;
  readonly order: number;
  readonly happen: () => void;
}

class EventHeap {
  readonly #events: SimulatedEvent[] = [];
  #order = 0;

  peek(): SimulatedEvent | undefined {
    return this.#events[0];
  }

  push(atMs: number, happen: () => void): void {
    const event = { atMs, order: this.#order++, happen };
    const events = this.#events;
    let at = events.length;
    events.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, events[parent]!)) break;
      events[at] = events[parent]!;
      at = parent;
    }
    events[at] = event;
  }

  pop(): void {
    const events = this.#events;
    const last = events.pop();
    if (last === undefined || events.length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && isBefore(events[child + 1]!, events[child]!)) child++;
      if (!isBefore(events[child]!, last)) break;
      events[at] = events[child]!;
      at = child;
    }
    events[at] = last;
  }
}

function isBefore(one: SimulatedEvent, other: SimulatedEvent): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

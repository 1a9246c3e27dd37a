import { type Codec, datagramBytesMax, encodeHead, encodeNote, encodeUpdate, macBytes } from "./codec.ts";
import { GossipQueue } from "./gossip-queue.ts";
import {
  type Address,
  hashOf,
  isPresent,
  isSameAddress,
  type Member,
  supersedes,
  type Update,
} from "./member.ts";
import { Membership } from "./membership.ts";
import type { Message, MessageBody, Note } from "./message.ts";
import { type SwimPolicy, suspicionMs, transmitsMax } from "./policy.ts";
import { Probes } from "./probes.ts";

/** What a member does, and what it tells whoever runs it. Nothing here may call back into the member. */
export interface SwimOutput {
  datagram(to: Address, bytes: Buffer): void;
  /** Sends an exchange over a stream and gives the reply to `exchanged`; when that fails, nothing is said. */
  exchange(to: Address, bytes: Buffer): void;
  /** A member was seen for the first time, or its state, incarnation or address is another. */
  changed(member: Readonly<Member>, previous: Member["state"] | undefined): void;
  /** Another member has this one's name. */
  conflict(other: Update): void;
  /** @returns whether it was news, which is told on */
  note(note: Note): boolean;
  /** All notes, for an exchange. */
  notes(): Iterable<Note>;
}

export interface SwimOptions {
  readonly name: string;
  readonly address: Address;
  /** Higher than at every start before, as a rule: the time of the start in milliseconds. */
  readonly incarnation: number;
  /** Tried for ever, as long as nobody is there. */
  readonly seeds?: readonly Address[];
  readonly policy: SwimPolicy;
  readonly codec: Codec;
  readonly random: () => number;
  readonly output: SwimOutput;
}

/** Local health, from 0 (well) on: a member that is slow itself waits longer before it accuses others (Lifeguard). */
const healthMax = 8;
const exchangedAfterLogOf = 8;

/** How many members are told at once that this one leaves. */
const farewellsMax = 128;

/**
 * One member of a group in which everybody knows who is there: SWIM, with incarnations, suspicion, and Lifeguard's local health.
 *
 * It is a state machine: time comes in with every call, chance from `random`, and all that it does goes to `output`.
 *
 * 1. `start` 2. `receive` and `exchanged` for what arrives, `wake` at `nextMs` or a little later 3. `leave`
 */
export class Swim {
  readonly membership: Membership;
  readonly #options: SwimOptions;
  readonly #policy: SwimPolicy;
  readonly #queue = new GossipQueue();
  readonly #probes: Probes;
  readonly #suspected = new Set<Member>();
  #incarnation: number;
  #hasLeft = false;
  #health = 0;
  /** The time of the last call. */
  #nowMs = 0;
  #dueMs = { neighbour: 0, round: 0, gossip: 0, exchange: 0, reconnect: 0, forget: 0 };
  #exchangedWithStrangerMs = Number.NEGATIVE_INFINITY;

  constructor(options: SwimOptions) {
    this.#options = options;
    this.#policy = options.policy;
    this.#incarnation = options.incarnation;
    this.membership = new Membership(options.name, options.random);
    this.#probes = new Probes(options.policy, options.random, {
      send: (to, body, about) => this.#send(to, body, about),
      helpers: (target) => this.membership.pick(this.#policy.indirectProbes, target),
      answered: () => this.#changeHealth(-1),
      missed: (target, accusers, isMyFault) => {
        if (isMyFault) this.#changeHealth(1);
        this.#accuse(target, accusers);
      },
    });
  }

  /** 0 is well; see `healthMax`. */
  get health(): number {
    return this.#health;
  }

  /** When `wake` has something to do. */
  get nextMs(): number {
    const { neighbour, round, gossip, exchange, reconnect, forget } = this.#dueMs;
    let nextMs = Math.min(neighbour, round, exchange, reconnect, forget, this.#probes.nextMs);
    if (this.hasNews) nextMs = Math.min(nextMs, gossip);
    for (const { suspicion } of this.#suspected) nextMs = Math.min(nextMs, suspicion!.deadlineMs);
    return nextMs;
  }

  /** Begins at a random moment of the period, so that members do not probe in step. */
  start(nowMs: number): void {
    this.#nowMs = nowMs;
    const { periodMs, gossipMs, exchangeMs, reconnectMs } = this.#policy;
    const phase = () => this.#options.random();
    const neighbour = nowMs + phase() * periodMs;
    this.#dueMs = {
      neighbour,
      round: neighbour + periodMs / 2,
      gossip: nowMs + phase() * gossipMs,
      exchange: nowMs + phase() * exchangeMs,
      reconnect: nowMs + phase() * Math.min(periodMs, reconnectMs),
      forget: nowMs + this.#policy.rememberMs,
    };
    this.#tellOfSelf("alive");
    for (const seed of this.#options.seeds ?? []) {
      if (!isSameAddress(seed, this.#options.address)) this.#exchangeWith(seed);
    }
  }

  /**
   * Does what is due. One that is called late has not read what arrived meanwhile either, so it gives everybody as much more time:
   * who is slow accuses nobody.
   */
  wake(nowMs: number): void {
    const lateMs = nowMs - Math.max(this.nextMs, this.#nowMs);
    if (lateMs > this.#policy.probeTimeoutMs / 2) {
      if (lateMs > this.#policy.probeTimeoutMs) this.#changeHealth(1);
      this.#probes.postpone(lateMs);
      for (const { suspicion } of this.#suspected) suspicion!.deadlineMs += lateMs;
    }
    this.#nowMs = nowMs;
    this.#probes.wake(nowMs);
    for (const member of this.#suspected) {
      if (member.suspicion!.deadlineMs <= nowMs)
        this.#apply({ ...statementOf(member), state: "failed" }, true);
    }
    this.#probeWhoIsDue(nowMs);
    this.#gossipWhenDue(nowMs);
    this.#exchangeWhenDue(nowMs);
    this.#forgetWhenDue(nowMs);
  }

  /** A datagram arrived. */
  receive(message: Message, source: Address, nowMs: number): void {
    this.#nowMs = nowMs;
    for (const update of message.updates) this.#apply(update, true);
    for (const note of message.notes) this.#applyNote(note);
    const sender = this.membership.get(message.from.name);
    // A member that is thought to have gone but speaks is told so, and contradicts.
    const about =
      sender !== undefined && sender.state !== "alive" && sender.incarnation >= message.from.incarnation
        ? sender
        : undefined;
    switch (message.kind) {
      case "ping":
        if (message.target !== this.#options.name) return;
        if (this.#hasLeft) {
          // Who asks has not heard it.
          this.#sayFarewell(source);
          return;
        }
        this.#send(source, { kind: "ack", sequence: message.sequence }, about);
        if (sender === undefined) this.#meet(source, nowMs);
        break;
      case "ping_request":
        this.#probes.relay(message, source, nowMs, this.#health);
        break;
      case "ack":
        this.#probes.ack(message.sequence);
        break;
      case "nack":
        this.#probes.nack(message.sequence, hashOf(message.from.name));
        break;
      case "gossip":
        if (about !== undefined && !isPresent(about)) this.#send(source, { kind: "gossip" }, about);
        break;
      case "exchange":
        break;
    }
  }

  /** What another member knows arrived over a stream. @returns the answer, when it was a question */
  exchanged(message: Message, nowMs: number): Buffer | undefined {
    if (message.kind !== "exchange") return undefined;
    this.#nowMs = nowMs;
    for (const update of message.updates) {
      // Hearsay: a side that was cut off thinks all others failed. They are asked, by suspecting them.
      const isHearsay = update.state === "failed";
      this.#apply(
        isHearsay ? { ...update, state: "suspect", accusers: [hashOf(message.from.name)] } : update,
        true,
      );
    }
    for (const note of message.notes) this.#applyNote(note);
    return message.isReply ? undefined : this.#exchangeBytes(true);
  }

  /** Gives a note to all others. */
  tell(note: Note): void {
    this.#queue.push(`note:${note.key}`, encodeNote(note));
  }

  /** Asks somebody for all that they know. */
  join(address: Address, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#exchangeWith(address);
  }

  /** Tells the others that this one goes; they hear it while `wake` is called for some more periods of gossip. */
  leave(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#hasLeft = true;
    const never = Number.POSITIVE_INFINITY;
    this.#dueMs = { ...this.#dueMs, neighbour: never, round: never, exchange: never, reconnect: never };
    // All of a small fleet hear it at once; in a large one it goes round as all news does.
    for (const member of this.membership.pick(farewellsMax)) this.#sayFarewell(member.address);
    this.#tellOfSelf("left");
  }

  #sayFarewell(to: Address): void {
    const head = { kind: "gossip", from: this.#from() } as Omit<Message, "updates" | "notes">;
    this.#options.output.datagram(
      to,
      this.#options.codec.seal(encodeHead(head, 1), [encodeUpdate(this.#self("left"))]),
    );
  }

  /** Whether there is still something to tell. */
  get hasNews(): boolean {
    return this.#queue.size > 0 && this.membership.size > 1;
  }

  /** Knows of others without having been told, as if an exchange had happened long ago. */
  know(updates: Iterable<Update>, nowMs: number): void {
    this.#nowMs = nowMs;
    for (const update of updates) this.#apply(update, false);
  }

  #probeWhoIsDue(nowMs: number): void {
    const periodMs = this.#policy.periodMs * (this.#health + 1);
    if (this.#dueMs.neighbour <= nowMs) {
      this.#dueMs.neighbour = nextAfter(this.#dueMs.neighbour, periodMs, nowMs);
      const neighbour = this.membership.neighbour();
      if (neighbour !== undefined) this.#probes.probe(neighbour, nowMs, this.#health);
    }
    if (this.#dueMs.round <= nowMs) {
      this.#dueMs.round = nextAfter(this.#dueMs.round, periodMs, nowMs);
      const member = this.membership.nextOfRound();
      if (member !== undefined) this.#probes.probe(member, nowMs, this.#health);
    }
  }

  #gossipWhenDue(nowMs: number): void {
    if (this.#dueMs.gossip > nowMs) return;
    this.#dueMs.gossip = nextAfter(this.#dueMs.gossip, this.#policy.gossipMs, nowMs);
    if (this.#queue.size === 0) return;
    for (const member of this.membership.pick(this.#policy.gossipFanOut)) {
      if (this.#queue.size > 0) this.#send(member.address, { kind: "gossip" }, undefined);
    }
  }

  #exchangeWhenDue(nowMs: number): void {
    const stretch = Math.max(1, Math.log2(this.membership.size / exchangedAfterLogOf));
    if (this.#dueMs.exchange <= nowMs) {
      this.#dueMs.exchange = nowMs + this.#policy.exchangeMs * stretch;
      const [member] = this.membership.pick(1);
      if (member !== undefined) this.#exchangeWith(member.address);
    }
    if (this.#dueMs.reconnect <= nowMs) {
      // Who is alone has nothing better to do than to look for others.
      const everyMs = this.membership.size === 1 ? this.#policy.periodMs : this.#policy.reconnectMs * stretch;
      this.#dueMs.reconnect = nowMs + everyMs * (0.5 + this.#options.random());
      const absent = this.#absent();
      if (absent.length > 0) this.#exchangeWith(absent[Math.floor(this.#options.random() * absent.length)]!);
    }
  }

  /** Where somebody should be, and nobody is: seeds, and members that failed. */
  #absent(): Address[] {
    const present = new Set([addressText(this.#options.address)]);
    const failed: Address[] = [];
    for (const member of this.membership.all()) {
      if (isPresent(member) || member.state === "left") present.add(addressText(member.address));
      else failed.push(member.address);
    }
    const seeds = this.#options.seeds ?? [];
    return [...seeds, ...failed].filter((address) => !present.has(addressText(address)));
  }

  #forgetWhenDue(nowMs: number): void {
    if (this.#dueMs.forget > nowMs) return;
    this.#dueMs.forget = nowMs + this.#policy.rememberMs / 10;
    for (const member of this.membership.all()) {
      if (!isPresent(member) && member.goneAtMs + this.#policy.rememberMs <= nowMs)
        this.membership.forget(member);
    }
  }

  /** Takes a statement in, when it says more than what is known, and tells it on. */
  #apply(update: Update, isTold: boolean): void {
    if (update.name === this.#options.name) {
      this.#applyToSelf(update);
      return;
    }
    const member = this.membership.get(update.name);
    if (member === undefined) {
      this.#meetMember(update, isTold);
      return;
    }
    if (
      update.state === "suspect" &&
      member.state === "suspect" &&
      update.incarnation === member.incarnation
    ) {
      this.#confirm(member, update.accusers);
      return;
    }
    if (!supersedes(update, member)) return;
    const previous = member.state;
    member.incarnation = update.incarnation;
    member.address = update.address;
    this.#endSuspicion(member);
    if (!isPresent(update)) member.goneAtMs = this.#nowMs;
    this.membership.changeState(member, update.state);
    if (update.state === "suspect") this.#beginSuspicion(member, update.accusers);
    if (isTold) this.#tellOf(member);
    this.#options.output.changed(member, previous);
  }

  #meetMember(update: Update, isTold: boolean): void {
    // Who has gone before it was heard of is of no interest, and would come back for ever from those who forget later.
    if (!isPresent(update)) return;
    const member = this.membership.add(update, this.#nowMs);
    if (member === undefined) return;
    if (member.state === "suspect") this.#beginSuspicion(member, update.accusers);
    if (isTold) this.#tellOf(member);
    this.#options.output.changed(member, undefined);
  }

  #applyToSelf(update: Update): void {
    if (update.incarnation < this.#incarnation || this.#hasLeft) return;
    const isMine = isSameAddress(update.address, this.#options.address);
    if (update.state === "alive") {
      if (update.incarnation === this.#incarnation && isMine) return;
      if (!isMine) {
        this.#options.output.conflict(update);
        return;
      }
    } else if (update.state !== "left") this.#changeHealth(1);
    this.#incarnation = update.incarnation + 1;
    this.#tellOfSelf("alive");
  }

  #accuse(target: Member, accusers: readonly number[]): void {
    if (!isPresent(target)) return;
    const all = [hashOf(this.#options.name), ...accusers];
    if (target.state === "suspect") this.#confirm(target, all);
    else this.#apply({ ...statementOf(target), state: "suspect", accusers: all }, true);
    // The accused is the first who should know.
    if (isPresent(target)) this.#send(target.address, { kind: "gossip" }, target);
  }

  #beginSuspicion(member: Member, accusers: readonly number[]): void {
    member.suspicion = { sinceMs: this.#nowMs, accusers: new Set(accusers), deadlineMs: 0 };
    this.#suspected.add(member);
    this.#setDeadline(member);
  }

  #endSuspicion(member: Member): void {
    member.suspicion = undefined;
    this.#suspected.delete(member);
  }

  /** More have not reached it: the suspicion gets shorter. So many are told on as change anything. */
  #confirm(member: Member, accusers: readonly number[]): void {
    const known = member.suspicion!.accusers;
    const before = known.size;
    for (const accuser of accusers) {
      if (known.size <= this.#policy.confirmationsMax) known.add(accuser);
    }
    if (known.size === before) return;
    this.#setDeadline(member);
    this.#tellOf(member);
  }

  #setDeadline(member: Member): void {
    const { sinceMs, accusers } = member.suspicion!;
    const lastsMs = suspicionMs(this.#policy, this.membership.size, Math.max(0, accusers.size - 1));
    member.suspicion!.deadlineMs = sinceMs + lastsMs;
  }

  #applyNote(note: Note): void {
    if (this.#options.output.note(note)) this.tell(note);
  }

  /** Somebody knows this one, but is not known: after a restart without seeds. */
  #meet(source: Address, nowMs: number): void {
    if (nowMs - this.#exchangedWithStrangerMs < this.#policy.periodMs) return;
    this.#exchangedWithStrangerMs = nowMs;
    this.#exchangeWith(source);
  }

  #tellOf(member: Member): void {
    this.#queue.push(`member:${member.name}`, encodeUpdate(statementOf(member)));
  }

  #tellOfSelf(state: "alive" | "left"): void {
    const { name } = this.#options;
    this.#queue.push(`member:${name}`, encodeUpdate(this.#self(state)));
  }

  #self(state: "alive" | "left"): Update {
    const { name, address } = this.#options;
    return { name, address, state, incarnation: this.#incarnation, accusers: [] };
  }

  /** A datagram with as much news as fits; first what is said of `about`, which is meant for who gets it. */
  #send(to: Address, body: MessageBody, about: Member | undefined): void {
    const head = { ...body, from: this.#from() } as Omit<Message, "updates" | "notes">;
    const first = about === undefined || about.state === "alive" ? [] : [encodeUpdate(statementOf(about))];
    const headBytes = encodeHead(head, 0).length;
    const room = datagramBytesMax - macBytes - headBytes - (first[0]?.length ?? 0);
    const pieces = [...first, ...this.#queue.take(room, transmitsMax(this.#policy, this.membership.size))];
    this.#options.output.datagram(to, this.#options.codec.seal(encodeHead(head, pieces.length), pieces));
  }

  #exchangeWith(address: Address): void {
    this.#options.output.exchange(address, this.#exchangeBytes(false));
  }

  #exchangeBytes(isReply: boolean): Buffer {
    const updates = [this.#self(this.#hasLeft ? "left" : "alive")];
    for (const member of this.membership.all()) updates.push(statementOf(member));
    const notes = [...this.#options.output.notes()];
    return this.#options.codec.encode({ kind: "exchange", isReply, from: this.#from(), updates, notes });
  }

  #from() {
    return { name: this.#options.name, incarnation: this.#incarnation };
  }

  #changeHealth(by: number): void {
    this.#health = Math.max(0, Math.min(healthMax, this.#health + by));
  }
}

function statementOf({ name, address, incarnation, state, suspicion }: Member): Update {
  return {
    name,
    address,
    incarnation,
    state,
    accusers: suspicion === undefined ? [] : [...suspicion.accusers],
  };
}

/** The next time on the beat that is not over yet. */
function nextAfter(dueMs: number, everyMs: number, nowMs: number): number {
  return dueMs + everyMs > nowMs ? dueMs + everyMs : nowMs + everyMs;
}

function addressText({ host, port }: Address): string {
  return `${host} ${port}`;
}

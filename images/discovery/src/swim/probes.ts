import type { Address, Member } from "./member.ts";
import type { Message, MessageBody } from "./message.ts";
import type { SwimPolicy } from "./policy.ts";

/** So many probes for others are under way at most. */
const relaysMax = 1000;
/** When a probe is over that is asked for at `probeTimeoutMs`, and when the one who asked has given up, in timeouts. */
const relayTimeouts = 2;
const allTimeouts = 3.25;

export interface ProbesOutput {
  send(to: Address, body: MessageBody, about: Member | undefined): void;
  /** Who could probe for this one. */
  helpers(target: Member): Member[];
  answered(target: Member): void;
  /** It answered nobody: `accusers` said that they did not reach it either. Whose helpers are silent too is at fault itself. */
  missed(target: Member, accusers: readonly number[], isMyFault: boolean): void;
}

interface Probe {
  readonly target: Member;
  /** Infinity when it was sent again. */
  againAtMs: number;
  overAtMs: number;
  helpers: number;
  readonly nacks: number[];
}

interface Relay {
  readonly target: string;
  readonly address: Address;
  readonly asker: Address;
  readonly askersSequence: number;
  againAtMs: number;
  overAtMs: number;
}

/**
 * Probes under way: own ones, and those that others asked for.
 *
 * ping, after a timeout once more, and at once by some others, who say whether they reached it. After 3.25 timeouts it is missed.
 */
export class Probes {
  readonly #policy: SwimPolicy;
  readonly #output: ProbesOutput;
  readonly #own = new Map<number, Probe>();
  readonly #relays = new Map<number, Relay>();
  #sequence: number;

  constructor(policy: SwimPolicy, random: () => number, output: ProbesOutput) {
    this.#policy = policy;
    this.#output = output;
    this.#sequence = Math.floor(random() * 2 ** 32);
  }

  get nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { againAtMs, overAtMs } of this.#own.values()) nextMs = Math.min(nextMs, againAtMs, overAtMs);
    for (const { againAtMs, overAtMs } of this.#relays.values())
      nextMs = Math.min(nextMs, againAtMs, overAtMs);
    return nextMs;
  }

  probe(target: Member, nowMs: number, health: number): void {
    for (const probe of this.#own.values()) if (probe.target === target) return;
    const sequence = this.#next();
    const timeoutMs = this.#policy.probeTimeoutMs * (health + 1);
    this.#own.set(sequence, {
      target,
      againAtMs: nowMs + timeoutMs,
      overAtMs: nowMs + timeoutMs * allTimeouts,
      helpers: 0,
      nacks: [],
    });
    this.#ping(target, sequence);
  }

  /** Probes for another one. */
  relay(request: Message & { kind: "ping_request" }, asker: Address, nowMs: number, health: number): void {
    if (this.#relays.size >= relaysMax) return;
    const sequence = this.#next();
    const { target, address } = request;
    const timeoutMs = this.#policy.probeTimeoutMs * (health + 1);
    this.#relays.set(sequence, {
      target,
      address,
      asker,
      askersSequence: request.sequence,
      againAtMs: nowMs + timeoutMs,
      overAtMs: nowMs + timeoutMs * relayTimeouts,
    });
    this.#output.send(address, { kind: "ping", sequence, target }, undefined);
  }

  ack(sequence: number): void {
    const relay = this.#relays.get(sequence);
    if (relay !== undefined) {
      this.#relays.delete(sequence);
      this.#output.send(relay.asker, { kind: "ack", sequence: relay.askersSequence }, undefined);
      return;
    }
    const probe = this.#own.get(sequence);
    if (probe === undefined) return;
    this.#own.delete(sequence);
    this.#output.answered(probe.target);
  }

  nack(sequence: number, from: number): void {
    const probe = this.#own.get(sequence);
    if (probe !== undefined && probe.nacks.length < probe.helpers) probe.nacks.push(from);
  }

  /** Gives everything that is under way more time. */
  postpone(byMs: number): void {
    for (const probe of [...this.#own.values(), ...this.#relays.values()]) {
      probe.againAtMs += byMs;
      probe.overAtMs += byMs;
    }
  }

  wake(nowMs: number): void {
    for (const [sequence, probe] of this.#own) {
      if (probe.againAtMs <= nowMs) this.#again(sequence, probe);
      if (probe.overAtMs > nowMs) continue;
      this.#own.delete(sequence);
      this.#output.missed(probe.target, probe.nacks, probe.helpers > 0 && probe.nacks.length === 0);
    }
    for (const [sequence, relay] of this.#relays) {
      if (relay.againAtMs <= nowMs) {
        relay.againAtMs = Number.POSITIVE_INFINITY;
        this.#output.send(relay.address, { kind: "ping", sequence, target: relay.target }, undefined);
      }
      if (relay.overAtMs > nowMs) continue;
      this.#relays.delete(sequence);
      this.#output.send(relay.asker, { kind: "nack", sequence: relay.askersSequence }, undefined);
    }
  }

  #again(sequence: number, probe: Probe): void {
    probe.againAtMs = Number.POSITIVE_INFINITY;
    this.#ping(probe.target, sequence);
    const { name, address } = probe.target;
    const helpers = this.#output.helpers(probe.target);
    probe.helpers = helpers.length;
    for (const helper of helpers) {
      this.#output.send(helper.address, { kind: "ping_request", sequence, target: name, address }, undefined);
    }
  }

  /** What is said of a suspected one goes with the probe, so that it can contradict. */
  #ping(target: Member, sequence: number): void {
    this.#output.send(target.address, { kind: "ping", sequence, target: target.name }, target);
  }

  #next(): number {
    this.#sequence = (this.#sequence + 1) >>> 0;
    return this.#sequence;
  }
}

import { addressOf } from "@weftkit/backends";
import type { Logger } from "@weftkit/observe";
import type { InstanceRecord } from "../registry/instance.ts";
import { decodeRecord, encodeRecord } from "../registry/record-codec.ts";
import { Codec, CodecError } from "../swim/codec.ts";
import { type Address, isPresent, type Member } from "../swim/member.ts";
import type { Message, Note } from "../swim/message.ts";
import { defaultSwimPolicy, type SwimPolicy } from "../swim/policy.ts";
import { Swim } from "../swim/swim.ts";
import { Frames } from "./frames.ts";
import { Peers } from "./peers.ts";
import { Transport } from "./transport.ts";

export interface GossipOptions {
  readonly name: string;
  readonly cluster: string;
  readonly secret: string;
  readonly bind: string;
  readonly port: number;
  /** Where others reach it; the port is the one that is listened on when undefined. */
  readonly advertise: { readonly host: string; readonly port: number | undefined };
  readonly peers: readonly Address[];
  readonly periodMs: number;
  readonly log: Logger;
  readonly output: GossipOutput;
}

/** What the node's owner knows and wants to know. */
export interface GossipOutput {
  /** Another node says this. @returns whether it was news */
  record(record: InstanceRecord): boolean;
  /** All that is known, for a node that asks. */
  records(): Iterable<InstanceRecord>;
  /** A node came, or is gone. */
  nodeChanged(name: string): void;
}

/** How long a node that leaves goes on telling so. */
const leaveMs = 400;

/** One node among others: SWIM with its sockets and its timer, and records of instances as its notes. */
export class GossipNode {
  /** Messages that were not taken, by reason. */
  readonly refused = { malformed: 0, not_authentic: 0 };
  readonly transport: Transport;
  readonly #options: GossipOptions;
  readonly #codec: Codec;
  readonly #peers: Peers;
  /** What is to be told, once the member has done what it is about. */
  #untold: Note[] = [];
  #swim: Swim | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasLeft = false;
  #saidNotAuthentic = false;

  constructor(options: GossipOptions) {
    this.#options = options;
    this.#codec = new Codec(options.secret, options.cluster);
    this.#peers = new Peers(options.peers, options.log);
    this.transport = new Transport({
      bind: options.bind,
      port: options.port,
      frames: new Frames(options.secret, options.cluster),
      log: options.log,
      datagram: (bytes, source) => this.#receive(bytes, source),
      exchanged: (bytes) => this.#exchanged(bytes),
      notAuthentic: () => this.#notAuthentic(),
    });
  }

  /** Listens and joins; resolves to the port. */
  async open(): Promise<number> {
    const { name, advertise, periodMs } = this.#options;
    const port = await this.transport.open();
    const address = { host: advertise.host, port: advertise.port ?? port };
    const peers = this.#peers;
    const swim = new Swim({
      name,
      address,
      incarnation: Date.now(),
      get seeds() {
        return peers.addresses;
      },
      policy: policyOf(periodMs),
      codec: this.#codec,
      random: Math.random,
      output: {
        datagram: (to, bytes) => this.transport.send(to, bytes),
        exchange: (to, bytes) => this.transport.exchange(to, bytes),
        changed: (member, previous) => this.#changed(member, previous),
        conflict: (other) => this.#conflict(other.address),
        note: (note) => this.#note(note),
        notes: () => this.#notes(),
      },
    });
    this.#swim = swim;
    this.#do((nowMs) => swim.start(nowMs));
    // Names that nobody knows may take long, and a node does not wait for others.
    void peers.open((found) => this.#join(found));
    return port;
  }

  /** Tells the others that it goes, and stops. */
  async close(): Promise<void> {
    this.#peers.close();
    const swim = this.#swim;
    if (swim !== undefined && swim.membership.size > 1) {
      this.#hasLeft = true;
      this.#do((nowMs) => swim.leave(nowMs));
      await new Promise((resolve) => setTimeout(resolve, leaveMs));
    }
    clearTimeout(this.#timer);
    this.#swim = undefined;
    this.transport.close();
  }

  tell(record: InstanceRecord): void {
    this.#untold.push(noteOf(record));
    // The caller may be within a call of the member.
    queueMicrotask(() => this.#do(() => {}));
  }

  /** Whether a node takes part, as far as this one knows. */
  isPresent(name: string): boolean {
    const member = this.#swim?.membership.get(name);
    return member !== undefined && isPresent(member);
  }

  /** The other nodes that are known. */
  members(): Readonly<Member>[] {
    return [...(this.#swim?.membership.all() ?? [])];
  }

  get health(): number {
    return this.#swim?.health ?? 0;
  }

  /** Does something with the member, tells what is to be told, and sets the timer anew. */
  #do(work: (nowMs: number) => void): void {
    const swim = this.#swim;
    if (swim === undefined) return;
    work(performance.now());
    const untold = this.#untold;
    this.#untold = [];
    for (const note of untold) swim.tell(note);
    clearTimeout(this.#timer);
    const waitMs = Math.max(1, Math.ceil(swim.nextMs - performance.now()));
    this.#timer = setTimeout(() => this.#do((nowMs) => swim.wake(nowMs)), waitMs);
  }

  #join(address: Address): void {
    const swim = this.#swim;
    if (swim !== undefined && !this.#hasLeft) this.#do((nowMs) => swim.join(address, nowMs));
  }

  #receive(bytes: Buffer, source: Address): void {
    const message = this.#decode(bytes);
    if (message !== undefined) this.#do((nowMs) => this.#swim!.receive(message, source, nowMs));
  }

  #exchanged(bytes: Buffer): Buffer | undefined {
    const message = this.#decode(bytes);
    let answer: Buffer | undefined;
    if (message !== undefined) {
      this.#do((nowMs) => {
        answer = this.#swim!.exchanged(message, nowMs);
      });
    }
    return answer;
  }

  #decode(bytes: Buffer): Message | undefined {
    try {
      return this.#codec.decode(bytes);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      if (error.reason === "not_authentic") this.#notAuthentic();
      else this.refused.malformed++;
      return undefined;
    }
  }

  #notAuthentic(): void {
    this.refused.not_authentic++;
    if (this.#saidNotAuthentic) return;
    this.#saidNotAuthentic = true;
    this.#options.log.warn(
      "gossip came that was not made with this node's gossip_secret and cluster; more of it is only counted",
    );
  }

  #changed(member: Readonly<Member>, previous: Member["state"] | undefined): void {
    const { name, state, address } = member;
    const { log, output } = this.#options;
    if (previous === state) return;
    const line = { peer: name, address: addressOf(address), state };
    if (state === "failed") log.warn(line, "a node has failed");
    else if (state === "left") log.info(line, "a node has left");
    else if (previous === undefined || previous === "failed" || previous === "left")
      log.info(line, "a node is there");
    output.nodeChanged(name);
  }

  #conflict(address: Address): void {
    this.#options.log.error(
      { peer: addressOf(address) },
      "another node has this node's name: give each its own WEFTKIT_SERVER_NAME",
    );
  }

  #note({ body }: Note): boolean {
    const record = decodeRecord(body);
    if (record === undefined) {
      this.refused.malformed++;
      return false;
    }
    return this.#options.output.record(record);
  }

  *#notes(): Iterable<Note> {
    for (const record of this.#options.output.records()) yield noteOf(record);
  }
}

function noteOf(record: InstanceRecord): Note {
  return { key: record.instance.id, body: encodeRecord(record) };
}

/** All of it keeps its proportions. */
function policyOf(periodMs: number): SwimPolicy {
  const share = periodMs / defaultSwimPolicy.periodMs;
  const { probeTimeoutMs, gossipMs, exchangeMs, reconnectMs } = defaultSwimPolicy;
  return {
    ...defaultSwimPolicy,
    periodMs,
    probeTimeoutMs: probeTimeoutMs * share,
    gossipMs: Math.min(gossipMs, gossipMs * share),
    exchangeMs: exchangeMs * share,
    reconnectMs: reconnectMs * share,
  };
}

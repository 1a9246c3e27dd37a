import { matchGlob } from "../protocol/glob.ts";
import type { Reply } from "../protocol/reply.ts";

const MESSAGE = Buffer.from("message");
const PMESSAGE = Buffer.from("pmessage");
const SMESSAGE = Buffer.from("smessage");

/** The kinds of subscription, by the session's set that holds them. */
export type SubscriptionKind = "channels" | "patterns" | "shardChannels";

/** A session, as far as its subscriptions are concerned. Names are kept one character per byte. */
export interface Subscriber {
  readonly channels: Set<string>;
  readonly patterns: Set<string>;
  readonly shardChannels: Set<string>;
  /** Where to write a message that comes between its replies. */
  outOfBand(): Reply;
}

/** Channels, patterns and shard channels with their subscribers. Names are kept one character per byte. */
export class PubSub {
  readonly channels = new Map<string, Set<Subscriber>>();
  readonly patterns = new Map<string, { pattern: Buffer; sessions: Set<Subscriber> }>();
  readonly shardChannels = new Map<string, Set<Subscriber>>();
  readonly #sent: () => void;

  /** @param sent is told of each message to each subscriber */
  constructor(sent: () => void) {
    this.#sent = sent;
  }

  /** Sends a message to a channel's subscribers and to those of matching patterns; returns how many got it. */
  publish(channel: Buffer, message: Buffer): number {
    let receivers = 0;
    for (const session of this.channels.get(channel.toString("latin1")) ?? []) {
      this.#send(session, [MESSAGE, channel, message]);
      receivers++;
    }
    for (const { pattern, sessions } of this.patterns.values()) {
      if (!matchGlob(pattern, channel)) continue;
      for (const session of sessions) {
        this.#send(session, [PMESSAGE, pattern, channel, message]);
        receivers++;
      }
    }
    return receivers;
  }

  publishShard(channel: Buffer, message: Buffer): number {
    const sessions = this.shardChannels.get(channel.toString("latin1"));
    for (const session of sessions ?? []) this.#send(session, [SMESSAGE, channel, message]);
    return sessions?.size ?? 0;
  }

  subscribe(session: Subscriber, kind: SubscriptionKind, name: string): void {
    session[kind].add(name);
    if (kind === "patterns") {
      const entry = this.patterns.get(name);
      if (entry === undefined) {
        this.patterns.set(name, { pattern: Buffer.from(name, "latin1"), sessions: new Set([session]) });
      } else entry.sessions.add(session);
      return;
    }
    const sessions = this[kind].get(name);
    if (sessions === undefined) this[kind].set(name, new Set([session]));
    else sessions.add(session);
  }

  unsubscribe(session: Subscriber, kind: SubscriptionKind, name: string): void {
    if (!session[kind].delete(name)) return;
    const sessions = kind === "patterns" ? this.patterns.get(name)?.sessions : this[kind].get(name);
    sessions?.delete(session);
    if (sessions?.size === 0) this[kind].delete(name);
  }

  unsubscribeAll(session: Subscriber): void {
    for (const kind of ["channels", "patterns", "shardChannels"] as const) {
      for (const name of [...session[kind]]) this.unsubscribe(session, kind, name);
    }
  }

  #send(session: Subscriber, parts: readonly Buffer[]): void {
    const reply = session.outOfBand();
    reply.push(parts.length);
    for (const part of parts) reply.bulkBuffer(part);
    this.#sent();
  }
}

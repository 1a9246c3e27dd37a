import { matchGlob } from "./protocol/glob.ts";
import type { Server } from "./server.ts";
import type { Session } from "./session.ts";

const MESSAGE = Buffer.from("message");
const PMESSAGE = Buffer.from("pmessage");
const SMESSAGE = Buffer.from("smessage");

/** Channels, patterns and shard channels with their subscribers. Names are kept one character per byte. */
export class PubSub {
  readonly channels = new Map<string, Set<Session>>();
  readonly patterns = new Map<string, { pattern: Buffer; sessions: Set<Session> }>();
  readonly shardChannels = new Map<string, Set<Session>>();
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
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

  unsubscribeAll(session: Session): void {
    for (const channel of session.channels) leave(this.channels, channel, session);
    for (const channel of session.shardChannels) leave(this.shardChannels, channel, session);
    for (const pattern of session.patterns) {
      const entry = this.patterns.get(pattern);
      entry?.sessions.delete(session);
      if (entry?.sessions.size === 0) this.patterns.delete(pattern);
    }
    session.channels.clear();
    session.shardChannels.clear();
    session.patterns.clear();
  }

  #send(session: Session, parts: readonly Buffer[]): void {
    const reply = session.outOfBand();
    reply.push(parts.length);
    for (const part of parts) reply.bulkBuffer(part);
    this.#server.statistics.pubsubMessages++;
  }
}

function leave(channels: Map<string, Set<Session>>, channel: string, session: Session): void {
  const sessions = channels.get(channel);
  sessions?.delete(session);
  if (sessions?.size === 0) channels.delete(channel);
}

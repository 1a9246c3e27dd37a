import { matchGlob } from "../protocol/glob.ts";
import type { ClientSession } from "../server/server.ts";
import type { Command, Flag, KeySpec } from "./definition.ts";
import { helpCommand } from "./help.ts";

/** The three kinds of subscription, which differ in nothing but names and where they are kept. */
type Kind = "channels" | "patterns" | "shardChannels";

const VERBS = {
  channels: { subscribe: "subscribe", unsubscribe: "unsubscribe" },
  patterns: { subscribe: "psubscribe", unsubscribe: "punsubscribe" },
  shardChannels: { subscribe: "ssubscribe", unsubscribe: "sunsubscribe" },
} as const;

/** How many subscriptions a reply counts: shard channels by themselves, the others together. */
function countFor(session: ClientSession, kind: Kind): number {
  return kind === "shardChannels"
    ? session.shardChannels.size
    : session.channels.size + session.patterns.size;
}

function answer(session: ClientSession, verb: string, name: string | undefined, kind: Kind): void {
  const { reply } = session;
  reply.push(3);
  reply.bulkText(verb);
  if (name === undefined) reply.null();
  else reply.bulkBuffer(Buffer.from(name, "latin1"));
  reply.integer(countFor(session, kind));
}

function subscribeTo(kind: Kind) {
  return (session: ClientSession): void => {
    const { args, server } = session;
    for (let i = 1; i < args.count; i++) {
      const name = args.latin1(i);
      server.pubsub.subscribe(session, kind, name);
      answer(session, VERBS[kind].subscribe, name, kind);
    }
  };
}

function unsubscribeFrom(kind: Kind) {
  return (session: ClientSession): void => {
    const { args, server } = session;
    const names =
      args.count > 1
        ? Array.from({ length: args.count - 1 }, (_, index) => args.latin1(index + 1))
        : [...session[kind]];
    for (const name of names) {
      server.pubsub.unsubscribe(session, kind, name);
      answer(session, VERBS[kind].unsubscribe, name, kind);
    }
    if (names.length === 0) answer(session, VERBS[kind].unsubscribe, undefined, kind);
  };
}

function publish(session: ClientSession): void {
  const { args, server } = session;
  session.reply.integer(server.pubsub.publish(args.copy(1), args.copy(2)));
}

function spublish(session: ClientSession): void {
  const { args, server } = session;
  session.reply.integer(server.pubsub.publishShard(args.copy(1), args.copy(2)));
}

function listChannels(kind: "channels" | "shardChannels") {
  return (session: ClientSession): void => {
    const { args, reply, server } = session;
    const pattern = args.count > 2 ? args.view(2) : undefined;
    const names = [...server.pubsub[kind].keys()]
      .map((name) => Buffer.from(name, "latin1"))
      .filter((name) => pattern === undefined || matchGlob(pattern, name));
    reply.array(names.length);
    for (const name of names) reply.bulkBuffer(name);
  };
}

function countSubscribers(kind: "channels" | "shardChannels") {
  return (session: ClientSession): void => {
    const { args, reply, server } = session;
    reply.array((args.count - 2) * 2);
    for (let i = 2; i < args.count; i++) {
      reply.bulkBuffer(args.view(i));
      reply.integer(server.pubsub[kind].get(args.latin1(i))?.size ?? 0);
    }
  };
}

function numpat(session: ClientSession): void {
  session.reply.integer(session.server.pubsub.patterns.size);
}

const SUBSCRIBER_FLAGS: Flag[] = ["pubsub", "noscript", "loading", "stale"];
const QUERY_FLAGS: Flag[] = ["pubsub", "loading", "stale"];

/** Shard channels are cut into slots like keys, though they name none. */
function shardChannel(last: number): KeySpec[] {
  return [{ begin: 1, find: { last, step: 1 }, flags: "not_key" }];
}

export const pubsubCommands: Command[] = [
  {
    name: "publish",
    arity: 3,
    flags: ["pubsub", "loading", "stale", "fast", "may_replicate"],
    group: "pubsub",
    since: "2.0.0",
    complexity: "O(N+M) where N is the number of subscribers of the channel and M the number of patterns",
    summary: "Sends a message to a channel and tells how many clients received it.",
    syntax: "channel message",
    handler: publish,
  },
  {
    name: "subscribe",
    arity: -2,
    flags: SUBSCRIBER_FLAGS,
    group: "pubsub",
    since: "2.0.0",
    complexity: "O(N) where N is the number of channels",
    summary: "Listens to channels.",
    syntax: "channel [channel ...]",
    handler: subscribeTo("channels"),
  },
  {
    name: "unsubscribe",
    arity: -1,
    flags: SUBSCRIBER_FLAGS,
    group: "pubsub",
    since: "2.0.0",
    complexity: "O(N) where N is the number of channels",
    summary: "Stops listening to channels, to all of them when none is named.",
    syntax: "[channel [channel ...]]",
    handler: unsubscribeFrom("channels"),
  },
  {
    name: "psubscribe",
    arity: -2,
    flags: SUBSCRIBER_FLAGS,
    group: "pubsub",
    since: "2.0.0",
    complexity: "O(N) where N is the number of patterns",
    summary: "Listens to all channels that match patterns.",
    syntax: "pattern [pattern ...]",
    handler: subscribeTo("patterns"),
  },
  {
    name: "punsubscribe",
    arity: -1,
    flags: SUBSCRIBER_FLAGS,
    group: "pubsub",
    since: "2.0.0",
    complexity: "O(N) where N is the number of patterns",
    summary: "Stops listening to patterns, to all of them when none is named.",
    syntax: "[pattern [pattern ...]]",
    handler: unsubscribeFrom("patterns"),
  },
  {
    name: "spublish",
    arity: 3,
    flags: ["pubsub", "loading", "stale", "fast", "may_replicate"],
    keys: shardChannel(0),
    group: "pubsub",
    since: "7.0.0",
    complexity: "O(N) where N is the number of subscribers of the channel",
    summary: "Sends a message to a shard channel.",
    syntax: "shardchannel message",
    handler: spublish,
  },
  {
    name: "ssubscribe",
    arity: -2,
    flags: SUBSCRIBER_FLAGS,
    keys: shardChannel(-1),
    group: "pubsub",
    since: "7.0.0",
    complexity: "O(N) where N is the number of channels",
    summary: "Listens to shard channels.",
    syntax: "shardchannel [shardchannel ...]",
    handler: subscribeTo("shardChannels"),
  },
  {
    name: "sunsubscribe",
    arity: -1,
    flags: SUBSCRIBER_FLAGS,
    keys: shardChannel(-1),
    group: "pubsub",
    since: "7.0.0",
    complexity: "O(N) where N is the number of channels",
    summary: "Stops listening to shard channels, to all of them when none is named.",
    syntax: "[shardchannel [shardchannel ...]]",
    handler: unsubscribeFrom("shardChannels"),
  },
  {
    name: "pubsub",
    arity: -2,
    flags: [],
    group: "pubsub",
    since: "2.8.0",
    complexity: "Depends on the subcommand",
    summary: "Tells about channels and subscriptions.",
    subcommands: [
      {
        name: "channels",
        arity: -2,
        flags: QUERY_FLAGS,
        group: "pubsub",
        since: "2.8.0",
        complexity: "O(N) where N is the number of channels",
        summary: "Lists the channels that someone listens to.",
        syntax: "[pattern]",
        handler: listChannels("channels"),
      },
      {
        name: "numsub",
        arity: -2,
        flags: QUERY_FLAGS,
        group: "pubsub",
        since: "2.8.0",
        complexity: "O(N) where N is the number of channels asked for",
        summary: "Counts the subscribers of channels.",
        syntax: "[channel [channel ...]]",
        handler: countSubscribers("channels"),
      },
      {
        name: "numpat",
        arity: 2,
        flags: QUERY_FLAGS,
        group: "pubsub",
        since: "2.8.0",
        complexity: "O(1)",
        summary: "Counts the patterns that someone listens to.",
        handler: numpat,
      },
      {
        name: "shardchannels",
        arity: -2,
        flags: QUERY_FLAGS,
        group: "pubsub",
        since: "7.0.0",
        complexity: "O(N) where N is the number of shard channels",
        summary: "Lists the shard channels that someone listens to.",
        syntax: "[pattern]",
        handler: listChannels("shardChannels"),
      },
      {
        name: "shardnumsub",
        arity: -2,
        flags: QUERY_FLAGS,
        group: "pubsub",
        since: "7.0.0",
        complexity: "O(N) where N is the number of shard channels asked for",
        summary: "Counts the subscribers of shard channels.",
        syntax: "[shardchannel [shardchannel ...]]",
        handler: countSubscribers("shardChannels"),
      },
      helpCommand("pubsub", "6.2.0"),
    ],
  },
];

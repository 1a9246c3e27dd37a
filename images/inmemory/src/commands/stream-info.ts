import { NO_SUCH_KEY } from "../errors.ts";
import type { Reply } from "../protocol/reply.ts";
import type { ClientSession } from "../server/server.ts";
import {
  type Consumer,
  type ConsumerGroup,
  ENTRIES_READ_UNKNOWN,
  NEVER_ACTIVE,
} from "../storage/consumer-group.ts";
import { TYPE_STREAM } from "../storage/keyspace.ts";
import { openStream, type Stream } from "../storage/stream.ts";
import { FIRST_ID, LAST_ID } from "../storage/stream-id.ts";
import { type Command, key } from "./definition.ts";
import { helpCommand, subcommandSyntax } from "./help.ts";
import { writeEntry } from "./stream-arguments.ts";
import { noSuchGroup } from "./stream-propagation.ts";

const FULL_COUNT_DEFAULT = 10;

/** The stream at argument 2; undefined after an error was answered. */
function requireStream(session: ClientSession): Stream | undefined {
  const entry = session.read(2);
  if (entry === 0) {
    session.reply.error(NO_SUCH_KEY);
    return undefined;
  }
  return session.isType(entry, TYPE_STREAM) ? openStream(session.db, entry) : undefined;
}

function info(session: ClientSession): void {
  const { args, reply } = session;
  const stream = requireStream(session);
  if (stream === undefined) return;
  let count = FULL_COUNT_DEFAULT;
  if (args.count > 3) {
    const isCounted = args.count === 6;
    if ((args.count !== 4 && !isCounted) || !args.is(3, "FULL") || (isCounted && !args.is(4, "COUNT"))) {
      reply.error(subcommandSyntax(session));
      return;
    }
    if (isCounted) {
      count = session.integer(5);
      if (Number.isNaN(count)) return;
      if (count < 0) count = FULL_COUNT_DEFAULT;
    }
  }
  const isFull = args.count > 3;
  reply.map(isFull ? 9 : 10);
  writeNumber(reply, "length", stream.length);
  writeNumber(reply, "radix-tree-keys", stream.nodeCount);
  // A root, and a leaf per node: we have no radix tree, but the field is in everyone's replies.
  writeNumber(reply, "radix-tree-nodes", stream.nodeCount + 1);
  writeText(reply, "last-generated-id", stream.lastId.toString());
  writeText(reply, "max-deleted-entry-id", stream.maxDeletedId.toString());
  writeNumber(reply, "entries-added", stream.entriesAdded);
  writeText(reply, "recorded-first-entry-id", stream.firstId.toString());
  if (isFull) {
    writeEntries(session, stream, count);
    writeGroupsInFull(session, stream, count);
    return;
  }
  writeNumber(reply, "groups", stream.groupCount);
  writeEdge(session, "first-entry", stream, false);
  writeEdge(session, "last-entry", stream, true);
}

function writeNumber(reply: Reply, name: string, value: number): void {
  reply.bulkText(name);
  reply.integer(value);
}

function writeText(reply: Reply, name: string, value: string): void {
  reply.bulkText(name);
  reply.bulkText(value);
}

function writeName(reply: Reply, name: string): void {
  reply.bulkText("name");
  reply.bulkBuffer(Buffer.from(name, "latin1"));
}

function writeEdge(session: ClientSession, name: string, stream: Stream, isLast: boolean): void {
  const { reply } = session;
  reply.bulkText(name);
  let isFound = false;
  stream.range(FIRST_ID, LAST_ID, isLast, (entry) => {
    writeEntry(session, entry);
    isFound = true;
    return false;
  });
  if (!isFound) reply.null();
}

function writeEntries(session: ClientSession, stream: Stream, countMax: number): void {
  const { reply } = session;
  reply.bulkText("entries");
  const mark = reply.beginArray();
  let count = 0;
  stream.range(FIRST_ID, LAST_ID, false, (entry) => {
    writeEntry(session, entry);
    return ++count !== countMax;
  });
  reply.endArray(mark, count);
}

/** How far a group has read, and how far it is behind. */
function writeProgress(reply: Reply, stream: Stream, group: ConsumerGroup): void {
  writeText(reply, "last-delivered-id", group.lastId.toString());
  reply.bulkText("entries-read");
  if (group.entriesRead === ENTRIES_READ_UNKNOWN) reply.null();
  else reply.integer(group.entriesRead);
  reply.bulkText("lag");
  const lag = stream.lagOf(group);
  if (lag === undefined) reply.null();
  else reply.integer(lag);
}

function writeGroupsInFull(session: ClientSession, stream: Stream, count: number): void {
  const { reply } = session;
  reply.bulkText("groups");
  reply.array(stream.groupCount);
  for (const group of stream.groups()) {
    reply.map(7);
    writeName(reply, group.name);
    writeProgress(reply, stream, group);
    writePending(reply, group, count, true);
    reply.bulkText("consumers");
    reply.array(group.consumerCount);
    for (const consumer of group.consumers()) {
      reply.map(5);
      writeName(reply, consumer.name);
      writeNumber(reply, "seen-time", consumer.seenAt);
      writeNumber(reply, "active-time", consumer.activeAt);
      writePending(reply, consumer, count, false);
    }
  }
}

function writePending(
  reply: Reply,
  owner: ConsumerGroup | Consumer,
  countMax: number,
  withConsumer: boolean,
): void {
  writeNumber(reply, "pel-count", owner.pending.size);
  reply.bulkText("pending");
  const mark = reply.beginArray();
  let count = 0;
  for (const { id, consumer, deliveredAt, deliveries } of owner.pending) {
    reply.array(withConsumer ? 4 : 3);
    reply.bulkText(id.toString());
    if (withConsumer) reply.bulkBuffer(Buffer.from(consumer.name, "latin1"));
    reply.integer(deliveredAt);
    reply.integer(deliveries);
    if (++count === countMax) break;
  }
  reply.endArray(mark, count);
}

function groups(session: ClientSession): void {
  const { reply } = session;
  const stream = requireStream(session);
  if (stream === undefined) return;
  reply.array(stream.groupCount);
  for (const group of stream.groups()) {
    reply.map(6);
    writeName(reply, group.name);
    writeNumber(reply, "consumers", group.consumerCount);
    writeNumber(reply, "pending", group.pending.size);
    writeProgress(reply, stream, group);
  }
}

function consumers(session: ClientSession): void {
  const { args, reply, server } = session;
  const stream = requireStream(session);
  if (stream === undefined) return;
  const group = stream.group(args.latin1(3));
  if (group === undefined) {
    reply.error(noSuchGroup(session, 2, 3));
    return;
  }
  reply.array(group.consumerCount);
  for (const consumer of group.consumers()) {
    reply.map(4);
    writeName(reply, consumer.name);
    writeNumber(reply, "pending", consumer.pending.size);
    writeNumber(reply, "idle", Math.max(0, server.now - consumer.seenAt));
    const { activeAt } = consumer;
    writeNumber(reply, "inactive", activeAt === NEVER_ACTIVE ? NEVER_ACTIVE : server.now - activeAt);
  }
}

export const streamInfoCommands: Command[] = [
  {
    name: "xinfo",
    arity: -2,
    flags: [],
    group: "stream",
    since: "5.0.0",
    complexity: "Depends on the subcommand",
    summary: "Tells about streams, their groups and their consumers.",
    subcommands: [
      {
        name: "consumers",
        arity: 4,
        flags: ["readonly"],
        keys: key("RO access", 2),
        group: "stream",
        since: "5.0.0",
        complexity: "O(1)",
        summary: "Lists the consumers of a group.",
        syntax: "key group",
        handler: consumers,
      },
      {
        name: "groups",
        arity: 3,
        flags: ["readonly"],
        keys: key("RO access", 2),
        group: "stream",
        since: "5.0.0",
        complexity: "O(1)",
        summary: "Lists the groups of a stream.",
        syntax: "key",
        handler: groups,
      },
      {
        name: "stream",
        arity: -3,
        flags: ["readonly"],
        keys: key("RO access", 2),
        group: "stream",
        since: "5.0.0",
        complexity: "O(1)",
        summary: "Describes a stream, in full with its first entries and its groups.",
        syntax: "key [FULL [COUNT count]]",
        handler: info,
      },
      helpCommand("stream", "5.0.0"),
    ],
  },
];

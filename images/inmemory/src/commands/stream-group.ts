import { NOTIFY_STREAM } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { type ConsumerGroup, ENTRIES_READ_UNKNOWN } from "../storage/consumer-group.ts";
import { TYPE_STREAM } from "../storage/keyspace.ts";
import { createStream, openStream, type Stream } from "../storage/stream.ts";
import { FIRST_ID, type StreamId } from "../storage/stream-id.ts";
import { addKey } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import { helpCommand, subcommandSyntax } from "./help.ts";
import { readId, readStrictId } from "./stream-arguments.ts";
import { noSuchGroup } from "./stream-propagation.ts";

const KEY_MISSING =
  "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.";
const ENTRIES_READ_NEGATIVE = "ERR value for ENTRIESREAD must be positive or -1";
const BUSYGROUP = "BUSYGROUP Consumer Group name already exists";

/** `[MKSTREAM] [ENTRIESREAD n]` from argument 5 on; undefined after an error was answered. */
function readGroupOptions(
  session: ClientSession,
  isCreate: boolean,
): { makesStream: boolean; entriesRead: number } | undefined {
  const { args, reply } = session;
  const options = { makesStream: false, entriesRead: ENTRIES_READ_UNKNOWN };
  for (let i = 5; i < args.count; i++) {
    if (isCreate && args.is(i, "MKSTREAM")) options.makesStream = true;
    else if (args.is(i, "ENTRIESREAD") && i + 1 < args.count) {
      options.entriesRead = session.integer(++i);
      if (Number.isNaN(options.entriesRead)) return undefined;
      if (options.entriesRead < 0 && options.entriesRead !== ENTRIES_READ_UNKNOWN) {
        reply.error(ENTRIES_READ_NEGATIVE);
        return undefined;
      }
    } else {
      reply.error(subcommandSyntax(session));
      return undefined;
    }
  }
  return options;
}

/** The stream at argument 2, which must be there; undefined after an error was answered. */
function requireStream(session: ClientSession): Stream | undefined {
  const entry = session.write(2);
  if (!session.isType(entry, TYPE_STREAM)) return undefined;
  if (entry !== 0) return openStream(session.db, entry);
  session.reply.error(KEY_MISSING);
  return undefined;
}

/** The group at argument 3 of the stream at argument 2; undefined after an error was answered. */
function requireGroup(session: ClientSession): ConsumerGroup | undefined {
  const stream = requireStream(session);
  const group = stream?.group(session.args.latin1(3));
  if (stream !== undefined && group === undefined) session.reply.error(noSuchGroup(session, 2, 3));
  return group;
}

/** Says that a group of the key at argument 2 was changed. Those who watch the key are not told, as in Redis. */
function groupChanged({ server, db, args }: ClientSession, event: string): void {
  server.dirty++;
  server.notify(db, args.view(2), NOTIFY_STREAM, event);
}

function create(session: ClientSession): void {
  const { args, db, reply } = session;
  const options = readGroupOptions(session, true);
  if (options === undefined) return;
  const entry = session.write(2);
  if (!session.isType(entry, TYPE_STREAM)) return;
  if (entry === 0 && !options.makesStream) {
    reply.error(KEY_MISSING);
    return;
  }
  if (args.count > 8) {
    reply.error(subcommandSyntax(session));
    return;
  }
  let stream = entry === 0 ? undefined : openStream(db, entry);
  let id: StreamId | undefined;
  if (args.is(4, "$")) id = stream?.lastId ?? FIRST_ID;
  else id = readStrictId(session, 4);
  if (id === undefined) return;
  const name = args.latin1(3);
  if (stream?.group(name) !== undefined) {
    reply.error(BUSYGROUP);
    return;
  }
  if (stream === undefined) {
    const { encoding, valueWord } = createStream(db);
    stream = openStream(db, addKey(session, 2, TYPE_STREAM, encoding, valueWord));
  }
  stream.addGroup(name, id, options.entriesRead);
  reply.ok();
  if (entry === 0) session.changed(2, NOTIFY_STREAM, "xgroup-create");
  else groupChanged(session, "xgroup-create");
}

function setId(session: ClientSession): void {
  const { args, db, reply } = session;
  const options = readGroupOptions(session, false);
  if (options === undefined) return;
  const group = requireGroup(session);
  if (group === undefined) return;
  if (args.count !== 5 && args.count !== 7) {
    reply.error(subcommandSyntax(session));
    return;
  }
  const id = args.is(4, "$") ? openStream(db, session.write(2)).lastId : readId(session, 4);
  if (id === undefined) return;
  group.lastId = id;
  group.entriesRead = options.entriesRead;
  reply.ok();
  groupChanged(session, "xgroup-setid");
}

function destroy(session: ClientSession): void {
  const { args, db, reply, server } = session;
  const stream = requireStream(session);
  if (stream === undefined) return;
  const isDeleted = stream.deleteGroup(args.latin1(3));
  if (isDeleted) {
    groupChanged(session, "xgroup-destroy");
    // Those who read with the group wake and learn that it is gone.
    if (server.blocking.count > 0) server.blocking.ready(db, args.view(2));
  }
  reply.integer(isDeleted ? 1 : 0);
}

function createConsumer(session: ClientSession): void {
  const { args, reply, server } = session;
  const group = requireGroup(session);
  if (group === undefined) return;
  const name = args.latin1(4);
  const isNew = group.consumer(name) === undefined;
  if (isNew) {
    group.addConsumer(name, server.now);
    groupChanged(session, "xgroup-createconsumer");
  }
  reply.integer(isNew ? 1 : 0);
}

function deleteConsumer(session: ClientSession): void {
  const { args, reply } = session;
  const group = requireGroup(session);
  if (group === undefined) return;
  const consumer = group.consumer(args.latin1(4));
  const pending = consumer?.pending.size ?? 0;
  if (consumer !== undefined) {
    group.removeConsumer(consumer);
    groupChanged(session, "xgroup-delconsumer");
  }
  reply.integer(pending);
}

export const streamGroupCommands: Command[] = [
  {
    name: "xgroup",
    arity: -2,
    flags: [],
    group: "stream",
    since: "5.0.0",
    complexity: "Depends on the subcommand",
    summary: "Manages the consumer groups of a stream.",
    subcommands: [
      {
        name: "create",
        arity: -5,
        flags: ["write", "denyoom"],
        keys: key("RW insert", 2),
        group: "stream",
        since: "5.0.0",
        complexity: "O(1)",
        summary: "Creates a consumer group that begins to read after an identifier.",
        syntax: "key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]",
        handler: create,
      },
      {
        name: "createconsumer",
        arity: 5,
        flags: ["write", "denyoom"],
        keys: key("RW insert", 2),
        group: "stream",
        since: "6.2.0",
        complexity: "O(1)",
        summary: "Adds a consumer to a group.",
        syntax: "key group consumer",
        handler: createConsumer,
      },
      {
        name: "delconsumer",
        arity: 5,
        flags: ["write"],
        keys: key("RW delete", 2),
        group: "stream",
        since: "5.0.0",
        complexity: "O(N) in what the consumer has not acknowledged",
        summary: "Removes a consumer from a group, with all that it has not acknowledged.",
        syntax: "key group consumer",
        handler: deleteConsumer,
      },
      {
        name: "destroy",
        arity: 4,
        flags: ["write"],
        keys: key("RW delete", 2),
        group: "stream",
        since: "5.0.0",
        complexity: "O(N) in what the group has not acknowledged",
        summary: "Removes a consumer group.",
        syntax: "key group",
        handler: destroy,
      },
      {
        name: "setid",
        arity: -5,
        flags: ["write"],
        keys: key("RW update", 2),
        group: "stream",
        since: "5.0.0",
        complexity: "O(1)",
        summary: "Sets after which identifier a group goes on to read.",
        syntax: "key group <id | $> [ENTRIESREAD entries-read]",
        handler: setId,
      },
      helpCommand("stream", "5.0.0"),
    ],
  },
];

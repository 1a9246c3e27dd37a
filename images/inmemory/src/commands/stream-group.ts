import { SYNTAX } from "../errors.ts";
import { NOTIFY_STREAM } from "../notifications.ts";
import type { Session } from "../session.ts";
import { type ConsumerGroup, ENTRIES_READ_UNKNOWN } from "../storage/consumer-group.ts";
import { TYPE_STREAM } from "../storage/keyspace.ts";
import { createStream, openStream, type Stream } from "../storage/stream.ts";
import { FIRST_ID, type StreamId } from "../storage/stream-id.ts";
import { addKey } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import { helpCommand } from "./help.ts";
import { readEnd, readId, readStart, readStrictId } from "./stream-arguments.ts";
import { noGroup, noSuchGroup } from "./stream-propagation.ts";

const KEY_MISSING =
  "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.";
const ENTRIES_READ_NEGATIVE = "ERR value for ENTRIESREAD must be positive or -1";
const BUSYGROUP = "BUSYGROUP Consumer Group name already exists";

/** The error of a subcommand whose arguments make no sense (Redis, addReplySubcommandSyntaxError). */
export function subcommandSyntax(session: Session): string {
  const { args } = session;
  const shown = args.utf8(1).slice(0, 128);
  return `ERR unknown subcommand or wrong number of arguments for '${shown}'. Try ${args.utf8(0).toUpperCase()} HELP.`;
}

/** `[MKSTREAM] [ENTRIESREAD n]` from argument 5 on; undefined after an error was answered. */
function readGroupOptions(
  session: Session,
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
function requireStream(session: Session): Stream | undefined {
  const entry = session.write(2);
  if (!session.isType(entry, TYPE_STREAM)) return undefined;
  if (entry !== 0) return openStream(session.db, entry);
  session.reply.error(KEY_MISSING);
  return undefined;
}

/** The group at argument 3 of the stream at argument 2; undefined after an error was answered. */
function requireGroup(session: Session): ConsumerGroup | undefined {
  const stream = requireStream(session);
  const group = stream?.group(session.args.latin1(3));
  if (stream !== undefined && group === undefined) session.reply.error(noSuchGroup(session, 2, 3));
  return group;
}

function create(session: Session): void {
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
  session.changed(2, NOTIFY_STREAM, "xgroup-create");
}

function setId(session: Session): void {
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
  session.changed(2, NOTIFY_STREAM, "xgroup-setid");
}

function destroy(session: Session): void {
  const { args, reply } = session;
  const stream = requireStream(session);
  if (stream === undefined) return;
  const isDeleted = stream.deleteGroup(args.latin1(3));
  // Also wakes those who read with the group: they learn that it is gone.
  if (isDeleted) session.changed(2, NOTIFY_STREAM, "xgroup-destroy");
  reply.integer(isDeleted ? 1 : 0);
}

function createConsumer(session: Session): void {
  const { args, reply, server } = session;
  const group = requireGroup(session);
  if (group === undefined) return;
  const name = args.latin1(4);
  const isNew = group.consumer(name) === undefined;
  if (isNew) {
    group.addConsumer(name, server.now);
    session.changed(2, NOTIFY_STREAM, "xgroup-createconsumer");
  }
  reply.integer(isNew ? 1 : 0);
}

function deleteConsumer(session: Session): void {
  const { args, reply } = session;
  const group = requireGroup(session);
  if (group === undefined) return;
  const consumer = group.consumer(args.latin1(4));
  const pending = consumer?.pending.size ?? 0;
  if (consumer !== undefined) {
    group.removeConsumer(consumer);
    session.changed(2, NOTIFY_STREAM, "xgroup-delconsumer");
  }
  reply.integer(pending);
}

// ---- what is pending ---------------------------------------------------------------------------------------------

function xack(session: Session): void {
  const { args, db, reply, server } = session;
  const entry = session.read(1);
  if (!session.isType(entry, TYPE_STREAM)) return;
  const group = entry === 0 ? undefined : openStream(db, entry).group(args.latin1(2));
  if (group === undefined) {
    reply.integer(0);
    return;
  }
  const ids: StreamId[] = [];
  for (let i = 3; i < args.count; i++) {
    const id = readStrictId(session, i);
    if (id === undefined) return;
    ids.push(id);
  }
  let acknowledged = 0;
  for (const id of ids) {
    const pending = group.pending.get(id);
    if (pending === undefined) continue;
    group.release(pending);
    acknowledged++;
  }
  server.dirty += acknowledged;
  reply.integer(acknowledged);
}

function xpending(session: Session): void {
  const { args, db, reply } = session;
  const { count } = args;
  if (count !== 3 && (count < 6 || count > 9)) {
    reply.error(SYNTAX);
    return;
  }
  const request = count === 3 ? undefined : readPendingRequest(session);
  if (count !== 3 && request === undefined) return;
  const entry = session.read(1);
  if (!session.isType(entry, TYPE_STREAM)) return;
  const group = entry === 0 ? undefined : openStream(db, entry).group(args.latin1(2));
  if (group === undefined) reply.error(noGroup(session, 1, 2));
  else if (request === undefined) writePendingSummary(session, group);
  else writePendingEntries(session, group, request);
}

interface PendingRequest {
  start: StreamId;
  end: StreamId;
  count: number;
  idleMin: number;
  /** The consumer's name, when only its entries are wanted. */
  consumer: string | undefined;
}

/** `[IDLE ms] start end count [consumer]`; undefined after an error was answered. */
function readPendingRequest(session: Session): PendingRequest | undefined {
  const { args, reply } = session;
  let first = 3;
  let idleMin = 0;
  if (args.is(3, "IDLE")) {
    idleMin = session.integer(4);
    if (Number.isNaN(idleMin)) return undefined;
    if (args.count < 8) {
      reply.error(SYNTAX);
      return undefined;
    }
    first = 5;
  }
  const count = Math.max(0, session.integer(first + 2));
  if (Number.isNaN(count)) return undefined;
  const start = readStart(session, first);
  if (start === undefined) return undefined;
  const end = readEnd(session, first + 1);
  if (end === undefined) return undefined;
  const consumer = first + 3 < args.count ? args.latin1(first + 3) : undefined;
  return { start, end, count, idleMin, consumer };
}

function writePendingSummary(session: Session, group: ConsumerGroup): void {
  const { reply } = session;
  const { pending } = group;
  reply.array(4);
  reply.integer(pending.size);
  if (pending.first === undefined || pending.last === undefined) {
    reply.null();
    reply.null();
    reply.nullArray();
    return;
  }
  reply.bulkText(pending.first.id.toString());
  reply.bulkText(pending.last.id.toString());
  const busy = group.consumers().filter((consumer) => consumer.pending.size > 0);
  reply.array(busy.length);
  for (const consumer of busy) {
    reply.array(2);
    reply.bulkBuffer(Buffer.from(consumer.name, "latin1"));
    reply.bulkNumber(consumer.pending.size);
  }
}

function writePendingEntries(session: Session, group: ConsumerGroup, request: PendingRequest): void {
  const { reply, server } = session;
  const owner = request.consumer === undefined ? group : group.consumer(request.consumer);
  if (owner === undefined) {
    reply.array(0);
    return;
  }
  const mark = reply.beginArray();
  let written = 0;
  let next: StreamId | undefined = request.start;
  while (next !== undefined && written < request.count) {
    const pending = owner.pending.atOrAfter(next);
    if (pending === undefined || pending.id.compare(request.end) > 0) break;
    next = pending.id.next();
    const idle = server.now - pending.deliveredAt;
    if (request.idleMin !== 0 && idle < request.idleMin) continue;
    reply.array(4);
    reply.bulkText(pending.id.toString());
    reply.bulkBuffer(Buffer.from(pending.consumer.name, "latin1"));
    reply.integer(Math.max(0, idle));
    reply.integer(pending.deliveries);
    written++;
  }
  reply.endArray(mark, written);
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
  {
    name: "xack",
    arity: -4,
    flags: ["write", "fast"],
    keys: key("RW update"),
    group: "stream",
    since: "5.0.0",
    complexity: "O(1) per identifier",
    summary: "Acknowledges entries that were delivered to a consumer of a group.",
    syntax: "key group id [id ...]",
    handler: xack,
  },
  {
    name: "xpending",
    arity: -3,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "stream",
    since: "5.0.0",
    complexity: "O(N) in the entries returned",
    summary: "Returns what a group has delivered and nobody has acknowledged.",
    syntax: "key group [[IDLE min-idle-time] start end count [consumer]]",
    handler: xpending,
  },
];

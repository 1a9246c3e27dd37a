import { SYNTAX } from "../errors.ts";
import { NOTIFY_STREAM } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import type { Consumer, ConsumerGroup } from "../storage/consumer-group.ts";
import { TYPE_STREAM } from "../storage/keyspace.ts";
import { openStream, type Stream } from "../storage/stream.ts";
import { FIRST_ID, LAST_ID, type StreamId } from "../storage/stream-id.ts";
import { deadline, isJournaled } from "./collections.ts";
import type { Command } from "./definition.ts";
import { readStrictId, writeEntry } from "./stream-arguments.ts";
import { noGroup, propagateClaim, propagateGroupId } from "./stream-propagation.ts";

const TIMEOUT_NOT_INTEGER = "ERR timeout is not an integer or out of range";
const GROUP_ONLY = "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.";
const NOACK_ONLY = "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.";
const GROUP_MISSING = "ERR Missing GROUP option for XREADGROUP";
const DOLLAR_IN_GROUP =
  "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.";
const NEW_WITHOUT_GROUP =
  "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.";

/** What XREAD and XREADGROUP were asked for. */
interface ReadRequest {
  /** ms since the epoch, 0 forever, or undefined not to wait. */
  until: number | undefined;
  /** 0 is no limit. */
  count: number;
  isUnacknowledged: boolean;
  /** Index of the group's name; 0 for XREAD. */
  groupIndex: number;
  /** Index of the first key; the identifiers follow the keys. */
  first: number;
  streams: number;
}

/** One stream of a request. */
interface Source {
  keyIndex: number;
  /** Entries after this one are wanted. */
  after: StreamId;
  /** `>`: what the group has not read yet. */
  isNew: boolean;
  group: ConsumerGroup | undefined;
}

function readRequest(session: ClientSession, isGroup: boolean): ReadRequest | undefined {
  const { args, reply, server } = session;
  const request: ReadRequest = {
    until: undefined,
    count: 0,
    isUnacknowledged: false,
    groupIndex: 0,
    first: 0,
    streams: 0,
  };
  for (let i = 1; i < args.count; i++) {
    const hasValue = i + 1 < args.count;
    if (args.is(i, "BLOCK") && hasValue) {
      if (session.isInScript) {
        reply.error(`ERR ${session.command.fullName} command is not allowed with BLOCK option from scripts`);
        return undefined;
      }
      const wait = session.integer(++i, TIMEOUT_NOT_INTEGER);
      if (Number.isNaN(wait)) return undefined;
      request.until = deadline(session, wait, server.now);
      if (Number.isNaN(request.until)) return undefined;
    } else if (args.is(i, "COUNT") && hasValue) {
      request.count = Math.max(0, session.integer(++i));
      if (Number.isNaN(request.count)) return undefined;
    } else if (args.is(i, "STREAMS") && hasValue) {
      request.first = i + 1;
      request.streams = (args.count - request.first) / 2;
      if (!Number.isInteger(request.streams)) {
        reply.error(
          `ERR Unbalanced '${session.command.fullName}' list of streams: for each stream key an ID or '${isGroup ? ">" : "$"}' must be specified.`,
        );
        return undefined;
      }
      break;
    } else if (args.is(i, "GROUP") && i + 2 < args.count) {
      if (!isGroup) {
        reply.error(GROUP_ONLY);
        return undefined;
      }
      request.groupIndex = i + 1;
      i += 2;
    } else if (args.is(i, "NOACK")) {
      if (!isGroup) {
        reply.error(NOACK_ONLY);
        return undefined;
      }
      request.isUnacknowledged = true;
    } else {
      reply.error(SYNTAX);
      return undefined;
    }
  }
  if (request.first === 0) reply.error(SYNTAX);
  else if (isGroup && request.groupIndex === 0) reply.error(GROUP_MISSING);
  else return request;
  return undefined;
}

/** Looks the streams and groups up and reads the identifiers; undefined after an error was answered. */
function readSources(session: ClientSession, request: ReadRequest): Source[] | undefined {
  const { args, db, reply } = session;
  const isGroup = request.groupIndex !== 0;
  const sources: Source[] = [];
  for (let s = 0; s < request.streams; s++) {
    const keyIndex = request.first + s;
    const idIndex = keyIndex + request.streams;
    const entry = session.read(keyIndex);
    if (!session.isType(entry, TYPE_STREAM)) return undefined;
    const stream = entry === 0 ? undefined : openStream(db, entry);
    const source: Source = { keyIndex, after: FIRST_ID, isNew: false, group: undefined };
    if (isGroup) {
      source.group = stream?.group(args.latin1(request.groupIndex));
      if (source.group === undefined) {
        reply.error(`${noGroup(session, keyIndex, request.groupIndex)} in XREADGROUP with GROUP option`);
        return undefined;
      }
    }
    if (args.is(idIndex, "$")) {
      if (isGroup) {
        reply.error(DOLLAR_IN_GROUP);
        return undefined;
      }
      source.after = stream?.lastId ?? FIRST_ID;
    } else if (args.is(idIndex, ">")) {
      if (!isGroup) {
        reply.error(NEW_WITHOUT_GROUP);
        return undefined;
      }
      source.isNew = true;
      source.after = LAST_ID;
    } else {
      const id = readStrictId(session, idIndex);
      if (id === undefined) return undefined;
      source.after = id;
      source.isNew = isGroup && id.compare(LAST_ID) === 0;
    }
    sources.push(source);
  }
  return sources;
}

function read(session: ClientSession, isGroup: boolean): void {
  const { db, reply } = session;
  // What a group's reading changes goes to the journal piece by piece.
  if (isGroup) session.propagateNothing();
  const request = readRequest(session, isGroup);
  if (request === undefined) return;
  const sources = readSources(session, request);
  if (sources === undefined) return;
  const mark = reply.beginArray();
  let served = 0;
  for (const source of sources) {
    const entry = session.read(source.keyIndex);
    if (entry === 0) continue;
    const stream = openStream(db, entry);
    const { group } = source;
    const isServed =
      group === undefined
        ? serveReader(session, request, source, stream)
        : serveConsumer(session, request, source, stream, group);
    if (isServed) served++;
  }
  if (served > 0) {
    if (reply.version === 2) reply.endArray(mark, served);
    else reply.endMap(mark, served);
  } else if (request.until === undefined || session.mayNotBlock) reply.nullArray();
  else wait(session, request, sources);
}

function wait(session: ClientSession, request: ReadRequest, sources: readonly Source[]): void {
  const { args } = session;
  // `$` means the end of the stream as it is now.
  const values = args.copyAll();
  for (const { keyIndex, after } of sources) {
    const idIndex = keyIndex + request.streams;
    if (args.is(idIndex, "$")) values[idIndex] = Buffer.from(after.toString());
  }
  session.block({
    keys: sources.map(({ keyIndex }) => keyIndex),
    type: TYPE_STREAM,
    until: request.until!,
    values,
    alsoOnDelete: request.groupIndex !== 0,
    onTimeout: (waiting) => waiting.reply.nullArray(),
  });
}

function beginSource(session: ClientSession, keyIndex: number): void {
  const { args, reply } = session;
  if (reply.version === 2) reply.array(2);
  reply.bulk(args.buffer, args.offsets[keyIndex]!, args.lengths[keyIndex]!);
}

/** XREAD of one stream; whether there was something to answer. */
function serveReader(session: ClientSession, request: ReadRequest, source: Source, stream: Stream): boolean {
  const { reply } = session;
  if (stream.length === 0 || stream.lastLiveId.compare(source.after) <= 0) return false;
  beginSource(session, source.keyIndex);
  const mark = reply.beginArray();
  let count = 0;
  stream.range(source.after.next() ?? LAST_ID, LAST_ID, false, (entry) => {
    writeEntry(session, entry);
    return ++count !== request.count;
  });
  reply.endArray(mark, count);
  return true;
}

/** XREADGROUP of one stream; whether there was something to answer. */
function serveConsumer(
  session: ClientSession,
  request: ReadRequest,
  source: Source,
  stream: Stream,
  group: ConsumerGroup,
): boolean {
  const { args, server } = session;
  const consumer = enterConsumer(session, request, source, group);
  consumer.seenAt = server.now;
  if (!source.isNew) {
    beginSource(session, source.keyIndex);
    writeHistory(session, request.count, source.after, stream, consumer);
    server.dirty++;
    return true;
  }
  if (stream.length === 0 || stream.lastLiveId.compare(group.lastId) <= 0) return false;
  beginSource(session, source.keyIndex);
  deliver(session, request, args.view(source.keyIndex), stream, group, consumer);
  server.dirty++;
  return true;
}

/** The consumer of a request, made when it is new to the group. */
function enterConsumer(
  session: ClientSession,
  request: ReadRequest,
  source: Source,
  group: ConsumerGroup,
): Consumer {
  const { args, server } = session;
  const name = args.latin1(request.groupIndex + 1);
  const known = group.consumer(name);
  if (known !== undefined) return known;
  server.dirty++;
  if (server.settings.notifyClasses !== 0)
    server.notify(session.db, args.view(source.keyIndex), NOTIFY_STREAM, "xgroup-createconsumer");
  if (request.isUnacknowledged && isJournaled(session)) {
    const groupName = args.view(request.groupIndex);
    const consumerName = args.view(request.groupIndex + 1);
    session.propagateAs("XGROUP", "CREATECONSUMER", args.view(source.keyIndex), groupName, consumerName);
  }
  return group.addConsumer(name, server.now);
}

/** Writes new entries and notes that they were delivered. */
function deliver(
  session: ClientSession,
  request: ReadRequest,
  key: Buffer,
  stream: Stream,
  group: ConsumerGroup,
  consumer: Consumer,
): void {
  const { reply, server } = session;
  const records = isJournaled(session);
  const mark = reply.beginArray();
  let count = 0;
  stream.range(group.lastId.next() ?? LAST_ID, LAST_ID, false, (entry) => {
    const { id } = entry;
    stream.advance(group, id);
    writeEntry(session, entry);
    if (!request.isUnacknowledged) {
      const pending = group.deliver(id, consumer, server.now);
      consumer.activeAt = server.now;
      if (records) propagateClaim(session, key, group, pending);
    }
    return ++count !== request.count;
  });
  reply.endArray(mark, count);
  if (records && request.isUnacknowledged && count > 0) propagateGroupId(session, key, group);
}

/** Writes what a consumer has not acknowledged; entries that were deleted since have no fields. */
function writeHistory(
  session: ClientSession,
  countMax: number,
  after: StreamId,
  stream: Stream,
  consumer: Consumer,
): void {
  const { reply, server } = session;
  const mark = reply.beginArray();
  let count = 0;
  const start = after.next();
  let pending = start === undefined ? undefined : consumer.pending.atOrAfter(start);
  while (pending !== undefined) {
    const { id } = pending;
    let isFound = false;
    stream.range(id, id, false, (entry) => {
      writeEntry(session, entry);
      isFound = true;
      return false;
    });
    if (isFound) {
      pending.deliveredAt = server.now;
      pending.deliveries++;
    } else {
      reply.array(2);
      reply.bulkText(id.toString());
      reply.nullArray();
    }
    if (++count === countMax) break;
    const next = id.next();
    pending = next === undefined ? undefined : consumer.pending.atOrAfter(next);
  }
  reply.endArray(mark, count);
}

export const streamReadCommands: Command[] = [
  {
    name: "xread",
    arity: -4,
    flags: ["readonly", "blocking", "movablekeys"],
    keys: [
      {
        begin: { keyword: "STREAMS", startFrom: 1 },
        find: { last: -1, step: 1, limit: 2 },
        flags: "RO access",
      },
    ],
    group: "stream",
    since: "5.0.0",
    complexity: "O(N) in the entries returned",
    summary: "Returns the entries of several streams after given identifiers, waiting for new ones if asked.",
    syntax: "[COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]",
    handler: (session) => read(session, false),
  },
  {
    name: "xreadgroup",
    arity: -7,
    flags: ["write", "blocking", "movablekeys"],
    keys: [
      {
        begin: { keyword: "STREAMS", startFrom: 4 },
        find: { last: -1, step: 1, limit: 2 },
        flags: "RO access",
      },
    ],
    group: "stream",
    since: "5.0.0",
    complexity: "O(M) in the entries returned",
    summary:
      "Delivers new entries of several streams to a consumer of a group, or returns those it has not acknowledged.",
    syntax:
      "GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...]",
    handler: (session) => read(session, true),
  },
];

import { SYNTAX } from "../errors.ts";
import { NOTIFY_STREAM } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import type { Consumer, ConsumerGroup, Pending } from "../storage/consumer-group.ts";
import { TYPE_STREAM } from "../storage/keyspace.ts";
import { openStream, type Stream } from "../storage/stream.ts";
import { FIRST_ID, parseStreamId, type StreamId } from "../storage/stream-id.ts";
import { isJournaled } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import { readStart, readStrictId, writeEntry } from "./stream-arguments.ts";
import { noGroup, propagateClaim, propagateGroupId } from "./stream-propagation.ts";

const COUNT_NOT_POSITIVE = "ERR COUNT must be > 0";
/** Entries that XAUTOCLAIM looks at per entry that was asked for. */
const ATTEMPTS_PER_ENTRY = 10;
const COUNT_DEFAULT = 100;
/** What Redis can hold the deleted identifiers of. */
const COUNT_MAX = Math.floor(2 ** 63 / 16);
const NOT_GIVEN = -1;

/** What XCLAIM was asked for after its identifiers. */
interface ClaimOptions {
  deliveredAt: number;
  retryCount: number;
  isForced: boolean;
  isIdOnly: boolean;
  lastId: StreamId;
}

function readClaimOptions(session: ClientSession, from: number): ClaimOptions | undefined {
  const { args, reply, server } = session;
  const options: ClaimOptions = {
    deliveredAt: NOT_GIVEN,
    retryCount: NOT_GIVEN,
    isForced: false,
    isIdOnly: false,
    lastId: FIRST_ID,
  };
  for (let i = from; i < args.count; i++) {
    const hasValue = i + 1 < args.count;
    if (args.is(i, "FORCE")) options.isForced = true;
    else if (args.is(i, "JUSTID")) options.isIdOnly = true;
    else if (args.is(i, "IDLE") && hasValue) {
      const idle = session.integer(++i, "ERR Invalid IDLE option argument for XCLAIM");
      if (Number.isNaN(idle)) return undefined;
      options.deliveredAt = server.now - idle;
    } else if (args.is(i, "TIME") && hasValue) {
      options.deliveredAt = session.integer(++i, "ERR Invalid TIME option argument for XCLAIM");
      if (Number.isNaN(options.deliveredAt)) return undefined;
    } else if (args.is(i, "RETRYCOUNT") && hasValue) {
      options.retryCount = session.integer(++i, "ERR Invalid RETRYCOUNT option argument for XCLAIM");
      if (Number.isNaN(options.retryCount)) return undefined;
    } else if (args.is(i, "LASTID") && hasValue) {
      const id = readStrictId(session, ++i);
      if (id === undefined) return undefined;
      options.lastId = id;
    } else {
      reply.error(`ERR Unrecognized XCLAIM option '${args.utf8(i)}'`);
      return undefined;
    }
  }
  // A time that cannot be is taken as now: clients compute it from clocks of their own.
  const { deliveredAt } = options;
  if (deliveredAt < 0 || deliveredAt > server.now) options.deliveredAt = server.now;
  return options;
}

/** The stream and the group of a claim; undefined after an error was answered. */
function openGroup(session: ClientSession): { stream: Stream; group: ConsumerGroup } | undefined {
  const { args, db, reply } = session;
  const entry = session.read(1);
  if (!session.isType(entry, TYPE_STREAM)) return undefined;
  const stream = entry === 0 ? undefined : openStream(db, entry);
  const group = stream?.group(args.latin1(2));
  if (stream !== undefined && group !== undefined) return { stream, group };
  reply.error(noGroup(session, 1, 2));
  return undefined;
}

/** The consumer at argument 3, made when it is new to the group. */
function enterConsumer(session: ClientSession, group: ConsumerGroup): Consumer {
  const { args, server } = session;
  const name = args.latin1(3);
  let consumer = group.consumer(name);
  if (consumer === undefined) {
    consumer = group.addConsumer(name, server.now);
    server.dirty++;
    if (server.settings.notifyClasses !== 0)
      server.notify(session.db, args.view(1), NOTIFY_STREAM, "xgroup-createconsumer");
  }
  consumer.seenAt = server.now;
  return consumer;
}

/** Forgets a pending entry that is no longer in the stream. */
function dropDeleted(session: ClientSession, group: ConsumerGroup, pending: Pending): void {
  if (isJournaled(session)) propagateClaim(session, session.args.view(1), group, pending);
  session.server.dirty++;
  group.release(pending);
}

/** Writes a claimed entry, or only its identifier. */
function writeClaimed(session: ClientSession, stream: Stream, id: StreamId, isIdOnly: boolean): void {
  if (isIdOnly) {
    session.reply.bulkText(id.toString());
    return;
  }
  stream.range(id, id, false, (entry) => {
    writeEntry(session, entry);
    return false;
  });
}

function noteClaimed(
  session: ClientSession,
  group: ConsumerGroup,
  consumer: Consumer,
  pending: Pending,
): void {
  const { args, server } = session;
  consumer.activeAt = server.now;
  if (isJournaled(session)) propagateClaim(session, args.view(1), group, pending);
  server.dirty++;
}

function xclaim(session: ClientSession): void {
  const { args, reply, server } = session;
  session.propagateNothing();
  const opened = openGroup(session);
  if (opened === undefined) return;
  const { stream, group } = opened;
  const idleMin = session.integer(4, "ERR Invalid min-idle-time argument for XCLAIM");
  if (Number.isNaN(idleMin)) return;
  const ids: StreamId[] = [];
  let next = 5;
  for (; next < args.count; next++) {
    const parsed = parseStreamId(args.buffer, args.offsets[next]!, args.lengths[next]!);
    if (parsed === undefined) break;
    ids.push(parsed.id);
  }
  const options = readClaimOptions(session, next);
  if (options === undefined) return;
  let isLastIdMoved = options.lastId.compare(group.lastId) > 0;
  if (isLastIdMoved) group.lastId = options.lastId;
  const consumer = enterConsumer(session, group);
  const mark = reply.beginArray();
  let claimed = 0;
  for (const id of ids) {
    let pending = group.pending.get(id);
    if (!stream.has(id)) {
      if (pending === undefined) continue;
      dropDeleted(session, group, pending);
      isLastIdMoved = false;
      continue;
    }
    if (pending === undefined) {
      if (!options.isForced) continue;
      pending = group.addPending(id, consumer, server.now, 1);
    } else if (idleMin > 0 && server.now - pending.deliveredAt < idleMin) continue;
    group.assign(pending, consumer);
    pending.deliveredAt = options.deliveredAt;
    if (options.retryCount >= 0) pending.deliveries = options.retryCount;
    else if (!options.isIdOnly) pending.deliveries++;
    writeClaimed(session, stream, id, options.isIdOnly);
    claimed++;
    noteClaimed(session, group, consumer, pending);
    isLastIdMoved = false;
  }
  if (isLastIdMoved) {
    if (isJournaled(session)) propagateGroupId(session, args.view(1), group);
    server.dirty++;
  }
  reply.endArray(mark, claimed);
}

function xautoclaim(session: ClientSession): void {
  const { args, reply, server } = session;
  session.propagateNothing();
  const idleMin = session.integer(4, "ERR Invalid min-idle-time argument for XAUTOCLAIM");
  if (Number.isNaN(idleMin)) return;
  const start = readStart(session, 5);
  if (start === undefined) return;
  let count = COUNT_DEFAULT;
  let isIdOnly = false;
  for (let i = 6; i < args.count; i++) {
    if (args.is(i, "COUNT") && i + 1 < args.count) {
      count = session.integer(++i, COUNT_NOT_POSITIVE);
      if (Number.isNaN(count)) return;
      if (count < 1 || count > COUNT_MAX) {
        reply.error(COUNT_NOT_POSITIVE);
        return;
      }
    } else if (args.is(i, "JUSTID")) isIdOnly = true;
    else {
      reply.error(SYNTAX);
      return;
    }
  }
  const opened = openGroup(session);
  if (opened === undefined) return;
  const { stream, group } = opened;
  const consumer = enterConsumer(session, group);
  const claimed: Pending[] = [];
  const deleted: StreamId[] = [];
  let attempts = count * ATTEMPTS_PER_ENTRY;
  let left = count;
  let pending = group.pending.atOrAfter(start);
  for (; attempts > 0 && left > 0 && pending !== undefined; attempts--) {
    const { id } = pending;
    if (!stream.has(id)) {
      dropDeleted(session, group, pending);
      deleted.push(id);
      left--;
    } else if (idleMin <= 0 || server.now - pending.deliveredAt >= idleMin) {
      group.assign(pending, consumer);
      pending.deliveredAt = server.now;
      if (!isIdOnly) pending.deliveries++;
      claimed.push(pending);
      left--;
      noteClaimed(session, group, consumer, pending);
    }
    const following = id.next();
    pending = following === undefined ? undefined : group.pending.atOrAfter(following);
  }
  reply.array(3);
  reply.bulkText((pending?.id ?? FIRST_ID).toString());
  reply.array(claimed.length);
  for (const { id } of claimed) writeClaimed(session, stream, id, isIdOnly);
  reply.array(deleted.length);
  for (const id of deleted) reply.bulkText(id.toString());
}

export const streamClaimCommands: Command[] = [
  {
    name: "xclaim",
    arity: -6,
    flags: ["write", "fast"],
    keys: key("RW update"),
    group: "stream",
    since: "5.0.0",
    complexity: "O(log N) per identifier, N being what the group has not acknowledged",
    summary: "Makes a consumer the owner of entries that were delivered to others.",
    syntax:
      "key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]",
    handler: xclaim,
  },
  {
    name: "xautoclaim",
    arity: -6,
    flags: ["write", "fast"],
    keys: key("RW delete"),
    group: "stream",
    since: "6.2.0",
    complexity: "O(1) if COUNT is small",
    summary: "Makes a consumer the owner of entries that others have left unacknowledged for long.",
    syntax: "key group consumer min-idle-time start [COUNT count] [JUSTID]",
    handler: xautoclaim,
  },
];

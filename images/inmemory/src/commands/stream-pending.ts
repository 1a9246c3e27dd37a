import { SYNTAX } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import type { ConsumerGroup } from "../storage/consumer-group.ts";
import { TYPE_STREAM } from "../storage/keyspace.ts";
import { openStream } from "../storage/stream.ts";
import type { StreamId } from "../storage/stream-id.ts";
import { type Command, key } from "./definition.ts";
import { readEnd, readStart, readStrictId } from "./stream-arguments.ts";
import { noGroup } from "./stream-propagation.ts";

function xack(session: ClientSession): void {
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

function xpending(session: ClientSession): void {
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
function readPendingRequest(session: ClientSession): PendingRequest | undefined {
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

function writePendingSummary(session: ClientSession, group: ConsumerGroup): void {
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

function writePendingEntries(session: ClientSession, group: ConsumerGroup, request: PendingRequest): void {
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

export const streamPendingCommands: Command[] = [
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

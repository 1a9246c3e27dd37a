import { NO_SUCH_KEY, SYNTAX, wrongArity } from "../errors.ts";
import { writeInteger } from "../protocol/numbers.ts";
import { NOTIFY_STREAM } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { TYPE_STREAM } from "../storage/keyspace.ts";
import { createStream, openStream, type Stream } from "../storage/stream.ts";
import { FIRST_ID, type ParsedId, STREAM_ID_TEXT_MAX, type StreamId } from "../storage/stream-id.ts";
import { addKey, isJournaled } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import {
  readAddArguments,
  readEnd,
  readStart,
  readStrictId,
  type TrimArguments,
  writeEntry,
} from "./stream-arguments.ts";

const ID_IS_ZERO = "ERR The ID specified in XADD must be greater than 0-0";
const ID_TOO_SMALL = "ERR The ID specified in XADD is equal or smaller than the target stream top item";
const IDS_EXHAUSTED = "ERR The stream has exhausted the last possible ID, unable to add more items";
const TOO_LARGE = "ERR Elements are too large to be stored";
const ENTRY_BYTES_MAX = 1 << 30;

/** The text of an identifier on its way into the reply and the journal. */
const idText = Buffer.alloc(STREAM_ID_TEXT_MAX);
/** What an exact trim is told, on its way into the journal. */
const trimText = Buffer.alloc(STREAM_ID_TEXT_MAX);
const EXACT = Buffer.from("=");

/** Trimming so many entries still takes only some microseconds: it is what one node of a stream holds. */
const TRIMMED_BRIEFLY_MAX = 100;

function xadd(session: ClientSession): void {
  const { args, db, reply, server } = session;
  const found = readAddArguments(session, true);
  if (found === undefined) return;
  const first = found.idIndex + 1;
  const words = args.count - first;
  if (words < 2 || words % 2 === 1) {
    reply.error(wrongArity(session.command.fullName));
    return;
  }
  if (found.id !== undefined && !found.id.isSequenceOpen && found.id.id.isZero) {
    reply.error(ID_IS_ZERO);
    return;
  }
  let entry = session.write(1);
  if (!session.isType(entry, TYPE_STREAM)) return;
  if (entry === 0) {
    if (found.isOnlyExisting) {
      reply.null();
      return;
    }
    const { encoding, valueWord } = createStream(db);
    entry = addKey(session, 1, TYPE_STREAM, encoding, valueWord);
  }
  const stream = openStream(db, entry);
  if (stream.lastId.isLast) {
    reply.error(IDS_EXHAUSTED);
    return;
  }
  const id = chooseId(stream, found.id, server.now);
  if (id === undefined) {
    reply.error(ID_TOO_SMALL);
    return;
  }
  let bytes = 0;
  for (let i = first; i < args.count; i++) bytes += args.lengths[i]!;
  if (bytes > ENTRY_BYTES_MAX) {
    reply.error(TOO_LARGE);
    return;
  }
  const { buffer, offsets, lengths } = args;
  stream.add(id, { buffer, offsets, lengths, first, fields: words / 2 }, bytes, server.settings);
  const idLength = id.write(idText);
  reply.bulk(idText, 0, idLength);
  session.changed(1, NOTIFY_STREAM, "xadd");
  if (found.trim !== undefined) {
    const trimmed = stream.trim(found.trim);
    if (trimmed > 0) session.changed(1, NOTIFY_STREAM, "xtrim", 0);
    session.tookLong = trimmed > TRIMMED_BRIEFLY_MAX;
  }
  const isIdChosen = found.id === undefined || found.id.isSequenceOpen;
  if ((isIdChosen || found.trim?.isApproximate) && isJournaled(session)) {
    if (isIdChosen) session.replaceInJournal(found.idIndex, idText, idLength);
    if (found.trim !== undefined) makeExact(session, stream, found.trim);
  }
}

/** The identifier of a new entry; undefined when it would not be after the last one. */
function chooseId(stream: Stream, given: ParsedId | undefined, nowMs: number): StreamId | undefined {
  const { lastId } = stream;
  if (given === undefined) return lastId.nextAt(nowMs);
  let { id } = given;
  if (given.isSequenceOpen && id.hasSameMs(lastId)) {
    if (lastId.isLastOfMs) return undefined;
    id = lastId.next()!;
  }
  return id.compare(lastId) > 0 ? id : undefined;
}

/** Says in a command's words what an approximate trim has left, so that it does the same again. */
function makeExact(session: ClientSession, stream: Stream, trim: TrimArguments): void {
  if (!trim.isApproximate) return;
  session.replaceInJournal(trim.index - 1, EXACT);
  const length =
    "lengthMax" in trim.by ? writeInteger(stream.length, trimText, 0) : stream.firstKeptId.write(trimText);
  session.replaceInJournal(trim.index, trimText, length);
}

function xlen(session: ClientSession): void {
  const entry = session.read(1);
  if (entry === 0) session.reply.integer(0);
  else if (session.isType(entry, TYPE_STREAM)) session.reply.integer(openStream(session.db, entry).length);
}

function range(session: ClientSession, isBackward: boolean): void {
  const { args, reply } = session;
  const start = readStart(session, isBackward ? 3 : 2);
  if (start === undefined) return;
  const end = readEnd(session, isBackward ? 2 : 3);
  if (end === undefined) return;
  let countMax = Number.POSITIVE_INFINITY;
  for (let i = 4; i < args.count; i += 2) {
    if (!args.is(i, "COUNT") || i + 1 >= args.count) {
      reply.error(SYNTAX);
      return;
    }
    countMax = Math.max(0, session.integer(i + 1));
    if (Number.isNaN(countMax)) return;
  }
  const entry = session.read(1);
  if (entry === 0) {
    reply.array(0);
    return;
  }
  if (!session.isType(entry, TYPE_STREAM)) return;
  if (countMax === 0) {
    reply.nullArray();
    return;
  }
  const mark = reply.beginArray();
  let count = 0;
  openStream(session.db, entry).range(start, end, isBackward, (item) => {
    writeEntry(session, item);
    return ++count < countMax;
  });
  reply.endArray(mark, count);
}

function xdel(session: ClientSession): void {
  const { args, reply } = session;
  const entry = session.write(1);
  if (entry === 0) {
    reply.integer(0);
    return;
  }
  if (!session.isType(entry, TYPE_STREAM)) return;
  const ids: StreamId[] = [];
  for (let i = 2; i < args.count; i++) {
    const id = readStrictId(session, i);
    if (id === undefined) return;
    ids.push(id);
  }
  const stream = openStream(session.db, entry);
  const removed = ids.filter((id) => stream.delete(id)).length;
  if (removed > 0) {
    stream.settleDeleted();
    session.changed(1, NOTIFY_STREAM, "xdel", removed);
  }
  reply.integer(removed);
}

function xtrim(session: ClientSession): void {
  const { reply } = session;
  const found = readAddArguments(session, false);
  if (found?.trim === undefined) return;
  const entry = session.write(1);
  if (entry === 0) {
    reply.integer(0);
    return;
  }
  if (!session.isType(entry, TYPE_STREAM)) return;
  const stream = openStream(session.db, entry);
  const removed = stream.trim(found.trim);
  if (removed > 0) {
    session.changed(1, NOTIFY_STREAM, "xtrim", removed);
    if (isJournaled(session)) makeExact(session, stream, found.trim);
  }
  reply.integer(removed);
}

function xsetid(session: ClientSession): void {
  const { args, reply } = session;
  const id = readStrictId(session, 2);
  if (id === undefined) return;
  let entriesAdded = -1;
  let maxDeletedId = FIRST_ID;
  for (let i = 3; i < args.count; i += 2) {
    const hasValue = i + 1 < args.count;
    if (args.is(i, "ENTRIESADDED") && hasValue) {
      entriesAdded = session.integer(i + 1);
      if (Number.isNaN(entriesAdded)) return;
      if (entriesAdded < 0) {
        reply.error("ERR entries_added must be positive");
        return;
      }
    } else if (args.is(i, "MAXDELETEDID") && hasValue) {
      const given = readStrictId(session, i + 1);
      if (given === undefined) return;
      if (id.compare(given) < 0) {
        reply.error("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
        return;
      }
      maxDeletedId = given;
    } else {
      reply.error(SYNTAX);
      return;
    }
  }
  const entry = session.write(1);
  if (entry === 0) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  if (!session.isType(entry, TYPE_STREAM)) return;
  const stream = openStream(session.db, entry);
  if (id.compare(stream.maxDeletedId) < 0) {
    reply.error("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
    return;
  }
  if (stream.length > 0) {
    if (id.compare(stream.lastLiveId) < 0) {
      reply.error("ERR The ID specified in XSETID is smaller than the target stream top item");
      return;
    }
    if (entriesAdded !== -1 && stream.length > entriesAdded) {
      reply.error("ERR The entries_added specified in XSETID is smaller than the target stream length");
      return;
    }
  }
  stream.lastId = id;
  if (entriesAdded !== -1) stream.entriesAdded = entriesAdded;
  if (!maxDeletedId.isZero) stream.maxDeletedId = maxDeletedId;
  reply.ok();
  // Those who watch the key are not told, as in Redis.
  session.server.dirty++;
  session.server.notify(session.db, args.view(1), NOTIFY_STREAM, "xsetid");
}

export const streamCommands: Command[] = [
  {
    name: "xadd",
    arity: -5,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW update"),
    group: "stream",
    since: "5.0.0",
    complexity: "O(1), and O(N) for the N entries that are trimmed",
    summary: "Adds an entry at the end of a stream, and trims the stream if asked.",
    syntax:
      "key [NOMKSTREAM] [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id> field value [field value ...]",
    handler: xadd,
  },
  {
    name: "xlen",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: key("RO"),
    group: "stream",
    since: "5.0.0",
    complexity: "O(1)",
    summary: "Returns the number of entries in a stream.",
    syntax: "key",
    handler: xlen,
  },
  {
    name: "xrange",
    arity: -4,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "stream",
    since: "5.0.0",
    complexity: "O(N) in the entries returned",
    summary: "Returns the entries between two identifiers.",
    syntax: "key start end [COUNT count]",
    handler: (session) => range(session, false),
  },
  {
    name: "xrevrange",
    arity: -4,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "stream",
    since: "5.0.0",
    complexity: "O(N) in the entries returned",
    summary: "Returns the entries between two identifiers, the newest first.",
    syntax: "key end start [COUNT count]",
    handler: (session) => range(session, true),
  },
  {
    name: "xdel",
    arity: -3,
    flags: ["write", "fast"],
    keys: key("RW delete"),
    group: "stream",
    since: "5.0.0",
    complexity: "O(1) per entry deleted",
    summary: "Deletes entries by their identifiers.",
    syntax: "key id [id ...]",
    handler: xdel,
  },
  {
    name: "xtrim",
    arity: -4,
    flags: ["write"],
    keys: key("RW delete"),
    group: "stream",
    since: "5.0.0",
    complexity: "O(N) in the entries removed",
    summary: "Removes the oldest entries: all but so many, or those before an identifier.",
    syntax: "key <MAXLEN | MINID> [= | ~] threshold [LIMIT count]",
    handler: xtrim,
  },
  {
    name: "xsetid",
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW update"),
    group: "stream",
    since: "5.0.0",
    complexity: "O(1)",
    summary: "Sets a stream's last identifier and counters, as replication and restoring need it.",
    syntax: "key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]",
    handler: xsetid,
  },
];

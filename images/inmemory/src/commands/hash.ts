import { wrongArity } from "../errors.ts";
import { NOTIFY_HASH } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { createHashBlock, type Hash, openHash } from "../storage/hash.ts";
import { ENCODING_PACKED, TYPE_HASH } from "../storage/keyspace.ts";
import { addKey, deleteEmptied } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import { answerScan, matchesRange, readCursor, readScanOptions, runScan } from "./scan.ts";

/** The hash at argument 1, created when absent; undefined after answering that it is none. */
export function writableHash(session: ClientSession): Hash | undefined {
  const { db } = session;
  const entry = session.write(1);
  if (!session.isType(entry, TYPE_HASH)) return undefined;
  return openHash(
    db,
    entry === 0 ? addKey(session, 1, TYPE_HASH, ENCODING_PACKED, createHashBlock(db)) : entry,
  );
}

/** Sets the field at an argument to the value that follows it; whether it is new. */
function setPair({ args, server }: ClientSession, hash: Hash, index: number): boolean {
  const { buffer, offsets, lengths } = args;
  return hash.set(
    buffer,
    offsets[index]!,
    lengths[index]!,
    buffer,
    offsets[index + 1]!,
    lengths[index + 1]!,
    server.settings,
  );
}

/** Sets all pairs; how many fields are new, or undefined after an error. */
function setPairs(session: ClientSession): number | undefined {
  const { args, server } = session;
  const { settings } = server;
  if (args.count % 2 === 1) {
    session.reply.error(wrongArity(session.command.fullName));
    return undefined;
  }
  const hash = writableHash(session);
  if (hash === undefined) return undefined;
  if (args.count - 2 > settings.hashPackedEntriesMax * 2 || hasLong(session)) hash.enlarge();
  let added = 0;
  for (let i = 2; i < args.count; i += 2) if (setPair(session, hash, i)) added++;
  session.changed(1, NOTIFY_HASH, "hset", (args.count - 2) / 2);
  return added;
}

/** Whether a field or value is too long for a packed hash; Redis converts before it sets the first of them. */
function hasLong({ args, server }: ClientSession): boolean {
  const most = server.settings.hashPackedValueMax;
  for (let i = 2; i < args.count; i++) if (args.lengths[i]! > most) return true;
  return false;
}

function hset(session: ClientSession): void {
  const added = setPairs(session);
  if (added !== undefined) session.reply.integer(added);
}

function hmset(session: ClientSession): void {
  if (setPairs(session) !== undefined) session.reply.ok();
}

function hsetnx(session: ClientSession): void {
  const { args, reply } = session;
  const hash = writableHash(session);
  if (hash === undefined) return;
  if (hash.find(args.buffer, args.offsets[2]!, args.lengths[2]!)) {
    reply.integer(0);
    return;
  }
  setPair(session, hash, 2);
  session.changed(1, NOTIFY_HASH, "hset");
  reply.integer(1);
}

/** Answers the value of the field at an argument, or null. */
function answerField({ args, reply }: ClientSession, hash: Hash | undefined, index: number): void {
  if (hash?.find(args.buffer, args.offsets[index]!, args.lengths[index]!)) {
    reply.bulk(hash.bytes, hash.valueOffset, hash.valueLength);
  } else reply.null();
}

/**
 * Runs `answer` with the hash at argument 1, undefined when the key is absent; unless the key holds something else,
 * which is answered here.
 */
function withHash(
  session: ClientSession,
  answer: (session: ClientSession, hash: Hash | undefined) => void,
): void {
  const entry = session.read(1);
  if (!session.isType(entry, TYPE_HASH)) return;
  answer(session, entry === 0 ? undefined : openHash(session.db, entry));
}

function hget(session: ClientSession): void {
  withHash(session, answerSecond);
}

function answerSecond(session: ClientSession, hash: Hash | undefined): void {
  answerField(session, hash, 2);
}

function hmget(session: ClientSession): void {
  withHash(session, answerFields);
}

function answerFields(session: ClientSession, hash: Hash | undefined): void {
  const { args, reply } = session;
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) answerField(session, hash, i);
}

function hgetall(session: ClientSession): void {
  withHash(session, ({ reply }, hash) => {
    reply.map(hash?.size ?? 0);
    hash?.visit(() => {
      reply.bulk(hash.bytes, hash.fieldOffset, hash.fieldLength);
      reply.bulk(hash.bytes, hash.valueOffset, hash.valueLength);
      return true;
    });
  });
}

function hkeys(session: ClientSession): void {
  withHash(session, ({ reply }, hash) => {
    reply.array(hash?.size ?? 0);
    hash?.visit(() => {
      reply.bulk(hash.bytes, hash.fieldOffset, hash.fieldLength);
      return true;
    });
  });
}

function hvals(session: ClientSession): void {
  withHash(session, ({ reply }, hash) => {
    reply.array(hash?.size ?? 0);
    hash?.visit(() => {
      reply.bulk(hash.bytes, hash.valueOffset, hash.valueLength);
      return true;
    });
  });
}

function hdel(session: ClientSession): void {
  const { args, db, reply } = session;
  const entry = session.write(1);
  if (!session.isType(entry, TYPE_HASH)) return;
  let deleted = 0;
  if (entry !== 0) {
    const hash = openHash(db, entry);
    for (let i = 2; i < args.count && hash.size > 0; i++) {
      if (hash.delete(args.buffer, args.offsets[i]!, args.lengths[i]!)) deleted++;
    }
    if (deleted > 0) session.changed(1, NOTIFY_HASH, "hdel", deleted);
    if (hash.size === 0) deleteEmptied(session, 1, entry);
  }
  reply.integer(deleted);
}

function hlen(session: ClientSession): void {
  withHash(session, ({ reply }, hash) => reply.integer(hash?.size ?? 0));
}

function hstrlen(session: ClientSession): void {
  withHash(session, ({ reply, args }, hash) => {
    const isFound = hash?.find(args.buffer, args.offsets[2]!, args.lengths[2]!) ?? false;
    reply.integer(isFound ? hash!.valueLength : 0);
  });
}

function hexists(session: ClientSession): void {
  withHash(session, ({ reply, args }, hash) => {
    reply.integer(hash?.find(args.buffer, args.offsets[2]!, args.lengths[2]!) ? 1 : 0);
  });
}

function hscan(session: ClientSession): void {
  const { db } = session;
  const cursor = readCursor(session, 2);
  if (cursor === undefined) return;
  const entry = session.read(1);
  if (entry === 0) {
    answerScan(session, 0, []);
    return;
  }
  if (!session.isType(entry, TYPE_HASH)) return;
  const request = readScanOptions(session, 3);
  if (request === undefined) return;
  const hash = openHash(db, entry);
  const found: Buffer[] = [];
  let visited = 0;
  const visit = () => {
    const { bytes, fieldOffset, fieldLength, valueOffset, valueLength } = hash;
    visited++;
    if (!matchesRange(request.pattern, bytes, fieldOffset, fieldLength)) return;
    found.push(Buffer.from(bytes.subarray(fieldOffset, fieldOffset + fieldLength)));
    found.push(Buffer.from(bytes.subarray(valueOffset, valueOffset + valueLength)));
  };
  const next = runScan(
    cursor,
    request,
    (at) => hash.scan(at, visit),
    () => visited,
  );
  answerScan(session, next, found);
}

export const hashCommands: Command[] = [
  {
    name: "hset",
    arity: -4,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW update"),
    group: "hash",
    since: "2.0.0",
    complexity: "O(N), N the number of fields",
    summary: "Sets fields of a hash.",
    syntax: "key field value [field value ...]",
    handler: hset,
  },
  {
    name: "hsetnx",
    arity: 4,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW insert"),
    group: "hash",
    since: "2.0.0",
    complexity: "O(1)",
    summary: "Sets a field of a hash unless it exists.",
    syntax: "key field value",
    handler: hsetnx,
  },
  {
    name: "hmset",
    arity: -4,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW update"),
    group: "hash",
    since: "2.0.0",
    complexity: "O(N), N the number of fields",
    summary: "Sets fields of a hash; an older form of HSET.",
    syntax: "key field value [field value ...]",
    handler: hmset,
  },
  {
    name: "hget",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "hash",
    since: "2.0.0",
    complexity: "O(1)",
    summary: "Returns the value of a field of a hash.",
    syntax: "key field",
    handler: hget,
  },
  {
    name: "hmget",
    arity: -3,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "hash",
    since: "2.0.0",
    complexity: "O(N), N the number of fields",
    summary: "Returns the values of several fields of a hash.",
    syntax: "key field [field ...]",
    handler: hmget,
  },
  {
    name: "hgetall",
    arity: 2,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "hash",
    since: "2.0.0",
    complexity: "O(N), N the size of the hash",
    summary: "Returns all fields of a hash with their values.",
    syntax: "key",
    handler: hgetall,
  },
  {
    name: "hkeys",
    arity: 2,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "hash",
    since: "2.0.0",
    complexity: "O(N), N the size of the hash",
    summary: "Returns all field names of a hash.",
    syntax: "key",
    handler: hkeys,
  },
  {
    name: "hvals",
    arity: 2,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "hash",
    since: "2.0.0",
    complexity: "O(N), N the size of the hash",
    summary: "Returns all values of a hash.",
    syntax: "key",
    handler: hvals,
  },
  {
    name: "hdel",
    arity: -3,
    flags: ["write", "fast"],
    keys: key("RW delete"),
    group: "hash",
    since: "2.0.0",
    complexity: "O(N), N the number of fields",
    summary: "Deletes fields of a hash.",
    syntax: "key field [field ...]",
    handler: hdel,
  },
  {
    name: "hlen",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: key("RO"),
    group: "hash",
    since: "2.0.0",
    complexity: "O(1)",
    summary: "Returns the number of fields of a hash.",
    syntax: "key",
    handler: hlen,
  },
  {
    name: "hstrlen",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: key("RO"),
    group: "hash",
    since: "3.2.0",
    complexity: "O(1)",
    summary: "Returns the length of a field's value.",
    syntax: "key field",
    handler: hstrlen,
  },
  {
    name: "hexists",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: key("RO"),
    group: "hash",
    since: "2.0.0",
    complexity: "O(1)",
    summary: "Says whether a field of a hash exists.",
    syntax: "key field",
    handler: hexists,
  },
  {
    name: "hscan",
    arity: -3,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "hash",
    since: "2.8.0",
    complexity: "O(1) for a step, O(N) for all of them",
    summary: "Goes through the fields of a hash in steps.",
    syntax: "key cursor [MATCH pattern] [COUNT count]",
    handler: hscan,
  },
];

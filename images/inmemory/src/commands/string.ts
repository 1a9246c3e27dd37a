import { NOTIFY_GENERIC, NOTIFY_STRING } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { NO_EXPIRY, TYPE_STRING } from "../storage/keyspace.ts";
import { isJournaled } from "./collections.ts";
import { type Command, hasWord, key } from "./definition.ts";
import { EX, type ExpiryUnit, PX, readExpiryTime } from "./expiry-time.ts";
import { noStringOptions, readStringOptions, type StringOptions } from "./string-options.ts";
import { storeArgument } from "./string-store.ts";

/** Answers the string at an entry, or null; false when there was an error instead. */
function answerString(session: ClientSession, entry: number): boolean {
  const { db, reply } = session;
  if (entry === 0) reply.null();
  else if (session.isType(entry, TYPE_STRING)) {
    reply.bulk(db.bytesOf(entry), db.stringOffset(entry), db.stringLength(entry));
  } else return false;
  return true;
}

function get(session: ClientSession): void {
  answerString(session, session.read(1));
}

function set(session: ClientSession): void {
  if (session.args.count === 3) {
    // A key whose time is over has to expire before it is replaced; where nothing expires nothing is looked up.
    if (session.db.expiringCount > 0) session.write(1);
    storeArgument(session, 1, 2);
    session.changed(1, NOTIFY_STRING, "set");
    session.reply.ok();
    return;
  }
  const options = readStringOptions(session, 3, "set");
  if (options === undefined) return;
  const outcome = setWith(session, 2, options);
  if (outcome === undefined || options.returnsOld) return;
  if (outcome) session.reply.ok();
  else session.reply.null();
}

/**
 * Sets the key at argument 1 to the value at another as the options say. True when it was set, false when a
 * condition did not hold, undefined when there was an error. With `returnsOld` the reply is written.
 */
function setWith(session: ClientSession, value: number, options: StringOptions): boolean | undefined {
  const { db, args } = session;
  const { unit } = options;
  const time = unit === undefined ? NO_EXPIRY : readExpiryTime(session, options.timeIndex, unit, true);
  if (Number.isNaN(time)) return undefined;
  if (options.returnsOld && !answerString(session, session.read(1))) return undefined;
  const isPresent = session.write(1) !== 0;
  if (isPresent ? options.onlyIfAbsent : options.onlyIfPresent) return false;
  const entry = storeArgument(session, 1, value, options.keepsExpiry || unit !== undefined);
  session.changed(1, NOTIFY_STRING, "set");
  if (unit !== undefined) {
    db.setExpiry(entry, time);
    session.changed(1, NOTIFY_GENERIC, "expire", 0);
  }
  if (isJournaled(session) && (unit !== undefined || options.returnsOld)) {
    const effect = ["SET", args.view(1), args.view(value)];
    if (unit !== undefined) effect.push("PXAT", String(time));
    else if (options.keepsExpiry) effect.push("KEEPTTL");
    session.propagateAs(...effect);
  }
  return true;
}

function setnx(session: ClientSession): void {
  const wasSet = setWith(session, 2, { ...noStringOptions(), onlyIfAbsent: true });
  session.reply.integer(wasSet ? 1 : 0);
}

function setWithTime(session: ClientSession, unit: ExpiryUnit): void {
  if (setWith(session, 3, { ...noStringOptions(), unit, timeIndex: 2 })) session.reply.ok();
}

function getset(session: ClientSession): void {
  if (!answerString(session, session.read(1))) return;
  storeArgument(session, 1, 2);
  session.changed(1, NOTIFY_STRING, "set");
  if (isJournaled(session)) session.propagateAs("SET", session.args.view(1), session.args.view(2));
}

function getdel(session: ClientSession): void {
  const entry = session.read(1);
  if (!answerString(session, entry) || entry === 0) return;
  session.db.delete(entry);
  session.changed(1, NOTIFY_GENERIC, "del");
  if (isJournaled(session)) session.propagateAs("DEL", session.args.view(1));
}

function getex(session: ClientSession): void {
  const { db, server, args } = session;
  const options = readStringOptions(session, 2, "getex");
  if (options === undefined) return;
  const entry = session.read(1);
  if (entry === 0) {
    session.reply.null();
    return;
  }
  if (!session.isType(entry, TYPE_STRING)) return;
  const { unit } = options;
  const time = unit === undefined ? NO_EXPIRY : readExpiryTime(session, options.timeIndex, unit, true);
  if (Number.isNaN(time)) return;
  answerString(session, entry);
  if (unit !== undefined && !unit.isRelative && time <= server.now && !server.leavesExpiryToOthers) {
    db.delete(entry);
    session.changed(1, NOTIFY_GENERIC, "del");
    if (isJournaled(session)) session.propagateAs("DEL", args.view(1));
  } else if (unit !== undefined) {
    db.setExpiry(entry, time);
    session.changed(1, NOTIFY_GENERIC, "expire");
    if (isJournaled(session)) session.propagateAs("PEXPIREAT", args.view(1), String(time));
  } else if (options.clearsExpiry && db.expiryOf(entry) !== NO_EXPIRY) {
    db.clearExpiry(entry);
    session.changed(1, NOTIFY_GENERIC, "persist");
    if (isJournaled(session)) session.propagateAs("PERSIST", args.view(1));
  }
}

function strlen(session: ClientSession): void {
  const entry = session.read(1);
  if (!session.isType(entry, TYPE_STRING)) return;
  session.reply.integer(entry === 0 ? 0 : session.db.stringLength(entry));
}

export const stringCommands: Command[] = [
  {
    name: "get",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "string",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns the string value of a key.",
    syntax: "key",
    handler: get,
  },
  {
    name: "set",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: key("RW access update variable_flags"),
    keyFlags: (args) => (hasWord(args, 3, "GET") ? "RW access update" : "OW update"),
    group: "string",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Sets a key to a string value, whatever it held before.",
    syntax:
      "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
    handler: set,
  },
  {
    name: "setnx",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: key("OW insert"),
    group: "string",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Sets a key to a string value unless the key exists.",
    syntax: "key value",
    handler: setnx,
  },
  {
    name: "setex",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: key("OW update"),
    group: "string",
    since: "2.0.0",
    complexity: "O(1)",
    summary: "Sets a key to a string value that expires after so many seconds.",
    syntax: "key seconds value",
    handler: (session) => setWithTime(session, EX),
  },
  {
    name: "psetex",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: key("OW update"),
    group: "string",
    since: "2.6.0",
    complexity: "O(1)",
    summary: "Sets a key to a string value that expires after so many milliseconds.",
    syntax: "key milliseconds value",
    handler: (session) => setWithTime(session, PX),
  },
  {
    name: "getset",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW access update"),
    group: "string",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Sets a key to a string value and returns the value it had.",
    syntax: "key value",
    handler: getset,
  },
  {
    name: "getdel",
    arity: 2,
    flags: ["write", "fast"],
    keys: key("RW access delete"),
    group: "string",
    since: "6.2.0",
    complexity: "O(1)",
    summary: "Returns the string value of a key and deletes the key.",
    syntax: "key",
    handler: getdel,
  },
  {
    name: "getex",
    arity: -2,
    flags: ["write", "fast"],
    keys: key("RW access update"),
    group: "string",
    since: "6.2.0",
    complexity: "O(1)",
    summary: "Returns the string value of a key and changes when the key expires.",
    syntax:
      "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]",
    handler: getex,
  },
  {
    name: "strlen",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: key("RO"),
    group: "string",
    since: "2.2.0",
    complexity: "O(1)",
    summary: "Returns the length of a string in bytes.",
    syntax: "key",
    handler: strlen,
  },
];

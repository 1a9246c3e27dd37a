import { NOTIFY_GENERIC } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { NO_EXPIRY } from "../storage/keyspace.ts";
import { isJournaled } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import { EX, EXAT, type ExpiryUnit, PX, PXAT, readExpiryTime } from "./expiry-time.ts";
import { peek } from "./peek.ts";

interface Conditions {
  nx: boolean;
  xx: boolean;
  gt: boolean;
  lt: boolean;
}

function readConditions(session: ClientSession): Conditions | undefined {
  const { args, reply } = session;
  const given = { nx: false, xx: false, gt: false, lt: false };
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, "NX")) given.nx = true;
    else if (args.is(i, "XX")) given.xx = true;
    else if (args.is(i, "GT")) given.gt = true;
    else if (args.is(i, "LT")) given.lt = true;
    else {
      reply.error(`ERR Unsupported option ${args.latin1(i)}`);
      return undefined;
    }
  }
  if (given.nx && (given.xx || given.gt || given.lt)) {
    reply.error("ERR NX and XX, GT or LT options at the same time are not compatible");
    return undefined;
  }
  if (given.gt && given.lt) {
    reply.error("ERR GT and LT options at the same time are not compatible");
    return undefined;
  }
  return given;
}

/** A key without an expiry counts as one that expires never, later than any time. */
function isHeld({ nx, xx, gt, lt }: Conditions, current: number, time: number): boolean {
  const isPermanent = current === NO_EXPIRY;
  if (nx && !isPermanent) return false;
  if (xx && isPermanent) return false;
  if (gt && (isPermanent || time <= current)) return false;
  return !(lt && !isPermanent && time >= current);
}

function expireWith(session: ClientSession, unit: ExpiryUnit): void {
  const { db, args, reply, server } = session;
  const conditions = readConditions(session);
  if (conditions === undefined) return;
  const time = readExpiryTime(session, 2, unit, false);
  if (Number.isNaN(time)) return;
  const entry = session.write(1);
  if (entry === 0 || !isHeld(conditions, db.expiryOf(entry), time)) {
    reply.integer(0);
    return;
  }
  if (time <= server.now && !server.leavesExpiryToOthers) {
    db.delete(entry);
    session.changed(1, NOTIFY_GENERIC, "del");
    if (isJournaled(session)) session.propagateAs("DEL", args.view(1));
  } else {
    db.setExpiry(entry, Math.max(0, time));
    session.changed(1, NOTIFY_GENERIC, "expire");
    if (isJournaled(session)) session.propagateAs("PEXPIREAT", args.view(1), String(time));
  }
  reply.integer(1);
}

const ABSENT = -2;
const PERMANENT = -1;

/** Answers when the key expires, or in how long, in ms or rounded to seconds. */
function answerExpiry(session: ClientSession, { isSeconds, isRelative }: ExpiryUnit): void {
  const { db, reply, server } = session;
  const entry = peek(session, 1);
  const expiry = entry === 0 ? NO_EXPIRY : db.expiryOf(entry);
  if (entry === 0) reply.integer(ABSENT);
  else if (expiry === NO_EXPIRY) reply.integer(PERMANENT);
  else {
    const milliseconds = Math.max(0, isRelative ? expiry - server.now : expiry);
    reply.integer(isSeconds ? Math.floor((milliseconds + 500) / 1000) : milliseconds);
  }
}

function persist(session: ClientSession): void {
  const { db, reply } = session;
  const entry = session.write(1);
  if (entry === 0 || db.expiryOf(entry) === NO_EXPIRY) {
    reply.integer(0);
    return;
  }
  db.clearExpiry(entry);
  session.changed(1, NOTIFY_GENERIC, "persist");
  reply.integer(1);
}

export const expireCommands: Command[] = [
  {
    name: "expire",
    arity: -3,
    flags: ["write", "fast"],
    keys: key("RW update"),
    group: "generic",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Makes a key expire after so many seconds.",
    syntax: "key seconds [NX | XX | GT | LT]",
    handler: (session) => expireWith(session, EX),
  },
  {
    name: "pexpire",
    arity: -3,
    flags: ["write", "fast"],
    keys: key("RW update"),
    group: "generic",
    since: "2.6.0",
    complexity: "O(1)",
    summary: "Makes a key expire after so many milliseconds.",
    syntax: "key milliseconds [NX | XX | GT | LT]",
    handler: (session) => expireWith(session, PX),
  },
  {
    name: "expireat",
    arity: -3,
    flags: ["write", "fast"],
    keys: key("RW update"),
    group: "generic",
    since: "1.2.0",
    complexity: "O(1)",
    summary: "Makes a key expire at a Unix time in seconds.",
    syntax: "key unix-time-seconds [NX | XX | GT | LT]",
    handler: (session) => expireWith(session, EXAT),
  },
  {
    name: "pexpireat",
    arity: -3,
    flags: ["write", "fast"],
    keys: key("RW update"),
    group: "generic",
    since: "2.6.0",
    complexity: "O(1)",
    summary: "Makes a key expire at a Unix time in milliseconds.",
    syntax: "key unix-time-milliseconds [NX | XX | GT | LT]",
    handler: (session) => expireWith(session, PXAT),
  },
  {
    name: "ttl",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "generic",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns the seconds until a key expires.",
    syntax: "key",
    handler: (session) => answerExpiry(session, EX),
  },
  {
    name: "pttl",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "generic",
    since: "2.6.0",
    complexity: "O(1)",
    summary: "Returns the milliseconds until a key expires.",
    syntax: "key",
    handler: (session) => answerExpiry(session, PX),
  },
  {
    name: "expiretime",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "generic",
    since: "7.0.0",
    complexity: "O(1)",
    summary: "Returns the Unix time in seconds at which a key expires.",
    syntax: "key",
    handler: (session) => answerExpiry(session, EXAT),
  },
  {
    name: "pexpiretime",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: key("RO access"),
    group: "generic",
    since: "7.0.0",
    complexity: "O(1)",
    summary: "Returns the Unix time in milliseconds at which a key expires.",
    syntax: "key",
    handler: (session) => answerExpiry(session, PXAT),
  },
  {
    name: "persist",
    arity: 2,
    flags: ["write", "fast"],
    keys: key("RW update"),
    group: "generic",
    since: "2.2.0",
    complexity: "O(1)",
    summary: "Makes a key permanent again.",
    syntax: "key",
    handler: persist,
  },
];

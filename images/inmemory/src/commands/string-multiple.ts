import { wrongArity } from "../errors.ts";
import { NOTIFY_STRING } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { TYPE_STRING } from "../storage/keyspace.ts";
import { type Command, keys } from "./definition.ts";
import { storeArgument } from "./string-store.ts";

function mget(session: ClientSession): void {
  const { args, db, reply } = session;
  reply.array(args.count - 1);
  for (let i = 1; i < args.count; i++) {
    const entry = session.read(i);
    if (entry === 0 || db.typeOf(entry) !== TYPE_STRING) reply.null();
    else reply.bulk(db.bytesOf(entry), db.stringOffset(entry), db.stringLength(entry));
  }
}

/** Whether every key has its value; answers the error when one has not. */
function hasPairs(session: ClientSession): boolean {
  if (session.args.count % 2 === 1) return true;
  session.reply.error(wrongArity(session.command.fullName));
  return false;
}

function setPairs(session: ClientSession): void {
  const { args, db } = session;
  const someExpire = db.expiringCount > 0;
  for (let i = 1; i < args.count; i += 2) {
    if (someExpire) session.write(i);
    storeArgument(session, i, i + 1);
    session.changed(i, NOTIFY_STRING, "set");
  }
}

function mset(session: ClientSession): void {
  if (!hasPairs(session)) return;
  setPairs(session);
  session.reply.ok();
}

function msetnx(session: ClientSession): void {
  if (!hasPairs(session)) return;
  for (let i = 1; i < session.args.count; i += 2) {
    if (session.write(i) !== 0) {
      session.reply.integer(0);
      return;
    }
  }
  setPairs(session);
  session.reply.integer(1);
}

export const multipleStringCommands: Command[] = [
  {
    name: "mget",
    arity: -2,
    flags: ["readonly", "fast"],
    keys: keys("RO access"),
    group: "string",
    since: "1.0.0",
    complexity: "O(N), N the number of keys",
    summary: "Returns the string values of several keys; null for one that is absent or no string.",
    syntax: "key [key ...]",
    handler: mget,
  },
  {
    name: "mset",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: keys("OW update", 1, -1, 2),
    group: "string",
    since: "1.0.1",
    complexity: "O(N), N the number of keys",
    summary: "Sets several keys to string values at once.",
    syntax: "key value [key value ...]",
    handler: mset,
  },
  {
    name: "msetnx",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: keys("OW insert", 1, -1, 2),
    group: "string",
    since: "1.0.1",
    complexity: "O(N), N the number of keys",
    summary: "Sets several keys to string values at once, or none of them if any exists.",
    syntax: "key value [key value ...]",
    handler: msetnx,
  },
];

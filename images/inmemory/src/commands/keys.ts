import { NOTIFY_GENERIC } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { NO_EXPIRY, TYPE_NAMES } from "../storage/keyspace.ts";
import { type Command, key, keys } from "./definition.ts";
import { peek, peekSilently } from "./peek.ts";

/** Deletes keys; large values are freed in slices whatever the command's name is. */
function del(session: ClientSession): void {
  const { args, db } = session;
  let deleted = 0;
  for (let i = 1; i < args.count; i++) {
    const entry = peekSilently(session, i);
    if (entry === 0) continue;
    db.delete(entry);
    session.changed(i, NOTIFY_GENERIC, "del");
    deleted++;
  }
  session.reply.integer(deleted);
}

function exists(session: ClientSession): void {
  let found = 0;
  for (let i = 1; i < session.args.count; i++) if (peek(session, i) !== 0) found++;
  session.reply.integer(found);
}

function touch(session: ClientSession): void {
  let found = 0;
  for (let i = 1; i < session.args.count; i++) if (session.read(i) !== 0) found++;
  session.reply.integer(found);
}

function type(session: ClientSession): void {
  const entry = peek(session, 1);
  session.reply.simple(entry === 0 ? "none" : TYPE_NAMES[session.db.typeOf(entry)]);
}

const RANDOM_TRIES_MAX = 100;

function randomkey(session: ClientSession): void {
  const { db, reply, server } = session;
  for (let tries = 1; db.size > 0; tries++) {
    const entry = db.random();
    const expiry = db.expiryOf(entry);
    // A replica keeps what has expired: where there is nothing else, that is told, as by Redis.
    const isEnough = server.following !== undefined && tries > RANDOM_TRIES_MAX;
    if (expiry === NO_EXPIRY || expiry > server.now || isEnough) {
      reply.bulk(db.bytesOf(entry), db.keyOffset(entry), db.keyLength(entry));
      return;
    }
    server.expire(db, entry);
  }
  reply.null();
}

export const keyCommands: Command[] = [
  {
    name: "del",
    arity: -2,
    flags: ["write"],
    keys: keys("RM delete"),
    group: "generic",
    since: "1.0.0",
    complexity: "O(N), N the number of keys; large values are freed in the background",
    summary: "Deletes keys.",
    syntax: "key [key ...]",
    handler: del,
  },
  {
    name: "unlink",
    arity: -2,
    flags: ["write", "fast"],
    keys: keys("RM delete"),
    group: "generic",
    since: "4.0.0",
    complexity: "O(N), N the number of keys",
    summary: "Deletes keys and frees their values in the background.",
    syntax: "key [key ...]",
    handler: del,
  },
  {
    name: "exists",
    arity: -2,
    flags: ["readonly", "fast"],
    keys: keys("RO"),
    group: "generic",
    since: "1.0.0",
    complexity: "O(N), N the number of keys",
    summary: "Counts how many of the given keys exist; one given twice counts twice.",
    syntax: "key [key ...]",
    handler: exists,
  },
  {
    name: "touch",
    arity: -2,
    flags: ["readonly", "fast"],
    keys: keys("RO"),
    group: "generic",
    since: "3.2.1",
    complexity: "O(N), N the number of keys",
    summary: "Counts how many of the given keys exist and marks them as used.",
    syntax: "key [key ...]",
    handler: touch,
  },
  {
    name: "type",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: key("RO"),
    group: "generic",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns the type of the value at a key.",
    syntax: "key",
    handler: type,
  },
  {
    name: "randomkey",
    arity: 1,
    flags: ["readonly"],
    group: "generic",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns the name of a random key.",
    handler: randomkey,
  },
];

import { SYNTAX } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import { Keyspace } from "../storage/keyspace.ts";
import type { Command } from "./definition.ts";
import { readDatabase } from "./keys-move.ts";

/** A database with up to about so many keys is freed at once, a larger one in the background. */
const BUCKETS_AT_ONCE = 4096;

function dbsize(session: ClientSession): void {
  session.reply.integer(session.db.size);
}

/** Whether the arguments are as FLUSHDB and FLUSHALL take them; answers the error when not. */
function isFlushMode(session: ClientSession): boolean {
  const { args } = session;
  if (args.count === 1) return true;
  if (args.count === 2 && (args.is(1, "SYNC") || args.is(1, "ASYNC"))) return true;
  session.reply.error(SYNTAX);
  return false;
}

/** Deletes all keys of a database. The memory is freed in slices, with SYNC too: nobody waits for it. */
function flush({ server }: ClientSession, db: Keyspace): void {
  server.watches.touchAll(db, (name) => db.find(name, 0, name.length) !== 0);
  server.blocking.readyAll(db);
  server.dirty += db.size;
  if (db.size === 0) return;
  const removed = new Keyspace(server.slab, db.index);
  removed.exchange(db);
  removed.discard = (value) => server.lazyFree.add(value);
  if (!removed.clearSome(BUCKETS_AT_ONCE)) server.lazyFree.later(removed);
}

function flushdb(session: ClientSession): void {
  if (!isFlushMode(session)) return;
  flush(session, session.db);
  session.server.tracking.flushed();
  // Also of an empty database: it goes to the journal in any case.
  session.server.dirty++;
  session.reply.ok();
}

function flushall(session: ClientSession): void {
  if (!isFlushMode(session)) return;
  for (const db of session.server.databases) flush(session, db);
  session.server.tracking.flushed();
  session.server.dirty++;
  session.reply.ok();
}

function swapdb(session: ClientSession): void {
  const { server, reply } = session;
  if (server.cluster !== undefined) {
    reply.error("ERR SWAPDB is not allowed in cluster mode");
    return;
  }
  const left = readDatabase(session, 1, "ERR invalid first DB index");
  if (left === undefined) return;
  const right = readDatabase(session, 2, "ERR invalid second DB index");
  if (right === undefined) return;
  if (left !== right) {
    const isInEither = (name: Buffer) =>
      left.find(name, 0, name.length) !== 0 || right.find(name, 0, name.length) !== 0;
    server.watches.touchAll(left, isInEither);
    server.watches.touchAll(right, isInEither);
    left.exchange(right);
    server.blocking.readyAll(left);
    server.blocking.readyAll(right);
  }
  server.dirty++;
  reply.ok();
}

export const databaseCommands: Command[] = [
  {
    name: "dbsize",
    arity: 1,
    flags: ["readonly", "fast"],
    categories: ["keyspace"],
    group: "server",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns the number of keys in the database.",
    handler: dbsize,
  },
  {
    name: "flushdb",
    arity: -1,
    flags: ["write"],
    categories: ["keyspace", "dangerous"],
    group: "server",
    since: "1.0.0",
    complexity: "O(1); memory is freed in the background",
    summary: "Deletes all keys of the database.",
    syntax: "[ASYNC | SYNC]",
    handler: flushdb,
  },
  {
    name: "flushall",
    arity: -1,
    flags: ["write"],
    categories: ["keyspace", "dangerous"],
    group: "server",
    since: "1.0.0",
    complexity: "O(1) for each database; memory is freed in the background",
    summary: "Deletes all keys of all databases.",
    syntax: "[ASYNC | SYNC]",
    handler: flushall,
  },
  {
    name: "swapdb",
    arity: 3,
    flags: ["write", "fast"],
    categories: ["keyspace", "dangerous"],
    group: "server",
    since: "4.0.0",
    complexity: "O(N), N the number of clients that watch or wait for keys of them",
    summary: "Exchanges two databases.",
    syntax: "index1 index2",
    handler: swapdb,
  },
];

import { SYNTAX } from "../errors.ts";
import { RDB_VERSION, sealPayload } from "../rdb/payload.ts";
import { RDB_SET_LISTPACK } from "../rdb/types.ts";
import { writeValue } from "../rdb/write-value.ts";
import type { ClientSession } from "../server/server.ts";
import type { Keyspace } from "../storage/keyspace.ts";
import { type Command, key } from "./definition.ts";
import { type LinkResult, sendAll } from "./migrate-link.ts";

const DEFAULT_TIMEOUT_MS = 1000;
/** What Redis 7.0 writes and takes: all but the kinds of values that came with 7.2. */
const RDB_VERSION_OLDER = 10;
const DEL = Buffer.from("DEL");

interface Options {
  isCopy: boolean;
  replaces: boolean;
  /** AUTH and its arguments, or nothing. */
  login: readonly Buffer[];
  /** Indexes of the keys. */
  keys: readonly number[];
}

/** On a bad option answers the error. */
function readOptions({ args, reply }: ClientSession): Options | undefined {
  const options: Options = { isCopy: false, replaces: false, login: [], keys: [3] };
  for (let i = 6; i < args.count; i++) {
    const left = args.count - 1 - i;
    if (args.is(i, "COPY")) options.isCopy = true;
    else if (args.is(i, "REPLACE")) options.replaces = true;
    else if (args.is(i, "AUTH") && left >= 1) {
      options.login = [Buffer.from("AUTH"), args.copy(++i)];
    } else if (args.is(i, "AUTH2") && left >= 2) {
      options.login = [Buffer.from("AUTH"), args.copy(i + 1), args.copy(i + 2)];
      i += 2;
    } else if (args.is(i, "KEYS")) {
      if (args.lengths[3] !== 0) {
        reply.error("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string");
        return undefined;
      }
      options.keys = Array.from({ length: left }, (_, index) => i + 1 + index);
      break;
    } else {
      reply.error(SYNTAX);
      return undefined;
    }
  }
  return options;
}

/** A key that is copied, and the request that does it. */
interface Copied {
  readonly key: Buffer;
  readonly request: readonly Buffer[];
}

function copiesOf(session: ClientSession, options: Options): Copied[] {
  const { args, db, server } = session;
  const copies: Copied[] = [];
  for (const index of options.keys) {
    const entry = session.read(index);
    const expiry = session.expiryOf(entry);
    if (entry === 0 || (expiry >= 0 && expiry < server.now)) continue;
    const body = writeValue(db, entry, server.settings.listPackedSize);
    const payload = sealPayload(body, body[0]! < RDB_SET_LISTPACK ? RDB_VERSION_OLDER : RDB_VERSION);
    const ttl = expiry < 0 ? 0 : Math.max(1, expiry - server.now);
    const name = args.copy(index);
    const request = [Buffer.from("RESTORE"), name, Buffer.from(String(ttl)), payload];
    copies.push({ key: name, request: options.replaces ? [...request, Buffer.from("REPLACE")] : request });
  }
  return copies;
}

/**
 * Copies keys to another server and deletes here what it has taken. Writes of all clients wait meanwhile, so that what
 * is deleted is what was copied; reads go on.
 */
function migrate(session: ClientSession): void {
  const { args, db, reply, server } = session;
  const options = readOptions(session);
  if (options === undefined) return;
  const timeoutMs = session.integer(5);
  if (Number.isNaN(timeoutMs)) return;
  const database = session.integer(4);
  if (Number.isNaN(database)) return;
  if (session.mayNotBlock || session.isInScript) {
    reply.error("ERR MIGRATE is not supported in transactions and scripts");
    return;
  }
  const port = args.integer(2);
  if (!(port > 0 && port < 65536)) {
    reply.error(IO_ERRORS.connecting);
    return;
  }
  const copies = copiesOf(session, options);
  if (copies.length === 0) {
    reply.simple("NOKEY");
    return;
  }
  const before = [
    ...(options.login.length > 0 ? [options.login] : []),
    [Buffer.from("SELECT"), Buffer.from(String(database))],
  ];
  const target = { host: args.utf8(1), port, timeoutMs: timeoutMs > 0 ? timeoutMs : DEFAULT_TIMEOUT_MS };
  server.pausing.beginMove();
  const moved = sendAll(target, [...before, ...copies.map(({ request }) => request)]).then((result) => {
    // A server that refused the login or the database has copied the keys to where nobody asked for, or not at all.
    const isInPlace = result.answers.slice(0, before.length).every((answer) => !answer.startsWith("-"));
    if (isInPlace && !options.isCopy) {
      const taken = copies.filter((_, index) => result.answers[before.length + index]?.startsWith("+"));
      removeMoved(session, db, taken);
    }
    server.pausing.endMove();
    return result;
  });
  session.decide(
    moved,
    (result) => answer(session, result),
    () => session.reply.error(IO_ERRORS.reading),
  );
}

function removeMoved(session: ClientSession, db: Keyspace, moved: readonly Copied[]): void {
  const { server } = session;
  server.tick();
  const gone: Buffer[] = [];
  for (const { key: name } of moved) {
    const entry = db.find(name, 0, name.length);
    if (entry === 0) continue;
    server.delete(db, entry);
    gone.push(name);
  }
  if (gone.length === 0) return;
  session.hasUnsavedWrites = true;
  server.propagation.change(db.index, [DEL, ...gone]);
  server.propagation.endUnit();
  server.serveBlocked();
}

const IO_ERRORS = {
  connecting: "IOERR error or timeout connecting to the client",
  writing: "IOERR error or timeout writing to target instance",
  reading: "IOERR error or timeout reading to target instance",
} as const;

function answer({ reply }: ClientSession, { answers, failure }: LinkResult): void {
  const refused = answers.find((line) => line.startsWith("-"));
  if (refused !== undefined) reply.error(`ERR Target instance replied with error: ${refused.slice(1)}`);
  else if (failure !== undefined) reply.error(IO_ERRORS[failure]);
  else reply.ok();
}

export const migrateCommands: Command[] = [
  {
    name: "migrate",
    arity: -6,
    flags: ["write", "movablekeys"],
    categories: ["keyspace", "dangerous"],
    keys: [
      ...key("RW access delete", 3),
      {
        begin: { keyword: "KEYS", startFrom: -2 },
        find: { last: -1, step: 1 },
        flags: "RW access delete",
        incomplete: true,
      },
    ],
    getKeys: (args) => {
      for (let i = 6; i < args.count; i++) {
        if (args.is(i, "AUTH")) i++;
        else if (args.is(i, "AUTH2")) i += 2;
        else if (args.is(i, "KEYS"))
          return Array.from({ length: args.count - 1 - i }, (_, index) => i + 1 + index);
      }
      return [3];
    },
    group: "generic",
    since: "2.6.0",
    complexity: "O(N) where N is the size of the values; writes of others wait until they are copied",
    summary: "Moves keys to another server, of ours or a Redis, that RESTOREs them.",
    syntax:
      'host port <key | ""> destination-db timeout [COPY] [REPLACE] [AUTH password | AUTH2 username password] [KEYS key [key ...]]',
    handler: migrate,
  },
];

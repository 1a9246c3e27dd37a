import { SYNTAX } from "../errors.ts";
import { openPayload, PayloadError, sealPayload } from "../rdb/payload.ts";
import { type ReadValue, readValue } from "../rdb/read-value.ts";
import { storeValue } from "../rdb/store-value.ts";
import { writeValue } from "../rdb/write-value.ts";
import { NOTIFY_GENERIC } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { packFrequency } from "../storage/eviction.ts";
import { isJournaled } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import { PX, PXAT, readExpiryTime } from "./expiry-time.ts";
import { announceNew } from "./string-store.ts";

const FREQUENCY_MAX = 255;
const TTL_NEGATIVE = "ERR Invalid TTL value, must be >= 0";
const WRONG_PAYLOAD = "ERR DUMP payload version or checksum are wrong";

function dump(session: ClientSession): void {
  const { db, server, reply } = session;
  const entry = session.read(1);
  if (entry === 0) {
    reply.null();
    return;
  }
  const payload = sealPayload(writeValue(db, entry, server.settings.listPackedSize));
  reply.bulk(payload, 0, payload.length);
}

interface RestoreOptions {
  replaces: boolean;
  isAbsolute: boolean;
  idleSeconds: number | undefined;
  frequency: number | undefined;
}

/** On a bad option answers the error. */
function readOptions(session: ClientSession): RestoreOptions | undefined {
  const { args, reply } = session;
  const options: RestoreOptions = {
    replaces: false,
    isAbsolute: false,
    idleSeconds: undefined,
    frequency: undefined,
  };
  for (let i = 4; i < args.count; i++) {
    const hasNext = i + 1 < args.count;
    if (args.is(i, "REPLACE")) options.replaces = true;
    else if (args.is(i, "ABSTTL")) options.isAbsolute = true;
    else if (args.is(i, "IDLETIME") && hasNext && options.frequency === undefined) {
      const seconds = session.integer(++i);
      if (Number.isNaN(seconds)) return undefined;
      if (seconds < 0) {
        reply.error("ERR Invalid IDLETIME value, must be >= 0");
        return undefined;
      }
      options.idleSeconds = seconds;
    } else if (args.is(i, "FREQ") && hasNext && options.idleSeconds === undefined) {
      const frequency = session.integer(++i);
      if (Number.isNaN(frequency)) return undefined;
      if (frequency < 0 || frequency > FREQUENCY_MAX) {
        reply.error("ERR Invalid FREQ value, must be >= 0 and <= 255");
        return undefined;
      }
      options.frequency = frequency;
    } else {
      reply.error(SYNTAX);
      return undefined;
    }
  }
  return options;
}

/** The value of the payload at argument 3; on a bad one answers the error. */
function readPayload({ args, reply }: ClientSession): ReadValue | undefined {
  const body = openPayload(args.view(3));
  if (body === undefined) {
    reply.error(WRONG_PAYLOAD);
    return undefined;
  }
  try {
    return readValue(body);
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
    reply.error("ERR Bad data format");
    return undefined;
  }
}

function restore(session: ClientSession): void {
  const { args, db, server, reply } = session;
  const options = readOptions(session);
  if (options === undefined) return;
  const old = session.write(1);
  if (old !== 0 && !options.replaces) {
    reply.error("BUSYKEY Target key name already exists.");
    return;
  }
  const ttl = session.integer(2);
  if (Number.isNaN(ttl)) return;
  if (ttl < 0) {
    reply.error(TTL_NEGATIVE);
    return;
  }
  const value = readPayload(session);
  if (value === undefined) return;
  const expiry = ttl === 0 ? 0 : readExpiryTime(session, 2, options.isAbsolute ? PXAT : PX, false);
  if (Number.isNaN(expiry)) return;
  if (old !== 0) db.delete(old);
  if (expiry !== 0 && expiry <= server.now && !server.leavesExpiryToOthers) {
    if (old !== 0) {
      session.changed(1, NOTIFY_GENERIC, "del");
      if (isJournaled(session)) session.propagateAs("DEL", args.view(1));
    }
    reply.ok();
    return;
  }
  let entry = storeValue(db, args.view(1), value, server.settings);
  if (expiry !== 0) entry = db.setExpiry(entry, expiry);
  setAccess(session, entry, options);
  announceNew(session, 1);
  session.changed(1, NOTIFY_GENERIC, "restore");
  // When it is replayed nothing may stand in its way, and time has passed.
  if (isJournaled(session))
    session.propagateAs("RESTORE", args.view(1), String(expiry), args.view(3), "REPLACE", "ABSTTL");
  reply.ok();
}

/** When the key was last used, or how often: only what the policy keeps. */
function setAccess({ db, server }: ClientSession, entry: number, options: RestoreOptions): void {
  const { idleSeconds, frequency } = options;
  if (server.settings.evictionPolicy.endsWith("lfu")) {
    if (frequency !== undefined) db.setAccess(entry, packFrequency(server.now, frequency));
  } else if (idleSeconds !== undefined) {
    db.setAccess(entry, (Math.floor(server.now / 1000) - idleSeconds) & 0xffffff);
  }
}

export const dumpCommands: Command[] = [
  {
    name: "dump",
    arity: 2,
    flags: ["readonly"],
    keys: key("RO access"),
    categories: ["keyspace"],
    group: "generic",
    since: "2.6.0",
    complexity: "O(1) to find the key and O(N*M) to write its N elements of M bytes",
    summary: "Returns the value of a key in the form that RESTORE and Redis take.",
    syntax: "key",
    handler: dump,
  },
  {
    name: "restore",
    arity: -4,
    flags: ["write", "denyoom"],
    keys: key("OW update"),
    categories: ["keyspace", "dangerous"],
    group: "generic",
    since: "2.6.0",
    complexity:
      "O(1) to add the key and O(N*M) to read its N elements of M bytes; O(N*M*log(N)) for a sorted set",
    summary: "Creates a key from what DUMP returned, here or by Redis.",
    syntax: "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
    handler: restore,
  },
];

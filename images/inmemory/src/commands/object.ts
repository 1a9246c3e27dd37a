import { parseInteger } from "../protocol/numbers.ts";
import type { ClientSession } from "../server/server.ts";
import { decayedFrequency, idleSeconds } from "../storage/eviction.ts";
import {
  type DataType,
  ENCODING_INTSET,
  ENCODING_OBJECT,
  ENCODING_RAW,
  ENCODING_TEXT,
  type Keyspace,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_ZSET,
} from "../storage/keyspace.ts";
import { type Command, key } from "./definition.ts";
import { helpCommand } from "./help.ts";
import { peekSilently } from "./peek.ts";

/** Longer strings are "raw" to Redis, which keeps shorter ones in one piece with their header. */
const EMBEDDED_BYTES_MAX = 44;
const SWITCHING =
  "Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.";

/** Redis's names for large values, by type. */
const LARGE_ENCODINGS: Record<DataType, string> = {
  [TYPE_STRING]: "raw",
  [TYPE_LIST]: "quicklist",
  [TYPE_SET]: "hashtable",
  [TYPE_ZSET]: "skiplist",
  [TYPE_HASH]: "hashtable",
  [TYPE_STREAM]: "stream",
};

/** How Redis would say that the value of an entry is kept. */
export function encodingName(db: Keyspace, entry: number): string {
  const encoding = db.encodingOf(entry);
  const type = db.typeOf(entry);
  if (type === TYPE_STRING) {
    const length = db.stringLength(entry);
    if (encoding === ENCODING_RAW) return "raw";
    const isNumber =
      encoding !== ENCODING_TEXT &&
      length <= 20 &&
      !Number.isNaN(parseInteger(db.bytesOf(entry), db.stringOffset(entry), length));
    if (isNumber) return "int";
    return length <= EMBEDDED_BYTES_MAX ? "embstr" : "raw";
  }
  if (encoding === ENCODING_OBJECT) return LARGE_ENCODINGS[type];
  return encoding === ENCODING_INTSET ? "intset" : "listpack";
}

/** Answers what `answer` writes of the key at argument 2, or null. */
function about(session: ClientSession, answer: (entry: number) => void): void {
  const entry = peekSilently(session, 2);
  if (entry === 0) session.reply.null();
  else answer(entry);
}

function encoding(session: ClientSession): void {
  about(session, (entry) => session.reply.bulkText(encodingName(session.db, entry)));
}

function isFrequencyPolicy({ server }: ClientSession): boolean {
  return server.settings.evictionPolicy.endsWith("lfu");
}

function freq(session: ClientSession): void {
  const { db, server, reply } = session;
  about(session, (entry) => {
    if (isFrequencyPolicy(session)) {
      reply.integer(decayedFrequency(db.accessOf(entry), server.now, server.settings));
    } else {
      reply.error(`ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${SWITCHING}`);
    }
  });
}

function idletime(session: ClientSession): void {
  const { db, server, reply } = session;
  about(session, (entry) => {
    if (isFrequencyPolicy(session)) {
      reply.error(`ERR An LFU maxmemory policy is selected, idle time not tracked. ${SWITCHING}`);
    } else reply.integer(idleSeconds(db.accessOf(entry), server.now));
  });
}

/** Values are never shared between keys. */
function refcount(session: ClientSession): void {
  about(session, () => session.reply.integer(1));
}

export const objectCommands: Command[] = [
  {
    name: "object",
    arity: -2,
    flags: [],
    group: "generic",
    since: "2.2.3",
    complexity: "Depends on the subcommand",
    summary: "A group of commands that look inside a key's value.",
    subcommands: [
      {
        name: "encoding",
        arity: 3,
        flags: ["readonly"],
        keys: key("RO", 2),
        group: "generic",
        since: "2.2.3",
        complexity: "O(1)",
        summary: "Returns how the value of a key is kept in memory.",
        syntax: "key",
        handler: encoding,
      },
      {
        name: "freq",
        arity: 3,
        flags: ["readonly"],
        keys: key("RO", 2),
        group: "generic",
        since: "4.0.0",
        complexity: "O(1)",
        summary: "Returns how frequently a key is used, as a logarithmic counter.",
        syntax: "key",
        handler: freq,
      },
      {
        name: "idletime",
        arity: 3,
        flags: ["readonly"],
        keys: key("RO", 2),
        group: "generic",
        since: "2.2.3",
        complexity: "O(1)",
        summary: "Returns how many seconds ago a key was last used.",
        syntax: "key",
        handler: idletime,
      },
      {
        name: "refcount",
        arity: 3,
        flags: ["readonly"],
        keys: key("RO", 2),
        group: "generic",
        since: "2.2.3",
        complexity: "O(1)",
        summary: "Returns how many references there are to a value.",
        syntax: "key",
        handler: refcount,
      },
      helpCommand("generic", "6.2.0"),
    ],
  },
];

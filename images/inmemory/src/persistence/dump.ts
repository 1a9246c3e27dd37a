import { formatDouble } from "../protocol/numbers.ts";
import { hashPairs } from "../storage/hash.ts";
import {
  type DataType,
  type Keyspace,
  NO_EXPIRY,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_ZSET,
} from "../storage/keyspace.ts";
import { listElements } from "../storage/list.ts";
import { setMembers } from "../storage/set.ts";
import { openStream } from "../storage/stream.ts";
import { zsetMembers } from "../storage/zset.ts";
import { dumpStream, type Emit } from "./dump-stream.ts";

/** Elements of a collection that go into one command (Redis, AOF_REWRITE_ITEMS_PER_CMD). */
const ELEMENTS_PER_COMMAND = 64;

/** How the value of each type is written as the commands that make it again. */
const DUMPERS: Record<DataType, (db: Keyspace, entry: number, key: Buffer, emit: Emit) => void> = {
  [TYPE_STRING]: (db, entry, key, emit) => {
    const start = db.stringOffset(entry);
    emit("SET", key, db.bytesOf(entry).subarray(start, start + db.stringLength(entry)));
  },
  [TYPE_LIST]: (db, entry, key, emit) => inBatches("RPUSH", key, listElements(db, entry), 1, emit),
  [TYPE_ZSET]: (db, entry, key, emit) => {
    const pairs = zsetMembers(db, entry).flatMap(({ member, score }) => [
      Buffer.from(formatDouble(score)),
      member,
    ]);
    inBatches("ZADD", key, pairs, 2, emit);
  },
  [TYPE_SET]: (db, entry, key, emit) => inBatches("SADD", key, setMembers(db, entry), 1, emit),
  [TYPE_HASH]: (db, entry, key, emit) => inBatches("HSET", key, hashPairs(db, entry), 2, emit),
  [TYPE_STREAM]: (db, entry, key, emit) => dumpStream(openStream(db, entry), key, emit),
};

/** Writes the whole state as commands, in no order of keys: the libraries of functions by their code, and all keys. */
export function dumpDatabases(
  databases: readonly Keyspace[],
  libraries: readonly Buffer[],
  emit: Emit,
): void {
  for (const code of libraries) emit("FUNCTION", "LOAD", code);
  for (const db of databases) {
    if (db.size === 0) continue;
    emit("SELECT", String(db.index));
    db.visitAll((entry) => {
      dumpEntry(db, entry, emit);
      return true;
    });
  }
}

/** Writes one key as commands. */
export function dumpEntry(db: Keyspace, entry: number, emit: Emit): void {
  const key = db.keyOf(entry);
  DUMPERS[db.typeOf(entry)](db, entry, key, emit);
  const expiry = db.expiryOf(entry);
  if (expiry !== NO_EXPIRY) emit("PEXPIREAT", key, String(expiry));
}

/** Writes elements a batch per command; `unit` of them belong together. */
function inBatches(name: string, key: Buffer, elements: readonly Buffer[], unit: number, emit: Emit): void {
  const step = ELEMENTS_PER_COMMAND * unit;
  for (let at = 0; at < elements.length; at += step) emit(name, key, ...elements.slice(at, at + step));
}

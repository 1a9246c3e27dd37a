import { copyLargeHash } from "./hash.ts";
import {
  type DataType,
  ENCODING_OBJECT,
  type Keyspace,
  NO_EXPIRY,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_ZSET,
} from "./keyspace.ts";
import { copyList } from "./list.ts";
import { Packed } from "./packed.ts";
import { copyLargeSet } from "./set.ts";
import { copyStream } from "./stream.ts";
import { copyZset } from "./zset.ts";

/** How the large values of each type are copied: the value word of the copy in the keyspace `to`. */
const duplicators: Partial<Record<DataType, (from: Keyspace, entry: number, to: Keyspace) => number>> = {
  [TYPE_LIST]: (from, entry, to) => copyList(from, entry, to).valueWord,
  [TYPE_SET]: copyLargeSet,
  [TYPE_STREAM]: copyStream,
  [TYPE_ZSET]: (from, entry, to) => copyZset(from, entry, to).valueWord,
  [TYPE_HASH]: copyLargeHash,
};

/**
 * Moves a value with its expiry and its access time to another key of the same or another keyspace, where that key
 * must be absent. The key must not lie in the slab. Returns the new entry.
 */
export function moveKey(
  from: Keyspace,
  entry: number,
  to: Keyspace,
  key: Buffer,
  keyOffset: number,
  keyLength: number,
): number {
  const expiry = from.expiryOf(entry);
  const access = from.accessOf(entry);
  let target: number;
  if (from.typeOf(entry) === TYPE_STRING) {
    target = copyString(from, entry, to, key, keyOffset, keyLength, () => from.delete(entry));
  } else {
    const { type, encoding, valueWord } = from.detach(entry);
    const isForeign = encoding === ENCODING_OBJECT && from !== to;
    const word = isForeign ? to.addObject(from.takeObject(valueWord)) : valueWord;
    target = to.add(key, keyOffset, keyLength, type, encoding, word);
  }
  if (expiry !== NO_EXPIRY) target = to.setExpiry(target, expiry);
  to.setAccess(target, access);
  return target;
}

/** As `moveKey`, but the value stays where it was and the new key has a copy of it. */
export function copyKey(
  from: Keyspace,
  entry: number,
  to: Keyspace,
  key: Buffer,
  keyOffset: number,
  keyLength: number,
): number {
  const expiry = from.expiryOf(entry);
  const type = from.typeOf(entry);
  let target: number;
  if (type === TYPE_STRING) target = copyString(from, entry, to, key, keyOffset, keyLength, () => {});
  else {
    const encoding = from.encodingOf(entry);
    const word =
      encoding === ENCODING_OBJECT
        ? duplicators[type]!(from, entry, to)
        : new Packed(from.slab).duplicate(from.valueWord(entry));
    target = to.add(key, keyOffset, keyLength, type, encoding, word);
  }
  return expiry === NO_EXPIRY ? target : to.setExpiry(target, expiry);
}

/** Copies a string by way of the heap, as the slab may move it; `release` runs between reading and writing. */
function copyString(
  from: Keyspace,
  entry: number,
  to: Keyspace,
  key: Buffer,
  keyOffset: number,
  keyLength: number,
  release: () => void,
): number {
  const encoding = from.encodingOf(entry);
  const start = from.stringOffset(entry);
  const text = Buffer.from(from.bytesOf(entry).subarray(start, start + from.stringLength(entry)));
  release();
  const target = to.setString(key, keyOffset, keyLength, text, 0, text.length);
  to.setEncoding(target, encoding);
  return target;
}

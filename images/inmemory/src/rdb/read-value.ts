import { parseFloat64 } from "../protocol/numbers.ts";
import { TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STREAM, TYPE_STRING, TYPE_ZSET } from "../storage/keyspace.ts";
import type { ScoredMember } from "../storage/zset.ts";
import { readListpack } from "./listpack.ts";
import { PayloadError, PayloadReader } from "./payload.ts";
import { type ReadStream, readStream } from "./read-stream.ts";
import * as form from "./types.ts";
import { readZiplist } from "./ziplist.ts";

/** Lengths of a score's text that stand for what has no digits (Redis, rdbLoadDoubleValue). */
const SCORE_NAN = 253;
const SCORE_INFINITY = 254;
const SCORE_NEGATIVE_INFINITY = 255;

/** A value as it was read. Elements may be views of what was read from. */
export type ReadValue =
  | { readonly type: typeof TYPE_STRING; readonly bytes: Buffer }
  | { readonly type: typeof TYPE_LIST | typeof TYPE_SET; readonly elements: readonly Buffer[] }
  /** Field, value, field, value. */
  | { readonly type: typeof TYPE_HASH; readonly elements: readonly Buffer[] }
  | { readonly type: typeof TYPE_ZSET; readonly members: ScoredMember[] }
  | { readonly type: typeof TYPE_STREAM; readonly stream: ReadStream };

/**
 * Reads a value with its type before it, in any form that Redis has written from 2.6 to 7.2 (modules' values and zipmaps
 * aside). Everything is checked: what cannot be a value, that elements are there twice, that scores are no numbers.
 * Throws PayloadError.
 */
export function readValue(bytes: Buffer): ReadValue {
  const reader = new PayloadReader(bytes);
  const value = readForm(reader.byte(), reader);
  if (!reader.isAtEnd) throw new PayloadError("something follows the value");
  return value;
}

function readForm(kind: number, reader: PayloadReader): ReadValue {
  switch (kind) {
    case form.RDB_STRING:
      return { type: TYPE_STRING, bytes: reader.string() };
    case form.RDB_LIST:
      return elements(TYPE_LIST, strings(reader, 1));
    case form.RDB_LIST_ZIPLIST:
      return elements(TYPE_LIST, readZiplist(reader.string()));
    case form.RDB_LIST_QUICKLIST:
    case form.RDB_LIST_QUICKLIST_2:
      return elements(TYPE_LIST, nodes(reader, kind));
    case form.RDB_SET:
      return elements(TYPE_SET, unique(strings(reader, 1), 1));
    case form.RDB_SET_INTSET:
      return elements(TYPE_SET, unique(integers(reader.string()), 1));
    case form.RDB_SET_LISTPACK:
      return elements(TYPE_SET, unique(readListpack(reader.string()), 1));
    case form.RDB_HASH:
      return elements(TYPE_HASH, unique(strings(reader, 2), 2));
    case form.RDB_HASH_ZIPLIST:
      return elements(TYPE_HASH, unique(readZiplist(reader.string()), 2));
    case form.RDB_HASH_LISTPACK:
      return elements(TYPE_HASH, unique(readListpack(reader.string()), 2));
    case form.RDB_ZSET:
    case form.RDB_ZSET_2:
      return scored(scoredStrings(reader, kind));
    case form.RDB_ZSET_ZIPLIST:
      return scored(scoredTexts(readZiplist(reader.string())));
    case form.RDB_ZSET_LISTPACK:
      return scored(scoredTexts(readListpack(reader.string())));
    case form.RDB_STREAM_LISTPACKS:
    case form.RDB_STREAM_LISTPACKS_2:
    case form.RDB_STREAM_LISTPACKS_3:
      return { type: TYPE_STREAM, stream: readStream(reader, kind) };
    default:
      throw new PayloadError(`a value of the form ${kind} is not known`);
  }
}

function elements(
  type: typeof TYPE_LIST | typeof TYPE_SET | typeof TYPE_HASH,
  read: readonly Buffer[],
): ReadValue {
  if (read.length === 0) throw new PayloadError("a collection is empty");
  return { type, elements: read };
}

function scored(members: ScoredMember[]): ReadValue {
  if (members.length === 0) throw new PayloadError("a collection is empty");
  if (members.some(({ score }) => Number.isNaN(score))) throw new PayloadError("a score is no number");
  unique(
    members.map(({ member }) => member),
    1,
  );
  return { type: TYPE_ZSET, members };
}

/** The elements, of which each `unit`-th is another one. */
function unique(read: readonly Buffer[], unit: number): readonly Buffer[] {
  if (read.length % unit !== 0) throw new PayloadError("a value is missing");
  const known = new Set<string>();
  for (let at = 0; at < read.length; at += unit) known.add(read[at]!.toString("latin1"));
  if (known.size !== read.length / unit) throw new PayloadError("an element is there twice");
  return read;
}

function strings(reader: PayloadReader, unit: number): Buffer[] {
  const count = reader.count();
  const read: Buffer[] = [];
  for (let left = count * unit; left > 0; left--) read.push(reader.string());
  return read;
}

/** A list's nodes: listpacks, before Redis 7 ziplists, and elements that are too large for one. */
function nodes(reader: PayloadReader, kind: number): Buffer[] {
  const read: Buffer[] = [];
  for (let left = reader.count(); left > 0; left--) {
    const container = kind === form.RDB_LIST_QUICKLIST_2 ? Number(reader.number()) : form.NODE_PACKED;
    if (container !== form.NODE_PACKED && container !== form.NODE_PLAIN)
      throw new PayloadError("a node of a list is in no known form");
    const node = reader.string();
    if (container === form.NODE_PLAIN) {
      read.push(node);
      continue;
    }
    const packed = kind === form.RDB_LIST_QUICKLIST ? readZiplist(node) : readListpack(node);
    for (const element of packed) read.push(element);
  }
  return read;
}

function integers(bytes: Buffer): Buffer[] {
  const width = bytes.length < 8 ? 0 : bytes.readUInt32LE(0);
  if (![2, 4, 8].includes(width) || bytes.length !== 8 + bytes.readUInt32LE(4) * width)
    throw new PayloadError("a set of integers has another length");
  const read: Buffer[] = [];
  for (let at = 8; at < bytes.length; at += width)
    read.push(Buffer.from(String(width === 8 ? bytes.readBigInt64LE(at) : bytes.readIntLE(at, width))));
  return read;
}

function scoredStrings(reader: PayloadReader, kind: number): ScoredMember[] {
  const members: ScoredMember[] = [];
  for (let left = reader.count(); left > 0; left--) {
    const member = reader.string();
    members.push({
      member,
      score: kind === form.RDB_ZSET_2 ? reader.take(8).readDoubleLE() : scoreText(reader),
    });
  }
  return members;
}

function scoreText(reader: PayloadReader): number {
  const length = reader.byte();
  if (length === SCORE_NAN) return Number.NaN;
  if (length === SCORE_INFINITY) return Number.POSITIVE_INFINITY;
  if (length === SCORE_NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  return parseFloat64(reader.take(length), 0, length);
}

function scoredTexts(read: readonly Buffer[]): ScoredMember[] {
  if (read.length % 2 !== 0) throw new PayloadError("a score is missing");
  const members: ScoredMember[] = [];
  for (let at = 0; at < read.length; at += 2) {
    const text = read[at + 1]!;
    members.push({ member: read[at]!, score: parseFloat64(text, 0, text.length) });
  }
  return members;
}

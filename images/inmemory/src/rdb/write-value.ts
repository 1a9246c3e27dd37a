import { formatDouble } from "../protocol/numbers.ts";
import { hashPairs } from "../storage/hash.ts";
import {
  type DataType,
  ENCODING_INTSET,
  ENCODING_OBJECT,
  type Keyspace,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_ZSET,
} from "../storage/keyspace.ts";
import { listElements } from "../storage/list.ts";
import { nodeBytesMax, nodeElementsMax } from "../storage/quicklist.ts";
import { setMembers } from "../storage/set.ts";
import { openStream } from "../storage/stream.ts";
import { type ScoredMember, zsetMembers } from "../storage/zset.ts";
import { ByteWriter } from "./byte-writer.ts";
import { ListpackWriter } from "./listpack.ts";
import * as type from "./types.ts";
import { writeStream } from "./write-stream.ts";

/** What a node of a list that is limited by its number of elements may hold in bytes. */
const COUNTED_NODE_BYTES_MAX = 8192;
/** What Redis adds to an element's length when it asks whether a node has room for it. */
const ELEMENT_OVERHEAD_BYTES = 8;
/** An element from here on is a node of its own (Redis, packed_threshold). */
const PLAIN_FROM_BYTES = 1 << 30;
/** Scores of up to this magnitude are written as integers, if they are such (Redis, double2ll). */
const INTEGER_SCORE_MAX = 2 ** 62;

const WRITERS: Record<
  DataType,
  (writer: ByteWriter, db: Keyspace, entry: number, packedSize: number) => void
> = {
  [TYPE_STRING]: writeString,
  [TYPE_LIST]: writeList,
  [TYPE_SET]: writeSet,
  [TYPE_ZSET]: writeZset,
  [TYPE_HASH]: writeHash,
  [TYPE_STREAM]: (writer, db, entry) => {
    writer.byte(type.RDB_STREAM_LISTPACKS_3);
    writeStream(writer, openStream(db, entry));
  },
};

/**
 * The value of an entry as Redis 7.2 saves it, its type before it. What Redis keeps in a hash table has its order
 * here, which there depends on chance. `packedSize` is `list-max-listpack-size`.
 */
export function writeValue(db: Keyspace, entry: number, packedSize: number): Buffer {
  const writer = new ByteWriter();
  WRITERS[db.typeOf(entry)](writer, db, entry, packedSize);
  return writer.bytes;
}

function writeString(writer: ByteWriter, db: Keyspace, entry: number): void {
  const start = db.stringOffset(entry);
  writer.byte(type.RDB_STRING);
  writer.rdbString(db.bytesOf(entry).subarray(start, start + db.stringLength(entry)));
}

/** Nodes are as full as those of a list that was pushed to its tail. */
function writeList(writer: ByteWriter, db: Keyspace, entry: number, packedSize: number): void {
  const elements = listElements(db, entry);
  const bytesMax = packedSize >= 0 ? COUNTED_NODE_BYTES_MAX : nodeBytesMax(packedSize);
  const elementsMax = nodeElementsMax(packedSize);
  // A list that is no quicklist yet is one node, whatever its size.
  const isOne = db.encodingOf(entry) !== ENCODING_OBJECT;
  const nodes: (Buffer | ListpackWriter)[] = [];
  let node: ListpackWriter | undefined;
  for (const element of elements) {
    if (element.length >= PLAIN_FROM_BYTES) {
      nodes.push(element);
      node = undefined;
      continue;
    }
    const isFull =
      node !== undefined &&
      !isOne &&
      (node.byteLength + element.length + ELEMENT_OVERHEAD_BYTES > bytesMax || node.count >= elementsMax);
    if (node === undefined || isFull) {
      node = new ListpackWriter();
      nodes.push(node);
    }
    node.add(element);
  }
  writer.byte(type.RDB_LIST_QUICKLIST_2);
  writer.rdbLength(nodes.length);
  for (const one of nodes) {
    const isPacked = one instanceof ListpackWriter;
    writer.rdbLength(isPacked ? type.NODE_PACKED : type.NODE_PLAIN);
    writer.rdbString(isPacked ? one.finish() : one);
  }
}

function writeSet(writer: ByteWriter, db: Keyspace, entry: number): void {
  const members = setMembers(db, entry);
  switch (db.encodingOf(entry)) {
    case ENCODING_OBJECT:
      writer.byte(type.RDB_SET);
      writer.rdbLength(members.length);
      for (const member of members) writer.rdbString(member);
      return;
    case ENCODING_INTSET:
      writer.byte(type.RDB_SET_INTSET);
      writer.rdbString(intset(members));
      return;
    default:
      writer.byte(type.RDB_SET_LISTPACK);
      writer.rdbString(listpack(members));
  }
}

/** Sorted integers, all as wide as the widest needs (Redis, intset.c). */
function intset(members: readonly Buffer[]): Buffer {
  const values = members.map((member) => BigInt(member.toString("latin1")));
  const fits = (bits: bigint) =>
    values.every((value) => value >= -(1n << (bits - 1n)) && value < 1n << (bits - 1n));
  const width = fits(16n) ? 2 : fits(32n) ? 4 : 8;
  const bytes = Buffer.alloc(8 + values.length * width);
  bytes.writeUInt32LE(width, 0);
  bytes.writeUInt32LE(values.length, 4);
  for (const [index, value] of values.entries()) {
    const at = 8 + index * width;
    if (width === 8) bytes.writeBigInt64LE(value, at);
    else bytes.writeIntLE(Number(value), at, width);
  }
  return bytes;
}

function listpack(elements: readonly Buffer[]): Buffer {
  const packed = new ListpackWriter();
  for (const element of elements) packed.add(element);
  return packed.finish();
}

function writeHash(writer: ByteWriter, db: Keyspace, entry: number): void {
  const pairs = hashPairs(db, entry);
  if (db.encodingOf(entry) !== ENCODING_OBJECT) {
    writer.byte(type.RDB_HASH_LISTPACK);
    writer.rdbString(listpack(pairs));
    return;
  }
  writer.byte(type.RDB_HASH);
  writer.rdbLength(pairs.length / 2);
  for (const text of pairs) writer.rdbString(text);
}

function writeZset(writer: ByteWriter, db: Keyspace, entry: number): void {
  const members = zsetMembers(db, entry);
  if (db.encodingOf(entry) !== ENCODING_OBJECT) {
    writer.byte(type.RDB_ZSET_LISTPACK);
    writer.rdbString(scoredListpack(members));
    return;
  }
  writer.byte(type.RDB_ZSET_2);
  writer.rdbLength(members.length);
  // From the last to the first, as Redis does so that each is added at the head.
  for (const { member, score } of members.reverse()) {
    writer.rdbString(member);
    writer.double(score);
  }
}

function scoredListpack(members: readonly ScoredMember[]): Buffer {
  const packed = new ListpackWriter();
  for (const { member, score } of members) {
    packed.add(member);
    if (Number.isInteger(score) && Math.abs(score) <= INTEGER_SCORE_MAX) packed.addInteger(BigInt(score));
    else packed.add(Buffer.from(formatDouble(score)));
  }
  return packed.finish();
}

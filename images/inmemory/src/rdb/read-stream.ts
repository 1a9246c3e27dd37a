import { FIRST_ID, StreamId } from "../storage/stream-id.ts";
import { readListpack } from "./listpack.ts";
import { PayloadError, type PayloadReader } from "./payload.ts";
import { RDB_STREAM_LISTPACKS, RDB_STREAM_LISTPACKS_3 } from "./types.ts";

const DELETED = 1;
const SAME_FIELDS = 2;
const UINT64 = 64;

export interface ReadEntry {
  readonly id: StreamId;
  readonly isDeleted: boolean;
  /** Field name, value, field name, value. */
  readonly words: readonly Buffer[];
}

export interface ReadGroup {
  readonly name: string;
  readonly lastId: StreamId;
  /** -1 when it is not known; undefined when it is to be estimated. */
  readonly entriesRead: number | undefined;
  readonly consumers: readonly {
    readonly name: string;
    readonly seenAt: number;
    readonly activeAt: number;
    readonly pending: readonly {
      readonly id: StreamId;
      readonly deliveredAt: number;
      readonly deliveries: number;
    }[];
  }[];
}

/** A stream as it was read. */
export interface ReadStream {
  readonly entries: readonly ReadEntry[];
  readonly lastId: StreamId;
  readonly maxDeletedId: StreamId;
  readonly entriesAdded: number;
  readonly groups: readonly ReadGroup[];
}

/** Reads a stream in one of the three forms it had (Redis 5, 7.0, 7.2). Throws PayloadError. */
export function readStream(reader: PayloadReader, form: number): ReadStream {
  const entries: ReadEntry[] = [];
  for (let nodes = reader.count(); nodes > 0; nodes--) readNode(reader, entries);
  const length = entries.reduce((sum, entry) => sum + (entry.isDeleted ? 0 : 1), 0);
  if (Number(reader.number()) !== length) throw new PayloadError("a stream has another length");
  const lastId = readId(reader);
  const last = entries.at(-1);
  if (last !== undefined && last.id.compare(lastId) > 0)
    throw new PayloadError("a stream ends before its last entry");
  let maxDeletedId = FIRST_ID;
  let entriesAdded = length;
  if (form > RDB_STREAM_LISTPACKS) {
    readId(reader);
    maxDeletedId = readId(reader);
    entriesAdded = Number(reader.number());
  }
  const groups: ReadGroup[] = [];
  for (let left = reader.count(); left > 0; left--) groups.push(readGroup(reader, form));
  if (new Set(groups.map(({ name }) => name)).size !== groups.length)
    throw new PayloadError("a group is there twice");
  return { entries, lastId, maxDeletedId, entriesAdded, groups };
}

function readNode(reader: PayloadReader, entries: ReadEntry[]): void {
  const key = reader.string();
  if (key.length !== 16) throw new PayloadError("a node of a stream has no identifier");
  const [ms, seq] = [key.readBigUInt64BE(0), key.readBigUInt64BE(8)];
  const elements = readListpack(reader.string());
  let at = 0;
  const next = (): Buffer => {
    const element = elements[at++];
    if (element === undefined) throw new PayloadError("a node of a stream is cut off");
    return element;
  };
  const integer = (): bigint => {
    const text = next().toString("latin1");
    if (!/^-?\d{1,19}$/.test(text)) throw new PayloadError("a number in a stream is none");
    return BigInt(text);
  };
  /** How many fields follow: more than there are elements is a lie. */
  const count = (): number => {
    const value = Number(integer());
    if (value < 0 || value > elements.length) throw new PayloadError("a stream's entry has too many fields");
    return value;
  };
  const counts = [integer(), integer()] as const;
  const names = Array.from({ length: count() }, next);
  if (integer() !== 0n) throw new PayloadError("a node of a stream has no end of its names");
  const told = { live: 0n, deleted: 0n };
  while (at < elements.length) {
    const start = at;
    const flags = Number(integer());
    if (flags < 0 || flags > (DELETED | SAME_FIELDS))
      throw new PayloadError("a stream's entry has unknown flags");
    const id = idOf(ms + integer(), seq + integer());
    const words: Buffer[] = [];
    if ((flags & SAME_FIELDS) !== 0) for (const name of names) words.push(name, next());
    else for (let left = count() * 2; left > 0; left--) words.push(next());
    if (integer() !== BigInt(at - 1 - start)) throw new PayloadError("a stream's entry has another length");
    const before = entries.at(-1);
    if (words.length === 0 || (before !== undefined && before.id.compare(id) >= 0))
      throw new PayloadError("a stream's entries are not in order");
    const isDeleted = (flags & DELETED) !== 0;
    told[isDeleted ? "deleted" : "live"]++;
    entries.push({ id, isDeleted, words });
  }
  if (told.live === 0n || told.live !== counts[0] || told.deleted !== counts[1])
    throw new PayloadError("a node of a stream has another length");
}

function readGroup(reader: PayloadReader, form: number): ReadGroup {
  const name = reader.string().toString("latin1");
  const lastId = readId(reader);
  const entriesRead =
    form > RDB_STREAM_LISTPACKS ? Number(BigInt.asIntN(UINT64, reader.number())) : undefined;
  const deliveries = new Map<string, { id: StreamId; deliveredAt: number; deliveries: number }>();
  for (let left = reader.count(); left > 0; left--) {
    const id = rawId(reader);
    if (deliveries.has(id.toString())) throw new PayloadError("an entry is pending twice");
    const deliveredAt = Number(reader.take(8).readBigInt64LE());
    deliveries.set(id.toString(), { id, deliveredAt, deliveries: Number(reader.number()) });
  }
  const names = new Set<string>();
  const consumers: ReadGroup["consumers"][number][] = [];
  for (let left = reader.count(); left > 0; left--) {
    const consumer = reader.string().toString("latin1");
    if (names.has(consumer)) throw new PayloadError("a consumer is there twice");
    names.add(consumer);
    const seenAt = Number(reader.take(8).readBigInt64LE());
    const activeAt = form >= RDB_STREAM_LISTPACKS_3 ? Number(reader.take(8).readBigInt64LE()) : seenAt;
    const pending = [];
    for (let count = reader.count(); count > 0; count--) {
      const id = rawId(reader).toString();
      const delivery = deliveries.get(id);
      if (delivery === undefined) throw new PayloadError("a consumer has what its group does not");
      pending.push(delivery);
      deliveries.delete(id);
    }
    consumers.push({ name: consumer, seenAt, activeAt, pending });
  }
  if (deliveries.size > 0) throw new PayloadError("an entry is pending for nobody");
  return { name, lastId, entriesRead, consumers };
}

function idOf(ms: bigint, seq: bigint): StreamId {
  if (ms < 0n || seq < 0n || ms >> 64n !== 0n || seq >> 64n !== 0n)
    throw new PayloadError("an identifier is out of range");
  const low = (value: bigint) => Number(value & 0xffff_ffffn);
  return new StreamId(low(ms >> 32n), low(ms), low(seq >> 32n), low(seq));
}

function readId(reader: PayloadReader): StreamId {
  return idOf(reader.number(), reader.number());
}

function rawId(reader: PayloadReader): StreamId {
  const bytes = reader.take(16);
  return idOf(bytes.readBigUInt64BE(0), bytes.readBigUInt64BE(8));
}

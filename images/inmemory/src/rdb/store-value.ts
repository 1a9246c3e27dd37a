import { parseInteger64 } from "../protocol/numbers.ts";
import type { Settings } from "../settings.ts";
import { createHashBlock, openHash } from "../storage/hash.ts";
import {
  type DataType,
  ENCODING_PACKED,
  type Keyspace,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_ZSET,
} from "../storage/keyspace.ts";
import { createListBlock, openList } from "../storage/list.ts";
import { createSetValue, firstEncoding, openSet } from "../storage/set.ts";
import { createStream, openStream, type Stream } from "../storage/stream.ts";
import { buildZset } from "../storage/zset.ts";
import type { ReadStream } from "./read-stream.ts";
import type { ReadValue } from "./read-value.ts";

/** Adds a key, known to be absent, with a value that was read; returns the entry. */
export function storeValue(db: Keyspace, key: Buffer, value: ReadValue, settings: Settings): number {
  const add = (type: DataType, encoding: number, valueWord: number) =>
    db.add(key, 0, key.length, type, encoding, valueWord);
  switch (value.type) {
    case TYPE_STRING:
      return db.setString(key, 0, key.length, value.bytes, 0, value.bytes.length);
    case TYPE_LIST: {
      const entry = add(TYPE_LIST, ENCODING_PACKED, createListBlock(db));
      const { elements } = value;
      const list = openList(db, entry);
      const bytes = elements.reduce((sum, { length }) => sum + length, 0);
      list.prepare(bytes, elements.length, settings.listPackedSize);
      for (const element of elements) list.push(false, element, 0, element.length, settings.listPackedSize);
      return entry;
    }
    case TYPE_SET: {
      const { elements } = value;
      const first = elements[0]!;
      const isInteger = parseInteger64(first, 0, first.length) !== undefined;
      const encoding = firstEncoding(isInteger, elements.length, settings);
      const entry = add(TYPE_SET, encoding, createSetValue(db, encoding));
      const set = openSet(db, entry);
      for (const element of elements) set.add(element, 0, element.length, settings);
      return entry;
    }
    case TYPE_HASH: {
      const { elements } = value;
      const entry = add(TYPE_HASH, ENCODING_PACKED, createHashBlock(db));
      const hash = openHash(db, entry);
      if (elements.length > settings.hashPackedEntriesMax * 2) hash.enlarge();
      for (let at = 0; at < elements.length; at += 2) {
        const [field, text] = [elements[at]!, elements[at + 1]!];
        hash.set(field, 0, field.length, text, 0, text.length, settings);
      }
      return entry;
    }
    case TYPE_ZSET: {
      const { encoding, valueWord } = buildZset(db, value.members, settings);
      return add(TYPE_ZSET, encoding, valueWord);
    }
    case TYPE_STREAM: {
      const { encoding, valueWord } = createStream(db);
      const entry = add(TYPE_STREAM, encoding, valueWord);
      fillStream(openStream(db, entry), value.stream, settings);
      return entry;
    }
  }
}

/** Deleted entries are added and deleted again: what `~` trims depends on them. */
function fillStream(stream: Stream, read: ReadStream, settings: Settings): void {
  for (const { id, words } of read.entries) {
    const buffer = Buffer.concat(words);
    const lengths = words.map(({ length }) => length);
    let at = 0;
    const offsets = lengths.map((length) => {
      at += length;
      return at - length;
    });
    stream.add(id, { buffer, offsets, lengths, first: 0, fields: words.length / 2 }, buffer.length, settings);
  }
  for (const { id, isDeleted } of read.entries) if (isDeleted) stream.delete(id);
  stream.settleDeleted();
  stream.lastId = read.lastId;
  stream.maxDeletedId = read.maxDeletedId;
  stream.entriesAdded = read.entriesAdded;
  for (const { name, lastId, entriesRead, consumers } of read.groups) {
    const group = stream.addGroup(name, lastId, entriesRead ?? stream.entriesUpTo(lastId));
    for (const { name: consumerName, seenAt, activeAt, pending } of consumers) {
      const consumer = group.addConsumer(consumerName, seenAt);
      consumer.activeAt = activeAt;
      for (const { id, deliveredAt, deliveries } of pending)
        group.addPending(id, consumer, deliveredAt, deliveries);
    }
  }
}

import { copyBytes, equalBytes } from "../protocol/bytes.ts";
import { parseInteger } from "../protocol/numbers.ts";
import { Packed } from "./packed.ts";
import type { ByteSink } from "./quicklist.ts";
import type { Slab } from "./slab.ts";
import { StreamId } from "./stream-id.ts";

const DELETED = 1;
/** The entry has the field names of the node's first one; only values follow. */
export const HAS_SAME_FIELDS = 2;
const TWO_32 = 2 ** 32;

/** Field names and values of an entry to be added: words one after the other in a buffer. */
export interface FieldWords {
  readonly buffer: Buffer;
  readonly offsets: ArrayLike<number>;
  readonly lengths: ArrayLike<number>;
  /** Index of the first field name. */
  readonly first: number;
  /** Number of fields; twice as many words. */
  readonly fields: number;
}

/**
 * Some neighbouring entries of a stream in one packed block. Its first element is the field names of the first
 * entry; each further one is an entry: flags, time since the node's first entry, sequence number, unless the names
 * are the same their number, and then the names and values or only the values. Numbers are varints.
 *
 * An entry that is deleted is marked and stays, until the node has no other left (as in Redis: what `~` trims depends
 * on it).
 */
export class StreamNode {
  address = 0;
  readonly firstId: StreamId;
  /** The last entry ever added to the node, deleted or not. */
  lastId: StreamId;
  live = 0;
  deleted = 0;
  /** What Redis's listpack would take for the entries, without its header and two counters. */
  #listpackBytes = 0;

  constructor(firstId: StreamId) {
    this.firstId = firstId;
    this.lastId = firstId;
  }

  /** The size of the block as Redis would have it: decides when a new node begins. */
  get listpackBytes(): number {
    return 7 + this.#listpackBytes + integerBytes(this.live) + integerBytes(this.deleted);
  }

  duplicate(packed: Packed): StreamNode {
    const copy = new StreamNode(this.firstId);
    copy.address = packed.duplicate(this.address);
    copy.lastId = this.lastId;
    copy.live = this.live;
    copy.deleted = this.deleted;
    copy.#listpackBytes = this.#listpackBytes;
    return copy;
  }

  /** Adds an entry. `packed` is a view that the caller lends. */
  append(packed: Packed, id: StreamId, words: FieldWords): void {
    const isFirst = this.address === 0;
    if (isFirst) {
      packed.create();
      const size = encodeNames(words);
      packed.append(scratch, 0, size);
      this.#listpackBytes += integerBytes(words.fields) + 2;
      for (let i = 0; i < words.fields; i++) this.#listpackBytes += wordBytes(words, words.first + i * 2);
    } else packed.open(this.address);
    const hasSameFields = isFirst || namesMatch(packed, words);
    const size = encodeEntry(this.firstId, id, words, hasSameFields);
    packed.append(scratch, 0, size);
    if (scratch.length > SCRATCH_KEPT_MAX) scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    this.address = packed.address;
    this.#listpackBytes += this.#entryListpackBytes(id, words, hasSameFields);
    this.lastId = id;
    this.live++;
  }

  #entryListpackBytes(id: StreamId, words: FieldWords, hasSameFields: boolean): number {
    const ms = (id.msHigh - this.firstId.msHigh) * TWO_32 + (id.msLow - this.firstId.msLow);
    const seq = (id.seqHigh - this.firstId.seqHigh) * TWO_32 + (id.seqLow - this.firstId.seqLow);
    const { fields, first } = words;
    let bytes = 2 + integerBytes(ms) + integerBytes(seq);
    for (let i = 0; i < fields; i++) {
      bytes += wordBytes(words, first + i * 2 + 1);
      if (!hasSameFields) bytes += wordBytes(words, first + i * 2);
    }
    if (!hasSameFields) bytes += integerBytes(fields);
    return bytes + integerBytes(hasSameFields ? fields + 3 : fields * 2 + 4);
  }
}

// ---- reading -----------------------------------------------------------------------------------------------------

/** Walks over the entries of nodes. `id`, `isDeleted` and `emit` speak of the current entry. */
export class EntryCursor {
  readonly #packed: Packed;
  #node!: StreamNode;
  #position = 0;
  #flags = 0;
  #at = 0;
  #id: StreamId | undefined;
  #msHigh = 0;
  #msLow = 0;
  #seqHigh = 0;
  #seqLow = 0;

  constructor(slab: Slab) {
    this.#packed = new Packed(slab);
  }

  /** Goes to the node's first entry, or its last one. A node always has one. */
  open(node: StreamNode, atEnd: boolean): void {
    this.#node = node;
    const packed = this.#packed.open(node.address);
    this.#position = atEnd ? packed.previous(packed.end) : packed.next(packed.first);
    this.#decode();
  }

  /** The next entry of the node; false at its end. */
  next(): boolean {
    const packed = this.#packed;
    const position = packed.next(this.#position);
    if (position >= packed.end) return false;
    this.#position = position;
    this.#decode();
    return true;
  }

  previous(): boolean {
    const packed = this.#packed;
    const position = packed.previous(this.#position);
    if (position === packed.first) return false;
    this.#position = position;
    this.#decode();
    return true;
  }

  /** Whether the current entry is deleted (1), and whether it has the names that the node shares (HAS_SAME_FIELDS). */
  get flags(): number {
    return this.#flags;
  }

  get isDeleted(): boolean {
    return (this.#flags & DELETED) !== 0;
  }

  get id(): StreamId {
    this.#id ??= new StreamId(this.#msHigh, this.#msLow, this.#seqHigh, this.#seqLow);
    return this.#id;
  }

  /** Compares the current entry's identifier without making an object of it. */
  compareTo(other: StreamId): number {
    return (
      this.#msHigh - other.msHigh ||
      this.#msLow - other.msLow ||
      this.#seqHigh - other.seqHigh ||
      this.#seqLow - other.seqLow
    );
  }

  /** Marks the current entry as deleted. */
  markDeleted(): void {
    const packed = this.#packed;
    packed.buffer[packed.dataAt(this.#position)]! |= DELETED;
    this.#flags |= DELETED;
    this.#node.live--;
    this.#node.deleted++;
  }

  /** Number of fields of the current entry. */
  get fields(): number {
    const { buffer } = this.#packed;
    reader.at = (this.#flags & HAS_SAME_FIELDS) === 0 ? this.#at : this.#packed.dataAt(this.#packed.first);
    return readNumber(buffer);
  }

  /** Gives the sink the field names of the node's first entry, which others share. */
  emitSharedNames(sink: ByteSink): void {
    const { buffer } = this.#packed;
    reader.at = this.#packed.dataAt(this.#packed.first);
    for (let left = readNumber(buffer); left > 0; left--) {
      const length = readNumber(buffer);
      sink.bulk(buffer, reader.at, length);
      reader.at += length;
    }
  }

  /** Gives the sink field name, value, field name, value of the current entry. */
  emit(sink: ByteSink): void {
    const packed = this.#packed;
    const { buffer } = packed;
    if ((this.#flags & HAS_SAME_FIELDS) === 0) {
      reader.at = this.#at;
      for (let left = readNumber(buffer) * 2; left > 0; left--) {
        const length = readNumber(buffer);
        sink.bulk(buffer, reader.at, length);
        reader.at += length;
      }
      return;
    }
    reader.at = packed.dataAt(packed.first);
    let values = this.#at;
    for (let left = readNumber(buffer); left > 0; left--) {
      const nameLength = readNumber(buffer);
      sink.bulk(buffer, reader.at, nameLength);
      const names = reader.at + nameLength;
      reader.at = values;
      const length = readNumber(buffer);
      sink.bulk(buffer, reader.at, length);
      values = reader.at + length;
      reader.at = names;
    }
  }

  #decode(): void {
    const { buffer } = this.#packed;
    const { firstId } = this.#node;
    reader.at = this.#packed.dataAt(this.#position);
    this.#flags = buffer[reader.at++]!;
    const msLow = readNumber(buffer) + firstId.msLow;
    const msHigh = readNumber(buffer) + firstId.msHigh;
    this.#msLow = msLow % TWO_32;
    this.#msHigh = msHigh + (msLow >= TWO_32 ? 1 : 0);
    this.#seqLow = readNumber(buffer);
    this.#seqHigh = readNumber(buffer);
    this.#at = reader.at;
    this.#id = undefined;
  }
}

// ---- encoding ----------------------------------------------------------------------------------------------------

const SCRATCH_BYTES = 4096;
/** A larger buffer is given back after use. */
const SCRATCH_KEPT_MAX = 1 << 20;
let scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** Where `readNumber` reads. */
const reader = { at: 0 };

/** A varint of up to 32 bits. */
function readNumber(buffer: Buffer): number {
  let byte = buffer[reader.at++]!;
  if (byte < 0x80) return byte;
  let value = byte & 0x7f;
  let scale = 0x80;
  do {
    byte = buffer[reader.at++]!;
    value += (byte & 0x7f) * scale;
    scale *= 0x80;
  } while (byte >= 0x80);
  return value;
}

/** Writes a varint of up to 32 bits, in integers throughout; returns the place after it. */
function writeNumber(at: number, value: number): number {
  let rest = value >>> 0;
  let place = at;
  while (rest >= 0x80) {
    scratch[place++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  scratch[place++] = rest;
  return place;
}

function writeWord(at: number, words: FieldWords, index: number): number {
  const length = words.lengths[index]!;
  const place = writeNumber(at, length);
  copyBytes(words.buffer, words.offsets[index]!, scratch, place, length);
  return place + length;
}

function reserve(words: FieldWords): void {
  let bytes = 64;
  for (let i = words.first; i < words.first + words.fields * 2; i++) bytes += words.lengths[i]! + 5;
  if (scratch.length < bytes) scratch = Buffer.allocUnsafeSlow(bytes * 2);
}

function encodeNames(words: FieldWords): number {
  reserve(words);
  let at = writeNumber(0, words.fields);
  for (let i = 0; i < words.fields; i++) at = writeWord(at, words, words.first + i * 2);
  return at;
}

function encodeEntry(firstId: StreamId, id: StreamId, words: FieldWords, hasSameFields: boolean): number {
  reserve(words);
  scratch[0] = hasSameFields ? HAS_SAME_FIELDS : 0;
  let msLow = id.msLow - firstId.msLow;
  let msHigh = id.msHigh - firstId.msHigh;
  if (msLow < 0) {
    msLow += TWO_32;
    msHigh--;
  }
  let at = writeNumber(1, msLow);
  at = writeNumber(at, msHigh);
  at = writeNumber(at, id.seqLow);
  at = writeNumber(at, id.seqHigh);
  if (!hasSameFields) at = writeNumber(at, words.fields);
  for (let i = 0; i < words.fields * 2; i++) {
    if (hasSameFields && i % 2 === 0) continue;
    at = writeWord(at, words, words.first + i);
  }
  return at;
}

/** Whether an entry's names are those of the node's first one. */
function namesMatch(packed: Packed, words: FieldWords): boolean {
  const { buffer } = packed;
  reader.at = packed.dataAt(packed.first);
  if (readNumber(buffer) !== words.fields) return false;
  for (let i = 0; i < words.fields; i++) {
    const length = readNumber(buffer);
    const index = words.first + i * 2;
    if (words.lengths[index] !== length) return false;
    if (!equalBytes(buffer, reader.at, words.buffer, words.offsets[index]!, length)) return false;
    reader.at += length;
  }
  return true;
}

// ---- listpack sizes ----------------------------------------------------------------------------------------------

/** Bytes that a listpack takes for an integer, its length at the end included. */
function integerBytes(value: number): number {
  if (value >= 0 && value <= 127) return 2;
  if (value >= -4096 && value <= 4095) return 3;
  if (value >= -32768 && value <= 32767) return 4;
  if (value >= -8388608 && value <= 8388607) return 5;
  return value >= -2147483648 && value <= 2147483647 ? 6 : 10;
}

/** Bytes that a listpack takes for a word: as an integer if it is one, else as a string. */
function wordBytes(words: FieldWords, index: number): number {
  const length = words.lengths[index]!;
  const offset = words.offsets[index]!;
  if (length > 0 && length <= 20) {
    const byte = words.buffer[offset]!;
    if (byte <= 0x39 && (byte >= 0x30 || byte === 0x2d)) {
      const value = parseInteger(words.buffer, offset, length);
      if (!Number.isNaN(value)) return integerBytes(value);
    }
  }
  const size = length + (length < 64 ? 1 : length < 4096 ? 2 : 5);
  return size + (size <= 127 ? 1 : size < 16383 ? 2 : size < 2097151 ? 3 : size < 268435455 ? 4 : 5);
}

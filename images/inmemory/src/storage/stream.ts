import type { Settings } from "../settings.ts";
import { ConsumerGroup, ENTRIES_READ_UNKNOWN } from "./consumer-group.ts";
import type { Keyspace, LargeValue } from "./keyspace.ts";
import { ENCODING_OBJECT } from "./keyspace.ts";
import { Packed } from "./packed.ts";
import type { Slab } from "./slab.ts";
import { FIRST_ID, LAST_ID, type StreamId } from "./stream-id.ts";
import { EntryCursor, type FieldWords, StreamNode } from "./stream-node.ts";

/** When a node is full. */
export type StreamLimits = Pick<Settings, "streamNodeBytesMax" | "streamNodeEntriesMax">;

/** A node without a limit of its own ends here. */
const NODE_BYTES_MAX = 1 << 30;
/** Nodes dropped at the head before the array is moved up. */
const HEAD_SLACK = 64;

/** What is to be trimmed. */
export interface Trim {
  /** Keep so many entries at the end, or those from an identifier on. */
  by: { lengthMax: number } | { idMin: StreamId };
  /** Remove whole nodes only. */
  isApproximate: boolean;
  /** Entries removed at most; 0 is no limit. */
  limit: number;
}

/** A stream: entries in nodes of packed blocks, and the consumer groups that read it (Redis, t_stream.c). */
export class Stream implements LargeValue {
  /** Entries that are not deleted. */
  length = 0;
  /** The identifier of the first entry that is not deleted; zero when there is none. */
  firstId = FIRST_ID;
  lastId = FIRST_ID;
  maxDeletedId = FIRST_ID;
  /** Entries ever added. */
  entriesAdded = 0;

  readonly #groups = new Map<string, ConsumerGroup>();
  #nodes: StreamNode[] = [];
  /** Nodes before this index are gone. */
  #head = 0;
  readonly #packed: Packed;
  readonly #cursor: EntryCursor;

  constructor(slab: Slab) {
    this.#packed = new Packed(slab);
    this.#cursor = new EntryCursor(slab);
  }

  get nodeCount(): number {
    return this.#nodes.length - this.#head;
  }

  get size(): number {
    return this.nodeCount + this.#groups.size;
  }

  get overheadBytes(): number {
    let bytes = 400 + this.nodeCount * 160;
    for (const group of this.#groups.values()) {
      bytes += 300 + group.consumerCount * 200 + group.pending.size * 140;
    }
    return bytes;
  }

  slabBytes(_samples: number): number {
    let bytes = 0;
    for (let n = this.#head; n < this.#nodes.length; n++) bytes += this.#nodes[n]!.listpackBytes;
    return bytes;
  }

  // ---- adding ----------------------------------------------------------------------------------------------------

  /** Adds an entry; its identifier is after `lastId`. */
  add(id: StreamId, words: FieldWords, wordBytes: number, limits: StreamLimits): void {
    let node = this.#nodes.length > this.#head ? this.#nodes[this.#nodes.length - 1] : undefined;
    const bytesMax = limits.streamNodeBytesMax || NODE_BYTES_MAX;
    const entriesMax = limits.streamNodeEntriesMax || Number.POSITIVE_INFINITY;
    if (
      node === undefined ||
      node.listpackBytes + wordBytes >= bytesMax ||
      node.live + node.deleted >= entriesMax
    ) {
      node = new StreamNode(id);
      this.#nodes.push(node);
    }
    node.append(this.#packed, id, words);
    this.length++;
    this.entriesAdded++;
    this.lastId = id;
    if (this.length === 1) this.firstId = id;
  }

  // ---- reading ---------------------------------------------------------------------------------------------------

  /**
   * Visits the entries from `start` to `end`, both included, or backwards, until the visitor returns false. The cursor
   * stands on the entry; it is void afterwards.
   */
  range(start: StreamId, end: StreamId, isBackward: boolean, visit: (entry: EntryCursor) => boolean): void {
    if (isBackward) this.#rangeBackward(start, end, visit);
    else this.#rangeForward(start, end, visit);
  }

  #rangeForward(start: StreamId, end: StreamId, visit: (entry: EntryCursor) => boolean): void {
    const cursor = this.#cursor;
    for (let n = this.#nodeOf(start); n < this.#nodes.length; n++) {
      const node = this.#nodes[n]!;
      if (node.firstId.compare(end) > 0) return;
      if (node.lastId.compare(start) < 0) continue;
      cursor.open(node, false);
      do {
        if (cursor.compareTo(start) < 0) continue;
        if (cursor.compareTo(end) > 0) return;
        if (!cursor.isDeleted && !visit(cursor)) return;
      } while (cursor.next());
    }
  }

  #rangeBackward(start: StreamId, end: StreamId, visit: (entry: EntryCursor) => boolean): void {
    const cursor = this.#cursor;
    for (let n = this.#nodeOf(end); n >= this.#head && n < this.#nodes.length; n--) {
      const node = this.#nodes[n]!;
      if (node.firstId.compare(end) > 0) continue;
      if (node.lastId.compare(start) < 0) return;
      cursor.open(node, true);
      do {
        if (cursor.compareTo(end) > 0) continue;
        if (cursor.compareTo(start) < 0) return;
        if (!cursor.isDeleted && !visit(cursor)) return;
      } while (cursor.previous());
    }
  }

  has(id: StreamId): boolean {
    let found = false;
    this.#rangeForward(id, id, () => {
      found = true;
      return false;
    });
    return found;
  }

  /** The identifier of the last entry that is not deleted; zero when there is none. */
  get lastLiveId(): StreamId {
    let id = FIRST_ID;
    this.#rangeBackward(FIRST_ID, LAST_ID, (entry) => {
      id = entry.id;
      return false;
    });
    return id;
  }

  /** The identifier of the first entry that still takes room, deleted or not; the highest one when there is none. */
  get firstKeptId(): StreamId {
    const node = this.#nodes[this.#head];
    return node === undefined ? LAST_ID : node.firstId;
  }

  /** The last node that begins at or before an identifier, or the first one. */
  #nodeOf(id: StreamId): number {
    let low = this.#head;
    let high = this.#nodes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#nodes[middle]!.firstId.compare(id) > 0) high = middle - 1;
      else low = middle;
    }
    return low;
  }

  /**
   * Visits the nodes in order: identifier of the first entry, live and deleted entries, and a cursor on the first entry,
   * with which the visitor walks over all of the node, deleted ones included.
   */
  visitNodes(visit: (firstId: StreamId, live: number, deleted: number, entry: EntryCursor) => void): void {
    for (let n = this.#head; n < this.#nodes.length; n++) {
      const node = this.#nodes[n]!;
      this.#cursor.open(node, false);
      visit(node.firstId, node.live, node.deleted, this.#cursor);
    }
  }

  // ---- removing --------------------------------------------------------------------------------------------------

  /** Deletes an entry; whether it was there. Call `settleDeleted` after one or several. */
  delete(id: StreamId): boolean {
    const n = this.#nodeOf(id);
    const node = this.#nodes[n];
    if (node === undefined || node.firstId.compare(id) > 0 || node.lastId.compare(id) < 0) return false;
    const cursor = this.#cursor;
    cursor.open(node, false);
    do {
      const order = cursor.compareTo(id);
      if (order < 0) continue;
      if (order > 0 || cursor.isDeleted) return false;
      cursor.markDeleted();
      if (node.live === 0) this.#dropNode(n);
      this.length--;
      if (id.compare(this.maxDeletedId) > 0) this.maxDeletedId = id;
      return true;
    } while (cursor.next());
    return false;
  }

  /** Brings `firstId` up to date after deletions. */
  settleDeleted(): void {
    let first = FIRST_ID;
    this.#rangeForward(FIRST_ID, LAST_ID, (entry) => {
      first = entry.id;
      return false;
    });
    this.firstId = first;
  }

  /** Trims as asked; returns how many entries went. */
  trim({ by, isApproximate, limit }: Trim): number {
    let removed = 0;
    while (this.#head < this.#nodes.length) {
      if ("lengthMax" in by && this.length <= by.lengthMax) break;
      const node = this.#nodes[this.#head]!;
      const entries = node.live;
      if (limit > 0 && removed + entries > limit) break;
      const isWhole =
        "lengthMax" in by ? this.length - entries >= by.lengthMax : node.lastId.compare(by.idMin) < 0;
      if (isWhole) {
        this.#dropNode(this.#head);
        this.length -= entries;
        removed += entries;
        continue;
      }
      if (!isApproximate) removed += this.#trimWithin(node, by);
      break;
    }
    if (removed > 0 || this.length === 0) this.settleDeleted();
    return removed;
  }

  #trimWithin(node: StreamNode, by: Trim["by"]): number {
    const cursor = this.#cursor;
    let removed = 0;
    cursor.open(node, false);
    do {
      const isDone = "lengthMax" in by ? this.length <= by.lengthMax : cursor.compareTo(by.idMin) >= 0;
      if (isDone) break;
      if (cursor.isDeleted) continue;
      cursor.markDeleted();
      removed++;
      this.length--;
    } while (cursor.next());
    return removed;
  }

  #dropNode(index: number): void {
    this.#packed.open(this.#nodes[index]!.address).free();
    if (index !== this.#head) {
      this.#nodes.splice(index, 1);
      return;
    }
    this.#nodes[this.#head++] = GONE;
    if (this.#head === this.#nodes.length) {
      this.#nodes = [];
      this.#head = 0;
    } else if (this.#head > HEAD_SLACK && this.#head * 2 > this.#nodes.length) {
      this.#nodes = this.#nodes.slice(this.#head);
      this.#head = 0;
    }
  }

  // ---- groups ----------------------------------------------------------------------------------------------------

  get groupCount(): number {
    return this.#groups.size;
  }

  group(name: string): ConsumerGroup | undefined {
    return this.#groups.get(name);
  }

  addGroup(name: string, lastId: StreamId, entriesRead: number): ConsumerGroup {
    const group = new ConsumerGroup(name, lastId, entriesRead);
    this.#groups.set(name, group);
    return group;
  }

  deleteGroup(name: string): boolean {
    return this.#groups.delete(name);
  }

  /** All groups in the order of their names' bytes. */
  groups(): ConsumerGroup[] {
    return [...this.#groups.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** Moves a group on to an entry that is delivered to it, and counts it. */
  advance(group: ConsumerGroup, id: StreamId): void {
    if (group.entriesRead !== ENTRIES_READ_UNKNOWN && !this.#hasTombstoneAfter(id)) group.entriesRead++;
    else if (this.entriesAdded > 0) group.entriesRead = this.entriesUpTo(id);
    group.lastId = id;
  }

  /** How many entries a group has yet to read; undefined when deletions make that unknowable. */
  lagOf(group: ConsumerGroup): number | undefined {
    if (this.entriesAdded === 0) return 0;
    if (group.entriesRead !== ENTRIES_READ_UNKNOWN && !this.#hasTombstoneAfter(group.lastId))
      return this.entriesAdded - group.entriesRead;
    const read = this.entriesUpTo(group.lastId);
    return read === ENTRIES_READ_UNKNOWN ? undefined : this.entriesAdded - read;
  }

  /** Whether an entry at or after an identifier was deleted, among those that the stream still spans. */
  #hasTombstoneAfter(id: StreamId): boolean {
    if (this.length === 0 || this.maxDeletedId.isZero) return false;
    if (this.firstId.compare(this.maxDeletedId) > 0) return false;
    return id.compare(this.maxDeletedId) <= 0;
  }

  /** How many entries were ever added up to an identifier, or ENTRIES_READ_UNKNOWN. */
  entriesUpTo(id: StreamId): number {
    if (this.entriesAdded === 0) return 0;
    const toLast = id.compare(this.lastId);
    if (this.length === 0 && toLast <= 0) return this.entriesAdded;
    if (toLast === 0) return this.entriesAdded;
    if (toLast > 0) return ENTRIES_READ_UNKNOWN;
    if (this.maxDeletedId.isZero || this.maxDeletedId.compare(this.firstId) < 0) {
      const toFirst = id.compare(this.firstId);
      if (toFirst < 0) return this.entriesAdded - this.length;
      if (toFirst === 0) return this.entriesAdded - this.length + 1;
    }
    return ENTRIES_READ_UNKNOWN;
  }

  // ---- whole -----------------------------------------------------------------------------------------------------

  duplicate(slab: Slab): Stream {
    const copy = new Stream(slab);
    copy.length = this.length;
    copy.firstId = this.firstId;
    copy.lastId = this.lastId;
    copy.maxDeletedId = this.maxDeletedId;
    copy.entriesAdded = this.entriesAdded;
    for (let n = this.#head; n < this.#nodes.length; n++)
      copy.#nodes.push(this.#nodes[n]!.duplicate(this.#packed));
    for (const [name, group] of this.#groups) copy.#groups.set(name, group.duplicate());
    return copy;
  }

  clearSome(steps: number): boolean {
    let left = steps;
    while (this.#nodes.length > this.#head) {
      if (left-- <= 0) return false;
      this.#packed.open(this.#nodes.pop()!.address).free();
    }
    this.#groups.clear();
    return true;
  }
}

/** Stands where a node was, so that the node can be collected. */
const GONE = new StreamNode(FIRST_ID);

/** The stream of an entry. */
export function openStream(db: Keyspace, entry: number): Stream {
  return db.objectOf(entry) as Stream;
}

/** A new, empty stream: encoding and value word. */
export function createStream(db: Keyspace): { encoding: number; valueWord: number } {
  return { encoding: ENCODING_OBJECT, valueWord: db.addObject(new Stream(db.slab)) };
}

/** Copies a stream with its groups for another key, possibly of another database: the value word. */
export function copyStream(from: Keyspace, entry: number, to: Keyspace): number {
  return to.addObject(openStream(from, entry).duplicate(to.slab));
}

import type { LargeValue } from "./keyspace.ts";
import { Packed } from "./packed.ts";
import type { Slab } from "./slab.ts";

/** Takes byte strings one by one: a reply, or whoever copies them. The bytes are only valid during the call. */
export interface ByteSink {
  bulk(bytes: Buffer, offset: number, length: number): void;
}

/** Bytes per node for the settings -1 to -5. */
const SIZE_CLASSES = [4096, 8192, 16384, 32768, 65536];
/** A node limited by its number of elements still has to stay this small. */
const COUNTED_NODE_BYTES_MAX = 8192;
/** What Redis allows for a listpack's own header. */
const BLOCK_OVERHEAD_BYTES = 7;
const SIZE_ESTIMATE_OVERHEAD = 8;
/** A replaced element that makes its node larger than this gets a node of its own. */
const NODE_BYTES_HARD_MAX = 1 << 20;
/** Each element that is pushed at the head moves what is in the first node, which therefore is filled only so far. */
const HEAD_NODE_BYTES_MAX = 2048;
const CHUNK_NODES = 128;

/** What a node of a list may hold, by list-max-listpack-size: elements when positive, a size class when negative. */
export function nodeBytesMax(packedSize: number): number {
  return packedSize >= 0
    ? Number.POSITIVE_INFINITY
    : SIZE_CLASSES[Math.min(-packedSize, SIZE_CLASSES.length) - 1]!;
}

export function nodeElementsMax(packedSize: number): number {
  return packedSize >= 0 ? Math.max(packedSize, 1) : Number.POSITIVE_INFINITY;
}

/** Whether a block of so many bytes and elements is too large for a node (Redis, quicklistNodeExceedsLimit). */
export function exceedsNode(packedSize: number, bytes: number, elements: number): boolean {
  if (packedSize < 0) return bytes > nodeBytesMax(packedSize);
  return bytes > COUNTED_NODE_BYTES_MAX || elements > nodeElementsMax(packedSize);
}

/** The size of a block as Redis counts it. */
export function blockBytes(packed: Packed): number {
  return packed.payloadBytes + BLOCK_OVERHEAD_BYTES;
}

/** Some neighbouring nodes: the places from `from` to `to` of `addresses` are in use. */
class Chunk {
  readonly addresses = new Uint32Array(CHUNK_NODES);
  from: number;
  to: number;
  /** Elements in all nodes. */
  elements = 0;

  constructor(at: number) {
    this.from = at;
    this.to = at;
  }
}

/**
 * A large list: packed blocks ("nodes") in order, their addresses in chunks of 128 with the number of elements of
 * each chunk, so that both ends are O(1) and an index is found by skipping chunks from the nearer end.
 *
 * The node limit (`packedSize`) is passed by the caller because CONFIG SET can change it at any time.
 */
export class Quicklist implements LargeValue {
  size = 0;
  nodes = 0;
  #chunks: Chunk[] = [];
  readonly #node: Packed;
  // Where `#locate` and the walks are.
  #chunk = 0;
  #slot = 0;

  constructor(slab: Slab) {
    this.#node = new Packed(slab);
  }

  get overheadBytes(): number {
    return 128 + this.#chunks.length * (CHUNK_NODES * 4 + 128);
  }

  slabBytes(samples: number): number {
    let seen = 0;
    let bytes = 0;
    for (const chunk of this.#chunks) {
      for (let slot = chunk.from; slot < chunk.to && (samples === 0 || seen < samples); slot++) {
        bytes += blockBytes(this.#node.open(chunk.addresses[slot]!));
        seen++;
      }
    }
    return seen === 0 ? 0 : Math.round((bytes / seen) * this.nodes);
  }

  /** Takes over a block as the last node. */
  adopt(address: number): void {
    this.#addNode(false, address);
  }

  /** The address of the only node, which the caller takes over; -1 when there are several or it is too large. */
  soleNode(bytesMax: number, elementsMax: number): number {
    if (this.nodes !== 1 || this.size > elementsMax) return -1;
    const chunk = this.#chunks[0]!;
    const node = this.#node.open(chunk.addresses[chunk.from]!);
    return blockBytes(node) > bytesMax ? -1 : node.address;
  }

  // ---- ends ------------------------------------------------------------------------------------------------------

  push(atHead: boolean, bytes: Buffer, offset: number, length: number, packedSize: number): void {
    const chunk = atHead ? this.#chunks[0] : this.#chunks[this.#chunks.length - 1];
    const node = this.#node;
    if (chunk !== undefined) {
      const slot = atHead ? chunk.from : chunk.to - 1;
      node.open(chunk.addresses[slot]!);
      const isRoomy = !atHead || node.payloadBytes + length <= HEAD_NODE_BYTES_MAX;
      if (isRoomy && this.#admits(length, packedSize)) {
        node.insert(atHead ? node.first : node.end, bytes, offset, length);
        chunk.addresses[slot] = node.address;
        chunk.elements++;
        this.size++;
        return;
      }
    }
    node.create().append(bytes, offset, length);
    this.#addNode(atHead, node.address);
  }

  #addNode(atHead: boolean, address: number): void {
    let chunk = atHead ? this.#chunks[0] : this.#chunks[this.#chunks.length - 1];
    if (chunk === undefined || (atHead ? chunk.from === 0 : chunk.to === CHUNK_NODES)) {
      chunk = new Chunk(atHead ? CHUNK_NODES : 0);
      if (atHead) this.#chunks.unshift(chunk);
      else this.#chunks.push(chunk);
    }
    if (atHead) chunk.addresses[--chunk.from] = address;
    else chunk.addresses[chunk.to++] = address;
    const count = this.#node.countAt(address);
    chunk.elements += count;
    this.size += count;
    this.nodes++;
  }

  // ---- ranges ----------------------------------------------------------------------------------------------------

  /** Gives the sink `count` elements from an index on, or backwards from it. The range is inside the list. */
  emit(sink: ByteSink, start: number, count: number, isBackward: boolean): void {
    if (count === 0) return;
    let left = count;
    const node = this.#node;
    let position = node.seek(this.#locate(start));
    for (;;) {
      if (isBackward) {
        for (;;) {
          sink.bulk(node.buffer, node.dataAt(position), node.lengthAt(position));
          if (--left === 0) return;
          if (position === node.first) break;
          position = node.previous(position);
        }
        this.#stepBack();
        position = node.previous(node.end);
      } else {
        for (; position < node.end; position = node.next(position)) {
          sink.bulk(node.buffer, node.dataAt(position), node.lengthAt(position));
          if (--left === 0) return;
        }
        this.#step();
        position = node.first;
      }
    }
  }

  /** Removes `count` elements from an index on; the range is inside the list. */
  removeRange(start: number, count: number): void {
    let left = count;
    while (left > 0) {
      const offset = this.#locate(start);
      const node = this.#node;
      const taken = Math.min(left, node.count - offset);
      if (taken === node.count) this.#dropNode();
      else {
        node.remove(node.seek(offset), taken);
        this.#keepNode();
      }
      this.#chunks[this.#chunk]!.elements -= taken;
      this.#dropEmptyChunk();
      this.size -= taken;
      left -= taken;
    }
  }

  /** Replaces the element at an index, which is inside the list. */
  set(index: number, bytes: Buffer, offset: number, length: number): void {
    const place = this.#locate(index);
    const node = this.#node;
    const position = node.seek(place);
    const growth = Packed.elementBytes(length) - (node.next(position) - position);
    if (node.count === 1 || node.payloadBytes + growth <= NODE_BYTES_HARD_MAX) {
      node.replace(position, bytes, offset, length);
      this.#keepNode();
      return;
    }
    node.remove(position);
    this.#keepNode();
    this.#chunks[this.#chunk]!.elements--;
    this.size--;
    const made = this.#newNode(bytes, offset, length);
    if (place === 0) this.#insertNode(this.#slot, made);
    else {
      this.#splitAt(place);
      this.#insertNode(this.#slot + 1, made);
    }
  }

  // ---- searching -------------------------------------------------------------------------------------------------

  /**
   * Calls `found` with the index of each element that equals the bytes, from the head or from the tail, among the
   * first `examinedMax` elements, until it returns false.
   */
  search(
    bytes: Buffer,
    offset: number,
    length: number,
    fromTail: boolean,
    examinedMax: number,
    found: (index: number) => boolean,
  ): void {
    if (this.size === 0) return;
    let left = Math.min(examinedMax, this.size);
    const node = this.#node;
    let index = fromTail ? this.size - 1 : 0;
    this.#locate(index);
    for (;;) {
      if (fromTail) {
        for (let position = node.end; position > node.first; index--) {
          position = node.previous(position);
          if (node.equalsAt(position, bytes, offset, length) && !found(index)) return;
          if (--left === 0) return;
        }
        this.#stepBack();
      } else {
        for (let position = node.first; position < node.end; position = node.next(position), index++) {
          if (node.equalsAt(position, bytes, offset, length) && !found(index)) return;
          if (--left === 0) return;
        }
        this.#step();
      }
    }
  }

  /** Removes up to `countMax` elements that equal the bytes, from the head or from the tail; returns how many. */
  removeEqual(bytes: Buffer, offset: number, length: number, fromTail: boolean, countMax: number): number {
    let removed = 0;
    let passed = 0;
    const node = this.#node;
    while (passed < this.size && removed < countMax) {
      this.#locate(fromTail ? this.size - 1 - passed : passed);
      const taken = removeEqualFrom(node, bytes, offset, length, fromTail, countMax - removed);
      passed += node.count;
      if (taken === 0) continue;
      const chunk = this.#chunks[this.#chunk]!;
      chunk.elements -= taken;
      if (node.count === 0) this.#dropNode();
      else this.#keepNode();
      this.#dropEmptyChunk();
      this.size -= taken;
      removed += taken;
    }
    return removed;
  }

  /** Inserts an element so that it has the given index, next to an existing one (`0 <= index <= size`). */
  insert(index: number, bytes: Buffer, offset: number, length: number, packedSize: number): void {
    if (index === 0 || index === this.size) {
      this.push(index === 0, bytes, offset, length, packedSize);
      return;
    }
    const place = this.#locate(index);
    const node = this.#node;
    if (this.#admits(length, packedSize)) {
      node.insert(node.seek(place), bytes, offset, length);
      this.#keepNode();
    } else if (place === 0) {
      // Between two nodes: the one before may have room.
      this.#stepBack();
      if (this.#admits(length, packedSize)) {
        node.append(bytes, offset, length);
        this.#keepNode();
      } else {
        this.#insertNode(this.#slot + 1, this.#newNode(bytes, offset, length));
        return;
      }
    } else {
      this.#splitAt(place);
      if (this.#admits(length, packedSize)) {
        node.append(bytes, offset, length);
        this.#keepNode();
      } else {
        this.#insertNode(this.#slot + 1, this.#newNode(bytes, offset, length));
        return;
      }
    }
    this.#chunks[this.#chunk]!.elements++;
    this.size++;
  }

  // ---- whole -----------------------------------------------------------------------------------------------------

  /** A deep copy. */
  duplicate(): Quicklist {
    const copy = new Quicklist(this.#node.slab);
    for (const chunk of this.#chunks) {
      for (let slot = chunk.from; slot < chunk.to; slot++)
        copy.adopt(this.#node.duplicate(chunk.addresses[slot]!));
    }
    return copy;
  }

  clearSome(steps: number): boolean {
    let left = steps;
    while (this.#chunks.length > 0) {
      const chunk = this.#chunks.at(-1)!;
      while (chunk.to > chunk.from) {
        if (left-- <= 0) return false;
        const address = chunk.addresses[--chunk.to]!;
        this.size -= this.#node.countAt(address);
        this.#node.open(address).free();
      }
      this.#chunks.pop();
    }
    this.nodes = 0;
    return true;
  }

  // ---- inside ----------------------------------------------------------------------------------------------------

  /** Whether the open node takes one more element of this length. */
  #admits(length: number, packedSize: number): boolean {
    const node = this.#node;
    return !exceedsNode(packedSize, blockBytes(node) + length + SIZE_ESTIMATE_OVERHEAD, node.count + 1);
  }

  /** Opens the node that holds an index of the list; returns the element's index in the node. */
  #locate(index: number): number {
    const chunks = this.#chunks;
    const node = this.#node;
    if (index <= this.size >>> 1) {
      let rest = index;
      let c = 0;
      while (rest >= chunks[c]!.elements) rest -= chunks[c++]!.elements;
      const { addresses, from } = chunks[c]!;
      let slot = from;
      for (;;) {
        const count = node.countAt(addresses[slot]!);
        if (rest < count) break;
        rest -= count;
        slot++;
      }
      this.#open(c, slot);
      return rest;
    }
    // `rest` elements lie behind the wanted one.
    let rest = this.size - 1 - index;
    let c = chunks.length - 1;
    while (rest >= chunks[c]!.elements) rest -= chunks[c--]!.elements;
    const { addresses, to } = chunks[c]!;
    let slot = to - 1;
    for (;;) {
      const count = node.countAt(addresses[slot]!);
      if (rest < count) {
        this.#open(c, slot);
        return count - 1 - rest;
      }
      rest -= count;
      slot--;
    }
  }

  #open(chunk: number, slot: number): void {
    this.#chunk = chunk;
    this.#slot = slot;
    this.#node.open(this.#chunks[chunk]!.addresses[slot]!);
  }

  #step(): void {
    if (this.#slot + 1 < this.#chunks[this.#chunk]!.to) this.#open(this.#chunk, this.#slot + 1);
    else this.#open(this.#chunk + 1, this.#chunks[this.#chunk + 1]!.from);
  }

  #stepBack(): void {
    if (this.#slot > this.#chunks[this.#chunk]!.from) this.#open(this.#chunk, this.#slot - 1);
    else this.#open(this.#chunk - 1, this.#chunks[this.#chunk - 1]!.to - 1);
  }

  /** Notes the open node's address, which a change may have moved. */
  #keepNode(): void {
    this.#chunks[this.#chunk]!.addresses[this.#slot] = this.#node.address;
  }

  /** Frees the open node and takes it out of its chunk. */
  #dropNode(): void {
    this.#node.free();
    const chunk = this.#chunks[this.#chunk]!;
    if (this.#slot === chunk.from) chunk.from++;
    else {
      chunk.addresses.copyWithin(this.#slot, this.#slot + 1, chunk.to);
      chunk.to--;
    }
    this.nodes--;
  }

  #dropEmptyChunk(): void {
    const chunk = this.#chunks[this.#chunk]!;
    if (chunk.from === chunk.to) this.#chunks.splice(this.#chunk, 1);
  }

  #newNode(bytes: Buffer, offset: number, length: number): number {
    const made = new Packed(this.#node.slab).create();
    made.append(bytes, offset, length);
    return made.address;
  }

  /** Splits the open node before its element `place`, not the first; the first part stays open. */
  #splitAt(place: number): void {
    const node = this.#node;
    if (place === node.count) return;
    const rest = new Packed(node.slab).create();
    const cut = node.seek(place);
    for (let position = cut; position < node.end; position = node.next(position))
      rest.append(node.buffer, node.dataAt(position), node.lengthAt(position));
    node.remove(cut, node.count - place);
    this.#keepNode();
    // The elements stay in the chunk; insertNode counts them once more.
    this.#chunks[this.#chunk]!.elements -= rest.count;
    this.size -= rest.count;
    const { address } = node;
    const slot = this.#slot;
    this.#insertNode(slot + 1, rest.address);
    this.#reopen(address);
  }

  /** Opens a node of the current chunk or the next one by its address. */
  #reopen(address: number): void {
    for (let c = this.#chunk; c < this.#chunks.length; c++) {
      const chunk = this.#chunks[c]!;
      const slot = chunk.addresses.subarray(chunk.from, chunk.to).indexOf(address);
      if (slot >= 0) {
        this.#open(c, chunk.from + slot);
        return;
      }
    }
  }

  /** Puts a node at a slot of the current chunk; splits the chunk when it is full. */
  #insertNode(slot: number, address: number): void {
    let chunk = this.#chunks[this.#chunk]!;
    let at = slot;
    if (chunk.from === 0 && chunk.to === CHUNK_NODES) {
      const half = CHUNK_NODES >>> 1;
      const second = new Chunk(0);
      second.addresses.set(chunk.addresses.subarray(half));
      second.to = CHUNK_NODES - half;
      for (let i = 0; i < second.to; i++) second.elements += this.#node.countAt(second.addresses[i]!);
      chunk.to = half;
      chunk.elements -= second.elements;
      this.#chunks.splice(this.#chunk + 1, 0, second);
      if (at > half) {
        chunk = second;
        at -= half;
      }
    }
    if (chunk.to < CHUNK_NODES) {
      chunk.addresses.copyWithin(at + 1, at, chunk.to);
      chunk.to++;
    } else {
      chunk.addresses.copyWithin(chunk.from - 1, chunk.from, at);
      chunk.from--;
      at--;
    }
    chunk.addresses[at] = address;
    const count = this.#node.countAt(address);
    chunk.elements += count;
    this.size += count;
    this.nodes++;
  }
}

/** Removes up to `countMax` elements that equal the bytes from one block; returns how many. */
export function removeEqualFrom(
  packed: Packed,
  bytes: Buffer,
  offset: number,
  length: number,
  fromTail: boolean,
  countMax: number,
): number {
  let removed = 0;
  if (fromTail) {
    for (let position = packed.end; position > packed.first && removed < countMax; ) {
      position = packed.previous(position);
      if (!packed.equalsAt(position, bytes, offset, length)) continue;
      position = packed.remove(position);
      removed++;
    }
    return removed;
  }
  for (let position = packed.first; position < packed.end && removed < countMax; ) {
    if (packed.equalsAt(position, bytes, offset, length)) {
      position = packed.remove(position);
      removed++;
    } else position = packed.next(position);
  }
  return removed;
}

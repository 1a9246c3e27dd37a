import { compareBytes } from "../protocol/bytes.ts";
import type { Settings } from "../settings.ts";
import { ByteMap } from "./byte-map.ts";
import { ENCODING_OBJECT, ENCODING_PACKED, type Keyspace, type LargeValue } from "./keyspace.ts";
import { Packed } from "./packed.ts";
import type { Slab } from "./slab.ts";
import { SortedIndex } from "./sorted-index.ts";

/** Up to where a sorted set is packed. */
export type ZsetLimits = Pick<Settings, "zsetPackedEntriesMax" | "zsetPackedValueMax">;

/** Takes a member and its score; the bytes are only valid during the call. */
export type MemberVisitor = (bytes: Buffer, offset: number, length: number, score: number) => void;

export interface ScoredMember {
  member: Buffer;
  score: number;
}

const scoreBox = new Float64Array(1);
const scoreBytes = Buffer.from(scoreBox.buffer);

/** Puts a score into `scoreBytes` in its packed form, an integer of 1, 2 or 4 bytes or a double; returns its length. */
function packScore(score: number): number {
  const whole = score | 0;
  // Redis's listpack has no -0 either.
  if (whole === score) {
    if (whole >= -0x80 && whole <= 0x7f) {
      scoreBytes.writeInt8(whole, 0);
      return 1;
    }
    if (whole >= -0x8000 && whole <= 0x7fff) {
      scoreBytes.writeInt16LE(whole, 0);
      return 2;
    }
    scoreBytes.writeInt32LE(whole, 0);
    return 4;
  }
  scoreBox[0] = score;
  return 8;
}

function packedScore(packed: Packed, position: number): number {
  const at = packed.dataAt(position);
  switch (packed.lengthAt(position)) {
    case 1:
      return packed.buffer.readInt8(at);
    case 2:
      return packed.buffer.readInt16LE(at);
    case 4:
      return packed.buffer.readInt32LE(at);
    default:
      return packed.buffer.readDoubleLE(at);
  }
}

/** A large sorted set: members to scores in a map, and their order. */
class LargeZset implements LargeValue {
  readonly members: ByteMap;
  readonly index: SortedIndex;

  constructor(slab: Slab) {
    this.members = new ByteMap(slab);
    this.index = new SortedIndex(this.members);
  }

  get size(): number {
    return this.members.size;
  }

  get overheadBytes(): number {
    return this.members.bucketBytes + this.index.overheadBytes + 200;
  }

  slabBytes(samples: number): number {
    return this.members.slabBytes(samples);
  }

  insert(bytes: Buffer, offset: number, length: number, score: number): void {
    scoreBox[0] = score;
    this.index.insert(this.members.set(bytes, offset, length, scoreBytes, 0, 8), score);
  }

  scoreOf(entry: number): number {
    return this.members.bytesOf(entry).readDoubleLE(this.members.valueOffset(entry));
  }

  duplicate(): LargeZset {
    const copy = new LargeZset(this.members.slab);
    const map = this.members;
    this.index.each(0, this.size, false, (entry, score) =>
      copy.insert(map.bytesOf(entry), map.keyOffset(entry), map.keyLength(entry), score),
    );
    return copy;
  }

  clearSome(steps: number): boolean {
    this.index.clear();
    return this.members.clearSome(steps);
  }
}

/**
 * A sorted set, whatever its encoding: one packed block of member, score, member, score in order while it is small
 * (OBJECT ENCODING listpack), a LargeZset beyond (skiplist). A view that is pointed at a key's entry with `open`; see
 * `openZset`. A mutation may leave it empty: the caller deletes the key then.
 */
export class SortedSet {
  readonly #packed: Packed;
  #db!: Keyspace;
  #entry = 0;
  #large: LargeZset | undefined;
  /** What `scoreOf` found last: a position in the packed block, or an entry of the map. */
  #found = 0;

  constructor(packed: Packed) {
    this.#packed = packed;
  }

  open(db: Keyspace, entry: number): this {
    this.#db = db;
    this.#entry = entry;
    if (db.encodingOf(entry) === ENCODING_OBJECT) this.#large = db.objectOf(entry) as LargeZset;
    else {
      this.#large = undefined;
      this.#packed.open(db.valueWord(entry));
    }
    return this;
  }

  get length(): number {
    return this.#large === undefined ? this.#packed.count >>> 1 : this.#large.size;
  }

  /** The member's score, NaN when it is absent. */
  scoreOf(bytes: Buffer, offset: number, length: number): number {
    const large = this.#large;
    if (large !== undefined) {
      const entry = large.members.find(bytes, offset, length);
      this.#found = entry;
      return entry === 0 ? Number.NaN : large.scoreOf(entry);
    }
    const position = this.#packed.find(bytes, offset, length, 2);
    this.#found = position;
    return position < 0 ? Number.NaN : packedScore(this.#packed, this.#packed.next(position));
  }

  /** Adds a member that `scoreOf` has just not found. */
  insert(bytes: Buffer, offset: number, length: number, score: number, limits: ZsetLimits): void {
    if (
      this.#large === undefined &&
      (this.length + 1 > limits.zsetPackedEntriesMax || length > limits.zsetPackedValueMax)
    ) {
      this.#convert();
    }
    if (this.#large !== undefined) this.#large.insert(bytes, offset, length, score);
    else this.#insertPacked(bytes, offset, length, score);
  }

  /** Gives another score to the member that `scoreOf` has just found; `bytes` are the member's and not in the slab. */
  change(bytes: Buffer, offset: number, length: number, from: number, to: number): void {
    const large = this.#large;
    if (large === undefined) {
      this.#packed.remove(this.#found, 2);
      this.#insertPacked(bytes, offset, length, to);
      return;
    }
    scoreBox[0] = to;
    large.members.setValue(this.#found, scoreBytes, 0, 8);
    large.index.move(this.#found, from, to);
  }

  /** Whether the member was there. */
  remove(bytes: Buffer, offset: number, length: number): boolean {
    const score = this.scoreOf(bytes, offset, length);
    if (Number.isNaN(score)) return false;
    const large = this.#large;
    if (large === undefined) {
      this.#packed.remove(this.#found, 2);
      this.#keep();
    } else {
      large.index.remove(this.#found, score);
      large.members.deleteEntry(this.#found);
    }
    return true;
  }

  removeRange(rank: number, count: number): void {
    if (count === 0) return;
    const large = this.#large;
    if (large === undefined) {
      this.#packed.remove(this.#packed.seek(rank * 2), count * 2);
      this.#keep();
    } else large.index.removeRange(rank, count, (entry) => large.members.deleteEntry(entry));
  }

  /** The rank of the member that `scoreOf` has just found with this score. */
  rankOfFound(score: number): number {
    if (this.#large !== undefined) return this.#large.index.rankOf(this.#found, score);
    const packed = this.#packed;
    let rank = 0;
    for (let position = packed.first; position < this.#found; position = packed.next(packed.next(position)))
      rank++;
    return rank;
  }

  /** The number of members with a lower score, or with `orEqual` a lower or equal one. */
  rankOfScore(score: number, orEqual: boolean): number {
    if (this.#large !== undefined) return this.#large.index.rankOfScore(score, orEqual);
    const packed = this.#packed;
    let rank = 0;
    for (let position = packed.first; position < packed.end; rank++) {
      const at = packed.next(position);
      const own = packedScore(packed, at);
      if (orEqual ? own > score : own >= score) break;
      position = packed.next(at);
    }
    return rank;
  }

  /** As `rankOfScore`, by member: for sets whose scores are all the same. */
  rankOfMember(bytes: Buffer, offset: number, length: number, orEqual: boolean): number {
    if (this.#large !== undefined) return this.#large.index.rankOfMember(bytes, offset, length, orEqual);
    const packed = this.#packed;
    let rank = 0;
    for (let position = packed.first; position < packed.end; rank++) {
      const order = compareBytes(
        packed.buffer,
        packed.dataAt(position),
        packed.lengthAt(position),
        bytes,
        offset,
        length,
      );
      if (orEqual ? order > 0 : order >= 0) break;
      position = packed.next(packed.next(position));
    }
    return rank;
  }

  /** Visits `count` members from a rank on, or backwards from it. */
  each(rank: number, count: number, isBackward: boolean, visit: MemberVisitor): void {
    if (count === 0) return;
    const large = this.#large;
    if (large !== undefined) {
      const { members: map } = large;
      large.index.each(rank, count, isBackward, (entry, score) =>
        visit(map.bytesOf(entry), map.keyOffset(entry), map.keyLength(entry), score),
      );
      return;
    }
    const packed = this.#packed;
    let position = packed.seek(rank * 2);
    for (let left = count; ; ) {
      const at = packed.next(position);
      visit(packed.buffer, packed.dataAt(position), packed.lengthAt(position), packedScore(packed, at));
      if (--left === 0) return;
      position = isBackward ? packed.previous(packed.previous(position)) : packed.next(at);
    }
  }

  /** One step of ZSCAN; the next cursor. A packed set is visited whole. */
  scan(cursor: number, visit: MemberVisitor): number {
    const large = this.#large;
    if (large === undefined) {
      this.each(0, this.length, false, visit);
      return 0;
    }
    const { members: map } = large;
    return map.scan(cursor, (entry) =>
      visit(map.bytesOf(entry), map.keyOffset(entry), map.keyLength(entry), large.scoreOf(entry)),
    );
  }

  get isPacked(): boolean {
    return this.#large === undefined;
  }

  /** Turns a packed set into a large one when so many members are to come. */
  prepare(added: number, limits: ZsetLimits): void {
    if (this.#large === undefined && added > limits.zsetPackedEntriesMax) this.#convert();
  }

  #insertPacked(bytes: Buffer, offset: number, length: number, score: number): void {
    const packed = this.#packed;
    let position = packed.first;
    while (position < packed.end) {
      const at = packed.next(position);
      const own = packedScore(packed, at);
      if (own > score) break;
      if (
        own === score &&
        compareBytes(
          packed.buffer,
          packed.dataAt(position),
          packed.lengthAt(position),
          bytes,
          offset,
          length,
        ) > 0
      )
        break;
      position = packed.next(at);
    }
    const at = packed.insert(position, bytes, offset, length);
    packed.insert(packed.next(at), scoreBytes, 0, packScore(score));
    this.#keep();
  }

  #convert(): void {
    const packed = this.#packed;
    const large = new LargeZset(packed.slab);
    this.each(0, this.length, false, (bytes, offset, length, score) =>
      large.insert(bytes, offset, length, score),
    );
    packed.free();
    this.#db.convertToObject(this.#entry, large);
    this.#large = large;
  }

  #keep(): void {
    this.#db.setValueWord(this.#entry, this.#packed.address);
  }
}

const views: SortedSet[] = [];
let viewSlab: Slab | undefined;

/**
 * The sorted set of an entry, as a view shared by all callers: valid until the next `openZset` with the same number,
 * or until the set is changed other than through it. A second view (1) serves those that read one while they change
 * another.
 */
export function openZset(db: Keyspace, entry: number, view: 0 | 1 = 0): SortedSet {
  if (viewSlab !== db.slab) {
    viewSlab = db.slab;
    views[0] = new SortedSet(new Packed(db.slab));
    views[1] = new SortedSet(new Packed(db.slab));
  }
  return views[view]!.open(db, entry);
}

/** An empty value for so many members, the first of this length: encoding and value word. */
export function createZset(
  db: Keyspace,
  members: number,
  memberLength: number,
  limits: ZsetLimits,
): { encoding: number; valueWord: number } {
  if (members <= limits.zsetPackedEntriesMax && memberLength <= limits.zsetPackedValueMax) {
    return { encoding: ENCODING_PACKED, valueWord: new Packed(db.slab).create().address };
  }
  return { encoding: ENCODING_OBJECT, valueWord: db.addObject(new LargeZset(db.slab)) };
}

/** A value made of members that are all different, in any order. */
export function buildZset(
  db: Keyspace,
  members: ScoredMember[],
  limits: ZsetLimits,
): { encoding: number; valueWord: number } {
  sortMembers(members);
  let lengthMax = 0;
  for (const { member } of members) lengthMax = Math.max(lengthMax, member.length);
  if (members.length > limits.zsetPackedEntriesMax || lengthMax > limits.zsetPackedValueMax) {
    const large = new LargeZset(db.slab);
    for (const { member, score } of members) large.insert(member, 0, member.length, score);
    return { encoding: ENCODING_OBJECT, valueWord: db.addObject(large) };
  }
  const packed = new Packed(db.slab).create();
  for (const { member, score } of members) {
    packed.append(member, 0, member.length);
    packed.append(scoreBytes, 0, packScore(score));
  }
  return { encoding: ENCODING_PACKED, valueWord: packed.address };
}

/** Sorts members as a sorted set does: by score, then by their bytes. */
export function sortMembers(members: ScoredMember[]): void {
  members.sort((left, right) =>
    left.score === right.score
      ? Buffer.compare(left.member, right.member)
      : left.score < right.score
        ? -1
        : 1,
  );
}

/** Copies a sorted set's value for another key, possibly of another database: encoding and value word. */
export function copyZset(
  from: Keyspace,
  entry: number,
  to: Keyspace,
): { encoding: number; valueWord: number } {
  if (from.encodingOf(entry) === ENCODING_OBJECT) {
    const copy = (from.objectOf(entry) as LargeZset).duplicate();
    return { encoding: ENCODING_OBJECT, valueWord: to.addObject(copy) };
  }
  return {
    encoding: ENCODING_PACKED,
    valueWord: new Packed(from.slab).duplicate(from.valueWord(entry)),
  };
}

/** Copies of all members with their scores, in order. */
export function zsetMembers(db: Keyspace, entry: number): ScoredMember[] {
  const members: ScoredMember[] = [];
  const zset = openZset(db, entry);
  zset.each(0, zset.length, false, (bytes, offset, length, score) =>
    members.push({ member: Buffer.from(bytes.subarray(offset, offset + length)), score }),
  );
  return members;
}

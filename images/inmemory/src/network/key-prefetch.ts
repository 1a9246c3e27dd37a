import type { ByteMap } from "../storage/byte-map.ts";
import { KNOWN_MAX, keyHashes, memberHashes } from "../storage/hashing.ts";
import { ENCODING_OBJECT, type Keyspace, TYPE_ZSET } from "../storage/keyspace.ts";

const STAR = 0x2a;
const DOLLAR = 0x24;
const CR = 13;
const ZERO = 0x30;

/**
 * Brings what commands are about to ask for into the processor's cache: the entries of their keys, and of a field or member in a
 * large collection. A lookup waits two or three times for memory; many lookups wait at the same time, when they are
 * not interleaved with the commands.
 *
 * It guesses: the first argument of a request is taken for a key, the second one for a field or a member, the last one for a
 * member of a sorted set, and what does not look like a request is left alone. A wrong guess costs a lookup.
 */
export class KeyPrefetch {
  #db: Keyspace | undefined;
  /** For each key: offset and length of the argument behind it, and of the last one; length -1 when there is none. */
  readonly #arguments = new Int32Array(KNOWN_MAX * 4);
  #hasRun = false;

  /** Notes the keys of the requests in `buffer[start..end)`; parts of a buffer come in their order. */
  add(db: Keyspace, buffer: Buffer, start: number, end: number): void {
    if (this.#hasRun) this.forget();
    if (keyHashes.count === 0) this.#db = db;
    // Keys of another database, or in another buffer, are found without help.
    else if (db !== this.#db || buffer !== keyHashes.buffer) return;
    const noted = this.#arguments;
    let at = start;
    while (at < end && !keyHashes.isFull) {
      if (buffer[at] !== STAR) return;
      let count = 0;
      for (at++; at < end && buffer[at] !== CR; at++) count = count * 10 + buffer[at]! - ZERO;
      at += 2;
      const to = keyHashes.count * 4;
      noted[to + 1] = -1;
      for (let i = 0; i < count; i++) {
        if (at >= end || buffer[at] !== DOLLAR) return;
        let length = 0;
        for (at++; at < end && buffer[at] !== CR; at++) length = length * 10 + buffer[at]! - ZERO;
        at += 2;
        if (!(length >= 0 && length <= end - at)) return;
        if (i === 1) keyHashes.add(buffer, at, length);
        else if (i === 2) {
          noted[to] = at;
          noted[to + 1] = length;
        }
        noted[to + 2] = at;
        noted[to + 3] = length;
        at += length + 2;
      }
    }
  }

  /** Looks up what was noted. Its hashes are known until `forget`, or until other keys are noted. */
  run(): void {
    this.#hasRun = true;
    const db = this.#db;
    const { hashes, count, buffer } = keyHashes;
    if (count < 2 || db === undefined || buffer === undefined) return;
    db.prefetch(hashes, 0, count);
    let map: ByteMap | undefined;
    let from = 0;
    for (let i = 0; i < count; i++) {
      const entry = db.firstWith(hashes[i]!);
      if (entry === 0 || db.encodingOf(entry) !== ENCODING_OBJECT) continue;
      const { members } = db.objectOf(entry);
      const to = i * 4;
      if (members === undefined || this.#arguments[to + 1]! < 0) continue;
      if (members !== map) {
        map?.prefetch(memberHashes.hashes, from, memberHashes.count);
        map = members;
        from = memberHashes.count;
      }
      const which = db.typeOf(entry) === TYPE_ZSET ? to + 2 : to;
      memberHashes.add(buffer, this.#arguments[which]!, this.#arguments[which + 1]!);
    }
    map?.prefetch(memberHashes.hashes, from, memberHashes.count);
  }

  /** The bytes of what was noted are not there any more. */
  forget(): void {
    keyHashes.clear();
    memberHashes.clear();
    this.#hasRun = false;
  }
}

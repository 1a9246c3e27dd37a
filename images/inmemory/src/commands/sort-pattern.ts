import type { ClientSession } from "../server/server.ts";
import { openHash } from "../storage/hash.ts";
import { TYPE_HASH, TYPE_STRING } from "../storage/keyspace.ts";

const STAR = 0x2a;
const HASH = 0x23;
const ARROW = "->";

/**
 * What SORT's BY and GET name: the key that the pattern gives with the element in place of its first star, and with
 * `->field` at the end a field of the hash there; `#` is the element itself.
 */
export class SortPattern {
  /** False when every element would name the same key: BY then sorts nothing, and GET finds nothing. */
  readonly hasStar: boolean;
  readonly #isElement: boolean;
  readonly #before: Buffer;
  readonly #after: Buffer;
  readonly #field: Buffer | undefined;

  /** The pattern's bytes are kept: pass a copy. */
  constructor(pattern: Buffer) {
    const star = pattern.indexOf(STAR);
    this.hasStar = star >= 0;
    this.#isElement = pattern.length === 1 && pattern[0] === HASH;
    const arrow = pattern.indexOf(ARROW, star + 1);
    const isField = this.hasStar && arrow >= 0 && arrow + ARROW.length < pattern.length;
    this.#before = pattern.subarray(0, Math.max(0, star));
    this.#after = pattern.subarray(star + 1, isField ? arrow : pattern.length);
    this.#field = isField ? pattern.subarray(arrow + ARROW.length) : undefined;
  }

  /** A copy of what it names for an element, or undefined. */
  resolve(session: ClientSession, element: Buffer): Buffer | undefined {
    if (this.#isElement) return element;
    if (!this.hasStar) return undefined;
    const { db, server } = session;
    const key = Buffer.concat([this.#before, element, this.#after]);
    const entry = server.lookupRead(db, key, 0, key.length);
    if (entry === 0) return undefined;
    if (this.#field === undefined) {
      if (db.typeOf(entry) !== TYPE_STRING) return undefined;
      return copied(db.bytesOf(entry), db.stringOffset(entry), db.stringLength(entry));
    }
    if (db.typeOf(entry) !== TYPE_HASH) return undefined;
    const hash = openHash(db, entry);
    if (!hash.find(this.#field, 0, this.#field.length)) return undefined;
    return copied(hash.bytes, hash.valueOffset, hash.valueLength);
  }
}

function copied(bytes: Buffer, offset: number, length: number): Buffer {
  return Buffer.from(bytes.subarray(offset, offset + length));
}

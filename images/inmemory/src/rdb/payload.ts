import { crc64 } from "./crc64.ts";
import { LzfError, unpackLzf } from "./lzf.ts";

/** The version of the format that Redis 7.2 writes. */
export const RDB_VERSION = 11;
const FOOTER_BYTES = 10;
/** First bytes of a string that is packed: its two lengths follow. */
export const ENCODED_LZF = 3;

/** The bytes are not what they should be. */
export class PayloadError extends Error {}

/** They end too early. */
export class CutOffError extends PayloadError {
  /** How many bytes more there would have to be at least. */
  readonly missing: number;

  constructor(missing: number) {
    super("it is cut off");
    this.missing = missing;
  }
}

/** A payload with its footer: the version, and the checksum of all before it (Redis, createDumpPayload). */
export function sealPayload(body: Buffer, version = RDB_VERSION): Buffer {
  const footer = Buffer.alloc(FOOTER_BYTES);
  footer.writeUInt16LE(version, 0);
  const sealed = Buffer.concat([body, footer]);
  sealed.writeBigUInt64LE(crc64(sealed.subarray(0, sealed.length - 8)), sealed.length - 8);
  return sealed;
}

/** What a payload has before its footer; undefined when version or checksum are wrong (Redis, verifyDumpPayload). */
export function openPayload(payload: Buffer, versionMax = RDB_VERSION): Buffer | undefined {
  if (payload.length < FOOTER_BYTES) return undefined;
  const body = payload.length - FOOTER_BYTES;
  if (payload.readUInt16LE(body) > versionMax) return undefined;
  const checksum = payload.readBigUInt64LE(body + 2);
  // A checksum of zero says that there is none.
  if (checksum !== 0n && checksum !== crc64(payload.subarray(0, body + 2))) return undefined;
  return payload.subarray(0, body);
}

/** The length that goes before so many bytes, or a number of up to 64 bits (Redis, rdbSaveLen). */
export function encodeLength(length: number | bigint): Buffer {
  if (length < 64) return Buffer.from([Number(length)]);
  const small = Number(length);
  if (small < 16_384) return Buffer.from([0x40 | (small >> 8), small & 0xff]);
  const long = Buffer.alloc(small < 2 ** 32 ? 5 : 9);
  if (small < 2 ** 32) {
    long[0] = 0x80;
    long.writeUInt32BE(small, 1);
  } else {
    long[0] = 0x81;
    long.writeBigUInt64BE(BigInt(length), 1);
  }
  return long;
}

/** Reads the parts of a payload one after the other. Throws PayloadError. */
export class PayloadReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Where the next byte is read. */
  get position(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** So many bytes as they are. */
  take(count: number): Buffer {
    const missing = this.#at + count - this.#bytes.length;
    if (missing > 0) throw new CutOffError(missing);
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** What was read from a position on. */
  since(position: number): Buffer {
    return this.#bytes.subarray(position, this.#at);
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  /** A number of up to 64 bits, as lengths are written. */
  number(): bigint {
    const { length, encoding } = this.#length();
    if (encoding !== undefined) throw new PayloadError("a number is none");
    return BigInt(length);
  }

  /** How many elements follow, of which each takes a byte at least: more than there can be is a lie. */
  count(): number {
    const count = Number(this.number());
    const missing = count - (this.#bytes.length - this.#at);
    if (missing > 0) throw new CutOffError(missing);
    return count;
  }

  /** A length, or with `encoding` how the string that follows is written. */
  #length(): { length: number | bigint; encoding?: number } {
    const first = this.byte();
    const kind = first >> 6;
    if (kind === 0) return { length: first & 63 };
    if (kind === 1) return { length: ((first & 63) << 8) | this.byte() };
    if (kind === 3) return { length: 0, encoding: first & 63 };
    if (first === 0x80) return { length: this.take(4).readUInt32BE() };
    if (first === 0x81) return { length: this.take(8).readBigUInt64BE() };
    throw new PayloadError("a length is none");
  }

  /** Goes over a string without unpacking it. */
  skipString(): void {
    const { length, encoding } = this.#length();
    if (encoding === undefined) this.take(Number(length));
    else if (encoding < ENCODED_LZF) this.take(1 << encoding);
    else if (encoding === ENCODED_LZF) {
      const packed = Number(this.number());
      this.number();
      this.take(packed);
    } else throw new PayloadError("a string is in no known form");
  }

  /** A string: its bytes, packed bytes, or an integer in binary. */
  string(): Buffer {
    const { length, encoding } = this.#length();
    if (encoding === undefined) return this.take(Number(length));
    if (encoding === 0) return Buffer.from(String(this.take(1).readInt8()));
    if (encoding === 1) return Buffer.from(String(this.take(2).readInt16LE()));
    if (encoding === 2) return Buffer.from(String(this.take(4).readInt32LE()));
    if (encoding !== ENCODED_LZF) throw new PayloadError("a string is in no known form");
    const packed = Number(this.number());
    const unpacked = Number(this.number());
    const bytes = this.take(packed);
    // LZF makes at most 264 bytes of three: more is a lie that would only cost memory.
    if (unpacked > bytes.length * 264) throw new PayloadError("a packed string is too long");
    try {
      return unpackLzf(bytes, unpacked);
    } catch (error) {
      throw error instanceof LzfError ? new PayloadError(error.message) : error;
    }
  }
}

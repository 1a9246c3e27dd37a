import { ByteWriter } from "./byte-writer.ts";
import { crc64 } from "./crc64.ts";
import {
  CutOffError,
  openPayload,
  PayloadError,
  PayloadReader,
  RDB_VERSION,
  sealPayload,
} from "./payload.ts";
import { skipValue } from "./skip-value.ts";
import { RDB_HASH_EXPIRING, RDB_HASH_LISTPACK_EXPIRING } from "./types.ts";

export { PayloadError };

/** What stands before a part that is no key (Redis, rdb.h). */
const SLOT_INFO = 244;
const FUNCTION = 245;
const IDLE = 248;
const FREQUENCY = 249;
const AUXILIARY = 250;
const SIZES = 251;
const EXPIRES_MS = 252;
const EXPIRES_SECONDS = 253;
const DATABASE = 254;
const END = 255;

const HEADER_BYTES = 9;
const CHECKSUM_BYTES = 8;
/** The newest version of the format that is read: Redis 8's. */
const VERSION_MAX = 13;
/** From this version on a checksum stands at the end. */
const CHECKSUM_FROM_VERSION = 5;
const READ_BYTES = 1 << 20;

/** A part of an RDB file. */
export type RdbPart =
  | {
      readonly kind: "key";
      readonly database: number;
      readonly key: Buffer;
      /** ms since the epoch; undefined when it does not expire. */
      readonly expiresAt: number | undefined;
      /** Seconds since it was last used, or how often it is used, where the file says so. */
      readonly idleSeconds: number | undefined;
      readonly frequency: number | undefined;
      /** What RESTORE takes; undefined for what only a newer Redis knows (fields of hashes that expire). */
      readonly payload: Buffer | undefined;
    }
  /** The code of a library of functions. */
  | { readonly kind: "library"; readonly code: Buffer };

/** Gives the next bytes of a file, at most as many as asked for; none at its end. */
export type ReadBytes = (count: number) => Uint8Array;

/**
 * Reads an RDB file of Redis 2.6 to 8 with so many bytes, part by part, and its checksum. Memory is that of the largest
 * value.
 *
 * @throws PayloadError when it is none, is damaged, or has what cannot be read (modules' values): the message says at
 * which byte
 */
export function* readRdbFile(read: ReadBytes, size: number): Generator<RdbPart> {
  const input = new Window(read, size);
  const header = input.parse((reader) => reader.take(HEADER_BYTES).toString("latin1"));
  const version = /^REDIS(\d{4})$/.exec(header)?.[1];
  if (version === undefined) throw new PayloadError("this is no RDB file: it does not begin with REDIS");
  if (Number(version) > VERSION_MAX)
    throw new PayloadError(
      `this file is of version ${Number(version)}, the newest that is read is ${VERSION_MAX}`,
    );
  let database = 0;
  for (;;) {
    const part = input.parse((reader) => readPart(reader, database));
    if (part === undefined) continue;
    if (part.kind === "end") break;
    if (part.kind === "database") database = part.database;
    else yield part;
  }
  if (Number(version) >= CHECKSUM_FROM_VERSION) input.verify();
}

/** One part; undefined for what says nothing to others. */
function readPart(
  reader: PayloadReader,
  database: number,
): RdbPart | { readonly kind: "database"; readonly database: number } | { readonly kind: "end" } | undefined {
  let expiresAt: number | undefined;
  let idleSeconds: number | undefined;
  let frequency: number | undefined;
  for (;;) {
    const kind = reader.byte();
    switch (kind) {
      case EXPIRES_MS:
        expiresAt = Number(reader.take(8).readBigInt64LE());
        continue;
      case EXPIRES_SECONDS:
        expiresAt = reader.take(4).readInt32LE() * 1000;
        continue;
      case IDLE:
        idleSeconds = Number(reader.number());
        continue;
      case FREQUENCY:
        frequency = reader.byte();
        continue;
      case AUXILIARY:
        reader.skipString();
        reader.skipString();
        return undefined;
      case SIZES:
        reader.number();
        reader.number();
        return undefined;
      case SLOT_INFO:
        for (let left = 3; left > 0; left--) reader.number();
        return undefined;
      case DATABASE:
        return { kind: "database", database: Number(reader.number()) };
      case FUNCTION:
        return { kind: "library", code: Buffer.from(reader.string()) };
      case END:
        return { kind: "end" };
    }
    const key = Buffer.from(reader.string());
    const from = reader.position;
    skipValue(kind, reader);
    const isKnown = kind !== RDB_HASH_EXPIRING && kind !== RDB_HASH_LISTPACK_EXPIRING;
    const payload = isKnown
      ? sealPayload(Buffer.concat([Buffer.from([kind]), reader.since(from)]))
      : undefined;
    return { kind: "key", database, key, expiresAt, idleSeconds, frequency, payload };
  }
}

/** What was read of a file and not yet parsed. */
class Window {
  readonly #read: ReadBytes;
  /** Bytes of the file that are not read. */
  #left: number;
  #bytes = Buffer.alloc(0);
  #offset = 0;
  #checksum = 0n;

  constructor(read: ReadBytes, size: number) {
    this.#read = read;
    this.#left = size;
  }

  /** Parses a part, reading more of the file when what is here does not hold all of it. */
  parse<T>(parse: (reader: PayloadReader) => T): T {
    for (;;) {
      const reader = new PayloadReader(this.#bytes);
      try {
        const part = parse(reader);
        this.#consume(reader.position);
        return part;
      } catch (error) {
        if (error instanceof CutOffError && this.#grow(error.missing)) continue;
        if (!(error instanceof PayloadError)) throw error;
        throw new PayloadError(`${error.message}, in what begins at byte ${this.#offset}`);
      }
    }
  }

  /** Compares the checksum that follows with that of all that was parsed; zero says that there is none. */
  verify(): void {
    const checksum = this.#checksum;
    const told = this.parse((reader) => reader.take(CHECKSUM_BYTES).readBigUInt64LE());
    if (told !== 0n && told !== checksum)
      throw new PayloadError("the file is damaged: its checksum is another one");
  }

  /** A window that grows by as much as it holds is parsed a few times, however large the value. */
  #grow(missing: number): boolean {
    if (missing > this.#left) return false;
    const more = this.#read(Math.max(READ_BYTES, missing, this.#bytes.length));
    this.#left -= more.length;
    this.#bytes = Buffer.concat([this.#bytes, more]);
    return more.length > 0;
  }

  #consume(count: number): void {
    this.#checksum = crc64(this.#bytes.subarray(0, count), this.#checksum);
    this.#offset += count;
    this.#bytes = this.#bytes.subarray(count);
  }
}

/** Writes an RDB file that Redis 7.2 and newer load. */
export class RdbFileWriter {
  readonly #write: (bytes: Uint8Array) => void;
  #checksum = 0n;
  #database = -1;

  /** `version` is that of the payloads that will be added. */
  constructor(write: (bytes: Uint8Array) => void, version = RDB_VERSION) {
    this.#write = write;
    this.#put(Buffer.from(`REDIS${String(version).padStart(4, "0")}`));
  }

  library(code: Buffer): void {
    const writer = new ByteWriter();
    writer.byte(FUNCTION);
    writer.rdbString(code);
    this.#put(writer.bytes);
  }

  /** Adds a key with what DUMP answered. Throws PayloadError when that is no payload. */
  key(database: number, key: Buffer, expiresAt: number | undefined, payload: Buffer): void {
    const body = openPayload(payload, VERSION_MAX);
    if (body === undefined) throw new PayloadError("what DUMP answered is no payload");
    const writer = new ByteWriter();
    if (database !== this.#database) {
      writer.byte(DATABASE);
      writer.rdbLength(database);
      this.#database = database;
    }
    if (expiresAt !== undefined) {
      writer.byte(EXPIRES_MS);
      writer.uint64(BigInt(expiresAt));
    }
    writer.raw(body.subarray(0, 1));
    writer.rdbString(key);
    this.#put(writer.bytes);
    this.#put(body.subarray(1));
  }

  /** Ends the file. */
  end(): void {
    this.#put(Buffer.from([END]));
    const checksum = Buffer.alloc(CHECKSUM_BYTES);
    checksum.writeBigUInt64LE(this.#checksum);
    this.#write(checksum);
  }

  #put(bytes: Uint8Array): void {
    this.#checksum = crc64(bytes, this.#checksum);
    this.#write(bytes);
  }
}

/** A payload of a newer server as one that this version takes, if its form is known; else undefined. */
export function adoptPayload(payload: Buffer): Buffer | undefined {
  const body = openPayload(payload, VERSION_MAX);
  if (body === undefined || body[0] === RDB_HASH_EXPIRING || body[0] === RDB_HASH_LISTPACK_EXPIRING)
    return undefined;
  return payload.readUInt16LE(payload.length - 10) <= RDB_VERSION ? payload : sealPayload(body);
}

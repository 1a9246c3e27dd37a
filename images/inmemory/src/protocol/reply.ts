import { copyBytes } from "./bytes.ts";
import { formatDouble } from "./numbers.ts";

const INITIAL_BYTES = 64 << 10;
const CR = 13;
const LF = 10;
const DOLLAR = 0x24;
const COLON = 0x3a;
const STAR = 0x2a;

/** What `begin*` returns: where a header of unknown length goes. */
export type Mark = number;

/**
 * Writes replies in RESP2 or RESP3 into one growing buffer (RESP3 specification, antirez/RESP3). A type that RESP2
 * lacks falls back to what Redis sends there: a map is a flat array, a set an array, a double a bulk string, null a
 * null bulk, a boolean an integer, a push an array.
 */
export class Reply {
  buffer: Buffer;
  length = 0;
  /** The protocol version of the session that is being answered. */
  version: 2 | 3 = 2;

  constructor(bytes = INITIAL_BYTES) {
    this.buffer = Buffer.allocUnsafeSlow(bytes);
  }

  /** Makes room for so many more bytes. */
  reserve(bytes: number): void {
    const wanted = this.length + bytes;
    if (wanted <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(wanted, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }

  /** Hands the written bytes over, with the buffer, and starts a new one. */
  detach(): Buffer {
    const written = this.buffer.subarray(0, this.length);
    this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    this.length = 0;
    return written;
  }

  /** Bytes that are already RESP. */
  raw(bytes: Buffer): void {
    this.reserve(bytes.length);
    bytes.copy(this.buffer, this.length);
    this.length += bytes.length;
  }

  /** A simple string: no CR or LF in it. */
  simple(text: string): void {
    this.#line(0x2b, text);
  }

  ok(): void {
    this.raw(OK);
  }

  /** An error: code, space, message. CR and LF in it become spaces, as Redis does. */
  error(text: string): void {
    this.errors++;
    this.onError?.(text);
    this.#line(0x2d, /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, " ") : text);
  }

  /** Told of each error. */
  onError: ((text: string) => void) | undefined;

  /** Errors written so far: how a caller learns that a handler failed. */
  errors = 0;

  /** An integer; a bigint beyond 2^53. */
  integer(value: number | bigint): void {
    this.reserve(24);
    this.buffer[this.length++] = COLON;
    this.#number(value);
    this.#crlf();
  }

  /** A range of a buffer as a bulk string. */
  bulk(bytes: Buffer, offset: number, length: number): void {
    this.reserve(length + 32);
    this.buffer[this.length++] = DOLLAR;
    this.#number(length);
    this.#crlf();
    copyBytes(bytes, offset, this.buffer, this.length, length);
    this.length += length;
    this.#crlf();
  }

  bulkBuffer(bytes: Buffer): void {
    this.bulk(bytes, 0, bytes.length);
  }

  /** A string as a bulk string in UTF-8. */
  bulkText(text: string): void {
    const length = Buffer.byteLength(text);
    this.reserve(length + 32);
    this.buffer[this.length++] = DOLLAR;
    this.#number(length);
    this.#crlf();
    this.length += this.buffer.write(text, this.length);
    this.#crlf();
  }

  /** A number as a bulk string. */
  bulkNumber(value: number | bigint): void {
    this.bulkText(String(value));
  }

  /** RESP3: null. RESP2: a null bulk string. */
  null(): void {
    this.raw(this.version === 3 ? NULL3 : NULL_BULK);
  }

  /** RESP3: null. RESP2: a null array. */
  nullArray(): void {
    this.raw(this.version === 3 ? NULL3 : NULL_ARRAY);
  }

  /** The header of an array; its elements follow. */
  array(count: number): void {
    this.#header(STAR, count);
  }

  /** The header of a map of so many pairs. */
  map(pairs: number): void {
    if (this.version === 3) this.#header(0x25, pairs);
    else this.#header(STAR, pairs * 2);
  }

  set(count: number): void {
    this.#header(this.version === 3 ? 0x7e : STAR, count);
  }

  push(count: number): void {
    this.#header(this.version === 3 ? 0x3e : STAR, count);
  }

  double(value: number): void {
    const text = formatDouble(value);
    if (this.version === 3) this.#line(0x2c, text);
    else this.bulkText(text);
  }

  boolean(value: boolean): void {
    if (this.version === 3) this.raw(value ? TRUE3 : FALSE3);
    else this.integer(value ? 1 : 0);
  }

  /** A text with its format (three letters, "txt" or "mkd"). */
  verbatim(text: string, format = "txt"): void {
    if (this.version === 2) {
      this.bulkText(text);
      return;
    }
    this.#line(0x3d, String(Buffer.byteLength(text) + 4));
    const body = Buffer.from(`${format}:${text}\r\n`);
    this.raw(body);
  }

  /** Starts an array whose length is known only after its elements; finish it with `endArray`. */
  beginArray(): Mark {
    return this.length;
  }

  /** Puts the header of an array of `count` elements where `mark` is. */
  endArray(mark: Mark, count: number): void {
    this.#insertHeader(mark, STAR, count);
  }

  endMap(mark: Mark, pairs: number): void {
    this.#insertHeader(mark, this.version === 3 ? 0x25 : STAR, this.version === 3 ? pairs : pairs * 2);
  }

  endSet(mark: Mark, count: number): void {
    this.#insertHeader(mark, this.version === 3 ? 0x7e : STAR, count);
  }

  #insertHeader(mark: Mark, type: number, count: number): void {
    const header = Buffer.from(`${String.fromCharCode(type)}${count}\r\n`, "latin1");
    this.reserve(header.length);
    this.buffer.copyWithin(mark + header.length, mark, this.length);
    header.copy(this.buffer, mark);
    this.length += header.length;
  }

  #header(type: number, count: number): void {
    this.reserve(24);
    this.buffer[this.length++] = type;
    this.#number(count);
    this.#crlf();
  }

  #line(type: number, text: string): void {
    this.reserve(text.length + 3);
    this.buffer[this.length++] = type;
    this.length += this.buffer.write(text, this.length, "latin1");
    this.#crlf();
  }

  #crlf(): void {
    this.buffer[this.length++] = CR;
    this.buffer[this.length++] = LF;
  }

  #number(value: number | bigint): void {
    if (typeof value === "number" && value >= 0 && value < 1e9) {
      let rest = value | 0;
      const digits = digitCount(rest);
      for (let at = this.length + digits - 1; at >= this.length; at--) {
        const quotient = (rest / 10) | 0;
        this.buffer[at] = 0x30 + rest - quotient * 10;
        rest = quotient;
      }
      this.length += digits;
      return;
    }
    const text = typeof value === "number" ? BigInt(value).toString() : value.toString();
    this.length += this.buffer.write(text, this.length, "latin1");
  }
}

const OK = Buffer.from("+OK\r\n");
const NULL3 = Buffer.from("_\r\n");
const NULL_BULK = Buffer.from("$-1\r\n");
const NULL_ARRAY = Buffer.from("*-1\r\n");
const TRUE3 = Buffer.from("#t\r\n");
const FALSE3 = Buffer.from("#f\r\n");

function digitCount(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  if (value < 10_000) return 4;
  if (value < 100_000) return 5;
  if (value < 1_000_000) return 6;
  if (value < 10_000_000) return 7;
  return value < 100_000_000 ? 8 : 9;
}

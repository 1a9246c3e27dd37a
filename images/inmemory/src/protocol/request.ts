import type { Args } from "./args.ts";

const STAR = 0x2a;
const DOLLAR = 0x24;
const CR = 13;
const LF = 10;
const MINUS = 0x2d;
const ZERO = 0x30;

/** Longest inline command and longest length line, in bytes (Redis, PROTO_INLINE_MAX_SIZE). */
const INLINE_BYTES_MAX = 64 << 10;
/** Arguments of one command (Redis, INT_MAX); what bounds them in practice is the query buffer's limit. */
const ARGUMENTS_MAX = 2 ** 31 - 1;
/** Digits of a length that are read: more than any valid one has, and still exact in a double. */
const DIGITS_MAX = 15;
/** What a client that has not authenticated may send. */
const UNAUTHENTICATED_ARGUMENTS_MAX = 10;
const UNAUTHENTICATED_BULK_MAX = 16 << 10;

export interface RequestLimits {
  /** Longest argument in bytes (proto-max-bulk-len). */
  bulkBytes: number;
  isAuthenticated: boolean;
}

/** The client broke the protocol: it gets the message as an error, and the connection ends. */
export class ProtocolError extends Error {}

/** What `RequestParser.parse` found. */
export const COMPLETE = 0;
export const INCOMPLETE = 1;
/** An empty line or an empty array: nothing to run, nothing to answer. */
export const EMPTY = 2;
export type ParseResult = 0 | 1 | 2;

/**
 * Parses requests, arrays of bulk strings or inline lines, from a buffer, into offsets (Redis, "RESP protocol
 * specification", "Sending commands to a Redis server"). Its state survives incomplete input: `parse` goes on where
 * the last call stopped, so that a command of a million arguments in small packets costs each byte one look.
 */
export class RequestParser {
  /** Where the next byte to look at is; after COMPLETE and EMPTY, where the next request starts. */
  position = 0;
  /** Where the current request started. */
  start = 0;
  /** Arguments still to come, or -1 at the start of a request. */
  #left = -1;
  /** Length of the bulk string whose bytes come next, or -1. */
  #bulkLength = -1;

  /** Forgets a request in progress and starts at `position`. */
  reset(position: number): void {
    this.position = position;
    this.start = position;
    this.#left = -1;
    this.#bulkLength = -1;
  }

  /** Moves all positions: the bytes of the request in progress have moved in their buffer. */
  shift(by: number): void {
    this.position += by;
    this.start += by;
  }

  /** Bytes that must be in the buffer after `start` before the bulk string at hand can be complete; 0 if unknown. */
  get wantedBytes(): number {
    return this.#bulkLength < 0 ? 0 : this.position - this.start + this.#bulkLength + 2;
  }

  /** Reads one request from `position` up to `end` into `args`. Throws ProtocolError. */
  parse(buffer: Buffer, end: number, args: Args, limits: RequestLimits): ParseResult {
    if (this.#left < 0) {
      this.start = this.position;
      if (this.position >= end) return INCOMPLETE;
      // A store of an object has a cost of its own, which most requests need not pay.
      if (args.buffer !== buffer) args.buffer = buffer;
      args.count = 0;
      if (buffer[this.position] !== STAR) return this.#parseInline(buffer, end, args, limits);
      const count = this.#lengthLine(buffer, end, "invalid multibulk length", "too big mbulk count string");
      if (count === undefined) return INCOMPLETE;
      if (count > ARGUMENTS_MAX) throw new ProtocolError("invalid multibulk length");
      if (count > UNAUTHENTICATED_ARGUMENTS_MAX && !limits.isAuthenticated) {
        throw new ProtocolError("unauthenticated multibulk length");
      }
      if (count <= 0) return EMPTY;
      this.#left = count;
    }
    if (args.buffer !== buffer) args.buffer = buffer;
    while (this.#left > 0) {
      if (this.#bulkLength < 0) {
        if (this.position >= end) return INCOMPLETE;
        if (buffer[this.position] !== DOLLAR) {
          throw new ProtocolError(`expected '$', got '${String.fromCharCode(buffer[this.position]!)}'`);
        }
        const length = this.#bulkLengthLine(buffer, end);
        if (length === undefined) return INCOMPLETE;
        if (length < 0 || length > limits.bulkBytes) throw new ProtocolError("invalid bulk length");
        if (length > UNAUTHENTICATED_BULK_MAX && !limits.isAuthenticated) {
          throw new ProtocolError("unauthenticated bulk length");
        }
        this.#bulkLength = length;
      }
      const { position } = this;
      const next = position + this.#bulkLength + 2;
      if (next > end) return INCOMPLETE;
      args.push(position, this.#bulkLength);
      this.position = next;
      this.#bulkLength = -1;
      this.#left--;
    }
    this.#left = -1;
    args.requestStart = this.start;
    args.requestEnd = this.position;
    return COMPLETE;
  }

  /** As `#lengthLine`; most arguments have a length of one or two digits, which are read without a loop. */
  #bulkLengthLine(buffer: Buffer, end: number): number | undefined {
    const at = this.position;
    if (at + 4 < end) {
      const first = buffer[at + 1]! - ZERO;
      const second = buffer[at + 2]! - ZERO;
      if (first >= 0 && first <= 9 && second === CR - ZERO) {
        this.position = at + 4;
        return first;
      }
      if (first >= 1 && first <= 9 && second >= 0 && second <= 9 && buffer[at + 3] === CR) {
        this.position = at + 5;
        return first * 10 + second;
      }
    }
    return this.#lengthLine(buffer, end, "invalid bulk length", "too big bulk count string");
  }

  /** The integer after the type byte at `position`, moving past its line; undefined while the line is not whole. */
  #lengthLine(buffer: Buffer, end: number, invalid: string, tooLong: string): number | undefined {
    let at = this.position + 1;
    const isNegative = at < end && buffer[at] === MINUS;
    if (isNegative) at++;
    const digitsStart = at;
    let value = 0;
    for (; at < end && at - digitsStart < DIGITS_MAX; at++) {
      const digit = buffer[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const digits = at - digitsStart;
    const isNumber = digits > 0 && (buffer[digitsStart] !== ZERO || (digits === 1 && !isNegative));
    if (at + 1 < end && buffer[at] === CR && isNumber) {
      this.position = at + 2;
      return isNegative ? -value : value;
    }
    return this.#refuseLengthLine(buffer, end, invalid, tooLong);
  }

  /** Tells a line that is not whole (undefined) from one that is no number; an error is Redis's, whatever the packets. */
  #refuseLengthLine(buffer: Buffer, end: number, invalid: string, tooLong: string): undefined {
    const line = buffer.subarray(this.position, end);
    const lineEnd = line.indexOf(CR);
    if ((lineEnd < 0 ? line.length : lineEnd) > INLINE_BYTES_MAX) throw new ProtocolError(tooLong);
    if (lineEnd >= 0 && lineEnd + 1 < line.length) throw new ProtocolError(invalid);
    return undefined;
  }

  #parseInline(buffer: Buffer, end: number, args: Args, limits: RequestLimits): ParseResult {
    const received = buffer.subarray(this.position, end);
    const newline = received.indexOf(LF);
    let length = newline < 0 ? received.length : newline;
    if (length > 0 && received[length - 1] === CR) length--;
    if (length > INLINE_BYTES_MAX) throw new ProtocolError("too big inline request");
    if (newline < 0) return INCOMPLETE;
    const words = splitInline(received.subarray(0, length));
    if (words === undefined) throw new ProtocolError("unbalanced quotes in request");
    this.position += newline + 1;
    if (words.length === 0) return EMPTY;
    if (words.length > UNAUTHENTICATED_ARGUMENTS_MAX && !limits.isAuthenticated) {
      throw new ProtocolError("unauthenticated multibulk length");
    }
    args.load(words);
    return COMPLETE;
  }
}

const ESCAPES: Record<string, number> = { n: 10, r: 13, t: 9, b: 8, a: 7 };

/**
 * Splits a line into words as redis-cli and the inline protocol do; undefined when a quote stays open. A line ends at
 * its first NUL, too (Redis, sdssplitargs).
 */
export function splitInline(line: Buffer): Buffer[] | undefined {
  const words: Buffer[] = [];
  const nul = line.indexOf(0);
  const text = line.toString("latin1", 0, nul < 0 ? line.length : nul);
  let at = 0;
  while (true) {
    while (at < text.length && isSpace(text[at]!)) at++;
    if (at >= text.length) return words;
    const word: number[] = [];
    let quote = "";
    for (; ; at++) {
      const char = text[at];
      if (quote !== "") {
        if (char === undefined) return undefined;
        if (char === quote) {
          if (at + 1 < text.length && !isSpace(text[at + 1]!)) return undefined;
          at++;
          break;
        }
        if (char === "\\" && quote === '"' && at + 1 < text.length) {
          const hex = /^x([0-9a-fA-F]{2})/.exec(text.slice(at + 1, at + 4));
          if (hex !== null) {
            word.push(Number.parseInt(hex[1]!, 16));
            at += 3;
          } else {
            at++;
            word.push(ESCAPES[text[at]!] ?? text.charCodeAt(at));
          }
        } else if (char === "\\" && quote === "'" && text[at + 1] === "'") {
          at++;
          word.push(0x27);
        } else word.push(char.charCodeAt(0));
      } else if (char === undefined || isSpace(char)) break;
      else if (char === '"' || char === "'") quote = char;
      else word.push(char.charCodeAt(0));
    }
    words.push(Buffer.from(word));
  }
}

function isSpace(char: string): boolean {
  return char === " " || char === "\n" || char === "\r" || char === "\t" || char === "\v" || char === "\f";
}

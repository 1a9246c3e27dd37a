import type { Args } from "./args.ts";

const STAR = 0x2a;
const DOLLAR = 0x24;
const CR = 13;
const LF = 10;

/** Longest inline command and longest length line, in bytes (Redis, PROTO_INLINE_MAX_SIZE). */
const INLINE_BYTES_MAX = 64 << 10;
/** Arguments of one command (Redis allows 1024 * 1024). */
const ARGUMENTS_MAX = 1024 * 1024;
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
      args.buffer = buffer;
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
    args.buffer = buffer;
    while (this.#left > 0) {
      if (this.#bulkLength < 0) {
        if (this.position >= end) return INCOMPLETE;
        if (buffer[this.position] !== DOLLAR) {
          throw new ProtocolError(`expected '$', got '${String.fromCharCode(buffer[this.position]!)}'`);
        }
        const length = this.#lengthLine(buffer, end, "invalid bulk length", "too big bulk count string");
        if (length === undefined) return INCOMPLETE;
        if (length < 0 || length > limits.bulkBytes) throw new ProtocolError("invalid bulk length");
        if (length > UNAUTHENTICATED_BULK_MAX && !limits.isAuthenticated) {
          throw new ProtocolError("unauthenticated bulk length");
        }
        this.#bulkLength = length;
      }
      if (this.position + this.#bulkLength + 2 > end) return INCOMPLETE;
      args.push(this.position, this.#bulkLength);
      this.position += this.#bulkLength + 2;
      this.#bulkLength = -1;
      this.#left--;
    }
    this.#left = -1;
    args.requestStart = this.start;
    args.requestEnd = this.position;
    return COMPLETE;
  }

  /** The integer after the type byte at `position`, moving past its line; undefined while the line is not whole. */
  #lengthLine(buffer: Buffer, end: number, invalid: string, tooLong: string): number | undefined {
    let at = this.position + 1;
    let value = 0;
    const isNegative = buffer[at] === 0x2d && at < end;
    if (isNegative) at++;
    const digitsStart = at;
    while (at < end) {
      const digit = buffer[at]! - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      at++;
      if (at - digitsStart > 18) throw new ProtocolError(invalid);
    }
    if (at >= end || (buffer[at] === CR && at + 1 >= end)) {
      if (end - this.position > INLINE_BYTES_MAX) throw new ProtocolError(tooLong);
      return undefined;
    }
    if (buffer[at] !== CR || at === digitsStart) {
      // The line is broken; wait for its end only as far as Redis would, then say so.
      const lineEnd = buffer.indexOf(CR, at);
      if ((lineEnd < 0 || lineEnd >= end) && end - this.position <= INLINE_BYTES_MAX) return undefined;
      throw new ProtocolError(lineEnd < 0 || lineEnd >= end ? tooLong : invalid);
    }
    this.position = at + 2;
    return isNegative ? -value : value;
  }

  #parseInline(buffer: Buffer, end: number, args: Args, limits: RequestLimits): ParseResult {
    const newline = buffer.indexOf(LF, this.position);
    if (newline < 0 || newline >= end) {
      if (end - this.position > INLINE_BYTES_MAX) throw new ProtocolError("too big inline request");
      return INCOMPLETE;
    }
    const lineEnd = newline > this.position && buffer[newline - 1] === CR ? newline - 1 : newline;
    if (lineEnd - this.position > INLINE_BYTES_MAX) throw new ProtocolError("too big inline request");
    const words = splitInline(buffer.subarray(this.position, lineEnd));
    if (words === undefined) throw new ProtocolError("unbalanced quotes in request");
    this.position = newline + 1;
    if (words.length === 0) return EMPTY;
    if (words.length > UNAUTHENTICATED_ARGUMENTS_MAX && !limits.isAuthenticated) {
      throw new ProtocolError("unauthenticated multibulk length");
    }
    args.load(words);
    return COMPLETE;
  }
}

const ESCAPES: Record<string, number> = { n: 10, r: 13, t: 9, b: 8, a: 7 };

/** Splits a line into words as redis-cli and the inline protocol do; undefined when a quote stays open. */
export function splitInline(line: Buffer): Buffer[] | undefined {
  const words: Buffer[] = [];
  const text = line.toString("latin1");
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
  return (
    char === " " ||
    char === "\n" ||
    char === "\r" ||
    char === "\t" ||
    char === "\0" ||
    char === "\v" ||
    char === "\f"
  );
}

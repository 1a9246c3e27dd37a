import { violation } from "./violation.ts";

/** A request as it lies in the input; the offsets are of `bytes`. */
export interface Command {
  /** The first byte behind it. */
  readonly end: number;
  /** The arguments: start and end of each. Empty for an empty line. */
  readonly ranges: readonly number[];
  /** It was written as a line; to be written anew before it is sent on among others. */
  readonly isInline: boolean;
}

const [star, dollar, cr, lf] = [0x2a, 0x24, 0x0d, 0x0a];
const argumentsMax = 1 << 20;
const lineBytesMax = 64 << 10;

/**
 * Reads the request at `at` without decoding what is in it: an array of bulk strings, or a line of words.
 *
 * @returns undefined when it has not come whole
 * @throws WireError
 */
export function readCommand(
  bytes: Buffer,
  at: number,
  end: number,
  bulkBytesMax: number,
): Command | undefined {
  if (at >= end) return undefined;
  if (bytes[at] !== star) return readLine(bytes, at, end);
  let position = at + 1;
  const count = readNumber(bytes, position, end, "invalid multibulk length");
  if (count === undefined) return undefined;
  position = count.end;
  if (count.value > argumentsMax) throw violation("invalid multibulk length");
  const ranges: number[] = [];
  for (let index = 0; index < count.value; index++) {
    if (position >= end) return undefined;
    if (bytes[position] !== dollar)
      throw violation(`expected '$', got '${String.fromCharCode(bytes[position]!)}'`);
    const length = readNumber(bytes, position + 1, end, "invalid bulk length");
    if (length === undefined) return undefined;
    if (length.value < 0 || length.value > bulkBytesMax) throw violation("invalid bulk length");
    position = length.end + length.value + 2;
    if (position > end) return undefined;
    ranges.push(length.end, length.end + length.value);
  }
  return { end: position, ranges, isInline: false };
}

/** A decimal number up to CR LF. */
function readNumber(
  bytes: Buffer,
  at: number,
  end: number,
  message: string,
): { value: number; end: number } | undefined {
  let value = 0;
  let position = at;
  const isNegative = bytes[position] === 0x2d;
  if (isNegative) position++;
  for (; position < end; position++) {
    const byte = bytes[position]!;
    if (byte === cr) {
      if (position + 1 >= end) return undefined;
      if (bytes[position + 1] !== lf || position === at) throw violation(message);
      return { value: isNegative ? -value : value, end: position + 2 };
    }
    if (byte < 0x30 || byte > 0x39 || position - at > 20) throw violation(message);
    value = value * 10 + byte - 0x30;
  }
  return undefined;
}

/** Words between spaces; a word in quotes may hold spaces, escapes in it are left to the server. */
function readLine(bytes: Buffer, at: number, end: number): Command | undefined {
  const newline = bytes.indexOf(lf, at);
  if (newline < 0 || newline >= end) {
    if (end - at > lineBytesMax) throw violation("too big inline request");
    return undefined;
  }
  const lineEnd = bytes[newline - 1] === cr ? newline - 1 : newline;
  const ranges: number[] = [];
  for (let position = at; position < lineEnd; ) {
    if (bytes[position] === 0x20) {
      position++;
      continue;
    }
    const quote = bytes[position] === 0x22 || bytes[position] === 0x27 ? bytes[position] : undefined;
    const from = quote === undefined ? position : position + 1;
    for (position = from; position < lineEnd && bytes[position] !== (quote ?? 0x20); position++);
    if (quote !== undefined && position >= lineEnd) throw violation("unbalanced quotes in request");
    ranges.push(from, position);
    if (quote !== undefined) position++;
  }
  return { end: newline + 1, ranges, isInline: true };
}

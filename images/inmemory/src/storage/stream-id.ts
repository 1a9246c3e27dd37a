import { copyBytes } from "../protocol/bytes.ts";
import { writeInteger } from "../protocol/numbers.ts";

const TWO_32 = 2 ** 32;
const UINT32_MAX = TWO_32 - 1;
const DIGIT_0 = 0x30;
const DASH = 0x2d;
/** Below this a high half leaves the whole number exact in a double. */
const SAFE_HIGH = 2 ** 21;
/** So many digits always fit exactly in a double. */
const SAFE_DIGITS = 15;
const TEXT_MAX = 127;
/** Twice 20 digits and the dash. */
export const STREAM_ID_TEXT_MAX = 41;

/**
 * The identifier of a stream's entry: a time in milliseconds and a sequence number, 64 unsigned bits each, kept as
 * halves so that every value is exact and comparing allocates nothing.
 */
export class StreamId {
  readonly msHigh: number;
  readonly msLow: number;
  readonly seqHigh: number;
  readonly seqLow: number;

  constructor(msHigh: number, msLow: number, seqHigh: number, seqLow: number) {
    this.msHigh = msHigh;
    this.msLow = msLow;
    this.seqHigh = seqHigh;
    this.seqLow = seqLow;
  }

  /** Negative, zero or positive, as this one is before, equal to or after the other. */
  compare(other: StreamId): number {
    return (
      this.msHigh - other.msHigh ||
      this.msLow - other.msLow ||
      this.seqHigh - other.seqHigh ||
      this.seqLow - other.seqLow
    );
  }

  hasSameMs(other: StreamId): boolean {
    return this.msHigh === other.msHigh && this.msLow === other.msLow;
  }

  get isZero(): boolean {
    return this.msHigh === 0 && this.msLow === 0 && this.seqHigh === 0 && this.seqLow === 0;
  }

  /** Whether no identifier comes after this one. */
  get isLast(): boolean {
    return this.isLastOfMs && this.msLow === UINT32_MAX && this.msHigh === UINT32_MAX;
  }

  /** Whether no sequence number is left in this millisecond. */
  get isLastOfMs(): boolean {
    return this.seqLow === UINT32_MAX && this.seqHigh === UINT32_MAX;
  }

  /** The identifier right after this one; undefined after the last. */
  next(): StreamId | undefined {
    const { msHigh, msLow, seqHigh, seqLow } = this;
    if (seqLow < UINT32_MAX) return new StreamId(msHigh, msLow, seqHigh, seqLow + 1);
    if (seqHigh < UINT32_MAX) return new StreamId(msHigh, msLow, seqHigh + 1, 0);
    if (msLow < UINT32_MAX) return new StreamId(msHigh, msLow + 1, 0, 0);
    return msHigh < UINT32_MAX ? new StreamId(msHigh + 1, 0, 0, 0) : undefined;
  }

  /** The first identifier of a time in ms (up to 2^53) when it is after this one, or else as `next`. */
  nextAt(ms: number): StreamId | undefined {
    if (this.#time >= ms) return this.next();
    return new StreamId(Math.floor(ms / TWO_32), ms % TWO_32, 0, 0);
  }

  /** The time in ms; beyond 2^53 the nearest double. */
  get #time(): number {
    return this.msHigh * TWO_32 + this.msLow;
  }

  /** The identifier right before this one; undefined before the first. */
  previous(): StreamId | undefined {
    const { msHigh, msLow, seqHigh, seqLow } = this;
    if (seqLow > 0) return new StreamId(msHigh, msLow, seqHigh, seqLow - 1);
    if (seqHigh > 0) return new StreamId(msHigh, msLow, seqHigh - 1, UINT32_MAX);
    if (msLow > 0) return new StreamId(msHigh, msLow - 1, UINT32_MAX, UINT32_MAX);
    return msHigh > 0 ? new StreamId(msHigh - 1, UINT32_MAX, UINT32_MAX, UINT32_MAX) : undefined;
  }

  /** Writes the identifier as text at the start of `into` (at least STREAM_ID_TEXT_MAX bytes); returns its length. */
  write(into: Buffer): number {
    const { msHigh, msLow } = this;
    // Many identifiers have the same time.
    if (msLow !== written.msLow || msHigh !== written.msHigh) {
      written.msHigh = msHigh;
      written.msLow = msLow;
      written.length = writeDecimal(msHigh, msLow, writtenText, 0);
    }
    const { length } = written;
    copyBytes(writtenText, 0, into, 0, length);
    into[length] = DASH;
    return writeDecimal(this.seqHigh, this.seqLow, into, length + 1);
  }

  toString(): string {
    return `${decimal(this.msHigh, this.msLow)}-${decimal(this.seqHigh, this.seqLow)}`;
  }
}

/** The time that was written last, and its text. */
const written = { msHigh: -1, msLow: -1, length: 0 };
const writtenText = Buffer.allocUnsafeSlow(STREAM_ID_TEXT_MAX);

export const FIRST_ID = new StreamId(0, 0, 0, 0);
export const LAST_ID = new StreamId(UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX);

function decimal(high: number, low: number): string {
  if (high < SAFE_HIGH) return String(high * TWO_32 + low);
  return String((BigInt(high) << 32n) | BigInt(low));
}

function writeDecimal(high: number, low: number, into: Buffer, offset: number): number {
  if (high < SAFE_HIGH) return writeInteger(high * TWO_32 + low, into, offset);
  return offset + into.write(decimal(high, low), offset, "latin1");
}

/** An identifier as a client wrote it. */
export interface ParsedId {
  id: StreamId;
  /** `ms-*`: the sequence number is to be chosen. */
  isSequenceOpen: boolean;
}

/**
 * Reads `ms-seq`, `ms` (the sequence number is then 0, or the highest one with `fillsUp`) and, where allowed, `ms-*`.
 * Undefined when the bytes are none of them.
 */
export function parseStreamId(
  bytes: Buffer,
  offset: number,
  length: number,
  fillsUp = false,
  allowsOpen = false,
): ParsedId | undefined {
  if (length === 0 || length > TEXT_MAX) return undefined;
  const end = offset + length;
  let dash = offset;
  while (dash < end && bytes[dash] !== DASH) dash++;
  const ms = parseUnsigned(bytes, offset, dash);
  if (ms === undefined) return undefined;
  const [msHigh, msLow] = ms;
  if (dash === end) {
    const fill = fillsUp ? UINT32_MAX : 0;
    return { id: new StreamId(msHigh, msLow, fill, fill), isSequenceOpen: false };
  }
  if (allowsOpen && end - dash === 2 && bytes[dash + 1] === 0x2a) {
    return { id: new StreamId(msHigh, msLow, 0, 0), isSequenceOpen: true };
  }
  const seq = parseUnsigned(bytes, dash + 1, end);
  if (seq === undefined) return undefined;
  return { id: new StreamId(msHigh, msLow, seq[0], seq[1]), isSequenceOpen: false };
}

/** An unsigned 64-bit integer as halves. Spaces before it, a plus and leading zeros are let through, as by strtoull. */
function parseUnsigned(bytes: Buffer, from: number, to: number): [high: number, low: number] | undefined {
  let value = 0;
  let at = from;
  if (to - from <= SAFE_DIGITS) {
    for (; at < to; at++) {
      const digit = bytes[at]! - DIGIT_0;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === to && to > from) return [Math.floor(value / TWO_32), value % TWO_32];
  }
  const text = /^[ \t\n\v\f\r]*\+?([0-9]+)$/.exec(bytes.toString("latin1", from, to));
  if (text === null) return undefined;
  const exact = BigInt(text[1]!);
  if (exact >= 1n << 64n) return undefined;
  return [Number(exact >> 32n), Number(exact & 0xffffffffn)];
}

import type { Args } from "../protocol/args.ts";
import { copyBytes } from "../protocol/bytes.ts";

/** Bytes that a command takes as a RESP array of bulk strings. */
export function encodedLength(values: readonly Buffer[]): number {
  let length = headerLength(values.length);
  for (const value of values) length += headerLength(value.length) + value.length + 2;
  return length;
}

/** Writes a command as a RESP array of bulk strings; returns the offset after it. */
export function encodeCommand(values: readonly Buffer[], into: Buffer, offset: number): number {
  let at = writeHeader(STAR, values.length, into, offset);
  for (const value of values) {
    at = writeHeader(DOLLAR, value.length, into, at);
    at += value.copy(into, at);
    into[at++] = 13;
    into[at++] = 10;
  }
  return at;
}

/** At least the bytes that `encodeArguments` writes, for arguments and what replaces some of them. */
export function encodedArgumentsLength(args: Args): number {
  const { count, lengths, replaced } = args;
  let length = HEADER_BYTES_MAX * (count + 1);
  for (let i = 0; i < count; i++) length += lengths[i]! + 2;
  // Too much by what is replaced: it is room, and no more is written than is there.
  for (let which = 0; which < replaced.count; which++) length += replaced.length(which);
  return length;
}

/** As `encodeCommand`, for arguments and what replaces some of them. */
export function encodeArguments(args: Args, into: Buffer, offset: number): number {
  const { buffer, offsets, lengths, replaced } = args;
  let at = writeHeader(STAR, args.count, into, offset);
  for (let i = 0; i < args.count; i++) {
    const which = replaced.find(i);
    const length = which < 0 ? lengths[i]! : replaced.length(which);
    at = writeHeader(DOLLAR, length, into, at);
    if (which < 0) copyBytes(buffer, offsets[i]!, into, at, length);
    else copyBytes(replaced.buffer, replaced.start(which), into, at, length);
    at += length;
    into[at++] = 13;
    into[at++] = 10;
  }
  return at;
}

/** A type byte, up to ten digits, CR, LF. */
const HEADER_BYTES_MAX = 13;
const STAR = 0x2a;
const DOLLAR = 0x24;

function headerLength(count: number): number {
  return String(count).length + 3;
}

function writeHeader(type: number, count: number, into: Buffer, offset: number): number {
  let at = offset;
  into[at++] = type;
  if (count < 10) into[at++] = 0x30 + count;
  else if (count < 100) {
    into[at++] = 0x30 + ((count / 10) | 0);
    into[at++] = 0x30 + (count % 10);
  } else at += into.write(String(count), at, "latin1");
  into[at++] = 13;
  into[at++] = 10;
  return at;
}

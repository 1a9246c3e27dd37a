import type { Args } from "../protocol/args.ts";
import { copyBytes } from "../storage/bytes.ts";

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

/** As `encodedLength`, for arguments and what replaces some of them. */
export function encodedArgumentsLength(args: Args): number {
  let length = HEADER_BYTES_MAX * (args.count + 1);
  for (let i = 0; i < args.count; i++) length += (args.replaced.get(i)?.length ?? args.lengths[i]!) + 2;
  return length;
}

/** As `encodeCommand`, for arguments and what replaces some of them. */
export function encodeArguments(args: Args, into: Buffer, offset: number): number {
  const { buffer, offsets, lengths, replaced } = args;
  let at = writeHeader(STAR, args.count, into, offset);
  for (let i = 0; i < args.count; i++) {
    const other = replaced.get(i);
    const length = other?.length ?? lengths[i]!;
    at = writeHeader(DOLLAR, length, into, at);
    copyBytes(other ?? buffer, other === undefined ? offsets[i]! : 0, into, at, length);
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

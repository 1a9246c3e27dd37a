import { INVALID_CURSOR, SYNTAX } from "../errors.ts";
import { matchGlob } from "../protocol/glob.ts";
import type { Session } from "../session.ts";

/** What SCAN's relatives for one collection take after the cursor. */
export interface ScanOptions {
  count: number;
  matches(bytes: Buffer, offset: number, length: number): boolean;
}

/** The argument as a cursor; undefined after the error was answered. */
export function readScanCursor(session: Session, index: number): number | undefined {
  const text = session.args.latin1(index);
  // As strtoul takes it: signs are let through, and so is nothing at all.
  const digits = /^[+-]?([0-9]+)$/.exec(text);
  if (text !== "" && (digits === null || BigInt(digits[1]!) >= 1n << 64n)) {
    session.reply.error(INVALID_CURSOR);
    return undefined;
  }
  return text === "" ? 0 : Number(BigInt.asUintN(32, BigInt(text.replace("+", ""))));
}

/** `[MATCH pattern] [COUNT count]` from an argument on; undefined after an error was answered. */
export function readScanOptions(session: Session, from: number): ScanOptions | undefined {
  const { args, reply } = session;
  let count = 10;
  let pattern: Buffer | undefined;
  for (let i = from; i < args.count; i += 2) {
    const hasValue = i + 1 < args.count;
    if (args.is(i, "COUNT") && hasValue) {
      count = session.integer(i + 1);
      if (Number.isNaN(count)) return undefined;
      if (count < 1) {
        reply.error(SYNTAX);
        return undefined;
      }
    } else if (args.is(i, "MATCH") && hasValue) pattern = args.copy(i + 1);
    else {
      reply.error(SYNTAX);
      return undefined;
    }
  }
  return {
    count,
    matches: (bytes, offset, length) =>
      pattern === undefined || matchGlob(pattern, bytes.subarray(offset, offset + length)),
  };
}

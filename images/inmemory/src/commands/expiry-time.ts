import { invalidExpire } from "../errors.ts";
import { isInt64, parseInteger64 } from "../protocol/numbers.ts";
import type { ClientSession } from "../server/server.ts";

/** Below this neither the conversion to ms nor the addition of the clock can leave the exact range of a double. */
const SAFE_MAX = 2 ** 42;
/** The latest time that is kept: the largest double within 63 bits. */
const LATEST_MS = 2 ** 63 - 1024;

/** The unit and base of an expiry time: of SET's options and of EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT. */
export interface ExpiryUnit {
  readonly isSeconds: boolean;
  /** Counted from now, not since the epoch. */
  readonly isRelative: boolean;
}

export const EX: ExpiryUnit = { isSeconds: true, isRelative: true };
export const PX: ExpiryUnit = { isSeconds: false, isRelative: true };
export const EXAT: ExpiryUnit = { isSeconds: true, isRelative: false };
export const PXAT: ExpiryUnit = { isSeconds: false, isRelative: false };

/**
 * The argument as an expiry time in ms since the epoch; on a bad one answers the error and returns NaN. What counts as
 * bad is that it overflows 64 bits, and with `mustBePositive` that it is not above zero.
 */
export function readExpiryTime(
  session: ClientSession,
  index: number,
  unit: ExpiryUnit,
  mustBePositive: boolean,
): number {
  const value = session.integer(index);
  if (Number.isNaN(value)) return value;
  const base = unit.isRelative ? session.server.now : 0;
  if (!(mustBePositive && value <= 0)) {
    if (Math.abs(value) < SAFE_MAX) return (unit.isSeconds ? value * 1000 : value) + base;
    const { args } = session;
    const exact = parseInteger64(args.buffer, args.offsets[index]!, args.lengths[index]!)!;
    const milliseconds = unit.isSeconds ? exact * 1000n : exact;
    const time = milliseconds + BigInt(base);
    if (isInt64(milliseconds) && isInt64(time)) return Math.min(Number(time), LATEST_MS);
  }
  session.reply.error(invalidExpire(session.command.fullName));
  return Number.NaN;
}

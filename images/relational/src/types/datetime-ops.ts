import { PgError } from "../errors.ts";
import { dateInfinity, dateMinusInfinity, isFiniteTimestamp } from "./calendar.ts";
import {
  formatClock,
  formatDate,
  formatOffset,
  formatTimestamp,
  readDate,
  readTime,
  readTimestamp,
} from "./datetime-text.ts";
import { type Datum, TimeTz } from "./datum.ts";
import { applyIntervalTypmod, formatInterval, parseInterval } from "./interval-text.ts";
import { Interval } from "./interval-value.ts";
import { compareNumbers, int8Ops } from "./numbers.ts";
import { localToUtc, requireZone } from "./time-zones.ts";
import type { TypeOps } from "./type-ops.ts";

function bytesOf(length: number, bytes: Buffer): Buffer {
  if (bytes.length !== length) throw new PgError("22P03", "incorrect binary data format");
  return bytes;
}

export const dateOps: TypeOps = {
  input: (text, _typmod, io) => readDate(text, io),
  output: (value, io) => formatDate(value as number, io),
  compare: compareNumbers,
  key: (value) => value as number,
  send: (value) => {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(value as number);
    return bytes;
  },
  receive: (bytes) => {
    const days = bytesOf(4, bytes).readInt32BE();
    if (days !== dateInfinity && days !== dateMinusInfinity && (days < -2451545 || days >= 2145031949))
      throw new PgError("22008", "date out of range");
    return days;
  },
};

/** Rounds microseconds to a precision of 0 to 6 decimals, half away from zero. */
export function roundMicros(micros: number, precision: number): number {
  if (precision < 0 || precision >= 6) return micros;
  const unit = 10 ** (6 - precision);
  return Math.round(micros / unit) * unit;
}

export function roundTimestamp(value: bigint, precision: number): bigint {
  if (precision < 0 || precision >= 6 || !isFiniteTimestamp(value)) return value;
  const unit = 10n ** BigInt(6 - precision);
  const half = unit / 2n;
  return value >= 0n ? ((value + half) / unit) * unit : ((value - half) / unit) * unit;
}

function int8Bytes(value: bigint | number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

export const timeOps: TypeOps = {
  input: (text, typmod, io) => roundMicros(readTime(text, io, "time").micros, typmod),
  output: (value) => formatClock(value as number),
  compare: compareNumbers,
  key: (value) => value as number,
  send: (value) => int8Bytes(value as number),
  receive: (bytes, typmod) => {
    const micros = bytesOf(8, bytes).readBigInt64BE();
    if (micros < 0n || micros > 86_400_000_000n) throw new PgError("22008", "time out of range");
    return roundMicros(Number(micros), typmod);
  },
};

/** Microseconds of the day at Greenwich, and then the zone. */
export function compareTimeTz(a: TimeTz, b: TimeTz): number {
  const x = a.micros + a.zoneSeconds * 1_000_000;
  const y = b.micros + b.zoneSeconds * 1_000_000;
  return x - y || a.zoneSeconds - b.zoneSeconds;
}

export const timetzOps: TypeOps = {
  input: (text, typmod, io) => {
    const { micros, offset, zone, days } = readTime(text, io, "time with time zone");
    let east = offset;
    if (east === undefined) {
      const named = zone ?? requireZone(io.timeZone);
      if (
        zone !== undefined &&
        days === undefined &&
        zone.offsetAt(0n) !== zone.offsetAt(15_000_000_000_000n)
      )
        throw new PgError("22007", `invalid input syntax for type time with time zone: "${text}"`);
      east = named.offsetAt(
        days === undefined
          ? io.transactionStart
          : localToUtc(BigInt(days) * 86_400_000_000n + BigInt(micros), named),
      );
    }
    return new TimeTz(roundMicros(micros, typmod), -east);
  },
  output: (value) => {
    const { micros, zoneSeconds } = value as TimeTz;
    return `${formatClock(micros)}${formatOffset(-zoneSeconds)}`;
  },
  compare: (a, b) => compareTimeTz(a as TimeTz, b as TimeTz),
  key: (value) => `${(value as TimeTz).micros}/${(value as TimeTz).zoneSeconds}`,
  send: (value) => {
    const bytes = Buffer.allocUnsafe(12);
    bytes.writeBigInt64BE(BigInt((value as TimeTz).micros), 0);
    bytes.writeInt32BE((value as TimeTz).zoneSeconds, 8);
    return bytes;
  },
  receive: (bytes, typmod) => {
    const micros = Number(bytesOf(12, bytes).readBigInt64BE(0));
    const zone = bytes.readInt32BE(8);
    if (micros < 0 || micros > 86_400_000_000) throw new PgError("22008", "time out of range");
    if (Math.abs(zone) >= 57_600) throw new PgError("22009", "time zone displacement out of range");
    return new TimeTz(roundMicros(micros, typmod), zone);
  },
};

function stampOps(zoned: boolean): TypeOps {
  return {
    ...int8Ops,
    input: (text, typmod, io) => roundTimestamp(readTimestamp(text, io, zoned), typmod),
    output: (value, io) => formatTimestamp(value as bigint, io, zoned),
    receive: (bytes, typmod) => {
      const value = bytesOf(8, bytes).readBigInt64BE();
      if (isFiniteTimestamp(value) && (value < -211813488000000000n || value >= 9223371331200000000n))
        throw new PgError("22008", "timestamp out of range");
      return roundTimestamp(value, typmod);
    },
  };
}

export const timestampOps = stampOps(false);
export const timestamptzOps = stampOps(true);

export function compareIntervals(a: Datum, b: Datum): number {
  const x = (a as Interval).span;
  const y = (b as Interval).span;
  return x < y ? -1 : x > y ? 1 : 0;
}

export const intervalOps: TypeOps = {
  input: (text, typmod) => parseInterval(text, typmod),
  output: (value, io) => formatInterval(value as Interval, io.intervalStyle),
  compare: compareIntervals,
  key: (value) => (value as Interval).span,
  send: (value) => {
    const { micros, days, months } = value as Interval;
    const bytes = Buffer.allocUnsafe(16);
    bytes.writeBigInt64BE(micros, 0);
    bytes.writeInt32BE(days, 8);
    bytes.writeInt32BE(months, 12);
    return bytes;
  },
  receive: (bytes, typmod) => {
    bytesOf(16, bytes);
    return applyIntervalTypmod(
      new Interval(bytes.readInt32BE(12), bytes.readInt32BE(8), bytes.readBigInt64BE(0)),
      typmod,
    );
  },
};

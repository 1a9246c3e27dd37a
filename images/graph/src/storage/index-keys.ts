import { nanosPerSecond } from "../values/calendar.ts";
import { PointValue } from "../values/point.ts";
import {
  DateTimeValue,
  DateValue,
  DurationValue,
  LocalDateTimeValue,
  LocalTimeValue,
  TimeValue,
  utcOf,
} from "../values/temporal.ts";
import { isList, type Value } from "../values/types.ts";

/**
 * Keys of index entries: bytes that SQLite compares in the order of the values. Two values may share a key (numbers beyond a double's
 * digits, long strings): what is found by a key is compared again.
 */
const groups = {
  boolean: 1,
  number: 2,
  string: 3,
  date: 4,
  localTime: 5,
  time: 6,
  localDateTime: 7,
  dateTime: 8,
  duration: 9,
  point: 10,
  list: 11,
  bytes: 12,
} as const;

const stringBytesMax = 1024;

function sortableDouble(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(value === 0 ? 0 : value);
  if ((bytes[0]! & 0x80) !== 0) for (let i = 0; i < 8; i++) bytes[i]! ^= 0xff;
  else bytes[0]! ^= 0x80;
  return bytes;
}

function escaped(bytes: Buffer, isOpen: boolean): Buffer {
  const parts: number[] = [];
  for (const byte of bytes.subarray(0, stringBytesMax)) {
    parts.push(byte);
    if (byte === 0) parts.push(0xff);
  }
  if (!isOpen) parts.push(0, 0);
  return Buffer.from(parts);
}

function tagged(group: number, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([group]), ...parts]);
}

/** The key of one value; undefined for what indexes do not hold. */
export function indexKey(value: Value): Buffer | undefined {
  if (value === null) return undefined;
  if (typeof value === "boolean") return tagged(groups.boolean, Buffer.from([value ? 1 : 0]));
  if (typeof value === "bigint" || typeof value === "number")
    return tagged(groups.number, sortableDouble(Number(value)));
  if (typeof value === "string") return tagged(groups.string, escaped(Buffer.from(value), false));
  if (value instanceof DateValue) return tagged(groups.date, sortableDouble(value.days));
  if (value instanceof LocalTimeValue) return tagged(groups.localTime, sortableDouble(value.nanos));
  if (value instanceof TimeValue)
    return tagged(groups.time, sortableDouble(value.nanos - value.offset * nanosPerSecond));
  if (value instanceof LocalDateTimeValue)
    return tagged(groups.localDateTime, sortableDouble(value.days), sortableDouble(value.nanos));
  if (value instanceof DateTimeValue) {
    const { days, nanos } = utcOf(value);
    return tagged(groups.dateTime, sortableDouble(days), sortableDouble(nanos));
  }
  if (value instanceof DurationValue)
    return tagged(
      groups.duration,
      sortableDouble(value.months),
      sortableDouble(value.days),
      sortableDouble(Number(value.seconds)),
      sortableDouble(value.nanos),
    );
  if (value instanceof PointValue)
    return tagged(
      groups.point,
      sortableDouble(value.srid),
      sortableDouble(value.x),
      sortableDouble(value.y),
      sortableDouble(value.z ?? 0),
    );
  if (isList(value))
    return tagged(
      groups.list,
      ...value.map((item) => indexKey(item) ?? Buffer.from([0])),
      Buffer.from([0, 0]),
    );
  if (value instanceof Uint8Array) return tagged(groups.bytes, escaped(Buffer.from(value), false));
  return undefined;
}

/** The key of an index over several properties; undefined when one is missing. */
export function compositeKey(values: readonly Value[]): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const value of values) {
    const part = indexKey(value);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** From this key on, up to but without that one. */
export interface KeyRange {
  readonly from: Buffer;
  readonly to: Buffer;
}

/** What lies behind all keys that begin with `prefix`. */
export function afterPrefix(prefix: Buffer): Buffer {
  const bytes = Buffer.from(prefix);
  for (let i = bytes.length - 1; i >= 0; i--) {
    if (bytes[i]! < 0xff) {
      bytes[i]!++;
      return bytes.subarray(0, i + 1);
    }
  }
  return Buffer.from([0xff, 0xff]);
}

/** All values of a value's group below, above or around it: a superset of what the comparison finds. */
export function rangeKeys(operator: "<" | "<=" | ">" | ">=", value: Value): KeyRange | undefined {
  const key = indexKey(value);
  if (key === undefined) return undefined;
  const group = key.subarray(0, 1);
  return operator === "<" || operator === "<="
    ? { from: group, to: afterPrefix(key) }
    : { from: key, to: afterPrefix(group) };
}

export function prefixKeys(prefix: string): KeyRange {
  const from = tagged(groups.string, escaped(Buffer.from(prefix), true));
  return { from, to: afterPrefix(from) };
}

/** All values that an index holds. */
export function everyKey(): KeyRange {
  return { from: Buffer.from([0]), to: Buffer.from([0xff]) };
}

import { PointValue, type Srid } from "../values/point.ts";
import {
  DateTimeValue,
  DateValue,
  DurationValue,
  LocalDateTimeValue,
  LocalTimeValue,
  TimeValue,
} from "../values/temporal.ts";
import { isList, type Value } from "../values/types.ts";

/** Tags of values as they are stored; a number once given is never given to something else. */
const tags = {
  false: 0,
  true: 1,
  smallInteger: 2,
  integer: 3,
  float: 4,
  string: 5,
  list: 6,
  date: 7,
  localTime: 8,
  time: 9,
  localDateTime: 10,
  dateTime: 11,
  zonedDateTime: 12,
  duration: 13,
  point2d: 14,
  point3d: 15,
  bytes: 16,
} as const;

class Output {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  #reserve(count: number): number {
    const at = this.#length;
    if (at + count > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(at + count, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    this.#length += count;
    return at;
  }

  byte(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  /** A whole number from 0, in groups of seven bits. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  double(value: number): void {
    const at = this.#reserve(8);
    this.#bytes.writeDoubleLE(value, at);
  }

  int64(value: bigint): void {
    const at = this.#reserve(8);
    this.#bytes.writeBigInt64LE(value, at);
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.varint(length);
    const at = this.#reserve(length);
    this.#bytes.write(value, at);
  }

  bytes(value: Uint8Array): void {
    this.varint(value.length);
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }
}

class Input {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.at++]!;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  double(): number {
    this.at += 8;
    return this.#bytes.readDoubleLE(this.at - 8);
  }

  int64(): bigint {
    this.at += 8;
    return this.#bytes.readBigInt64LE(this.at - 8);
  }

  string(): string {
    const length = this.varint();
    this.at += length;
    return this.#bytes.toString("utf8", this.at - length, this.at);
  }

  bytes(): Uint8Array {
    const length = this.varint();
    this.at += length;
    return Uint8Array.from(this.#bytes.subarray(this.at - length, this.at));
  }
}

/** Whole numbers of both signs as ones from 0: small ones stay short. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

const smallMax = 1n << 50n;

function write(output: Output, value: Value): void {
  if (value === true || value === false) output.byte(value ? tags.true : tags.false);
  else if (typeof value === "bigint") {
    if (value < smallMax && value > -smallMax) {
      output.byte(tags.smallInteger);
      output.varint(zigzag(Number(value)));
    } else {
      output.byte(tags.integer);
      output.int64(value);
    }
  } else if (typeof value === "number") {
    output.byte(tags.float);
    output.double(value);
  } else if (typeof value === "string") {
    output.byte(tags.string);
    output.string(value);
  } else if (isList(value)) {
    output.byte(tags.list);
    output.varint(value.length);
    for (const item of value) write(output, item);
  } else if (value instanceof DateValue) {
    output.byte(tags.date);
    output.varint(zigzag(value.days));
  } else if (value instanceof LocalTimeValue) {
    output.byte(tags.localTime);
    output.varint(value.nanos);
  } else if (value instanceof TimeValue) {
    output.byte(tags.time);
    output.varint(value.nanos);
    output.varint(zigzag(value.offset));
  } else if (value instanceof LocalDateTimeValue) {
    output.byte(tags.localDateTime);
    output.varint(zigzag(value.days));
    output.varint(value.nanos);
  } else if (value instanceof DateTimeValue) {
    output.byte(value.zone === undefined ? tags.dateTime : tags.zonedDateTime);
    output.varint(zigzag(value.days));
    output.varint(value.nanos);
    output.varint(zigzag(value.offset));
    if (value.zone !== undefined) output.string(value.zone);
  } else if (value instanceof DurationValue) {
    output.byte(tags.duration);
    output.varint(zigzag(value.months));
    output.varint(zigzag(value.days));
    output.int64(value.seconds);
    output.varint(value.nanos);
  } else if (value instanceof PointValue) {
    output.byte(value.z === undefined ? tags.point2d : tags.point3d);
    output.varint(value.srid);
    output.double(value.x);
    output.double(value.y);
    if (value.z !== undefined) output.double(value.z);
  } else if (value instanceof Uint8Array) {
    output.byte(tags.bytes);
    output.bytes(value);
  } else throw new TypeError("a value that is no property");
}

function read(input: Input): Value {
  const tag = input.byte();
  switch (tag) {
    case tags.false:
      return false;
    case tags.true:
      return true;
    case tags.smallInteger:
      return BigInt(unzigzag(input.varint()));
    case tags.integer:
      return input.int64();
    case tags.float:
      return input.double();
    case tags.string:
      return input.string();
    case tags.list:
      return Array.from({ length: input.varint() }, () => read(input));
    case tags.date:
      return new DateValue(unzigzag(input.varint()));
    case tags.localTime:
      return new LocalTimeValue(input.varint());
    case tags.time:
      return new TimeValue(input.varint(), unzigzag(input.varint()));
    case tags.localDateTime:
      return new LocalDateTimeValue(unzigzag(input.varint()), input.varint());
    case tags.dateTime:
      return new DateTimeValue(unzigzag(input.varint()), input.varint(), unzigzag(input.varint()), undefined);
    case tags.zonedDateTime:
      return new DateTimeValue(
        unzigzag(input.varint()),
        input.varint(),
        unzigzag(input.varint()),
        input.string(),
      );
    case tags.duration:
      return new DurationValue(
        unzigzag(input.varint()),
        unzigzag(input.varint()),
        input.int64(),
        input.varint(),
      );
    case tags.point2d:
      return new PointValue(input.varint() as Srid, input.double(), input.double(), undefined);
    case tags.point3d:
      return new PointValue(input.varint() as Srid, input.double(), input.double(), input.double());
    case tags.bytes:
      return input.bytes();
  }
  throw new Error(
    `a stored property has the unknown tag ${tag}: the file was written by a newer version, or is damaged`,
  );
}

const output = new Output();

/** Properties by the numbers of their keys, as they are stored; null for none. */
export function encodeProperties(properties: ReadonlyMap<number, Value>): Buffer | null {
  if (properties.size === 0) return null;
  for (const [key, value] of properties) {
    output.varint(key);
    write(output, value);
  }
  return output.take();
}

const none: ReadonlyMap<number, Value> = new Map();

export function decodeProperties(bytes: Buffer | null): ReadonlyMap<number, Value> {
  if (bytes === null) return none;
  const input = new Input(bytes);
  const properties = new Map<number, Value>();
  while (!input.isAtEnd) properties.set(input.varint(), read(input));
  return properties;
}

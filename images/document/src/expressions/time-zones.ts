import { MongoError } from "../errors.ts";

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far a zone's clocks are ahead of UTC at a moment, in milliseconds. @throws MongoError 40485 */
export function offsetMs(zone: string, ms: bigint): bigint {
  if (zone === "UTC" || zone === "GMT" || zone === "Z") return 0n;
  const fixed = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone);
  if (fixed !== null) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3] ?? 0);
    return BigInt(minutes * 60_000) * (fixed[1] === "-" ? -1n : 1n);
  }
  let format = formats.get(zone);
  if (format === undefined) {
    format = makeFormat(zone);
    formats.set(zone, format);
  }
  const at = Number(ms);
  // Beyond what `Date` knows, clocks are as they are at its end.
  const parts = format.formatToParts(Math.max(-8.64e15, Math.min(8.64e15, at)));
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value ?? 0);
  const second = Math.floor(at / 1000) * 1000;
  const local = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour") % 24,
    part("minute"),
    part("second"),
  );
  return BigInt(local - second);
}

function makeFormat(zone: string): Intl.DateTimeFormat {
  try {
    if (!/^[A-Za-z]/.test(zone)) throw new RangeError(zone);
    return new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
      hourCycle: "h23",
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new MongoError(40485, `unrecognized time zone identifier: "${zone}"`);
  }
}

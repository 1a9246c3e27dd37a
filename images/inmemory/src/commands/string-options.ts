import { SYNTAX } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import { EX, EXAT, type ExpiryUnit, PX, PXAT } from "./expiry-time.ts";

/** The options of SET and GETEX, as far as they were given. */
export interface StringOptions {
  onlyIfAbsent: boolean;
  onlyIfPresent: boolean;
  returnsOld: boolean;
  keepsExpiry: boolean;
  clearsExpiry: boolean;
  unit: ExpiryUnit | undefined;
  /** Index of the argument that holds the time; it means something when `unit` is set. */
  timeIndex: number;
}

const UNITS: readonly [keyword: string, unit: ExpiryUnit][] = [
  ["EX", EX],
  ["PX", PX],
  ["EXAT", EXAT],
  ["PXAT", PXAT],
];

export function noStringOptions(): StringOptions {
  return {
    onlyIfAbsent: false,
    onlyIfPresent: false,
    returnsOld: false,
    keepsExpiry: false,
    clearsExpiry: false,
    unit: undefined,
    timeIndex: 0,
  };
}

/** Reads the options from argument `from` on; on a bad one answers the error and returns undefined. */
export function readStringOptions(
  session: ClientSession,
  from: number,
  kind: "set" | "getex",
): StringOptions | undefined {
  const { args } = session;
  const options = noStringOptions();
  for (let i = from; i < args.count; i++) {
    if (readTime(session, i, options)) i++;
    else if (!(kind === "set" ? readSetOption(session, i, options) : readGetexOption(session, i, options))) {
      session.reply.error(SYNTAX);
      return undefined;
    }
  }
  return options;
}

/** EX, PX, EXAT and PXAT exclude each other, KEEPTTL and PERSIST; one may be repeated, and the last time counts. */
function readTime({ args }: ClientSession, index: number, options: StringOptions): boolean {
  if (options.keepsExpiry || options.clearsExpiry || index + 1 === args.count) return false;
  for (const [keyword, unit] of UNITS) {
    if (!args.is(index, keyword)) continue;
    if (options.unit !== undefined && options.unit !== unit) return false;
    options.unit = unit;
    options.timeIndex = index + 1;
    return true;
  }
  return false;
}

function readSetOption({ args }: ClientSession, index: number, options: StringOptions): boolean {
  if (args.is(index, "NX") && !options.onlyIfPresent) options.onlyIfAbsent = true;
  else if (args.is(index, "XX") && !options.onlyIfAbsent) options.onlyIfPresent = true;
  else if (args.is(index, "GET")) options.returnsOld = true;
  else if (args.is(index, "KEEPTTL") && options.unit === undefined) options.keepsExpiry = true;
  else return false;
  return true;
}

function readGetexOption({ args }: ClientSession, index: number, options: StringOptions): boolean {
  if (!args.is(index, "PERSIST") || options.unit !== undefined) return false;
  options.clearsExpiry = true;
  return true;
}

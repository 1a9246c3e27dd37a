import { PgError } from "../errors.ts";
import { epochDays } from "./calendar.ts";

/** Time zones by ICU's data: how many seconds east of Greenwich a zone is at a moment. */

const epochMs = epochDays * 86_400_000;
const zones = new Map<string, Zone | undefined>();

export interface Zone {
  readonly name: string;
  /** Seconds east of Greenwich at a moment, in microseconds since 2000 UTC. */
  offsetAt(timestamp: bigint): number;
  abbreviationAt(timestamp: bigint): string;
}

function fixed(name: string, seconds: number, abbreviation: string): Zone {
  return { name, offsetAt: () => seconds, abbreviationAt: () => abbreviation };
}

/** Abbreviations that PostgreSQL knows by default; each is a fixed offset in seconds. */
const abbreviations: Readonly<Record<string, number>> = {
  utc: 0,
  gmt: 0,
  z: 0,
  zulu: 0,
  ut: 0,
  wet: 0,
  west: 3600,
  cet: 3600,
  cest: 7200,
  met: 3600,
  mest: 7200,
  eet: 7200,
  eest: 10800,
  bst: 3600,
  msk: 10800,
  est: -18000,
  edt: -14400,
  cst: -21600,
  cdt: -18000,
  mst: -25200,
  mdt: -21600,
  pst: -28800,
  pdt: -25200,
  akst: -32400,
  akdt: -28800,
  hst: -36000,
  jst: 32400,
  kst: 32400,
  ist: 7200,
  sgt: 28800,
  hkt: 28800,
  aest: 36000,
  aedt: 39600,
  acst: 34200,
  awst: 28800,
  nzst: 43200,
  nzdt: 46800,
  brt: -10800,
  art: -10800,
  sast: 7200,
};

export function abbreviationOffset(name: string): number | undefined {
  return abbreviations[name.toLowerCase()];
}

class IcuZone implements Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #cache = new Map<number, number>();
  #short: Intl.DateTimeFormat | undefined;

  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    this.name = name;
  }

  offsetAt(timestamp: bigint): number {
    // Offsets change at quarters of an hour at most.
    const quarter = Number(timestamp / 900_000_000n) - (timestamp < 0n ? 1 : 0);
    let offset = this.#cache.get(quarter);
    if (offset === undefined) {
      offset = this.#measure(quarter * 900_000 + epochMs);
      if (this.#cache.size > 4096) this.#cache.clear();
      this.#cache.set(quarter, offset);
    }
    return offset;
  }

  #measure(unixMs: number): number {
    const clamped = Math.max(-8.64e15, Math.min(8.64e15, unixMs));
    const parts = new Map<string, string>();
    for (const { type, value } of this.#format.formatToParts(clamped)) parts.set(type, value);
    const year = parts.get("era") === "BC" ? 1 - Number(parts.get("year")) : Number(parts.get("year"));
    const local = new Date(0);
    local.setUTCFullYear(year, Number(parts.get("month")) - 1, Number(parts.get("day")));
    local.setUTCHours(Number(parts.get("hour")), Number(parts.get("minute")), Number(parts.get("second")));
    return Math.round((local.getTime() - Math.floor(clamped / 1000) * 1000) / 1000);
  }

  abbreviationAt(timestamp: bigint): string {
    const unixMs = Number(timestamp / 1000n) + epochMs;
    this.#short ??= new Intl.DateTimeFormat("en-US", { timeZone: this.name, timeZoneName: "short" });
    const name =
      this.#short.formatToParts(unixMs).find((part) => part.type === "timeZoneName")?.value ?? this.name;
    const offset = this.offsetAt(timestamp);
    const known = Object.entries(europe).find(([zone]) => this.name.startsWith(zone));
    if (name.startsWith("GMT") && known !== undefined) {
      const found = known[1][offset];
      if (found !== undefined) return found;
    }
    if (/^[A-Z]{2,5}$/.test(name) && name !== "GMT") return name;
    if (name === "GMT") return "GMT";
    return offsetText(offset);
  }
}

/** What ICU's English names only by the offset. */
const europe: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  "Europe/London": { 0: "GMT", 3600: "BST" },
  "Europe/Dublin": { 0: "GMT", 3600: "IST" },
  "Europe/Lisbon": { 0: "WET", 3600: "WEST" },
  "Europe/Moscow": { 10800: "MSK" },
  "Europe/Helsinki": { 7200: "EET", 10800: "EEST" },
  "Europe/Athens": { 7200: "EET", 10800: "EEST" },
  "Europe/Kyiv": { 7200: "EET", 10800: "EEST" },
  "Europe/": { 3600: "CET", 7200: "CEST" },
  "Asia/Tokyo": { 32400: "JST" },
  "Asia/Kolkata": { 19800: "IST" },
  "Asia/Seoul": { 32400: "KST" },
  "Asia/Shanghai": { 28800: "CST" },
  "Asia/Hong_Kong": { 28800: "HKT" },
  "Australia/Sydney": { 36000: "AEST", 39600: "AEDT" },
  "Africa/Johannesburg": { 7200: "SAST" },
};

function offsetText(seconds: number): string {
  const minutes = Math.abs(seconds) / 60;
  const sign = seconds < 0 ? "-" : "+";
  const hours = String(Math.floor(minutes / 60)).padStart(2, "0");
  return minutes % 60 === 0 ? `${sign}${hours}` : `${sign}${hours}${String(minutes % 60).padStart(2, "0")}`;
}

/** A zone by its name, an abbreviation, or a POSIX offset (which counts west). */
export function findZone(name: string): Zone | undefined {
  if (zones.has(name)) return zones.get(name);
  const zone = makeZone(name);
  if (zones.size < 2000) zones.set(name, zone);
  return zone;
}

function makeZone(name: string): Zone | undefined {
  const lower = name.toLowerCase();
  if (
    lower === "utc" ||
    lower === "etc/utc" ||
    lower === "gmt" ||
    lower === "zulu" ||
    lower === "universal" ||
    lower === "etc/gmt" ||
    lower === "etc/uct" ||
    lower === "uct" ||
    lower === "greenwich" ||
    lower === "z"
  )
    return fixed(
      lower === "utc" ? "UTC" : lower === "gmt" ? "GMT" : canonicalCase(name),
      0,
      lower.includes("gmt") || lower === "greenwich" ? "GMT" : "UTC",
    );
  const posix =
    /^<?([A-Za-z]{3,}|[+-]?\d+(?::?\d+)*|[A-Za-z]{0})>?([+-]?)(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?$/.exec(
      name,
    );
  if (posix !== null && !/^\d/.test(name)) {
    const west =
      (Number(posix[3]) * 3600 + Number(posix[4] ?? 0) * 60 + Number(posix[5] ?? 0)) *
      (posix[2] === "-" ? -1 : 1);
    return fixed(name, -west, posix[1] === "" ? name : (posix[1] ?? name).toUpperCase());
  }
  const brackets = /^<([+-]?\d+(?::?\d+)*)>([+-]?)(\d{1,2})(?::(\d{2}))?$/.exec(name);
  if (brackets !== null) {
    const west =
      (Number(brackets[3]) * 3600 + Number(brackets[4] ?? 0) * 60) * (brackets[2] === "-" ? -1 : 1);
    return fixed(name, -west, brackets[1]!);
  }
  const offset = abbreviations[lower];
  if (offset !== undefined && !name.includes("/"))
    return fixed(name.toUpperCase(), offset, name.toUpperCase());
  try {
    return new IcuZone(
      new Intl.DateTimeFormat("en-US", { timeZone: canonicalCase(name) }).resolvedOptions().timeZone ===
        undefined
        ? name
        : canonicalCase(name),
    );
  } catch {
    return undefined;
  }
}

/** Names keep the spelling of the database whatever case they come in. */
function canonicalCase(name: string): string {
  return name
    .split("/")
    .map((part) =>
      part
        .split("_")
        .map((word) =>
          word.length <= 3 && /^[A-Z]+$/.test(word)
            ? word
            : word.charAt(0).toUpperCase() +
              (word === word.toUpperCase() ? word.slice(1).toLowerCase() : word.slice(1)),
        )
        .join("_"),
    )
    .join("/");
}

/** @throws PgError 22023 */
export function requireZone(name: string): Zone {
  const zone = findZone(name);
  if (zone === undefined) throw new PgError("22023", `time zone "${name}" not recognized`);
  return zone;
}

/** UTC from a local time in a zone; in the gap of a change the offset before it counts, in the overlap the standard time. */
export function localToUtc(local: bigint, zone: Zone): bigint {
  const day = 86_400_000_000n;
  const before = zone.offsetAt(local - day);
  const after = zone.offsetAt(local + day);
  const micros = (seconds: number) => BigInt(seconds) * 1_000_000n;
  if (before === after) {
    const guess = local - micros(before);
    const exact = zone.offsetAt(guess);
    return local - micros(exact);
  }
  const withBefore = local - micros(before);
  const withAfter = local - micros(after);
  const beforeHolds = zone.offsetAt(withBefore) === before;
  const afterHolds = zone.offsetAt(withAfter) === after;
  if (beforeHolds && !afterHolds) return withBefore;
  if (afterHolds && !beforeHolds) return withAfter;
  // Overlap: both hold; the second is standard time. Gap: neither does.
  return beforeHolds ? withAfter : withBefore;
}

export function utcToLocal(timestamp: bigint, zone: Zone): bigint {
  return timestamp + BigInt(zone.offsetAt(timestamp)) * 1_000_000n;
}

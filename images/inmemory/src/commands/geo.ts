import { SYNTAX } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import {
  distanceOf,
  geohashOf,
  LATITUDE_MAX,
  LONGITUDE_MAX,
  type Point,
  pointOf,
  scoreOf,
} from "../storage/geo-cells.ts";
import { TYPE_ZSET } from "../storage/keyspace.ts";
import { openZset, type SortedSet } from "../storage/zset.ts";
import { type Command, key } from "./definition.ts";
import { add } from "./zset.ts";
import { readScore } from "./zset-bounds.ts";

const METRES: readonly (readonly [unit: string, metres: number])[] = [
  ["M", 1],
  ["KM", 1000],
  ["FT", 0.3048],
  ["MI", 1609.34],
];
/** Digits after the point of a coordinate, before its zeros are cut off (Redis, ld2string for humans). */
const COORDINATE_DIGITS = 17;
const DISTANCE_DIGITS = 4;

/** The metres of the unit at an argument; undefined after an error was answered. */
export function readUnit({ args, reply }: ClientSession, index: number): number | undefined {
  const unit = METRES.find(([name]) => args.is(index, name));
  if (unit === undefined) reply.error("ERR unsupported unit provided. please use M, KM, FT, MI");
  return unit?.[1];
}

/** The point at two arguments; undefined after an error was answered. */
export function readPoint(session: ClientSession, index: number): Point | undefined {
  const longitude = readScore(session, index);
  if (Number.isNaN(longitude)) return undefined;
  const latitude = readScore(session, index + 1);
  if (Number.isNaN(latitude)) return undefined;
  if (Math.abs(longitude) > LONGITUDE_MAX || Math.abs(latitude) > LATITUDE_MAX) {
    const pair = `${longitude.toFixed(6)},${latitude.toFixed(6)}`;
    session.reply.error(`ERR invalid longitude,latitude pair ${pair}`);
    return undefined;
  }
  return { longitude, latitude };
}

/** The point of the member at an argument; undefined when it is not there. */
export function memberPoint({ args }: ClientSession, zset: SortedSet, index: number): Point | undefined {
  const score = zset.scoreOf(args.buffer, args.offsets[index]!, args.lengths[index]!);
  return Number.isNaN(score) ? undefined : pointOf(score);
}

export function writeDistance({ reply }: ClientSession, distance: number): void {
  reply.bulkText(distance.toFixed(DISTANCE_DIGITS));
}

export function writePoint({ reply }: ClientSession, { longitude, latitude }: Point): void {
  reply.array(2);
  for (const coordinate of [longitude, latitude]) {
    const text = coordinate.toFixed(COORDINATE_DIGITS).replace(/\.?0+$/, "");
    if (reply.version === 2) reply.bulkText(text);
    else reply.raw(Buffer.from(`,${text}\r\n`));
  }
}

/** The set at argument 1, for reading: undefined when it is absent, null after an error was answered. */
function openFirst(session: ClientSession): SortedSet | undefined | null {
  const entry = session.read(1);
  if (entry === 0) return undefined;
  return session.isType(entry, TYPE_ZSET) ? openZset(session.db, entry) : null;
}

/** GEOADD is ZADD of scores that are places, and goes to the journal as that. */
function geoadd(session: ClientSession): void {
  const { args, reply } = session;
  let first = 2;
  let [nx, xx] = [false, false];
  for (; first < args.count; first++) {
    if (args.is(first, "NX")) nx = true;
    else if (args.is(first, "XX")) xx = true;
    else if (!args.is(first, "CH")) break;
  }
  if ((args.count - first) % 3 !== 0 || (nx && xx)) {
    reply.error(SYNTAX);
    return;
  }
  const words: Buffer[] = [Buffer.from("ZADD")];
  for (let i = 1; i < first; i++) words.push(args.copy(i));
  for (let i = first; i < args.count; i += 3) {
    const point = readPoint(session, i);
    if (point === undefined) return;
    words.push(Buffer.from(String(scoreOf(point))), args.copy(i + 2));
  }
  session.calledAs = args.copyAll();
  args.load(words);
  add(session, false);
}

function geodist(session: ClientSession): void {
  const { args, reply } = session;
  if (args.count > 5) {
    reply.error(SYNTAX);
    return;
  }
  const metres = args.count === 5 ? readUnit(session, 4) : 1;
  if (metres === undefined) return;
  const zset = openFirst(session);
  if (zset === null) return;
  const from = zset && memberPoint(session, zset, 2);
  const to = zset && memberPoint(session, zset, 3);
  if (from === undefined || to === undefined) reply.null();
  else writeDistance(session, distanceOf(from, to) / metres);
}

function geohash(session: ClientSession): void {
  const { args, reply } = session;
  const zset = openFirst(session);
  if (zset === null) return;
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    const score = zset?.scoreOf(args.buffer, args.offsets[i]!, args.lengths[i]!) ?? Number.NaN;
    if (Number.isNaN(score)) reply.null();
    else reply.bulkText(geohashOf(score));
  }
}

function geopos(session: ClientSession): void {
  const { args, reply } = session;
  const zset = openFirst(session);
  if (zset === null) return;
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    const point = zset && memberPoint(session, zset, i);
    if (point === undefined) reply.nullArray();
    else writePoint(session, point);
  }
}

const BASE = { group: "geo", since: "3.2.0" } as const;

export const geoCommands: Command[] = [
  {
    ...BASE,
    name: "geoadd",
    arity: -5,
    flags: ["write", "denyoom"],
    keys: key("RW update"),
    complexity: "O(log(N)) for each place, N being the size of the set",
    summary: "Adds places to a sorted set, whose scores say where they are.",
    syntax: "key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]",
    handler: geoadd,
  },
  {
    ...BASE,
    name: "geodist",
    arity: -4,
    flags: ["readonly"],
    keys: key("RO access"),
    complexity: "O(1)",
    summary: "Returns the distance between two places.",
    syntax: "key member1 member2 [M | KM | FT | MI]",
    handler: geodist,
  },
  {
    ...BASE,
    name: "geohash",
    arity: -2,
    flags: ["readonly"],
    keys: key("RO access"),
    complexity: "O(1) for each member",
    summary: "Returns the geohashes of places.",
    syntax: "key [member [member ...]]",
    handler: geohash,
  },
  {
    ...BASE,
    name: "geopos",
    arity: -2,
    flags: ["readonly"],
    keys: key("RO access"),
    complexity: "O(1) for each member",
    summary: "Returns the longitude and latitude of places.",
    syntax: "key [member [member ...]]",
    handler: geopos,
  },
];

import { SYNTAX } from "../errors.ts";
import { NOTIFY_GENERIC } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import { cellsFor, distanceWithin, type Point, pointOf, type Shape, scoresIn } from "../storage/geo-cells.ts";
import { TYPE_ZSET } from "../storage/keyspace.ts";
import { openZset, type SortedSet } from "../storage/zset.ts";
import { type Command, type KeySpec, key } from "./definition.ts";
import { memberPoint, readPoint, readUnit, writeDistance, writePoint } from "./geo.ts";
import { readScore } from "./zset-bounds.ts";
import { storeMembers } from "./zset-range.ts";

const NO_MEMBER = "ERR could not decode requested zset member";

/** Which of the commands this is: where its center comes from, and what it may do with what it finds. */
interface Variant {
  readonly form: "point" | "member" | "search";
  readonly source: 1 | 2;
  readonly mayStore: boolean;
}

/** A place that was found. */
interface Found {
  readonly member: Buffer;
  readonly score: number;
  readonly point: Point;
  readonly distance: number;
}

/** What a command asks for, as far as it has been read. */
class Search {
  withDistance = false;
  withHash = false;
  withPoint = false;
  isAny = false;
  order: "none" | "asc" | "desc" = "none";
  count = 0;
  /** The argument that names the key to store at. */
  store = 0;
  storesDistance = false;
  center: Point | undefined;
  /** A center was named, even if it cannot be found because the key is absent. */
  hasCenter = false;
  isCenterMember = false;
  size: { radius: number } | { width: number; height: number } | undefined;
  metres = 1;
}

/** Reads `number unit` or `number number unit`; undefined after an error was answered. */
function readRadius(session: ClientSession, search: Search, at: number): boolean {
  const radius = readScore(session, at, "ERR need numeric radius");
  if (Number.isNaN(radius)) return false;
  if (radius < 0) {
    session.reply.error("ERR radius cannot be negative");
    return false;
  }
  const metres = readUnit(session, at + 1);
  if (metres === undefined) return false;
  search.metres = metres;
  search.size = { radius: radius * metres };
  return true;
}

function readBox(session: ClientSession, search: Search, at: number): boolean {
  const width = readScore(session, at, "ERR need numeric width");
  if (Number.isNaN(width)) return false;
  const height = readScore(session, at + 1, "ERR need numeric height");
  if (Number.isNaN(height)) return false;
  if (width < 0 || height < 0) {
    session.reply.error("ERR height or width cannot be negative");
    return false;
  }
  const metres = readUnit(session, at + 2);
  if (metres === undefined) return false;
  search.metres = metres;
  search.size = { width: width * metres, height: height * metres };
  return true;
}

/** Takes a member of the set as the center; answers when there is none of that name. */
function centerOnMember(
  session: ClientSession,
  search: Search,
  zset: SortedSet | undefined,
  at: number,
): boolean {
  search.hasCenter = true;
  search.isCenterMember = true;
  if (zset === undefined) return true;
  search.center = memberPoint(session, zset, at);
  if (search.center === undefined) session.reply.error(NO_MEMBER);
  return search.center !== undefined;
}

/** The whole request; undefined after an error was answered (Redis, georadiusGeneric). */
function readSearch(
  session: ClientSession,
  { form, source, mayStore }: Variant,
  zset: SortedSet | undefined,
): Search | undefined {
  const { args, reply } = session;
  const search = new Search();
  let at = source + 1;
  if (form === "point") {
    search.center = readPoint(session, 2);
    if (search.center === undefined || !readRadius(session, search, 4)) return undefined;
    at = 6;
  } else if (form === "member") {
    if (!centerOnMember(session, search, zset, 2)) return undefined;
    if (zset !== undefined && !readRadius(session, search, 3)) return undefined;
    at = 5;
  } else if (mayStore) search.store = 1;
  const isSearch = form === "search";
  for (; at < args.count; at++) {
    const left = args.count - at - 1;
    if (args.is(at, "WITHDIST")) search.withDistance = true;
    else if (args.is(at, "WITHHASH")) search.withHash = true;
    else if (args.is(at, "WITHCOORD")) search.withPoint = true;
    else if (args.is(at, "ANY")) search.isAny = true;
    else if (args.is(at, "ASC")) search.order = "asc";
    else if (args.is(at, "DESC")) search.order = "desc";
    else if (args.is(at, "COUNT") && left >= 1) {
      search.count = session.integer(++at);
      if (Number.isNaN(search.count)) return undefined;
      if (search.count <= 0) {
        reply.error("ERR COUNT must be > 0");
        return undefined;
      }
    } else if ((args.is(at, "STORE") || args.is(at, "STOREDIST")) && left >= 1 && mayStore && !isSearch) {
      search.storesDistance = args.is(at, "STOREDIST");
      search.store = ++at;
    } else if (args.is(at, "STOREDIST") && mayStore && isSearch) search.storesDistance = true;
    else if (
      args.is(at, "FROMMEMBER") &&
      left >= 1 &&
      isSearch &&
      (!search.hasCenter || search.isCenterMember)
    ) {
      if (!centerOnMember(session, search, zset, ++at)) return undefined;
    } else if (args.is(at, "FROMLONLAT") && left >= 2 && isSearch && !search.isCenterMember) {
      search.center = readPoint(session, at + 1);
      if (search.center === undefined) return undefined;
      search.hasCenter = true;
      at += 2;
    } else if (args.is(at, "BYRADIUS") && left >= 2 && isSearch && !isBox(search)) {
      if (!readRadius(session, search, at + 1)) return undefined;
      at += 2;
    } else if (
      args.is(at, "BYBOX") &&
      left >= 3 &&
      isSearch &&
      (search.size === undefined || isBox(search))
    ) {
      if (!readBox(session, search, at + 1)) return undefined;
      at += 3;
    } else {
      reply.error(SYNTAX);
      return undefined;
    }
  }
  const wrong = conflictOf(session, search, isSearch);
  if (wrong === undefined) return search;
  reply.error(wrong);
  return undefined;
}

function isBox({ size }: Search): boolean {
  return size !== undefined && "width" in size;
}

function conflictOf({ args }: ClientSession, search: Search, isSearch: boolean): string | undefined {
  const name = args.latin1(0);
  if (search.store > 0 && (search.withDistance || search.withHash || search.withPoint)) {
    const what = isSearch ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS";
    return `ERR ${what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`;
  }
  if (isSearch && !search.hasCenter)
    return `ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${name}`;
  if (isSearch && search.size === undefined)
    return `ERR exactly one of BYRADIUS and BYBOX can be specified for ${name}`;
  if (search.isAny && search.count === 0) return "ERR the ANY argument requires COUNT argument";
  return undefined;
}

/** The places in a shape, in the order of the cells that they are in; no more than `limit`, if that is not 0. */
function findIn(zset: SortedSet, shape: Shape, limit: number): Found[] {
  const found: Found[] = [];
  for (const cell of cellsFor(shape)) {
    const [from, to] = scoresIn(cell);
    const start = zset.rankOfScore(from, false);
    const end = zset.rankOfScore(to, false);
    zset.each(start, Math.max(0, end - start), false, (bytes, offset, length, score) => {
      if (limit > 0 && found.length >= limit) return;
      const point = pointOf(score);
      const distance = distanceWithin(shape, point);
      if (distance === undefined) return;
      found.push({ member: Buffer.from(bytes.subarray(offset, offset + length)), score, point, distance });
    });
    if (limit > 0 && found.length >= limit) break;
  }
  return found;
}

function search(variant: Variant) {
  return (session: ClientSession): void => {
    const { db, reply } = session;
    const entry = session.read(variant.source);
    if (!session.isType(entry, TYPE_ZSET)) return;
    const zset = entry === 0 ? undefined : openZset(db, entry);
    const request = readSearch(session, variant, zset);
    if (request === undefined) return;
    const { center, size, count, isAny, metres } = request;
    if (zset === undefined || center === undefined || size === undefined) {
      answerNothing(session, request);
      return;
    }
    const places = findIn(zset, { center, ...size }, isAny ? count : 0);
    // The nearest are meant when there may be too many and no order is asked for.
    const order = count > 0 && request.order === "none" && !isAny ? "asc" : request.order;
    if (order !== "none") {
      const sign = order === "asc" ? 1 : -1;
      places.sort((left, right) => sign * (left.distance - right.distance));
    }
    const chosen = count > 0 ? places.slice(0, count) : places;
    if (request.store > 0) {
      const members = chosen.map(({ member, score, distance }) => ({
        member,
        score: request.storesDistance ? distance / metres : score,
      }));
      const event = variant.form === "search" ? "geosearchstore" : "georadiusstore";
      storeMembers(session, members, event, request.store);
      return;
    }
    reply.array(chosen.length);
    for (const place of chosen) writePlace(session, request, place);
  };
}

/** The answer for a set that is not there: what is to be stored is nothing. */
function answerNothing(session: ClientSession, { store }: Search): void {
  const { db, reply } = session;
  if (store === 0) {
    reply.array(0);
    return;
  }
  const old = session.write(store);
  if (old !== 0) {
    db.delete(old);
    session.changed(store, NOTIFY_GENERIC, "del");
  }
  reply.integer(0);
}

function writePlace(session: ClientSession, request: Search, place: Found): void {
  const { reply } = session;
  const { withDistance, withHash, withPoint, metres } = request;
  const parts = 1 + Number(withDistance) + Number(withHash) + Number(withPoint);
  if (parts > 1) reply.array(parts);
  reply.bulkBuffer(place.member);
  if (withDistance) writeDistance(session, place.distance / metres);
  if (withHash) reply.integer(place.score);
  if (withPoint) writePoint(session, place.point);
}

const BASE = {
  group: "geo",
  complexity: "O(N+log(M)), N being the places in the cells around, M the size of the set",
} as const;
const OPTIONS = "[WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]";
const UNIT = "<M | KM | FT | MI>";
const FROM = "<FROMMEMBER member | FROMLONLAT longitude latitude>";
const BY = `<BYRADIUS radius ${UNIT} | BYBOX width height ${UNIT}>`;

function storeKeys(startFrom: number): KeySpec[] {
  return ["STORE", "STOREDIST"].map((keyword) => ({
    begin: { keyword, startFrom },
    find: { last: 0, step: 1 },
    flags: "OW update",
  }));
}

export const geoSearchCommands: Command[] = [
  {
    ...BASE,
    name: "georadius",
    arity: -6,
    flags: ["write", "denyoom", "movablekeys"],
    keys: [...key("RO access"), ...storeKeys(6)],
    since: "3.2.0",
    summary: "Finds the places within a distance of a point; GEOSEARCH is its successor.",
    syntax: `key longitude latitude radius ${UNIT} ${OPTIONS} [STORE key] [STOREDIST key]`,
    handler: search({ form: "point", source: 1, mayStore: true }),
  },
  {
    ...BASE,
    name: "georadius_ro",
    arity: -6,
    flags: ["readonly"],
    keys: key("RO access"),
    since: "3.2.10",
    summary: "Finds the places within a distance of a point, and stores nothing.",
    syntax: `key longitude latitude radius ${UNIT} ${OPTIONS}`,
    handler: search({ form: "point", source: 1, mayStore: false }),
  },
  {
    ...BASE,
    name: "georadiusbymember",
    arity: -5,
    flags: ["write", "denyoom", "movablekeys"],
    keys: [...key("RO access"), ...storeKeys(5)],
    since: "3.2.0",
    summary: "Finds the places within a distance of a member; GEOSEARCH is its successor.",
    syntax: `key member radius ${UNIT} ${OPTIONS} [STORE key] [STOREDIST key]`,
    handler: search({ form: "member", source: 1, mayStore: true }),
  },
  {
    ...BASE,
    name: "georadiusbymember_ro",
    arity: -5,
    flags: ["readonly"],
    keys: key("RO access"),
    since: "3.2.10",
    summary: "Finds the places within a distance of a member, and stores nothing.",
    syntax: `key member radius ${UNIT} ${OPTIONS}`,
    handler: search({ form: "member", source: 1, mayStore: false }),
  },
  {
    ...BASE,
    name: "geosearch",
    arity: -7,
    flags: ["readonly"],
    keys: key("RO access"),
    since: "6.2.0",
    summary: "Finds the places in a circle or a box.",
    syntax: `key ${FROM} ${BY} [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]`,
    handler: search({ form: "search", source: 1, mayStore: false }),
  },
  {
    ...BASE,
    name: "geosearchstore",
    arity: -8,
    flags: ["write", "denyoom"],
    keys: [...key("OW update"), ...key("RO access", 2)],
    since: "6.2.0",
    summary: "Stores the places in a circle or a box at another key.",
    syntax: `destination source ${FROM} ${BY} [ASC | DESC] [COUNT count [ANY]] [STOREDIST]`,
    handler: search({ form: "search", source: 2, mayStore: true }),
  },
];

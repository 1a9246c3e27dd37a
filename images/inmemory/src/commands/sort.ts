import { SYNTAX, WRONGTYPE } from "../errors.ts";
import { parseFloat64 } from "../protocol/numbers.ts";
import { NOTIFY_LIST } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import {
  type DataType,
  ENCODING_PACKED,
  type Keyspace,
  TYPE_LIST,
  TYPE_SET,
  TYPE_ZSET,
} from "../storage/keyspace.ts";
import { createListBlock, listElements, openList } from "../storage/list.ts";
import { setMembers } from "../storage/set.ts";
import { zsetMembers } from "../storage/zset.ts";
import { replaceKey } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import { SortPattern } from "./sort-pattern.ts";

/** Copies of the elements of each type that can be sorted, in its own order. */
const sources: Partial<Record<DataType, (db: Keyspace, entry: number) => Buffer[]>> = {
  [TYPE_LIST]: listElements,
  [TYPE_SET]: setMembers,
  [TYPE_ZSET]: (db, entry) => zsetMembers(db, entry).map(({ member }) => member),
};

const EMPTY = Buffer.alloc(0);
const LEADING_SPACE = /^\s+/;

interface SortOptions {
  isDescending: boolean;
  isAlphabetic: boolean;
  offset: number;
  /** Negative: all. */
  count: number;
  by: SortPattern | undefined;
  gets: SortPattern[];
  /** Index of the argument that names the key to store to, or 0. */
  store: number;
}

function readOptions(session: ClientSession): SortOptions | undefined {
  const { args, reply, command } = session;
  const options: SortOptions = {
    isDescending: false,
    isAlphabetic: false,
    offset: 0,
    count: -1,
    by: undefined,
    gets: [],
    store: 0,
  };
  for (let i = 2; i < args.count; i++) {
    const left = args.count - i - 1;
    if (args.is(i, "ASC")) options.isDescending = false;
    else if (args.is(i, "DESC")) options.isDescending = true;
    else if (args.is(i, "ALPHA")) options.isAlphabetic = true;
    else if (args.is(i, "LIMIT") && left >= 2) {
      options.offset = session.integer(++i);
      if (Number.isNaN(options.offset)) return undefined;
      options.count = session.integer(++i);
      if (Number.isNaN(options.count)) return undefined;
    } else if (args.is(i, "STORE") && left >= 1 && command.isWrite) options.store = ++i;
    else if (args.is(i, "BY") && left >= 1) options.by = new SortPattern(args.copy(++i));
    else if (args.is(i, "GET") && left >= 1) options.gets.push(new SortPattern(args.copy(++i)));
    else {
      reply.error(SYNTAX);
      return undefined;
    }
  }
  return options;
}

interface Weighted {
  element: Buffer;
  score: number;
  text: Buffer | undefined;
}

/** The elements in order; undefined after answering that one has no number to sort by. */
function sorted(
  session: ClientSession,
  elements: readonly Buffer[],
  options: SortOptions,
): Buffer[] | undefined {
  const { by, isAlphabetic } = options;
  const weighted: Weighted[] = [];
  let areNumbers = true;
  for (const element of elements) {
    const text = by === undefined ? element : by.resolve(session, element);
    const score = isAlphabetic || text === undefined ? 0 : scoreOf(text);
    if (Number.isNaN(score)) areNumbers = false;
    weighted.push({ element, score, text });
  }
  if (!areNumbers) {
    session.reply.error("ERR One or more scores can't be converted into double");
    return undefined;
  }
  const order = isAlphabetic ? byText : byScore;
  const sign = options.isDescending ? -1 : 1;
  return weighted.sort((left, right) => sign * order(left, right)).map(({ element }) => element);
}

/** A number as C's strtod reads it, where nothing at all is zero; NaN when it is none or too large. */
function scoreOf(text: Buffer): number {
  if (text.length === 0) return 0;
  const trimmed = Buffer.from(text.toString("latin1").replace(LEADING_SPACE, ""), "latin1");
  const score = parseFloat64(trimmed, 0, trimmed.length);
  return Math.abs(score) === Number.POSITIVE_INFINITY && !/inf/i.test(trimmed.toString("latin1"))
    ? Number.NaN
    : score;
}

/** Those without a text, whose key is absent, come first. */
function byText(left: Weighted, right: Weighted): number {
  if (left.text === undefined || right.text === undefined) {
    return Number(left.text !== undefined) - Number(right.text !== undefined);
  }
  return Buffer.compare(left.text, right.text);
}

function byScore(left: Weighted, right: Weighted): number {
  if (left.score !== right.score) return left.score < right.score ? -1 : 1;
  return Buffer.compare(left.element, right.element);
}

function sort(session: ClientSession): void {
  const { db, reply } = session;
  const options = readOptions(session);
  if (options === undefined) return;
  const entry = session.read(1);
  const type = entry === 0 ? TYPE_LIST : db.typeOf(entry);
  const source = sources[type];
  if (source === undefined) {
    reply.error(WRONGTYPE);
    return;
  }
  let elements: Buffer[] | undefined = entry === 0 ? [] : source(db, entry);
  let isAsItIs = options.by?.hasStar === false;
  if (isAsItIs && type === TYPE_SET && options.store !== 0) {
    // A set has no order of its own: what is stored must not depend on how it happens to be kept.
    isAsItIs = false;
    options.isAlphabetic = true;
    options.by = undefined;
  }
  if (!isAsItIs) elements = sorted(session, elements, options);
  else if (options.isDescending && type !== TYPE_SET) elements.reverse();
  if (elements === undefined) return;
  const start = Math.min(Math.max(options.offset, 0), elements.length);
  const chosen = options.count < 0 ? elements.slice(start) : elements.slice(start, start + options.count);
  if (options.store === 0) answerSorted(session, chosen, options.gets);
  else storeSorted(session, chosen, options);
}

function answerSorted(
  session: ClientSession,
  elements: readonly Buffer[],
  gets: readonly SortPattern[],
): void {
  const { reply } = session;
  reply.array(elements.length * Math.max(1, gets.length));
  for (const element of elements) {
    if (gets.length === 0) reply.bulkBuffer(element);
    for (const pattern of gets) {
      const value = pattern.resolve(session, element);
      if (value === undefined) reply.null();
      else reply.bulkBuffer(value);
    }
  }
}

function storeSorted(
  session: ClientSession,
  elements: readonly Buffer[],
  { gets, store }: SortOptions,
): void {
  const { db, server, reply } = session;
  const { listPackedSize } = server.settings;
  const values =
    gets.length === 0
      ? elements
      : elements.flatMap((element) => gets.map((pattern) => pattern.resolve(session, element) ?? EMPTY));
  if (values.length > 0) {
    replaceKey(session, store, TYPE_LIST, { encoding: ENCODING_PACKED, valueWord: createListBlock(db) });
    const list = openList(db, session.write(store));
    const bytes = values.reduce((sum, value) => sum + value.length, 0);
    list.prepare(bytes, values.length, listPackedSize);
    for (const value of values) list.push(false, value, 0, value.length, listPackedSize);
    session.changed(store, NOTIFY_LIST, "sortstore", values.length);
  } else {
    const replaced = session.write(store);
    if (replaced !== 0) server.delete(db, replaced);
  }
  reply.integer(values.length);
}

/** The key that is sorted and the one that is stored to, wherever STORE stands. */
function sortKeys(args: { count: number; is(index: number, keyword: string): boolean }): number[] {
  const found = [1];
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, "LIMIT")) i += 2;
    else if (args.is(i, "GET") || args.is(i, "BY")) i++;
    else if (args.is(i, "STORE") && i + 1 < args.count) found[1] = ++i;
  }
  return found;
}

export const sortCommands: Command[] = [
  {
    name: "sort",
    hasNoGroupCategory: true,
    arity: -2,
    flags: ["write", "denyoom", "movablekeys"],
    categories: ["set", "sortedset", "list", "dangerous"],
    keys: key("RO access"),
    group: "generic",
    since: "1.0.0",
    complexity: "O(N+M*log(M)), N the number of elements, M of those returned",
    summary:
      "Sorts a list, a set or a sorted set by its elements or by other keys, and returns or stores the result.",
    syntax:
      "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA] [STORE destination]",
    getKeys: sortKeys,
    laterKeyFlags: "OW update",
    handler: sort,
  },
  {
    name: "sort_ro",
    hasNoGroupCategory: true,
    arity: -2,
    flags: ["readonly", "movablekeys"],
    categories: ["set", "sortedset", "list", "dangerous"],
    keys: key("RO access"),
    getKeys: () => [1],
    group: "generic",
    since: "7.0.0",
    complexity: "O(N+M*log(M)), N the number of elements, M of those returned",
    summary: "Sorts a list, a set or a sorted set by its elements or by other keys, and returns the result.",
    syntax: "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA]",
    handler: sort,
  },
];

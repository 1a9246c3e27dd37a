import { SYNTAX } from "../errors.ts";
import { parseInteger } from "../protocol/numbers.ts";
import { NOTIFY_SET } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import {
  ENCODING_INTSET,
  ENCODING_OBJECT,
  ENCODING_PACKED,
  Keyspace,
  TYPE_SET,
} from "../storage/keyspace.ts";
import { createSetValue, MemberSet } from "../storage/set.ts";
import { replaceKey } from "./collections.ts";
import { type Command, countedKeys, key, keys } from "./definition.ts";
import { answerMembers } from "./set.ts";

const NO_KEY = Buffer.alloc(0);

/** Views of the sets at arguments, undefined for absent keys; undefined as a whole after answering WRONGTYPE. */
function openSets(
  session: ClientSession,
  from: number,
  count: number,
): (MemberSet | undefined)[] | undefined {
  const { db } = session;
  const sets: (MemberSet | undefined)[] = [];
  for (let i = from; i < from + count; i++) {
    const entry = session.read(i);
    if (!session.isType(entry, TYPE_SET)) return undefined;
    sets.push(entry === 0 ? undefined : new MemberSet(db.slab).open(db, entry));
  }
  return sets;
}

/** A set that is being put together, in a keyspace of its own; it ends with `store` or `drop`. */
class Result {
  readonly set: MemberSet;
  readonly #session: ClientSession;
  readonly #keyspace: Keyspace;

  constructor(session: ClientSession, encoding: number) {
    this.#session = session;
    this.#keyspace = new Keyspace(session.db.slab, session.db.index);
    this.#keyspace.discard = session.db.discard;
    const value = createSetValue(this.#keyspace, encoding);
    const entry = this.#keyspace.add(NO_KEY, 0, 0, TYPE_SET, encoding, value);
    this.set = new MemberSet(session.db.slab).open(this.#keyspace, entry);
  }

  /** Adds the current member of another set. */
  add(from: MemberSet): void {
    this.set.add(from.bytes, from.offset, from.length, this.#session.server.settings);
  }

  remove(from: MemberSet): void {
    this.set.delete(from.bytes, from.offset, from.length);
  }

  /** Makes it the value of the key at argument 1, or deletes that key when the set is empty; answers its size. */
  store(event: string): void {
    const session = this.#session;
    const { db, server, reply } = session;
    const { size } = this.set;
    if (size === 0) {
      this.drop();
      const replaced = session.write(1);
      if (replaced !== 0) server.delete(db, replaced);
    } else {
      const { encoding, valueWord } = this.#keyspace.detach(this.set.entry);
      const isLarge = encoding === ENCODING_OBJECT;
      const value = isLarge ? db.addObject(this.#keyspace.takeObject(valueWord)) : valueWord;
      replaceKey(session, 1, TYPE_SET, { encoding, valueWord: value });
      session.changed(1, NOTIFY_SET, event);
    }
    reply.integer(size);
  }

  drop(): void {
    this.#keyspace.delete(this.set.entry);
  }

  answer(): void {
    answerMembers(this.#session, this.set);
    this.drop();
  }
}

/**
 * Calls `found` for each member that all sets have, until it returns false. The smallest set, whose members they are,
 * must come first.
 */
function intersect([first, ...others]: readonly MemberSet[], found: (member: MemberSet) => boolean): void {
  const different = others.filter((set) => set.entry !== first!.entry);
  first!.visit(() => {
    for (const other of different) {
      if (!other.has(first!.bytes, first!.offset, first!.length)) return true;
    }
    return found(first!);
  });
}

/** The sets by size; undefined when one of them is empty and so the intersection is. */
function bySize(sets: readonly (MemberSet | undefined)[]): MemberSet[] | undefined {
  const present = sets.filter((set) => set !== undefined);
  return present.length < sets.length ? undefined : present.sort((left, right) => left.size - right.size);
}

function sinter(session: ClientSession): void {
  const { args, reply } = session;
  const opened = openSets(session, 1, args.count - 1);
  if (opened === undefined) return;
  const sets = bySize(opened);
  const mark = reply.beginArray();
  let count = 0;
  if (sets !== undefined) {
    intersect(sets, ({ bytes, offset, length }) => {
      reply.bulk(bytes, offset, length);
      count++;
      return true;
    });
  }
  reply.endSet(mark, count);
}

function sintercard(session: ClientSession): void {
  const { args, reply } = session;
  const keyCount = args.integer(1);
  if (Number.isNaN(keyCount) || keyCount < 1) {
    reply.error("ERR numkeys should be greater than 0");
    return;
  }
  if (keyCount > args.count - 2) {
    reply.error("ERR Number of keys can't be greater than number of args");
    return;
  }
  let limit = 0;
  for (let i = 2 + keyCount; i < args.count; i++) {
    if (!args.is(i, "LIMIT") || i + 1 === args.count) {
      reply.error(SYNTAX);
      return;
    }
    limit = args.integer(++i);
    if (Number.isNaN(limit) || limit < 0) {
      reply.error("ERR LIMIT can't be negative");
      return;
    }
  }
  const opened = openSets(session, 2, keyCount);
  if (opened === undefined) return;
  const sets = bySize(opened);
  let count = 0;
  if (sets !== undefined) intersect(sets, () => ++count !== limit);
  reply.integer(count);
}

function sinterstore(session: ClientSession): void {
  const { args, server } = session;
  const opened = openSets(session, 2, args.count - 2);
  if (opened === undefined) return;
  const sets = bySize(opened);
  const isOfIntegers = sets?.[0]?.encoding === ENCODING_INTSET;
  const result = new Result(session, isOfIntegers ? ENCODING_INTSET : ENCODING_PACKED);
  if (sets !== undefined) {
    let isIntegersOnly = true;
    intersect(sets, (member) => {
      isIntegersOnly &&= !Number.isNaN(parseInteger(member.bytes, member.offset, member.length));
      result.add(member);
      return true;
    });
    if (isIntegersOnly && result.set.size > 0) result.set.shrinkToIntegers(server.settings);
  }
  result.store("sinterstore");
}

/** The members that any of the sets has; undefined after an error. */
function unite(session: ClientSession, from: number): Result | undefined {
  const sets = openSets(session, from, session.args.count - from);
  if (sets === undefined) return undefined;
  const result = new Result(session, ENCODING_INTSET);
  for (const set of sets) {
    set?.visit(() => {
      result.add(set);
      return true;
    });
  }
  return result;
}

function sunion(session: ClientSession): void {
  unite(session, 1)?.answer();
}

function sunionstore(session: ClientSession): void {
  unite(session, 2)?.store("sunionstore");
}

/** The members of the first set that no other has; undefined after an error. */
function subtract(session: ClientSession, from: number): Result | undefined {
  const opened = openSets(session, from, session.args.count - from);
  if (opened === undefined) return undefined;
  const result = new Result(session, ENCODING_INTSET);
  const [first, ...rest] = opened;
  const others = rest.filter((set) => set !== undefined);
  if (first === undefined || others.some((set) => set.entry === first.entry)) return result;
  const sizeOfAll = others.reduce((sum, set) => sum + set.size, first.size);
  // Looking each member up in every other set, or taking all their members out: whichever is less (as Redis weighs it).
  if ((first.size * (others.length + 1)) / 2 <= sizeOfAll) {
    others.sort((left, right) => right.size - left.size);
    first.visit(() => {
      const { bytes, offset, length } = first;
      if (!others.some((other) => other.has(bytes, offset, length))) result.add(first);
      return true;
    });
    return result;
  }
  first.visit(() => {
    result.add(first);
    return true;
  });
  for (const other of others) {
    other.visit(() => {
      result.remove(other);
      return result.set.size > 0;
    });
  }
  return result;
}

function sdiff(session: ClientSession): void {
  subtract(session, 1)?.answer();
}

function sdiffstore(session: ClientSession): void {
  subtract(session, 2)?.store("sdiffstore");
}

export const setAlgebraCommands: Command[] = [
  {
    name: "sinter",
    arity: -2,
    flags: ["readonly"],
    keys: keys("RO access"),
    group: "set",
    since: "1.0.0",
    complexity: "O(N*M), N the size of the smallest set, M the number of sets",
    summary: "Returns the members that all of the sets have.",
    syntax: "key [key ...]",
    handler: sinter,
  },
  {
    name: "sintercard",
    arity: -3,
    flags: ["readonly", "movablekeys"],
    keys: countedKeys("RO access", 1),
    group: "set",
    since: "7.0.0",
    complexity: "O(N*M), N the size of the smallest set, M the number of sets",
    summary: "Counts the members that all of the sets have.",
    syntax: "numkeys key [key ...] [LIMIT limit]",
    handler: sintercard,
  },
  {
    name: "sinterstore",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [...key("RW update"), ...keys("RO access", 2, -1, 1)],
    group: "set",
    since: "1.0.0",
    complexity: "O(N*M), N the size of the smallest set, M the number of sets",
    summary: "Stores the members that all of the sets have.",
    syntax: "destination key [key ...]",
    handler: sinterstore,
  },
  {
    name: "sunion",
    arity: -2,
    flags: ["readonly"],
    keys: keys("RO access"),
    group: "set",
    since: "1.0.0",
    complexity: "O(N), N the members of all sets",
    summary: "Returns the members that any of the sets has.",
    syntax: "key [key ...]",
    handler: sunion,
  },
  {
    name: "sunionstore",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [...key("OW update"), ...keys("RO access", 2, -1, 1)],
    group: "set",
    since: "1.0.0",
    complexity: "O(N), N the members of all sets",
    summary: "Stores the members that any of the sets has.",
    syntax: "destination key [key ...]",
    handler: sunionstore,
  },
  {
    name: "sdiff",
    arity: -2,
    flags: ["readonly"],
    keys: keys("RO access"),
    group: "set",
    since: "1.0.0",
    complexity: "O(N), N the members of all sets",
    summary: "Returns the members of the first set that no other one has.",
    syntax: "key [key ...]",
    handler: sdiff,
  },
  {
    name: "sdiffstore",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [...key("OW update"), ...keys("RO access", 2, -1, 1)],
    group: "set",
    since: "1.0.0",
    complexity: "O(N), N the members of all sets",
    summary: "Stores the members of the first set that no other one has.",
    syntax: "destination key [key ...]",
    handler: sdiffstore,
  },
];

import { NOT_POSITIVE, SYNTAX } from "../errors.ts";
import { NOTIFY_GENERIC, NOTIFY_SET } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import {
  ENCODING_INTSET,
  ENCODING_OBJECT,
  ENCODING_PACKED,
  Keyspace,
  TYPE_SET,
} from "../storage/keyspace.ts";
import { createSetValue, MemberSet, openSet } from "../storage/set.ts";
import { deleteEmptied, isJournaled } from "./collections.ts";
import { type Command, key } from "./definition.ts";
import { drawDistinct, isDrawable, readDrawCount } from "./sampling.ts";
import { answerMembers } from "./set.ts";

/** Members that one SREM in the journal names at most. */
const BATCH_MEMBERS = 1024;
/** When more than this many times what stays is popped, what stays is drawn instead. */
const POP_SHARE = 5;
const NO_KEY = Buffer.alloc(0);

/** The members that were popped, as the journal is to have them. */
class Popped {
  readonly #session: ClientSession;
  readonly #isJournaled: boolean;
  #members: Buffer[] = [];

  constructor(session: ClientSession) {
    this.#session = session;
    this.#isJournaled = isJournaled(session);
    session.propagateNothing();
  }

  /** Answers the set's current member and notes it. */
  take({ bytes, offset, length }: MemberSet): void {
    this.#session.reply.bulk(bytes, offset, length);
    if (!this.#isJournaled) return;
    this.#members.push(Buffer.from(bytes.subarray(offset, offset + length)));
    if (this.#members.length === BATCH_MEMBERS) this.finish();
  }

  finish(): void {
    if (this.#members.length > 0) {
      this.#session.propagateAs("SREM", this.#session.args.view(1), ...this.#members);
    }
    this.#members = [];
  }
}

function spop(session: ClientSession): void {
  const { args, db, reply } = session;
  if (args.count > 3) {
    reply.error(SYNTAX);
    return;
  }
  if (args.count === 3) {
    popSeveral(session);
    return;
  }
  const entry = session.write(1);
  if (entry === 0) {
    reply.null();
    return;
  }
  if (!session.isType(entry, TYPE_SET)) return;
  const set = openSet(db, entry);
  const popped = new Popped(session);
  set.random();
  popped.take(set);
  popped.finish();
  set.deleteCurrent();
  session.changed(1, NOTIFY_SET, "spop");
  if (set.size === 0) deleteEmptied(session, 1, entry);
}

function popSeveral(session: ClientSession): void {
  const { args, db, reply } = session;
  const count = args.integer(2);
  if (Number.isNaN(count) || count < 0) {
    reply.error(NOT_POSITIVE);
    return;
  }
  const entry = session.write(1);
  if (!session.isType(entry, TYPE_SET)) return;
  if (entry === 0 || count === 0) {
    reply.set(0);
    return;
  }
  const set = openSet(db, entry);
  const { size } = set;
  session.changed(1, NOTIFY_SET, "spop", Math.min(count, size));
  if (count >= size) {
    answerMembers(session, set);
    db.delete(entry);
    session.changed(1, NOTIFY_GENERIC, "del", 0);
    if (isJournaled(session)) session.propagateAs("DEL", args.view(1));
    return;
  }
  reply.set(count);
  const popped = new Popped(session);
  if ((size - count) * POP_SHARE > count) {
    for (let i = 0; i < count; i++) {
      set.random();
      popped.take(set);
      set.deleteCurrent();
    }
  } else keepSome(session, set, size - count, popped);
  popped.finish();
}

/** Pops all but `kept` members: moves those to a new set, as Redis does, which makes a small one of a large one. */
function keepSome(session: ClientSession, set: MemberSet, kept: number, popped: Popped): void {
  const { db, server } = session;
  const keyspace = new Keyspace(db.slab, db.index);
  const first = set.encoding === ENCODING_INTSET ? ENCODING_INTSET : ENCODING_PACKED;
  const entry = keyspace.add(NO_KEY, 0, 0, TYPE_SET, first, createSetValue(keyspace, first));
  const rest = new MemberSet(db.slab).open(keyspace, entry);
  for (let i = 0; i < kept; i++) {
    set.random();
    rest.add(set.bytes, set.offset, set.length, server.settings);
    set.deleteCurrent();
  }
  set.visit(() => {
    popped.take(set);
    return true;
  });
  const { encoding, valueWord } = keyspace.detach(entry);
  const value = encoding === ENCODING_OBJECT ? db.addObject(keyspace.takeObject(valueWord)) : valueWord;
  db.replaceValue(set.entry, encoding, value);
}

function srandmember(session: ClientSession): void {
  const { args, db, reply } = session;
  if (args.count > 3) {
    reply.error(SYNTAX);
    return;
  }
  if (args.count === 3) {
    drawMembers(session);
    return;
  }
  const entry = session.read(1);
  if (entry === 0) {
    reply.null();
    return;
  }
  if (!session.isType(entry, TYPE_SET)) return;
  const set = openSet(db, entry);
  set.random();
  reply.bulk(set.bytes, set.offset, set.length);
}

/** SRANDMEMBER with a count: that many different members, or with a negative one that many, some more than once. */
function drawMembers(session: ClientSession): void {
  const { db, reply } = session;
  const count = readDrawCount(session, 2);
  if (Number.isNaN(count)) return;
  const entry = session.read(1);
  if (!session.isType(entry, TYPE_SET)) return;
  if (entry === 0 || count === 0) {
    reply.array(0);
    return;
  }
  if (!isDrawable(session, count)) return;
  const set = openSet(db, entry);
  const answer = () => reply.bulk(set.bytes, set.offset, set.length);
  const drawn = count < 0 ? -count : Math.min(count, set.size);
  reply.array(drawn);
  if (count > 0) drawDistinct(set, drawn, answer);
  else {
    for (let i = 0; i < drawn; i++) {
      set.random();
      answer();
    }
  }
}

export const randomMemberCommands: Command[] = [
  {
    name: "spop",
    arity: -2,
    flags: ["write", "fast"],
    keys: key("RW access delete"),
    group: "set",
    since: "1.0.0",
    complexity: "O(N), N the number of members returned",
    summary: "Removes random members from a set and returns them.",
    syntax: "key [count]",
    handler: spop,
  },
  {
    name: "srandmember",
    arity: -2,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "set",
    since: "1.0.0",
    complexity: "O(N), N the number of members returned",
    summary: "Returns random members of a set.",
    syntax: "key [count]",
    handler: srandmember,
  },
];

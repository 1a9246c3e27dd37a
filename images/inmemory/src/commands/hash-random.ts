import { SYNTAX } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import { type Hash, openHash } from "../storage/hash.ts";
import { TYPE_HASH } from "../storage/keyspace.ts";
import { type Command, key } from "./definition.ts";
import { drawDistinct, isDrawable, OUT_OF_BOUNDS, readDrawCount } from "./sampling.ts";

function hrandfield(session: ClientSession): void {
  const { args, db, reply } = session;
  if (args.count > 2) {
    drawFields(session);
    return;
  }
  const entry = session.read(1);
  if (entry === 0) reply.null();
  else if (session.isType(entry, TYPE_HASH)) {
    const hash = openHash(db, entry);
    hash.random();
    reply.bulk(hash.bytes, hash.fieldOffset, hash.fieldLength);
  }
}

/** HRANDFIELD with a count: that many different fields, or with a negative one that many, some more than once. */
function drawFields(session: ClientSession): void {
  const { args, db, reply } = session;
  const count = readDrawCount(session, 2);
  if (Number.isNaN(count)) return;
  const isWithValues = args.count === 4 && args.is(3, "WITHVALUES");
  if (args.count > 3 && !isWithValues) {
    reply.error(SYNTAX);
    return;
  }
  if (isWithValues && Math.abs(count) >= 2 ** 62) {
    reply.error(OUT_OF_BOUNDS);
    return;
  }
  const entry = session.read(1);
  if (!session.isType(entry, TYPE_HASH)) return;
  if (entry === 0 || count === 0) {
    reply.array(0);
    return;
  }
  if (!isDrawable(session, count)) return;
  const hash = openHash(db, entry);
  const drawn = count < 0 ? -count : Math.min(count, hash.size);
  reply.array(isWithValues && reply.version === 2 ? drawn * 2 : drawn);
  if (count > 0) {
    drawDistinct(hash, drawn, () => answerDrawn(session, hash, isWithValues));
    return;
  }
  for (let i = 0; i < drawn; i++) {
    hash.random();
    answerDrawn(session, hash, isWithValues);
  }
}

function answerDrawn({ reply }: ClientSession, hash: Hash, isWithValues: boolean): void {
  if (isWithValues && reply.version === 3) reply.array(2);
  reply.bulk(hash.bytes, hash.fieldOffset, hash.fieldLength);
  if (isWithValues) reply.bulk(hash.bytes, hash.valueOffset, hash.valueLength);
}

export const randomFieldCommands: Command[] = [
  {
    name: "hrandfield",
    arity: -2,
    flags: ["readonly"],
    keys: key("RO access"),
    group: "hash",
    since: "6.2.0",
    complexity: "O(N), N the number of fields returned",
    summary: "Returns random fields of a hash.",
    syntax: "key [count [WITHVALUES]]",
    handler: hrandfield,
  },
];

import { NOTIFY_STRING } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import {
  CorruptHyperLogLog,
  cacheCardinality,
  cachedCardinality,
  cardinalityOf,
  createHyperLogLog,
  DENSE,
  describeCodes,
  forEachRegister,
  histogramOf,
  invalidateCardinality,
  isHyperLogLog,
  patternOf,
  REGISTERS,
  raiseRegister,
  SPARSE,
  toDense,
} from "../storage/hyperloglog.ts";
import { ENCODING_RAW, TYPE_STRING } from "../storage/keyspace.ts";
import { type Command, key, keys } from "./definition.ts";
import { storeBytes } from "./string-store.ts";

const NOT_VALID = "WRONGTYPE Key is not a valid HyperLogLog string value.";
const CORRUPT = "INVALIDOBJ Corrupted HLL object detected";

/**
 * The HyperLogLog of an entry, in its place in memory: undefined when there is none, null after an error was answered.
 */
function bytesOf(session: ClientSession, entry: number): Buffer | undefined | null {
  if (entry === 0) return undefined;
  if (!session.isType(entry, TYPE_STRING)) return null;
  const { db } = session;
  const start = db.stringOffset(entry);
  const bytes = db.bytesOf(entry).subarray(start, start + db.stringLength(entry));
  if (isHyperLogLog(bytes)) return bytes;
  session.reply.error(NOT_VALID);
  return null;
}

/** Runs what meets bytes that may be none after all, and answers that. */
function answeringCorruption(session: ClientSession, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof CorruptHyperLogLog)) throw error;
    session.reply.error(CORRUPT);
  }
}

function store(session: ClientSession, bytes: Buffer): void {
  const entry = storeBytes(session, 1, bytes, 0, bytes.length, true);
  session.db.setEncoding(entry, ENCODING_RAW);
}

function pfadd(session: ClientSession): void {
  const { args, reply, server } = session;
  const found = bytesOf(session, session.write(1));
  if (found === null) return;
  answeringCorruption(session, () => {
    const { hllSparseBytesMax } = server.settings;
    // The dense form is changed where it is; the sparse one is short, and a copy of it is put back.
    const isInPlace = found?.[4] === DENSE;
    let bytes = found === undefined ? createHyperLogLog() : isInPlace ? found : Buffer.from(found);
    let isChanged = found === undefined;
    for (let i = 2; i < args.count; i++) {
      const { index, run } = patternOf(args.buffer, args.offsets[i]!, args.lengths[i]!);
      const raised = raiseRegister(bytes, index, run, hllSparseBytesMax);
      bytes = raised.bytes;
      if (raised.isChanged) isChanged = true;
    }
    if (!isChanged) {
      reply.integer(0);
      return;
    }
    invalidateCardinality(bytes);
    if (!isInPlace) store(session, bytes);
    session.changed(1, NOTIFY_STRING, "pfadd");
    reply.integer(1);
  });
}

/** The largest value of each register among those of several keys; undefined after an error was answered. */
function merged(
  session: ClientSession,
  from: number,
): { registers: Uint8Array; isDense: boolean } | undefined {
  const registers = new Uint8Array(REGISTERS);
  let isDense = false;
  for (let i = from; i < session.args.count; i++) {
    const bytes = bytesOf(session, session.read(i));
    if (bytes === null) return undefined;
    if (bytes === undefined) continue;
    if (bytes[4] === DENSE) isDense = true;
    forEachRegister(bytes, (index, value) => {
      if (value > registers[index]!) registers[index] = value;
    });
  }
  return { registers, isDense };
}

function pfcount(session: ClientSession): void {
  const { args, reply } = session;
  answeringCorruption(session, () => {
    if (args.count > 2) {
      const all = merged(session, 1);
      if (all === undefined) return;
      const histogram = new Int32Array(64);
      for (const value of all.registers) histogram[value]!++;
      reply.integer(cardinalityOf(histogram));
      return;
    }
    const bytes = bytesOf(session, session.read(1));
    if (bytes === null) return;
    if (bytes === undefined) {
      reply.integer(0);
      return;
    }
    const known = cachedCardinality(bytes);
    if (known !== undefined) {
      reply.integer(known);
      return;
    }
    const cardinality = cardinalityOf(histogramOf(bytes));
    cacheCardinality(bytes, cardinality);
    // What is kept in the value goes to the journal and to who watches it, as any change.
    session.changed(1, 0, "");
    reply.integer(cardinality);
  });
}

function pfmerge(session: ClientSession): void {
  const { reply, server } = session;
  answeringCorruption(session, () => {
    const all = merged(session, 1);
    if (all === undefined) return;
    const found = bytesOf(session, session.write(1));
    if (found === null) return;
    let bytes = found === undefined ? createHyperLogLog() : Buffer.from(found);
    if (all.isDense) bytes = toDense(bytes);
    for (let index = 0; index < REGISTERS; index++) {
      const value = all.registers[index]!;
      if (value > 0) ({ bytes } = raiseRegister(bytes, index, value, server.settings.hllSparseBytesMax));
    }
    invalidateCardinality(bytes);
    store(session, bytes);
    // A merge is an addition to Redis, too.
    session.changed(1, NOTIFY_STRING, "pfadd");
    reply.ok();
  });
}

function pfdebug(session: ClientSession): void {
  const { args, reply, db } = session;
  const name = args.latin1(1).toLowerCase();
  const entry = session.db.find(args.buffer, args.offsets[2]!, args.lengths[2]!);
  if (entry === 0) {
    reply.error("ERR The specified key does not exist");
    return;
  }
  const bytes = bytesOf(session, entry);
  if (bytes === null || bytes === undefined) return;
  const storeDense = () => {
    const dense = toDense(bytes);
    const stored = db.setString(
      args.buffer,
      args.offsets[2]!,
      args.lengths[2]!,
      dense,
      0,
      dense.length,
      true,
    );
    db.setEncoding(stored, ENCODING_RAW);
    session.server.dirty++;
  };
  answeringCorruption(session, () => {
    if (name === "getreg") {
      const values: number[] = [];
      forEachRegister(bytes, (_, value) => values.push(value));
      if (bytes[4] === SPARSE) storeDense();
      reply.array(REGISTERS);
      for (const value of values) reply.integer(value);
    } else if (name === "decode") {
      if (bytes[4] !== SPARSE) reply.error("ERR HLL encoding is not sparse");
      else reply.bulkText(describeCodes(bytes));
    } else if (name === "encoding") reply.simple(bytes[4] === DENSE ? "dense" : "sparse");
    else if (name === "todense") {
      const isSparse = bytes[4] === SPARSE;
      if (isSparse) storeDense();
      reply.integer(isSparse ? 1 : 0);
    } else reply.error(`ERR Unknown PFDEBUG subcommand '${args.latin1(1)}'`);
  });
}

/** Counts known numbers of elements, in both forms, and compares the estimates with what may be expected of them. */
function pfselftest({ reply, server }: ClientSession): void {
  let bytes = createHyperLogLog();
  const element = Buffer.alloc(8);
  let checkpoint = 1;
  for (let added = 1; added <= SELF_TEST_ELEMENTS; added++) {
    element.writeDoubleLE(added);
    const { index, run } = patternOf(element, 0, element.length);
    ({ bytes } = raiseRegister(bytes, index, run, server.settings.hllSparseBytesMax));
    if (added !== checkpoint) continue;
    checkpoint *= 10;
    const estimate = cardinalityOf(histogramOf(bytes));
    const other = cardinalityOf(histogramOf(toDense(bytes)));
    // Seven times the standard error, 1.04 / sqrt(16384); and no error below 10 elements.
    const allowed = added < 10 ? 0 : Math.ceil(added * 7 * 0.008125);
    if (other !== estimate || Math.abs(estimate - added) > allowed) {
      reply.error(`TESTFAILED Too big error. card:${added} est:${estimate}`);
      return;
    }
  }
  reply.ok();
}

const SELF_TEST_ELEMENTS = 100_000;
const BASE = { group: "hyperloglog", since: "2.8.9" } as const;

export const hyperloglogCommands: Command[] = [
  {
    ...BASE,
    name: "pfadd",
    arity: -2,
    flags: ["write", "denyoom", "fast"],
    keys: key("RW insert"),
    complexity: "O(1) for each element",
    summary: "Adds elements to a HyperLogLog, which counts distinct ones in 12 KB at most.",
    syntax: "key [element [element ...]]",
    handler: pfadd,
  },
  {
    ...BASE,
    name: "pfcount",
    arity: -2,
    flags: ["readonly", "may_replicate"],
    keys: keys("RW access"),
    complexity: "O(1) for one key, O(N) for N",
    summary: "Estimates how many distinct elements were added to one or several HyperLogLogs together.",
    syntax: "key [key ...]",
    handler: pfcount,
  },
  {
    ...BASE,
    name: "pfmerge",
    arity: -2,
    flags: ["write", "denyoom"],
    keys: [...key("RW access insert"), ...keys("RO access", 2)],
    complexity: "O(N) for N HyperLogLogs",
    summary: "Puts what several HyperLogLogs have seen into one.",
    syntax: "destkey [sourcekey [sourcekey ...]]",
    handler: pfmerge,
  },
  {
    ...BASE,
    name: "pfselftest",
    arity: 1,
    flags: ["admin"],
    complexity: "N/A",
    summary: "Tests the estimates.",
    handler: pfselftest,
  },
  {
    ...BASE,
    name: "pfdebug",
    arity: 3,
    flags: ["write", "denyoom", "admin"],
    keys: key("RW access", 2),
    complexity: "Depends on the subcommand",
    summary: "Shows how a HyperLogLog is kept.",
    syntax: "subcommand key",
    handler: pfdebug,
  },
];

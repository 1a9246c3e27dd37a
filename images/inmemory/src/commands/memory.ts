import { SYNTAX } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import { ENCODING_OBJECT, ENCODING_PACKED, type Keyspace } from "../storage/keyspace.ts";
import { Packed } from "../storage/packed.ts";
import { roundToClass } from "../storage/slab.ts";
import { type Command, key } from "./definition.ts";
import { helpCommand } from "./help.ts";
import { peek } from "./peek.ts";

/** Elements looked at when the caller does not say (Redis, OBJ_COMPUTE_SIZE_DEF_SAMPLES). */
const DEFAULT_SAMPLES = 5;
/** A key's share of the bucket array. */
const BUCKET_BYTES = 8;

/** What a key and its value take, in bytes; large values are estimated from `samples` elements, 0 for all. */
function memoryOf(db: Keyspace, entry: number, samples: number): number {
  const bytes = db.entryBytes(entry) + BUCKET_BYTES;
  const encoding = db.encodingOf(entry);
  if (encoding === ENCODING_OBJECT) {
    const value = db.objectOf(entry);
    return bytes + value.overheadBytes + value.slabBytes(samples);
  }
  if (encoding < ENCODING_PACKED) return bytes;
  const { payloadBytes } = new Packed(db.slab).open(db.valueWord(entry));
  return bytes + roundToClass(payloadBytes + 8);
}

function usage(session: ClientSession): void {
  const { args, db, reply } = session;
  let samples = DEFAULT_SAMPLES;
  for (let i = 3; i < args.count; i += 2) {
    if (!args.is(i, "SAMPLES") || i + 1 === args.count) {
      reply.error(SYNTAX);
      return;
    }
    samples = session.integer(i + 1);
    if (Number.isNaN(samples)) return;
    if (samples < 0) {
      reply.error(SYNTAX);
      return;
    }
  }
  const entry = peek(session, 2);
  if (entry === 0) reply.null();
  else reply.integer(memoryOf(db, entry, samples));
}

function purge(session: ClientSession): void {
  session.server.slab.giveAllBack();
  session.reply.ok();
}

/** Of the limit: writes are about to be refused, or keys to go. */
const NEAR_LIMIT = 0.9;
/** Times what is in use now: memory that was needed once and is free. */
const FORMER_PEAK = 1.5;

/** What of memory is worth a look, in sentences, for people. */
function doctor({ reply, server }: ClientSession): void {
  server.measureMemory();
  const { usedMemory, settings, statistics } = server;
  const findings: string[] = [];
  if (settings.maxMemory > 0 && usedMemory > settings.maxMemory * NEAR_LIMIT)
    findings.push(
      `${usedMemory} of ${settings.maxMemory} bytes (maxmemory) are used; then ${settings.evictionPolicy} applies.`,
    );
  if (statistics.peakMemory > usedMemory * FORMER_PEAK)
    findings.push(
      `${statistics.peakMemory} bytes were used at the peak, ${usedMemory} are now; MEMORY PURGE gives back what is free.`,
    );
  reply.verbatim(findings.length === 0 ? "Nothing about memory stands out.\n" : `${findings.join("\n")}\n`);
}

/** Where memory is, by Redis's names; what this engine has not (replicas, links of a cluster) is 0. */
function stats({ reply, server }: ClientSession): void {
  server.measureMemory();
  const { usedMemory, statistics } = server;
  const used = server.databases.filter(({ size }) => size > 0);
  const overhead = used.reduce((sum, db) => sum + db.overheadBytes, 0);
  const keys = used.reduce((sum, { size }) => sum + size, 0);
  const clients = [...server.sessions.values()].reduce(
    (sum, { connection }) => sum + (connection?.inputBytes ?? 0) + (connection?.outputBytes ?? 0),
    0,
  );
  const dataset = usedMemory - overhead;
  const resident = process.memoryUsage.rss();
  const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
  const integers = (values: Record<string, number>) => {
    for (const [name, value] of Object.entries(values)) {
      reply.bulkText(name);
      reply.integer(value);
    }
  };
  reply.map(14 + used.length);
  integers({
    "peak.allocated": statistics.peakMemory,
    "total.allocated": usedMemory,
    "replication.backlog": 0,
    "clients.slaves": 0,
    "clients.normal": clients,
    "cluster.links": 0,
  });
  for (const db of used) {
    reply.bulkText(`db.${db.index}`);
    reply.map(1);
    integers({ "overhead.hashtable.main": db.overheadBytes });
  }
  integers({
    "overhead.total": overhead,
    "keys.count": keys,
    "keys.bytes-per-key": Math.floor(ratio(usedMemory, keys)),
    "dataset.bytes": dataset,
  });
  const doubles = {
    "dataset.percentage": ratio(dataset, usedMemory) * 100,
    "peak.percentage": ratio(usedMemory, statistics.peakMemory) * 100,
  };
  for (const [name, value] of Object.entries(doubles)) {
    reply.bulkText(name);
    reply.double(value);
  }
  integers({ "allocator.resident": resident });
  reply.bulkText("fragmentation");
  reply.double(ratio(resident, usedMemory));
}

/** Memory is the engine's own; there is no allocator to ask (Redis without jemalloc answers so). */
function mallocStats({ reply }: ClientSession): void {
  reply.bulkText("Stats not supported for the current allocator");
}

export const memoryCommands: Command[] = [
  {
    name: "memory",
    arity: -2,
    flags: [],
    group: "server",
    since: "4.0.0",
    complexity: "Depends on the subcommand",
    summary: "Tells about memory.",
    subcommands: [
      {
        name: "usage",
        arity: -3,
        flags: ["readonly"],
        keys: key("RO", 2),
        group: "server",
        since: "4.0.0",
        complexity: "O(N) where N is the number of samples",
        summary: "Estimates the bytes that a key and its value take.",
        syntax: "key [SAMPLES count]",
        handler: usage,
      },
      {
        name: "purge",
        arity: 2,
        flags: [],
        group: "server",
        since: "4.0.0",
        complexity: "O(N) where N is the size of the memory that is given back",
        summary: "Gives memory that is not used back to the system now, instead of little by little.",
        handler: purge,
      },
      {
        name: "stats",
        arity: 2,
        flags: [],
        group: "server",
        since: "4.0.0",
        complexity: "O(N) where N is the number of connections",
        summary: "Tells where memory is, in bytes.",
        handler: stats,
      },
      {
        name: "doctor",
        arity: 2,
        flags: [],
        group: "server",
        since: "4.0.0",
        complexity: "O(1)",
        summary: "Says in sentences what about memory is worth a look.",
        handler: doctor,
      },
      {
        name: "malloc-stats",
        arity: 2,
        flags: [],
        group: "server",
        since: "4.0.0",
        complexity: "O(1)",
        summary: "Answers that there is no allocator to ask.",
        handler: mallocStats,
      },
      helpCommand("server", "4.0.0"),
    ],
  },
];

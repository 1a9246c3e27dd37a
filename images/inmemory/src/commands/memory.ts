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

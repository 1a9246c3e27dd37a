import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NO_SUCH_KEY, SYNTAX } from "../errors.ts";
import { writeBaseFile } from "../persistence/base-file.ts";
import { matchGlob } from "../protocol/glob.ts";
import { formatDouble, parseFloat64 } from "../protocol/numbers.ts";
import { replayFile } from "../server/replay.ts";
import type { ClientSession } from "../server/server.ts";
import type { Command } from "./definition.ts";
import { helpCommand } from "./help.ts";

const NOT_ENABLED =
  "ERR DEBUG command not allowed. If the enable_debug_command option is set to true, you can run it from any connection of an administrator.";

/** Runs a handler only where the configuration allows DEBUG. */
function guarded(handler: (session: ClientSession) => void) {
  return (session: ClientSession): void => {
    if (session.server.settings.isDebugEnabled) handler(session);
    else session.reply.error(NOT_ENABLED);
  };
}

/** Holds the whole engine up for some seconds, as a slow command would. */
function sleep(session: ClientSession): void {
  const { args, reply } = session;
  const seconds = parseFloat64(args.buffer, args.offsets[2]!, args.lengths[2]!);
  if (!(seconds >= 0)) {
    reply.error(SYNTAX);
    return;
  }
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
  reply.ok();
}

function setActiveExpire(session: ClientSession): void {
  session.server.isActiveExpiryOn = session.args.integer(2) !== 0;
  session.reply.ok();
}

/** Writes the whole state as a log and reads it back: what a restart would do. */
function reload(session: ClientSession): void {
  const { server, reply } = session;
  const path = join(tmpdir(), `weftkit-reload-${process.pid}-${server.runId}.aof`);
  try {
    writeBaseFile(server.databases, server.libraryCode, path);
    server.functions.flush();
    for (const db of server.databases) db.clear();
    while (server.lazyFree.step(1000));
    server.isLoading = true;
    const { length } = reply;
    replayFile(server, path);
    reply.length = length;
  } finally {
    server.isLoading = false;
    rmSync(path, { force: true });
  }
  reply.ok();
}

function object(session: ClientSession): void {
  const { args, db, reply, server } = session;
  const entry = db.find(args.buffer, args.offsets[2]!, args.lengths[2]!);
  if (entry === 0) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  reply.simple(
    `Value at:0x${entry.toString(16)} refcount:1 lru:${db.accessOf(entry)} type:${db.typeOf(entry)} entrybytes:${db.entryBytes(entry)} now:${server.now}`,
  );
}

function stringmatchLen(session: ClientSession): void {
  const { args, reply } = session;
  const length = session.integer(2);
  if (Number.isNaN(length)) return;
  reply.integer(matchGlob(args.view(3), Buffer.alloc(length, "a")) ? 1 : 0);
}

/** One reply of each protocol type, for those who test a client. */
function protocol(session: ClientSession): void {
  const { args, reply } = session;
  const type = args.latin1(2).toLowerCase();
  const samples: Record<string, () => void> = {
    string: () => reply.bulkText("Hello World"),
    integer: () => reply.integer(12345),
    double: () => reply.double(3141 / 1000),
    null: () => reply.null(),
    array: () => integers(() => reply.array(3)),
    set: () => integers(() => reply.set(3)),
    map: () => {
      reply.map(3);
      for (let i = 0; i < 3; i++) {
        reply.integer(i);
        reply.boolean(i === 1);
      }
    },
    push: () => {
      reply.push(2);
      reply.bulkText("server-cpu-usage");
      reply.integer(42);
    },
    verbatim: () => reply.verbatim("This is a verbatim\nstring"),
    true: () => reply.boolean(true),
    false: () => reply.boolean(false),
    bignum: () => {
      const digits = "1234567999999999999999999999999999999";
      if (session.version === 3) reply.raw(Buffer.from(`(${digits}\r\n`));
      else reply.bulkText(digits);
    },
  };
  const integers = (header: () => void) => {
    header();
    for (let i = 0; i < 3; i++) reply.integer(i);
  };
  const write = samples[type];
  if (write === undefined) {
    reply.error(
      `ERR Wrong protocol type name. Please use one of the following: ${Object.keys(samples).join("|")}`,
    );
  } else write();
}

function error(session: ClientSession): void {
  session.reply.error(session.args.latin1(2));
}

/** Shows a score as the engine prints it. */
function double(session: ClientSession): void {
  const { args, reply } = session;
  reply.simple(formatDouble(parseFloat64(args.buffer, args.offsets[2]!, args.lengths[2]!)));
}

function sub(
  name: string,
  arity: number,
  summary: string,
  handler: (session: ClientSession) => void,
  syntax?: string,
): Command {
  return {
    name,
    arity,
    flags: ["admin", "noscript", "loading", "stale"],
    group: "server",
    since: "1.0.0",
    complexity: "Depends on the subcommand",
    summary,
    ...(syntax === undefined ? {} : { syntax }),
    handler: guarded(handler),
  };
}

export const debugCommands: Command[] = [
  {
    name: "debug",
    arity: -2,
    flags: ["admin", "noscript", "loading", "stale"],
    group: "server",
    since: "1.0.0",
    complexity: "Depends on the subcommand",
    summary: "For tests of the engine and of clients; off unless the configuration allows it.",
    hasOpenSubcommands: true,
    subcommands: [
      sub("sleep", 3, "Holds the engine up.", sleep, "seconds"),
      sub(
        "set-active-expire",
        3,
        "Switches the removal of expired keys in the background.",
        setActiveExpire,
        "<0 | 1>",
      ),
      sub("reload", -2, "Writes the state as a log and reads it back.", reload),
      sub("loadaof", 2, "As RELOAD.", reload),
      sub("object", -3, "Describes how a key is kept.", object, "key"),
      sub("stringmatch-len", 4, "Matches a glob against a long text.", stringmatchLen, "length pattern"),
      sub("protocol", 3, "Answers with a value of a protocol type.", protocol, "type"),
      sub("error", 3, "Answers with an error.", error, "message"),
      sub("double", 3, "Prints a number.", double, "number"),
      helpCommand("server", "5.0.0", ["admin", "noscript", "loading", "stale"]),
    ],
  },
];

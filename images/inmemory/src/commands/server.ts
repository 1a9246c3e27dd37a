import { NOT_AN_INTEGER, SYNTAX, TIMEOUT_NEGATIVE } from "../errors.ts";
import { serverVersion } from "../identity.ts";
import type { ClientSession } from "../server/server.ts";
import { waitForever } from "../session/session.ts";
import type { Command } from "./definition.ts";
import { helpCommand } from "./help.ts";

function time(session: ClientSession): void {
  const { reply } = session;
  // In a script time stands still.
  const microseconds =
    session.server.runningScript === undefined
      ? Math.round((performance.timeOrigin + performance.now()) * 1000)
      : session.server.now * 1000;
  reply.array(2);
  reply.bulkNumber(Math.floor(microseconds / 1e6));
  reply.bulkNumber(microseconds % 1e6);
}

/** A woven pattern of the width asked for, and the version. */
function lolwut(session: ClientSession): void {
  const { args, reply } = session;
  let at = 1;
  if (args.count === 2 && args.is(1, "VERSION")) {
    reply.verbatim(`Redis ver. ${serverVersion}\n`);
    return;
  }
  if (args.count >= 3 && args.is(1, "VERSION")) {
    if (Number.isNaN(session.integer(2))) return;
    at = 3;
  }
  const numbers: number[] = [];
  for (; at < args.count; at++) {
    const number = session.integer(at);
    if (Number.isNaN(number)) return;
    numbers.push(number);
  }
  const columns = Math.min(Math.max(numbers[0] ?? 32, 1), 160);
  const rows = Math.min(Math.max(numbers[1] ?? 8, 1), 64);
  const lines = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => ((row + column) % 2 === 0 ? "╱" : "╲")).join(""),
  );
  reply.verbatim(`${lines.join("\n")}\n\nRedis ver. ${serverVersion}\n`);
}

/** No replica is ever connected: the answer is 0, after the time that was given to them. */
function wait(session: ClientSession): void {
  const { reply, server } = session;
  if (server.following !== undefined) {
    reply.error(
      "ERR WAIT cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.",
    );
    return;
  }
  const wanted = session.integer(1);
  if (Number.isNaN(wanted)) return;
  if (wanted < 0) {
    reply.error("ERR value is out of range, must be positive");
    return;
  }
  const timeoutMs = session.integer(2, "ERR timeout is not an integer or out of range");
  if (Number.isNaN(timeoutMs)) return;
  if (timeoutMs < 0) reply.error(TIMEOUT_NEGATIVE);
  else if (wanted === 0 || session.mayNotBlock) reply.integer(0);
  else
    session.waitUntil(timeoutMs === 0 ? waitForever : server.now + timeoutMs, (other) =>
      other.reply.integer(0),
    );
}

function waitaof(session: ClientSession): void {
  const { reply, server } = session;
  const numbers = [1, 2, 3].map((index) => session.args.integer(index));
  const [local, replicas, timeoutMs] = numbers as [number, number, number];
  if (numbers.some(Number.isNaN)) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  if (local < 0 || local > 1 || replicas < 0) {
    reply.error("ERR value is out of range, value must between 0 and 1");
    return;
  }
  if (timeoutMs < 0) {
    reply.error(TIMEOUT_NEGATIVE);
    return;
  }
  const answer = (other: Pick<ClientSession, "reply">, isLocal: boolean) => {
    other.reply.array(2);
    other.reply.integer(isLocal ? 1 : 0);
    other.reply.integer(0);
  };
  if (local === 0 && replicas === 0) {
    answer(session, server.log.isDurable);
    return;
  }
  if (session.mayNotBlock) {
    answer(session, server.log.isDurable);
    return;
  }
  session.waitUntil(timeoutMs === 0 ? waitForever : server.now + timeoutMs, (other) =>
    answer(other, server.log.isDurable),
  );
  // What counts was written before this command; it is in the tick that ends now.
  if (replicas === 0) server.log.whenDurable(() => session.endBlocking((other) => answer(other, true)));
}

function save(session: ClientSession): void {
  session.server.save();
  session.reply.ok();
}

function bgsave(session: ClientSession): void {
  const { args, reply, server } = session;
  if (args.count > 2 || (args.count === 2 && !args.is(1, "SCHEDULE"))) {
    reply.error(SYNTAX);
    return;
  }
  server.save();
  reply.simple("Background saving started");
}

function lastsave(session: ClientSession): void {
  session.reply.integer(Math.floor(session.server.lastSaveAt / 1000));
}

function bgrewriteaof(session: ClientSession): void {
  const refusal = session.server.log.startRewrite();
  if (refusal === undefined) session.reply.simple("Background append only file rewriting started");
  else session.reply.error(`ERR ${refusal}`);
}

function shutdown(session: ClientSession): void {
  const { args, reply, server } = session;
  for (let i = 1; i < args.count; i++) {
    if (args.is(i, "ABORT")) {
      reply.error("ERR No shutdown in progress.");
      return;
    }
    if (!["NOSAVE", "SAVE", "NOW", "FORCE"].some((word) => args.is(i, word))) {
      reply.error(SYNTAX);
      return;
    }
  }
  // The log is written in any case: SAVE and NOSAVE make no difference.
  server.onShutdown();
}

function monitor(session: ClientSession): void {
  if (session.mayNotBlock) {
    session.reply.error("ERR MONITOR isn't allowed for DENY BLOCKING client");
    return;
  }
  session.isMonitor = true;
  session.server.monitors.add(session);
  session.reply.ok();
}

function slowlogGet(session: ClientSession): void {
  const { args, reply, server } = session;
  let count = 10;
  if (args.count === 3) {
    count = session.integer(2);
    if (Number.isNaN(count)) return;
    if (count < -1) {
      reply.error("ERR count should be greater than or equal to -1");
      return;
    }
  }
  const entries = count === -1 ? server.slowlog.entries : server.slowlog.entries.slice(0, count);
  reply.array(entries.length);
  for (const entry of entries) {
    reply.array(6);
    reply.integer(entry.id);
    reply.integer(entry.unixSeconds);
    reply.integer(entry.microseconds);
    reply.array(entry.arguments.length);
    for (const argument of entry.arguments) reply.bulkBuffer(Buffer.from(argument, "latin1"));
    reply.bulkText(entry.address);
    reply.bulkText(entry.clientName);
  }
}

function slowlogLen(session: ClientSession): void {
  session.reply.integer(session.server.slowlog.entries.length);
}

function slowlogReset(session: ClientSession): void {
  session.server.slowlog.entries = [];
  session.reply.ok();
}

const ADMIN = { flags: ["admin", "noscript", "loading", "stale"], group: "server" } as const;
const SAVING = { flags: ["admin", "noscript", "no_async_loading"], group: "server" } as const;
const LOG_QUERY = { flags: ["admin", "loading", "stale"], group: "server" } as const;

export const serverCommands: Command[] = [
  {
    name: "time",
    arity: 1,
    flags: ["loading", "stale", "fast"],
    group: "server",
    since: "2.6.0",
    complexity: "O(1)",
    summary: "Returns the engine's clock in seconds and microseconds.",
    handler: time,
  },
  {
    name: "lolwut",
    arity: -1,
    flags: ["readonly", "fast"],
    group: "server",
    since: "5.0.0",
    complexity: "O(N) where N is the size of the picture",
    summary: "Draws a picture and tells the version.",
    syntax: "[VERSION version]",
    handler: lolwut,
  },
  {
    name: "wait",
    arity: 3,
    flags: [],
    group: "generic",
    hasNoGroupCategory: true,
    categories: ["connection"],
    since: "3.0.0",
    complexity: "O(1)",
    summary: "Waits for replicas, of which there are none.",
    syntax: "numreplicas timeout-ms",
    handler: wait,
  },
  {
    name: "waitaof",
    arity: 4,
    flags: ["noscript"],
    group: "generic",
    hasNoGroupCategory: true,
    categories: ["connection"],
    since: "7.2.0",
    complexity: "O(1)",
    summary: "Waits until the connection's writes are on the disk.",
    syntax: "numlocal numreplicas timeout-ms",
    handler: waitaof,
  },
  {
    ...SAVING,
    flags: [...SAVING.flags, "no_multi"],
    name: "save",
    arity: 1,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Brings everything to the disk that is not there yet.",
    handler: save,
  },
  {
    ...SAVING,
    name: "bgsave",
    arity: -1,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "As SAVE: the append-only file is the only store, and is never far behind.",
    syntax: "[SCHEDULE]",
    handler: bgsave,
  },
  {
    name: "lastsave",
    arity: 1,
    flags: ["loading", "stale", "fast"],
    categories: ["admin", "dangerous"],
    group: "server",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns when everything was last known to be on the disk, as a Unix time.",
    handler: lastsave,
  },
  {
    ...SAVING,
    name: "bgrewriteaof",
    arity: 1,
    since: "1.0.0",
    complexity: "O(N) where N is the number of keys, beside the engine's work",
    summary: "Compacts the append-only file.",
    handler: bgrewriteaof,
  },
  {
    ...ADMIN,
    flags: [...ADMIN.flags, "no_multi", "allow_busy"],
    name: "shutdown",
    arity: -1,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Stops the engine after everything is on the disk.",
    syntax: "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
    handler: shutdown,
  },
  {
    ...ADMIN,
    name: "monitor",
    arity: 1,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Streams all commands as they run.",
    handler: monitor,
  },
  {
    name: "slowlog",
    arity: -2,
    flags: [],
    group: "server",
    since: "2.2.12",
    complexity: "Depends on the subcommand",
    summary: "Tells which commands were slow.",
    subcommands: [
      {
        ...LOG_QUERY,
        name: "get",
        arity: -2,
        since: "2.2.12",
        complexity: "O(N) where N is the number of entries returned",
        summary: "Returns the latest slow commands.",
        syntax: "[count]",
        handler: slowlogGet,
      },
      {
        ...LOG_QUERY,
        name: "len",
        arity: 2,
        since: "2.2.12",
        complexity: "O(1)",
        summary: "Counts the entries.",
        handler: slowlogLen,
      },
      {
        ...LOG_QUERY,
        name: "reset",
        arity: 2,
        since: "2.2.12",
        complexity: "O(N) where N is the number of entries",
        summary: "Forgets all entries.",
        handler: slowlogReset,
      },
      helpCommand("server", "6.2.0"),
    ],
  },
];
